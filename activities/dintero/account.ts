/** What is read of an account's stores and terminals: needs the account's credentials (dossier 1). */
import { ApplicationFailure } from '@temporalio/common';
import type { z } from 'zod';
import { dinteroFailure } from '../failures.ts';
import type { StoreFacts, TerminalFacts } from './account-facts.ts';
import {
  storePage,
  terminalAnswer,
  terminalPage,
  type StoreAnswer,
  type TerminalAnswer,
} from './account-schemas.ts';
import type { Dintero } from './charges.ts';

export interface TerminalFilter {
  payoutDestinationId?: string;
  storeId?: string;
}

interface Ask {
  timeoutMs: number;
}

/** Every terminal of the account that fits, deleted ones included. */
export async function listTerminals(
  dintero: Dintero,
  ask: Ask & TerminalFilter,
): Promise<TerminalFacts[]> {
  const { payoutDestinationId, storeId, timeoutMs } = ask;
  const filter = new URLSearchParams();
  if (payoutDestinationId !== undefined) filter.set('payout_destination_id[]', payoutDestinationId);
  if (storeId !== undefined) filter.set('store_id[]', storeId);
  const [terminals, stores] = await Promise.all([
    allPages(dintero, {
      what: 'list the terminals',
      path: '/terminals',
      filter,
      answer: terminalPage,
      timeoutMs,
    }),
    readStores(dintero, ask),
  ]);
  // Filtered again: an older deployment may ignore what it does not know.
  return terminals
    .map((terminal) => withStore(terminal, stores))
    .filter(
      (terminal) =>
        (storeId === undefined || terminal.storeId === storeId) &&
        (payoutDestinationId === undefined || terminal.payoutDestinationId === payoutDestinationId),
    );
}

/** One terminal, with its store's payout destination; null: Dintero knows no such terminal on this account. */
export async function readTerminal(
  dintero: Dintero,
  { terminalId, timeoutMs }: Ask & { terminalId: string },
  storesOf: (ask: Ask & { terminalId: string }) => Promise<StoreAnswer[]> = async (ask) =>
    await readStores(dintero, ask),
): Promise<TerminalFacts | null> {
  const found = dintero.client
    .call({
      what: `read the terminal ${terminalId}`,
      kind: 'read',
      method: 'GET',
      at: 'account',
      path: `/terminals/${encodeURIComponent(terminalId)}`,
      answer: terminalAnswer,
      timeoutMs,
    })
    .catch((error: unknown) => {
      if (error instanceof ApplicationFailure && error.type === 'DinteroNotFound') return null;
      throw error;
    });
  const [terminal, stores] = await Promise.all([found, storesOf({ terminalId, timeoutMs })]);
  return terminal === null ? null : withStore(terminal, stores);
}

/** Every store of the account, deleted ones included. */
export async function listStores(dintero: Dintero, ask: Ask): Promise<StoreFacts[]> {
  return (await readStores(dintero, ask)).map(({ facts }) => facts);
}

/** As they came, with Dintero's own ids of them. */
export async function readStores(dintero: Dintero, { timeoutMs }: Ask): Promise<StoreAnswer[]> {
  const filter = new URLSearchParams();
  return await allPages(dintero, {
    what: 'list the stores',
    path: '/stores',
    filter,
    answer: storePage,
    timeoutMs,
  });
}

/** A terminal names its store, and only the store names its seller. */
function withStore(terminal: TerminalAnswer, stores: StoreAnswer[]): TerminalFacts {
  const { storeId: named } = terminal;
  const store =
    named === null
      ? undefined
      : (stores.find(({ facts }) => facts.storeId === named) ??
        stores.find(({ dinteroId }) => dinteroId === named));
  return {
    ...terminal,
    storeId: store?.facts.storeId ?? named,
    payoutDestinationId: store?.facts.payoutDestinationId ?? null,
  };
}

interface Page<Row> {
  rows: Row[];
  /** Where the next page starts; null: this was the last one. */
  next: string | null;
}

async function allPages<Row>(
  { client }: Dintero,
  ask: Ask & {
    what: string;
    path: string;
    filter: URLSearchParams;
    answer: z.ZodType<Page<Row>>;
  },
): Promise<Row[]> {
  const { what, path, filter, answer, timeoutMs } = ask;
  const all: Row[] = [];
  const seen = new Set<string>();
  for (;;) {
    const query = filter.size === 0 ? '' : `?${filter.toString()}`;
    const page = await client.call({
      what,
      kind: 'read',
      method: 'GET',
      at: 'account',
      path: path + query,
      answer,
      timeoutMs,
    });
    all.push(...page.rows);
    if (page.next === null || page.rows.length === 0) return all;
    if (seen.has(page.next)) {
      throw dinteroFailure(
        'DinteroUnreadable',
        `Could not ${what}: the list repeats itself, its pages cannot be read`,
      );
    }
    seen.add(page.next);
    filter.set('starting_after', page.next);
  }
}
