/** The refunds of a transaction, event by event. Which of them are ours their reference says, or what they answer. */
import { isRefundOf } from '../../workflows/refund-ids.ts';
import type { OwnRefund, RefundEvent, TransactionFacts } from './facts.ts';
import type { TransactionEvent } from './schemas.ts';

/** From the events that stand. A success without its amount is of all of it: more than that cannot have moved. */
export function refundEventsIn(
  events: readonly TransactionEvent[],
  authorised: number,
): RefundEvent[] {
  const refunds = events.flatMap((event): RefundEvent[] => {
    const is = kindOf(event);
    if (is === null) return [];
    return [
      {
        is,
        eventId: event.id ?? null,
        amount: event.amount ?? authorised,
        reference: event.metadata?.ext_refund_id ?? event.event_reference ?? null,
        requestId: event.request_id ?? null,
        answersRequestId: event.correlation_request_id ?? null,
      },
    ];
  });
  return refunds.map((event) => ({ ...event, reference: referenceOf(event, refunds) }));
}

function kindOf({ event, success }: TransactionEvent): RefundEvent['is'] | null {
  if (event !== 'REFUND' && event !== 'INITIATE_REFUND') return null;
  if (success === false) return 'failed';
  // What does not say whether it succeeded is not decided.
  return event === 'REFUND' && success === true ? 'done' : 'initiated';
}

/** A result that carries no reference of its own has the one of the request that it answers. */
function referenceOf(
  { reference, answersRequestId }: RefundEvent,
  all: readonly RefundEvent[],
): string | null {
  if (answersRequestId === null) return reference;
  const asked = all.find(
    ({ is, requestId }) => is === 'initiated' && requestId === answersRequestId,
  );
  return asked?.reference ?? reference;
}

/** Accepted, and no result is shown yet. */
function isUnanswered({ is, requestId }: RefundEvent, all: readonly RefundEvent[]): boolean {
  const isAnswered = all.some(
    (result) => result.is !== 'initiated' && result.answersRequestId === requestId,
  );
  return is === 'initiated' && (requestId === null || !isAnswered);
}

/** Empty if none of them is ours: readings of charges that were never refunded stay as they are. */
export function ownRefundsIn(
  events: readonly RefundEvent[],
  chargeId: string,
): Pick<TransactionFacts, 'ownRefunds'> {
  const references = new Set(events.flatMap(({ reference }) => reference ?? []));
  const ownRefunds = [...references]
    .filter((reference) => isRefundOf(reference, chargeId))
    .map((reference): OwnRefund => {
      const own = events.filter((event) => event.reference === reference);
      const done = own.filter(({ is }) => is === 'done');
      return {
        reference,
        refundedAmount: done.reduce((sum, { amount }) => sum + amount, 0),
        pending: own.filter((event) => isUnanswered(event, events)).length,
      };
    });
  return ownRefunds.length === 0 ? {} : { ownRefunds };
}
