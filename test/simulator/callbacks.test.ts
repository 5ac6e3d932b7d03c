import { describe, expect, it, vi } from 'vitest';
import type { Delivery, Transaction } from '../../simulator/records.ts';
import { signCallback } from '../../simulator/signature.ts';
import {
  aString,
  eventually,
  paid,
  plant,
  press,
  prompt,
  sessionBody,
  sessionOf,
  startDintero,
  startReceiver,
  type Dintero,
  type Received,
} from './harness.ts';

const secret = 'callback-secret';

async function deliveriesOf(dintero: Dintero, sessionId: string): Promise<Delivery[]> {
  const path = `/deliveries?session_id=${sessionId}`;
  return (await dintero.control<{ deliveries: Delivery[] }>('GET', path)).body.deliveries;
}

/** Waits until every delivery of the session has come to an end. */
async function ended(dintero: Dintero, sessionId: string): Promise<Delivery[]> {
  await eventually(async () => {
    const states = (await deliveriesOf(dintero, sessionId)).map(({ state }) => state);
    expect(states.length).toBeGreaterThan(0);
    expect(states).not.toContain('pending');
  });
  return await deliveriesOf(dintero, sessionId);
}

/** What a callback was about: its error, its event, or the result. */
function topic({ url }: Received): string {
  return url.searchParams.get('error') ?? url.searchParams.get('event') ?? 'result';
}

function isSigned({ url, method, headers }: Received): boolean {
  const header = String(headers['dintero-signature']);
  const timestamp = Number(/t=(\d+)/.exec(header)?.[1]);
  const input = { secret, timestamp, accountId: 'T90001234', method, url: url.href };
  return signCallback(input) === header;
}

describe('a callback', () => {
  it('by POST carries the transaction, the options of the address and a signature', async () => {
    const dintero = await startDintero({ signatureSecret: secret });
    const { url, received } = await startReceiver();
    const options = 'method=POST&report_error=true&mine=a%20b';
    const { id, session_id, merchant_reference } = await paid(dintero, {
      callback: `${url}/cb/1?${options}`,
    });
    await ended(dintero, session_id);
    const [callback] = received;
    expect(received).toHaveLength(1);
    expect(callback).toMatchObject({ method: 'POST', body: { id, status: 'CAPTURED' } });
    expect(callback?.headers).toMatchObject({
      'content-type': 'application/json',
      'event-delivery': aString,
    });
    expect(Object.fromEntries(callback?.url.searchParams ?? [])).toEqual({
      method: 'POST',
      report_error: 'true',
      mine: 'a b',
      transaction_id: id,
      session_id,
      merchant_reference,
      time: aString,
    });
    expect(received.map(isSigned)).toEqual([true]);
  });

  it('by GET has no body, and no signature without a secret', async () => {
    const dintero = await startDintero();
    const { url, received } = await startReceiver();
    const { session_id } = await paid(dintero, { callback: `${url}/` });
    await ended(dintero, session_id);
    expect(received).toMatchObject([{ method: 'GET', body: undefined }]);
    expect(received[0]?.headers).not.toHaveProperty('dintero-signature');
  });

  it('names the session as sid and includes it where the address says so', async () => {
    const dintero = await startDintero();
    const { url, received } = await startReceiver();
    const { session_id } = await paid(dintero, {
      callback: `${url}/?method=POST&includes=session&sid_parameter_name=sid`,
    });
    await ended(dintero, session_id);
    expect(received[0]?.url.searchParams.get('sid')).toBe(session_id);
    expect(received[0]?.url.searchParams.has('session_id')).toBe(false);
    expect(received[0]?.body).toMatchObject({ session: { id: session_id } });
  });

  it.each([
    ['', 'tap', ['result']],
    ['report_event=CAPTURE&report_event=VOID', 'tap', ['CAPTURE', 'result']],
    ['report_event=VOID', 'tap', ['result']],
    ['report_error=true', 'decline', ['authorization']],
    ['report_error=true', 'stop', ['cancelled']],
  ])('with %j after %s comes for %j', async (options, button, topics) => {
    const dintero = await startDintero();
    const { url, received } = await startReceiver();
    const { id, terminal } = await prompt(dintero, { callback: `${url}/?${options}` });
    await press(dintero, terminal, button);
    await ended(dintero, id);
    expect(received.map(topic).toSorted()).toEqual(topics.toSorted());
  });

  it('for an error is not sent unless asked for', async () => {
    const dintero = await startDintero();
    const { id, terminal } = await prompt(dintero, { callback: 'http://127.0.0.1:9/' });
    await press(dintero, terminal, 'decline');
    expect(await deliveriesOf(dintero, id)).toEqual([]);
  });

  it('for an error before any transaction names the session alone', async () => {
    const dintero = await startDintero();
    const { url, received } = await startReceiver();
    const callback = `${url}/?method=POST&report_error=true`;
    const { id, terminal } = await prompt(dintero, { callback });
    await press(dintero, terminal, 'stop');
    await ended(dintero, id);
    expect(received[0]?.body).toBeUndefined();
    expect(received[0]?.url.searchParams.has('transaction_id')).toBe(false);
    expect(received[0]?.url.searchParams.get('session_id')).toBe(id);
  });

  it('reports a void, which names its event', async () => {
    const dintero = await startDintero();
    const { url, received } = await startReceiver();
    const callback = `${url}/?report_event=VOID`;
    const { id, session_id } = await paid(dintero, { callback, autoCapture: false });
    await dintero.call('POST', `/v1/transactions/${id}/void`);
    await eventually(() => expect(received.map(topic)).toContain('VOID'));
    await ended(dintero, session_id);
    const voided = received.find((one) => topic(one) === 'VOID');
    expect(voided?.url.searchParams.get('event_id')).toBe('2');
  });

  it('waits for the capture while auto-capture fails', async () => {
    const dintero = await startDintero();
    const behaviour = { auto_capture_failing_ms: 400, auto_capture_retry_ms: 100 };
    await dintero.control('PUT', '/behaviour', behaviour);
    const { url, received } = await startReceiver();
    const { session_id, status } = await paid(dintero, { callback: `${url}/?method=POST` });
    expect([status, await deliveriesOf(dintero, session_id)]).toEqual(['AUTHORIZED', []]);
    await eventually(() => expect(received).toHaveLength(1));
    expect(received[0]?.body).toMatchObject({ status: 'CAPTURED' });
  });

  it('leaves a mark on the session once delivered', async () => {
    const dintero = await startDintero();
    const { url } = await startReceiver();
    const { session_id, events } = await paid(dintero, { callback: `${url}/` });
    await ended(dintero, session_id);
    expect((await sessionOf(dintero, session_id)).events.at(-1)).toMatchObject({
      name: 'AUTH_CALLBACK_SENT',
      details: { transaction_event_id: events.at(-1)?.id },
    });
  });
});

describe('the first attempt', () => {
  it.each([
    ['delay_callback=1', 1],
    ['delay_callback=120', 60],
  ])('with %s waits %s s', async (option, seconds) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    try {
      const dintero = await startDintero();
      const { url, received } = await startReceiver();
      await paid(dintero, { callback: `${url}/?${option}` });
      vi.advanceTimersByTime(seconds * 1000 - 1);
      await new Promise(setImmediate);
      expect(received).toHaveLength(0);
      vi.advanceTimersByTime(1);
      await new Promise<void>((done) => {
        const look = (): unknown => (received.length > 0 ? done() : setImmediate(look));
        look();
      });
      expect(received).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a receiver that answers', () => {
  it.each([
    ['200', (status: number) => status, ['delivered', 1]],
    ['404', () => 404, ['refused', 1]],
    ['302', () => 302, ['refused', 1]],
    ['500 twice', (_: number, turn: number) => (turn < 3 ? 500 : 200), ['delivered', 3]],
    ['503 for ever', () => 503, ['given_up', 21]],
  ])('%s', async (_name, statusOf, [state, attempts]) => {
    const dintero = await startDintero({ callbackRetriesMs: [1] });
    let turn = 0;
    const { url, received } = await startReceiver((_received, res) => {
      turn += 1;
      res.writeHead(statusOf(200, turn)).end();
    });
    const { session_id } = await paid(dintero, { callback: `${url}/` });
    const [delivery] = await ended(dintero, session_id);
    expect([delivery?.state, delivery?.attempts.length]).toEqual([state, attempts]);
    const names = received.map(({ headers }) => headers['event-delivery']);
    expect(new Set(names).size).toBe(1);
  });

  it('too late, or hangs up, is asked again', async () => {
    const dintero = await startDintero({ callbackRetriesMs: [1], callbackTimeoutMs: 250 });
    let turn = 0;
    const { url } = await startReceiver((_received, res) => {
      turn += 1;
      if (turn === 2) res.destroy();
      if (turn === 3) res.end();
    });
    const { session_id } = await paid(dintero, { callback: `${url}/` });
    const [delivery] = await ended(dintero, session_id);
    expect(delivery).toMatchObject({
      state: 'delivered',
      attempts: [{ error: aString }, { error: aString }, { status: 200 }],
    });
  });
});

describe('a fault', () => {
  it('drops a callback', async () => {
    const dintero = await startDintero();
    await plant(dintero, 'callback', 'drop', { match: { event: 'result' } });
    const { url, received } = await startReceiver();
    const { session_id } = await paid(dintero, { callback: `${url}/?report_event=CAPTURE` });
    const states = (await ended(dintero, session_id)).map(({ reports, state }) => [reports, state]);
    expect(Object.fromEntries(states)).toEqual({ result: 'dropped', CAPTURE: 'delivered' });
    expect(received.map(topic)).toEqual(['CAPTURE']);
  });

  it.each([
    [true, 1],
    [false, 2],
  ])('doubles a callback, same delivery %s', async (same, names) => {
    const dintero = await startDintero();
    await plant(dintero, 'callback', { kind: 'duplicate', same_delivery: same });
    const { url, received } = await startReceiver();
    const { session_id } = await paid(dintero, { callback: `${url}/` });
    await ended(dintero, session_id);
    expect(received).toHaveLength(2);
    expect(new Set(received.map(({ headers }) => headers['event-delivery'])).size).toBe(names);
  });

  it('lets a later callback overtake', async () => {
    const dintero = await startDintero();
    await plant(dintero, 'callback', { kind: 'delay', ms: 300 }, { match: { event: 'result' } });
    const { url, received } = await startReceiver();
    const callback = `${url}/?report_event=VOID`;
    const { id } = await paid(dintero, { callback, autoCapture: false });
    await dintero.call('POST', `/v1/transactions/${id}/void`);
    await eventually(() => expect(received.map(topic)).toEqual(['VOID', 'result']));
  });

  it('signs with an old time, or falsely, or lies in the body', async () => {
    const dintero = await startDintero({ signatureSecret: secret });
    await plant(dintero, 'callback', { kind: 'stale_timestamp', seconds: 600 });
    await plant(dintero, 'callback', 'bad_signature');
    await plant(dintero, 'callback', { kind: 'rewrite', set: { amount: 1 } });
    const { url, received } = await startReceiver();
    const seen: Received[] = [];
    for (let turn = 1; turn <= 3; turn += 1) {
      await paid(dintero, { callback: `${url}/?method=POST`, amount: 500 });
      await eventually(() => expect(received).toHaveLength(turn));
      seen.push(...received.slice(-1));
    }
    expect(seen.map(isSigned)).toEqual([true, false, true]);
    expect(seen.map(({ body }) => (body as Transaction).amount)).toEqual([500, 500, 1]);
    const signedAt = Number(/t=(\d+)/.exec(String(seen[0]?.headers['dintero-signature']))?.[1]);
    expect(Math.abs(Date.now() / 1000 - signedAt - 600)).toBeLessThan(5);
  });

  it('lets the callback arrive before the create is answered', async () => {
    const dintero = await startDintero();
    await plant(dintero, 'callback', 'before_response');
    await dintero.control('PUT', '/customer', { action: 'tap', delay_ms: 0 });
    const { url, received } = await startReceiver();
    await dintero.call('POST', '/v1/sessions-profile', sessionBody({ callback: `${url}/` }));
    expect(received).toHaveLength(1);
  });

  it('completes an accepted capture twice: two callbacks, one capture', async () => {
    const dintero = await startDintero();
    await plant(dintero, 'capture', { kind: 'accept_202', success: 'twice' });
    const { url, received } = await startReceiver();
    const callback = `${url}/?report_event=CAPTURE`;
    const { id, amount } = await paid(dintero, { callback, autoCapture: false });
    await dintero.call('POST', `/v1/transactions/${id}/capture`, { amount });
    await eventually(() =>
      expect(received.map(topic).filter((name) => name === 'CAPTURE')).toHaveLength(2),
    );
    const { body } = await dintero.call<Transaction>('GET', `/v1/transactions/${id}`);
    expect(body.events.filter(({ event }) => event === 'CAPTURE')).toHaveLength(1);
  });
});
