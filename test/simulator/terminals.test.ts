import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../simulator/records.ts';
import {
  eventually,
  ledgerOf,
  newTerminal,
  paid,
  press,
  prompt,
  sessionBody,
  sessionOf,
  startDintero,
  startReceiver,
  transactionOf,
  type Dintero,
  type Json,
} from './harness.ts';

async function eventNames(dintero: Dintero, sessionId: string): Promise<string[]> {
  return (await sessionOf(dintero, sessionId)).events.map((event) => event.name);
}

describe('the buttons', () => {
  it.each([
    ['decline', {}, 'DECLINED', 'DECLINED', 'authorization'],
    ['decline', { as: 'FAILED' }, 'FAILED', 'FAILED', 'failed'],
    ['decline', { as: 'none' }, undefined, 'DECLINED', 'authorization'],
    ['stop', {}, undefined, 'CANCELLED', 'cancelled'],
    ['stop', { as: 'FAILED' }, 'FAILED', 'FAILED', 'cancelled'],
    ['stop', { as: 'none' }, undefined, 'PAY_LOCK_END', 'cancelled'],
  ])(
    '%s %j leaves transaction %s and session event %s',
    async (button, body, status, event, error) => {
      const dintero = await startDintero();
      const receiver = await startReceiver();
      const { id, terminal } = await prompt(dintero, {
        callback: `${receiver.url}/?report_error=true`,
      });
      await press(dintero, terminal, button, body);
      expect((await transactionOf(dintero, id))?.status).toBe(status);
      expect((await eventNames(dintero, id)).at(-1)).toBe(event);
      await eventually(() => expect(receiver.received).toHaveLength(1));
      expect(receiver.received[0]?.url.searchParams.get('error')).toBe(error);
      expect((await dintero.control('GET', `/terminals/${terminal}`)).body['prompt']).toBeNull();
    },
  );

  it('a decline carries its error type', async () => {
    const dintero = await startDintero();
    const { id, terminal } = await prompt(dintero);
    await press(dintero, terminal, 'decline', { error_type: 'INSUFFICIENT_FUNDS' });
    expect((await transactionOf(dintero, id))?.events.at(-1)).toMatchObject({
      event: 'AUTHORIZE',
      success: false,
      error: { type: ['INSUFFICIENT_FUNDS'] },
    });
  });

  it('a decline that asks again keeps the prompt', async () => {
    const dintero = await startDintero();
    const { id, terminal } = await prompt(dintero);
    await press(dintero, terminal, 'decline', { as: 'ask_again' });
    expect(await eventNames(dintero, id)).toContain('PAY_FAILED');
    await press(dintero, terminal, 'tap');
    expect(await transactionOf(dintero, id)).toMatchObject({ status: 'CAPTURED' });
  });

  it.each([
    ['hold', {}, 'ON_HOLD', 'AUTHORIZED', 'CAPTURED'],
    ['hold', {}, 'ON_HOLD', 'FAILED', 'FAILED'],
    ['offline', { phase: 'after_approval' }, 'UNKNOWN', 'CAPTURED', 'CAPTURED'],
    ['offline', { phase: 'after_approval' }, 'UNKNOWN', 'DECLINED', 'DECLINED'],
    ['offline', { phase: 'at_start' }, undefined, 'AUTHORIZED', 'CAPTURED'],
    ['offline', { phase: 'at_start' }, undefined, 'AUTHORIZATION_VOIDED', 'AUTHORIZATION_VOIDED'],
  ])('%s %j is %s until resolved as %s', async (button, body, before, resolution, after) => {
    const dintero = await startDintero();
    const { id, terminal } = await prompt(dintero);
    await press(dintero, terminal, button, body);
    expect((await transactionOf(dintero, id))?.status).toBe(before);
    const { status } = await press(dintero, terminal, 'resolve', { status: resolution });
    expect(status).toBe(200);
    expect((await transactionOf(dintero, id))?.status).toBe(after);
    const again = await press(dintero, terminal, 'resolve', { status: 'AUTHORIZED' });
    expect(again.status).toBe(409);
  });

  it('a decided payment cannot be resolved once more', async () => {
    const dintero = await startDintero();
    const { session_id, store, merchant_reference } = await paid(dintero);
    const body = { status: 'AUTHORIZED', session_id };
    expect((await press(dintero, store.terminal_id, 'resolve', body)).status).toBe(409);
    const entries = await ledgerOf(dintero, merchant_reference);
    expect(entries.filter((entry) => entry.startsWith('captured'))).toHaveLength(1);
  });

  it('are refused with 409 without a prompt and 400 with a body that makes no sense', async () => {
    const dintero = await startDintero();
    const { terminal } = await prompt(dintero);
    expect((await press(dintero, newTerminal(), 'tap')).status).toBe(409);
    const answer = await press(dintero, terminal, 'tap', { amount: 'all' });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { errors: [{ path: 'amount' }] } },
    });
  });
});

describe('a prompt', () => {
  it('ends by itself after its lifetime, and the session says nothing of it', async () => {
    const dintero = await startDintero({ promptLifetimeMs: 40 });
    const { id, reference } = await prompt(dintero);
    await eventually(async () =>
      expect(await ledgerOf(dintero, reference)).toContain('prompt_ended:timeout'),
    );
    expect(await eventNames(dintero, id)).toEqual(['INITIATED', 'PAY_LOCK_START', 'PAY_LOCK_END']);
  });

  it.each([true, false])('ends at expires_at: %s', async (isEnding) => {
    const dintero = await startDintero();
    await dintero.control('PUT', '/behaviour', { expires_at_ends_prompt: isEnding });
    const expiresAt = new Date(Date.now() + 20).toISOString();
    const { terminal } = await prompt(dintero, { expiresAt });
    const later = await prompt(dintero, { amount: 39900 });
    await dintero.control('PUT', '/customer', { action: 'tap', delay_ms: 60 });
    const last = await prompt(dintero);
    await eventually(async () =>
      expect(await ledgerOf(dintero, last.reference)).toContain('prompt_ended:tapped'),
    );
    expect(await ledgerOf(dintero, later.reference)).toContain('prompt_ended:tapped');
    const { body } = await dintero.control('GET', `/terminals/${terminal}`);
    expect(body['prompt'] === null).toBe(isEnding);
  });

  it('of a queued session starts when the one before it ends', async () => {
    const dintero = await startDintero();
    await dintero.control('PUT', '/behaviour', { second_session: 'queue' });
    const first = await prompt(dintero);
    const second = await prompt(dintero, { terminal: first.terminal });
    await press(dintero, first.terminal, 'tap');
    await press(dintero, first.terminal, 'tap');
    expect(await transactionOf(dintero, second.id)).toMatchObject({ status: 'CAPTURED' });
    const path = `/ledger?terminal_id=${first.terminal}`;
    const { entries } = (await dintero.control<{ entries: LedgerEntry[] }>('GET', path)).body;
    const prompts = entries.filter(({ kind }) => /^prompt_(started|ended)/.test(kind));
    expect(prompts.map(({ kind, session_id }) => [kind, session_id])).toEqual([
      ['prompt_started', first.id],
      ['prompt_ended', first.id],
      ['prompt_started', second.id],
      ['prompt_ended', second.id],
    ]);
  });
});

describe('a customer', () => {
  it('answers every prompt of every terminal, or of one', async () => {
    const dintero = await startDintero();
    await dintero.control('PUT', '/customer', { action: 'tap', delay_ms: 0 });
    const terminal = newTerminal();
    await dintero.control('PUT', '/customer', { terminal_id: terminal, action: 'decline' });
    const taps = await prompt(dintero);
    const declines = await prompt(dintero, { terminal });
    await eventually(async () => {
      expect(await transactionOf(dintero, taps.id)).toMatchObject({ status: 'CAPTURED' });
      expect(await transactionOf(dintero, declines.id)).toMatchObject({ status: 'DECLINED' });
    });
  });

  it('follows the script of the terminal first', async () => {
    const dintero = await startDintero();
    const terminal = newTerminal();
    const script = [{ action: 'decline' }, { action: 'tap' }];
    await dintero.control('PUT', `/terminals/${terminal}`, { script });
    const statuses: unknown[] = [];
    for (const _turn of script) {
      const { id } = await prompt(dintero, { terminal });
      await eventually(async () => expect(await transactionOf(dintero, id)).toBeDefined());
      statuses.push((await transactionOf(dintero, id))?.status);
    }
    expect(statuses).toEqual(['DECLINED', 'CAPTURED']);
  });

  it('pays 399.00 by Visa unasked, as on a simulated terminal of Dintero', async () => {
    const dintero = await startDintero();
    const { id } = await prompt(dintero, { amount: 39900 });
    await eventually(async () =>
      expect(await transactionOf(dintero, id)).toMatchObject({ card: { brand: 'Visa' } }),
    );
  });

  it('who walks away leaves the prompt to its lifetime', async () => {
    const dintero = await startDintero({ promptLifetimeMs: 40 });
    await dintero.control('PUT', '/customer', { action: 'walk_away', delay_ms: 0 });
    const { reference } = await prompt(dintero, { amount: 39900 });
    await eventually(async () =>
      expect(await ledgerOf(dintero, reference)).toEqual([
        'session_created',
        'prompt_started',
        'prompt_ended:timeout',
      ]),
    );
  });
});

describe('the ledger', () => {
  it('numbers its entries and answers from a number on', async () => {
    const dintero = await startDintero();
    const { merchant_reference_2: sale = '', id } = await paid(dintero, { amount: 500 });
    await paid(dintero);
    const { entries } = (
      await dintero.control<{ entries: LedgerEntry[] }>(
        'GET',
        `/ledger?after=3&merchant_reference_2=${sale}`,
      )
    ).body;
    expect(entries.map(({ seq, kind, amount }) => [seq, kind, amount])).toEqual([
      [4, 'authorised', 500],
      [5, 'captured', 500],
    ]);
    expect(entries[1]).toMatchObject({
      transaction_id: id,
      currency: 'NOK',
      at: expect.stringMatching(/Z$/) as unknown,
    });
  });

  it('shows what a person did in Backoffice', async () => {
    const dintero = await startDintero();
    const { id, merchant_reference } = await paid(dintero);
    await dintero.control('POST', `/transactions/${id}/refund`, { amount: 900 });
    expect(await ledgerOf(dintero, merchant_reference)).toContain('refunded:backoffice');
    const { body } = await dintero.control<Json>('GET', `/transactions/${id}`);
    expect(body['status']).toBe('PARTIALLY_REFUNDED');
  });

  it('is empty after a reset, like everything else', async () => {
    const dintero = await startDintero();
    const { id } = await paid(dintero);
    const body = sessionBody();
    await dintero.call('POST', '/v1/sessions-profile', body);
    expect((await dintero.control('DELETE', '')).status).toBe(204);
    expect((await dintero.control('GET', '/ledger')).body).toEqual({ entries: [] });
    expect((await dintero.call('GET', `/v1/transactions/${id}`)).status).toBe(404);
    expect((await press(dintero, body.order.store.terminal_id, 'tap')).status).toBe(409);
  });
});

it('lets a terminal behave otherwise than the rest', async () => {
  const dintero = await startDintero();
  const terminal = newTerminal();
  await dintero.control('PUT', `/terminals/${terminal}`, { behaviour: { capture_anyway: true } });
  const odd = await paid(dintero, { terminal, autoCapture: false });
  const even = await paid(dintero, { autoCapture: false });
  expect([odd.status, even.status]).toEqual(['CAPTURED', 'AUTHORIZED']);
});
