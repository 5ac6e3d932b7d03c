/**
 * The auditor of refunds: holds what was told of them against the simulator's ledger. Refund rules:
 *
 * - R1 never more money back than was captured, and never more asked for than is left;
 * - R2 one refund intent is prompted at most once, and a payment is never asked for two refunds at a time;
 * - R3 `refunded` told => exactly that amount was refunded before;
 * - R4 `not_refunded` told => it has refunded nothing, unless it was corrected or a case says so;
 * - R5 every refund ends, or is listed as needing attention; why it did not succeed is said.
 */
import type { LedgerEntry } from './dintero-simulator.ts';
import { groupBy } from './group-by.ts';

/** What was told of a refund, in the words of the api. */
export interface ReportedRefund {
  refund_id: string;
  outcome: 'refunded' | 'not_refunded' | null;
  refunded_amount: number | null;
  /** Why no money went back. */
  reason?: string | null;
  needs_attention?: string | null;
  /** When the ending was published, by the record's own word; ISO 8601. */
  updated_at: string;
  /** When a till was first told, by the till's clock; ISO 8601. */
  told_at?: string;
}

/** Every breach of a refund rule, as a sentence that starts with the rule; empty when the two agree. */
export function auditRefunds(
  ledger: LedgerEntry[],
  refunds: ReportedRefund[],
  isFound: (refund: ReportedRefund) => boolean = () => false,
): string[] {
  const byRefund = groupBy(ledger, ({ refund_reference: reference = '' }) => reference);
  const byPayment = groupBy(
    ledger.filter(({ transaction_id: id }) => id !== null),
    ({ transaction_id: id }) => id ?? '',
  );
  return [
    ...[...byPayment.values()].flatMap(overdrawn),
    ...[...byRefund].flatMap(([refund, entries]) => promptedTwice(refund, entries)),
    ...refunds.flatMap((refund) =>
      wronglyTold(refund, { own: byRefund.get(refund.refund_id) ?? [], isFound }),
    ),
  ];
}

/**
 * Somebody else may act between the last read and the arrival of what was decided by it: so long may the one be
 * answered late, and the other be on the wire.
 */
const marginMs = 5000;

/** What one payment has left, entry by entry. */
interface Balance {
  captured: number;
  /** Given back, or accepted and without result: when, and by what name. */
  back: { at: number; amount: number; name: string; isDone: boolean }[];
  /** The prompts that ask for its card now. */
  live: Map<string, number>;
}

/** R1 and R2 of one payment. */
function overdrawn(entries: LedgerEntry[]): string[] {
  const balance: Balance = { captured: 0, back: [], live: new Map() };
  return entries.flatMap((entry) => {
    const problems = problemsWith(balance, entry);
    enter(balance, entry);
    return problems;
  });
}

function nameOf({ refund_reference: reference, why, seq }: LedgerEntry): string {
  return reference ?? `${why ?? 'somebody'} ${seq}`;
}

function problemsWith({ captured, back, live }: Balance, entry: LedgerEntry): string[] {
  const { kind, amount, merchant_reference: charge } = entry;
  const at = Date.parse(entry.at);
  if (kind === 'refunded') {
    const name = nameOf(entry);
    // What was only accepted has moved nothing yet: Dintero may still refuse it.
    const before = back.filter((one) => one.isDone && one.name !== name).reduce(sum, 0);
    const isOver = before + amount > captured;
    return isOver
      ? [`R1: of ${charge} ${before + amount} went back, captured were ${captured}`]
      : [];
  }
  if (kind !== 'refund_prompt_started') return [];
  const name = nameOf(entry);
  const left = captured - back.filter((one) => one.at < at - marginMs).reduce(sum, 0);
  return [
    ...(amount > left ? [`R1: ${name} asked for ${amount}, of ${charge} were left ${left}`] : []),
    ...[...live.keys()].map((other) => `R2: ${charge} was asked for ${name} beside ${other}`),
  ];
}

function sum(total: number, { amount }: { amount: number }): number {
  return total + amount;
}

function enter(balance: Balance, entry: LedgerEntry): void {
  const { kind, amount } = entry;
  const name = nameOf(entry);
  const at = Date.parse(entry.at);
  if (kind === 'corrected') Object.assign(balance, { captured: 0, back: [] });
  if (kind === 'captured') balance.captured += amount;
  if (kind === 'refunded' || kind === 'refund_accepted') {
    // What was pending has come true: it is the same money, since it was accepted.
    const known = balance.back.find((one) => one.name === name);
    const isDone = kind === 'refunded' || known?.isDone === true;
    if (known === undefined) balance.back.push({ at, amount, name, isDone });
    else Object.assign(known, { amount, isDone });
  }
  if (kind === 'refund_failed') balance.back = balance.back.filter((one) => one.name !== name);
  if (kind === 'refund_prompt_started') balance.live.set(name, amount);
  if (kind === 'refund_prompt_ended') balance.live.delete(name);
}

/** R2: one intent, one prompt; a lost answer is never followed by a second sending. */
function promptedTwice(refund: string, entries: LedgerEntry[]): string[] {
  if (refund === '') return [];
  const sendings = entries.filter(
    ({ kind }) => kind === 'refund_prompt_started' || kind === 'refund_refused',
  ).length;
  const times = entries.filter(({ kind }) => kind === 'refunded').length;
  return [
    ...(sendings > 1 ? [`R2: ${refund} was sent ${sendings} times`] : []),
    ...(times > 1 ? [`R2: by ${refund} money went back ${times} times`] : []),
  ];
}

/** As for charges: a record may be stamped that much before what its task has read. */
const taskMs = 2000;

/** R3, R4 and R5 of one refund. */
function wronglyTold(
  refund: ReportedRefund,
  { own, isFound }: { own: LedgerEntry[]; isFound: (refund: ReportedRefund) => boolean },
): string[] {
  const { refund_id: id, outcome, told_at, updated_at } = refund;
  const money = own.filter(({ kind }) => kind === 'refunded');
  const wentBack = money.reduce(sum, 0);
  switch (outcome) {
    case 'refunded': {
      const { refunded_amount: told } = refund;
      if (wentBack !== told) return [`R3: ${id} tells ${told} refunded, it were ${wentBack}`];
      const by = told_at === undefined ? Date.parse(updated_at) + taskMs : Date.parse(told_at);
      const isEarly = money.some(({ at }) => Date.parse(at) > by);
      return isEarly ? [`R3: ${id} was told refunded before it was`] : [];
    }
    case 'not_refunded':
      return [
        ...(refund.reason === null ? [`R5: ${id} is not_refunded, and nobody is told why`] : []),
        ...(wentBack > 0 && !isFound(refund)
          ? [`R4: ${id} is not_refunded, ${wentBack} went back by it, and nobody found it`]
          : []),
      ];
    case null:
      return (refund.needs_attention ?? null) === null
        ? [`R5: ${id} has no ending, and nobody is told why`]
        : [];
  }
}
