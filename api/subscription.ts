/** Whether Dintero's webhook subscription is kept, as its keeper has published it. Reading it needs no worker. */
import { WorkflowNotFoundError } from '@temporalio/common';
import { Gauge, type Registry } from 'prom-client';
import { subscriptionWorkflowId, type SubscriptionRecord } from '../workflows/subscription.ts';
import type { Check } from './ready.ts';
import type { Temporal } from './temporal.ts';
import type { Timings } from './timings.ts';

interface SubscriptionDeps {
  temporal: Temporal;
  taskQueue: string;
  timings: Timings;
  /** Webhooks are set up: somebody keeps the subscription. */
  isWanted: boolean;
}

/** A look takes a minute at most, and a worker that restarts some more. */
const lateMs = 5 * 60_000;

export class SubscriptionStanding {
  readonly #deps: SubscriptionDeps;

  constructor(deps: SubscriptionDeps) {
    this.#deps = deps;
  }

  /** null: there is none to be kept. */
  async look(): Promise<{ isKept: boolean; text: string } | null> {
    if (!this.#deps.isWanted) return null;
    const record = await this.#record();
    if (record === null) return { isKept: false, text: 'nobody has looked for it yet' };
    const { is_kept, problem, checked_at, next_check_at } = record;
    if (Date.now() > Date.parse(next_check_at) + lateMs) {
      return { isKept: false, text: `nobody has looked for it since ${checked_at}` };
    }
    return { isKept: is_kept, text: problem ?? `seen at ${checked_at}` };
  }

  /** Never a reason to be unready: callbacks and polls tell the same. */
  async check(): Promise<Check[]> {
    const look = await this.look();
    if (look === null) return [];
    const { isKept, text } = look;
    return [
      {
        name: 'account_webhooks',
        is_ok: isKept ? true : null,
        text: isKept
          ? `Dintero's webhook subscription is there: ${text}.`
          : `Dintero's webhook subscription is not known to be there: ${text}. Callbacks and polls go on.`,
      },
    ];
  }

  async #record(): Promise<SubscriptionRecord | null> {
    const { temporal, taskQueue, timings } = this.#deps;
    const handle = temporal.client.workflow.getHandle(subscriptionWorkflowId(taskQueue));
    try {
      const { memo } = await temporal.connection.withDeadline(
        Date.now() + timings.read,
        async () => await handle.describe(),
      );
      return (memo?.['subscription'] as SubscriptionRecord | undefined) ?? null;
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return null;
      throw err;
    }
  }
}

/** At each scrape; without a sample there is none to be kept, or it is not known. */
export function countSubscription(registry: Registry, standing: SubscriptionStanding): void {
  new Gauge({
    name: 'kvitt_webhook_subscription_is_kept',
    help: "1: Dintero's webhook subscription is there, by the last look",
    registers: [registry],
    async collect() {
      this.reset();
      const look = await standing.look().catch(() => null);
      if (look !== null) this.set(look.isKept ? 1 : 0);
    },
  });
}
