/** The till names the terminal only: Dintero says where it stands. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { saleOf, startHarness, type ChargeAnswer, type Harness } from '../harness.ts';
import { connect, type Dintero } from '../simulator/harness.ts';
import { recordHistory } from './record-history.ts';

const account = '/v1/accounts/T90001234';

let kvitt: Harness;
let dintero: Dintero;

beforeAll(async () => {
  kvitt = await startHarness({ deadlineSeconds: 900, durations: { sendWindow: 10_000 } });
  dintero = await connect(kvitt.simulator.url);
  await kvitt.simulator.customer({ action: 'tap', delay_ms: 20 });
  // A worker's first charge loads the bundle.
  await charged(bare());
});

afterAll(async () => {
  await kvitt.stop();
});

function bare(): { reference: string; terminal_id: string } & Record<string, unknown> {
  const { store_id: _store, payout_destination_id: _seller, ...sale } = saleOf(kvitt);
  return sale;
}

async function charged(sale: { reference: string }, attempt = 1): Promise<ChargeAnswer> {
  await kvitt.call('POST', '/charges', { ...sale, attempt });
  return await kvitt.ending(`${sale.reference}.${attempt}`);
}

async function asked(endpoint: string, by: Record<string, string>): Promise<number> {
  return (await kvitt.simulator.calls({ endpoint, ...by })).length;
}

describe('a charge that names its terminal only', () => {
  it.concurrent('is charged where Dintero says that the terminal stands', async () => {
    const sale = bare();
    const { body: started } = await kvitt.call('POST', '/charges', sale);
    expect(started).toMatchObject({ store_id: 'bergen-01' });
    expect(await kvitt.ending(`${sale.reference}.1`)).toMatchObject({
      outcome: 'captured',
      store_id: 'bergen-01',
    });
    const workflowId = `charge/${sale.reference}.1`;
    await recordHistory(kvitt.client, { workflowId, name: 'terminal-located' });
    const listed = async (): Promise<unknown[]> => {
      const path = `/charges?store_id=bergen-01&reference=${sale.reference}`;
      return (await kvitt.call<{ charges: unknown[] }>('GET', path)).body.charges;
    };
    await vi.waitFor(async () => expect(await listed()).toHaveLength(1), { timeout: 10_000 });
  });

  it.concurrent(
    'is the same charge however much of the place is repeated, and no other',
    async () => {
      const sale = bare();
      await charged(sale);
      const repeated = async (place: object): Promise<number> =>
        (await kvitt.call('POST', '/charges', { ...sale, ...place })).status;
      expect(await repeated({})).toBe(200);
      const bergen = { store_id: 'bergen-01', payout_destination_id: 'seller-9' };
      expect(await repeated(bergen)).toBe(200);
      expect(await repeated({ ...bergen, store_id: 'oslo-01' })).toBe(422);
      const full = saleOf(kvitt);
      await charged(full);
      const { store_id: _store, payout_destination_id: _seller, ...less } = full;
      expect((await kvitt.call('POST', '/charges', less)).status).toBe(200);
    },
  );

  it.concurrent.each([
    ['is not active', { status: 'INACTIVE' }],
    ['waits for its update', { status: 'ACTION_REQUIRED', status_reason: 'CHECK_UPDATE' }],
  ])('prompts nobody on one that %s', async (_name, settings) => {
    const sale = bare();
    await kvitt.simulator.terminal(sale.terminal_id, settings);
    expect(await charged(sale)).toMatchObject({
      outcome: 'not_charged',
      reason: 'terminal_unavailable',
      store_id: null,
    });
    expect(await asked('create_session', { merchant_reference: `${sale.reference}.1` })).toBe(0);
    const { body } = await kvitt.ops('GET', `/ops/charges/${sale.reference}.1`);
    expect(JSON.stringify(body['timeline'])).toContain('is not active at Dintero');
    // Whoever mends it need not wait.
    await kvitt.simulator.terminal(sale.terminal_id, { status: 'ACTIVE' });
    expect(await charged(sale, 2)).toMatchObject({ outcome: 'captured' });
  });

  it.concurrent.each([
    ['refuses our credentials', { kind: 'status', status: 403 }, 0, 'dintero_refuses_us'],
    ['answers late', { kind: 'status', status: 503 }, 2, null],
  ])('reads on while Dintero %s', async (_name, fault, times, reason) => {
    const sale = bare();
    const match = { terminal_id: sale.terminal_id };
    await kvitt.simulator.fault({ endpoint: 'get_terminal', match, times, do: fault });
    expect(await charged(sale)).toMatchObject({ reason });
  });

  it.concurrent(
    'follows the terminal to another store as soon as Dintero has refused the old one',
    async () => {
      const sale = bare();
      await charged(sale);
      await dintero.call('POST', `${account}/stores`, {
        store_id: 'hamar-01',
        store_name: 'Hamar',
        organization: { organization_number: '923663487' },
        payout_destination: { payout_destination_id: 'seller-4' },
      });
      await dintero.call('PUT', `${account}/terminals/${sale.terminal_id}`, {
        store_id: 'hamar-01',
      });
      const next = { ...bare(), terminal_id: sale.terminal_id };
      expect(await charged(next)).toMatchObject({ reason: 'rejected', store_id: 'bergen-01' });
      expect(await charged(next, 2)).toMatchObject({ outcome: 'captured', store_id: 'hamar-01' });
      expect(await asked('get_terminal', { terminal_id: sale.terminal_id })).toBe(2);
    },
  );
});
