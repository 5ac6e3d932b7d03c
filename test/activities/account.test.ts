/** The account's stores and terminals, read at the simulator. */
import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { towardsAccount, type AccountActivities } from '../../activities/account.ts';
import { createCatalogue, type Catalogue } from '../../activities/catalogue.ts';
import type { Dintero as Bound } from '../../activities/dintero/charges.ts';
import { assertOwnTerminal } from '../../activities/own-account.ts';
import { createDinteroClient } from '../../activities/dintero/client.ts';
import type { DinteroConfig } from '../../activities/dintero/config.ts';
import { controlSimulator, type SimulatorControl } from '../../scripts/dintero-simulator.ts';
import { createSimulator, type Simulator } from '../../simulator/simulator.ts';
import { connect, type Dintero } from '../simulator/harness.ts';

const quiet = new DefaultLogger('ERROR');
const timeoutMs = 2000;
const accountId = 'T90001234';
const accountPath = `/v1/accounts/${accountId}`;
const oslo = {
  store_id: 'oslo-01',
  store_name: 'Oslo',
  organization: { organization_number: '923663487' },
  payout_destination: { payout_destination_id: 'seller-1' },
};

let simulator: Simulator;
let control: SimulatorControl;
let dintero: Dintero;
let activities: AccountActivities;

async function run<Answer>(activity: keyof AccountActivities, ask: object = {}): Promise<Answer> {
  const does = activities[activity] as (ask: object) => Promise<Answer>;
  return await new MockActivityEnvironment({}, { logger: quiet }).run(does, { timeoutMs, ...ask });
}

beforeAll(async () => {
  simulator = await createSimulator({ port: 0 });
  control = controlSimulator(simulator.url);
  dintero = await connect(simulator.url);
  const bound = dinteroAs();
  activities = towardsAccount({
    dintero: bound,
    catalogue: createCatalogue(bound),
    // Only what a charge needs asks Temporal.
    temporal: undefined as unknown as Client,
  });
  await dintero.call('POST', `${accountPath}/stores`, oslo);
});

function dinteroAs(): Bound {
  const config: DinteroConfig = {
    checkoutUrl: `${simulator.url}/v1`,
    apiUrl: `${simulator.url}/v1`,
    accountId,
    clientId: 'simulator',
    clientSecret: 'simulator',
    profileId: 'default',
    publicUrl: null,
    installation: 'test',
  };
  return { client: createDinteroClient(config), config };
}

afterAll(async () => {
  await simulator.close();
});

async function created(serial: string, store = 'oslo-01'): Promise<string> {
  const sent = { device_serial_number: serial, store_id: store };
  const { body } = await dintero.call('POST', `${accountPath}/terminals`, sent);
  return String(body['terminal_id']);
}

describe('readTerminal', () => {
  it('names the store and the seller of a terminal', async () => {
    const terminalId = await created(`SIMULATED-${accountId}-001`);
    expect(await run('readTerminal', { terminalId })).toEqual({
      terminalId,
      storeId: 'oslo-01',
      payoutDestinationId: 'seller-1',
      status: 'active',
      statusReason: null,
      model: 'SIMULATED',
      serialNumber: `SIMULATED-${accountId}-001`,
    });
  });

  it('says what a device waits for', async () => {
    const terminalId = await created('123456789012');
    expect(await run('readTerminal', { terminalId })).toMatchObject({
      status: 'pending',
      statusReason: 'ADDING',
    });
    await control.terminal(terminalId, { status: 'ERROR', status_reason: 'SYNC_ERROR' });
    expect(await run('readTerminal', { terminalId })).toMatchObject({
      status: 'error',
      statusReason: 'SYNC_ERROR',
    });
  });

  it('is null for a terminal that Dintero does not know', async () => {
    expect(await run('readTerminal', { terminalId: `${accountId}-X1` })).toBeNull();
  });

  it('is never null for want of an answer', async () => {
    await control.fault({ endpoint: 'get_terminal', do: { kind: 'status', status: 500 } });
    const unread = run('readTerminal', { terminalId: `${accountId}-T0001` });
    await expect(unread).rejects.toMatchObject({ type: 'DinteroUnavailable' });
  });

  it('takes a word that nobody knows for unknown, and a store that nobody lists for no seller', async () => {
    const set = { status: 'ASLEEP', store_id: 'nowhere' };
    await control.fault({ endpoint: 'get_terminal', do: { kind: 'rewrite', set } });
    expect(await run('readTerminal', { terminalId: `${accountId}-T0001` })).toMatchObject({
      status: 'unknown',
      storeId: 'nowhere',
      payoutDestinationId: null,
    });
  });

  it('finds the store by Dintero’s own id of it, too', async () => {
    const set = { store_id: `${accountId}-0001` };
    await control.fault({ endpoint: 'get_terminal', do: { kind: 'rewrite', set } });
    expect(await run('readTerminal', { terminalId: `${accountId}-T0001` })).toMatchObject({
      storeId: 'oslo-01',
      payoutDestinationId: 'seller-1',
    });
  });
});

describe('listTerminals', () => {
  it('filters by store and by seller, and gives every page', async () => {
    const ids = await Promise.all(
      Array.from({ length: 105 }, (_, at) => created(`2000000${at}`, 'bergen-01')),
    );
    const listed = await run<{ terminalId: string }[]>('listTerminals', { storeId: 'bergen-01' });
    expect(listed.map(({ terminalId }) => terminalId)).toEqual(expect.arrayContaining(ids));
    const ofSeller = await run<object[]>('listTerminals', { payoutDestinationId: 'seller-1' });
    expect(ofSeller.length).toBeGreaterThan(0);
    expect(ofSeller).toSatisfy((all: { storeId: string }[]) =>
      all.every(({ storeId }) => storeId === 'oslo-01'),
    );
  });

  it('says so when the pages repeat themselves', async () => {
    const set = { starting_after: `${accountId}-T0001` };
    await control.fault({ endpoint: 'list_terminals', times: 2, do: { kind: 'rewrite', set } });
    const listed = run('listTerminals');
    await expect(listed).rejects.toMatchObject({ type: 'DinteroUnreadable' });
  });
});

describe('listStores', () => {
  it('lists the store of every terminal', async () => {
    expect(await run('listStores')).toEqual(
      expect.arrayContaining([
        {
          storeId: 'bergen-01',
          name: 'bergen-01',
          payoutDestinationId: 'seller-9',
          status: 'active',
        },
        { storeId: 'oslo-01', name: 'Oslo', payoutDestinationId: 'seller-1', status: 'active' },
      ]),
    );
  });
});

describe(createCatalogue.name, () => {
  const find = async (catalogue: Catalogue, terminalId: string): Promise<unknown> =>
    await new MockActivityEnvironment({}, { logger: quiet }).run(catalogue.find, {
      terminalId,
      timeoutMs,
    });
  const calls = async (endpoint: string): Promise<number> =>
    (await control.calls({ endpoint })).length;

  it('asks Dintero once for all who ask, and again when what is kept is old', async () => {
    let clock = 0;
    const catalogue = createCatalogue(dinteroAs(), () => clock);
    const terminalId = `${accountId}-T0777`;
    const [terminals, stores] = [await calls('get_terminal'), await calls('list_stores')];
    const expected = { is: 'at_store', storeId: 'bergen-01', payoutDestinationId: 'seller-9' };
    const found = await Promise.all(Array.from({ length: 20 }, () => find(catalogue, terminalId)));
    expect(found).toEqual(found.map(() => expected));
    clock = 59_000;
    await find(catalogue, terminalId);
    expect((await calls('get_terminal')) - terminals).toBe(1);
    expect((await calls('list_stores')) - stores).toBe(1);
    clock = 60_000;
    await find(catalogue, terminalId);
    expect((await calls('get_terminal')) - terminals).toBe(2);
  });

  it('knows a store that is newer than its list', async () => {
    const catalogue = createCatalogue(dinteroAs());
    await find(catalogue, `${accountId}-T0778`);
    await dintero.call('POST', `${accountPath}/stores`, { ...oslo, store_id: 'oslo-02' });
    const terminalId = await created(`SIMULATED-${accountId}-002`, 'oslo-02');
    expect(await find(catalogue, terminalId)).toMatchObject({ storeId: 'oslo-02' });
  });

  it('keeps nothing that failed', async () => {
    const catalogue = createCatalogue(dinteroAs());
    const terminalId = `${accountId}-T0779`;
    await control.fault({ endpoint: 'list_stores', do: { kind: 'status', status: 500 } });
    await expect(find(catalogue, terminalId)).rejects.toMatchObject({ type: 'DinteroUnavailable' });
    expect(await find(catalogue, terminalId)).toMatchObject({ is: 'at_store' });
  });
});

describe(assertOwnTerminal.name, () => {
  it.each([
    ['T90001234', 'P90001234-T0001'],
    ['P90001234', 'T90001234-T0001'],
    ['T90001234', 'T90001235-T0001'],
  ])('of %s refuses %s for certain, before anything is sent', (own, terminalId) => {
    expect(() => assertOwnTerminal({ accountId: own }, terminalId)).toThrow(
      expect.objectContaining({ type: 'DinteroRejected' }) as Error,
    );
  });
});
