/** Each activity against the simulator: one row per failure, and what Dintero was asked. */
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Client } from '@temporalio/client';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBack } from '../../activities/dintero/reads.ts';
import { dinteroFailure } from '../../activities/failures.ts';
import { createActivities, type Activities } from '../../activities/index.ts';
import { controlSimulator, type SimulatorControl } from '../../scripts/dintero-simulator.ts';
import { createSimulator, type Simulator } from '../../simulator/simulator.ts';

const quiet = new DefaultLogger('ERROR');
const chargeId = 'S-1.1';
const terminalId = 'T90001234-T0003';
const timeoutMs = 400;

const sale = {
  chargeId,
  reference: 'S-1',
  amount: 12900,
  currency: 'NOK',
  terminalId,
  storeId: 'bergen-01',
  payoutDestinationId: 'seller-9',
};

type Name =
  | 'createSession'
  | 'paySession'
  | 'readCharge'
  | 'readSale'
  | 'cancelSession'
  | 'captureTransaction'
  | 'voidTransaction';

const endpointOf: Record<Name, string> = {
  createSession: 'create_session',
  paySession: 'pay_session',
  readCharge: 'get_session',
  readSale: 'list_transactions',
  cancelSession: 'cancel_session',
  captureTransaction: 'capture',
  voidTransaction: 'void',
};
const isMove = (name: Name): boolean => !name.startsWith('read');

describe('activities', () => {
  let simulator: Simulator;
  let dintero: SimulatorControl;
  let activities: Activities;
  let sessionId: string;
  let transactionId: string;

  const bind = (change: { clientSecret?: string; url?: string } = {}): Activities =>
    createActivities({
      config: {
        checkoutUrl: `${change.url ?? simulator.url}/v1`,
        apiUrl: `${change.url ?? simulator.url}/v1`,
        accountId: 'T90001234',
        clientId: 'simulator',
        clientSecret: change.clientSecret ?? 'simulator',
        profileId: simulator.options.profileId,
        publicUrl: null,
        installation: 'test',
      },
      // No activity of this file asks Temporal.
      temporal: undefined as unknown as Client,
    });

  async function create(
    from: Activities,
    windowMs = 1500,
    change: Partial<typeof sale> = {},
  ): Promise<string> {
    const env = new MockActivityEnvironment({}, { logger: quiet });
    const created: { sessionId: string } = await env.run(from.createSession, {
      sale: { ...sale, ...change },
      items: null,
      autoCapture: false,
      publishes: false,
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
      sendBefore: Date.now() + windowMs,
      originalRunId: env.context.info.workflowExecution?.runId ?? '',
      timeoutMs,
    });
    return created.sessionId;
  }

  async function run(name: Name, from = activities): Promise<unknown> {
    const env = new MockActivityEnvironment({}, { logger: quiet });
    const originalRunId = env.context.info.workflowExecution?.runId ?? '';
    switch (name) {
      case 'createSession':
        return await create(from);
      case 'paySession':
        return await env.run(from.paySession, {
          chargeId,
          sessionId,
          sendBefore: Date.now() + 1500,
          originalRunId,
          timeoutMs,
        });
      case 'readCharge':
        return await env.run(from.readCharge, {
          chargeId,
          reference: 'S-1',
          sessionId,
          transactionId: null,
          search: null,
          timeoutMs,
        });
      case 'readSale':
        return await env.run(from.readSale, { chargeId, reference: 'S-1', timeoutMs });
      case 'cancelSession':
        return await env.run(from.cancelSession, { chargeId, sessionId, timeoutMs });
      case 'captureTransaction':
        return await env.run(from.captureTransaction, {
          chargeId,
          transactionId,
          amount: 12900,
          timeoutMs,
        });
      case 'voidTransaction':
        return await env.run(from.voidTransaction, { chargeId, transactionId, timeoutMs });
    }
  }

  /** How often the endpoint was asked since the set-up, which asked once for a create. */
  async function asked(name: Name): Promise<number> {
    return (
      (await dintero.calls({ endpoint: endpointOf[name] })).length -
      (name === 'createSession' ? 1 : 0)
    );
  }

  beforeEach(async () => {
    simulator = await createSimulator({ port: 0 });
    dintero = controlSimulator(simulator.url);
    activities = bind();
    sessionId = await create(activities);
    await dintero.press(terminalId, 'tap');
    const [authorised] = await dintero.ledger({ kind: 'authorised' });
    transactionId = authorised?.transaction_id ?? '';
  });
  afterEach(async () => {
    await simulator.close();
  });

  const names = Object.keys(endpointOf) as Name[];
  const faults: [name: string, fault: object, read: string, move: string][] = [
    [
      'is reset after it was processed',
      { kind: 'reset_after' },
      'DinteroUnavailable',
      'OutcomeUnknown',
    ],
    ['is reset before', { kind: 'reset_before' }, 'DinteroUnavailable', 'OutcomeUnknown'],
    ['never answers', { kind: 'hang_after', ms: 3000 }, 'DinteroUnavailable', 'OutcomeUnknown'],
    ['answers 500', { kind: 'status', status: 500 }, 'DinteroUnavailable', 'OutcomeUnknown'],
    ['answers 503', { kind: 'status', status: 503 }, 'DinteroUnavailable', 'OutcomeUnknown'],
    [
      'answers 502 in HTML',
      { kind: 'status', status: 502, body: '<html>' },
      'DinteroUnavailable',
      'OutcomeUnknown',
    ],
    ['answers 400', { kind: 'status', status: 400 }, 'DinteroRejected', 'DinteroRejected'],
    ['answers 404', { kind: 'status', status: 404 }, 'DinteroNotFound', 'DinteroRejected'],
    [
      'answers 403, also with a fresh token',
      { kind: 'status', status: 403 },
      'DinteroUnauthorized',
      'DinteroUnauthorized',
    ],
  ];
  const rows = names.flatMap((name) =>
    faults.map(([how, fault, read, move]) => ({
      name,
      how,
      fault,
      type: isMove(name) ? move : read,
    })),
  );

  it.each(rows)('$name that $how is $type', async ({ name, fault, type }) => {
    await dintero.fault({ endpoint: endpointOf[name], times: 0, do: fault });
    await expect(run(name)).rejects.toMatchObject({ type });
    // What may have been processed is asked once; only a 403 is asked again, with a fresh token.
    expect(await asked(name)).toBe(type === 'DinteroUnauthorized' ? 2 : 1);
  });

  // A session that was paid cannot be paid again; that refusal is the second answer.
  it.each(names)('%s is asked once more with a fresh token after a 401', async (name) => {
    await dintero.fault({ endpoint: endpointOf[name], do: { kind: 'status', status: 401 } });
    const error: unknown = await run(name).catch((thrown: unknown) => thrown);
    expect(error).not.toMatchObject({ type: 'DinteroUnauthorized' });
    expect(await asked(name)).toBe(2);
  });

  it('waits as Retry-After says inside the window, and sends once it may', async () => {
    const headers = { 'retry-after': '1' };
    await dintero.fault({
      endpoint: 'create_session',
      do: { kind: 'status', status: 429, headers },
    });
    const from = Date.now();
    await create(activities, 3000).catch(() => undefined);
    expect(Date.now() - from).toBeGreaterThanOrEqual(1000);
    expect(await asked('createSession')).toBe(2);
  });

  it('gives up when Retry-After is past the window, as certainly unprocessed', async () => {
    const headers = { 'retry-after': '60' };
    await dintero.fault({
      endpoint: 'create_session',
      times: 0,
      do: { kind: 'status', status: 429, headers },
    });
    await expect(create(activities)).rejects.toMatchObject({
      type: 'DinteroRateLimited',
      details: [{ retryAfterMs: 60_000 }],
    });
    expect(await asked('createSession')).toBe(1);
  });

  it('sends nothing after the window', async () => {
    await expect(create(activities, -1)).rejects.toMatchObject({ type: 'DinteroUnavailable' });
    expect(await asked('createSession')).toBe(0);
  });

  it('tries a refused connection again inside the window only, and says that nothing was sent', async () => {
    const nobody = bind({ url: 'http://127.0.0.1:1' });
    await expect(create(nobody, 500)).rejects.toMatchObject({ type: 'DinteroUnavailable' });
  });

  it('does not send in a run made by reset', async () => {
    const env = new MockActivityEnvironment({}, { logger: quiet });
    const pay = {
      chargeId,
      sessionId,
      sendBefore: Date.now() + 1500,
      originalRunId: 'the run before',
      timeoutMs,
    };
    await expect(env.run(activities.paySession, pay)).rejects.toMatchObject({
      type: 'OutcomeUnknown',
    });
    expect(await asked('paySession')).toBe(0);
  });

  it('accepts 202 as sent, and shows the operation as pending until its result', async () => {
    await dintero.fault({ endpoint: 'capture', do: { kind: 'accept_202', success: 'never' } });
    await run('captureTransaction');
    const { transaction } = (await run('readCharge')) as { transaction: unknown };
    expect(transaction).toMatchObject({
      status: 'authorised',
      pending: ['capture'],
      capturedAmount: 0,
    });
  });

  it.each([
    [15_000, 4_000],
    [timeoutMs, timeoutMs],
  ])(
    'reads a capture back before its activity ends: %i ms to capture, %i to read',
    async (...ms) => {
      const [toCapture, toRead] = ms;
      const asked: number[] = [];
      const call = async (one: { timeoutMs: number }): Promise<never> => {
        asked.push(one.timeoutMs);
        return await Promise.reject(dinteroFailure('DinteroUnavailable', 'away'));
      };
      const ask = { chargeId, transactionId, timeoutMs: toCapture };
      expect(await readBack({ client: { call } } as never, ask)).toBeNull();
      expect(asked).toEqual([toRead]);
    },
  );

  it('shares one token among calls at once', async () => {
    const fresh = bind();
    const before = (await dintero.calls({ endpoint: 'token' })).length;
    await Promise.all(Array.from({ length: 20 }, async () => await run('readSale', fresh)));
    expect((await dintero.calls({ endpoint: 'token' })).length - before).toBe(1);
  });

  it('reports wrong credentials as a refusal of us, not of the payment', async () => {
    await expect(run('createSession', bind({ clientSecret: 'wrong' }))).rejects.toMatchObject({
      type: 'DinteroUnauthorized',
    });
    expect(await asked('createSession')).toBe(0);
  });

  it.each([500, 429])('gets a token though its endpoint answers %i at first', async (status) => {
    await dintero.fault({ endpoint: 'token', do: { kind: 'status', status } });
    await create(bind(), 3000);
    expect(await asked('createSession')).toBe(1);
  });

  it('finds the sale’s money on the second page of the list, too', async () => {
    await dintero.customer({ action: 'tap', delay_ms: 0 });
    for (let n = 10; n < 115; n += 1) {
      // Newer than our own, of other sales and of this one: the list shows them first.
      const change = { chargeId: `S-1.${n}`, terminalId: `T90001234-T${1000 + n}` };
      await create(activities, 1500, change);
    }
    const sale = await run('readSale');
    expect(sale).toMatchObject({ own: { sessionId, transactionId } });
    expect(await asked('readSale')).toBe(2);
  });

  it('never puts a secret or a session id into a failure', async () => {
    await dintero.fault({
      endpoint: 'get_session',
      do: { kind: 'status', status: 500, body: `leaks ${sessionId}` },
    });
    const error: unknown = await run('readCharge').catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('Dintero answered 500');
    expect(JSON.stringify(error)).not.toContain(sessionId);
  });
});
