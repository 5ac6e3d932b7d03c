/** What of Dintero's answers comes in, and what does not. */
import { describe, expect, it } from 'vitest';
import { transactionAnswer } from '../../activities/dintero/schemas.ts';

const answer = {
  id: 'T90001234.transaction',
  session_id: 'T90001234.session',
  merchant_reference: 'S-1.1',
  status: 'CAPTURED',
  amount: 12900,
  currency: 'NOK',
};
const cardOf = (masked_pan: string): unknown =>
  transactionAnswer.parse({ ...answer, card: { brand: 'Visa', masked_pan } }).facts.card;

describe('a card number', () => {
  it('comes in masked', () => {
    expect(cardOf('412345******1234')).toMatchObject({ masked_pan: '412345******1234' });
  });

  it.each(['4123450131231234', '412345013123', 'card 4123450131231234'])(
    'that is not masked stops at the edge: %s',
    (pan) => {
      expect(cardOf(pan)).toMatchObject({ brand: 'Visa', masked_pan: null });
    },
  );
});

describe('an operation', () => {
  const of = (event: string, more: object = {}): object => ({ event, amount: 4500, ...more });
  const asked = (event: string): object =>
    of(`INITIATE_${event}`, { success: true, request_id: 'q' });
  const result = (event: string, success?: boolean | null): object =>
    of(event, { success, correlation_request_id: 'q' });
  const factsOf = (events: object[]) => transactionAnswer.parse({ ...answer, events }).facts;

  it.each<[name: string, events: object[], pending: number]>([
    ['that is asked for is open', [asked('X')], 1],
    ['that is answered is not', [asked('X'), result('X', true)], 0],
    ['that failed is not', [asked('X'), result('X', false)], 0],
    ['whose result does not say whether it succeeded is open', [asked('X'), result('X')], 1],
    ['whose result says null is open', [asked('X'), result('X', null)], 1],
    ['whose result says nothing stands for its request', [result('X')], 1],
    ['without any request, that says nothing, is open', [of('X')], 1],
    ['that is decided after all is not', [asked('X'), result('X'), result('X', true)], 0],
    ['that is decided after all, its request not shown', [result('X'), result('X', false)], 0],
  ])('%s', (_name, events, pending) => {
    for (const name of ['CAPTURE', 'VOID', 'REFUND']) {
      const text = JSON.stringify(events).replaceAll('X"', `${name}"`);
      const facts = factsOf(JSON.parse(text) as object[]);
      expect([name, facts.pending]).toEqual([name, Array(pending).fill(name.toLowerCase())]);
    }
  });

  it.each<[success: boolean | null | undefined, is: string, own: object]>([
    [true, 'done', { refundedAmount: 4500, pending: 0 }],
    [false, 'failed', { refundedAmount: 0, pending: 0 }],
    [null, 'initiated', { refundedAmount: 0, pending: 1 }],
    [undefined, 'initiated', { refundedAmount: 0, pending: 1 }],
  ])('REFUND with success %s is %s', (success, is, own) => {
    const events = [of('REFUND', { success, event_reference: 'S-1.1.R1' })];
    const { facts, refundEvents } = transactionAnswer.parse({ ...answer, events });
    expect(refundEvents).toMatchObject([{ is, reference: 'S-1.1.R1' }]);
    expect(facts.ownRefunds).toEqual([{ reference: 'S-1.1.R1', ...own }]);
  });
});
