/** Somebody acts in Dintero's Backoffice, without a word to Kvitt. Durations in milliseconds. */
import type { Kvitt } from '../in-process.ts';
import type { Random } from './random.ts';

export interface Backoffice {
  backoffice: 'capture' | 'void' | 'refund';
  /** Of the charge's amount, in per cent. */
  share: number;
  /** Of a refund: accepted, and done so much later, or not; absent: done at once. */
  accepted?: { complete_after_ms: number; success: boolean | 'never' };
}

/** A part or all of it, at once or accepted for later. */
export function backofficeRefund(random: Random): Backoffice {
  const accepted = {
    complete_after_ms: random.int(100, 4000),
    success: random.pick([true, true, false, 'never'] as const),
  };
  return {
    backoffice: 'refund',
    share: random.pick([30, 60, 100]),
    ...(random.chance(0.5) && { accepted }),
  };
}

/** False: there is nothing to act on (yet), or Dintero did not let them. */
export async function actInBackoffice(
  { simulator, ledgerOf }: Kvitt,
  { chargeId, amount }: { chargeId: string; amount: number },
  { backoffice, share, accepted }: Backoffice,
): Promise<boolean> {
  const ledger = await ledgerOf(chargeId);
  const id = ledger.find(({ transaction_id }) => transaction_id !== null)?.transaction_id;
  if (id === undefined || id === null) return false;
  const response = await fetch(`${simulator.url}/simulator/transactions/${id}/${backoffice}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ amount: Math.ceil((amount * share) / 100), accepted }),
  });
  return response.ok;
}
