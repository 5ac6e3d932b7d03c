/**
 * What is possible now for money that somebody may want back: how much is left, and on which terminals of the seller. A
 * short workflow, because the api itself never speaks to Dintero; it changes nothing and may run any number of times.
 */
import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { readStartToClose, readTimeoutMs } from './dintero-reads.ts';
import { whyNotRefund } from './refund-judgement.ts';

export interface RefundOptions {
  left_amount: number;
  currency: string;
  payout_destination_id: string | null;
  store_id: string | null;
  /** The active ones of the seller of the sale. */
  terminals: { terminal_id: string; store_id: string | null }[];
  /** Why there is no way to refund now; null: there is. */
  why_none: string | null;
}

const reads = proxyActivities<Activities>({
  startToCloseTimeout: readStartToClose,
  scheduleToCloseTimeout: readStartToClose + 5000,
  retry: { maximumAttempts: 2 },
});

export async function refundOptions(asked: {
  charge_id: string;
  transaction_id: string;
}): Promise<RefundOptions> {
  const { charge_id: chargeId, transaction_id: transactionId } = asked;
  const sale = await reads.readRefundableSale({
    chargeId,
    transactionId,
    timeoutMs: readTimeoutMs,
  });
  if (sale === null) throw new Error(`Dintero shows no payment ${transactionId}`);
  const { transaction, payoutDestinationId: seller } = sale;
  const { currency, capturedAmount, refundedAmount } = transaction;
  const left = Math.max(0, capturedAmount - refundedAmount);
  const obstacle = whyNotRefund(sale, { amount: Math.max(1, left), currency });
  const known = await reads.listTerminals({
    timeoutMs: readTimeoutMs,
    ...(seller === null ? {} : { payoutDestinationId: seller }),
  });
  const terminals = known
    .filter(({ status }) => status === 'active')
    .map(({ terminalId, storeId }) => ({ terminal_id: terminalId, store_id: storeId }));
  const none = `no terminal of ${seller ?? 'the seller'} is active`;
  return {
    left_amount: left,
    currency,
    payout_destination_id: seller,
    store_id: sale.storeId,
    terminals,
    why_none: obstacle?.because ?? (terminals.length === 0 ? none : null),
  };
}
