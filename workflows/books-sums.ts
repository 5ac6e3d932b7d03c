/** How the parts of a day become one. Pure. */
import {
  differencesMax,
  type EndOfDay,
  type Span,
  type Difference,
  type OtherMoney,
  type Part,
  type ReadCounts,
  type Sum,
  type TerminalBooks,
} from './books.ts';

export const emptyPart: Part = {
  terminals: [],
  differences: [],
  more: 0,
  other: [],
  open: 0,
  read: { pages: 0, payments: 0, charges: 0, looks: 0 },
  notes: [],
};

/** Two parts of a day are one. */
export function together(one: Part, other: Part): Part {
  const differences = [...one.differences, ...other.differences];
  return {
    terminals: summed([...one.terminals, ...other.terminals]),
    differences: differences.slice(0, differencesMax),
    more: one.more + other.more + Math.max(0, differences.length - differencesMax),
    other: summedOther([...one.other, ...other.other]),
    open: one.open + other.open,
    read: addCounts(one.read, other.read),
    notes: [...new Set([...one.notes, ...other.notes])],
  };
}

export function addCounts(one: ReadCounts, other: ReadCounts): ReadCounts {
  return {
    pages: one.pages + other.pages,
    payments: one.payments + other.payments,
    charges: one.charges + other.charges,
    looks: one.looks + other.looks,
  };
}

export function addSums(one: Sum, other: Sum, sign: 1 | -1 = 1): Sum {
  return { count: one.count + sign * other.count, amount: one.amount + sign * other.amount };
}

export const noSum: Sum = { count: 0, amount: 0 };

/** One row per terminal and currency, in a stable order. */
export function summed(rows: readonly TerminalBooks[]): TerminalBooks[] {
  return grouped(rows, keyOf, (sum, row) => ({
    ...sum,
    captured: addSums(sum.captured, row.captured),
    told: addSums(sum.told, row.told),
    refunded: addSums(sum.refunded, row.refunded),
  }));
}

function summedOther(rows: readonly OtherMoney[]): OtherMoney[] {
  const key = (row: OtherMoney): string => [row.product, row.installation, row.currency].join(' ');
  return grouped(rows, key, (sum, row) => ({
    ...sum,
    payments: addSums(sum.payments, row.payments),
  }));
}

export function keyOf(row: { store_id: string; terminal_id: string; currency: string }): string {
  return [row.store_id, row.terminal_id, row.currency].join(' ');
}

/** The same difference, found by another look or in another report. */
export function differenceKey({ kind, transaction_id }: Difference): string {
  return `${kind} ${transaction_id}`;
}

function grouped<Row>(
  rows: readonly Row[],
  key: (row: Row) => string,
  add: (sum: Row, row: Row) => Row,
): Row[] {
  const sums = new Map<string, Row>();
  for (const row of rows) {
    const sum = sums.get(key(row));
    sums.set(key(row), sum === undefined ? row : add(sum, row));
  }
  return [...sums.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** The devices' own counts beside the day's. A terminal with several ends of a day is compared by their sum. */
export function compareEnds(
  ends: readonly EndOfDay[],
  terminals: readonly TerminalBooks[],
  day: Span,
): EndOfDay[] {
  return ends.map((end) => {
    const same = ends.filter(({ terminal_id }) => terminal_id === end.terminal_id);
    const rows = terminals.filter(({ terminal_id }) => terminal_id === end.terminal_id);
    const isWhole = same.every(
      ({ start_of_day_at: at }) => at !== null && Date.parse(at) >= day.from,
    );
    if (!isWhole || rows.length > 1) return end;
    const [row] = rows;
    const purchases = same.map((one) => one.purchases).reduce((a, b) => addSums(a, b), noSum);
    const reversals = same.map((one) => one.reversals).reduce((a, b) => addSums(a, b), noSum);
    const agrees =
      isSame(purchases, row?.captured ?? noSum) && isSame(reversals, row?.refunded ?? noSum);
    return { ...end, agrees };
  });
}

function isSame(one: Sum, other: Sum): boolean {
  return one.count === other.count && one.amount === other.amount;
}
