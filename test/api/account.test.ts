/** Stores, terminals and operations, through the api, a worker and the simulator. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { saleOf, startHarness, type Harness } from '../harness.ts';
import { connect, type Dintero, type Json } from '../simulator/harness.ts';
import { recordHistory } from '../workflows/record-history.ts';

const accountId = 'T90001234';
const operationsPath = '/v1/admin/terminals/operations';

/** Room for a busy machine where somebody must be in time, and no more waiting than it takes. */
const durations = { sendWindow: 10_000, leaseLook: 100, listLag: 600 };

let kvitt: Harness;
let dintero: Dintero;
let serials = 0;

beforeAll(async () => {
  kvitt = await startHarness({ deadlineSeconds: 900, durations });
  dintero = await connect(kvitt.simulator.url);
  // A worker's first workflow loads the bundle.
  await kvitt.call('GET', '/stores');
});

afterAll(async () => {
  await kvitt.stop();
});

interface Answered {
  status: number;
  body: Json;
}

const get = async (path: string): Promise<Answered> => await kvitt.call<Json>('GET', path);
const post = async (path: string, body: object = {}): Promise<Answered> =>
  await kvitt.ops<Json>('POST', path, body);

const newSerial = (): string => {
  serials += 1;
  return `SIMULATED-${accountId}-${String(serials).padStart(3, '0')}`;
};
const newStore = (): Json & { store_id: string } => ({
  store_id: `store-${crypto.randomUUID().slice(0, 8)}`,
  name: 'Oslo',
  organization_number: '923663487',
  payout_destination_id: 'seller-1',
});

describe('onboarding', () => {
  it.concurrent('goes from a store to a terminal that stands in it, and moves', async () => {
    const store = newStore();
    const { store_id } = store;
    const made = await post('/ops/stores', store);
    expect(made).toMatchObject({ status: 200, body: { outcome: 'done', store: { store_id } } });
    const workflowId = `account-order/${kvitt.taskQueue}/create_store/${store_id}`;
    await recordHistory(kvitt.client, { workflowId, name: 'store-created' });
    expect((await get('/stores')).body['stores']).toContainEqual({
      store_id,
      name: 'Oslo',
      payout_destination_id: 'seller-1',
      status: 'active',
    });
    const serial_number = newSerial();
    const { body } = await post('/ops/terminals', { serial_number, store_id });
    const expected = {
      store_id,
      payout_destination_id: 'seller-1',
      status: 'active',
      serial_number,
    };
    expect(body).toMatchObject({ outcome: 'done', terminal: expected });
    const { terminal_id } = body['terminal'] as { terminal_id: string };
    expect((await get(`/terminals/${terminal_id}`)).body).toMatchObject(expected);
    const { body: listed } = await get(`/terminals?store_id=${store_id}&status=active`);
    expect(listed['terminals']).toMatchObject([{ terminal_id }]);
    expect((await get(`/terminals?store_id=${store_id}&status=error`)).body).toEqual({
      terminals: [],
    });
    const moved = await post(`/ops/terminals/${terminal_id}`, { store_id: 'bergen-01' });
    expect(moved.body).toMatchObject({
      outcome: 'done',
      terminal: { store_id: 'bergen-01', payout_destination_id: 'seller-9' },
    });
  });

  it.concurrent('once more is the same, and something else under its name is refused', async () => {
    const store = newStore();
    await post('/ops/stores', store);
    expect((await post('/ops/stores', store)).body).toMatchObject({ text: 'It was so already.' });
    const other = await post('/ops/stores', { ...store, payout_destination_id: 'seller-2' });
    expect(other).toMatchObject({ status: 409, body: { code: 'not_possible_now' } });
    const changed = await post(`/ops/stores/${store.store_id}`, {
      payout_destination_id: 'seller-2',
    });
    expect(changed.body).toMatchObject({
      outcome: 'done',
      store: { payout_destination_id: 'seller-2' },
    });
    const serial_number = newSerial();
    await post('/ops/terminals', { serial_number, store_id: store.store_id });
    const elsewhere = await post('/ops/terminals', { serial_number, store_id: 'bergen-01' });
    expect(elsewhere.body['detail']).toContain('move it');
  });

  // Not beside the others: a fault strikes whoever comes first.
  it.each([
    ['lost after it was obeyed', 'reset_after', 200, 'done', 1],
    ['lost before it was obeyed', 'reset_before', 202, 'unclear', 0],
  ])('sends an order whose answer is %s once', async (_name, fault, status, outcome, made) => {
    const store = newStore();
    await kvitt.simulator.fault({ endpoint: 'update_store', do: fault });
    await post('/ops/stores', store);
    const before = (await kvitt.simulator.calls({ endpoint: 'update_store' })).length;
    const answer = await post(`/ops/stores/${store.store_id}`, { name: 'Hamar' });
    expect(answer).toMatchObject({ status, body: { outcome } });
    const after = (await kvitt.simulator.calls({ endpoint: 'update_store' })).length;
    expect([after - before, answer.body['store']]).toMatchObject([
      1,
      { name: made === 1 ? 'Hamar' : 'Oslo' },
    ]);
  });

  it.concurrent('tells what Dintero refuses, with its words', async () => {
    const sync = await post(`/ops/terminals/${kvitt.freshTerminal()}/sync`);
    expect(sync).toMatchObject({ status: 409, body: { code: 'not_possible_now' } });
    expect(sync.body['detail']).toMatch(
      /\(TERMINAL_NOT_RETRYABLE\)\. Dintero provisions a terminal again only after an error, or /,
    );
    const broken = kvitt.freshTerminal();
    await kvitt.simulator.terminal(broken, { status: 'ERROR', status_reason: 'SYNC_ERROR' });
    expect((await post(`/ops/terminals/${broken}/sync`)).body).toMatchObject({
      outcome: 'done',
      terminal: { status: 'action_required' },
    });
    const nowhere = { serial_number: newSerial(), store_id: 'nowhere' };
    expect((await post('/ops/terminals', nowhere)).body['detail']).toContain(
      'unknown store nowhere',
    );
  });

  it.concurrent('says so when Dintero lets nobody look', async () => {
    const terminal_id = kvitt.freshTerminal();
    const fault = { kind: 'status', status: 403 };
    await kvitt.simulator.fault({
      endpoint: 'get_terminal',
      match: { terminal_id },
      times: 0,
      do: fault,
    });
    expect(await get(`/terminals/${terminal_id}`)).toMatchObject({
      status: 502,
      body: { code: 'dintero_unavailable' },
    });
  });
});

describe('another account', () => {
  it.concurrent.each([
    ['/terminals/P90001234-T0001', null, 'terminal_id'],
    ['/ops/terminals/P90001234-T0001/operations', { operation: 'send_logs' }, 'terminal_id'],
    ['/ops/terminals/T90001235-T0001', { store_id: 'bergen-01' }, 'terminal_id'],
    ['/ops/stores', { ...newStore(), store_id: 'P90001234-0001' }, 'store_id'],
    [
      '/ops/terminals',
      { serial_number: 'SIMULATED-T90001235-001', store_id: 'bergen-01' },
      'serial_number',
    ],
  ])('is refused: %s %j', async (path, body, field) => {
    const answer = body === null ? await get(path) : await post(path, body);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ field }] },
    });
  });

  it.concurrent('is refused for a charge, by each of its ids', async () => {
    const refused = async (change: object): Promise<unknown> => (await kvitt.post(change)).body;
    const errors = (field: string): object => ({ errors: [{ field }] });
    expect(await refused({ store_id: 'P90001234-0001' })).toMatchObject(errors('store_id'));
    const seller = 'P90001234-seller';
    expect(await refused({ payout_destination_id: seller })).toMatchObject(
      errors('payout_destination_id'),
    );
  });
});

describe('an operation', () => {
  const order = async (terminal: string, body: object): Promise<Answered> =>
    await post(`/ops/terminals/${terminal}/operations`, body);

  async function ended(terminal: string, answer: Answered): Promise<Json> {
    const path = `/terminals/${terminal}/operations/${String(answer.body['operation_id'])}`;
    let found: Json = {};
    await vi.waitFor(
      async () => {
        found = (await get(path)).body;
        expect(['starting', 'sent']).not.toContain(found['state']);
      },
      { timeout: 20_000, interval: 50 },
    );
    return found;
  }

  it.concurrent('closes the day with the device’s own count', async () => {
    const sale = saleOf(kvitt);
    const terminal = sale.terminal_id;
    await kvitt.simulator.terminal(terminal, { customer: { action: 'tap', delay_ms: 10 } });
    await kvitt.post(sale);
    await kvitt.ending(`${sale.reference}.1`);
    const sent = await order(terminal, { operation: 'end_of_day' });
    expect(await ended(terminal, sent)).toMatchObject({
      state: 'completed',
      ordered_by: 'operator',
      totals: {
        batch_id: '000001',
        purchases_count: 1,
        purchases_amount: 12_900,
        reversals_count: 0,
      },
    });
    const workflowId = `operation/${terminal}/${String(sent.body['operation_id'])}`;
    await recordHistory(kvitt.client, { workflowId, name: 'end-of-day' });
    const listed = async (): Promise<unknown> =>
      (await get(`/terminals/${terminal}/operations`)).body['operations'];
    await vi.waitFor(async () => expect(await listed()).toMatchObject([{ state: 'completed' }]), {
      timeout: 10_000,
    });
    // The terminal is free again.
    const next = { ...saleOf(kvitt), terminal_id: terminal };
    await kvitt.post(next);
    expect(await kvitt.ending(`${next.reference}.1`)).toMatchObject({ outcome: 'captured' });
  });

  it.concurrent('of the same key is the same one', async () => {
    const terminal = kvitt.freshTerminal();
    const request = { operation: 'send_logs', key: crypto.randomUUID() };
    const answers = await Promise.all([1, 2, 3].map(() => order(terminal, request)));
    const ids = new Set(answers.map(({ body }) => body['operation_id']));
    expect(ids.size).toBe(1);
    await ended(terminal, answers[0] ?? { status: 0, body: {} });
    await order(terminal, request);
    const { body } = await dintero.call<Json[]>('GET', `${operationsPath}?terminal_id=${terminal}`);
    expect(body).toHaveLength(1);
  });

  it.concurrent('whose answer is lost is sent again, and carried out once', async () => {
    const terminal = kvitt.freshTerminal();
    const match = { terminal_id: terminal };
    await kvitt.simulator.fault({ endpoint: 'create_operation', match, do: 'reset_after' });
    const sent = await order(terminal, { operation: 'open_menu' });
    expect(await ended(terminal, sent)).toMatchObject({ state: 'completed' });
    const { body } = await dintero.call<Json[]>('GET', `${operationsPath}?terminal_id=${terminal}`);
    expect(body).toHaveLength(1);
  });

  it.concurrent('waits as Dintero says while the device does something else', async () => {
    const terminal = kvitt.freshTerminal();
    const match = { terminal_id: terminal };
    const busy = { kind: 'status', status: 409, headers: { 'retry-after': '1' } };
    await kvitt.simulator.fault({ endpoint: 'create_operation', match, do: busy });
    const sent = await order(terminal, { operation: 'check_update' });
    expect(await ended(terminal, sent)).toMatchObject({ state: 'completed' });
    const calls = await kvitt.simulator.calls({
      endpoint: 'create_operation',
      terminal_id: terminal,
    });
    expect(calls.map(({ status }) => status)).toEqual([409, 200]);
  });

  it.concurrent.each([
    ['failed', { behaviour: { operation_ends: 'FAILED' } }],
    ['timeout', { behaviour: { operation_ends: 'TIMEOUT' } }],
    ['refused', { status: 'PENDING' }],
  ])('ends as %s with %j', async (state, settings) => {
    const terminal = kvitt.freshTerminal();
    await kvitt.simulator.terminal(terminal, settings);
    const sent = await order(terminal, { operation: 'send_logs' });
    expect(await ended(terminal, sent)).toMatchObject({ state, totals: null });
  });

  it.concurrent('and a sale never meet on a terminal', async () => {
    const sale = saleOf(kvitt);
    const terminal = sale.terminal_id;
    await kvitt.post(sale);
    const sent = await order(terminal, { operation: 'end_of_day' });
    expect(await ended(terminal, sent)).toMatchObject({
      state: 'terminal_busy',
      held_by: `${sale.reference}.1`,
    });
    await kvitt.simulator.press(terminal, 'tap');
    await kvitt.ending(`${sale.reference}.1`);
    await kvitt.simulator.terminal(terminal, { behaviour: { operation_ms: 1500 } });
    const running = order(terminal, { operation: 'end_of_day' });
    const match = { endpoint: 'create_operation', terminal_id: terminal };
    await vi.waitFor(async () => expect(await kvitt.simulator.calls(match)).toHaveLength(1));
    const next = { ...saleOf(kvitt), terminal_id: terminal };
    await kvitt.post(next);
    const { reason, held_by } = await kvitt.ending(`${next.reference}.1`);
    expect([reason, held_by]).toEqual([
      'terminal_busy',
      `${terminal}/${String((await running).body['operation_id'])}`,
    ]);
  });
});
