/**
 * A receipt for printing, `receipt/<transaction_id>/<copy>`: the api speaks to nobody but Temporal, so the one reading of
 * Dintero is a short workflow. It moves nothing; who gets no text composes one.
 */
import { ActivityFailure } from '@temporalio/common';
import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { ReceiptAsk } from './receipts.ts';

/** A customer waits at the till: three looks, and then the receipt is composed. */
const { readReceipt } = proxyActivities<Activities>({
  startToCloseTimeout: '4 s',
  scheduleToCloseTimeout: '8 s',
  retry: { initialInterval: '300 ms', maximumAttempts: 3 },
  summary: 'Read the receipt',
});
const timeoutMs = 3000;

/** null: Dintero gives none, or gives no answer now. */
export async function receiptCopy(ask: ReceiptAsk): Promise<string | null> {
  setCurrentDetails(`The ${ask.copy}'s receipt of **${ask.chargeId}**, for printing.`);
  try {
    return await readReceipt({ ...ask, timeoutMs });
  } catch (error) {
    if (error instanceof ActivityFailure) return null;
    throw error;
  }
}
