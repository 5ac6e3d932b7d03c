import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { caseSchema } from '../../api/answers.ts';
import { transactionReported } from '../../workflows/messages.ts';
import {
  chargeRequest,
  newReference,
  startApi,
  startRecovery,
  startTemporal,
  startWorker,
  type RunningApi,
  type TestWorker,
} from './api-harness.ts';

let env: TestWorkflowEnvironment;
let worker: TestWorker;
let api: RunningApi;

beforeAll(async () => {
  env = await startTemporal();
  [worker, api] = await Promise.all([startWorker(env), startApi(env.address)]);
}, 60_000);

afterAll(async () => {
  await api.end();
  await worker.stop();
  await env.teardown();
});

/** A payment that won the race against its cancel; its transaction. */
async function raced(store: string): Promise<{ id: string; reference: string; own: string }> {
  const reference = newReference('race');
  await api.call('/charges', { body: chargeRequest({ reference, store_id: store }) });
  await api.call(`/charges/${reference}.1/cancel`, { method: 'POST' });
  return { id: `${reference}.1`, reference, own: `T90001234.${reference}-1` };
}

/** A charge that had told `not_charged`, and whose money turned up; its transaction. */
async function turnedUp(store: string): Promise<string> {
  const reference = newReference('declines');
  await api.call('/charges', { body: chargeRequest({ reference, store_id: store }) });
  await startRecovery(env, `${reference}.1`);
  const recovery = env.client.workflow.getHandle(`recovery/${reference}.1`);
  await recovery.signal(transactionReported, { error: null, source: 'test' });
  await recovery.result();
  return `T90001234.${reference}-1`;
}

async function listed(query: string): Promise<Record<string, unknown>[]> {
  return (await api.call(`/cases?${query}`)).body['cases'] as Record<string, unknown>[];
}

const byText = (a: string, b: string): number => a.localeCompare(b);

describe('GET /cases', () => {
  test('lists the open ones, and filters', async () => {
    const store = newReference('store');
    const race = await raced(store);
    const late = await turnedUp(store);
    const ids = async (query = ''): Promise<string[]> =>
      (await listed(`store_id=${store}${query}`))
        .map(({ transaction_id }) => String(transaction_id))
        .sort(byText);
    const both = [race.own, late].sort(byText);
    await expect.poll(() => ids()).toEqual(both);
    expect(await ids('&kind=captured_after_not_charged')).toEqual([late]);
    expect(await ids('&kind=orphan')).toEqual([]);
    expect(await ids(`&reference=${race.reference}`)).toEqual([race.own]);
    expect(await ids('&terminal_id=T90001234-T9999')).toEqual([]);
    expect(await ids('&opened_before=2020-01-01T00:00:00Z')).toEqual([]);
    expect(await ids('&opened_after=2020-01-01T00:00:00Z')).toEqual(both);

    await api.call(`/charges/${race.id}/keep`, { method: 'POST' });
    await expect.poll(() => ids()).toEqual([late]);
    await expect.poll(() => ids('&state=settled')).toEqual([race.own]);
    expect(await ids('&state=all')).toEqual(both);
    // Whoever terminates a case has settled nothing.
    await env.client.workflow.getHandle(`case/${late}`).terminate();
    await expect.poll(() => ids()).toEqual([late]);
    expect(await ids('&state=settled')).toEqual([race.own]);
  });

  test('is read page by page', async () => {
    const store = newReference('store');
    const made = await Promise.all([raced(store), raced(store), raced(store)]);
    await expect.poll(() => listed(`store_id=${store}`)).toHaveLength(3);
    const page = async (cursor: string) =>
      (await api.call(`/cases?store_id=${store}&limit=2${cursor}`)).body;
    const first = await page('');
    const second = await page(`&cursor=${String(first['next_cursor'])}`);
    const found = [first, second].flatMap(({ cases }) =>
      (cases as Record<string, unknown>[]).map(({ charge_id }) => charge_id),
    );
    expect(new Set(found)).toEqual(new Set(made.map(({ id }) => id)));
    expect(found).toHaveLength(3);
    expect(second['next_cursor']).toBeNull();
  });

  test.each([
    ['cursor=bm9wZQ', 'cursor'],
    ['state=closed', 'state'],
    ['kind=lost', 'kind'],
    ['opened_after=yesterday', 'opened_after'],
  ])('%s is refused', async (query, field) => {
    expect(await api.call(`/cases?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ field }] },
    });
  });
});

describe('GET /cases/{transaction_id}', () => {
  test('says what happened and what a person may do, until it is settled', async () => {
    const { id, own } = await raced('bergen-01');
    const open = await api.call(`/cases/${own}`);
    expect(open.status).toBe(200);
    expect(caseSchema.strict().parse(open.body)).toMatchObject({
      transaction_id: own,
      charge_id: id,
      kind: 'captured_after_cancel',
      state: 'open',
      what_to_do: expect.stringContaining('/keep') as unknown,
      amount: 12_900,
      captured_amount: 12_900,
      currency: 'NOK',
      settled_at: null,
    });
    await api.call(`/charges/${id}/keep`, { method: 'POST' });
    expect((await api.call(`/cases/${own}`)).body).toMatchObject({
      state: 'settled',
      settled_as: 'kept',
      settled_by: 'a till without a key',
      what_to_do: null,
    });
  });

  test('of an unknown transaction is not found, and says nothing is safe', async () => {
    expect(await api.call('/cases/T90001234.nobody')).toMatchObject({
      status: 404,
      body: { code: 'not_found', advice: 'ask_for_help', safe_to_take_other_payment: false },
    });
    expect(await api.call('/cases/nobody')).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ field: 'transaction_id' }] },
    });
  });
});
