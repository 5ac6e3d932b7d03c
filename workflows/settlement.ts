/** When a case may be settled, and as what: what Dintero shows is never declared otherwise. Pure. */
import type { MoneyFacts } from '../activities/dintero/facts.ts';
import type { Settlement } from './actions.ts';
import { moneyText } from './money.ts';
import type { RefundRecord } from './refund-messages.ts';

/** Why the case cannot be settled so, and what would make it possible; null: it can. */
export function whyNotSettle(
  { as, refundEvent }: { as: Settlement; refundEvent: string | null },
  { transaction, refunds }: MoneyFacts,
): string | null {
  const { capturedAmount, refundedAmount, pending, currency } = transaction;
  const left = capturedAmount - refundedAmount;
  if (as === 'written_off') return null;
  if (pending.length > 0) {
    return `Dintero is still working on a ${pending.join(' and a ')}: settle it when the result is shown`;
  }
  if (as === 'kept') {
    if (capturedAmount === 0) return 'Dintero shows nothing captured, so there is nothing to keep';
    return left > 0 ? null : 'Dintero shows all of it refunded: settle it as refunded';
  }
  if (refunds.length === 0) {
    return 'Dintero shows no refund. Money comes back only on a terminal with the card: settle it when Dintero shows that';
  }
  if (refundEvent !== null && !refunds.some(({ eventId }) => eventId === refundEvent)) {
    const known = refunds.map(({ eventId }) => eventId ?? 'one without an id').join(', ');
    return `Dintero shows no refund ${refundEvent}, but ${known}`;
  }
  if (left > 0) {
    return `Dintero shows ${moneyText(left, currency)} still in: if the rest is wanted, settle it as kept; if not, refund it too`;
  }
  return null;
}

/** What a case tells of a refund that has ended. */
export function wordsOfRefund(refund: RefundRecord, former: RefundRecord['outcome']): string {
  const { refund_id, amount, currency, terminal_id, outcome, reason, because } = refund;
  const money = moneyText(refund.refunded_amount ?? amount, currency);
  const why = reason === null ? '' : ` (${reason})`;
  const before = former === null ? '' : `, told as ${former} before`;
  const otherwise = outcome === 'refunded' && because !== null ? `: ${because}` : '';
  return `refund ${refund_id} of ${money} at ${terminal_id}: ${outcome ?? 'open'}${why}${before}${otherwise}`;
}
