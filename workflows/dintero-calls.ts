/**
 * The calls of a charge that move money or wake a terminal, and what is learned from each. All are `moves`: one
 * attempt, never repeated by Temporal (design 4).
 */
import { ActivityFailure, ApplicationFailure, TemporalFailure } from '@temporalio/common';
import { proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { TransactionFacts } from '../activities/dintero/facts.ts';
import type { Activities } from '../activities/index.ts';
import type { DinteroFailureType } from '../activities/failures.ts';
import type { Reason } from './lists.ts';
import type { Item } from './messages.ts';
import type { OpenCharge } from './open-charge.ts';
import type { Durations } from './policy.ts';
import { tell } from './timeline.ts';

/** The options of every call that moves money or wakes a terminal. A test asserts that all of them use it. */
export function moves({ httpTimeout }: Durations): ActivityOptions {
  return {
    // Two requests (one repeat after a 401) and the token's, with room: the client's own time-out always fires first.
    startToCloseTimeout: 3 * httpTimeout + 5000,
    // A worker that died is missed after this, not only after the longest call: somebody waits at the till.
    heartbeatTimeout: 10_000,
    retry: { maximumAttempts: 1 },
  };
}

export interface Failed {
  /** `TimedOut`: the activity's own time-out, or a worker that died: it says nothing about Dintero. */
  type: DinteroFailureType | 'TimedOut';
  message: string;
  /** How long Dintero asked us to wait (Retry-After), 0 if it did not. */
  retryAfterMs: number;
}

/**
 * What an activity threw, as a value. A local activity's failure comes bare, a regular one's wrapped. Anything that is
 * no failure of an activity is our bug and goes on up.
 */
export function failureOf(error: unknown): Failed {
  if (!(error instanceof TemporalFailure)) throw error;
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure)) {
    return { type: 'TimedOut', message: cause?.message ?? error.message, retryAfterMs: 0 };
  }
  const detail = cause.details?.[0] as { retryAfterMs?: number } | undefined;
  return {
    type: cause.type as DinteroFailureType,
    message: cause.message,
    retryAfterMs: detail?.retryAfterMs ?? 0,
  };
}

/**
 * Creates the session, which in modes `create` and `publish` prompts. Sent once per run, never after `sendBefore`, and
 * not at all by a run made by reset. The activity waits out what is certainly unsent inside the window, so its time-out
 * covers the window.
 */
export async function createSession(
  charge: OpenCharge,
  items: Item[] | null,
): Promise<{ sessionId: string; isPublished: boolean } | Failed> {
  const { situation } = charge;
  const { durations, captureMode, promptMode } = situation.policy;
  const window = Math.max(0, situation.sendBefore - Date.now());
  const { createSession: create } = proxyActivities<Activities>({
    ...moves(durations),
    startToCloseTimeout: window + 3 * durations.httpTimeout + 5000,
    summary: 'Create the session: the terminal asks for the card',
  });
  try {
    const {
      charge_id: chargeId,
      reference,
      terminal_id: terminalId,
      store_id: storeId,
    } = charge.record;
    const { amount, currency, payout_destination_id: payoutDestinationId } = charge.record;
    return await create({
      sale: { chargeId, reference, amount, currency, terminalId, storeId, payoutDestinationId },
      items,
      autoCapture: captureMode === 'auto',
      publishes: promptMode === 'publish',
      expiresAt: new Date(situation.deadlineAt + durations.sessionExpiryMargin).toISOString(),
      sendBefore: situation.sendBefore,
      originalRunId: workflowInfo().originalExecutionRunId,
      timeoutMs: durations.httpTimeout,
    });
  } catch (error) {
    return failureOf(error);
  }
}

/** Mode `pay`: the recorded session starts the terminal. Sent once per run, as the create. */
export async function paySession(charge: OpenCharge, sessionId: string): Promise<Failed | null> {
  const { situation, record } = charge;
  const { durations } = situation.policy;
  const window = Math.max(0, situation.sendBefore - Date.now());
  const { paySession: pay } = proxyActivities<Activities>({
    ...moves(durations),
    startToCloseTimeout: window + 3 * durations.httpTimeout + 5000,
    summary: 'Start the terminal for the session',
  });
  try {
    await pay({
      chargeId: record.charge_id,
      sessionId,
      sendBefore: situation.sendBefore,
      originalRunId: workflowInfo().originalExecutionRunId,
      timeoutMs: durations.httpTimeout,
    });
    return null;
  } catch (error) {
    return failureOf(error);
  }
}

export type Move = 'cancel' | 'capture' | 'void';

/** Sends one guarded call. What became of it is never taken from its answer: the next reading says. */
export async function sendMove(charge: OpenCharge, move: Move): Promise<void> {
  const { situation } = charge;
  // What came before the sending may be newer than the reading that led to it.
  const hadNews = charge.news !== null;
  let failed: Failed | null = null;
  let readBack: TransactionFacts | null = null;
  charge.inFlight = move;
  try {
    readBack = await guarded(charge, move);
  } catch (error) {
    failed = failureOf(error);
  }
  charge.inFlight = null;
  // Taken after the answer: an order that came meanwhile has begun a new count, and this sending is in it.
  const tries = { cancel: situation.cancels, capture: situation.captures, void: situation.voids }[
    move
  ];
  // What was certainly not processed is no try: when Dintero is back, or lets us in again, it is sent.
  const isProcessed = failed === null || !unprocessed.has(failed.type);
  if (isProcessed) tries.count += 1;
  tries.isRefused = failed?.type === 'DinteroRejected';
  tries.lastAt = Date.now();
  situation.isRefusingMoves = failed?.type === 'DinteroUnauthorized';
  charge.quietUntil = Date.now() + (failed?.retryAfterMs ?? 0);
  charge.readBack = hadNews || charge.news !== null ? null : readBack;
  charge.news = 'order';
  tell(charge.timeline, {
    source: 'kvitt',
    text: failed === null ? `${move}: Dintero answered` : `${move}: ${failed.message}`,
  });
}

const unprocessed = new Set<Failed['type']>([
  'DinteroUnavailable',
  'DinteroRateLimited',
  'DinteroUnauthorized',
]);

/** What was read back with the answer, if it was. */
async function guarded(charge: OpenCharge, move: Move): Promise<TransactionFacts | null> {
  const { durations } = charge.situation.policy;
  const chargeId = charge.record.charge_id;
  const timeoutMs = durations.httpTimeout;
  if (move === 'cancel') {
    if (charge.sessionId === null) throw new Error('cannot cancel a session that is not known');
    const activity = proxyActivities<Activities>({
      ...moves(durations),
      summary: 'Cancel the session',
    });
    await activity.cancelSession({ chargeId, sessionId: charge.sessionId, timeoutMs });
    return null;
  }
  if (charge.transaction === null)
    throw new Error(`cannot ${move} a transaction that is not known`);
  const { transactionId, amount } = charge.transaction;
  if (move === 'void') {
    const activity = proxyActivities<Activities>({
      ...moves(durations),
      summary: 'Release the money',
    });
    await activity.voidTransaction({ chargeId, transactionId, timeoutMs });
    return null;
  }
  const activity = proxyActivities<Activities>({
    ...moves(durations),
    summary: 'Capture all of it',
  });
  // A worker of the first release answered nothing.
  return (
    (await activity.captureTransaction({ chargeId, transactionId, amount, timeoutMs })) ?? null
  );
}

const certain: Partial<Record<Failed['type'], Reason>> = {
  DinteroUnavailable: 'not_started_in_time',
  DinteroRateLimited: 'dintero_busy',
  DinteroUnauthorized: 'dintero_refuses_us',
  DinteroRejected: 'rejected',
};

/** Why nothing was prompted, if that is certain; null: it may have been (design 3.3). */
export function certainRefusal(failed: Failed): Reason | null {
  return certain[failed.type] ?? null;
}
