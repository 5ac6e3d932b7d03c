/** How a charge reads Dintero. Reads change nothing; they differ in where they queue (design 4). */
import {
  CancellationScope,
  condition,
  proxyActivities,
  proxyLocalActivities,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { Activities, ReadCharge } from '../activities/index.ts';
import type { Reading, SaleReading } from '../activities/dintero/facts.ts';
import { failureOf, type Failed } from './dintero-calls.ts';
import { readsTaskQueue } from './messages.ts';
import type { OpenCharge } from './open-charge.ts';

/** How long one GET may take when nobody waits at a workflow-task slot for it. */
export const readTimeoutMs = 5000;
/** A reading makes at most three GETs (session, transaction, list), with room. */
export const readStartToClose = 3 * readTimeoutMs + 2000;

/** Before the prompt: which money does the sale have already? Retried until nothing may be sent any more. */
export async function readSale(charge: OpenCharge): Promise<SaleReading | Failed> {
  const { readSale: read } = proxyActivities<Activities>({
    startToCloseTimeout: readStartToClose,
    scheduleToCloseTimeout: Math.max(1000, charge.situation.sendBefore - Date.now()),
    // A cashier waits: quick first repeats, and never slower than a second.
    retry: { initialInterval: 200, maximumInterval: 1000 },
    summary: 'Has this sale money already?',
  });
  try {
    const { charge_id: chargeId, reference } = charge.record;
    return await read({ chargeId, reference, timeoutMs: readTimeoutMs });
  } catch (error) {
    return failureOf(error);
  }
}

/**
 * Reads Dintero once. After a hint as a local activity: the news is fresh and the till waits. After an order on the
 * charge's own queue. A poll waits its turn in the account's rate-limited queue, and gives way to what is more urgent.
 */
export async function readDintero(charge: OpenCharge): Promise<Reading | Failed> {
  try {
    for (;;) {
      const cause = charge.news;
      charge.news = null;
      if (cause === 'order') return await ownQueue.readCharge(query(charge, readTimeoutMs));
      const quick = cause === 'hint' ? await readAfterHint(charge) : null;
      const found = quick ?? (await pollUnlessUrgent(charge, cause));
      if (found !== null) return found;
    }
  } catch (error) {
    return failureOf(error);
  }
}

const reading = {
  startToCloseTimeout: readStartToClose,
  // The workflow's own timer is the only retry: it knows when the next look is due.
  retry: { maximumAttempts: 1 },
} satisfies ActivityOptions;

const ownQueue = proxyActivities<Activities>({
  ...reading,
  summary: 'Read session and transaction',
});

function query(charge: OpenCharge, timeoutMs: number): ReadCharge {
  return {
    chargeId: charge.record.charge_id,
    reference: charge.record.reference,
    sessionId: charge.sessionId,
    transactionId: charge.transaction?.transactionId ?? null,
    search: charge.sessionId === null ? searchFor(charge) : null,
    timeoutMs,
  };
}

/** Where a session whose create was lost may show: the clocks are not ours, hence the minute on either side. */
function searchFor({ record, situation, reportedSessions }: OpenCharge): ReadCharge['search'] {
  const { durations } = situation.policy;
  const clockSkew = 60_000;
  const sentFrom = situation.deadlineAt - durations.deadline;
  // Without a proven lifetime a person decides; a day later no till waits for that prompt any more.
  const lifetime = durations.promptLifetime ?? 86_400_000;
  return {
    sessionIds: reportedSessions,
    terminalId: record.terminal_id,
    from: new Date(sentFrom - clockSkew).toISOString(),
    to: new Date(situation.sendBefore + lifetime + durations.listLag + clockSkew).toISOString(),
  };
}

/** null: it was not answered at once. The same look is taken where it holds no workflow-task slot. */
async function readAfterHint(charge: OpenCharge): Promise<Reading | null> {
  const { hintRead } = charge.situation.policy.durations;
  const { readCharge } = proxyLocalActivities<Activities>({
    startToCloseTimeout: hintRead,
    retry: { maximumAttempts: 1 },
  });
  try {
    return await readCharge(query(charge, hintRead));
  } catch (error) {
    // Dintero asked us to wait.
    if (failureOf(error).retryAfterMs > 0) throw error;
    return null;
  }
}

/** null: an order has come, or, unless a hint was just tried in vain, a hint. */
async function pollUnlessUrgent(
  charge: OpenCharge,
  cause: OpenCharge['news'],
): Promise<Reading | null> {
  const polls = proxyActivities<Activities>({
    ...reading,
    taskQueue: readsTaskQueue(workflowInfo().taskQueue),
    // Longer than a full queue should ever hold a poll; then the next one takes its place.
    scheduleToCloseTimeout: readStartToClose + 60_000,
    summary: 'Poll session and transaction',
  });
  const isUrgent = (): boolean =>
    charge.news === 'order' || (charge.news === 'hint' && cause !== 'hint');
  const scope = new CancellationScope({ cancellable: true });
  try {
    const found = await scope.run(
      async () =>
        await Promise.race([polls.readCharge(query(charge, readTimeoutMs)), condition(isUrgent)]),
    );
    return found ?? null;
  } finally {
    scope.cancel();
  }
}
