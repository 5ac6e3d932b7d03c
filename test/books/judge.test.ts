/** The comparison, row by row: what Dintero shows, what the charge told, and what follows. */
import { describe, expect, it } from 'vitest';
import {
  judgeMissing,
  judgePayment,
  type Settled,
  type Told,
} from '../../activities/books/judge.ts';
import type { TransactionFacts } from '../../activities/dintero/facts.ts';
import { transaction } from '../workflows/builders.ts';

const unknown: Told = { is: 'unknown', isForgotten: false };
const own = transaction().transactionId;

function captured(change: Partial<Extract<Told, { is: 'ended' }>> = {}): Told {
  return {
    is: 'ended',
    outcome: 'captured',
    transactionId: own,
    capturedAmount: 12_900,
    currency: 'NOK',
    refundedAmount: 0,
    ...change,
  };
}

const notCharged = captured({ outcome: 'not_charged', transactionId: null, capturedAmount: 0 });

const voided: Partial<TransactionFacts> = { status: 'voided', capturedAmount: 0 };
const reserved: Partial<TransactionFacts> = { status: 'authorised', capturedAmount: 0 };
const undecided: Partial<TransactionFacts> = { status: 'unknown', capturedAmount: 0 };
const refunded: Partial<TransactionFacts> = { status: 'partly_refunded', refundedAmount: 900 };

const own900 = { reference: 'S-1.1.R1', refundedAmount: 900, pending: 0 };

interface Row {
  dintero: Partial<TransactionFacts>;
  told: Told;
  settled?: Settled;
  is: string;
}

const rows: Record<string, Row> = {
  'a captured payment that was told so': { dintero: {}, told: captured(), is: 'agrees' },
  'a voided payment of a charge without money': {
    dintero: voided,
    told: notCharged,
    is: 'no_money',
  },
  'a captured payment without a charge': { dintero: {}, told: unknown, is: 'orphan' },
  'a reserved payment without a charge': { dintero: reserved, told: unknown, is: 'orphan' },
  'an undecided payment without a charge': { dintero: undecided, told: unknown, is: 'orphan' },
  'a voided payment without a charge': { dintero: voided, told: unknown, is: 'no_money' },
  'a payment of a charge that Temporal has forgotten': {
    dintero: {},
    told: { is: 'unknown', isForgotten: true },
    is: 'forgotten',
  },
  'a captured payment of a charge without money': { dintero: {}, told: notCharged, is: 'unequal' },
  'a reserved payment of a charge without money': {
    dintero: reserved,
    told: notCharged,
    is: 'unequal',
  },
  'an undecided payment of a charge without money': {
    dintero: undecided,
    told: notCharged,
    is: 'unequal',
  },
  'another payment under the id of a paid charge': {
    dintero: {},
    told: captured({ transactionId: 'T90001234.first' }),
    is: 'orphan',
  },
  'another payment, voided, under the id of a paid charge': {
    dintero: voided,
    told: captured({ transactionId: 'T90001234.first' }),
    is: 'no_money',
  },
  'another payment under the id of an open charge': {
    dintero: {},
    told: { is: 'open', transactionId: 'T90001234.first' },
    is: 'orphan',
  },
  'the payment of an open charge': {
    dintero: {},
    told: { is: 'open', transactionId: own },
    is: 'open',
  },
  'a payment of an open charge that has seen none': {
    dintero: undecided,
    told: { is: 'open', transactionId: null },
    is: 'open',
  },
  'a payment of a charge that was ended from outside': {
    dintero: {},
    told: { is: 'lost' },
    is: 'open',
  },
  'a voided payment that was told as captured': {
    dintero: voided,
    told: captured(),
    is: 'unequal',
  },
  'a reserved payment that was told as captured': {
    dintero: reserved,
    told: captured(),
    is: 'unequal',
  },
  'another amount': {
    dintero: { capturedAmount: 13_900 },
    told: captured(),
    is: 'unequal',
  },
  'another amount that was told as it is': {
    dintero: { capturedAmount: 13_900 },
    told: captured({ capturedAmount: 13_900 }),
    is: 'agrees',
  },
  'another currency': { dintero: { currency: 'SEK' }, told: captured(), is: 'unequal' },
  'a refund that nobody asked for': {
    dintero: refunded,
    told: captured(),
    is: 'unequal',
  },
  'a refund of our own': {
    dintero: { ...refunded, ownRefunds: [own900] },
    told: captured(),
    is: 'agrees',
  },
  'a refund of our own, and one that nobody asked for': {
    dintero: { status: 'partly_refunded', refundedAmount: 1_000, ownRefunds: [own900] },
    told: captured(),
    is: 'unequal',
  },
  'a refund of our own, and one that a person has settled the case by': {
    dintero: { status: 'partly_refunded', refundedAmount: 1_000, ownRefunds: [own900] },
    told: captured({ refundedAmount: 100 }),
    is: 'agrees',
  },
  'a refund that a person has settled the case by': {
    dintero: refunded,
    told: captured({ refundedAmount: 900 }),
    is: 'agrees',
  },
  'a refund that is under way': {
    dintero: { pending: ['refund'] },
    told: captured(),
    is: 'open',
  },
  'an orphan whose case is settled': {
    dintero: {},
    told: unknown,
    settled: { capturedAmount: 12_900, refundedAmount: 0 },
    is: 'agrees',
  },
  'an orphan whose case was settled before it was refunded': {
    dintero: refunded,
    told: unknown,
    settled: { capturedAmount: 12_900, refundedAmount: 0 },
    is: 'orphan',
  },
  'an orphan whose case was settled before it was captured': {
    dintero: {},
    told: unknown,
    settled: { capturedAmount: 0, refundedAmount: 0 },
    is: 'orphan',
  },
  'an orphan that was written off unread': {
    dintero: refunded,
    told: unknown,
    settled: { capturedAmount: null, refundedAmount: null },
    is: 'agrees',
  },
};

describe(judgePayment, () => {
  it.each(Object.entries(rows))('%s', (_name, { dintero, told, settled, is }) => {
    const verdict = judgePayment({ facts: transaction(dintero) }, told, settled ?? null);
    expect(verdict.is === 'differs' ? verdict.kind : verdict.is).toBe(is);
  });
});

describe(judgeMissing, () => {
  it.each([
    ['told as captured', captured(), 'missing'],
    ['of a charge without money', notCharged, 'open'],
    ['of a charge that is open again', { is: 'open', transactionId: own } as const, 'open'],
    ['of a charge that nobody knows any more', unknown, 'open'],
  ])('a payment that Dintero does not know, %s', (_name, told, is) => {
    const verdict = judgeMissing(told);
    expect(verdict.is === 'differs' ? verdict.kind : verdict.is).toBe(is);
  });
});
