import { describe, expect, it } from 'vitest';
import { controlSimulator } from '../../scripts/dintero-simulator.ts';
import type { Transaction } from '../../simulator/records.ts';
import {
  callsTo,
  eventually,
  paid,
  plant,
  prompt,
  requestToken,
  sessionBody,
  startDintero,
  startReceiver,
  type Dintero,
} from './harness.ts';

async function create(dintero: Dintero, reference: string): Promise<number> {
  const body = sessionBody({ reference });
  return (await dintero.call('POST', '/v1/sessions-profile', body)).status;
}

async function countSessions(dintero: Dintero): Promise<number> {
  const { entries } = (await dintero.control<{ entries: { kind: string }[] }>('GET', '/ledger'))
    .body;
  return entries.filter(({ kind }) => kind === 'session_created').length;
}

describe('a lost answer', () => {
  it.each([
    ['reset_before', 0],
    ['reset_after', 1],
    [{ kind: 'hang_before', ms: 20 }, 0],
    [{ kind: 'hang_after', ms: 20 }, 1],
  ])('by %j leaves %i sessions', async (fault, sessions) => {
    const dintero = await startDintero();
    await plant(dintero, 'create_session', fault);
    await expect(create(dintero, 'S-1')).rejects.toThrow('fetch failed');
    expect(await countSessions(dintero)).toBe(sessions);
    expect(await callsTo(dintero, 'create_session')).toMatchObject([
      { merchant_reference: 'S-1', status: null, processed: sessions === 1 },
    ]);
    expect(await create(dintero, 'S-2')).toBe(200);
  });

  it('hangs until the client gives up', async () => {
    const dintero = await startDintero();
    await plant(dintero, 'create_session', 'hang_after');
    const signal = AbortSignal.timeout(50);
    const answer = fetch(`${dintero.url}/v1/sessions-profile`, {
      method: 'POST',
      headers: { authorization: `Bearer ${dintero.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(sessionBody()),
      signal,
    });
    await expect(answer).rejects.toThrow('aborted due to timeout');
    expect(await countSessions(dintero)).toBe(1);
  });
});

describe('a wrong answer', () => {
  it.each([
    [{ kind: 'status', status: 500, processed: true }, 500, 1, { error: { errors: [] } }],
    [{ kind: 'status', status: 503 }, 503, 0, { error: { message: 'simulated 503' } }],
    [{ kind: 'status', status: 502, body: '<html>' }, 502, 0, '<html>'],
    [{ kind: 'status', status: 422, body: { error: { message: 'no' } } }, 422, 0, {}],
    ['garbage', 200, 1, expect.stringContaining('<html>') as unknown],
    [{ kind: 'garbage', body: { hello: 1 } }, 200, 1, { hello: 1 }],
  ])('by %j is %i, with %i sessions made', async (fault, status, sessions, body) => {
    const dintero = await startDintero();
    await plant(dintero, 'create_session', fault);
    const answer = await dintero.call('POST', '/v1/sessions-profile', sessionBody());
    expect([answer.status, await countSessions(dintero)]).toEqual([status, sessions]);
    expect({ body: answer.body }).toMatchObject({ body });
  });

  it('carries headers, such as when to come back', async () => {
    const dintero = await startDintero();
    const fault = { kind: 'status', status: 429, headers: { 'Retry-After': '7' } };
    await plant(dintero, 'token', fault);
    const answer = await requestToken(dintero.url);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7']);
  });

  it('rewrites an object, and every row of a list', async () => {
    const dintero = await startDintero();
    const { id, session_id, store } = await paid(dintero);
    const set = { status: 'NEVER_HEARD_OF', store: { id: 'oslo-01' } };
    await plant(dintero, 'get_transaction', { kind: 'rewrite', set });
    await plant(dintero, 'list_transactions', { kind: 'rewrite', set }, { match: { session_id } });
    const one = await dintero.call('GET', `/v1/transactions/${id}`);
    const list = await dintero.call('GET', `/v1/transactions?session_id=${session_id}`);
    const expected = { id, status: 'NEVER_HEARD_OF', store: { ...store, id: 'oslo-01' } };
    expect(one.body).toMatchObject(expected);
    expect(list.body).toMatchObject([expected]);
    expect((await dintero.call('GET', `/v1/transactions/${id}`)).body['status']).toBe('CAPTURED');
  });
});

describe('time', () => {
  it.each([
    ['slow', 1],
    ['late', 0],
  ])('%s answers later, with %i sessions made meanwhile', async (kind, sessions) => {
    const dintero = await startDintero();
    await plant(dintero, 'create_session', { kind, ms: 400 });
    const answer = create(dintero, 'S-1');
    await create(dintero, 'S-2');
    expect(await countSessions(dintero)).toBe(1 + sessions);
    expect(await answer).toBe(200);
    expect(await countSessions(dintero)).toBe(2);
  });

  it('a slow answer tells how things were when it was made', async () => {
    const dintero = await startDintero();
    const { id, session_id } = await authorised(dintero);
    await plant(dintero, 'get_session', { kind: 'slow', ms: 400 });
    const answer = dintero.call('GET', `/v1/sessions/${session_id}`);
    await eventually(async () => expect(await callsTo(dintero, 'get_session')).toHaveLength(1));
    await dintero.call('POST', `/v1/sessions/${session_id}/cancel`);
    expect((await answer).body).toMatchObject({ transaction_id: id });
    expect((await answer).body).not.toHaveProperty('cancelled_at');
  });

  it('late works on after the client has given up', async () => {
    const dintero = await startDintero();
    await plant(dintero, 'create_session', { kind: 'late', ms: 300 });
    const answer = fetch(`${dintero.url}/v1/sessions-profile`, {
      method: 'POST',
      headers: { authorization: `Bearer ${dintero.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(sessionBody()),
      signal: AbortSignal.timeout(20),
    });
    await expect(answer).rejects.toThrow('aborted due to timeout');
    expect(await countSessions(dintero)).toBe(0);
    await eventually(async () => expect(await countSessions(dintero)).toBe(1));
    expect(await create(dintero, 'S-2')).toBe(200);
  });

  it('hides what is young from the list, while reading it works', async () => {
    const dintero = await startDintero();
    const { id, merchant_reference } = await paid(dintero);
    await plant(dintero, 'list_transactions', { kind: 'list_lag', ms: 60_000 });
    const list = async (): Promise<unknown> =>
      (await dintero.call('GET', `/v1/transactions?merchant_reference=${merchant_reference}`)).body;
    expect(await list()).toEqual([]);
    expect((await dintero.call('GET', `/v1/transactions/${id}`)).status).toBe(200);
    expect(await list()).toHaveLength(1);
  });
});

describe('a fault', () => {
  it('strikes only what it matches, as often as it says', async () => {
    const dintero = await startDintero();
    const match = { merchant_reference: 'S-1' };
    await plant(dintero, 'create_session', { kind: 'status', status: 500 }, { match, times: 2 });
    const answers = [];
    for (const reference of ['S-2', 'S-1', 'S-1', 'S-1']) {
      answers.push(await create(dintero, reference));
    }
    expect(answers).toEqual([200, 500, 500, 200]);
  });

  it('with times 0 strikes until it is removed', async () => {
    const dintero = await startDintero();
    await plant(dintero, 'create_session', { kind: 'status', status: 500 }, { times: 0 });
    expect([await create(dintero, 'a'), await create(dintero, 'b')]).toEqual([500, 500]);
    await dintero.control('DELETE', '/faults');
    expect(await create(dintero, 'c')).toBe(200);
  });

  it.each([
    'get_session',
    'cancel_session',
    'pay_session',
    'get_transaction',
    'list_transactions',
    'update_transaction',
    'capture',
    'void',
  ])('strikes %s', async (endpoint) => {
    const dintero = await startDintero();
    const { id, session_id, terminal } = await authorised(dintero);
    const paths: Record<string, [string, string]> = {
      get_session: ['GET', `/sessions/${session_id}`],
      cancel_session: ['POST', `/sessions/${session_id}/cancel`],
      pay_session: ['POST', `/sessions/${session_id}/pay`],
      get_transaction: ['GET', `/transactions/${id}`],
      list_transactions: ['GET', `/transactions?terminal_id=${terminal}`],
      update_transaction: ['PUT', `/transactions/${id}`],
      capture: ['POST', `/transactions/${id}/capture`],
      void: ['POST', `/transactions/${id}/void`],
    };
    const [method, path] = paths[endpoint] ?? ['', ''];
    await plant(
      dintero,
      endpoint,
      { kind: 'status', status: 599 },
      { match: { terminal_id: terminal } },
    );
    const body = method === 'GET' ? undefined : { amount: 1 };
    expect((await dintero.call(method, `/v1${path}`, body)).status).toBe(599);
    expect(await callsTo(dintero, endpoint)).toMatchObject(
      [{ status: 599, fault: 'status' }].slice(0, 1),
    );
  });

  it.each(['merchant_reference', 'merchant_reference_2', 'session_id', 'terminal_id'] as const)(
    'can be planted on the lists by %s alone',
    async (name) => {
      const dintero = await startDintero();
      const { store, ...one } = await paid(dintero);
      const given = { ...one, terminal_id: store.terminal_id };
      const match = { [name]: given[name] };
      await plant(dintero, 'list_transactions', { kind: 'status', status: 599 }, { match });
      const statuses: Record<string, number> = {};
      const by = [
        'merchant_reference',
        'merchant_reference_2',
        'session_id',
        'terminal_id',
      ] as const;
      for (const key of by) {
        const query = new URLSearchParams({
          [key]: given[key] ?? '',
          'created_at.gte': '2020-01-01',
        });
        statuses[key] = (await dintero.call('GET', `/v1/transactions?${query.toString()}`)).status;
      }
      expect(statuses).toEqual({ ...Object.fromEntries(by.map((key) => [key, 200])), [name]: 599 });
    },
  );

  it('strikes in the order of planting, whatever it names', async () => {
    const dintero = await startDintero();
    const planted = [{ merchant_reference_2: 'sale-S-1' }, {}, { merchant_reference: 'S-1' }];
    for (const [index, match] of planted.entries()) {
      await plant(dintero, 'create_session', { kind: 'status', status: 500 + index }, { match });
    }
    const answers = [];
    for (let count = 0; count < 4; count += 1) answers.push(await create(dintero, 'S-1'));
    expect(answers).toEqual([500, 501, 502, 200]);
  });

  it('that struck is counted, by endpoint and kind, and one that never did is not', async () => {
    const dintero = await startDintero();
    const { url: callback } = await startReceiver();
    await plant(dintero, 'create_session', { kind: 'status', status: 500 }, { times: 2 });
    await plant(dintero, 'callback', { kind: 'duplicate', same_delivery: false });
    await plant(dintero, 'void', 'reset_after');
    expect([await create(dintero, 'a'), await create(dintero, 'b')]).toEqual([500, 500]);
    await paid(dintero, { callback });
    expect(await controlSimulator(dintero.url).faultsHit()).toEqual([
      { endpoint: 'create_session', kind: 'status', times: 2 },
      { endpoint: 'callback', kind: 'duplicate', times: 1 },
    ]);
  });

  it('that makes no sense is refused, naming the problem', async () => {
    const dintero = await startDintero();
    const body = { endpoint: 'capture', do: { kind: 'explode' } };
    const answer = await dintero.control('POST', '/faults', body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain('do.kind');
  });
});

async function authorised(
  dintero: Dintero,
): Promise<Pick<Transaction, 'id' | 'session_id'> & { terminal: string }> {
  const { id, terminal } = await prompt(dintero, { autoCapture: false });
  await dintero.control('POST', `/terminals/${terminal}/tap`, {});
  const path = `/simulator/sessions/${id}`;
  const session = (await (await fetch(dintero.url + path)).json()) as { transaction_id: string };
  return { id: session.transaction_id, session_id: id, terminal };
}
