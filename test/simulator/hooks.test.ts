import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { HookDelivery, Subscription } from '../../simulator/account-records.ts';
import type { Transaction } from '../../simulator/records.ts';
import {
  aString,
  callsTo,
  eventually,
  paid,
  plant,
  press,
  prompt,
  startDintero,
  startReceiver,
  type Dintero,
  type Json,
  type Received,
} from './harness.ts';

const path = '/v1/accounts/T90001234/hooks/subscriptions';
const secret = 'hook-secret-91b2';

async function subscribe(dintero: Dintero, url: string, rest: object = {}): Promise<Subscription> {
  const body = {
    config: { url, content_type: 'application/json', secret },
    events: ['checkout_transaction', 'checkout_authorization', 'settlement_add'],
    ...rest,
  };
  const { status, body: made } = await dintero.call<Subscription>('POST', path, body);
  expect(status).toBe(200);
  return made;
}

async function eventsOf(dintero: Dintero, query = ''): Promise<HookDelivery[]> {
  const { body } = await dintero.control<{ events: HookDelivery[] }>('GET', `/events${query}`);
  return body.events;
}

const list = async (dintero: Dintero): Promise<Subscription[]> =>
  (await dintero.call<Subscription[]>('GET', path)).body;

const raise = (why: string): never => {
  throw new Error(why);
};

/** What came, as `<event> <status of its transaction>`. */
const told = (received: Received[]): string[] =>
  received.map(({ headers, body }) => {
    const { transaction } = body as { transaction?: Transaction };
    return [String(headers['event']), ...(transaction ? [transaction.status] : [])].join(' ');
  });

describe('a subscription', () => {
  it('is pinged when it is made, told without its secret, and gone when deleted', async () => {
    const dintero = await startDintero();
    const { url, received } = await startReceiver();
    const made = await subscribe(dintero, url);
    await eventually(() => expect(told(received)).toEqual(['ping']));
    expect(await list(dintero)).toEqual([made]);
    expect(JSON.stringify(made)).not.toContain(secret);
    await dintero.call('POST', `${path}/${made.id}/ping`);
    await eventually(() => expect(told(received)).toEqual(['ping', 'ping']));

    expect((await dintero.call('DELETE', `${path}/${made.id}`)).status).toBe(204);
    expect(await list(dintero)).toEqual([]);
    expect((await dintero.call('GET', `${path}/${made.id}`)).status).toBe(404);
    expect(await callsTo(dintero, 'delete_subscription')).toHaveLength(1);
  });

  it('made twice is two, and one without an address is refused', async () => {
    const dintero = await startDintero();
    const { url } = await startReceiver();
    await subscribe(dintero, url);
    await subscribe(dintero, url);
    expect(await list(dintero)).toHaveLength(2);
    const { status } = await dintero.call('POST', path, { config: {}, events: ['ping'] });
    expect(status).toBe(400);
  });

  it('gets what it asked for, signed over the bytes of the body', async () => {
    const dintero = await startDintero();
    const { url, received } = await startReceiver();
    await subscribe(dintero, url, { events: ['checkout_authorization'] });
    const { id, session_id, merchant_reference } = await paid(dintero);
    await eventually(() =>
      expect(told(received)).toEqual(['ping', 'checkout_authorization CAPTURED']),
    );
    const { headers, body } = received[1] ?? raise('nothing came');
    expect(body).toMatchObject({
      account_id: 'T90001234',
      event: 'checkout_authorization',
      event_delivery: headers['event-delivery'],
      transaction: { id, session_id, merchant_reference },
    });
    const hex = createHmac('sha1', secret).update(JSON.stringify(body)).digest('hex');
    expect(headers).toMatchObject({
      'event-signature': hex,
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^Dintero-Hook\//) as unknown,
    });
  });

  it('gets each change of a transaction as it was then, and nothing about one of a customer who left', async () => {
    const dintero = await startDintero();
    const { url, received } = await startReceiver();
    await subscribe(dintero, url);
    await paid(dintero);
    await eventually(() =>
      expect(told(received).toSorted()).toEqual([
        'checkout_authorization CAPTURED',
        'checkout_transaction AUTHORIZED',
        'checkout_transaction CAPTURED',
        'checkout_transaction INITIATED',
        'ping',
      ]),
    );
    received.length = 0;
    const { id, terminal, reference } = await prompt(dintero);
    await press(dintero, terminal, 'stop');
    await eventually(() => expect(told(received)).toEqual(['checkout_authorization']));
    expect(received[0]?.body).toEqual({
      account_id: 'T90001234',
      event: 'checkout_authorization',
      event_delivery: aString,
      session_id: id,
      merchant_reference: reference,
      error: 'cancelled',
    });
  });

  it('gets what is no payment too', async () => {
    const dintero = await startDintero();
    const { url, received } = await startReceiver();
    await subscribe(dintero, url);
    const content = { settlement: { id: 'S-1' } };
    await dintero.control('POST', '/events', { event: 'settlement_add', content });
    await dintero.control('POST', '/events', { event: 'account_store_update' });
    await eventually(() => expect(told(received)).toEqual(['ping', 'settlement_add']));
    expect(received[1]?.body).toMatchObject(content);
  });
});

describe('an event that nobody takes', () => {
  it('is sent five times in all, a redirect is no answer, and a subscription that fails is dropped', async () => {
    const dintero = await startDintero({ callbackRetriesMs: [1] });
    const { url, received } = await startReceiver((_received, res) => {
      res.writeHead(302, { location: 'https://example.com/' }).end();
    });
    await dintero.control('PUT', '/behaviour', { subscription_failures_max: 7 });
    await subscribe(dintero, url);
    await eventually(() => expect(received).toHaveLength(5));
    expect(await eventsOf(dintero, '?state=given_up')).toHaveLength(1);
    expect(await list(dintero)).toHaveLength(1);
    await paid(dintero, { autoCapture: false });
    await eventually(async () => expect(await list(dintero)).toEqual([]));
    expect((await eventsOf(dintero)).length).toBeGreaterThan(1);
    await eventually(async () => expect(await eventsOf(dintero, '?state=pending')).toEqual([]));
  });

  it('leaves the subscription alone when one succeeds in between', async () => {
    const dintero = await startDintero({ callbackRetriesMs: [1] });
    let calls = 0;
    const { url } = await startReceiver((_received, res) => {
      calls += 1;
      res.writeHead(calls % 3 === 0 ? 204 : 500).end();
    });
    await dintero.control('PUT', '/behaviour', { subscription_failures_max: 3 });
    await subscribe(dintero, url);
    await eventually(async () =>
      expect(await eventsOf(dintero, '?state=delivered')).toHaveLength(1),
    );
    expect(await list(dintero)).toHaveLength(1);
  });
});

describe('a fault of an event', () => {
  it('is one of these', async () => {
    const dintero = await startDintero();
    const { url, received } = await startReceiver();
    await subscribe(dintero, url, { events: ['settlement_add'] });
    await eventually(() => expect(received).toHaveLength(1));
    const announce = async (fault: string | object): Promise<Received[]> => {
      received.length = 0;
      await plant(dintero, 'webhook', fault, { match: { event: 'settlement_add' } });
      await dintero.control('POST', '/events', { event: 'settlement_add' });
      await eventually(async () => expect(await eventsOf(dintero, '?state=pending')).toEqual([]));
      return received;
    };
    const isSigned = ({ headers, body }: Received): boolean =>
      headers['event-signature'] ===
      createHmac('sha1', secret).update(JSON.stringify(body)).digest('hex');
    const deliveries = (of: Received[]): unknown[] =>
      of.map(({ body }) => (body as Json)['event_delivery']);

    expect(await announce('drop')).toEqual([]);
    const [first, second] = deliveries(await announce('duplicate'));
    expect(second).toBe(first);
    const twins = await announce({ kind: 'duplicate', same_delivery: false });
    expect(new Set(deliveries(twins)).size).toBe(2);
    expect(twins.map(isSigned)).toEqual([true, true]);
    expect((await announce('bad_signature')).map(isSigned)).toEqual([false]);
    const changed = await announce({ kind: 'rewrite', set: { event: 'other' } });
    expect(changed.map(({ body }) => (body as Json)['event'])).toEqual(['other']);
    expect(changed.map(isSigned)).toEqual([false]);
    expect(await announce({ kind: 'delay', ms: 20 })).toHaveLength(1);
    expect(await announce('unsubscribe')).toEqual([]);
    expect(await list(dintero)).toEqual([]);
  });
});
