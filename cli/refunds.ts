/** Refunds as the API answers them, and as people read them. */
import * as z from 'zod';
import { getPages, type Client, type Query } from './client.ts';
import { exitCodes } from './exit-codes.ts';
import { Failure } from './failures.ts';
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

/** Every refund that needs a person; a service of an earlier release knows none. */
export async function stuckRefunds(
  client: Client,
  { query, limit }: { query: Query; limit: number },
): Promise<Refund[]> {
  const { created_before: before, ...filters } = query;
  try {
    const pages = await getPages(client, {
      path: '/refunds',
      schema: refundsSchema,
      query: { ...filters, needs_attention: 'true' },
      limit,
      sizeOf: ({ refunds }) => refunds.length,
    });
    const refunds = pages.flatMap((page) => page.refunds);
    return refunds.filter(({ created_at }) => before === undefined || created_at < before);
  } catch (err) {
    if (err instanceof Failure && err.exitCode === exitCodes.unknown) return [];
    throw err;
  }
}

export function refundTable({ paint, now }: Look, refunds: Refund[]): string {
  const heads = ['REFUND', 'AGE', 'ATTENTION', 'STATE', 'ADVICE', 'TERMINAL', 'STORE', 'AMOUNT'];
  const rows = refunds.map((refund) => [
    cell(refund.refund_id),
    age(refund.state_since, now),
    paint.warning(cell(refund.needs_attention)),
    cell(refund.state),
    cell(refund.advice),
    cell(refund.terminal_id),
    cell(refund.store_id),
    money(refund.amount, refund.currency),
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
    money(refund.refunded_amount ?? refund.amount, refund.currency),
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
