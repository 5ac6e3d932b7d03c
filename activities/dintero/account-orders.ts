/** What is ordered of an account's stores and terminals: one request each, which Dintero would obey twice. */
import { z } from 'zod';
import {
  simulatedSerialPrefix,
  type AccountOrder,
  type Registered,
} from '../../workflows/account-orders.ts';
import { dinteroFailure } from '../failures.ts';
import { assertOwnTerminal } from '../own-account.ts';
import { listStores, listTerminals, readTerminal } from './account.ts';
import type { Dintero } from './charges.ts';

interface Ask {
  order: AccountOrder;
  timeoutMs: number;
}

/** What an order is about, as Dintero shows it now. */
export async function readRegistered(
  dintero: Dintero,
  { order, timeoutMs }: Ask,
): Promise<Registered> {
  switch (order.do) {
    case 'create_store':
    case 'update_store': {
      const stores = await listStores(dintero, { timeoutMs });
      const store = stores.find(
        ({ storeId, status }) => storeId === order.store_id && status !== 'deleted',
      );
      return { store: store ?? null, terminal: null };
    }
    case 'create_terminal': {
      const terminals = await listTerminals(dintero, { timeoutMs });
      const terminal = terminals.find(
        ({ serialNumber, status }) => serialNumber === order.serial_number && status !== 'deleted',
      );
      return { store: null, terminal: terminal ?? null };
    }
    case 'update_terminal':
    case 'sync_terminal': {
      const terminal = await readTerminal(dintero, { terminalId: order.terminal_id, timeoutMs });
      return { store: null, terminal };
    }
  }
}

/** Sent once. What became of it is read back, so the answer is not parsed. */
export async function sendOrder(dintero: Dintero, { order, timeoutMs }: Ask): Promise<void> {
  assertOwn(dintero, order);
  await dintero.client.call({
    ...requestFor(order),
    kind: 'order',
    at: 'account',
    answer: z.unknown(),
    timeoutMs,
  });
}

interface OrderRequest {
  what: string;
  method: 'POST' | 'PUT';
  path: string;
  body?: object;
}

function requestFor(order: AccountOrder): OrderRequest {
  switch (order.do) {
    case 'create_store':
    case 'update_store':
      return storeRequest(order);
    case 'create_terminal': {
      const { serial_number: device_serial_number, store_id, model: device_model } = order;
      return {
        what: `create terminal ${device_serial_number}`,
        method: 'POST',
        path: '/terminals',
        body: { device_serial_number, store_id, device_model },
      };
    }
    case 'update_terminal': {
      const { terminal_id, store_id, model: device_model } = order;
      return {
        what: `update terminal ${terminal_id}`,
        method: 'PUT',
        path: `/terminals/${encodeURIComponent(terminal_id)}`,
        body: { store_id, device_model },
      };
    }
    case 'sync_terminal':
      return {
        what: `synchronise terminal ${order.terminal_id}`,
        method: 'POST',
        path: `/terminals/${encodeURIComponent(order.terminal_id)}/sync`,
      };
  }
}

/** What is not given is left out of the JSON, and stays as it is at Dintero. */
function storeRequest(
  order: Extract<AccountOrder, { do: 'create_store' | 'update_store' }>,
): OrderRequest {
  const { store_id, name: store_name, payout_destination_id } = order;
  const seller =
    payout_destination_id === undefined ? {} : { payout_destination: { payout_destination_id } };
  if (order.do === 'update_store') {
    return {
      what: `update store ${store_id}`,
      method: 'PUT',
      path: `/stores/${encodeURIComponent(store_id)}`,
      body: { store_name, ...seller },
    };
  }
  const { organization_number } = order;
  return {
    what: `create store ${store_id}`,
    method: 'POST',
    path: '/stores',
    body: { store_id, store_name, organization: { organization_number }, ...seller },
  };
}

/** The worker's credentials decide which account an order is obeyed on, whatever the api was told. */
function assertOwn({ config }: Dintero, order: AccountOrder): void {
  if ('terminal_id' in order) return assertOwnTerminal(config, order.terminal_id);
  if (order.do !== 'create_terminal' || !order.serial_number.startsWith(simulatedSerialPrefix))
    return;
  const isSandbox = config.accountId.startsWith('T');
  if (isSandbox && order.serial_number.startsWith(`${simulatedSerialPrefix}${config.accountId}-`))
    return;
  throw dinteroFailure(
    'DinteroRejected',
    isSandbox
      ? `Nothing was sent: ${order.serial_number} is not of ${config.accountId}, the Dintero account of this worker`
      : `Nothing was sent: simulated terminals exist on sandbox accounts (T) only, this worker's is ${config.accountId}`,
  );
}
