/** The activities about the account's own things: its stores and its terminals. */
import type { Client } from '@temporalio/client';
import type { StoreFacts, TerminalFacts } from './dintero/account-facts.ts';
import * as account from './dintero/account.ts';
import { readRegistered, sendOrder } from './dintero/account-orders.ts';
import * as operations from './dintero/operations.ts';
import { keepSubscription } from './dintero/subscriptions.ts';
import type { AccountOrder, Registered } from '../workflows/account-orders.ts';
import type { Dintero } from './dintero/charges.ts';
import type { Catalogue, Located } from './catalogue.ts';
import { assertOwnTerminal } from './own-account.ts';
import { switchedOffFor } from './switched-off.ts';

export type { Located } from './catalogue.ts';
export type { OperationFacts } from './dintero/operations.ts';

interface Ask {
  timeoutMs: number;
}

export interface AccountActivities {
  listTerminals: (ask: Ask & account.TerminalFilter) => Promise<TerminalFacts[]>;
  readTerminal: (ask: Ask & { terminalId: string }) => Promise<TerminalFacts | null>;
  listStores: (ask: Ask) => Promise<StoreFacts[]>;
  /** Where the terminal of a charge stands, as the worker has kept it for a minute. */
  locateTerminal: (ask: Ask & { terminalId: string }) => Promise<Located>;
  readRegistered: (ask: Ask & { order: AccountOrder }) => Promise<Registered>;
  sendAccountOrder: (ask: Ask & { order: AccountOrder }) => Promise<void>;
  startOperation: (ask: operations.StartOperation) => Promise<operations.OperationFacts>;
  readOperation: (
    ask: Ask & { terminalId: string; dinteroId: string },
  ) => Promise<operations.OperationFacts>;
  keepSubscription: (ask: Ask) => Promise<'found' | 'made' | 'not_wanted'>;
}

/** Binds them to a Dintero account, to what the worker has kept of it, and to Temporal. */
export function towardsAccount({
  dintero,
  catalogue,
  temporal,
}: {
  dintero: Dintero;
  catalogue: Catalogue;
  temporal: Client;
}): AccountActivities {
  return {
    listTerminals: async (ask) => await account.listTerminals(dintero, ask),
    readTerminal: async (ask) => await account.readTerminal(dintero, ask),
    listStores: async (ask) => await account.listStores(dintero, ask),
    locateTerminal: async (ask) => {
      const place = await catalogue.find(ask);
      if (place.is === 'unusable') return place;
      const sale = { store_id: place.storeId, terminal_id: ask.terminalId };
      return { ...place, switchedOff: await switchedOffFor(temporal, sale) };
    },
    readRegistered: async (ask) => await readRegistered(dintero, ask),
    /** Dintero would obey it twice. Lost answer: found by looking. */
    sendAccountOrder: async (ask) => {
      await sendOrder(dintero, ask).finally(() => catalogue.forgetAll());
    },
    /** Twice is harmless: the key makes it one. */
    startOperation: async (ask) => {
      assertOwnTerminal(dintero.config, ask.terminalId);
      return await operations.startOperation(dintero, ask);
    },
    readOperation: async (ask) => await operations.readOperation(dintero, ask),
    /** Lists before it makes one: a lost answer is found by the next look. */
    keepSubscription: async (ask) => await keepSubscription(dintero, ask),
  };
}
