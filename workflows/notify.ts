/**
 * What the retailer's system is told about one charge, `notify/<charge_id>`. Events are delivered one at a time, in the
 * order in which they came, each as often as it takes: Temporal itself retries the delivery, for days, at no cost in
 * history. It ends when nothing waits; the next event starts it again. Nobody else waits for it.
 */
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Retries } from './policy.ts';
import {
  named,
  resend,
  somethingHappened,
  type NotifyInput,
  type NotifyMemo,
  type ResendOrder,
  type RetailerEvent,
} from './retailer-events.ts';

interface Outbox {
  /** Oldest first: the first one is being delivered. */
  waiting: RetailerEvent[];
  delivered: RetailerEvent[];
  /** As the memo shows it. */
  shown: NotifyMemo['notification'];
  /** Delivers the first one; it runs, or waits for its next try. */
  delivery: CancellationScope | null;
}

export async function notifyRetailer(input: NotifyInput): Promise<NotifyMemo['notification']> {
  const outbox: Outbox = {
    waiting: [],
    delivered: [],
    shown: shownAtStart(input),
    delivery: null,
  };
  listen(outbox);
  // The first event comes beside the start.
  await condition(() => outbox.waiting.length > 0);
  for (let first = outbox.waiting[0]; first !== undefined; first = outbox.waiting[0]) {
    show(outbox);
    await deliver(outbox, first, input.retries);
    outbox.waiting.shift();
    outbox.delivered = [...outbox.delivered.filter(({ id }) => id !== first.id), first];
    const last_delivered = { ...named(first), delivered_at: new Date().toISOString() };
    outbox.shown = {
      ...outbox.shown,
      waiting: outbox.waiting.length,
      oldest: null,
      last_delivered,
    };
  }
  // Nothing is awaited from here on: what comes now makes Temporal repeat this task, and is seen.
  return outbox.shown;
}

function shownAtStart({ charge_id }: NotifyInput): NotifyMemo['notification'] {
  const { notification } = (workflowInfo().memo ?? {}) as Partial<NotifyMemo>;
  return notification ?? { charge_id, waiting: 0, oldest: null, last_delivered: null };
}

function listen(outbox: Outbox): void {
  setHandler(
    somethingHappened,
    (event: RetailerEvent) => {
      // Sent twice when the activity that sends it was repeated.
      if (find(outbox, event.id) !== undefined) return;
      outbox.waiting.push(event);
      if (outbox.delivery !== null) show(outbox);
    },
    { description: 'Sent by a charge or a case when something happened. Never by a person.' },
  );
  setHandler(
    resend,
    // The Temporal UI sends an update without input as readily.
    (order?: ResendOrder) => {
      const again = outbox.delivered.find(({ id }) => id === order?.event_id);
      if (again === undefined) outbox.delivery?.cancel();
      else if (!outbox.waiting.includes(again)) outbox.waiting.push(again);
      show(outbox);
      return outbox.shown;
    },
    {
      description:
        'Tries now what waits; with {"event_id": "<id>"} a delivered event is sent once more',
      validator: (order?: ResendOrder) => {
        const eventId = order?.event_id;
        if (eventId === undefined || find(outbox, eventId) !== undefined) return;
        throw ApplicationFailure.nonRetryable('event_id: no such event is known here');
      },
    },
  );
}

function find({ waiting, delivered }: Outbox, eventId: string): RetailerEvent | undefined {
  return [...waiting, ...delivered].find(({ id }) => id === eventId);
}

/**
 * Comes back when the retailer's system has taken the event. A person's `resend` cancels the delivery, and another one
 * tries at once; a try that is on the wire is waited for, or it could arrive after what follows.
 */
async function deliver(
  outbox: Outbox,
  event: RetailerEvent,
  { first, max }: Retries,
): Promise<void> {
  const workflow = CancellationScope.current();
  const { deliverWebhook } = proxyActivities<Activities>({
    // Longer than the request's own time-out (10 s).
    startToCloseTimeout: '20 s',
    retry: { initialInterval: first, backoffCoefficient: 3, maximumInterval: max },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary: `Tell ${event.body.type}`,
  });
  for (;;) {
    const delivery = new CancellationScope();
    outbox.delivery = delivery;
    try {
      await delivery.run(async () => {
        await deliverWebhook(event);
      });
      return;
    } catch (error) {
      // Whoever cancels the workflow gives up what waits.
      if (workflow.consideredCancelled && isCancellation(error)) throw error;
      const isExpected = delivery.consideredCancelled && error instanceof ActivityFailure;
      // A delivery has no limit of attempts: what ended this one is a fault of ours, which parks (style 3).
      if (!isExpected) throw new Error('a delivery ended undelivered', { cause: error });
    } finally {
      outbox.delivery = null;
    }
  }
}

/** The memo costs a write, so it is written only when it would say something else; the details are free. */
function show(outbox: Outbox): void {
  const { waiting, shown } = outbox;
  const oldest = waiting[0];
  const now = {
    ...shown,
    waiting: waiting.length,
    oldest: oldest === undefined ? null : named(oldest),
  };
  if (JSON.stringify(now) !== JSON.stringify(outbox.shown)) upsertMemo({ notification: now });
  outbox.shown = now;
  setCurrentDetails(describe(outbox));
}

function describe({ waiting, delivered, shown }: Outbox): string {
  const list = (events: RetailerEvent[]): string =>
    events.map(({ id, body }) => `\`${body.type}\` of ${body.timestamp} (\`${id}\`)`).join('<br>');
  const rows: [string, string][] = [
    ['Waiting', waiting.length === 0 ? 'nothing' : list(waiting)],
    ['Delivered', delivered.length === 0 ? 'nothing by this run' : list(delivered)],
    ['Why the last try failed', 'Under *Pending Activities*, with the time of the next try'],
    ['Next', 'The first one is tried until it is taken, at least every hour; then the next one'],
    [
      'What to do',
      'Mend the receiver, or `WEBHOOK_URL` and `WEBHOOK_SECRET` of the worker. Then send the update `resend` with `{}`. Cancelling this workflow gives up what waits',
    ],
  ];
  const lines = rows.map(([key, value]) => `| ${key} | ${value} |`);
  return `| Charge | ${shown.charge_id} |\n|---|---|\n${lines.join('\n')}`;
}
