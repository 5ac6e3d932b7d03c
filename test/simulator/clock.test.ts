/** Dintero's clock is not ours, and time is cheap in a test. */
import { describe, expect, it } from 'vitest';
import type { Delivery, Transaction } from '../../simulator/records.ts';
import {
  callsTo,
  eventually,
  ledgerOf,
  paid,
  plant,
  prompt,
  sessionOf,
  startDintero,
  startReceiver,
} from './harness.ts';

const minutes = 60_000;

describe('a clock that is wrong', () => {
  it.each([10, -10])(
    'by %i minutes shows in every time of Dintero, and in none of ours',
    async (skew) => {
      const dintero = await startDintero({ signatureSecret: 'secret' });
      const { url, received } = await startReceiver();
      await dintero.control('PUT', '/behaviour', { clock_skew_ms: skew * minutes });
      const off = (time: string): number => Math.round((Date.parse(time) - Date.now()) / minutes);
      const expiresAt = new Date(Date.now() + 5 * minutes).toISOString();
      const { id, session_id, created_at, events } = await paid(dintero, {
        callback: `${url}/?method=POST`,
        expiresAt,
      });
      expect([created_at, ...events.map((event) => event.created_at)].map(off)).toEqual(
        Array(events.length + 1).fill(skew),
      );
      expect((await sessionOf(dintero, session_id)).expires_at).toBe(expiresAt);
      await eventually(() => expect(received).toHaveLength(1));
      const [callback] = received;
      const body = callback?.body as Transaction;
      expect(off(body.created_at)).toBe(skew);
      expect(off(String(callback?.url.searchParams.get('time')))).toBe(skew);
      const [, t] = /^t=(\d+)/.exec(String(callback?.headers['dintero-signature'])) ?? [];
      expect(off(new Date(Number(t) * 1000).toISOString())).toBe(skew);

      const path = (name: string, at: number): string =>
        `/v1/transactions?created_at.${name}=${new Date(Date.now() + at).toISOString()}`;
      const found = async (name: string, at: number): Promise<string[]> =>
        (await dintero.call<Transaction[]>('GET', path(name, at))).body.map((row) => row.id);
      expect(await found('gte', skew * minutes - minutes)).toEqual([id]);
      expect(await found('gte', skew * minutes + minutes)).toEqual([]);
      expect(await found('lte', skew * minutes + minutes)).toEqual([id]);
    },
  );
});

describe('time that is advanced', () => {
  it('ends prompts and sends callbacks that wait, once', async () => {
    const dintero = await startDintero({ promptLifetimeMs: 60 * minutes });
    const { url, received } = await startReceiver();
    await plant(dintero, 'callback', { kind: 'delay', ms: 60 * minutes });
    const { session_id } = await paid(dintero, { callback: `${url}/` });
    const { reference } = await prompt(dintero);
    await dintero.control('POST', '/advance', { ms: 59 * minutes });
    expect(await ledgerOf(dintero, reference)).toEqual(['session_created', 'prompt_started']);
    await dintero.control('POST', '/advance', { ms: 2 * minutes });
    await eventually(async () =>
      expect(await ledgerOf(dintero, reference)).toContain('prompt_ended:timeout'),
    );
    await eventually(async () => {
      const path = `/deliveries?session_id=${session_id}`;
      const { deliveries } = (await dintero.control<{ deliveries: Delivery[] }>('GET', path)).body;
      expect(deliveries.map(({ state }) => state)).toEqual(['delivered']);
    });
    expect(received).toHaveLength(1);
  });
});

describe('the list', () => {
  it('may be the oldest first, and grow while its pages are turned', async () => {
    const dintero = await startDintero();
    const own = [await paid(dintero), await paid(dintero), await paid(dintero)].map(({ id }) => id);
    const page = async (query: string): Promise<string[]> =>
      (await dintero.call<Transaction[]>('GET', `/v1/transactions?limit=2${query}`)).body.map(
        ({ id }) => id,
      );
    await plant(dintero, 'list_transactions', { kind: 'insert', count: 2 });
    const first = await page('');
    expect(first).toEqual(own.slice(1).toReversed());
    expect(await page(`&starting_after=${first[1]}`)).toEqual([own[0]]);
    const grown = await page('');
    expect(grown.filter((id) => own.includes(id))).toEqual([]);
    await dintero.control('PUT', '/behaviour', { list_order: 'oldest_first' });
    expect(await page('')).toEqual(own.slice(0, 2));
    expect(await page(`&starting_after=${own[1]}`)).toEqual([own[2], grown[1]]);
  });
});

describe('the secret of callbacks', () => {
  it('is made with the key of the account, and signs from then on', async () => {
    const dintero = await startDintero({ apiKey: 'key' });
    const { url, received } = await startReceiver();
    const make = async (key: string): Promise<{ status: number; body: { secret?: string } }> =>
      await dintero.call('POST', '/v1/admin/signature', {}, { 'x-api-key': key });
    expect((await make('other')).status).toBe(401);
    await paid(dintero, { callback: `${url}/` });
    const { body } = await make('key');
    expect(body.secret).toMatch(/^\w{20,}$/);
    await paid(dintero, { callback: `${url}/` });
    await eventually(() => expect(received).toHaveLength(2));
    const signed = received.map(({ headers }) => headers['dintero-signature'] !== undefined);
    expect(signed).toEqual([false, true]);
    expect((await make('key')).body.secret).not.toBe(body.secret);
    expect(await callsTo(dintero, 'create_signature_secret')).toHaveLength(3);
  });

  it('is of no use to an address without https, where that is the rule', async () => {
    const dintero = await startDintero();
    const { url, received } = await startReceiver();
    await dintero.control('PUT', '/behaviour', { https_callbacks_only: true });
    await paid(dintero, { callback: `${url}/` });
    const { body } = await dintero.control('GET', '/deliveries');
    expect(body).toEqual({ deliveries: [] });
    expect(received).toEqual([]);
  });
});

describe('a client of payments alone', () => {
  it('is refused what is the account’s', async () => {
    const dintero = await startDintero();
    await dintero.control('PUT', '/behaviour', { checkout_scope_only: true });
    const path = '/v1/accounts/T90001234/hooks/subscriptions';
    expect((await dintero.call('GET', path)).status).toBe(403);
    expect((await dintero.call('GET', '/v1/transactions')).status).toBe(200);
  });
});
