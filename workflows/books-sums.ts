/** How the parts of a day become one. Pure. */
import {
  differencesMax,
  type DeviceBooks,
  type Difference,
  type OtherMoney,
  type Part,
  type ReadCounts,
  type Sum,
  type TerminalBooks,
} from './books.ts';

export const emptyPart: Part = {
  terminals: [],
  devices: [],
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
    devices: summedDevices([...one.devices, ...other.devices]),
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

/** One row per terminal and currency: a device knows of no store. */
export function summedDevices(rows: readonly DeviceBooks[]): DeviceBooks[] {
  const key = (row: DeviceBooks): string => `${row.terminal_id} ${row.currency}`;
  return grouped(rows, key, (sum, row) => ({
    ...sum,
    store_id: sum.store_id ?? row.store_id,
    net: sum.net + row.net,
    from: Math.min(sum.from, row.from),
    to: Math.max(sum.to, row.to),
    isSure: sum.isSure && row.isSure,
  }));
}

/** Stands for a store, a terminal or a currency that nobody could tell. */
export const unknownPlace = 'unknown';

/** A terminal whose store could not be told for a refund stands where its sales of the day do. */
export function atTheirStores(rows: readonly TerminalBooks[]): TerminalBooks[] {
  const stores = new Map<string, Set<string>>();
  for (const { store_id, terminal_id } of rows) {
    if (store_id === unknownPlace) continue;
    stores.set(terminal_id, (stores.get(terminal_id) ?? new Set()).add(store_id));
  }
  return summed(
    rows.map((row) => {
      const [store, more] = [...(stores.get(row.terminal_id) ?? [])];
      const isClear = row.store_id === unknownPlace && more === undefined;
      return isClear && row.terminal_id !== unknownPlace && store !== undefined
        ? { ...row, store_id: store }
        : row;
    }),
  );
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
