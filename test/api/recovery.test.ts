/** A charge whose own workflow is gone, or was contradicted: its recovery speaks for it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { executionStatus, Reading } from '../../api/reading.ts';
import { transactionReported, type ChargeRecord } from '../../workflows/messages.ts';
import {
  chargeRecord,
  chargeRequest,
  newReference,
  startApi,
  startRecovery,
  startTemporal,
  startWorker,
  type Answer,
  type RunningApi,
  type TestWorker,
} from './api-harness.ts';
import { arrived } from './stand-in.ts';

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

function handleOf(workflowId: string) {
  return env.client.workflow.getHandle(workflowId);
}

async function post(reference: string, fields: Record<string, unknown> = {}): Promise<Answer> {
  return await api.call('/charges', {
    body: chargeRequest({ reference, ...fields }),
    headers: { prefer: 'wait=1' },
  });
}

async function read(id: string): Promise<Record<string, unknown>> {
  return (await api.call(`/charges/${id}`)).body;
}

const unsafe = { safe_to_take_other_payment: false, next_attempt: null };
const inRecovery = {
  ...unsafe,
  state: 'checking',
  outcome: null,
  reason: null,
  needs_attention: 'prompt_may_live',
  advice: 'ask_for_help',
};
const turnedUp = {
  ...unsafe,
  outcome: 'captured',
  captured_amount: 12_900,
  case_kind: 'captured_after_not_charged',
  needs_attention: 'case_open',
  advice: 'ask_for_help',
};

/** A charge that told `not_charged` and is open again. */
async function contradicted(
  fields: Record<string, unknown> = {},
): Promise<{ reference: string; id: string }> {
  const reference = newReference('declines');
  const { body } = await post(reference, fields);
  expect(body).toMatchObject({ advice: 'try_again', safe_to_take_other_payment: true });
  const id = `${reference}.1`;
  await startRecovery(env, id);
  await expect.poll(() => read(id)).toMatchObject(inRecovery);
  return { reference, id };
}

/** The stand-in of the recovery then finds the money. */
async function tellRecovery(id: string): Promise<void> {
  await handleOf(`recovery/${id}`).signal(transactionReported, { error: null, source: 'test' });
}

async function recovered(id: string): Promise<void> {
  await tellRecovery(id);
  await handleOf(`recovery/${id}`).result();
}

async function seenIdle(id: string): Promise<Answer> {
  const body = { terminal_seen_idle: true, by: 'Kari N.' };
  return await api.call(`/charges/${id}/cancel`, { body });
}

describe('a recovery that runs', () => {
  test('speaks for a charge that had told not_charged, before any worker has taken it', async () => {
    const reference = newReference('declines');
    await post(reference);
    await startRecovery(env, `${reference}.1`, { taskQueue: 'nobody' });
    const doubted = { ...unsafe, state: 'checking', outcome: null, reason: null, advice: 'wait' };
    expect(await read(`${reference}.1`)).toMatchObject(doubted);
    expect((await api.call(`/sales/${reference}`)).body).toMatchObject({
      ...unsafe,
      state: 'checking',
    });
  });

  test('speaks for a charge whose workflow was terminated', async () => {
    const reference = newReference();
    await post(reference);
    const id = `${reference}.1`;
    await handleOf(`charge/${id}`).terminate();
    expect(await read(id)).toMatchObject({ ...unsafe, needs_attention: 'workflow_lost' });
    await startRecovery(env, id);
    await expect.poll(() => read(id)).toMatchObject(inRecovery);
    await recovered(id);
    expect(await read(id)).toMatchObject(turnedUp);
    expect((await post(reference)).body).toMatchObject(turnedUp);
  });

  test('is what somebody who waits waits for', async () => {
    const { id } = await contradicted();
    const waiting = [api.call(`/charges/${id}?wait=30`), api.call(`/charges/${id}/events`)];
    await expect
      .poll(async () => (await api.call('/metrics')).text)
      .toMatch(/kvitt_api_watchers_open 1/);
    await tellRecovery(id);
    const [charge, events] = await Promise.all(waiting);
    expect(charge?.body).toMatchObject(turnedUp);
    expect(events?.text).toMatch(/event: state[^]*event: outcome/);
  });

  test('takes the cancel and the evidence of a person', async () => {
    const { id } = await contradicted();
    const init = { method: 'POST', headers: { prefer: 'wait=0' } };
    expect(await api.call(`/charges/${id}/cancel`, init)).toMatchObject({
      status: 202,
      body: inRecovery,
    });
    expect(await seenIdle(id)).toMatchObject({
      status: 200,
      body: { reason: 'session_lost', safe_to_take_other_payment: true, next_attempt: 2 },
    });
    expect(await handleOf(`recovery/${id}`).query(arrived)).toEqual([
      { by: 'a till without a key' },
      { terminal_seen_idle: true, by: 'Kari N.' },
    ]);
  });
});

describe('a recovery that was ended from outside', () => {
  test('leaves the charge lost, whatever it had told before', async () => {
    const { reference, id } = await contradicted();
    await handleOf(`recovery/${id}`).terminate();
    const lost = { ...unsafe, state: 'checking', outcome: null, needs_attention: 'workflow_lost' };
    expect(await read(id)).toMatchObject({ ...lost, advice: 'ask_for_help' });
    expect((await api.call(`/charges/${id}?wait=30`)).body).toMatchObject(lost);
    expect(await seenIdle(id)).toMatchObject({
      status: 409,
      body: { code: 'not_possible_now', advice: 'wait' },
    });
    expect((await post(reference, { attempt: 2 })).body).toMatchObject({
      code: 'previous_attempt_open',
    });
    await startRecovery(env, id);
    await expect.poll(() => read(id)).toMatchObject(inRecovery);
  });
});

describe('a charge that Temporal has forgotten', () => {
  test('lives on in its recovery', async () => {
    const reference = newReference('declines');
    const id = `${reference}.1`;
    const forgotten = chargeRecord({
      reference,
      charge_id: id,
      state: 'not_charged',
      outcome: 'not_charged',
      reason: 'declined',
    });
    await startRecovery(env, id, { forgotten });
    await expect.poll(() => read(id)).toMatchObject(inRecovery);
    await recovered(id);
    expect((await api.call(`/sales/${reference}`)).body).toMatchObject({
      state: 'captured',
      advice: 'ask_for_help',
    });
  });
});

describe('the next attempt', () => {
  test('is refused while the recovery runs, and when it has found money', async () => {
    const { reference, id } = await contradicted();
    expect((await post(reference, { attempt: 2 })).body).toMatchObject({
      code: 'previous_attempt_open',
      safe_to_take_other_payment: false,
      charge: inRecovery,
    });
    await recovered(id);
    expect((await post(reference, { attempt: 2 })).body).toMatchObject({
      code: 'previous_attempt_captured',
      advice: 'ask_for_help',
      charge: turnedUp,
    });
  });

  test('is accepted when the recovery has proven that there is none', async () => {
    const { reference, id } = await contradicted();
    await seenIdle(id);
    expect((await post(reference, { attempt: 2 })).status).toBe(201);
  });

  test('is refused, and nothing is safe, when an attempt before the last one was contradicted', async () => {
    const reference = newReference('declines');
    await post(reference);
    const second = await post(reference, { attempt: 2 });
    expect(second.body).toMatchObject({ safe_to_take_other_payment: true, next_attempt: 3 });
    await startRecovery(env, `${reference}.1`);
    await expect.poll(() => read(`${reference}.1`)).toMatchObject(inRecovery);
    expect(await read(`${reference}.2`)).toMatchObject({
      ...unsafe,
      state: 'not_charged',
      advice: 'ask_for_help',
    });
    expect((await post(reference, { attempt: 3 })).body).toMatchObject({
      code: 'previous_attempt_open',
      charge: { attempt: 1 },
    });
    await recovered(`${reference}.1`);
    expect((await api.call(`/sales/${reference}`)).body).toMatchObject({
      ...unsafe,
      state: 'captured',
      advice: 'ask_for_help',
      charges: [turnedUp, { ...unsafe, state: 'not_charged' }],
    });
  });
});

describe('GET /charges', () => {
  async function listed(query: string): Promise<Record<string, unknown>[]> {
    return (await api.call(`/charges?${query}`)).body['charges'] as Record<string, unknown>[];
  }

  test('lists a charge with a recovery once, by what the recovery says', async () => {
    const store = newReference('store');
    const { id } = await contradicted({ store_id: store });
    const ids = async (query: string): Promise<unknown[]> =>
      (await listed(`store_id=${store}${query}`)).map(({ charge_id }) => charge_id);
    await expect.poll(() => listed(`store_id=${store}`)).toMatchObject([{ charge_id: id }]);
    await expect.poll(() => listed(`store_id=${store}`)).toMatchObject([inRecovery]);
    await expect.poll(() => ids('&needs_attention=true')).toEqual([id]);
    expect(await ids('&state=checking')).toEqual([id]);
    expect(await ids('&state=not_charged')).toEqual([]);
    await recovered(id);
    await expect.poll(() => ids('&state=captured&needs_attention=case_open')).toEqual([id]);
    expect(await ids('&state=not_charged')).toEqual([]);
    const { created_at } = (await listed(`store_id=${store}`))[0] ?? {};
    const created = encodeURIComponent(String(created_at));
    expect(await ids(`&created_after=${created}&created_before=${created}`)).toEqual([id]);
    expect(await ids('&created_before=2020-01-01T00:00:00Z')).toEqual([]);
  });

  test('lists a charge once, however often it was recovered', async () => {
    const store = newReference('store');
    const { id } = await contradicted({ store_id: store });
    await handleOf(`recovery/${id}`).terminate();
    await expect
      .poll(() => listed(`store_id=${store}&needs_attention=workflow_lost`))
      .toMatchObject([{ charge_id: id }]);
    await startRecovery(env, id);
    await recovered(id);
    await expect.poll(() => listed(`store_id=${store}`)).toMatchObject([turnedUp]);
    expect(await listed(`store_id=${store}&needs_attention=workflow_lost`)).toEqual([]);
    await startRecovery(env, id);
    await expect.poll(() => read(id)).toMatchObject(inRecovery);
    await expect.poll(() => listed(`store_id=${store}&limit=1`)).toMatchObject([inRecovery]);
    expect(await listed(`store_id=${store}`)).toMatchObject([inRecovery]);
  });
});

describe('what a reading costs', () => {
  const notCharged = { state: 'not_charged', outcome: 'not_charged', reason: 'declined' } as const;

  /** Knows these workflows, and notes which ones were looked at. */
  function noting(known: Record<string, [Partial<ChargeRecord>, number]>) {
    const looks: string[] = [];
    const getHandle = (workflowId: string) => ({
      describe: () => {
        looks.push(workflowId);
        const found = known[workflowId];
        if (found === undefined) {
          return Promise.reject(new WorkflowNotFoundError('none', workflowId, undefined));
        }
        const [fields, code] = found;
        return Promise.resolve({ memo: { charge: chargeRecord(fields) }, status: { code } });
      },
    });
    const client = { workflow: { getHandle } } as unknown as Client;
    return { reading: new Reading(client), looks };
  }

  const { running, completed } = executionStatus;
  test.each([
    ['an open charge', { 'charge/S-1001.1': [{}, running] }, ['charge/S-1001.1']],
    [
      'a closed charge',
      { 'charge/S-1001.1': [notCharged, completed] },
      ['charge/S-1001.1', 'recovery/S-1001.1'],
    ],
    ['an unknown charge', {}, ['charge/S-1001.1', 'recovery/S-1001.1']],
  ] as const)('%s', async (_name, known, looked) => {
    const { reading, looks } = noting(known as never);
    await reading.find('S-1001.1');
    expect(looks).toEqual(looked);
  });

  test('a charge that has just closed is answered with one look for the next attempt', async () => {
    const { reading, looks } = noting({});
    const record = chargeRecord(notCharged);
    const read = await reading.read({
      workflowId: 'charge/S-1001.1',
      record,
      status: completed,
    });
    expect(await reading.show(read)).toMatchObject({ next_attempt: 2 });
    expect(looks).toEqual(['charge/S-1001.2']);
  });
});
