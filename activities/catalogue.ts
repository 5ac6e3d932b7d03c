/**
 * Where a terminal stands: its store and its seller, for a charge that names the terminal only. Kept by the worker for
 * a minute, so that a busy shop asks Dintero once and not at each sale.
 */
import type { StoreAnswer } from './dintero/account-schemas.ts';
import { readStores, readTerminal } from './dintero/account.ts';
import type { TerminalFacts } from './dintero/account-facts.ts';
import type { Dintero } from './dintero/charges.ts';

/** What a charge needs to know of its terminal. */
export type Located =
  | {
      is: 'at_store';
      storeId: string;
      payoutDestinationId: string;
      /** What an operator tells the cashiers of this store instead of charging; null: nothing is switched off. */
      switchedOff: string | null;
    }
  /** Dintero would refuse it; `why` says so in words. */
  | { is: 'unusable'; why: string };

interface Ask {
  terminalId: string;
  timeoutMs: number;
}

export interface Catalogue {
  find: (ask: Ask) => Promise<Omit<Extract<Located, { is: 'at_store' }>, 'switchedOff'> | Unusable>;
  /** What is kept of it is perhaps no longer true: Dintero has refused it. */
  forget: (terminalId: string) => void;
  /** Somebody has just changed stores or terminals through this worker. */
  forgetAll: () => void;
}
type Unusable = Extract<Located, { is: 'unusable' }>;

/** A terminal seldom moves, and a refusal of Dintero's ends the keeping at once. */
const keptMs = 60_000;

/** Terminals and stores of one account, each read once for all who ask at the same time. */
export function createCatalogue(dintero: Dintero, now = Date.now): Catalogue {
  const terminals = new Kept<TerminalFacts | null>(now);
  const stores = new Kept<StoreAnswer[]>(now);
  const storesFor = async (ask: Ask): Promise<StoreAnswer[]> =>
    await stores.get('all', async () => await readStores(dintero, ask));
  return {
    find: async (ask) => {
      const { terminalId } = ask;
      const read = async (): Promise<TerminalFacts | null> => {
        const facts = await readTerminal(dintero, ask, storesFor);
        // Its store may be newer than the list.
        if (facts === null || facts.payoutDestinationId !== null) return facts;
        stores.forget('all');
        return await readTerminal(dintero, ask, storesFor);
      };
      const place = placeOf(terminalId, await terminals.get(terminalId, read));
      // Whoever mends it must not wait for us to forget.
      if (place.is === 'unusable') terminals.forget(terminalId);
      return place;
    },
    forget: (terminalId) => {
      terminals.forget(terminalId);
      stores.forget('all');
    },
    forgetAll: () => {
      terminals.clear();
      stores.clear();
    },
  };
}

function placeOf(
  terminalId: string,
  facts: TerminalFacts | null,
): Awaited<ReturnType<Catalogue['find']>> {
  const unusable = (why: string): Unusable => ({ is: 'unusable', why });
  if (facts === null) return unusable(`Dintero knows no terminal ${terminalId} on this account`);
  const { status, statusReason, storeId, payoutDestinationId } = facts;
  if (status !== 'active') {
    const more = statusReason === null ? '' : `, ${statusReason}`;
    return unusable(`terminal ${terminalId} is not active at Dintero (${status}${more})`);
  }
  if (storeId === null || payoutDestinationId === null) {
    const what = storeId === null ? 'no store' : `store ${storeId} without a payout destination`;
    return unusable(`terminal ${terminalId} has ${what} at Dintero`);
  }
  return { is: 'at_store', storeId, payoutDestinationId };
}

/** Values that are asked for once, whoever asks, and kept for a while. What failed is not kept. */
class Kept<Value> {
  readonly #now: () => number;
  readonly #values = new Map<string, { value: Promise<Value>; until: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  async get(key: string, read: () => Promise<Value>): Promise<Value> {
    const known = this.#values.get(key);
    if (known !== undefined && this.#now() < known.until) return await known.value;
    const one = { value: read(), until: this.#now() + keptMs };
    this.#values.set(key, one);
    try {
      return await one.value;
    } catch (error) {
      if (this.#values.get(key) === one) this.#values.delete(key);
      throw error;
    }
  }

  forget(key: string): void {
    this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
  }
}
