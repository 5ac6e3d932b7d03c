/**
 * The auditor: holds what Kvitt reported against the simulator's ledger, by the money rules of the design. Used by the
 * tests, the demo, the benchmark and the fault runs alike. It believes nothing that Kvitt says of itself.
 */
import { auditRefunds, type ReportedRefund } from './audit-refunds.ts';
import type { LedgerEntry } from './dintero-simulator.ts';
import { groupBy } from './group-by.ts';

/** What was reported of a charge, in the words of the api. */
export interface Reported {
  charge_id: string;
  outcome: 'captured' | 'not_charged' | null;
  captured_amount: number | null;
  /** Why a person is asked; a charge may stay open only with a reason. */
  needs_attention?: string | null;
  /** When the ending was published, by the record's own word; ISO 8601. */
  updated_at: string;
  /** When a till was first told, by the till's clock; ISO 8601. */
  told_at?: string;
}

/** Every breach of a money rule, as a sentence that starts with the rule; empty when the two agree. */
export function audit(
  ledger: LedgerEntry[],
  charges: Reported[],
  refunds: ReportedRefund[] = [],
  isFound?: (refund: ReportedRefund) => boolean,
): string[] {
  const byCharge = groupBy(ledger, (entry) => entry.merchant_reference);
  return [
    ...saleChargedTwice(asItStands(ledger)),
    ...charges.flatMap((charge) => wronglyReported(byCharge.get(charge.charge_id) ?? [], charge)),
    ...promptedTwice(byCharge),
    ...overlappingPrompts(ledger),
    ...auditRefunds(ledger, refunds, isFound),
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

/** M2, M3 and M4, by the charge's own entries. */
function wronglyReported(all: LedgerEntry[], charge: Reported): string[] {
  const own = asItStands(all);
  const captured = own.filter(({ kind }) => kind === 'captured');
  switch (charge.outcome) {
    case 'captured': {
      const sum = captured.reduce((total, { amount }) => total + amount, 0);
      if (sum !== charge.captured_amount) {
        return [`M2: ${charge.charge_id} reports ${charge.captured_amount}, captured were ${sum}`];
      }
      const isEarly = captured.some(({ at }) => Date.parse(at) > toldBy(charge));
      return isEarly ? [`M2: ${charge.charge_id} was reported before it was captured`] : [];
    }
    case 'not_charged':
      return hasMoney(own)
        ? [`M3: ${charge.charge_id} is not_charged, and its money is not free`]
        : [];
    case null:
      return (charge.needs_attention ?? null) === null
        ? [`M4: ${charge.charge_id} has no ending, and nobody is told why`]
        : [];
  }
}

/**
 * A workflow's clock stands still while a task runs, and the read after a hint runs inside of one for 2 s at most: the
 * record may be stamped that much before what it has read, though nobody is told before the task is over.
 */
const taskMs = 2000;

/** By when the ending was certainly told. */
function toldBy({ told_at, updated_at }: Reported): number {
  return told_at === undefined ? Date.parse(updated_at) + taskMs : Date.parse(told_at);
}

/** Whether the entries of one charge leave anything captured or reserved. */
export function hasMoney(all: LedgerEntry[]): boolean {
  const own = asItStands(all);
  const voided = new Set(
    own.filter(({ kind }) => kind === 'voided').map(({ transaction_id }) => transaction_id),
  );
  return own.some(
    ({ kind, transaction_id }) =>
      kind === 'captured' || (kind === 'authorised' && !voided.has(transaction_id)),
  );
}

/** Dintero's corrections take back what they name: of a transaction counts what came with the last one, or after it. */
function asItStands(ledger: LedgerEntry[]): LedgerEntry[] {
  const corrections = new Map(
    ledger
      .filter(({ kind }) => kind === 'corrected')
      .map(({ transaction_id, seq }) => [transaction_id, seq]),
  );
  return ledger.filter(({ transaction_id, seq }) => seq >= (corrections.get(transaction_id) ?? 0));
}

/** One charge, one session: a lost create is never sent again. */
function promptedTwice(byCharge: Map<string, LedgerEntry[]>): string[] {
  return [...byCharge].flatMap(([charge, entries]) => {
    const sessions = entries.filter(({ kind }) => kind === 'session_created').length;
    return sessions > 1 ? [`M1: ${charge} has ${sessions} sessions`] : [];
  });
}

/** M6: two live prompts are never on one terminal, whether they ask for a payment or for a refund. */
function overlappingPrompts(ledger: LedgerEntry[]): string[] {
  const live = new Map<string, string>();
  const problems: string[] = [];
  for (const entry of ledger) {
    const { kind, terminal_id: terminal } = entry;
    const name = promptOf(entry);
    if (kind === 'prompt_started' || kind === 'refund_prompt_started') {
      const other = live.get(terminal);
      if (other !== undefined) problems.push(`M6: ${terminal} prompted ${name} beside ${other}`);
      live.set(terminal, name);
    }
    const hasEnded = kind === 'prompt_ended' || kind === 'refund_prompt_ended';
    if (hasEnded && live.get(terminal) === name) live.delete(terminal);
  }
  return problems;
}

/** A charge may have two sessions by mistake, and each is a prompt of its own. */
function promptOf({
  refund_reference: refund,
  merchant_reference,
  session_id,
}: LedgerEntry): string {
  return refund ?? `${merchant_reference} (${session_id})`;
}
