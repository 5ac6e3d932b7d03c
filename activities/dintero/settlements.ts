/** What Dintero has paid out, and what the payments of a settlement's period say of it (dossier 10). */
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { SettlementFacts } from '../../workflows/books.ts';
import { dinteroFailure } from '../failures.ts';
import type { Dintero } from './charges.ts';

const text = z.string().nullish().catch(null);
const minorUnits = z.number().int();

const settlementsAnswer = z.object({
  items: z.array(
    z.object({
      id: z.string().min(1),
      start_at: text,
      end_at: text,
      settled_at: z.string(),
      provider_reference: text,
      payment_status: text,
      store_id: text,
      payout_destination_id: text,
      amounts: z.array(
        z.object({
          amount: minorUnits,
          capture: minorUnits,
          refund: minorUnits,
          fee: minorUnits,
          currency: z.string(),
        }),
      ),
    }),
  ),
  last_evaluated_key: z
    .object({ id: z.string(), settled_at: text, created_at: text })
    .nullish()
    .catch(null),
});
type Page = z.output<typeof settlementsAnswer>;

/** Dintero's maximum. */
const pageSize = 1_000;
const timeoutMs = 20_000;
const withinMs = 60_000;

/** What was settled in this time. null: this client may not read settlements. */
export async function listSettlements(
  { client }: Dintero,
  { from, to }: { from: number; to: number },
): Promise<SettlementFacts[] | null> {
  const found = new Map<string, Page['items'][number]>();
  let next: Page['last_evaluated_key'] = null;
  do {
    const search = new URLSearchParams({
      limit: String(pageSize),
      'created_at.gte': new Date(from).toISOString(),
      'created_at.lte': new Date(to).toISOString(),
      ...after(next),
    });
    const page: Page | null = await client
      .call({
        what: 'list the settlements',
        kind: 'read',
        method: 'GET',
        at: 'account',
        path: `/settlements?${search.toString()}`,
        answer: settlementsAnswer,
        timeoutMs,
        sendBefore: Date.now() + withinMs,
      })
      .catch(nullIfRefused);
    if (page === null) return null;
    const before = found.size;
    for (const item of page.items) found.set(item.id, item);
    next = page.last_evaluated_key ?? null;
    if (next !== null && found.size === before) {
      throw dinteroFailure('DinteroUnreadable', 'The list of settlements repeats itself');
    }
  } while (next !== null);
  return [...found.values()]
    .filter((item) => isWithin(item.settled_at, { from, to }))
    .flatMap(facts);
}

function after(key: Page['last_evaluated_key']): Record<string, string> {
  if (key === null || key === undefined) return {};
  return {
    starting_after_id: key.id,
    starting_after_date: key.settled_at ?? key.created_at ?? '',
  };
}

/** No scope for it is an answer: the rest of the books stands without. */
function nullIfRefused(error: unknown): null {
  if (error instanceof ApplicationFailure && error.type === 'DinteroUnauthorized') return null;
  throw error;
}

function isWithin(at: string, { from, to }: { from: number; to: number }): boolean {
  const ms = Date.parse(at);
  return ms >= from && ms < to;
}

/** One for each currency. */
function facts(item: Page['items'][number]): SettlementFacts[] {
  return item.amounts.map(({ currency, amount, capture, refund, fee }) => ({
    settlement_id: item.id,
    provider_reference: item.provider_reference ?? null,
    start_at: item.start_at ?? null,
    end_at: item.end_at ?? null,
    settled_at: item.settled_at,
    store_id: item.store_id ?? null,
    payout_destination_id: item.payout_destination_id ?? null,
    payment_status: item.payment_status ?? null,
    currency,
    amount,
    capture,
    refund,
    fee,
  }));
}
