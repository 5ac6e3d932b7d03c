/** The calls of a refund: the one that is sent once, and the readings around it. */
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { TerminalFacts } from '../activities/dintero/account-facts.ts';
import type { RefundReading, RefundableSale } from '../activities/dintero/facts.ts';
import type { Activities } from '../activities/index.ts';
import { failureOf, moves, type Failed } from './dintero-calls.ts';
import { readStartToClose, readTimeoutMs } from './dintero-reads.ts';
import { readsTaskQueue } from './messages.ts';
import type { OpenRefund } from './open-refund.ts';
import type { Obstacle } from './refund-judgement.ts';
import type { RefundReason } from './refund-lists.ts';

/** The sale's money right before it is sent; retried until nothing may be sent any more. null: Dintero shows no payment. */
export async function readRefundable(refund: OpenRefund): Promise<RefundableSale | null | Failed> {
  const { readRefundableSale: read } = proxyActivities<Activities>({
    startToCloseTimeout: readStartToClose,
    scheduleToCloseTimeout: Math.max(1000, refund.situation.sendBefore - Date.now()),
    // A customer waits: quick first repeats, and never slower than a second.
    retry: { initialInterval: 200, maximumInterval: 1000 },
    summary: 'How much of this sale is left?',
  });
  try {
    const { charge_id: chargeId, transaction_id: transactionId } = refund.record;
    return await read({ chargeId, transactionId, timeoutMs: readTimeoutMs });
  } catch (error) {
    return failureOf(error);
  }
}

/** Where the terminal stands; undefined: it cannot be read now, so Dintero itself decides. */
export async function readTerminalOf({
  record,
}: OpenRefund): Promise<TerminalFacts | null | undefined> {
  const { readTerminal } = proxyActivities<Activities>({
    startToCloseTimeout: readStartToClose,
    retry: { maximumAttempts: 1 },
    summary: 'May this terminal refund the sale?',
  });
  try {
    return await readTerminal({ terminalId: record.terminal_id, timeoutMs: readTimeoutMs });
  } catch (error) {
    failureOf(error);
    return undefined;
  }
}

/** Sends it: once per run, never after `sendBefore`, and not at all by a run made by reset. */
export async function sendRefund(
  { record, situation }: OpenRefund,
  transactionId: string,
): Promise<{ eventRequestId: string | null } | Failed> {
  const { durations } = situation.policy;
  const timeoutMs = durations.refundTimeout ?? durations.httpTimeout;
  const window = Math.max(0, situation.sendBefore - Date.now());
  const { refundTransaction } = proxyActivities<Activities>({
    ...moves(durations),
    startToCloseTimeout: window + 3 * timeoutMs + 5000,
    summary: 'Refund: the terminal asks for the card',
  });
  try {
    return await refundTransaction({
      refundId: record.refund_id,
      transactionId,
      amount: record.amount,
      terminalId: record.terminal_id,
      why: record.why,
      sendBefore: situation.sendBefore,
      originalRunId: workflowInfo().originalExecutionRunId,
      timeoutMs,
    });
  } catch (error) {
    return failureOf(error);
  }
}

const certain: Partial<Record<Failed['type'], RefundReason>> = {
  DinteroUnavailable: 'refund_not_started_in_time',
  DinteroRateLimited: 'dintero_refused_the_refund',
  DinteroUnauthorized: 'dintero_refused_the_refund',
  DinteroRejected: 'refund_rejected',
};

/** Why nobody was asked, if that is certain; null: somebody may have been. */
export function certainRefusalOf({ type, message }: Failed): Obstacle | null {
  const reason = certain[type];
  return reason === undefined ? null : { reason, because: message };
}

/** One look. A poll waits its turn in the account's rate-limited queue. */
export async function readRefundOf(
  { record, news }: OpenRefund,
  transactionId: string,
): Promise<RefundReading | Failed> {
  const { readRefund } = proxyActivities<Activities>({
    startToCloseTimeout: readStartToClose,
    scheduleToCloseTimeout: readStartToClose + 60_000,
    // The workflow's own timer is the only retry: it knows when the next look is due.
    retry: { maximumAttempts: 1 },
    ...(news === null ? { taskQueue: readsTaskQueue(workflowInfo().taskQueue) } : {}),
    summary: 'Read the transaction',
  });
  try {
    return await readRefund({
      chargeId: record.charge_id,
      transactionId,
      timeoutMs: readTimeoutMs,
    });
  } catch (error) {
    return failureOf(error);
  }
}
