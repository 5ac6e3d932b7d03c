import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { caseSchema, chargeSchema } from '../../api/answers.ts';
import * as shownSchemas from '../../cli/answers.ts';
import {
  age,
  createPaint,
  durationMs,
  instant,
  money,
  printable,
  table,
} from '../../cli/tables.ts';
import { charge, moneyCase } from './kvitt.ts';

describe('the answers of the api', () => {
  test('are understood as they are', () => {
    const [one, about] = [charge(), moneyCase()];
    expect(shownSchemas.chargeSchema.parse(one)).toEqual(chargeSchema.parse(one));
    expect(shownSchemas.caseSchema.parse(about)).toEqual(caseSchema.parse(about));
  });
});

describe(money.name, () => {
  test.each([
    [12_900, 'NOK', 'NOK 129.00'],
    [5, 'EUR', 'EUR 0.05'],
    [129, 'JPY', 'JPY 129'],
    [1_234, 'KWD', 'KWD 1.234'],
    [-250, 'SEK', 'SEK -2.50'],
    [2_147_483_647, 'NOK', 'NOK 21474836.47'],
    [12_900, null, '12900 minor units'],
    [12_900, 'nok', '12900 minor units'],
    [null, 'NOK', '-'],
  ])('%s %s is %s', (amountMinor, currency, text) => {
    expect(money(amountMinor, currency)).toBe(text);
  });
});

describe(age.name, () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  test.each([
    ['2026-11-22T11:59:15Z', '45 s'],
    ['2026-11-22T11:48:00Z', '12 min'],
    ['2026-11-22T10:30:00Z', '90 min'],
    ['2026-11-21T00:00:00Z', '36 h'],
    ['2026-11-15T12:00:00Z', '7 d'],
    // The clock of this machine is behind.
    ['2026-11-22T12:00:09Z', '0 s'],
    ['soon', '-'],
  ])('of %s is %s', (at, text) => {
    expect(age(at, now)).toBe(text);
  });
});

test.each([
  ['30s', 30_000],
  ['10m', 600_000],
  ['2h', 7_200_000],
  ['3d', 259_200_000],
  ['10', null],
  ['-1m', null],
  ['1 m', null],
])('the duration %s is %s ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

describe('what is printed', () => {
  test('is in UTC, and as it came where it is no instant', () => {
    expect(instant('2026-11-22T10:15:11.123+01:00')).toBe('2026-11-22 09:15:11Z');
    expect(instant('soon')).toBe('soon');
    expect(instant(null)).toBe('-');
  });

  test('has no control characters', () => {
    expect(printable('a\u001b[31mb\u0007c\nd\u202ee')).toBe('a [31mb c d e');
  });

  test('lines up, coloured or not', () => {
    const paint = createPaint(true);
    const rows = [
      [paint.warning('long cell'), 'b'],
      ['a', 'b'],
    ];
    const text = table(paint, { heads: ['X', 'Y'], rows });
    expect(text).not.toBe(stripVTControlCharacters(text));
    expect(stripVTControlCharacters(text)).toBe('X          Y\nlong cell  b\na          b');
    const plain = createPaint(false);
    expect(table(plain, { heads: ['X'], rows: [[plain.warning('a')]] })).toBe('X\na');
  });
});
