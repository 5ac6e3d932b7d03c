/** What a person may do about a refund, as `actions.ts` has it for charges, and whether it fits what is true now. Pure. */
import { chargeActions, type Action } from './actions.ts';
import type { OpenRefund } from './open-refund.ts';
import { arrivesBefore } from './refund-judgement.ts';
import { clock } from './timeline.ts';

const { read, note, close, free } = chargeActions;

/** About a refund; updates of its workflow, or of its recovery. */
export const refundActions = {
  read: {
    ...read,
    does: 'Reads Dintero now instead of at the next poll, and does what follows.',
    when: 'While the refund is open.',
  },
  close: {
    ...close,
    does: 'Closes the refund as `not_refunded` on your evidence, after one more reading that shows nothing of it.',
    when: 'Only where a person is asked for: `needs_attention` is `refund_lost`.',
  },
  free: {
    ...free,
    does: 'Lets the next charge have the terminal, while this refund is followed further.',
    when: 'When a person is asked for, and nothing can be sent to the terminal any more.',
  },
  note: { ...note, when: 'While the refund is open.' },
} as const satisfies Record<string, Action>;
export type RefundAction = keyof typeof refundActions;
export const refundActionNames = Object.keys(refundActions) as RefundAction[];

/** Why an order does not fit what is true now; null: it does. */
export const refundRefusals: Record<
  RefundAction,
  (refund: OpenRefund, now: number) => string | null
> = {
  read: () => null,
  note: () => null,
  close: ({ record }) =>
    record.needs_attention === 'refund_lost'
      ? null
      : 'only refund_lost is closed on evidence; what Dintero shows as under way may still succeed, whatever the terminal shows',
  free: ({ record, situation }, now) => {
    if (situation.heldSince === null) return 'this refund does not hold the terminal';
    if (record.needs_attention === null) {
      return 'nobody is asked for yet: the customer may be about to present the card';
    }
    const clearAt = arrivesBefore(situation);
    return now >= clearAt
      ? null
      : `the request may still be on its way to the terminal: possible after ${clock(clearAt)} UTC`;
  },
};

/** What may be ordered now, and why not the rest. */
export function possibleRefundOrders(
  refund: OpenRefund,
  now: number,
): { action: RefundAction; is_possible: boolean; why_not: string | null }[] {
  return refundActionNames.map((action) => {
    const hasEnded = refund.record.outcome !== null;
    const whyNot = hasEnded ? 'the refund has ended' : refundRefusals[action](refund, now);
    return { action, is_possible: whyNot === null, why_not: whyNot };
  });
}
