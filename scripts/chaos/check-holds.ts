/**
 * H1: money that a charge holds for the till's word is captured by nobody of ours without that word, unless the
 * configured time was over and the configuration says so.
 */
import { groupBy } from '../group-by.ts';
import type { Kvitt } from '../in-process.ts';
import type { Evidence } from './evidence.ts';
import type { PlayedSale } from './play-sale.ts';

/** The ledger's word for what came through the API, not from Dintero itself or its Backoffice. */
const ours = 'simulator';

export function checkHolds({
  kvitt,
  played,
  evidence,
}: {
  kvitt: Kvitt;
  played: PlayedSale[];
  evidence: Evidence;
}): string[] {
  const byCharge = groupBy(evidence.ledger, (entry) => entry.merchant_reference);
  const { hold } = kvitt.policy;
  return played.flatMap(({ plan, reference, words }) =>
    plan.attempts.flatMap(({ capture }, index) => {
      const chargeId = `${reference}.${index + 1}`;
      const ledger = byCharge.get(chargeId) ?? [];
      const captured = ledger.find(({ kind, why }) => kind === 'captured' && why === ours);
      if (capture === undefined || captured === undefined) return [];
      const reserved = ledger.find(({ kind }) => kind === 'authorised');
      const heldMs = Date.parse(captured.at) - Date.parse(reserved?.at ?? captured.at);
      const isByDeadline = hold?.endsWith === 'capture' && heldMs >= hold.wait;
      const isSaid = words.some((said) => said.chargeId === chargeId && said.word === 'capture');
      return isSaid || isByDeadline
        ? []
        : [`H1: ${chargeId} was captured ${heldMs} ms after it was reserved, without a word`];
    }),
  );
}
