/** What operators order of an open refund: one update per row of `refundActions`. */
import { ApplicationFailure } from '@temporalio/common';
import { defineUpdate, setHandler } from '@temporalio/workflow';
import { problemWith } from './actions.ts';
import type { ActionInput } from './messages.ts';
import type { OpenRefund } from './open-refund.ts';
import { operator } from './operator.ts';
import {
  refundActionNames,
  refundActions,
  refundRefusals,
  type RefundAction,
} from './refund-actions.ts';
import type { RefundRecord } from './refund-messages.ts';
import { tell } from './timeline.ts';

/** Registers a handler for every order, synchronously, with its words for the Temporal UI. */
export function takeRefundOrders(refund: OpenRefund): void {
  for (const name of refundActionNames) {
    const { does, when, isIrreversible } = refundActions[name];
    setHandler(
      defineUpdate<RefundRecord, [ActionInput | undefined]>(name),
      (given) => {
        refund.ordersTaken += 1;
        tellOrder(refund, name, given ?? {});
        if (name === 'close') refund.situation.seenIdleAt ??= Date.now();
        if (name === 'free') refund.isFreed = true;
        if (name !== 'note') refund.news = 'order';
        return refund.record;
      },
      {
        description: `${does} ${when}${isIrreversible ? ' Only by `npx kvitt` or POST /ops.' : ''}`,
        validator: (given: ActionInput | undefined) => {
          const problem = problemOfOrder(refund, name, given ?? {});
          if (problem !== null) throw ApplicationFailure.nonRetryable(problem);
        },
      },
    );
  }
}

function tellOrder({ timeline }: OpenRefund, name: RefundAction, input: ActionInput): void {
  const by = operator();
  const words = input['why'] ?? input['text'];
  const who = by ?? 'somebody in the Temporal UI';
  const text = `${who}: ${name}${typeof words === 'string' ? `, "${words}"` : ''}`;
  tell(timeline, { source: by === null ? 'Temporal' : 'operator', text });
}

/** A run takes 2,000 updates in all (temporal-typescript 2). */
const ordersMax = 500;

function problemOfOrder(refund: OpenRefund, name: RefundAction, input: ActionInput): string | null {
  if (refund.record.outcome !== null) return 'the refund has ended';
  const { isIrreversible } = refundActions[name];
  if (!isIrreversible && refund.ordersTaken >= ordersMax) {
    return `this refund has taken ${ordersMax} orders by hand; it is read by itself`;
  }
  if (isIrreversible && operator() === null) {
    return `${name} cannot be taken back, so it needs your name: send it by npx kvitt ${name}, or POST /ops/refunds/${refund.record.refund_id}/${name}`;
  }
  return problemWith(refundActions[name], input) ?? refundRefusals[name](refund, Date.now());
}
