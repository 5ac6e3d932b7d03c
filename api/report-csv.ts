/**
 * A day's report for a spreadsheet: RFC 4180, one table, each line of a kind that its first column names. Amounts stand
 * in major units with a dot. What a spreadsheet would take for a formula is written as text.
 */
import type { ReportAnswer } from './report-answers.ts';

const columns = [
  'record',
  'date',
  'store_id',
  'terminal_id',
  'currency',
  'count',
  'captured',
  'told',
  'refunded',
  'fee',
  'net',
  'kind',
  'charge_id',
  'transaction_id',
  'correlation_id',
  'settlement_id',
  'at',
  'found',
  'followed_by',
] as const;
type Row = Partial<Record<(typeof columns)[number], string | number | null>>;

export function csvOf(report: ReportAnswer): string {
  const rows = [
    reportRow(report),
    ...totalRows(report),
    ...terminalRows(report),
    ...differenceRows(report),
    ...correctionRows(report),
    ...endOfDayRows(report),
    ...settlementRows(report),
    ...otherRows(report),
    ...report.notes.map((found): Row => ({ record: 'note', date: report.date, found })),
  ];
  const lines = [columns.map(String), ...rows.map((row) => columns.map((name) => cell(row[name])))];
  return `${lines.map((cells) => cells.join(',')).join('\r\n')}\r\n`;
}

/** First of all: whether the day is over, and what is still undecided. */
function reportRow({ date, made_at, is_closed, open }: ReportAnswer): Row {
  return {
    record: 'report',
    date,
    count: open,
    kind: is_closed ? 'closed' : 'so_far',
    at: made_at,
    found: is_closed ? 'never changes any more' : 'the day has not ended: make it again',
  };
}

function totalRows({ date, totals }: ReportAnswer): Row[] {
  return totals.map(({ currency, captured, told, refunded }) => ({
    record: 'total',
    date,
    currency,
    captured: major(captured, currency),
    told: major(told, currency),
    refunded: major(refunded, currency),
    net: major(captured - refunded, currency),
  }));
}

function terminalRows({ date, stores }: ReportAnswer): Row[] {
  return stores.flatMap(({ store_id, terminals }) =>
    terminals.map(({ terminal_id, currency, captured, told, refunded }) => ({
      record: 'terminal',
      date,
      store_id,
      terminal_id,
      currency,
      count: captured.count,
      captured: major(captured.amount, currency),
      told: major(told.amount, currency),
      refunded: major(refunded.amount, currency),
      net: major(captured.amount - refunded.amount, currency),
    })),
  );
}

function differenceRows({ date, differences, late }: ReportAnswer): Row[] {
  const rows = [
    ...differences.map((row) => ({ ...row, record: 'difference', date })),
    ...late.map((row) => ({ ...row, record: 'late', date: row.of_date })),
  ];
  return rows.map((row) => ({
    record: row.record,
    date: row.date,
    store_id: row.store_id,
    terminal_id: row.terminal_id,
    currency: row.currency,
    captured: major(row.captured_amount, row.currency),
    told: major(row.told_amount, row.currency),
    refunded: major(row.refunded_amount, row.currency),
    net: major(row.dintero_amount, row.currency),
    kind: row.kind,
    charge_id: row.charge_id,
    transaction_id: row.transaction_id,
    at: row.at,
    found: row.found,
    followed_by: row.followed_by,
  }));
}

function correctionRows({ corrections }: ReportAnswer): Row[] {
  return corrections.map(({ of_date, store_id, terminal_id, currency, captured, refunded }) => ({
    record: 'correction',
    date: of_date,
    store_id,
    terminal_id,
    currency,
    count: captured.count,
    captured: major(captured.amount, currency),
    refunded: major(refunded.amount, currency),
    net: major(captured.amount - refunded.amount, currency),
  }));
}

/** The device names no currency: it is the one of its terminal's sales, or of all sales, if they are of one. */
function endOfDayRows({ date, ends_of_day: ends, stores, totals }: ReportAnswer): Row[] {
  const sold = stores.flatMap(({ store_id, terminals }) =>
    terminals.map(({ terminal_id, currency }) => ({ store_id, terminal_id, currency })),
  );
  return ends.map(({ terminal_id, at, batch_id, purchases, reversals, agrees }) => {
    const own = sold.filter((row) => row.terminal_id === terminal_id);
    const currencies = own.length === 0 ? totals : own;
    const currency = currencies.length === 1 ? (currencies[0]?.currency ?? null) : null;
    const inMajor = (amount: number): string | null =>
      currency === null ? null : major(amount, currency);
    const counted = `; counted ${purchases.amount} and ${reversals.amount} minor units`;
    return {
      record: 'end_of_day',
      date,
      store_id: own[0]?.store_id ?? null,
      terminal_id,
      currency,
      count: purchases.count,
      captured: inMajor(purchases.amount),
      refunded: inMajor(reversals.amount),
      net: inMajor(purchases.amount - reversals.amount),
      kind: verdictOf(agrees),
      correlation_id: batch_id,
      at,
      found: `${deviceAgreement(agrees)}${currency === null ? counted : ''}`,
    };
  });
}

/** What a script looks for. */
function verdictOf(agrees: boolean | null): string {
  if (agrees === null) return 'not_compared';
  return agrees ? 'agrees' : 'differs';
}

function deviceAgreement(agrees: boolean | null): string {
  if (agrees === null) return 'what the device counted cannot be compared with this day';
  return agrees ? 'agrees with Dintero' : 'differs from Dintero';
}

function settlementRows({ date, settlements, settlement_items: items }: ReportAnswer): Row[] {
  return [
    ...settlements.map((row) => ({
      record: 'settlement',
      date,
      store_id: row.store_id,
      currency: row.currency,
      count: row.items.count,
      captured: major(row.capture, row.currency),
      refunded: major(row.refund, row.currency),
      fee: major(row.fee, row.currency),
      net: major(row.amount, row.currency),
      kind: verdictOf(row.agrees),
      settlement_id: row.settlement_id,
      at: row.settled_at,
      found: agreement(row.agrees),
    })),
    ...items.map((row) => ({
      record: 'settlement_item',
      date,
      store_id: row.store_id,
      terminal_id: row.terminal_id,
      currency: row.currency,
      captured: major(row.capture, row.currency),
      refunded: major(row.refund, row.currency),
      fee: major(row.fee, row.currency),
      net: major(row.net, row.currency),
      charge_id: row.charge_id,
      transaction_id: row.transaction_id,
      correlation_id: row.correlation_id,
      settlement_id: row.settlement_id,
    })),
  ];
}

function agreement(agrees: boolean | null): string {
  if (agrees === null) return 'no payment names it: not compared';
  return agrees ? 'agrees with its items' : 'differs from its items';
}

function otherRows({ date, other }: ReportAnswer): Row[] {
  return other.map(({ product, installation, currency, payments }) => ({
    record: 'other',
    date,
    currency,
    count: payments.count,
    captured: major(payments.amount, currency),
    kind: product,
    found: installation === null ? 'not of this installation' : `of ${installation}`,
  }));
}

/** `129.00` of 12900 minor units; what has no known currency stays as it is, and says so by having no dot. */
function major(amount: number | null, currency: string | null): string | null {
  if (amount === null) return null;
  if (currency === null || !/^[A-Z]{3}$/.test(currency)) return String(amount);
  const { maximumFractionDigits: digits = 2 } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
  }).resolvedOptions();
  return (amount / 10 ** digits).toFixed(digits);
}

/** Quoted where it must be. An apostrophe keeps a spreadsheet from running what begins like a formula. */
function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  const isNumber = /^-?\d+(\.\d+)?$/.test(text);
  const safe = !isNumber && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
