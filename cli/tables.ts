/** How values and rows are written for people. */
import { stripVTControlCharacters, styleText } from 'node:util';

type Style = (text: string) => string;
export type Paint = Record<'heading' | 'faint' | 'good' | 'warning', Style>;

/** Colour where a person looks, never in a file or a pipe. */
export function createPaint(isColoured: boolean): Paint {
  const style =
    (format: Parameters<typeof styleText>[0]): Style =>
    (text) =>
      isColoured && text !== '' ? styleText(format, text, { validateStream: false }) : text;
  return {
    heading: style('bold'),
    faint: style('dim'),
    good: style('green'),
    warning: style('yellow'),
  };
}

/** What came over the network must not steer the terminal it is shown on. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+|[\u202a-\u202e\u2066-\u2069]/gu, ' ');
}

/** Rows under their heads, each column as wide as its widest cell. */
export function table(
  paint: Paint,
  { heads, rows }: { heads: string[]; rows: string[][] },
): string {
  const width = (text: string): number => stripVTControlCharacters(text).length;
  const widths = heads.map((head, column) =>
    rows.reduce((most, row) => Math.max(most, width(row[column] ?? '')), width(head)),
  );
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd();
  return [line(heads.map(paint.heading)), ...rows.map(line)].join('\n');
}

/** An amount in its currency's own digits: NOK 129.00, JPY 129. */
export function money(amountMinor: number | null, currency: string | null): string {
  if (amountMinor === null) return '-';
  if (currency === null || !/^[A-Z]{3}$/.test(currency)) return `${amountMinor} minor units`;
  const { maximumFractionDigits: digits = 2 } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
  }).resolvedOptions();
  return `${currency} ${(amountMinor / 10 ** digits).toFixed(digits)}`;
}

/** An instant, to the second, in UTC: colleagues in other places read the same. */
export function instant(at: string | null): string {
  const ms = Date.parse(at ?? '');
  if (Number.isNaN(ms)) return at === null ? '-' : printable(at);
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

const unitsMs = { d: 86_400_000, h: 3_600_000, min: 60_000, s: 1_000 };

/** How long ago it was, in its largest unit: `45 s`, `12 min`, `3 h`, `2 d`. */
export function age(at: string, now: number): string {
  const ms = now - Date.parse(at);
  if (Number.isNaN(ms)) return '-';
  // A day and a half is better told in hours.
  const [unit, unitMs] = Object.entries(unitsMs).find(([, size]) => ms >= 2 * size) ?? ['s', 1_000];
  return `${Math.max(0, Math.floor(ms / unitMs))} ${unit}`;
}

/** `10m` as milliseconds; null if it is none. */
export function durationMs(text: string): number | null {
  const [, count, unit] = /^(\d{1,6})(s|m|h|d)$/.exec(text) ?? [];
  const sizes = { s: unitsMs.s, m: unitsMs.min, h: unitsMs.h, d: unitsMs.d };
  return count === undefined ? null : Number(count) * sizes[unit as keyof typeof sizes];
}

/** A value of a row, or a dash. */
export function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}
