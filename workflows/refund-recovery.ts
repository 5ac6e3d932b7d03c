/**
 * The recovery of a refund, `refund-recovery/<refund_id>`: its own workflow was ended from outside, or Dintero shows
 * otherwise than it told (it retries refunds by itself). It reads and judges, and never sends. What it proves is the
 * refund's outcome from then on.
 */
import { openCase } from './money-case.ts';
import { openRefund, publishRefund, type OpenRefund, type RefundChanges } from './open-refund.ts';
import type { RefundRecord, RefundRecoveryInput } from './refund-messages.ts';
import { takeRefundOrders } from './refund-orders.ts';
import { closeRefund, followRefund, takeTerminalFor, untilRefundProven } from './refund.ts';
import { noLease } from './terminal-lease.ts';
import { tell } from './timeline.ts';

export async function recoverRefund(input: RefundRecoveryInput): Promise<RefundRecord> {
  const { record, policy, because, former } = input;
  const refundStartedAt = input.refund_started_at;
  const refund = openRefund({ record, policy, refundStartedAt, isReset: true });
  takeRefundOrders(refund);
  refund.requestId = input.event_request_id;
  refund.situation.sending = { is: sendingOf(input) };
  refund.news = 'order';
  tell(refund.timeline, { source: 'kvitt', text: whyRecovered[because] });
  publishRefund(refund, {});
  return await untilRefundProven(refund, async () => {
    // What told its ending has let the terminal go; what is wrong does not wait for it.
    const lease = because === 'workflow_lost' ? await takeTerminalFor(refund) : noLease;
    const found = await followRefund(refund, lease);
    await lease.endAtClose();
    const ending = found.outcome === 'not_refunded' ? asTold(found, former) : found;
    await openCaseIfPaidTwice(refund, ending, former);
    return await closeRefund(refund, ending, former?.outcome ?? null);
  });
}

const whyRecovered = {
  workflow_lost: 'the refund’s own workflow was ended from outside',
  contradicted: 'Dintero shows otherwise than the refund has told',
} as const;

/** Nothing that is shown now proves something about what was told before: then that stands. */
function sendingOf(input: RefundRecoveryInput): 'unsent' | 'accepted' | 'lost' {
  if (input.because === 'contradicted' || !input.may_have_sent) return 'unsent';
  return input.event_request_id === null ? 'lost' : 'accepted';
}

/** The reason that was told says more than what can be read now. */
function asTold(ending: RefundChanges, former: RefundRecoveryInput['former']): RefundChanges {
  const told = former?.outcome === 'not_refunded' ? former : null;
  const reason = ending.reason ?? told?.reason;
  const unsent = former === null ? 'refund_not_started_in_time' : 'refund_declined';
  return { ...ending, reason: reason ?? unsent, because: told?.because ?? null };
}

/** Somebody may have given the money back in another way since it was told that none went back. */
async function openCaseIfPaidTwice(
  { record, reading, situation }: OpenRefund,
  ending: RefundChanges,
  former: RefundRecoveryInput['former'],
): Promise<void> {
  if (former?.outcome !== 'not_refunded' || ending.outcome !== 'refunded') return;
  if (reading === null) return;
  const { transactionId, amount, capturedAmount, currency } = reading.transaction;
  await openCase(
    {
      kind: 'refunded_outside',
      charge_id: record.charge_id,
      transaction_id: transactionId,
      amount,
      captured_amount: capturedAmount,
      currency,
      terminal_id: record.terminal_id,
      store_id: record.store_id,
    },
    situation.policy,
  );
}
