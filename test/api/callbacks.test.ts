import { createHash, createHmac, randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrayFromPayloads, defaultPayloadConverter } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { transactionReported } from '../../workflows/messages.ts';
import {
  callbackSecrets,
  chargeRequest,
  counted,
  deliver,
  newReference,
  startApi,
  startTemporal,
  startWorker,
  type Answer,
  type RunningApi,
  type TestWorker,
} from './api-harness.ts';

const webhookSecret = 'webhook-secret-91b2';

let env: TestWorkflowEnvironment;
let worker: TestWorker;
let signed: RunningApi;
let unsigned: RunningApi;
let cutOff: RunningApi;

beforeAll(async () => {
  env = await startTemporal();
  [worker, signed, unsigned, cutOff] = await Promise.all([
    startWorker(env),
    startApi(env.address, { ...callbackSecrets, webhookSecrets: ['the old one', webhookSecret] }),
    startApi(env.address),
    startApi('127.0.0.1:1'),
  ]);
}, 60_000);

afterAll(async () => {
  await Promise.all([signed.end(), unsigned.end(), cutOff.end()]);
  await worker.stop();
  await env.teardown();
});

/** The stand-in `deaf` stays open whatever it is told, so that everything that arrives can be asked for. */
async function openCharge(): Promise<string> {
  const reference = newReference('deaf');
  const post = async (): Promise<Answer> =>
    await signed.call('/charges', { body: chargeRequest({ reference }) });
  // A server that has just started may not answer the first one; a till sends it again.
  const { status } = await post().then(async (answer) =>
    answer.status === 503 ? await post() : answer,
  );
  expect([200, 201]).toContain(status);
  return `${reference}.1`;
}

/** What Temporal has stored of the callbacks: an acknowledged one is there, whatever the workers do meanwhile. */
async function reports(chargeId: string): Promise<unknown[]> {
  const { events } = await env.client.workflow.getHandle(`charge/${chargeId}`).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
    signal?.signalName === transactionReported.name
      ? (arrayFromPayloads(defaultPayloadConverter, signal.input?.payloads) ?? [])
      : [],
  );
}

describe('with a secret', () => {
  test.each(['POST', 'GET'] as const)('a good %s tells the charge', async (method) => {
    const id = await openCharge();
    expect((await deliver(signed, id, { method })).status).toBe(200);
    expect(await reports(id)).toEqual([
      { error: null, source: 'callback', session_id: 'T90001234.s' },
    ]);
  });

  test.each([
    ['cancelled', 'cancelled'],
    ['authorization', 'authorization'],
    ['failed', 'failed'],
    ['capture', null],
    ['anything%20else', null],
  ])('error=%s arrives as %s', async (word, error) => {
    const id = await openCharge();
    await deliver(signed, id, { query: `error=${word}&session_id=T90001234.s` });
    expect(await reports(id)).toEqual([{ error, source: 'callback', session_id: 'T90001234.s' }]);
  });

  const tooLong = `T90001234.${'s'.repeat(65)}`;
  test.each([
    ['session_id=T90001234.a-B_9', 'T90001234.a-B_9'],
    ['sid=T90001234.s', 'T90001234.s'],
    ['session_id=T90001234.s&session_id=T90001234.t', 'T90001234.s'],
    ['session_id=P90001234.s', undefined],
    ['session_id=T90001234.s.1', undefined],
    ['session_id=T90001234.', undefined],
    ['session_id=T90001234x', undefined],
    ['session_id=T90001234.s%0A', undefined],
    [`session_id=${tooLong}`, undefined],
    ['time=1', undefined],
  ])('%s names the session %s', async (query, sessionId) => {
    const id = await openCharge();
    await deliver(signed, id, { query });
    const report = { error: null, source: 'callback' };
    expect(await reports(id)).toEqual([
      sessionId === undefined ? report : { ...report, session_id: sessionId },
    ]);
  });

  test('a bad signature is acknowledged, counted, and tells the charge nothing', async () => {
    const id = await openCharge();
    const before = await counted(signed, 'bad_signature');
    const tampers = [
      (header: string) => header.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      (header: string) => header.replace('t=', 't=1'),
      () => '',
    ];
    for (const tamper of tampers) {
      expect((await deliver(signed, id, { tamper })).status).toBe(200);
    }
    expect(await reports(id)).toEqual([]);
    expect(await counted(signed, 'bad_signature')).toBe(before + tampers.length);
  });

  test('a stale one is a hint without its words, once in a while', async () => {
    const id = await openCharge();
    const stale = { ageSeconds: 301, query: 'error=failed&session_id=T90001234.s' };
    const answers = await Promise.all([1, 2, 3].map(() => deliver(signed, id, stale)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await reports(id)).toEqual([
      { error: null, source: 'callback (stale)', session_id: 'T90001234.s' },
    ]);
  });

  test('the body is not looked at', async () => {
    const id = await openCharge();
    expect((await deliver(signed, id, { body: '{"status": "CAPT' })).status).toBe(200);
    expect((await deliver(signed, id, { body: 'x'.repeat(300_000) })).status).toBe(200);
    // While a worker is busy with the first, the second is stored and not yet shown.
    await expect.poll(() => reports(id)).toHaveLength(2);
  });
});

describe('without a secret', () => {
  test('callbacks are hints only', async () => {
    const id = await openCharge();
    const query = 'error=cancelled&session_id=T90001234.s';
    await deliver(unsigned, id, { query });
    await deliver(unsigned, id, { query });
    expect(await reports(id)).toEqual([
      { error: null, source: 'callback (unsigned)', session_id: 'T90001234.s' },
    ]);
  });
});

describe('whatever comes', () => {
  test('the log names the charge, and neither session nor key', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line) => lines.push(line) });
    const sha256 = createHash('sha256').update('till-secret').digest('hex');
    const own = await startApi(env.address, { log, apiKeys: [{ name: 'till-1', sha256 }] });
    const id = await openCharge();
    await deliver(own, id);
    await deliver(own, 'nobody.1');
    const headers = { authorization: 'Bearer till-secret' };
    await own.call(`/charges/${id}`, { headers });
    await own.end();
    expect(lines.filter((line) => line.includes(`"charge_id":"${id}"`))).toHaveLength(2);
    expect(lines.join()).toContain('"key":"till-1"');
    expect(lines.join()).not.toMatch(/T90001234\.s|session_id|till-secret/);
  });

  test('garbage is acknowledged and counted', async () => {
    for (const id of ['garbage', 'S-1001.0', 'x'.repeat(3_000)]) {
      expect(
        (await signed.call(`/webhooks/dintero/charges/${id}`, { method: 'POST' })).status,
      ).toBe(200);
    }
    expect(await counted(signed, 'malformed')).toBe(3);
  });

  test('what could not be stored is answered 503, each time', async () => {
    const answers = [await deliver(cutOff, 'S-1001.1'), await deliver(cutOff, 'S-1001.1')];
    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    expect(await counted(cutOff, 'unstored')).toBe(2);
  });
});

interface Event {
  chargeId?: string;
  delivery?: string;
  event?: string;
  /** Of the body; absent, it is signed well. */
  signature?: string;
  body?: string;
}

async function announce(api: RunningApi, of: Event = {}): Promise<number> {
  const { chargeId = 'S-1.1', delivery = randomUUID(), event = 'checkout_transaction' } = of;
  const transaction = { id: 'T90001234.t', merchant_reference: chargeId, status: 'AUTHORIZED' };
  const envelope = { account_id: 'T90001234', event, event_delivery: delivery, transaction };
  const body = of.body ?? JSON.stringify(envelope, null, 1);
  const signature = createHmac('sha1', webhookSecret).update(body).digest('hex');
  const headers = { 'event-signature': of.signature ?? signature, 'event-delivery': delivery };
  return (await api.call('/webhooks/dintero/events', { body, headers })).status;
}

async function events(api: RunningApi, kind: string): Promise<number> {
  const { text } = await api.call('/metrics');
  const found = new RegExp(`kvitt_api_webhooks_total\\{kind="${kind}"\\} (\\d+)`).exec(text);
  return Number(found?.[1] ?? Number.NaN);
}

describe('an account webhook', () => {
  const transaction_id = 'T90001234.t';
  const told = { error: null, source: 'webhook', transaction_id };

  test('tells the charge once, however often it is delivered', async () => {
    const chargeId = await openCharge();
    const same = { chargeId, delivery: randomUUID() };
    const answers = await Promise.all([announce(signed, same), announce(signed, same)]);
    expect([...answers, await announce(signed, same)]).toEqual([200, 200, 200]);
    expect(await reports(chargeId)).toEqual([told]);
    expect(await announce(signed, { chargeId })).toBe(200);
    expect(await reports(chargeId)).toEqual([told, told]);
    expect(await events(signed, 'duplicate')).toBe(2);
  });

  test('with a bad signature is answered 200, counted, and tells nobody', async () => {
    const chargeId = await openCharge();
    expect(await announce(signed, { chargeId, signature: '0'.repeat(40) })).toBe(200);
    expect(await announce(signed, { chargeId, signature: '' })).toBe(200);
    expect(await reports(chargeId)).toEqual([]);
    expect(await events(signed, 'bad_signature')).toBe(2);
  });

  test('is a hint without a secret, and one in ten seconds', async () => {
    const chargeId = await openCharge();
    const same = { chargeId, delivery: randomUUID() };
    expect([await announce(unsigned, same), await announce(unsigned, same)]).toEqual([200, 200]);
    expect(await reports(chargeId)).toEqual([{ ...told, source: 'webhook (unsigned)' }]);
  });

  test('is answered 503 while Temporal is away, and taken when it comes again', async () => {
    const delivery = randomUUID();
    expect(await announce(cutOff, { delivery })).toBe(503);
    expect(await announce(cutOff, { delivery })).toBe(503);
    expect(await events(cutOff, 'unstored')).toBe(2);
    expect(await events(cutOff, 'duplicate')).toBe(0);
    expect(await announce(cutOff, { event: 'ping' })).toBe(200);
  });

  test.each([
    ['ping', { event: 'ping' }],
    ['settlement', { event: 'settlement_add' }],
    ['ignored', { event: 'cdd_case_update' }],
    ['not_ours', { chargeId: 'web-shop-order-7' }],
    ['nameless', { body: '{"event":"checkout_authorization"}' }],
    ['malformed', { body: 'not JSON' }],
    ['malformed', { body: 'x'.repeat(1_000_001) }],
  ])('is answered 200 and counted as %s', async (kind, of: Event) => {
    const before = await events(signed, kind);
    expect(await announce(signed, of)).toBe(200);
    expect(await events(signed, kind)).toBe(before + 1);
  });

  test('has no other method', async () => {
    expect((await signed.call('/webhooks/dintero/events')).status).toBe(405);
  });
});
