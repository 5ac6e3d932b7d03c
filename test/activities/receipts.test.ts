/** Which receipt is printed, and what of it is remembered. */
import { describe, expect, it } from 'vitest';
import type { Dintero } from '../../activities/dintero/charges.ts';
import { readReceipt } from '../../activities/dintero/receipts.ts';
import { transactionAnswer } from '../../activities/dintero/schemas.ts';
import type { ReceiptAsk } from '../../workflows/receipts.ts';

const approved = {
  event: 'AUTHORIZE',
  success: true,
  metadata: {
    'seitatech:receiptNumber': '000412',
    'seitatech:uniqueId': 'U-1',
    'seitatech:posReferenceData': 'M3-1',
    'seitatech:customerReceipt': 'APPROVED',
    'seitatech:customerReceiptPart2': 'part 2',
    'seitatech:merchantReceipt': 'MERCHANT\n',
  },
};
const declined = {
  event: 'AUTHORIZE',
  success: false,
  metadata: { 'seitatech:customerReceipt': 'DECLINED' },
};
const refund = (event_reference: string, text: string, change: object = {}): object => ({
  event: 'REFUND',
  success: true,
  event_reference,
  metadata: { 'seitatech:customerReceipt': text },
  ...change,
});
const refunded = { is: 'refund', eventReference: 'S-1.1.R1', isDone: true } as const;
const notRefunded = { ...refunded, isDone: false };
const voided = { event: 'VOID', success: true, metadata: {} };

const paid: ReceiptAsk['of'] = { is: 'sale', isPaid: true };
const unpaid: ReceiptAsk['of'] = { is: 'sale', isPaid: false };

async function textOf(events: object[], change: Partial<ReceiptAsk> = {}): Promise<string | null> {
  const client: Dintero['client'] = {
    call: async ({ answer }) =>
      await Promise.resolve(answer.parse({ merchant_reference: 'S-1.1', events })),
  };
  const ask = {
    chargeId: 'S-1.1',
    transactionId: 'T90001234.1',
    copy: 'customer',
    of: paid,
  } as const;
  return await readReceipt({ client } as Dintero, { ...ask, timeoutMs: 1, ...change });
}

describe(readReceipt.name, () => {
  const long = { 'seitatech:customerReceipt': 'card 4111111111111111' };
  it.each<[name: string, events: object[], ask: Partial<ReceiptAsk>, text: string | null]>([
    ['both parts, in their order', [approved], {}, 'APPROVED\npart 2\n'],
    ['the merchant’s copy', [approved], { copy: 'merchant' }, 'MERCHANT\n'],
    ['of the approval that a decline came before', [declined, approved], {}, 'APPROVED\npart 2\n'],
    ['no approval where nothing was charged', [approved, voided], { of: unpaid }, null],
    ['a decline where nothing was charged', [declined], { of: unpaid }, 'DECLINED\n'],
    ['no decline where it was paid', [declined], {}, null],
    [
      'the refund that is meant',
      [approved, refund('S-1.1.R1', 'one'), refund('S-1.1.R2', 'two')],
      { of: refunded },
      'one\n',
    ],
    ...(
      [
        ['no refused refund where it was made', { success: false }, refunded, null],
        ['no made refund where it was refused', {}, notRefunded, null],
        ['a refused refund as such', { success: false }, notRefunded, 'one\n'],
        ['no refund that does not say how it ended', { success: null }, notRefunded, null],
      ] as const
    ).map(([name, change, of, text]): [string, object[], Partial<ReceiptAsk>, string | null] => [
      name,
      [refund('S-1.1.R1', 'one', change)],
      { of },
      text,
    ]),
    [
      'no refund that Dintero has taken back',
      [refund('S-1.1.R1', 'one', { id: '7' }), { event: 'X', correction: { event_ids: ['7'] } }],
      { of: refunded },
      null,
    ],
    ['none, if there is none', [{ ...approved, metadata: null }, voided], {}, null],
    ['none of another charge', [approved], { chargeId: 'S-2.1' }, null],
    ['a card number masked', [{ ...approved, metadata: long }], {}, 'card ************1111\n'],
    ['no metadata of another shape', [{ ...approved, metadata: [7] }], {}, null],
  ])('prints %s', async (_name, events, ask, text) => {
    expect(await textOf(events, ask)).toBe(text);
  });
});

describe('the receipt’s numbers', () => {
  const factsOf = (metadata: object | null): unknown =>
    transactionAnswer.parse({
      id: 'T90001234.1',
      session_id: 'T90001234.2',
      merchant_reference: 'S-1.1',
      status: 'CAPTURED',
      amount: 1,
      currency: 'NOK',
      events: [{ event: 'AUTHORIZE', success: true, metadata }],
    }).facts.receipt;

  it.each([
    [approved.metadata, { number: '000412', unique_id: 'U-1', correlation_id: 'M3-1' }],
    [{ 'seitatech:uniqueId': 'U-1' }, { number: null, unique_id: 'U-1', correlation_id: null }],
    [{ 'seitatech:uniqueId': '4111111111111111', 'seitatech:receiptNumber': 7 }, null],
    [{}, null],
    [null, null],
  ])('of %j are %j', (metadata, facts) => {
    expect(factsOf(metadata)).toEqual(facts);
  });
});
