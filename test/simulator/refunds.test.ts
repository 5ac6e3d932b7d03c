/** Refunds at a terminal, as the dossier has them (4.4, 12.2 and 12.3). */
import { describe, expect, it } from 'vitest';
import type { LedgerEntry, Transaction } from '../../simulator/records.ts';
import {
  eventually,
  newTerminal,
  paid,
  press,
  sessionBody,
  startDintero,
  type Answer,
  type Dintero,
} from './harness.ts';

interface Paid {
  dintero: Dintero;
  terminal: string;
  transactionId: string;
  refund: (change?: object) => Promise<Answer<Transaction>>;
}

async function paidSale(behaviour: object = {}): Promise<Paid> {
  const dintero = await startDintero();
  await dintero.control('PUT', '/behaviour', behaviour);
  const terminal = newTerminal();
  const { id: transactionId } = await paid(dintero, { terminal, autoCapture: true });
  const refund: Paid['refund'] = async (change = {}) =>
    await dintero.call('POST', `/v1/transactions/${transactionId}/refund`, {
      amount: 4500,
      terminal_id: terminal,
      refund_reference: 'rf-1',
      ...change,
    });
  return { dintero, terminal, transactionId, refund };
}

async function kindsIn(dintero: Dintero): Promise<string[]> {
  const { body } = await dintero.control<{ entries: LedgerEntry[] }>('GET', '/ledger');
  return body.entries.map(({ kind }) => kind).filter((kind) => kind.startsWith('refund'));
}

async function eventsOf({ dintero, transactionId }: Paid): Promise<(string | boolean)[][]> {
  const { body } = await dintero.call<Transaction>('GET', `/v1/transactions/${transactionId}`);
  const refunds = body.events.filter(({ event }) => event.includes('REFUND'));
  return refunds.map(({ event, success }) => [event, success]);
}

describe('the refund endpoint', () => {
  it.each<[name: string, change: object]>([
    ['without a terminal', { terminal_id: undefined }],
    ['at an unknown terminal', { terminal_id: 'T90001234-X1' }],
    ['of more than was captured', { amount: 12901 }],
    ['with metadata of another kind', { metadata: { refund: '1' } }],
  ])('refuses one %s', async (_name, change) => {
    const sale = await paidSale();
    expect((await sale.refund(change)).status).toBe(400);
    expect(await kindsIn(sale.dintero)).toEqual([]);
  });

  it.each([
    ['inactive', { status: 'INACTIVE' }, 400],
    ['of another seller', { payout_destination_id: 'seller-1' }, 400],
    ['another of the same seller', { payout_destination_id: 'seller-9' }, 202],
  ])('answers at a terminal that is %s', async (_name, settings, status) => {
    const sale = await paidSale();
    const other = newTerminal();
    await sale.dintero.control('PUT', `/terminals/${other}`, settings);
    expect((await sale.refund({ terminal_id: other })).status).toBe(status);
  });

  it('accepts with 202, names the request, and correlates its result', async () => {
    const sale = await paidSale();
    const { status, headers, body } = await sale.refund();
    const requestId = headers.get('event-request-id');
    expect([status, body.status, body.events.at(-1)?.request_id]).toEqual([
      202,
      'CAPTURED',
      requestId,
    ]);
    expect((await sale.refund({ refund_reference: 'rf-2' })).status).toBe(400);
    await press(sale.dintero, sale.terminal, 'tap');
    const path = `/v1/transactions/${sale.transactionId}`;
    const { body: after } = await sale.dintero.call<Transaction>('GET', path);
    expect(after.status).toBe('PARTIALLY_REFUNDED');
    expect(after.events.at(-1)).toMatchObject({
      event: 'REFUND',
      success: true,
      correlation_request_id: requestId,
      event_reference: 'rf-1',
    });
  });

  it.each([
    ['decline', {}, true],
    ['stop', {}, true],
    ['offline', { phase: 'at_start' }, false],
    ['offline', { phase: 'after_approval' }, false],
  ])('%s %j frees the terminal and moves nothing', async (button, body, isShown) => {
    const sale = await paidSale();
    await sale.refund();
    await press(sale.dintero, sale.terminal, button, body);
    const failed = isShown ? [['REFUND', false]] : [];
    expect(await eventsOf(sale)).toEqual([['INITIATE_REFUND', true], ...failed]);
    const { body: terminal } = await sale.dintero.control('GET', `/terminals/${sale.terminal}`);
    expect(terminal['prompt']).toBeNull();
    expect(await kindsIn(sale.dintero)).not.toContain('refunded');
  });

  it('ends by itself when the cardholder walks away, and may be resolved later', async () => {
    const sale = await paidSale({ prompt_lifetime_ms: 50 });
    await sale.refund();
    await eventually(async () =>
      expect(await kindsIn(sale.dintero)).toEqual(['refund_prompt_started', 'refund_prompt_ended']),
    );
    await sale.dintero.control('POST', '/refunds/rf-1/resolve', { success: true });
    expect(await eventsOf(sale)).toEqual([
      ['INITIATE_REFUND', true],
      ['REFUND', true],
    ]);
  });

  it('answers a held request when the cardholder has acted', async () => {
    const sale = await paidSale({ refund_answer: 'held', refund_initiated_visible: false });
    const answered = sale.refund();
    await eventually(async () =>
      expect(await kindsIn(sale.dintero)).toEqual(['refund_prompt_started']),
    );
    expect(await eventsOf(sale)).toEqual([]);
    await press(sale.dintero, sale.terminal, 'tap');
    const { status, body } = await answered;
    expect([status, body.status]).toEqual([200, 'PARTIALLY_REFUNDED']);
  });

  it('answers 200 with the result where the cardholder is quick', async () => {
    const sale = await paidSale({ refund_answer: '200' });
    const { status, body } = await sale.refund({ amount: 12900 });
    expect([status, body.status]).toEqual([200, 'REFUNDED']);
  });

  it.each(['reject', 'queue', 'replace'])(
    'meets a payment on its terminal: %s',
    async (second_session) => {
      const sale = await paidSale({ second_session });
      const { terminal } = sale;
      await sale.dintero.call('POST', '/v1/sessions-profile', sessionBody({ terminal }));
      const { status } = await sale.refund();
      const kinds = await kindsIn(sale.dintero);
      const expected = {
        reject: [400, 'refund_refused'],
        queue: [202, 'refund_prompt_queued'],
        replace: [202, 'refund_prompt_started'],
      }[second_session];
      expect([status, kinds.at(-1)]).toEqual(expected);
    },
  );

  it('lets a second one beside the first where pending ones are not counted', async () => {
    const sale = await paidSale({ pending_counted: false, second_session: 'queue' });
    await sale.refund();
    expect((await sale.refund({ refund_reference: 'rf-2' })).status).toBe(202);
  });
});
