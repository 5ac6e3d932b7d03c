/**
 * The auditor: holds what Kvitt reported against the simulator's ledger, by the money rules of the design. Used by the
 * tests, the demo and the benchmark alike. It believes nothing that Kvitt says of itself.
 */
import type { LedgerEntry } from './dintero-simulator.ts';

/** What was reported of a charge, in the words of the api. */
export interface Reported {
  charge_id: string;
  outcome: 'captured' | 'not_charged' | null;
  captured_amount: number | null;
  /** When the ending was published; ISO 8601. */
  updated_at: string;
}

/** Every breach of a money rule, as a sentence; empty when the two agree. */
export function audit(ledger: LedgerEntry[], charges: Reported[]): string[] {
  return [
    ...saleChargedTwice(ledger),
    ...charges.flatMap((charge) => wronglyReported(ledger, charge)),
    ...promptedTwice(ledger),
    ...overlappingPrompts(ledger),
  ];
}

/** M1: at most one captured transaction per sale. */
function saleChargedTwice(ledger: LedgerEntry[]): string[] {
  const bySale = groupBy(
    ledger.filter(({ kind }) => kind === 'captured'),
    (entry) => entry.merchant_reference_2 ?? entry.merchant_reference,
  );
  return [...bySale]
    .filter(([, entries]) => new Set(entries.map((entry) => entry.transaction_id)).size > 1)
    .map(([sale]) => `M1: sale ${sale} was captured more than once`);
}

/** M2 and M3, and M4 as far as the charge should have ended. */
function wronglyReported(ledger: LedgerEntry[], charge: Reported): string[] {
  const own = ledger.filter((entry) => entry.merchant_reference === charge.charge_id);
  const captured = own.filter(({ kind }) => kind === 'captured');
  const sum = captured.reduce((total, { amount }) => total + amount, 0);
  switch (charge.outcome) {
    case 'captured': {
      if (sum !== charge.captured_amount) {
        return [`M2: ${charge.charge_id} reports ${charge.captured_amount}, captured were ${sum}`];
      }
      const isEarly = captured.some(({ at }) => Date.parse(at) > Date.parse(charge.updated_at));
      return isEarly ? [`M2: ${charge.charge_id} was reported before it was captured`] : [];
    }
    case 'not_charged': {
      const voided = new Set(
        own.filter(({ kind }) => kind === 'voided').map(({ transaction_id }) => transaction_id),
      );
      const isLeft = own.some(
        ({ kind, transaction_id }) => kind === 'authorised' && !voided.has(transaction_id),
      );
      return sum > 0 || isLeft
        ? [`M3: ${charge.charge_id} is not_charged, and its money is not free`]
        : [];
    }
    case null:
      return [`M4: ${charge.charge_id} has no ending`];
  }
}

/** One charge, one session: a lost create is never sent again. */
function promptedTwice(ledger: LedgerEntry[]): string[] {
  const byCharge = groupBy(
    ledger.filter(({ kind }) => kind === 'session_created'),
    (entry) => entry.merchant_reference,
  );
  return [...byCharge]
    .filter(([, entries]) => entries.length > 1)
    .map(([charge, entries]) => `M1: ${charge} has ${entries.length} sessions`);
}

/** M6: two live prompts are never on one terminal. */
function overlappingPrompts(ledger: LedgerEntry[]): string[] {
  const live = new Map<string, LedgerEntry>();
  const problems: string[] = [];
  for (const entry of ledger) {
    const { kind, terminal_id: terminal, session_id: session } = entry;
    if (kind === 'prompt_started') {
      const other = live.get(terminal);
      if (other !== undefined) {
        problems.push(
          `M6: ${terminal} prompted ${entry.merchant_reference} beside ${other.merchant_reference}`,
        );
      }
      live.set(terminal, entry);
    }
    if (kind === 'prompt_ended' && live.get(terminal)?.session_id === session)
      live.delete(terminal);
  }
  return problems;
}

function groupBy(
  entries: LedgerEntry[],
  keyOf: (entry: LedgerEntry) => string,
): Map<string, LedgerEntry[]> {
  const groups = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    const group = groups.get(keyOf(entry));
    if (group === undefined) groups.set(keyOf(entry), [entry]);
    else group.push(entry);
  }
  return groups;
}
