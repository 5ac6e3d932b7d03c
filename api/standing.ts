/**
 * How things stand, summed up for an operator: what is open, what waits for a person, what money is at risk, by the same
 * reading rules as the answers to a till. Pure: from what was listed to numbers, and nothing of one charge is left in them.
 */
import {
  attentions,
  caseKinds,
  chargeStates,
  tooLong,
  type Attention,
  type CaseKind,
  type ChargeState,
} from '../workflows/lists.ts';
import type { CaseRecord, ChargeRecord } from '../workflows/messages.ts';
import {
  refundAttentions,
  refundStates,
  type RefundAttention,
  type RefundState,
} from '../workflows/refund-lists.ts';
import type { RefundRecord } from '../workflows/refund-messages.ts';
import type { ReadCharge } from './cashier.ts';
import type { ReadRefund } from './refund-reading.ts';
import type { BooksStanding } from './standing-books.ts';

/** Upper ends of the ages of open charges, in seconds. */
const ages = [
  ['under_1m', 60],
  ['1m_to_5m', 300],
  ['5m_to_1h', 3600],
  ['1h_to_1d', 86_400],
  ['over_1d', Infinity],
] as const;
type Age = (typeof ages)[number][0];

/**
 * Money that is not where it belongs, or of which nobody knows:
 * - `approved_not_captured`: reserved on a card, and neither captured nor released;
 * - `captured_unwanted`: it is in, and an open case asks a person about it;
 * - `unknown`: what was asked for by charges of which nobody can say whether it was taken.
 */
export type RiskKind = 'approved_not_captured' | 'captured_unwanted' | 'unknown';

/** How many, and how long the oldest has been so. */
export interface Count<Labels> {
  labels: Labels;
  count: number;
  oldestSeconds: number;
}

export interface Standing {
  open: Count<{ state: ChargeState; age: Age }>[];
  attention: Count<{ reason: Attention }>[];
  refunds: Count<{ state: RefundState }>[];
  refundAttention: Count<{ reason: RefundAttention }>[];
  cases: Count<{ kind: CaseKind }>[];
  /** `count` is minor units. */
  money: Count<{ currency: string; kind: RiskKind }>[];
  notifications: Count<Record<string, never>>;
  /** null: nobody has them made. */
  books: BooksStanding | null;
  /** There is more than was looked at. */
  isTruncated: boolean;
}

/** What `notify/<charge_id>` shows of itself in its memo, as far as it is counted. */
export interface NotificationRecord {
  waiting: number;
  oldest: { timestamp: string } | null;
}

export interface Listed {
  /** Each charge that has proven no outcome, read as a till would read it. */
  charges: readonly ReadCharge[];
  /** The same of refunds. */
  refunds: readonly ReadRefund[];
  cases: readonly CaseRecord[];
  notifications: readonly NotificationRecord[];
  books: BooksStanding | null;
  isTruncated: boolean;
  now: number;
}

/** Every combination of the closed lists has a row, so that no alert has to guess what an absent number means. */
export function sumUp(listed: Listed): Standing {
  const { charges, cases, notifications, books, isTruncated, now } = listed;
  const since = (at: string): number => Math.max(0, (now - Date.parse(at)) / 1000);
  const open = tally(openStates.flatMap((state) => ages.map(([age]) => ({ state, age }))));
  const attention = tally(attentions.map((reason) => ({ reason })));
  const openCases = tally(caseKinds.map((kind) => ({ kind })));
  const money = tally<{ currency: string; kind: RiskKind }>([]);
  const unsettled = cases.filter(({ settled_at }) => settled_at === null);
  const inCase = new Set(unsettled.map(({ transaction_id }) => transaction_id));
  for (const { record } of charges) {
    const { state, needs_attention: reason, amount, currency } = record;
    const age = since(record.created_at);
    open.add({ state, age: ageOf(age) }, 1, age);
    if (reason !== null)
      attention.add({ reason }, 1, since(attentionSince(record, { reason, now })));
    // What has a case is counted by it.
    const kind = inCase.has(record.transaction_id ?? '') ? null : riskOf(record);
    if (kind === null || amount === null || currency === null) continue;
    money.add({ currency, kind }, amount, since(troubledSince(record, now)));
  }
  for (const one of unsettled) {
    const age = since(one.opened_at);
    openCases.add({ kind: one.kind }, 1, age);
    // An orphan belongs to no charge that could ask for somebody.
    if (one.kind !== 'orphan') attention.add({ reason: 'case_open' }, 1, age);
    if (one.currency === null) continue;
    money.add({ currency: one.currency, kind: 'captured_unwanted' }, unwantedOf(one), age);
  }
  return {
    open: open.rows(),
    attention: attention.rows(),
    ...sumRefunds(listed.refunds, since),
    cases: openCases.rows(),
    money: money.rows(),
    notifications: sumNotifications(notifications, since),
    books,
    isTruncated,
  };
}

function sumRefunds(
  refunds: readonly ReadRefund[],
  since: (at: string) => number,
): Pick<Standing, 'refunds' | 'refundAttention'> {
  const open = tally(openRefundStates.map((state) => ({ state })));
  const attention = tally(refundAttentions.map((reason) => ({ reason })));
  for (const { record } of refunds) {
    const { state, needs_attention: reason, created_at } = record;
    open.add({ state }, 1, since(created_at));
    if (reason !== null) attention.add({ reason }, 1, since(refundAttentionSince(record)));
  }
  return { refunds: open.rows(), refundAttention: attention.rows() };
}

function sumNotifications(
  notifications: readonly NotificationRecord[],
  since: (at: string) => number,
): Standing['notifications'] {
  const waiting = tally<Record<string, never>>([{}]);
  for (const { waiting: count, oldest } of notifications) {
    waiting.add({}, count, oldest === null ? 0 : since(oldest.timestamp));
  }
  return waiting.rows()[0] ?? { labels: {}, count: 0, oldestSeconds: 0 };
}

const openStates: ChargeState[] = chargeStates.filter(
  (state) => state !== 'captured' && state !== 'not_charged',
);

const openRefundStates: RefundState[] = refundStates.filter(
  (state) => state !== 'refunded' && state !== 'not_refunded',
);

function ageOf(seconds: number): Age {
  return ages.find(([, until]) => seconds < until)?.[0] ?? 'over_1d';
}

/**
 * Since when it has been too long, or, of what a workflow asks for earlier, since it is in that state. Going to and fro
 * between two unclear states starts no new state, and what keeps `attention_at` keeps this.
 */
function troubledSince({ attention_at, state_since }: ChargeRecord, now: number): string {
  const isTooLong = attention_at !== null && now >= Date.parse(attention_at);
  return isTooLong && attention_at < state_since ? attention_at : state_since;
}

function attentionSince(
  record: ChargeRecord,
  { reason, now }: { reason: Attention; now: number },
): string {
  const { attention_at, state } = record;
  return reason === tooLong[state] && attention_at !== null
    ? attention_at
    : troubledSince(record, now);
}

/** What asks for another reason than its age may have done so since it is in its state. */
function refundAttentionSince(record: RefundRecord): string {
  const { needs_attention: reason, attention_at, state_since } = record;
  return reason === 'refund_too_long' ? (attention_at ?? state_since) : state_since;
}

/** These two are asked for only while the money is read as reserved. */
const refusedWhileReserved = new Set<Attention | null>(['capture_refused', 'void_refused']);

/** What the record alone can tell of the money. A card that is being asked for is no risk until it takes too long. */
export function riskOf({ state, needs_attention }: ChargeRecord): RiskKind | null {
  if (state === 'approved' || refusedWhileReserved.has(needs_attention)) {
    return 'approved_not_captured';
  }
  if (state === 'checking' || state === 'cancelling') return 'unknown';
  return needs_attention === null ? null : 'unknown';
}

/**
 * Where only the amount is wrong, the difference; where that is none (another currency, a tip), or the payment itself is
 * unwanted, all of it. How much was refunded outside the record does not say: all of it, too.
 */
export function unwantedOf({ kind, amount, captured_amount }: CaseRecord): number {
  // An orphan may be reserved only: all of it is at risk.
  const captured =
    kind === 'orphan' && captured_amount === 0 ? (amount ?? 0) : (captured_amount ?? amount ?? 0);
  if (kind !== 'amount_differs' && kind !== 'partly_captured') return captured;
  const difference = Math.abs(captured - (amount ?? 0));
  return difference === 0 ? captured : difference;
}

interface Tally<Labels> {
  add: (labels: Labels, count: number, ageSeconds: number) => void;
  rows: () => Count<Labels>[];
}

function tally<Labels extends Record<string, string>>(known: Labels[]): Tally<Labels> {
  const byLabels = new Map<string, Count<Labels>>();
  const rowOf = (labels: Labels): Count<Labels> => {
    const key = JSON.stringify(labels);
    const row = byLabels.get(key) ?? { labels, count: 0, oldestSeconds: 0 };
    byLabels.set(key, row);
    return row;
  };
  for (const labels of known) rowOf(labels);
  return {
    add: (labels, count, ageSeconds) => {
      const row = rowOf(labels);
      row.count += count;
      row.oldestSeconds = Math.max(row.oldestSeconds, ageSeconds);
    },
    rows: () => [...byLabels.values()],
  };
}
