/** The auditor can fail: for each money rule a ledger that breaks it, and one that does not. */
import { describe, expect, it } from 'vitest';
import { audit, type Reported } from '../../scripts/audit.ts';
import type { ReportedRefund } from '../../scripts/audit-refunds.ts';
import type { LedgerEntry } from '../../scripts/dintero-simulator.ts';

const at = '2026-11-22T09:15:11.000Z';
const later = '2026-11-22T09:15:12.000Z';

function entry(kind: string, change: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    seq: 1,
    at,
    kind,
    session_id: 'session',
    transaction_id: 'transaction',
    merchant_reference: 'S-1.1',
    merchant_reference_2: 'S-1',
    terminal_id: 'T90001234-T0001',
    amount: 12_900,
    currency: 'NOK',
    ...change,
  };
}

function told(change: Partial<Reported>): Reported {
  return {
    charge_id: 'S-1.1',
    outcome: 'captured',
    captured_amount: 12_900,
    needs_attention: null,
    updated_at: later,
    ...change,
  };
}

const notCharged = told({ outcome: 'not_charged', captured_amount: null });
const open = told({ outcome: null, captured_amount: null });
const captured = [entry('authorised'), entry('captured')];

interface Row {
  name: string;
  ledger: LedgerEntry[];
  reported: Reported[];
  /** How each breach starts. */
  breaches: string[];
}

const rows: Row[] = [
  { name: 'captured as told', ledger: captured, reported: [told({})], breaches: [] },
  { name: 'nothing happened', ledger: [], reported: [notCharged], breaches: [] },
  {
    name: 'two transactions of one sale are captured',
    ledger: [
      ...captured,
      entry('captured', { merchant_reference: 'S-1.2', transaction_id: 'another' }),
    ],
    reported: [told({})],
    breaches: ['M1: sale S-1 '],
  },
  {
    name: 'one transaction is captured in two parts',
    ledger: [entry('captured', { amount: 900 }), entry('captured', { amount: 12_000 })],
    reported: [told({})],
    breaches: [],
  },
  {
    name: 'two sessions of one charge',
    ledger: [entry('session_created'), entry('session_created', { session_id: 'another' })],
    reported: [notCharged],
    breaches: ['M1: S-1.1 '],
  },
  {
    name: 'another amount than told',
    ledger: captured,
    reported: [told({ captured_amount: 100 })],
    breaches: ['M2: S-1.1 '],
  },
  {
    name: 'approved, and told as captured',
    ledger: [entry('authorised')],
    reported: [told({})],
    breaches: ['M2: S-1.1 '],
  },
  {
    name: 'told before it was captured',
    ledger: captured.map((line) => ({ ...line, at: '2026-11-22T09:15:13.000Z' })),
    reported: [told({ told_at: '2026-11-22T09:15:12.900Z' })],
    breaches: ['M2: S-1.1 '],
  },
  {
    name: 'stamped long before it was captured',
    ledger: captured.map((line) => ({ ...line, at: '2026-11-22T09:15:15.000Z' })),
    reported: [told({})],
    breaches: ['M2: S-1.1 '],
  },
  {
    name: 'stamped within the task that read it',
    ledger: captured.map((line) => ({ ...line, at: '2026-11-22T09:15:13.000Z' })),
    reported: [told({})],
    breaches: [],
  },
  {
    name: 'captured, and told as not charged',
    ledger: captured,
    reported: [notCharged],
    breaches: ['M3: S-1.1 '],
  },
  {
    name: 'reserved, and told as not charged',
    ledger: [entry('authorised')],
    reported: [notCharged],
    breaches: ['M3: S-1.1 '],
  },
  {
    name: 'reserved and released',
    ledger: [entry('authorised'), entry('voided')],
    reported: [notCharged],
    breaches: [],
  },
  {
    name: 'one reservation released, another not',
    ledger: [entry('authorised'), entry('voided'), entry('authorised', { transaction_id: 'two' })],
    reported: [notCharged],
    breaches: ['M3: S-1.1 '],
  },
  { name: 'open without a reason', ledger: [], reported: [open], breaches: ['M4: S-1.1 '] },
  {
    name: 'open, and a person is asked',
    ledger: [],
    reported: [{ ...open, needs_attention: 'checking_too_long' }],
    breaches: [],
  },
  {
    name: 'two prompts on one terminal',
    ledger: [
      entry('prompt_started'),
      entry('prompt_started', { session_id: 'another', merchant_reference: 'S-2.1' }),
    ],
    reported: [],
    breaches: ['M6: T90001234-T0001 '],
  },
  {
    name: 'one prompt after the other',
    ledger: [
      entry('prompt_started'),
      entry('prompt_ended'),
      entry('prompt_started', { session_id: 'another', merchant_reference: 'S-2.1' }),
    ],
    reported: [],
    breaches: [],
  },
];

const reference = { refund_reference: 'S-1.1.R1', amount: 4500 };
const refundPrompt = entry('refund_prompt_started', reference);
const refunded = entry('refunded', reference);

function toldRefund(change: Partial<ReportedRefund> = {}): ReportedRefund {
  return {
    refund_id: 'S-1.1.R1',
    outcome: 'refunded',
    refunded_amount: 4500,
    reason: null,
    needs_attention: null,
    updated_at: later,
    ...change,
  };
}
const notRefunded = toldRefund({
  outcome: 'not_refunded',
  refunded_amount: null,
  reason: 'refund_declined',
});

describe('the refund rules', () => {
  it.each<[name: string, ledger: LedgerEntry[], told: ReportedRefund[], breaches: string[]]>([
    ['refunded as told', [...captured, refundPrompt, refunded], [toldRefund()], []],
    ['told otherwise', [...captured, refunded], [toldRefund({ refunded_amount: 4501 })], ['R3']],
    ['told, and nothing went back', captured, [toldRefund()], ['R3']],
    ['told that none went back', [...captured, refunded], [notRefunded], ['R4']],
    ['not refunded, and nobody is told why', captured, [{ ...notRefunded, reason: null }], ['R5']],
    [
      'told too early',
      [...captured, { ...refunded, at: '2026-11-22T09:15:15.000Z' }],
      [toldRefund()],
      ['R3'],
    ],
    ['asked twice', [...captured, refundPrompt, refundPrompt, refunded], [], ['M6', 'R2', 'R2']],
    [
      'more than was captured',
      [...captured, { ...refunded, amount: 12_900 }, entry('refunded', { amount: 1 })],
      [],
      ['R1'],
    ],
    [
      'a refund is asked for beside a payment',
      [...captured, entry('prompt_started', { session_id: 'another' }), refundPrompt],
      [],
      ['M6'],
    ],
    [
      'accepted and without result, while another one is made',
      [
        ...captured,
        { ...refunded, kind: 'refund_accepted', amount: 12_900, refund_reference: 'x' },
        refunded,
      ],
      [toldRefund()],
      [],
    ],
    ['open, and nobody is told why', captured, [{ ...notRefunded, outcome: null }], ['R5']],
    [
      'open, and a person is asked',
      captured,
      [{ ...notRefunded, outcome: null, needs_attention: 'refund_lost' }],
      [],
    ],
  ])('%s', (_name, ledger, refunds, breaches) => {
    expect(audit(ledger, [], refunds).map((one) => one.slice(0, 2))).toEqual(breaches);
  });
});

describe(audit.name, () => {
  it.each(rows)('$name', ({ ledger, reported, breaches }) => {
    const found = audit(ledger, reported);
    expect(found).toHaveLength(breaches.length);
    for (const [index, start] of breaches.entries()) expect(found[index]).toContain(start);
  });
});
