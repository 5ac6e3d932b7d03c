/** When a case may be settled, and as what: what Dintero shows is never declared otherwise. Pure. */
import type { MoneyFacts } from '../activities/dintero/facts.ts';
import type { Settlement } from './actions.ts';
import type { CaseKind } from './lists.ts';
import { moneyText } from './money.ts';

/** Nobody wanted this money at all: it has gone back when all of it has. Of the other kinds a part may be too much. */
const unwanted = new Set<CaseKind>([
  'captured_after_cancel',
  'captured_after_not_charged',
  'orphan',
]);

/** Why the case cannot be settled so, and what would make it possible; null: it can. */
export function whyNotSettle(
  { kind, as, refundEvent }: { kind: CaseKind; as: Settlement; refundEvent: string | null },
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
  if (unwanted.has(kind) && left > 0) {
    return `Dintero shows ${moneyText(left, currency)} still in: refund the rest too, or settle it as kept or written_off`;
  }
  return null;
}
