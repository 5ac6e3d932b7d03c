import { describe, expect, test } from 'vitest';
import { holdsCardNumber, maskCardNumbers } from '../../workflows/card-number.ts';

describe(holdsCardNumber.name, () => {
  test.each([
    '4111111111111111',
    'card 4111 1111 1111 1111, exp 12/30',
    'card:4111-1111-1111-1111.',
    '4111–1111–1111–1111',
    '4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1',
    'till 12 5500 0000 0000 0004',
    'no. 1234 378282246310005',
    '4222222222222',
    '6304000000000000000',
    '４１１１１１１１１１１１１１１１',
  ])('finds one in %s', (text) => {
    expect(holdsCardNumber(text)).toBe(true);
  });

  test.each([
    '',
    '4111111111111112',
    '411111******1111',
    '411111 1111',
    'T90001234-T0003 since 09:15',
    'charge bergen-S-1001.1, NOK 129.00',
    'call +47 22 33 44 55',
    '41111111111111111111',
    '2026-11-22T09:15:11.000Z',
  ])('finds none in %s', (text) => {
    expect(holdsCardNumber(text)).toBe(false);
  });
});

describe(maskCardNumbers.name, () => {
  test.each([
    ['PAN 4111111111111111 ok', 'PAN ************1111 ok'],
    ['4111 1111 1111 1111', '**** **** **** 1111'],
    ['ref 412345013123', 'ref ********3123'],
    ['412345******1234', '412345******1234'],
    ['AID: A0000000031010 TVR 0000008000', 'AID: A0000000031010 TVR 0000008000'],
    ['AID A000000025010402', 'AID A000000025010402'],
    ['A4111111111111111', 'A************1111'],
    ['NOK 129.00\n2026-11-23 05:30\n000412', 'NOK 129.00\n2026-11-23 05:30\n000412'],
  ])('%j becomes %j', (text, masked) => {
    expect(maskCardNumbers(text)).toBe(masked);
  });
});
