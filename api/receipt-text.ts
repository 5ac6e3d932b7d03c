/** A plain receipt of what is known, for printing where the terminal gave none. Pure. */
import { inMajorUnits } from '../workflows/money.ts';
import type { ReceiptCopyFor, ReceiptFacts } from '../workflows/receipts.ts';

interface Printed {
  copy: ReceiptCopyFor;
  /** The last line that matters: what became of the money. */
  says: string;
  /** The charge's id, or the refund's. */
  id: string;
  reference: string;
  amount: number | null;
  currency: string | null;
  storeId: string | null;
  terminalId: string | null;
  transactionId: string | null;
  card: { brand: string | null; masked_pan: string | null; entry_method: string | null } | null;
  receipt: ReceiptFacts | null;
  /** ISO 8601. */
  at: string;
}

/** Lines of at most 40 characters or one word, as narrow printers have them; ends with a line break. */
export function composeReceipt(printed: Printed): string {
  const { copy, says, id, reference, amount, currency, card, receipt, at } = printed;
  const rows: [label: string, value: string | null][] = [
    ['Store', printed.storeId],
    ['Terminal', printed.terminalId],
    ['Time', `${at.slice(0, 16).replace('T', ' ')} UTC`],
    ['Sale', reference],
    ['Payment', id],
    ['Receipt', receipt?.number ?? null],
    ['Card', joined([card?.brand, card?.masked_pan])],
    ['Entry', card?.entry_method ?? null],
    ['Transaction', printed.transactionId],
  ];
  const known = rows.filter(([, value]) => value !== null);
  return [
    `${copy.toUpperCase()} COPY`,
    ...known.flatMap(([label, value]) => row(label, value ?? '')),
    '',
    ...(amount === null || currency === null ? [] : [inMajorUnits(amount, currency)]),
    says,
    '',
  ].join('\n');
}

const widthMax = 40;

/** A value that does not fit beside its label comes below it. */
function row(label: string, value: string): string[] {
  const line = `${label}: ${value}`;
  return line.length <= widthMax ? [line] : [`${label}:`, `  ${value}`];
}

function joined(parts: readonly (string | null | undefined)[]): string | null {
  const known = parts.filter((part) => part !== null && part !== undefined);
  return known.length === 0 ? null : known.join(' ');
}
