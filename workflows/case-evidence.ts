/** What a case is settled by: what Dintero shows of its money, read once more. */
import { proxyActivities } from '@temporalio/workflow';
import type { MoneyFacts } from '../activities/dintero/facts.ts';
import type { Activities } from '../activities/index.ts';
import type { Settlement } from './actions.ts';
import { failureOf } from './dintero-calls.ts';
import { readStartToClose, readTimeoutMs } from './dintero-reads.ts';
import { refundedOutside } from './judgement.ts';
import type { CaseRecord } from './messages.ts';
import { whyNotSettle } from './settlement.ts';

export interface Asked {
  as: Settlement;
  refundEvent: string | null;
}

export function whyNotAs(asked: Asked, found: MoneyFacts | null): string | null {
  if (found !== null) return whyNotSettle(asked, found);
  if (asked.as === 'written_off') return null;
  return 'Dintero gave no readable answer, so nothing is proven: send it again when Dintero answers';
}

/** What Dintero showed when it was settled. */
export function evidence(
  { as, refundEvent }: Asked,
  found: MoneyFacts | null,
): Pick<
  CaseRecord,
  'refund_event' | 'refunded_amount' | 'settled_captured_amount' | 'refunded_outside_amount'
> {
  if (found === null) return { refund_event: null, refunded_amount: null };
  const { refunds, transaction } = found;
  const event = as === 'refunded' ? (refundEvent ?? refunds.at(-1)?.eventId ?? null) : null;
  return {
    refund_event: event,
    refunded_amount: transaction.refundedAmount,
    settled_captured_amount: transaction.capturedAmount,
    refunded_outside_amount: refundedOutside(transaction).amount,
  };
}

/** null: Dintero gave no readable answer. */
export async function readMoney({
  charge_id,
  transaction_id,
}: CaseRecord): Promise<MoneyFacts | null> {
  const { readMoney: read } = proxyActivities<Activities>({
    startToCloseTimeout: readStartToClose,
    retry: { maximumAttempts: 1 },
    summary: 'What has become of the money?',
  });
  try {
    return await read({
      chargeId: charge_id,
      transactionId: transaction_id,
      timeoutMs: readTimeoutMs,
    });
  } catch (error) {
    failureOf(error);
    return null;
  }
}
