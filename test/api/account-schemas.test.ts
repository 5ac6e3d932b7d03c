/** What is taken of orders about the account. */
import { expect, it } from 'vitest';
import {
  createStoreSchema,
  operationPathSchema,
  operationRequestSchema,
} from '../../api/account-schemas.ts';

it('a key is the same operation in any case of its letters, and names one that can be read', () => {
  const key = '7d5ad1a2-2b0c-4ee0-9f47-3a6f8ac1bb22';
  const taken = operationRequestSchema.parse({ operation: 'end_of_day', key: key.toUpperCase() });
  expect(taken.key).toBe(key);
  const path = { terminal_id: 'T90001234-T0003', operation_id: `end_of_day-${taken.key ?? ''}` };
  expect(operationPathSchema.safeParse(path).success).toBe(true);
});

it('a name that holds a card number is not taken', () => {
  const store = {
    store_id: 'oslo-01',
    name: '4111 1111 1111 1111',
    organization_number: '923663487',
    payout_destination_id: 'seller-9',
  };
  expect(createStoreSchema.safeParse(store).error?.issues[0]?.path).toEqual(['name']);
});
