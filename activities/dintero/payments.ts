/**
 * Dintero's list of payments, read so that nothing is missed while new ones arrive. The order of its pages is not
 * documented (dossier 4.6), rows may move between them, and an older deployment may ignore a filter: so every row is
 * looked at again here, and a list of several pages is read until a whole pass finds nothing new.
 */
import { z } from 'zod';
import { dinteroFailure } from '../failures.ts';
import type { Dintero } from './charges.ts';
import { paymentIn, type Payment } from './payment.ts';

/** A row that cannot be read has its id at least: the pages go on behind it, and it is told. */
const pageAnswer = z
  .array(z.looseObject({ id: z.string().min(1) }))
  .transform((rows) => rows.map((row) => ({ id: row.id, payment: paymentIn(row) })));

export interface PaymentList {
  payments: Payment[];
  pages: number;
  /** Ids of rows that could not be read. */
  unreadable: string[];
}

/** What is listed: Dintero's filter, and the same again as a test of our own. */
export interface PaymentFilter {
  query: Record<string, string>;
  fits: (payment: Payment) => boolean;
}

/** How a long reading goes on: it tells that it lives, and keeps a distance between its pages. */
export interface Pace {
  beat: (pages: number) => void;
  rest: () => Promise<void>;
}

/** Dintero's maximum. */
const pageSize = 100;
/** A list that finds new rows in every pass is not of the past. */
const passesMax = 6;
/** A page that Dintero could not answer is asked for again until then; then the whole reading is repeated, later. */
const pageWithinMs = 60_000;
const pageTimeoutMs = 20_000;

export async function listPayments(
  dintero: Dintero,
  { query, fits }: PaymentFilter,
  pace: Pace,
): Promise<PaymentList> {
  const found = new Map<string, Payment | null>();
  let pages = 0;
  for (let pass = 1; ; pass += 1) {
    const before = found.size;
    const read = await readPass(dintero, { query, fits, found, pace, pages });
    const isOnePage = read === 1;
    pages += read;
    // One page is one look, and cannot contradict itself.
    if (isOnePage || (pass > 1 && found.size === before)) break;
    if (pass === passesMax) throw unreadable('it finds new payments in every pass');
  }
  const rows = [...found.values()];
  return {
    payments: rows.filter((payment) => payment !== null).filter(fits),
    pages,
    unreadable: [...found].filter(([, payment]) => payment === null).map(([id]) => id),
  };
}

/** All pages once; returns how many there were. */
async function readPass(
  dintero: Dintero,
  {
    query,
    fits,
    found,
    pace,
    pages,
  }: PaymentFilter & { found: Map<string, Payment | null>; pace: Pace; pages: number },
): Promise<number> {
  const seen = new Set<string>();
  let last: string | null = null;
  for (let read = 1; ; read += 1) {
    const rows: Row[] = await readPage(dintero, query, last);
    pace.beat(pages + read);
    const fresh = rows.filter(({ id }) => !seen.has(id));
    for (const { id, payment } of fresh) {
      seen.add(id);
      found.set(id, payment);
    }
    if (rows.length < pageSize) return read;
    if (fresh.length === 0) throw unreadable('its pages repeat themselves');
    if (!rows.some(({ payment }) => payment === null || fits(payment))) {
      throw unreadable('Dintero answers payments that were not asked for: it ignores the filter');
    }
    last = rows.at(-1)?.id ?? null;
    await pace.rest();
  }
}

type Row = z.output<typeof pageAnswer>[number];

async function readPage(
  { client }: Dintero,
  query: Record<string, string>,
  last: string | null,
): Promise<Row[]> {
  const search = new URLSearchParams({
    ...query,
    limit: String(pageSize),
    ...(last === null ? {} : { starting_after: last }),
  });
  return await client.call({
    what: 'list the payments',
    kind: 'read',
    method: 'GET',
    path: `/transactions?${search.toString()}`,
    answer: pageAnswer,
    timeoutMs: pageTimeoutMs,
    sendBefore: Date.now() + pageWithinMs,
  });
}

function unreadable(why: string): Error {
  return dinteroFailure('DinteroUnreadable', `The list of payments cannot be read: ${why}`);
}
