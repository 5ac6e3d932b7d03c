/** What the ending of a refund says: by what Dintero shows now, by what was asked for, and by what was told before. */
import { openCase } from './money-case.ts';
import type { OpenRefund, RefundChanges } from './open-refund.ts';
import { whyOtherwise, type Obstacle, type RefundStep } from './refund-judgement.ts';
import type { RefundReason } from './refund-lists.ts';
import type { ToldEnding } from './refund-messages.ts';

export function endingOf(
  refund: OpenRefund,
  step: Extract<RefundStep, { do: 'close_refunded' | 'close_not_refunded' }>,
): RefundChanges {
  const { record, former } = refund;
  if (step.do === 'close_not_refunded') {
    // It may have been refused while Dintero was read: then that is why.
    return asTold(notRefunded(refund.refused ?? { reason: step.reason }), former);
  }
  const { refundedAmount: refunded_amount, eventId: refund_event } = step;
  const ending = { state: 'refunded', outcome: 'refunded', reason: null } as const;
  const because = refund.isEarlier
    ? madeEarlier
    : whyOtherwise(record, { refundedAmount: refunded_amount, former });
  return { ...ending, because, refunded_amount, refund_event, needs_attention: null };
}

/** What is asked for today is perhaps not what was given back then, under the same number. */
const madeEarlier =
  'Dintero shows it as made earlier, so nothing was sent now: more is given back by the next number';

/** The ending without money. */
export function notRefunded({
  reason,
  because = null,
}: {
  reason: Obstacle['reason'] | null;
  because?: string | null;
}): RefundChanges {
  return {
    state: 'not_refunded',
    outcome: 'not_refunded',
    reason,
    because,
    refunded_amount: null,
    needs_attention: null,
  };
}

/** The reason that was told says more than what can be read now. */
function asTold(ending: RefundChanges, former: ToldEnding | null): RefundChanges {
  const told = former?.outcome === 'not_refunded' ? former : null;
  const reason = ending.reason ?? told?.reason;
  const unsent: RefundReason = former === null ? 'refund_not_started_in_time' : 'refund_declined';
  return { ...ending, reason: reason ?? unsent, because: told?.because ?? ending.because ?? null };
}

export function isAsTold(
  { outcome, refunded_amount }: Partial<ToldEnding>,
  told: ToldEnding | null,
): boolean {
  return told?.outcome === outcome && told?.refunded_amount === refunded_amount;
}

/** Somebody has acted upon what was asked for, or told: that another amount went back is a person's matter. */
export async function openCaseOfRefund(refund: OpenRefund, ending: RefundChanges): Promise<void> {
  const { record, reading, situation, former } = refund;
  const isOtherwise = ending.outcome === 'refunded' && (ending.because ?? null) !== null;
  if (!isOtherwise || refund.isEarlier || isAsTold(ending, former)) return;
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
