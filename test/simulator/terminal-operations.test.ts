import { beforeEach, describe, expect, it } from 'vitest';
import {
  aString,
  eventually,
  newTerminal,
  paid,
  press,
  prompt,
  startDintero,
  type Answer,
  type Dintero,
  type Json,
} from './harness.ts';

const path = '/v1/admin/terminals/operations';

let dintero: Dintero;
let terminal: string;

beforeEach(async () => {
  dintero = await startDintero();
  terminal = newTerminal();
});

async function send(operation: string, key?: string): Promise<Answer<Json>> {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  return await dintero.call('POST', path, { terminal_id: terminal, operation }, headers);
}

async function ended(answer: Answer<Json>): Promise<Json> {
  const id = String(answer.body['id']);
  let found: Json = {};
  await eventually(async () => {
    found = (await dintero.call('GET', `${path}/${id}`)).body;
    expect(found['status']).not.toBe('PENDING');
  });
  return found;
}

async function behave(behaviour: object): Promise<void> {
  await dintero.control('PUT', `/terminals/${terminal}`, { behaviour });
}

describe('an operation', () => {
  it('is pending at first, then ends as the device answers', async () => {
    const sent = await send('send_logs');
    expect(sent.body).toMatchObject({ terminal_id: terminal, status: 'PENDING' });
    expect(await ended(sent)).toMatchObject({ status: 'COMPLETED' });
    await behave({ operation_ends: 'TIMEOUT' });
    expect(await ended(await send('open_menu'))).toMatchObject({ status: 'TIMEOUT' });
  });

  it('is sent once for one key, and another is told to wait', async () => {
    await behave({ operation_ends: 'never', operation_retry_after_seconds: 7 });
    const key = crypto.randomUUID();
    const first = await send('end_of_day', key);
    expect((await send('end_of_day', key)).body).toEqual(first.body);
    const other = await send('end_of_day', crypto.randomUUID());
    expect([other.status, other.headers.get('retry-after')]).toEqual([409, '7']);
    const { body } = await dintero.call<Json[]>('GET', `${path}?terminal_id=${terminal}`);
    expect(body).toHaveLength(1);
  });

  it('is there under the account’s addresses, too', async () => {
    const { body } = await send('send_logs');
    const at = `/v1/accounts/T90001234/payments/admin/terminals/operations`;
    const query = `?terminal_id=${terminal}&operation_id=${String(body['id'])}`;
    expect((await dintero.call('GET', at + query)).body).toMatchObject([{ id: body['id'] }]);
  });

  it.each([
    ['an unknown operation', { operation: 'reboot' }],
    ['an unknown terminal', { terminal_id: 'T90001234-X1' }],
  ])('is refused for %s', async (_name, change) => {
    const body = { terminal_id: terminal, operation: 'send_logs', ...change };
    expect((await dintero.call('POST', path, body)).status).toBe(400);
  });

  it('check_update makes a device ready that waited for it', async () => {
    const waits = { status: 'ACTION_REQUIRED', status_reason: 'CHECK_UPDATE' };
    await dintero.control('PUT', `/terminals/${terminal}`, waits);
    await ended(await send('check_update'));
    const { body } = await dintero.call('GET', `/v1/accounts/T90001234/terminals/${terminal}`);
    expect(body).toMatchObject({ status: 'ACTIVE' });
    expect(body).not.toHaveProperty('status_reason');
  });
});

describe('the end of a day', () => {
  it('counts what the device has approved, released and given back since the last one', async () => {
    const tipped = await prompt(dintero, { terminal, amount: 10_000 });
    await press(dintero, tipped.terminal, 'tap', { amount: 11_000 });
    const { id } = await paid(dintero, { terminal, amount: 5000, autoCapture: false });
    await dintero.call('POST', `/v1/transactions/${id}/void`);
    await paid(dintero, { amount: 700 });
    expect((await ended(await send('end_of_day')))['result']).toEqual({
      batch_id: '000001',
      start_of_day_at: aString,
      purchases_count: 2,
      purchases_amount: 16_000,
      reversals_count: 1,
      reversals_amount: 5000,
      sale_amount: 15_000,
      tip_amount: 1000,
    });
    await paid(dintero, { terminal, amount: 300 });
    expect((await ended(await send('end_of_day')))['result']).toMatchObject({
      batch_id: '000002',
      last_end_of_day_at: aString,
      purchases_count: 1,
      purchases_amount: 300,
      reversals_count: 0,
    });
  });
});
