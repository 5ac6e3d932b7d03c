import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Shop } from './account-records.ts';
import type { Subject, Terminal } from './records.ts';
import type { Answer, DinteroRequest, Route } from './routes.ts';
import { parseBody } from './sessions.ts';
import { findTerminal } from './terminals.ts';
import { now, Refusal, type World } from './world.ts';

/** The store and the seller of whatever terminal nobody has registered: those of every sale in demo and tests. */
const defaultStoreId = 'bergen-01';
const defaultSellerId = 'seller-9';

const name = z.string().regex(/^[A-Za-z0-9_-]{1,40}$/);
const storeFields = {
  store_name: z.string().min(1),
  organization: z.looseObject({ organization_number: z.string().min(1) }),
  payout_destination: z.looseObject({ payout_destination_id: name }),
};
const storeRequest = z.looseObject({ store_id: name.exactOptional(), ...storeFields });
const storeChange = z.looseObject(storeFields).exactPartial();

const model = z.enum(['SATURN1000', 'Saturn_S1F4_Pro', 'S1P2', 'S1MINI2', 'S1U2', 'SIMULATED']);
const terminalRequest = z.looseObject({
  device_serial_number: z.string().min(1),
  store_id: z.string().min(1),
  device_model: model.exactOptional(),
});
const terminalChange = z
  .strictObject({ device_model: model, store_id: z.string().min(1) })
  .exactPartial();

/** The store of a terminal; one that nobody has created is implied by what the terminal was told to be. */
function shopOf(world: World, terminal: Terminal): Shop {
  const { store_id, payout_destination_id: seller } = terminal;
  const id = store_id ?? (seller === undefined ? defaultStoreId : `store-of-${seller}`);
  return world.store.tables.shop.get(id) ?? impliedShop(world, id, seller ?? defaultSellerId);
}

function impliedShop(world: World, storeId: string, sellerId: string): Shop {
  const since = new Date(0).toISOString();
  return {
    store_id: storeId,
    id: `${world.options.accountId}-${storeId}`,
    store_name: storeId,
    status: 'ACTIVE',
    created_at: since,
    updated_at: since,
    payout_destination: { payout_destination_id: sellerId, status: 'ACTIVE' },
  };
}

function shops(world: World): Shop[] {
  const { shop, terminal } = world.store.tables;
  const known = [
    impliedShop(world, defaultStoreId, defaultSellerId),
    ...[...terminal.values()].map((one) => shopOf(world, one)),
    ...shop.values(),
  ];
  return [...new Map(known.map((one) => [one.store_id, one])).values()];
}

function findShop(world: World, storeId: string): Shop {
  const found = shops(world).find(({ store_id, id }) => store_id === storeId || id === storeId);
  if (found === undefined) throw new Refusal(404, `no store ${storeId}`);
  return found;
}

function saveShop(world: World, id: string | null, body: unknown): Shop {
  const { shop: known } = world.store.tables;
  const wanted = parseBody(id === null ? storeRequest : storeChange, body);
  const before = id === null ? null : findShop(world, id);
  const serial = String(known.size + 1).padStart(4, '0');
  const chosen = 'store_id' in wanted ? String(wanted['store_id']) : null;
  const storeId = before?.store_id ?? chosen ?? `${world.options.accountId}-${serial}`;
  if (before === null && shops(world).some(({ store_id }) => store_id === storeId)) {
    throw new Refusal(400, `store ${storeId} exists`);
  }
  const made = impliedShop(world, storeId, defaultSellerId);
  const shop: Shop = {
    ...(before ?? { ...made, id: `${world.options.accountId}-${serial}`, created_at: now() }),
    ...wanted,
    store_id: storeId,
    updated_at: now(),
  };
  world.store.save('shop', storeId, shop);
  return shop;
}

/** A terminal as the account's API shows it; one that only payments know has what it needs to be listed. */
function terminalView(world: World, terminal: Terminal, includes: string[] = []): object {
  const shop = shopOf(world, terminal);
  const { registered } = terminal;
  return {
    terminal_id: terminal.id,
    device_serial_number: registered?.device_serial_number ?? `1000${terminal.id.slice(-4)}`,
    id: registered?.id ?? `00000000-0000-4000-8000-00000000${terminal.id.slice(-4)}`,
    created_at: registered?.created_at ?? new Date(0).toISOString(),
    device_model: registered?.device_model ?? 'S1P2',
    store_id: shop.store_id,
    status: terminal.status,
    ...(terminal.status_reason !== undefined && { status_reason: terminal.status_reason }),
    ...(includes.includes('store') && { store: { id: shop.id, store_name: shop.store_name } }),
  };
}

function registeredTerminal(world: World, id: string): Terminal {
  try {
    return findTerminal(world, id);
  } catch {
    throw new Refusal(404, `no terminal ${id}`);
  }
}

function createTerminal(world: World, body: unknown): Terminal {
  const { accountId } = world.options;
  const wanted = parseBody(terminalRequest, body);
  const { device_serial_number: serial, store_id, device_model } = wanted;
  const isSimulated = serial.startsWith('SIMULATED-');
  if (isSimulated && !isOwnSimulated(accountId, serial)) {
    throw new Refusal(400, `device_serial_number ${serial} is not one of ${accountId}`);
  }
  const { terminal: known } = world.store.tables;
  const isTaken = [...known.values()].some(
    ({ status, registered }) => registered?.device_serial_number === serial && status !== 'DELETED',
  );
  if (isTaken) throw new Refusal(400, `device_serial_number ${serial} is registered`);
  const shop = knownShop(world, store_id);
  const terminal: Terminal = {
    ...findTerminal(world, freeTerminalId(world)),
    ...(isSimulated ? { status: 'ACTIVE' } : { status: 'PENDING', status_reason: 'ADDING' }),
    store_id: shop.store_id,
    registered: {
      id: randomUUID(),
      device_serial_number: serial,
      device_model: device_model ?? (isSimulated ? 'SIMULATED' : 'S1P2'),
      created_at: now(),
    },
  };
  world.store.save('terminal', terminal.id, terminal);
  return terminal;
}

/** Simulated devices exist on sandbox accounts only. */
function isOwnSimulated(accountId: string, serial: string): boolean {
  return accountId.startsWith('T') && new RegExp(`^SIMULATED-${accountId}-\\d{3}$`).test(serial);
}

function knownShop(world: World, storeId: string): Shop {
  const shop = shops(world).find(({ store_id }) => store_id === storeId);
  if (shop === undefined) throw new Refusal(400, `unknown store ${storeId}`);
  return shop;
}

function freeTerminalId(world: World): string {
  for (let number = 1; number < 10_000; number += 1) {
    const id = `${world.options.accountId}-T${String(number).padStart(4, '0')}`;
    if (!world.store.tables.terminal.has(id)) return id;
  }
  throw new Refusal(400, 'no terminal id is left');
}

function changeTerminal(world: World, id: string, body: unknown): Terminal {
  const terminal = registeredTerminal(world, id);
  const { store_id, device_model } = parseBody(terminalChange, body);
  if (store_id !== undefined) {
    terminal.store_id = knownShop(world, store_id).store_id;
    // What the control API said of its seller was about the store before.
    delete terminal.payout_destination_id;
  }
  if (device_model !== undefined && terminal.registered !== undefined) {
    terminal.registered.device_model = device_model;
  }
  world.store.save('terminal', id, terminal);
  return terminal;
}

/** Ten minutes: a terminal that is being added is retried only after that. */
const addingMs = 10 * 60_000;

function syncTerminal(world: World, id: string): Terminal {
  const terminal = registeredTerminal(world, id);
  const { status, status_reason, registered } = terminal;
  const ageMs = Date.now() - Date.parse(registered?.created_at ?? now());
  const isRetryable =
    (status === 'ERROR' && status_reason === 'SYNC_ERROR') ||
    (status === 'PENDING' && status_reason === 'ADDING' && ageMs > addingMs);
  if (!isRetryable) throw new Refusal(409, 'TERMINAL_NOT_RETRYABLE');
  if (shopOf(world, terminal).status !== 'ACTIVE') throw new Refusal(400, 'STORE_NOT_ACTIVE');
  // Provisioned; what is left is the device's own part.
  Object.assign(terminal, { status: 'ACTION_REQUIRED', status_reason: 'CHECK_UPDATE' });
  world.store.save('terminal', id, terminal);
  return terminal;
}

/** One page after `starting_after`, which the answer names while there is more. */
function page<Row>(
  rows: Row[],
  query: URLSearchParams,
  idOf: (row: Row) => string,
): { rows: Row[]; starting_after?: string } {
  const after = query.get('starting_after');
  const from = after === null ? 0 : rows.findIndex((row) => idOf(row) === after) + 1;
  const shown = rows.slice(from, from + Number(query.get('limit') ?? 100));
  const last = shown.at(-1);
  const isMore = from + shown.length < rows.length && last !== undefined;
  return { rows: shown, ...(isMore && { starting_after: idOf(last) }) };
}

function listTerminals(world: World, query: URLSearchParams): object {
  const [sellers, stores] = ['payout_destination_id[]', 'store_id[]'].map((of) => query.getAll(of));
  const wanted = [...world.store.tables.terminal.values()].filter((terminal) => {
    const { store_id, payout_destination } = shopOf(world, terminal);
    const seller = payout_destination.payout_destination_id;
    return (
      (sellers?.length === 0 || sellers?.includes(seller) === true) &&
      (stores?.length === 0 || stores?.includes(store_id) === true)
    );
  });
  const { rows, ...next } = page(wanted, query, ({ id }) => id);
  const includes = query.getAll('includes');
  return { terminals: rows.map((one) => terminalView(world, one, includes)), ...next };
}

function listShops(world: World, query: URLSearchParams): object {
  const { rows, ...next } = page(shops(world), query, ({ store_id }) => store_id);
  return { stores: rows, ...next };
}

const ok = (body: unknown): Answer => ({ status: 200, body });
const aboutTerminal = (_world: World, { id }: DinteroRequest): Subject => ({ terminal_id: id });
const aboutNothing = (): Subject => ({});

/** The devices of an account and where they stand. */
export const onboardingRoutes: readonly Route[] = [
  {
    endpoint: 'list_terminals',
    method: 'get',
    path: '/terminals',
    about: aboutNothing,
    answer: (world, { query }) => ok(listTerminals(world, query)),
  },
  {
    endpoint: 'create_terminal',
    method: 'post',
    path: '/terminals',
    about: aboutNothing,
    answer: (world, { body }) => ok(terminalView(world, createTerminal(world, body))),
  },
  {
    endpoint: 'get_terminal',
    method: 'get',
    path: '/terminals/:id',
    about: aboutTerminal,
    answer: (world, { id }) => ok(terminalView(world, registeredTerminal(world, id))),
  },
  {
    endpoint: 'update_terminal',
    method: 'put',
    path: '/terminals/:id',
    about: aboutTerminal,
    answer: (world, { id, body }) => ok(terminalView(world, changeTerminal(world, id, body))),
  },
  {
    endpoint: 'sync_terminal',
    method: 'post',
    path: '/terminals/:id/sync',
    about: aboutTerminal,
    answer: (world, { id }) => ok(terminalView(world, syncTerminal(world, id))),
  },
  {
    endpoint: 'list_stores',
    method: 'get',
    path: '/stores',
    about: aboutNothing,
    answer: (world, { query }) => ok(listShops(world, query)),
  },
  {
    endpoint: 'create_store',
    method: 'post',
    path: '/stores',
    about: aboutNothing,
    answer: (world, { body }) => ok(saveShop(world, null, body)),
  },
  {
    endpoint: 'update_store',
    method: 'put',
    path: '/stores/:id',
    about: aboutNothing,
    answer: (world, { id, body }) => ok(saveShop(world, id, body)),
  },
];
