/** The activities about the account's own things: its stores and its terminals. */
import type { Client } from '@temporalio/client';
import type { StoreFacts, TerminalFacts } from './dintero/account-facts.ts';
import * as account from './dintero/account.ts';
import type { Dintero } from './dintero/charges.ts';
import type { Catalogue, Located } from './catalogue.ts';
import { switchedOffFor } from './switched-off.ts';

export type { Located } from './catalogue.ts';

interface Ask {
  timeoutMs: number;
}

export interface AccountActivities {
  listTerminals: (ask: Ask & account.TerminalFilter) => Promise<TerminalFacts[]>;
  readTerminal: (ask: Ask & { terminalId: string }) => Promise<TerminalFacts | null>;
  listStores: (ask: Ask) => Promise<StoreFacts[]>;
  /** Where the terminal of a charge stands, as the worker has kept it for some minutes. */
  locateTerminal: (ask: Ask & { terminalId: string }) => Promise<Located>;
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
  };
}
