/**
 * The one way to read a charge. `describe()` shows the memo that the charge publishes and whether its workflow runs; it
 * needs no worker, and it is current, which lists are not. Once a charge has closed, its recovery speaks for it if there
 * is one. What follows from all this is decided in `cashier.ts`.
 */
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import {
  caseWorkflowId,
  chargeWorkflowId,
  recoveryWorkflowId,
  type CaseRecord,
  type ChargeMemo,
  type ChargeRecord,
} from '../workflows/messages.ts';
import {
  answerFor,
  attemptsMax,
  doubted,
  readingOf,
  viewOf,
  type CashierAnswer,
  type ReadCharge,
} from './cashier.ts';
import type { Charge } from './answers.ts';

/** temporal.api.enums.v1.WorkflowExecutionStatus, as far as it matters here. */
export const executionStatus = { running: 1, completed: 2, timedOut: 7 } as const;

/** A closed workflow writes nothing any more; a paused one (8), and what is yet unknown, may still. */
export function isClosed(status: number): boolean {
  return status >= executionStatus.completed && status <= executionStatus.timedOut;
}

/** A workflow that speaks for a charge, as `describe()` or a list shows it. */
export interface Found {
  workflowId: string;
  record: ChargeRecord;
  status: number;
}

export class Reading {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** null: no such charge is known, which proves nothing about money. */
  async find(chargeId: string): Promise<ReadCharge | null> {
    return await this.#find(chargeId, { mayBeForgotten: true });
  }

  /**
   * From a record and its workflow's status; looks at the case if there is one, and for no recovery: a charge that
   * closed a moment ago has none.
   */
  async read({ workflowId, record, status }: Found): Promise<ReadCharge> {
    const isRecovery = workflowId === recoveryWorkflowId(record.charge_id);
    const isProven = !isRecovery || status === executionStatus.completed;
    const known = isProven ? record : doubted(record);
    return readingOf({
      record: known,
      workflowId,
      isClosed: isClosed(status),
      case: await this.#caseOf(known),
      now: Date.now(),
    });
  }

  /** The charge as the till sees it: for the last word on a sale its other attempts are looked at. */
  async show(read: ReadCharge): Promise<Charge> {
    if (read.record.outcome !== 'not_charged') return viewOf(read, answerFor(read, []));
    const [before, after] = await Promise.all([this.recoveredBefore(read), this.#after(read)]);
    return viewOf(read, answerFor(read, [...before, ...after]));
  }

  /** Every attempt of a sale with its answer, the first one first; empty if the sale is not known. */
  async sale(reference: string): Promise<{ read: ReadCharge; answer: CashierAnswer }[]> {
    const first = await this.find(`${reference}.1`);
    if (first === null) return [];
    const attempts = [first, ...(await this.#after(first))];
    return attempts.map((read) => ({
      read,
      answer: answerFor(
        read,
        attempts.filter((other) => other !== read),
      ),
    }));
  }

  /** The earlier attempts that have a recovery: only these may be anything else than closed without money. */
  async recoveredBefore({ record: { reference, attempt } }: ReadCharge): Promise<ReadCharge[]> {
    const earlier = Array.from({ length: attempt - 1 }, (_, index) => `${reference}.${index + 1}`);
    const found = await Promise.all(
      earlier.map(async (chargeId) => {
        const recovery = await this.#look(recoveryWorkflowId(chargeId));
        return recovery === null ? null : await this.read(recovery);
      }),
    );
    return found.filter((read) => read !== null);
  }

  /** Attempts are numbered without gaps, so the first unknown one ends the look: usually one describe. */
  async #after({ record, workflowId }: ReadCharge): Promise<ReadCharge[]> {
    // Temporal keeps a later attempt for longer than the one before it, unless that one lives on in its recovery.
    const mayBeForgotten = workflowId !== chargeWorkflowId(record.charge_id);
    const later: ReadCharge[] = [];
    for (let attempt = record.attempt + 1; attempt <= attemptsMax; attempt += 1) {
      const nextId = `${record.reference}.${attempt}`;
      const next = await this.#find(nextId, { mayBeForgotten });
      if (next === null) break;
      later.push(next);
    }
    return later;
  }

  /** A charge that Temporal has forgotten may live on in its recovery. */
  async #find(
    chargeId: string,
    { mayBeForgotten }: { mayBeForgotten: boolean },
  ): Promise<ReadCharge | null> {
    const own = await this.#look(chargeWorkflowId(chargeId));
    const isOwnWord = own === null ? !mayBeForgotten : !isClosed(own.status);
    const recovery = isOwnWord ? null : await this.#look(recoveryWorkflowId(chargeId));
    // A reset makes a newer run, which speaks for itself.
    const isOutdated =
      own !== null &&
      recovery !== null &&
      isClosed(recovery.status) &&
      recovery.startedAt < own.startedAt;
    const speaks = isOutdated ? own : (recovery ?? own);
    return speaks === null ? null : await this.read(speaks);
  }

  async #look(workflowId: string): Promise<(Found & { startedAt: Date }) | null> {
    const info = await this.#describe(workflowId);
    if (info === null) return null;
    const { memo, status, startTime: startedAt } = info;
    return { workflowId, record: recordIn(memo), status: status.code, startedAt };
  }

  async #caseOf(record: ChargeRecord): Promise<ReadCharge['case']> {
    if (record.case_kind === null) return 'none';
    if (record.transaction_id === null) return 'open';
    const info = await this.#describe(caseWorkflowId(record.transaction_id));
    // Right after the charge closed its case may not be there yet, and a terminated case was settled by nobody.
    const opened = info?.memo?.['case'] as CaseRecord | undefined;
    return opened?.settled_as ?? 'open';
  }

  async #describe(workflowId: string) {
    try {
      return await this.#client.workflow.getHandle(workflowId).describe();
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return null;
      throw err;
    }
  }
}

export function recordIn(memo: Record<string, unknown> | undefined): ChargeRecord {
  const { charge } = (memo ?? {}) as Partial<ChargeMemo>;
  if (charge?.version !== 1) {
    throw new Error('Could not read the charge: its memo has no record of version 1');
  }
  return charge;
}
