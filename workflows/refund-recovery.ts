/**
 * The recovery of a refund, `refund-recovery/<refund_id>`: its own workflow was ended from outside, or Dintero shows
 * otherwise than it told (it retries refunds by itself). It reads and judges, and never sends. What it proves is the
 * refund's outcome from then on.
 */
import { openRefund, publishRefund } from './open-refund.ts';
import type { RefundRecord, RefundRecoveryInput } from './refund-messages.ts';
import { takeRefundOrders } from './refund-orders.ts';
import { followUntilTold, takeTerminalFor, untilRefundProven } from './refund.ts';
import { noLease } from './terminal-lease.ts';
import { tell } from './timeline.ts';

export async function recoverRefund(input: RefundRecoveryInput): Promise<RefundRecord> {
  const { because, former } = input;
  const refundStartedAt = input.refund_started_at;
  const refund = openRefund({ input, refundStartedAt, isReset: true });
  takeRefundOrders(refund);
  refund.requestId = input.event_request_id;
  refund.former = former;
  refund.isUntold = because === 'workflow_lost';
  refund.situation.sending = { is: sendingOf(input) };
  refund.news = 'order';
  tell(refund.timeline, { source: 'kvitt', text: whyRecovered[because] });
  publishRefund(refund, {});
  return await untilRefundProven(refund, async () => {
    // What had an ending has let the terminal go; what is wrong does not wait for it.
    const isOpen = because === 'workflow_lost' && former === null;
    return await followUntilTold(refund, isOpen ? await takeTerminalFor(refund) : noLease);
  });
}

const whyRecovered = {
  workflow_lost: 'the refund’s own workflow was ended from outside',
  contradicted: 'Dintero shows otherwise than the refund has told',
} as const;

/** Nothing that is shown now proves something about what was told before: then that stands. */
function sendingOf(input: RefundRecoveryInput): 'unsent' | 'accepted' | 'lost' {
  const isProven = input.because === 'contradicted' || input.former !== null;
  if (isProven || !input.may_have_sent) return 'unsent';
  return input.event_request_id === null ? 'lost' : 'accepted';
}
