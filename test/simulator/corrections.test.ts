import { describe, expect, it } from 'vitest';
import {
  eventually,
  ledgerOf,
  paid,
  press,
  prompt,
  startDintero,
  startReceiver,
  transactionOf,
  type Dintero,
} from './harness.ts';

/** A payment in a status, and its session. */
async function reach(dintero: Dintero, status: string, callback?: string): Promise<string> {
  const { id, terminal } = await prompt(dintero, {
    amount: 100,
    autoCapture: status === 'CAPTURED',
    ...(callback !== undefined && { callback }),
  });
  if (status === 'FAILED') await press(dintero, terminal, 'decline', { as: 'FAILED' });
  else if (status === 'UNKNOWN') {
    await press(dintero, terminal, 'offline', { phase: 'after_approval' });
  } else await press(dintero, terminal, 'tap');
  if (status === 'AUTHORIZATION_VOIDED') await press(dintero, terminal, 'void');
  return id;
}

describe('a correction', () => {
  it.each([
    ['CAPTURED', 'AUTHORIZED', 'AUTHORIZE', ['CAPTURE'], ['corrected', 'authorised']],
    ['CAPTURED', 'AUTHORIZATION_VOIDED', 'VOID', ['CAPTURE'], ['corrected', 'voided']],
    ['CAPTURED', 'FAILED', 'AUTHORIZE', ['AUTHORIZE', 'CAPTURE'], ['corrected', 'voided']],
    ['AUTHORIZED', 'FAILED', 'AUTHORIZE', ['AUTHORIZE'], ['corrected', 'voided']],
    ['AUTHORIZATION_VOIDED', 'AUTHORIZED', 'AUTHORIZE', ['VOID'], ['corrected', 'authorised']],
    ['FAILED', 'CAPTURED', 'CAPTURE', ['AUTHORIZE'], ['corrected', 'captured']],
    ['UNKNOWN', 'CAPTURED', 'CAPTURE', ['AUTHORIZE'], ['corrected', 'captured']],
  ])('from %s to %s is a %s that takes back %j', async (from, to, event, wrong, money) => {
    const dintero = await startDintero();
    const id = await reach(dintero, from);
    const before = await transactionOf(dintero, id);
    await dintero.control('POST', `/transactions/${before?.id}/correct`, { status: to });
    const after = await transactionOf(dintero, id);
    expect([before?.status, after?.status]).toEqual([from, to]);

    const last = after?.events.at(-1);
    expect(last).toMatchObject({ event, success: to !== 'FAILED', transaction_status: to });
    const named = last?.correction?.event_ids ?? [];
    const taken = after?.events.filter((one) => named.includes(one.id)) ?? [];
    expect(taken.map((one) => one.event)).toEqual(wrong);
    expect(last?.correction).toMatchObject({
      status: to,
      remaining_capture_amount: to === 'AUTHORIZED' ? 100 : 0,
      remaining_refund_amount: to === 'CAPTURED' ? 100 : 0,
    });
    const kinds = (await ledgerOf(dintero, before?.merchant_reference ?? '')).slice(-2);
    expect(kinds.map((entry) => entry.split(':', 1)[0])).toEqual(money);
    expect(kinds).toContain(`corrected:${from} to ${to}`);
  });

  it('is what the next operation goes by', async () => {
    const dintero = await startDintero();
    const { id, store } = await paid(dintero, { amount: 100, autoCapture: true });
    await press(dintero, store.terminal_id, 'correct', { status: 'AUTHORIZED' });
    const path = `/v1/transactions/${id}/capture`;
    expect((await dintero.call('POST', path, { amount: 101 })).status).toBe(400);
    expect((await dintero.call('POST', path, { amount: 100 })).status).toBe(200);
  });

  it('to the status that it has is refused', async () => {
    const dintero = await startDintero();
    const { id } = await paid(dintero);
    const path = `/transactions/${id}/correct`;
    expect((await dintero.control('POST', path, { status: 'CAPTURED' })).status).toBe(409);
    expect((await dintero.control('POST', path, { status: 'ON_HOLD' })).status).toBe(400);
  });

  it.each([
    ['AUTHORIZED', 'FAILED', ['failed']],
    ['FAILED', 'CAPTURED', ['result', 'CAPTURE']],
    ['CAPTURED', 'AUTHORIZATION_VOIDED', ['VOID']],
  ])('from %s to %s is called back as %j', async (from, to, news) => {
    const dintero = await startDintero();
    const receiver = await startReceiver();
    const options = 'report_error=true&report_event=CAPTURE&report_event=VOID';
    const id = await reach(dintero, from, `${receiver.url}/?${options}`);
    const before = from === 'CAPTURED' ? 2 : 1;
    await eventually(() => expect(receiver.received).toHaveLength(before));
    const transaction = await transactionOf(dintero, id);
    await dintero.control('POST', `/transactions/${transaction?.id}/correct`, { status: to });
    await eventually(() => expect(receiver.received).toHaveLength(before + news.length));
    const told = receiver.received.slice(before).map(({ url: { searchParams: asked } }) => {
      return asked.get('error') ?? asked.get('event') ?? 'result';
    });
    expect(told.toSorted()).toEqual(news.toSorted());
  });
});

it('a person in Backoffice is asked of the last payment of a terminal, and refused where there is none', async () => {
  const dintero = await startDintero();
  const { terminal, reference } = await prompt(dintero, { autoCapture: false });
  expect((await press(dintero, terminal, 'capture')).status).toBe(409);
  await press(dintero, terminal, 'tap');
  expect((await press(dintero, terminal, 'capture')).status).toBe(200);
  expect((await press(dintero, terminal, 'refund', { amount: 100 })).status).toBe(200);
  expect((await ledgerOf(dintero, reference)).slice(-2)).toEqual([
    'captured:backoffice',
    'refunded:backoffice',
  ]);
});
