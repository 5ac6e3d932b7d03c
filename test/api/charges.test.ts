import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { transactionReported } from '../../workflows/messages.ts';
import {
  chargeRequest,
  newReference,
  policy,
  startApi,
  startTemporal,
  startWorker,
  testTimings,
  type Answer,
  type RunningApi,
  type TestWorker,
} from './api-harness.ts';
import { arrived } from './stand-in.ts';

let env: TestWorkflowEnvironment;
let worker: TestWorker;
let api: RunningApi;
/** Its charges go to a task queue that nobody serves. */
let workerless: RunningApi;
/** Its Temporal is not there. */
let cutOff: RunningApi;

const impatient = { ...testTimings, answer: 900, answerReserve: 500, cancelWait: 200 };

beforeAll(async () => {
  env = await startTemporal();
  [worker, api, workerless, cutOff] = await Promise.all([
    startWorker(env),
    startApi(env.address),
    startApi(env.address, { taskQueue: 'nobody', timings: impatient }),
    startApi('127.0.0.1:1'),
  ]);
}, 60_000);

afterAll(async () => {
  await Promise.all([api.end(), workerless.end(), cutOff.end()]);
  await worker.stop();
  await env.teardown();
});

function handleOf(chargeId: string) {
  return env.client.workflow.getHandle(`charge/${chargeId}`);
}

/** The stand-in goes on when it is told anything. */
async function report(chargeId: string): Promise<void> {
  await handleOf(chargeId).signal(transactionReported, { error: null, source: 'test' });
}

async function post(fields: Record<string, unknown>, headers = {}): Promise<Answer> {
  return await api.call('/charges', { body: chargeRequest(fields), headers });
}

/** Makes the first charge of a new sale. */
async function started(script?: string): Promise<{ reference: string; id: string }> {
  const reference = newReference(script);
  await post({ reference });
  return { reference, id: `${reference}.1` };
}

async function cancelled(id: string, body?: unknown): Promise<Answer> {
  return await api.call(`/charges/${id}/cancel`, { method: 'POST', body });
}

describe('POST /charges', () => {
  test('answers 201 when the terminal asks for the card', async () => {
    const request = chargeRequest();
    const { status, body, headers } = await api.call('/charges', { body: request });
    expect({ status, ...body }).toMatchObject({
      status: 201,
      ...request,
      charge_id: `${String(request['reference'])}.1`,
      attempt: 1,
      next_attempt: null,
      state: 'waiting_for_card',
      outcome: null,
      advice: 'wait',
      safe_to_take_other_payment: false,
    });
    expect(headers.get('location')).toBe(`/charges/${String(body['charge_id'])}`);
  });

  test('answers 201 with the outcome when the charge ends before it prompts', async () => {
    const { status, body } = await post({ reference: newReference('declines') });
    expect({ status, ...body }).toMatchObject({
      status: 201,
      state: 'not_charged',
      outcome: 'not_charged',
      reason: 'declined',
      advice: 'try_again',
      next_attempt: 2,
      safe_to_take_other_payment: true,
    });
  });

  test('makes one charge of fifty equal requests at once', async () => {
    const request = chargeRequest();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => api.call('/charges', { body: request })),
    );
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([...Array.from({ length: 49 }, () => 200), 201]);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  test('answers a repeated request with the charge as it is now, also after it closed', async () => {
    const request = chargeRequest();
    const id = `${String(request['reference'])}.1`;
    await api.call('/charges', { body: request });
    await report(id);
    await handleOf(id).result();
    const { status, body } = await api.call('/charges', { body: request });
    expect({ status, ...body }).toMatchObject({
      status: 200,
      state: 'captured',
      captured_amount: 12_900,
      advice: 'paid',
      safe_to_take_other_payment: false,
    });
  });

  test('refuses other content under the same id and names what differs', async () => {
    const { reference } = await started();
    const { status, body } = await post({ reference, amount: 13_000, store_id: 'oslo-02' });
    expect({ status, ...body }).toMatchObject({
      status: 422,
      code: 'different_request',
      safe_to_take_other_payment: false,
      advice: 'ask_for_help',
      errors: [
        { field: 'amount', problem: 'was 12900, is now 13000' },
        { field: 'store_id', problem: 'was "bergen-01", is now "oslo-02"' },
      ],
      charge: { state: 'waiting_for_card' },
    });
  });

  test('takes the same order lines in another member order for the same request', async () => {
    const reference = newReference();
    const line = { id: 'a', line_id: '1', description: 'Lunch', quantity: 1, amount: 12_900 };
    const turned = { amount: 12_900, quantity: 1, description: 'Lunch', line_id: '1', id: 'a' };
    await post({ reference, items: [line] });
    expect((await post({ reference, items: [turned] })).status).toBe(200);
    const other = await post({ reference, items: [{ ...line, id: 'b' }] });
    expect(other.body).toMatchObject({ code: 'different_request', errors: [{ field: 'items' }] });
  });

  test('starts the next attempt only after the one before it closed as not_charged', async () => {
    const { reference } = await started('declines');
    expect((await post({ reference, attempt: 2 })).status).toBe(201);
    expect((await post({ reference, attempt: 2 })).status).toBe(200);
    expect((await post({ reference, attempt: 4 })).body).toMatchObject({
      status: 409,
      code: 'previous_attempt_unknown',
      safe_to_take_other_payment: false,
    });
  });

  test('refuses the next attempt while the one before it is open', async () => {
    const { reference } = await started();
    expect((await post({ reference, attempt: 2 })).body).toMatchObject({
      status: 409,
      code: 'previous_attempt_open',
      advice: 'wait',
      safe_to_take_other_payment: false,
      charge: { attempt: 1, state: 'waiting_for_card' },
    });
  });

  test('says paid when the attempt before it took this very amount, and asks for help otherwise', async () => {
    const { reference, id } = await started('pays');
    await handleOf(id).result();
    expect((await post({ reference, attempt: 2 })).body).toMatchObject({
      code: 'previous_attempt_captured',
      advice: 'paid',
      safe_to_take_other_payment: false,
    });
    expect((await post({ reference, attempt: 2, amount: 1 })).body).toMatchObject({
      code: 'previous_attempt_captured',
      advice: 'ask_for_help',
    });
  });

  test('refuses the next attempt of a charge whose workflow was terminated', async () => {
    const { reference, id } = await started();
    await handleOf(id).terminate('by a test');
    expect((await post({ reference, attempt: 2 })).body).toMatchObject({
      code: 'previous_attempt_open',
      advice: 'ask_for_help',
      charge: { state: 'checking', needs_attention: 'workflow_lost' },
    });
    expect((await post({ reference })).body).toMatchObject({
      state: 'checking',
      needs_attention: 'workflow_lost',
      advice: 'ask_for_help',
      safe_to_take_other_payment: false,
    });
  });

  test('starts nothing after not_after, and still answers for a charge that exists', async () => {
    const reference = newReference();
    const late = await post({ reference, not_after: '2026-01-01T00:00:00Z' });
    expect(late.body).toMatchObject({ status: 422, code: 'too_late', advice: 'try_again' });
    expect((await api.call(`/charges/${reference}.1`)).status).toBe(404);
  });

  test('Prefer: wait answers with the outcome', async () => {
    const reference = newReference();
    const answer = post({ reference }, { prefer: 'respond-async, wait=20' });
    await expect.poll(async () => (await api.call(`/charges/${reference}.1`)).status).toBe(200);
    await report(`${reference}.1`);
    const { status, body, headers } = await answer;
    expect({ status, state: body['state'] }).toEqual({ status: 201, state: 'captured' });
    expect(headers.get('preference-applied')).toBe('wait=20');
  });

  test('answers 202 when it is stored and no worker has taken it', async () => {
    const body = chargeRequest();
    const answers = [
      await workerless.call('/charges', { body }),
      await workerless.call('/charges', { body }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(answers[0]?.body).toMatchObject({ state: 'starting', advice: 'wait' });
    expect(answers[0]?.headers.get('retry-after')).toBe('1');
  });

  test('asks for a person when nobody works on it, though no worker lives to say so', async () => {
    const { durations } = policy;
    const hasty = { ...policy, durations: { ...durations, attention: 1 } };
    const own = await startApi(env.address, {
      taskQueue: 'nobody',
      timings: impatient,
      policy: hasty,
    });
    const { status, body } = await own.call('/charges', { body: chargeRequest() });
    expect({ status, ...body }).toMatchObject({
      status: 202,
      state: 'starting',
      needs_attention: 'starting_too_long',
      advice: 'ask_for_help',
    });
    await own.end();
  });

  test('answers 503 soon when Temporal is away, and says that repeating is safe', async () => {
    const before = Date.now();
    const { status, body, headers } = await cutOff.call('/charges', { body: chargeRequest() });
    expect({ status, ...body }).toMatchObject({
      status: 503,
      code: 'temporal_unavailable',
      advice: 'wait',
      safe_to_take_other_payment: false,
      detail: expect.stringContaining('Sending the same request again is safe') as unknown,
    });
    expect(headers.get('retry-after')).toBe('2');
    expect(Date.now() - before).toBeLessThan(6_000);
  });

  test('never shows the session id', async () => {
    const { reference, id } = await started('pays');
    const answers = await Promise.all(
      [`/charges/${id}`, `/sales/${reference}`, '/charges', `/charges/${id}/events`].map((path) =>
        api.call(path),
      ),
    );
    expect(answers.map(({ text }) => text).join()).not.toMatch(/secret-session|session_id/);
  });
});

describe('POST cancel', () => {
  test('answers with the ending, and a double tap with the same', async () => {
    const { id } = await started();
    const [first, second] = await Promise.all([cancelled(id), cancelled(id)]);
    expect(first).toMatchObject({
      status: 200,
      body: { reason: 'cancelled_by_till', advice: 'none', safe_to_take_other_payment: true },
    });
    expect(second.body).toEqual(first.body);
    expect(await handleOf(id).query(arrived)).toHaveLength(1);
    expect((await cancelled(id)).status).toBe(200);
  });

  test('of a payment that won the race asks for help, until the till keeps it', async () => {
    const { id } = await started('race');
    expect(await cancelled(id)).toMatchObject({
      status: 200,
      body: {
        state: 'captured',
        needs_attention: 'case_open',
        case_kind: 'captured_after_cancel',
        advice: 'ask_for_help',
      },
    });
    const keep = (): Promise<Answer> => api.call(`/charges/${id}/keep`, { method: 'POST' });
    const kept = { status: 200, body: { advice: 'paid', needs_attention: null } };
    expect(await keep()).toMatchObject(kept);
    expect(await keep()).toMatchObject(kept);
    expect(await api.call(`/charges/${id}`)).toMatchObject(kept);
  });

  test('keep is refused for everything else, with the reason', async () => {
    const open = await started();
    const paid = await started('pays');
    await handleOf(paid.id).result();
    const refusals = await Promise.all(
      [open.id, paid.id].map((id) => api.call(`/charges/${id}/keep`, { method: 'POST' })),
    );
    expect(refusals.map(({ body }) => [body['code'], body['advice'], body['detail']])).toEqual([
      ['not_possible_now', 'wait', expect.stringContaining('it is waiting_for_card')],
      ['not_possible_now', 'paid', expect.stringContaining('without a case')],
    ]);
    expect((await api.call('/charges/nobody.1/keep', { method: 'POST' })).status).toBe(404);
  });

  test('of an unknown charge makes it cancelled, and the late POST gets that', async () => {
    const reference = newReference();
    const { status, body } = await cancelled(`${reference}.1`);
    expect({ status, ...body }).toMatchObject({
      status: 200,
      reason: 'cancelled_before_start',
      amount: null,
      currency: null,
      terminal_id: null,
      advice: 'none',
      next_attempt: 2,
    });
    expect(await post({ reference })).toMatchObject({
      status: 200,
      body: { reason: 'cancelled_before_start', amount: null },
    });
    expect((await post({ reference, attempt: 2 })).status).toBe(201);
  });

  test('of an unknown later attempt keeps to the order of attempts', async () => {
    const { reference } = await started();
    expect((await cancelled(`${reference}.2`)).body).toMatchObject({
      code: 'previous_attempt_open',
    });
    expect((await cancelled(`${newReference()}.2`)).body).toMatchObject({
      code: 'previous_attempt_unknown',
    });
  });

  test('racing its own POST ends in one charge, whoever is first', async () => {
    const references = Array.from({ length: 10 }, () => newReference());
    const endings = await Promise.all(
      references.map(async (reference) => {
        const [, stopped] = await Promise.all([post({ reference }), cancelled(`${reference}.1`)]);
        return stopped.body['outcome'];
      }),
    );
    expect(new Set(endings)).toEqual(new Set(['not_charged']));
  });

  test('answers 202 while the stop is not proven', async () => {
    const { id } = await started('stuck');
    const answer = await api.call(`/charges/${id}/cancel`, {
      method: 'POST',
      headers: { prefer: 'wait=0' },
    });
    expect(answer).toMatchObject({ status: 202, body: { advice: 'wait' } });
    expect(answer.headers.get('retry-after')).toBe('2');
  });

  test('carries evidence with the name of who saw it, each time anew', async () => {
    const { id } = await started('stuck');
    const evidence = { terminal_seen_idle: true, by: 'Kari N.' };
    const init = { body: evidence, headers: { prefer: 'wait=0' } };
    await api.call(`/charges/${id}/cancel`, init);
    await api.call(`/charges/${id}/cancel`, init);
    expect(await handleOf(id).query(arrived)).toEqual([evidence, evidence]);
    const nameless = await cancelled(id, { terminal_seen_idle: true });
    expect(nameless.body).toMatchObject({ code: 'invalid_request', errors: [{ field: 'by' }] });
  });

  test('of a charge that refuses says why', async () => {
    const { id } = await started('refuses');
    expect((await cancelled(id)).body).toMatchObject({
      code: 'not_possible_now',
      detail: expect.stringContaining('not now') as unknown,
    });
  });

  test('without a worker says that the order is not known to be recorded', async () => {
    const request = chargeRequest();
    await workerless.call('/charges', { body: request });
    const path = `/charges/${String(request['reference'])}.1/cancel`;
    expect(await workerless.call(path, { method: 'POST' })).toMatchObject({
      status: 503,
      body: { code: 'temporal_unavailable', charge: { state: 'starting' } },
    });
  });
});

describe('a request that nobody answers in time', () => {
  test('names the workers when Temporal itself answers', async () => {
    for (const path of ['/terminals', '/stores']) {
      const { status, body } = await workerless.call(path);
      expect([status, body['detail']]).toEqual([
        503,
        expect.stringMatching(/Temporal itself answers, [^]*do the workers run/),
      ]);
      expect(body['title']).toBe('Temporal or a worker did not answer in time');
    }
  });

  test('names Temporal when that is away', async () => {
    const { status, body } = await cutOff.call('/terminals');
    expect([status, body['detail']]).toEqual([
      503,
      expect.stringMatching(/Temporal does not answer\.$/),
    ]);
  });
});
