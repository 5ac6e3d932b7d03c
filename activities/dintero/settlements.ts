/** What Dintero has paid out, and what the payments of a settlement's period say of it (dossier 10). */
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { SettlementFacts } from '../../workflows/books.ts';
import { dinteroFailure } from '../failures.ts';
import type { Dintero } from './charges.ts';
import { instant } from './instant.ts';

const text = z.string().nullish().catch(null);
const minorUnits = z.number().int();

const settlement = z.object({
  id: z.string().min(1),
  start_at: instant.nullish().catch(null),
  end_at: instant.nullish().catch(null),
  settled_at: instant,
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
});

/** A settlement that cannot be read has its id at least: the others are told, and so is that. */
const settlementsAnswer = z.object({
  items: z.array(
    z.looseObject({ id: z.string().min(1) }).transform((item) => ({
      id: item.id,
      settlement: settlement.safeParse(item).data ?? null,
    })),
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

export interface SettlementList {
  settlements: SettlementFacts[];
  /** Ids of those that could not be read. */
  unreadable: string[];
}

/** What was settled in this time. null: this client may not read settlements. */
export async function listSettlements(
  { client }: Dintero,
  { from, to }: { from: number; to: number },
): Promise<SettlementList | null> {
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
  const items = [...found.values()];
  return {
    settlements: items
      .flatMap((item) => item.settlement ?? [])
      .filter((item) => item.settled_at >= from && item.settled_at < to)
      .flatMap(facts),
    unreadable: items.flatMap((item) => (item.settlement === null ? [item.id] : [])),
  };
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

/** One for each currency. */
function facts(item: z.output<typeof settlement>): SettlementFacts[] {
  return item.amounts.map(({ currency, amount, capture, refund, fee }) => ({
    settlement_id: item.id,
    provider_reference: item.provider_reference ?? null,
    start_at: iso(item.start_at),
    end_at: iso(item.end_at),
    settled_at: new Date(item.settled_at).toISOString(),
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

function iso(at: number | null | undefined): string | null {
  return at === null || at === undefined ? null : new Date(at).toISOString();
}
