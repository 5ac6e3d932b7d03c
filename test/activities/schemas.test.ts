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
