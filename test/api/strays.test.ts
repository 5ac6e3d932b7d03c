/** Callbacks of charges that have ended, or that nobody knows. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrayFromPayloads, defaultPayloadConverter } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { searchAttributes } from '../../workflows/messages.ts';
import {
  callbackSecrets,
  chargeRequest,
  counted,
  deliver,
  newReference,
  policy,
  startApi,
  startRecovery,
  startTemporal,
  startWorker,
  type RunningApi,
  type TestWorker,
} from './api-harness.ts';

let env: TestWorkflowEnvironment;
let worker: TestWorker;
let signed: RunningApi;
let unsigned: RunningApi;

beforeAll(async () => {
  env = await startTemporal();
  [worker, signed, unsigned] = await Promise.all([
    startWorker(env),
    startApi(env.address, callbackSecrets),
    startApi(env.address),
  ]);
}, 60_000);

afterAll(async () => {
  await Promise.all([signed.end(), unsigned.end()]);
  await worker.stop();
  await env.teardown();
});

/** A charge that has ended as the script says, and the transaction that a captured one names. */
async function ended(script: string): Promise<{ id: string; own: string }> {
  const reference = newReference(script);
  const { body } = await signed.call('/charges', {
    body: chargeRequest({ reference }),
    headers: { prefer: 'wait=30' },
  });
  expect(body['outcome']).not.toBeNull();
  return { id: `${reference}.1`, own: `T90001234.${reference}-1` };
}

/** A charge whose workflow is gone without an outcome. */
async function lost(): Promise<string> {
  const { body } = await signed.call('/charges', { body: chargeRequest() });
  const id = String(body['charge_id']);
  await env.client.workflow.getHandle(`charge/${id}`).terminate();
  return id;
}

function newTransaction(): string {
  return `T90001234.${randomUUID()}`;
}

/** What Temporal has stored for a workflow, start's input first; null: there is no such workflow. */
async function stored(workflowId: string): Promise<{ input: unknown; news: unknown[] } | null> {
  const handle = env.client.workflow.getHandle(workflowId);
  const history = await handle.fetchHistory().catch(() => null);
  if (history === null) return null;
  const decoded = (payloads: Parameters<typeof arrayFromPayloads>[1]): unknown =>
    arrayFromPayloads(defaultPayloadConverter, payloads)?.[0];
  const events = history.events ?? [];
  return {
    input: decoded(events[0]?.workflowExecutionStartedEventAttributes?.input?.payloads),
    news: events.flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
      signal === null || signal === undefined ? [] : [decoded(signal.input?.payloads)],
    ),
  };
}

describe('news that agrees', () => {
  test.each([
    ['pays', ''],
    ['pays', '&event=CAPTURE&event_id=2'],
    ['declines', '&error=authorization'],
    ['declines', '&event=VOID'],
  ])('%s%s is only counted', async (script, rest) => {
    const { id, own } = await ended(script);
    const before = await counted(signed, 'agrees');
    expect((await deliver(signed, id, { query: `transaction_id=${own}${rest}` })).status).toBe(200);
    expect((await counted(signed, 'agrees')) - before).toBe(1);
    expect(await stored(`stray/${own}`)).toBeNull();
  });
});

describe('news that does not agree', () => {
  test.each([
    ['a charge that declined', async () => (await ended('declines')).id],
    ['a charge that captured another transaction', async () => (await ended('pays')).id],
    ['a lost charge', lost],
    ['an unknown charge', () => Promise.resolve(`${newReference()}.1`)],
  ])('of %s is followed in a workflow of its own', async (_name, chargeOf) => {
    const id = await chargeOf();
    const transaction = newTransaction();
    const before = await counted(signed, 'stray');
    const query = `transaction_id=${transaction}&session_id=T90001234.s`;
    expect((await deliver(signed, id, { query })).status).toBe(200);
    expect((await counted(signed, 'stray')) - before).toBe(1);
    expect(await stored(`stray/${transaction}`)).toEqual({
      input: { charge_id: id, transaction_id: transaction, is_proven: true, policy },
      news: [
        {
          error: null,
          source: 'callback',
          session_id: 'T90001234.s',
          transaction_id: transaction,
        },
      ],
    });
    const described = await env.client.workflow.getHandle(`stray/${transaction}`).describe();
    const reference = described.typedSearchAttributes.get(searchAttributes.saleReference);
    expect(reference).toBe(id.replace(/\.1$/, ''));
    expect(await described.staticSummary()).toContain(id);
  });

  test('of a transaction whose news was followed before is followed again', async () => {
    const query = `transaction_id=${newTransaction()}`;
    const workflowId = `stray/${query.split('=')[1]}`;
    await deliver(signed, 'nobody.1', { query });
    const first = await env.client.workflow.getHandle(workflowId).describe();
    await env.client.workflow.getHandle(workflowId).result();
    await deliver(signed, 'nobody.1', { query });
    const second = await env.client.workflow.getHandle(workflowId).describe();
    expect(second.runId).not.toBe(first.runId);
  });

  test.each(['session_id=T90001234.s', 'transaction_id=of%20another%20account'])(
    'and names no transaction of ours is only counted: %s',
    async (query) => {
      const before = await counted(signed, 'stray');
      expect((await deliver(signed, 'nobody.1', { query })).status).toBe(200);
      expect((await counted(signed, 'stray')) - before).toBe(1);
    },
  );

  test('of a charge that is open in its recovery goes there', async () => {
    const { id } = await ended('declines');
    await startRecovery(env, id, { taskQueue: 'nobody' });
    const transaction = newTransaction();
    await deliver(signed, id, { query: `transaction_id=${transaction}&error=failed` });
    expect((await stored(`recovery/${id}`))?.news).toEqual([
      { error: 'failed', source: 'callback', transaction_id: transaction },
    ]);
    expect(await stored(`stray/${transaction}`)).toBeNull();
  });
});

describe('unproven news', () => {
  test.each(['stale', 'unsigned'] as const)('%s: once per transaction, no words', async (kind) => {
    const { id } = await ended('declines');
    const [api, ageSeconds] = kind === 'stale' ? [signed, 301] : [unsigned, 0];
    const transaction = newTransaction();
    const query = `transaction_id=${transaction}&error=capture`;
    const storm = Array.from({ length: 20 });
    const answers = await Promise.all(storm.map(() => deliver(api, id, { query, ageSeconds })));
    // At most five a second are looked into, whatever they name.
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toContain(200);
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    const news = (await stored(`stray/${transaction}`))?.news ?? [];
    const one = { error: null, source: `callback (${kind})`, transaction_id: transaction };
    expect(news).toEqual(news.map(() => one));
    // Whoever comes while one is being stored joins it; on a busy machine some come later.
    expect(news.length).toBeLessThan(storm.length / 2);
    // Nobody may be there any more who looks: what comes later is stored anew.
    const before = await counted(api, 'stray');
    const again = async (): Promise<number> =>
      (await deliver(api, id, { query, ageSeconds })).status;
    await expect.poll(again).toBe(200);
    expect(await counted(api, 'stray')).toBe(before + 1);
  });

  test('that comes right after the hint that ended its charge is not taken for the same', async () => {
    const reference = newReference('slow');
    const answer = unsigned.call('/charges', { body: chargeRequest({ reference }) });
    const id = `${reference}.1`;
    await expect.poll(async () => (await unsigned.call(`/charges/${id}`)).status).toBe(200);
    // The stand-in goes on at the first hint; the till's stop ends it.
    await deliver(unsigned, id);
    await answer;
    await unsigned.call(`/charges/${id}/cancel`, { method: 'POST' });
    const transaction = newTransaction();
    const query = `transaction_id=${transaction}`;
    await expect.poll(async () => (await deliver(unsigned, id, { query })).status).toBe(200);
    expect(await stored(`stray/${transaction}`)).not.toBeNull();
  });

  test('above five a second is refused, so that Dintero sends it again; proven news is not', async () => {
    const own = await startApi(env.address);
    const flood = Array.from({ length: 60 }, newTransaction);
    const sent = await Promise.all(
      flood.map(async (transaction) => ({
        transaction,
        ...(await deliver(own, 'nobody.1', { query: `transaction_id=${transaction}` })),
      })),
    );
    const refused = sent.filter(({ status }) => status === 503);
    const kept = sent.filter(({ status }) => status === 200);
    expect(kept.length + refused.length).toBe(60);
    expect(kept.length).toBeGreaterThanOrEqual(5);
    expect(refused.length).toBeGreaterThan(0);
    expect([await counted(own, 'stray'), await counted(own, 'too_many')]).toEqual([
      kept.length,
      refused.length,
    ]);
    // What was acknowledged is stored, and nothing else is.
    const isStored = await Promise.all(
      sent.map(async ({ transaction }) => (await stored(`stray/${transaction}`)) !== null),
    );
    expect(isStored).toEqual(sent.map(({ status }) => status === 200));
    const proven = await Promise.all(
      flood.map((transaction) =>
        deliver(signed, 'nobody.1', { query: `transaction_id=${transaction}` }),
      ),
    );
    expect(new Set(proven.map(({ status }) => status))).toEqual(new Set([200]));
    await own.end();
  });
});
