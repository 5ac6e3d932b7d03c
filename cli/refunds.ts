/** Refunds as the API answers them, and as people read them. */
import * as z from 'zod';
import { getPages, type Client, type Query } from './client.ts';
import { exitCodes } from './exit-codes.ts';
import { Failure } from './failures.ts';
import type { Kvitt } from './kvitt.ts';
import { age, cell, instant, money, printable, table } from './tables.ts';
import type { Look } from './views.ts';

const text = z.string().nullable();

export const refundSchema = z.looseObject({
  refund_id: z.string(),
  charge_id: z.string(),
  amount: z.int(),
  refunded_amount: z.int().nullable(),
  currency: text,
  terminal_id: text,
  store_id: text,
  state: z.string(),
  outcome: text,
  reason: text,
  because: text,
  needs_attention: text,
  advice: z.string(),
  next_refund: z.int().nullable(),
  held_by: text,
  asked_by: text,
  created_at: z.string(),
  state_since: z.string(),
});
export type Refund = z.output<typeof refundSchema>;

const refundsSchema = z.looseObject({ refunds: z.array(refundSchema), next_cursor: text });

/** The refunds of one charge, with its sums. */
export const chargeRefundsSchema = z.looseObject({
  currency: text,
  refunded_amount: z.int(),
  open_amount: z.int(),
  next_refund: z.int().nullable(),
  refunds: z.array(refundSchema),
});
type ChargeRefunds = z.output<typeof chargeRefundsSchema>;

export function refundsPath(chargeId: string): string {
  return `/charges/${encodeURIComponent(chargeId)}/refunds`;
}

export async function readRefunds(
  client: Client,
  { query, limit }: { query: Query; limit: number },
): Promise<{ refunds: Refund[]; next_cursor: string | null }> {
  const sizeOf = ({ refunds }: { refunds: Refund[] }): number => refunds.length;
  const list = { path: '/refunds', schema: refundsSchema, query, limit, sizeOf };
  const pages = await getPages(client, list);
  const refunds = pages.flatMap((page) => page.refunds);
  return { refunds, next_cursor: pages.at(-1)?.next_cursor ?? null };
}

/** null: none is known. What goes wrong here must not hide the charge itself. */
export async function knownRefunds(
  { client, say }: Kvitt,
  chargeId: string,
): Promise<ChargeRefunds | null> {
  try {
    const answer = await client.get(refundsPath(chargeId), chargeRefundsSchema);
    return answer.refunds.length === 0 ? null : answer;
  } catch (err) {
    if (!(err instanceof Failure)) throw err;
    // A service of an earlier release knows no refunds.
    if (err.exitCode !== exitCodes.unknown) {
      say(`The refunds of ${chargeId} could not be read: ${printable(err.problem.title)}.`);
    }
    return null;
  }
}

/** Every refund that needs a person; a service of an earlier release knows none. */
export async function stuckRefunds(
  client: Client,
  { query, limit }: { query: Query; limit: number },
): Promise<Refund[]> {
  const { created_before: before, ...filters } = query;
  try {
    const stuck = { ...filters, needs_attention: 'true' };
    const { refunds } = await readRefunds(client, { query: stuck, limit });
    return refunds.filter(({ created_at }) => before === undefined || created_at < before);
  } catch (err) {
    if (err instanceof Failure && err.exitCode === exitCodes.unknown) return [];
    throw err;
  }
}

function amountOf({ refunded_amount: refunded, amount, currency }: Refund): string {
  return money(refunded ?? amount, currency);
}

export function refundTable({ paint, now }: Look, refunds: Refund[]): string {
  const heads = ['REFUND', 'STATE', 'AGE', 'AMOUNT', 'TERMINAL', 'STORE', 'REASON', 'ATTENTION'];
  const rows = refunds.map((refund) => [
    cell(refund.refund_id),
    cell(refund.state),
    age(refund.created_at, now),
    amountOf(refund),
    cell(refund.terminal_id),
    cell(refund.store_id),
    cell(refund.reason),
    paint.warning(cell(refund.needs_attention)),
  ]);
  return table(paint, { heads, rows });
}

/** Every refund of a charge, and what a next one may build on. */
export function chargeRefundsText(look: Look, answer: ChargeRefunds): string {
  const { currency, refunds, refunded_amount, open_amount, next_refund } = answer;
  const back = `${money(refunded_amount, currency)} has gone back`;
  const open = open_amount === 0 ? '' : `; ${money(open_amount, currency)} may still`;
  const next = next_refund === null ? '' : ` The next refund is number ${next_refund}.`;
  const sums = `${back}${open}.${next}`;
  return refunds.length === 0 ? sums : `${refundTable(look, refunds)}\n${sums}`;
}

export function stuckRefundTable({ paint, now }: Look, refunds: Refund[]): string {
  const heads = ['REFUND', 'AGE', 'ATTENTION', 'STATE', 'ADVICE', 'TERMINAL', 'STORE', 'AMOUNT'];
  const rows = refunds.map((refund) => [
    cell(refund.refund_id),
    age(refund.state_since, now),
    paint.warning(cell(refund.needs_attention)),
    cell(refund.state),
    cell(refund.advice),
    cell(refund.terminal_id),
    cell(refund.store_id),
    amountOf(refund),
  ]);
  return table(paint, { heads, rows });
}

/** The refund in one line, and a second one with what it is about. */
export function refundLines({ paint, now }: Look, refund: Refund): string {
  const { reason, because, needs_attention: attention, held_by: holder } = refund;
  const first = [
    paint.heading(printable(refund.refund_id)),
    cell(refund.state) + (reason === null ? '' : ` (${cell(reason)})`),
    `for ${age(refund.state_since, now)}`,
    amountOf(refund),
    ...(attention === null ? [] : [paint.warning(`needs attention: ${cell(attention)}`)]),
    `advice: ${cell(refund.advice)}`,
    ...(because === null ? [] : [cell(because)]),
  ];
  const second = [
    `charge ${cell(refund.charge_id)}`,
    `terminal ${cell(refund.terminal_id)}`,
    `store ${cell(refund.store_id)}`,
    ...(holder === null ? [] : [`terminal held by ${cell(holder)}`]),
    `asked by ${cell(refund.asked_by)}`,
    `started ${instant(refund.created_at)}`,
  ];
  return `${first.join(' | ')}\n${second.join(' | ')}`;
}
