/** One look at Dintero's webhook subscriptions: what is found, made, taken away, and what is left alone. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { createDinteroClient } from '../../activities/dintero/client.ts';
import type { DinteroConfig } from '../../activities/dintero/config.ts';
import { keepSubscription } from '../../activities/dintero/subscriptions.ts';
import type { Subscription } from '../../simulator/account-records.ts';
import { callsTo, plant, startDintero, type Dintero } from '../simulator/harness.ts';

const path = '/v1/accounts/T90001234/hooks/subscriptions';
const publicUrl = 'http://127.0.0.1:1/kvitt/';
const address = 'http://127.0.0.1:1/kvitt/webhooks/dintero/events';

interface Kept {
  dintero: Dintero;
  look: (change?: Partial<DinteroConfig>) => Promise<string>;
  urls: () => Promise<string[]>;
  makes: () => Promise<number>;
}

async function start(): Promise<Kept> {
  const dintero = await startDintero({ callbackRetriesMs: [60_000] });
  const list = async (): Promise<Subscription[]> =>
    (await dintero.call<Subscription[]>('GET', path)).body;
  return {
    dintero,
    look: async (change = {}) => {
      const config: DinteroConfig = {
        checkoutUrl: `${dintero.url}/v1`,
        apiUrl: `${dintero.url}/v1`,
        accountId: 'T90001234',
        clientId: 'simulator',
        clientSecret: 'simulator',
        profileId: 'default',
        publicUrl,
        webhookSecret: 'a secret of the first season',
        installation: 'kvitt',
        ...change,
      };
      const env = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
      const client = createDinteroClient(config);
      return await env.run(
        async () => await keepSubscription({ client, config }, { timeoutMs: 2000 }),
      );
    },
    urls: async () => (await list()).map(({ config }) => config.url),
    makes: async () => (await callsTo(dintero, 'create_subscription')).length,
  };
}

describe('a look at the subscriptions', () => {
  it('makes the one that is missing, and finds it afterwards', async () => {
    const { look, urls, makes } = await start();
    expect([await look(), await look()]).toEqual(['made', 'found']);
    expect(await urls()).toEqual([expect.stringMatching(/^[^?]+\?secret=[0-9a-f]{8}$/)]);
    expect((await urls())[0]).toContain(`${address}?`);
    expect(await makes()).toBe(1);
  });

  it('finds one whose answer was lost, and makes no other', async () => {
    const { dintero, look, urls } = await start();
    await plant(dintero, 'create_subscription', 'reset_after');
    await expect(look()).rejects.toMatchObject({ type: 'OutcomeUnknown' });
    expect(await look()).toBe('found');
    expect(await urls()).toHaveLength(1);
  });

  it('leaves one of ours, and what a person has made', async () => {
    const { dintero, look, urls } = await start();
    await look();
    const [ours = ''] = await urls();
    const byPerson = [address, `${address}?mine=1`, 'https://shop.example/hooks'];
    for (const url of [ours, `${address}?secret=00000000`, ...byPerson]) {
      await dintero.call('POST', path, { config: { url }, events: ['settlement_add'] });
    }
    await plant(dintero, 'delete_subscription', { kind: 'status', status: 404 });
    expect(await look()).toBe('found');
    expect(await look()).toBe('found');
    expect(await urls()).toEqual([ours, ...byPerson]);
  });

  it('replaces the one of a secret that was replaced, the new one first', async () => {
    const { dintero, look, urls } = await start();
    await look();
    const before = await urls();
    const next = { webhookSecret: 'a secret of the next season' };
    await plant(dintero, 'create_subscription', { kind: 'status', status: 500 });
    await expect(look(next)).rejects.toMatchObject({ type: 'OutcomeUnknown' });
    expect(await urls()).toEqual(before);
    expect(await look(next)).toBe('made');
    expect(await urls()).toHaveLength(1);
    expect(await urls()).not.toEqual(before);
  });

  it('takes one that was switched off for missing', async () => {
    const { dintero, look, makes } = await start();
    await look();
    await plant(dintero, 'list_subscriptions', { kind: 'rewrite', set: { active: false } });
    expect(await look()).toBe('made');
    expect(await makes()).toBe(2);
  });

  it.each([
    [
      'an object without a list',
      { kind: 'garbage', body: { message: 'moved' } },
      'DinteroUnreadable',
    ],
    ['a list of something else', { kind: 'garbage', body: [{ name: 'x' }] }, 'DinteroUnreadable'],
    ['HTML', { kind: 'garbage' }, 'DinteroUnreadable'],
    ['a gateway’s error', { kind: 'status', status: 502, body: '<html>' }, 'DinteroUnavailable'],
    ['a missing scope', { kind: 'status', status: 403 }, 'DinteroUnauthorized'],
  ])('takes %s for no answer, and makes nothing', async (_what, fault, type) => {
    const { dintero, look, makes } = await start();
    await plant(dintero, 'list_subscriptions', fault, { times: 2 });
    await expect(look()).rejects.toMatchObject({ type });
    expect(await makes()).toBe(0);
  });

  it('reads a list inside an object', async () => {
    const { dintero, look, makes } = await start();
    await look();
    const { body } = await dintero.call('GET', path);
    await plant(dintero, 'list_subscriptions', { kind: 'garbage', body: { subscriptions: body } });
    expect(await look()).toBe('found');
    expect(await makes()).toBe(1);
  });

  it.each([{ publicUrl: null }, { webhookSecret: null }])('asks nobody with %o', async (change) => {
    const { dintero, look } = await start();
    expect(await look(change)).toBe('not_wanted');
    expect(await callsTo(dintero, 'list_subscriptions')).toEqual([]);
  });
});
