/**
 * The kill switch, as the api sees and turns it. Its memo is true whether its workflow runs or has ended, and reading it
 * needs no worker. Each api looks at most once a second: an order holds for the api that took it at once, for the others
 * within a second.
 */
import { randomUUID } from 'node:crypto';
import {
  WithStartWorkflowOperation,
  WorkflowUpdateFailedError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type UpdateDefinition,
} from '@temporalio/common';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import { killSwitchId, killSwitchType } from '../workflows/messages.ts';
import { operatorUpdateId } from '../workflows/operator.ts';
import {
  nothingOff,
  switchOff,
  switchOn,
  switchScopes,
  whyNotOff,
  whyNotOn,
  type SwitchOffOrder,
  type SwitchOnOrder,
  type SwitchRecord,
} from '../workflows/switches.ts';
import { Problem } from './problems.ts';
import { isClosed } from './reading.ts';
import type { Temporal } from './temporal.ts';
import type { Timings } from './timings.ts';

interface SwitchDeps {
  temporal: Temporal;
  taskQueue: string;
  timings: Timings;
  log: Logger;
}

/** A run, or what the last one has left. */
interface Look {
  record: SwitchRecord;
  /** null: nothing runs. */
  runId: string | null;
}

/** How old what a charge is refused by may be: a till must not wait for it each time. */
const lookMaxAgeMs = 1_000;
/** An order may meet a run that ends just then, and the next one. */
const sendsMax = 5;

export class Switches {
  readonly #deps: SwitchDeps;
  #known: { record: SwitchRecord; askedAt: number } | null = null;
  #asking: Promise<SwitchRecord> | null = null;
  #orders = 0;

  constructor(deps: SwitchDeps) {
    this.#deps = deps;
  }

  /** What is off, as it was within the last second; everybody who asks meanwhile shares one look. */
  async current(): Promise<SwitchRecord> {
    if (this.#known !== null && Date.now() - this.#known.askedAt < lookMaxAgeMs) {
      return this.#known.record;
    }
    this.#asking ??= this.read().finally(() => (this.#asking = null));
    return await this.#asking;
  }

  /** What is off now. */
  async read(): Promise<SwitchRecord> {
    const askedAt = Date.now();
    const orders = this.#orders;
    const { temporal, timings } = this.#deps;
    return await temporal.connection.withDeadline(askedAt + timings.read, async () => {
      const { record, runId } = await this.#look();
      if (runId === null && record.off.length > 0) this.#restart(record);
      // A look that was under way while an order came must not hide the order.
      if (orders === this.#orders) this.#known = { record, askedAt };
      return record;
    });
  }

  async switchOff(order: SwitchOffOrder, name: string): Promise<SwitchRecord> {
    const updateId = operatorUpdateId({ name, action: 'switch-off', id: randomUUID() });
    const sent = { update: switchOff, updateId, args: [order] as [SwitchOffOrder] };
    return await this.#send(sent, (record) => whyNotOff(record, order));
  }

  async switchOn(order: SwitchOnOrder, name: string): Promise<SwitchRecord> {
    const updateId = operatorUpdateId({ name, action: 'switch-on', id: randomUUID() });
    const sent = { update: switchOn, updateId, args: [order] as [SwitchOnOrder] };
    return await this.#send(sent, (record) => whyNotOn(record, order));
  }

  async #look(): Promise<Look> {
    const { client } = this.#deps.temporal;
    try {
      const { memo, status, runId } = await client.workflow.getHandle(killSwitchId).describe();
      return { record: recordIn(memo), runId: isClosed(status.code) ? null : runId };
    } catch (err) {
      if (!(err instanceof WorkflowNotFoundError)) throw err;
      return { record: nothingOff, runId: null };
    }
  }

  /** Whatever was known, or is being asked, may be from before the order. */
  #forget(): void {
    this.#orders += 1;
    this.#known = null;
    this.#asking = null;
  }

  /**
   * To the run that is there, or with a new one that begins with what the last one has left. Neither is taken for the
   * other: a run that ended meanwhile, or one that began, means to look again.
   */
  async #send<Order extends SwitchOnOrder>(
    sent: { update: UpdateDefinition<SwitchRecord, [Order]>; updateId: string; args: [Order] },
    refusal: (record: SwitchRecord) => string | null,
  ): Promise<SwitchRecord> {
    const { update, updateId, args } = sent;
    const { workflow } = this.#deps.temporal.client;
    for (let left = sendsMax; ; left -= 1) {
      const { record, runId } = await this.#look();
      const why = refusal(record);
      if (why !== null) throw new Problem('not_possible_now', `Not possible: ${why}.`);
      try {
        return await (runId === null
          ? workflow.executeUpdateWithStart(update, {
              updateId,
              args,
              startWorkflowOperation: new WithStartWorkflowOperation(killSwitchType, {
                ...this.#startOptions(record),
                workflowIdConflictPolicy: 'FAIL',
              }),
            })
          : workflow.getHandle(killSwitchId, runId).executeUpdate(update, { updateId, args }));
      } catch (err) {
        if (err instanceof WorkflowUpdateFailedError) {
          const said = err.cause instanceof Error ? err.cause.message : err.message;
          throw new Problem('not_possible_now', `Not possible: ${said}.`, { cause: err });
        }
        if (left <= 1 || !isOtherRun(err)) throw err;
      } finally {
        this.#forget();
      }
    }
  }

  /** A run that somebody ended by hand switched nothing on, and Temporal forgets it one day: the next one remembers. */
  #restart(record: SwitchRecord): void {
    const { temporal, log } = this.#deps;
    log.warn('The kill switch was ended with something off: starting it again');
    temporal.client.workflow
      .start(killSwitchType, {
        ...this.#startOptions(record),
        workflowIdConflictPolicy: 'FAIL',
      })
      .catch((err: unknown) => {
        if (!isOtherRun(err)) log.warn({ err }, 'The kill switch could not be started again');
      });
  }

  #startOptions(record: SwitchRecord): WorkflowStartOptions & { args: [SwitchRecord] } {
    return {
      workflowId: killSwitchId,
      taskQueue: this.#deps.taskQueue,
      args: [record],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      memo: { switches: record },
      staticSummary: 'New charges are refused: all, or some',
      staticDetails: 'What is off now stands under *Current details*. Open charges go on.',
    };
  }
}

function recordIn(memo: Record<string, unknown> | undefined): SwitchRecord {
  const record = memo?.['switches'] as SwitchRecord | undefined;
  if (record === undefined) return nothingOff; // started by hand, and no order came
  if (record.version !== 1)
    throw new Error('Could not read the kill switch: no record of version 1');
  return record;
}

/** The run that was looked at has ended, or another one has begun. */
function isOtherRun(err: unknown): boolean {
  return (
    err instanceof WorkflowNotFoundError || err instanceof WorkflowExecutionAlreadyStartedError
  );
}

/** At each scrape; without a sample it is not known. */
export function countSwitches(registry: Registry, switches: Switches): void {
  new Gauge({
    name: 'kvitt_switches_off',
    help: 'Switched off: new charges of all, of a store, of a terminal are refused',
    labelNames: ['scope'],
    registers: [registry],
    async collect() {
      this.reset();
      const { off } = await switches.current().catch(() => ({ off: null }));
      if (off === null) return;
      for (const scope of switchScopes) {
        this.set({ scope }, off.filter((one) => one.scope === scope).length);
      }
    },
  });
}
