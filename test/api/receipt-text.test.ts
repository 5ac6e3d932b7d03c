/** The receipt that Kvitt composes where the terminal gave none. */
import { expect, test } from 'vitest';
import { composeReceipt } from '../../api/receipt-text.ts';

const known = {
  copy: 'customer',
  says: 'PAID',
  id: 'bergen-S-1001.1',
  reference: 'bergen-S-1001',
  amount: 12900,
  currency: 'NOK',
  storeId: 'bergen-01',
  terminalId: 'T90001234-T0003',
  transactionId: 'T90001234.5AbCdEfGhJkLmNpQrStUvW',
  card: { brand: 'Visa', masked_pan: '412345******1234', entry_method: 'chip' },
  receipt: { number: '000412', unique_id: 'U-1', correlation_id: 'M3-1' },
  at: '2026-11-22T09:15:11.000Z',
} as const;

test('a composed receipt has what is known, in lines that a narrow printer has', () => {
  expect(composeReceipt(known)).toBe(`CUSTOMER COPY
Store: bergen-01
Terminal: T90001234-T0003
Time: 2026-11-22 09:15 UTC
Sale: bergen-S-1001
Payment: bergen-S-1001.1
Receipt: 000412
Card: Visa 412345******1234
Entry: chip
Transaction:
  T90001234.5AbCdEfGhJkLmNpQrStUvW

NOK 129.00
PAID
`);
});

test('what is not known is left out', () => {
  const none = { storeId: null, terminalId: null, transactionId: null, card: null, receipt: null };
  const text = composeReceipt({
    ...known,
    ...none,
    amount: null,
    copy: 'merchant',
    says: 'NOT CHARGED',
  });
  expect(text).toBe(`MERCHANT COPY
Time: 2026-11-22 09:15 UTC
Sale: bergen-S-1001
Payment: bergen-S-1001.1

NOT CHARGED
`);
});
