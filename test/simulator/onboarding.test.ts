import { beforeEach, describe, expect, it } from 'vitest';
import {
  prompt,
  request,
  requestToken,
  sessionBody,
  startDintero,
  type Answer,
  type Dintero,
  type Json,
} from './harness.ts';

const accountId = 'T90001234';
const bergen = 'bergen-01';

let dintero: Dintero;

const post = async (path: string, body: object): Promise<Answer<Json>> =>
  await dintero.call('POST', `/v1/accounts/${accountId}${path}`, body);
const get = async (path: string): Promise<Answer<Json>> =>
  await dintero.call('GET', `/v1/accounts/${accountId}${path}`);
const put = async (path: string, body: object): Promise<Answer<Json>> =>
  await dintero.call('PUT', `/v1/accounts/${accountId}${path}`, body);

const serial = (number: number, account = accountId): string =>
  `SIMULATED-${account}-${String(number).padStart(3, '0')}`;
const store = (id: string, seller: string): object => ({
  store_id: id,
  store_name: id,
  organization: { organization_number: '923663487' },
  payout_destination: { payout_destination_id: seller },
});

beforeEach(async () => {
  dintero = await startDintero();
});

async function simulated(number = 1): Promise<string> {
  const { body } = await post('/terminals', {
    device_serial_number: serial(number),
    store_id: bergen,
  });
  return String(body['terminal_id']);
}

describe('terminals', () => {
  it('that are simulated are active at once and take a payment', async () => {
    const terminal = await simulated();
    expect((await get(`/terminals/${terminal}`)).body).toMatchObject({
      status: 'ACTIVE',
      store_id: bergen,
      device_serial_number: serial(1),
    });
    const { id } = await prompt(dintero, { terminal });
    expect(id).toMatch(/^T90001234\./);
  });

  it.each([
    ['of another account', serial(1, 'T90009999')],
    ['without a number of three digits', `SIMULATED-${accountId}-1`],
  ])('that are simulated are refused %s', async (_name, device_serial_number) => {
    expect((await post('/terminals', { device_serial_number, store_id: bergen })).status).toBe(400);
  });

  it('that are simulated do not exist in production', async () => {
    const account = 'P90001234';
    const { url } = await startDintero({ accountId: account });
    const audience = `https://api.dintero.com/v1/accounts/${account}`;
    const { access_token } = (await requestToken(url, { account, body: { audience } })).body;
    const sent = { device_serial_number: serial(1, account), store_id: bergen };
    const terminals = `${url}/v1/accounts/${account}/terminals`;
    const headers = { authorization: `Bearer ${String(access_token)}` };
    expect(await request(terminals, 'POST', sent, headers)).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('is not one of') as string } },
    });
  });

  it('are refused for a store that does not exist, and a second time', async () => {
    const unknown = { device_serial_number: serial(1), store_id: 'nowhere' };
    expect((await post('/terminals', unknown)).status).toBe(400);
    await simulated();
    const again = { device_serial_number: serial(1), store_id: bergen };
    expect((await post('/terminals', again)).status).toBe(400);
  });

  it('that are devices wait to be provisioned, and take no payment before', async () => {
    const device = { device_serial_number: '123456789012', store_id: bergen };
    const { body } = await post('/terminals', device);
    expect(body).toMatchObject({ status: 'PENDING', status_reason: 'ADDING' });
    const sale = sessionBody({ terminal: String(body['terminal_id']) });
    expect((await dintero.call('POST', '/v1/sessions-profile', sale)).status).toBe(400);
  });

  it('are listed once they are used, and known before', async () => {
    expect((await get('/terminals')).body).toEqual({ terminals: [] });
    expect((await get(`/terminals/${accountId}-T0042`)).status).toBe(200);
    expect((await get(`/terminals/${accountId}-X42`)).status).toBe(404);
    const { terminal } = await prompt(dintero);
    expect((await get('/terminals?includes=store')).body).toMatchObject({
      terminals: [{ terminal_id: terminal, store_id: bergen, store: { store_name: bergen } }],
    });
    expect((await get('/terminals?store_id[]=oslo-01')).body).toEqual({ terminals: [] });
    expect(
      (await get('/terminals?payout_destination_id[]=seller-9')).body['terminals'],
    ).toHaveLength(1);
  });

  it('that were moved take payments for their new store only', async () => {
    const terminal = await simulated();
    await post('/stores', store('oslo-01', 'seller-1'));
    expect((await put(`/terminals/${terminal}`, { store_id: 'oslo-01' })).body).toMatchObject({
      store_id: 'oslo-01',
    });
    const sale = sessionBody({ terminal });
    expect((await dintero.call('POST', '/v1/sessions-profile', sale)).status).toBe(400);
    sale.order.store.id = 'oslo-01';
    expect((await dintero.call('POST', '/v1/sessions-profile', sale)).status).toBe(400);
    sale.order.store.payout_destination_id = 'seller-1';
    expect((await dintero.call('POST', '/v1/sessions-profile', sale)).status).toBe(200);
  });

  it('are synced again only after an error', async () => {
    const terminal = await simulated();
    const sync = async (): Promise<Answer<Json>> => await post(`/terminals/${terminal}/sync`, {});
    expect(await sync()).toMatchObject({
      status: 409,
      body: { error: { message: 'TERMINAL_NOT_RETRYABLE' } },
    });
    const failed = { status: 'ERROR', status_reason: 'SYNC_ERROR' };
    await dintero.control('PUT', `/terminals/${terminal}`, failed);
    expect(await sync()).toMatchObject({
      status: 200,
      body: { status: 'ACTION_REQUIRED', status_reason: 'CHECK_UPDATE' },
    });
  });
});

describe('stores', () => {
  it('are created under the id that was chosen, once', async () => {
    const { body } = await post('/stores', store('oslo-01', 'seller-1'));
    expect(body).toMatchObject({ store_id: 'oslo-01', status: 'ACTIVE' });
    expect((await post('/stores', store('oslo-01', 'seller-2'))).status).toBe(400);
    expect((await put('/stores/oslo-01', { store_name: 'Oslo' })).body).toMatchObject({
      store_name: 'Oslo',
      payout_destination: { payout_destination_id: 'seller-1' },
    });
    expect((await put('/stores/nowhere', { store_name: 'Oslo' })).status).toBe(404);
  });

  it('are listed page by page', async () => {
    for (const id of ['a', 'b', 'c']) await post('/stores', store(id, 'seller-1'));
    const first = (await get('/stores?limit=2')).body;
    expect(first).toMatchObject({
      stores: [{ store_id: bergen }, { store_id: 'a' }],
      starting_after: 'a',
    });
    const second = (await get('/stores?limit=2&starting_after=a')).body;
    expect(second).toEqual({ stores: [{}, {}].map(() => expect.anything() as unknown) });
  });
});
