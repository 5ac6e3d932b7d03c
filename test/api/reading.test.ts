import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { transactionReported } from '../../workflows/messages.ts';
import {
  chargeRequest,
  newReference,
  startApi,
  startTemporal,
  startWorker,
  type Answer,
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

async function report(chargeId: string): Promise<void> {
  await env.client.workflow
    .getHandle(`charge/${chargeId}`)
    .signal(transactionReported, { error: null, source: 'test' });
}

async function started(fields: Record<string, unknown> = {}): Promise<string> {
  const { body } = await api.call('/charges', { body: chargeRequest(fields) });
  return String(body['charge_id']);
}

const byText = (a: string, b: string): number => a.localeCompare(b);

async function watchersOpen(): Promise<string | undefined> {
  const { text } = await api.call('/metrics');
  return /kvitt_api_watchers_open (\d+)/.exec(text)?.[1];
}

describe('GET /charges/{charge_id}', () => {
  test('of an unknown charge is never safe', async () => {
    const { status, body } = await api.call('/charges/nobody.1');
    expect({ status, ...body }).toMatchObject({
      status: 404,
      code: 'unknown_charge',
      advice: 'ask_for_help',
      safe_to_take_other_payment: false,
    });
  });

  test('wait answers at the next change', async () => {
    const id = await started();
    const answer = api.call(`/charges/${id}?wait=30`);
    await expect.poll(watchersOpen).toBe('1');
    await report(id);
    expect((await answer).body).toMatchObject({ state: 'captured', advice: 'paid' });
    await expect.poll(watchersOpen).toBe('0');
  });

  test('wait answers at once when the charge has ended', async () => {
    const id = await started({ reference: newReference('declines') });
    expect((await api.call(`/charges/${id}?wait=60`)).body).toMatchObject({ reason: 'declined' });
  });

  test('wait answers with the charge as it stands when the time is over', async () => {
    const id = await started();
    expect((await api.call(`/charges/${id}?wait=1`)).body).toMatchObject({ advice: 'wait' });
  });

  test('many who wait share one watcher, and it ends when the last one has gone', async () => {
    const id = await started();
    const leaving = new AbortController();
    const waiting = Array.from({ length: 20 }, () =>
      api.call(`/charges/${id}?wait=60`, { signal: leaving.signal }).catch(() => 'left'),
    );
    await expect.poll(watchersOpen).toBe('1');
    leaving.abort();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['left']));
    await expect.poll(watchersOpen).toBe('0');
  });

  test('a charge without money is not safe while a later attempt is open', async () => {
    const reference = newReference('second');
    const first = await started({ reference });
    const view = async () => (await api.call(`/charges/${first}`)).body;
    const free = { advice: 'try_again', safe_to_take_other_payment: true };
    expect(await view()).toMatchObject({ ...free, next_attempt: 2 });
    const second = await started({ reference, attempt: 2 });
    const busy = { safe_to_take_other_payment: false, next_attempt: null };
    expect(await view()).toMatchObject({ ...busy, advice: 'wait', state: 'not_charged' });
    await report(second);
    await api.call(`/charges/${second}?wait=20`);
    expect(await view()).toMatchObject({ ...busy, advice: 'none' });
    expect((await api.call(`/sales/${reference}`)).body).toMatchObject({ advice: 'paid' });
  });

  test('a terminated charge is being checked for ever, and asks for help', async () => {
    const id = await started();
    await env.client.workflow.getHandle(`charge/${id}`).terminate();
    expect((await api.call(`/charges/${id}?wait=60`)).body).toMatchObject({
      state: 'checking',
      outcome: null,
      needs_attention: 'workflow_lost',
      advice: 'ask_for_help',
      safe_to_take_other_payment: false,
    });
  });
});

describe('GET /charges/{charge_id}/events', () => {
  test('sends where it stands, each change, and the outcome last', async () => {
    const id = await started();
    const stream = api.call(`/charges/${id}/events`);
    await expect.poll(watchersOpen).toBe('1');
    await report(id);
    const { text, headers } = await stream;
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(text.match(/^event: .*$/gm)).toEqual(['event: state', 'event: outcome']);
    expect(text).toContain('"state":"captured"');
    await expect.poll(watchersOpen).toBe('0');
  });

  test('a browser that has the outcome is told to stop', async () => {
    const id = await started({ reference: newReference('declines') });
    const first = await api.call(`/charges/${id}/events`);
    expect(first.text).toContain('id: outcome');
    const headers = { 'last-event-id': 'outcome' };
    expect((await api.call(`/charges/${id}/events`, { headers })).status).toBe(204);
  });

  test('of an unknown charge is a problem, not a stream', async () => {
    expect((await api.call('/charges/nobody.1/events')).status).toBe(404);
  });
});

describe('GET /sales/{reference}', () => {
  test('answers for the sale with the attempt that decides', async () => {
    const reference = newReference('declines');
    await started({ reference });
    await started({ reference, attempt: 2 });
    const { body } = await api.call(`/sales/${reference}`);
    expect(body).toMatchObject({
      reference,
      state: 'not_charged',
      advice: 'try_again',
      safe_to_take_other_payment: true,
      next_attempt: 3,
      charges: [{ attempt: 1 }, { attempt: 2 }],
    });
  });

  test('of a paid sale says paid', async () => {
    const reference = newReference('pays');
    const id = await started({ reference });
    await api.call(`/charges/${id}?wait=10`);
    expect((await api.call(`/sales/${reference}`)).body).toMatchObject({
      state: 'captured',
      advice: 'paid',
      safe_to_take_other_payment: false,
      next_attempt: null,
    });
  });

  test('of an unknown sale is never safe', async () => {
    expect(await api.call('/sales/nobody')).toMatchObject({
      status: 404,
      body: { code: 'unknown_charge', safe_to_take_other_payment: false },
    });
  });
});

describe('GET /charges', () => {
  async function listed(query: string): Promise<Record<string, unknown>[]> {
    const { body } = await api.call(`/charges?${query}`);
    return body['charges'] as Record<string, unknown>[];
  }

  test('filters, and never says that another payment is safe', async () => {
    const store = newReference('store');
    const open = await started({ store_id: store });
    const ended = await started({ store_id: store, reference: newReference('declines') });
    const ids = async (query: string): Promise<string[]> =>
      (await listed(`store_id=${store}&${query}`))
        .map(({ charge_id }) => String(charge_id))
        .sort(byText);
    await expect.poll(() => ids('')).toEqual([open, ended].sort(byText));
    await expect.poll(() => ids('state=not_charged')).toEqual([ended]);
    await expect.poll(() => ids('state=waiting_for_card')).toEqual([open]);
    expect(await ids('terminal_id=T90001234-T9999')).toEqual([]);
    expect(await ids('created_before=2020-01-01T00:00:00Z')).toEqual([]);
    expect(await ids('created_after=2020-01-01T00:00:00%2B01:00')).toHaveLength(2);
    const safe = (await listed(`store_id=${store}`)).map((it) => it['safe_to_take_other_payment']);
    expect(safe).toEqual([false, false]);
  });

  test('finds what needs attention: lost charges and open cases', async () => {
    const store = newReference('store');
    const lost = await started({ store_id: store });
    await env.client.workflow.getHandle(`charge/${lost}`).terminate();
    const raced = await started({ store_id: store, reference: newReference('race') });
    await api.call(`/charges/${raced}/cancel`, { method: 'POST' });
    await started({ store_id: store });
    const query = `store_id=${store}&needs_attention=true`;
    const words = async (): Promise<string[]> =>
      (await listed(query)).map((it) => String(it['needs_attention'])).sort(byText);
    await expect.poll(words).toEqual(['case_open', 'workflow_lost']);
    const lostOnly = await listed(`store_id=${store}&needs_attention=workflow_lost&state=checking`);
    expect(lostOnly.map(({ charge_id }) => charge_id)).toEqual([lost]);
    await api.call(`/charges/${raced}/keep`, { method: 'POST' });
    expect(await words()).toEqual(['workflow_lost']);
  });

  test('is read page by page', async () => {
    const store = newReference('store');
    for (let made = 0; made < 5; made += 1) await started({ store_id: store });
    await expect.poll(() => listed(`store_id=${store}`)).toHaveLength(5);
    const found: unknown[] = [];
    let cursor: string | null = '';
    for (let page = 0; page < 10 && cursor !== null; page += 1) {
      const after = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body }: Answer = await api.call(`/charges?store_id=${store}&limit=2${after}`);
      found.push(...(body['charges'] as Record<string, unknown>[]).map((it) => it['charge_id']));
      cursor = body['next_cursor'] as string | null;
    }
    expect(new Set(found).size).toBe(5);
    expect(cursor).toBeNull();
  });

  test('refuses a cursor of somebody else', async () => {
    expect((await api.call('/charges?cursor=bm9wZQ')).body).toMatchObject({
      code: 'invalid_request',
      errors: [{ field: 'cursor' }],
    });
  });
});

describe('operations', () => {
  test('/readyz names each check', async () => {
    expect(await api.call('/readyz')).toMatchObject({
      status: 200,
      body: {
        is_ready: true,
        checks: [
          { name: 'temporal', is_ok: true },
          { name: 'retention', is_ok: true },
          { name: 'search_attributes', is_ok: true },
        ],
      },
    });
  });

  test('stopping answers who waits with what is true now, and ends streams', async () => {
    const own = await startApi(env.address);
    const id = await started();
    const waiting = [own.call(`/charges/${id}?wait=60`), own.call(`/charges/${id}/events`)];
    await expect
      .poll(async () => (await own.call('/metrics')).text)
      .toMatch(/kvitt_api_watchers_open 1/);
    own.stop();
    const [charge, events] = await Promise.all(waiting);
    expect(charge?.body).toMatchObject({ state: 'waiting_for_card' });
    expect(events?.text).toContain('event: state');
    await own.end();
  });
});
