/** A day's books as a person reads them: sums by store and terminal, what devices counted, what was paid out. */
import * as z from 'zod';
import { cell, instant, money, table } from './tables.ts';
import type { Look } from './views.ts';

const text = z.string().nullable();

const differenceSchema = z.looseObject({
  kind: z.string(),
  charge_id: z.string(),
  transaction_id: z.string(),
  store_id: text,
  terminal_id: text,
  currency: text,
  dintero_amount: z.int().nullable(),
  told_amount: z.int().nullable(),
  found: z.string(),
  followed_by: text,
  of_date: z.string().optional(),
});
type Difference = z.output<typeof differenceSchema>;

const totalSchema = z.looseObject({
  currency: z.string(),
  captured: z.int(),
  told: z.int(),
  refunded: z.int(),
});

const sumSchema = z.looseObject({ count: z.int(), amount: z.int() });

const terminalSchema = z.looseObject({
  terminal_id: z.string(),
  currency: z.string(),
  captured: sumSchema,
  told: sumSchema,
  refunded: sumSchema,
});

const endOfDaySchema = z.looseObject({
  terminal_id: z.string(),
  at: z.string(),
  purchases: sumSchema,
  reversals: sumSchema,
  agrees: z.boolean().nullable(),
});

const settlementSchema = z.looseObject({
  settlement_id: z.string(),
  store_id: text,
  settled_at: z.string(),
  currency: z.string(),
  capture: z.int(),
  refund: z.int(),
  fee: z.int(),
  amount: z.int(),
  agrees: z.boolean().nullable(),
});

const storeSchema = z.looseObject({
  store_id: z.string(),
  totals: z.array(totalSchema),
  terminals: z.array(terminalSchema),
});

export const reportSchema = z.looseObject({
  date: z.string(),
  made_at: z.string(),
  is_closed: z.boolean(),
  totals: z.array(totalSchema),
  stores: z.array(storeSchema),
  differences: z.array(differenceSchema),
  late: z.array(differenceSchema),
  corrections: z.array(z.looseObject({})),
  ends_of_day: z.array(endOfDaySchema),
  settlements: z.array(settlementSchema),
  open: z.int().nullable(),
  notes: z.array(z.string()),
});
export type Report = z.output<typeof reportSchema>;

export const lookSchema = z.looseObject({
  date: z.string(),
  late: z.array(differenceSchema),
  corrections: z.array(z.looseObject({})),
});

/** Whether anything is told that a person should look at. */
export function isAllWell({ differences, late, ends_of_day: ends, settlements }: Report): boolean {
  const isDiffering = [...ends, ...settlements].some(({ agrees }) => agrees === false);
  return differences.length === 0 && late.length === 0 && !isDiffering;
}

export function reportText(look: Look, report: Report): string {
  const { date, made_at, is_closed, differences, late, corrections, open, notes } = report;
  const state = is_closed ? 'closed' : 'so far, the day has not ended';
  const found = [...differences, ...late];
  return [
    `${look.paint.heading(date)}, ${state}; made ${instant(made_at)}`,
    ...sumTables(look, report),
    ...(report.ends_of_day.length === 0 ? [] : [endTable(look, report)]),
    ...(report.settlements.length === 0 ? [] : [settlementTable(look, report)]),
    found.length === 0
      ? look.paint.good('Dintero and the charges agree.')
      : differenceTable(look, found),
    ...(corrections.length === 0 ? [] : [`${corrections.length} corrections of closed days.`]),
    ...(open === null || open === 0
      ? []
      : [`${open} payments were undecided: the day is looked at again until none is.`]),
    ...notes.map((note) => look.paint.warning(cell(note))),
  ].join('\n\n');
}

/** The terminals of a chain are too many for a screen. */
const terminalsMax = 60;

function sumTables({ paint }: Look, { totals, stores }: Report): string[] {
  if (totals.length === 0) return ['No sale and no refund.'];
  const heads = ['CAPTURED', 'TOLD', 'REFUNDED'];
  const rows = [
    ...stores.flatMap((one) => one.totals.map((row) => totalCells(one.store_id, row))),
    ...totals.map((row) => totalCells('all', row)),
  ];
  const terminals = stores.flatMap(({ store_id: store, terminals: own }) =>
    own.map((row) => terminalCells(store, row)),
  );
  return [
    table(paint, { heads: ['STORE', ...heads], rows }),
    terminals.length > terminalsMax
      ? `${terminals.length} terminals: \`--store <id>\` or \`--csv\` shows them.`
      : table(paint, { heads: ['TERMINAL', 'STORE', 'SALES', ...heads], rows: terminals }),
  ];
}

function totalCells(of: string, row: z.output<typeof totalSchema>): string[] {
  const { currency } = row;
  return [cell(of), ...[row.captured, row.told, row.refunded].map((sum) => money(sum, currency))];
}

function terminalCells(store: string, row: z.output<typeof terminalSchema>): string[] {
  const { terminal_id, currency, captured, told, refunded } = row;
  const sums = [captured, told, refunded].map(({ amount }) => money(amount, currency));
  return [cell(terminal_id), cell(store), String(captured.count), ...sums];
}

/** A device knows no currency: it has the one of the sales, if they are of one. */
function endTable({ paint }: Look, { ends_of_day: ends, stores, totals }: Report): string {
  const sold = stores.flatMap(({ terminals }) => terminals);
  return table(paint, {
    heads: ['END OF DAY', 'AT', 'PURCHASES', 'REVERSALS', 'DINTERO'],
    rows: ends.map(({ terminal_id, at, purchases, reversals, agrees }) => {
      const own = sold.filter((row) => row.terminal_id === terminal_id);
      const known = own.length === 0 ? totals : own;
      const currency = known.length === 1 ? (known[0]?.currency ?? null) : null;
      const sums = [purchases, reversals].map(({ amount }) => money(amount, currency));
      return [cell(terminal_id), instant(at), ...sums, verdict(paint, agrees)];
    }),
  });
}

function settlementTable({ paint }: Look, { settlements }: Report): string {
  return table(paint, {
    heads: ['SETTLEMENT', 'STORE', 'SETTLED', 'CAPTURED', 'REFUNDED', 'FEE', 'PAID OUT', 'ITEMS'],
    rows: settlements.map(({ settlement_id, store_id, settled_at, currency, agrees, ...row }) => [
      cell(settlement_id),
      cell(store_id),
      instant(settled_at),
      ...[row.capture, row.refund, row.fee, row.amount].map((sum) => money(sum, currency)),
      verdict(paint, agrees),
    ]),
  });
}

function verdict(paint: Look['paint'], agrees: boolean | null): string {
  if (agrees === null) return paint.faint('not compared');
  return agrees ? paint.good('agrees') : paint.warning('differs');
}

function differenceTable({ paint }: Look, found: Difference[]): string {
  return table(paint, {
    heads: ['KIND', 'CHARGE', 'TRANSACTION', 'STORE', 'DINTERO', 'TOLD', 'FOLLOWED BY'],
    rows: found.map((one) => [
      paint.warning(cell(one.kind)),
      cell(one.charge_id),
      cell(one.transaction_id),
      cell(one.store_id),
      money(one.dintero_amount, one.currency),
      money(one.told_amount, one.currency),
      cell(one.followed_by),
    ]),
  });
}

export function lookText(
  look: Look,
  { date, late, corrections }: z.output<typeof lookSchema>,
): string {
  const closed = `The report of ${date} is closed and stays as it is; what was found now is booked in the next one.`;
  if (late.length === 0 && corrections.length === 0) {
    return `${closed}\n\n${look.paint.good('Nothing has changed since.')}`;
  }
  const rows = `${corrections.length} corrections.`;
  return [closed, ...(late.length === 0 ? [] : [differenceTable(look, late)]), rows].join('\n\n');
}
