/** The auditor of refunds can fail: for each rule a ledger that breaks it, and one that does not. */
import { describe, expect, it } from 'vitest';
import { audit } from '../../scripts/audit.ts';
import type { ReportedRefund } from '../../scripts/audit-refunds.ts';
import type { LedgerEntry } from '../../scripts/dintero-simulator.ts';

const second = (n: number): string => `2026-11-22T09:15:${String(n).padStart(2, '0')}.000Z`;

function entry(kind: string, change: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    seq: 1,
    at: second(10),
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

const first = { refund_reference: 'S-1.1.R1', at: second(20) };
const next = { refund_reference: 'S-1.1.R2', at: second(30) };
const captured = entry('captured');
const prompted = (change: Partial<LedgerEntry> = first): LedgerEntry[] => [
  entry('refund_prompt_started', change),
  entry('refund_prompt_ended', change),
];
const refunded = [captured, ...prompted(), entry('refunded', first)];

function told(change: Partial<ReportedRefund> = {}): ReportedRefund {
  return {
    refund_id: 'S-1.1.R1',
    outcome: 'refunded',
    refunded_amount: 12_900,
    reason: null,
    needs_attention: null,
    updated_at: second(40),
    ...change,
  };
}

const notRefunded = told({
  outcome: 'not_refunded',
  refunded_amount: null,
  reason: 'refund_declined',
});
const open = told({ outcome: null, refunded_amount: null });

interface Row {
  name: string;
  ledger: LedgerEntry[];
  refunds: ReportedRefund[];
  /** How each breach starts. */
  breaches: string[];
}

const rows: Row[] = [
  { name: 'refunded as told', ledger: refunded, refunds: [told()], breaches: [] },
  { name: 'refused as told', ledger: [captured], refunds: [notRefunded], breaches: [] },
  {
    name: 'in two parts',
    ledger: [
      captured,
      ...prompted({ ...first, amount: 6000 }),
      entry('refunded', { ...first, amount: 6000 }),
      ...prompted({ ...next, amount: 6900 }),
      entry('refunded', { ...next, amount: 6900 }),
    ],
    refunds: [told({ refunded_amount: 6000 })],
    breaches: [],
  },
  {
    name: 'more went back than was captured',
    ledger: [...refunded, entry('refunded', { why: 'backoffice', amount: 1 })],
    refunds: [],
    breaches: ['R1: of S-1.1 '],
  },
  {
    name: 'more is asked for than is left',
    ledger: [...refunded, ...prompted(next)],
    refunds: [],
    breaches: ['R1: S-1.1.R2 '],
  },
  {
    name: 'asked for beside a refund that was accepted in the back office',
    ledger: [captured, entry('refund_accepted', { why: 'backoffice', seq: 7 }), ...prompted()],
    refunds: [],
    breaches: ['R1: S-1.1.R1 '],
  },
  {
    name: 'asked for after it has failed in the back office',
    ledger: [
      captured,
      entry('refund_accepted', { why: 'backoffice', seq: 7, refund_reference: 'their' }),
      entry('refund_failed', { why: 'backoffice', seq: 8, refund_reference: 'their' }),
      ...prompted(),
    ],
    refunds: [],
    breaches: [],
  },
  {
    name: 'one intent is prompted twice',
    ledger: [captured, ...prompted(), ...prompted()],
    refunds: [],
    breaches: ['R2: S-1.1.R1 '],
  },
  {
    name: 'two refunds of one payment at two terminals',
    ledger: [
      captured,
      entry('refund_prompt_started', { ...first, amount: 100 }),
      entry('refund_prompt_started', { ...next, amount: 100, terminal_id: 'T90001234-T0002' }),
    ],
    refunds: [],
    breaches: ['R2: S-1.1 '],
  },
  {
    name: 'told refunded, and another amount went back',
    ledger: refunded,
    refunds: [told({ refunded_amount: 100 })],
    breaches: ['R3: S-1.1.R1 '],
  },
  {
    name: 'told refunded before it was',
    ledger: refunded,
    refunds: [told({ told_at: second(19) })],
    breaches: ['R3: S-1.1.R1 '],
  },
  {
    name: 'told not refunded, and the money went back',
    ledger: refunded,
    refunds: [notRefunded],
    breaches: ['R4: S-1.1.R1 '],
  },
  {
    name: 'not refunded without a reason',
    ledger: [captured],
    refunds: [{ ...notRefunded, reason: null }],
    breaches: ['R5: S-1.1.R1 '],
  },
  { name: 'open without a reason', ledger: [], refunds: [open], breaches: ['R5: S-1.1.R1 '] },
  {
    name: 'open, and a person is asked',
    ledger: [],
    refunds: [{ ...open, needs_attention: 'refund_unresolved' }],
    breaches: [],
  },
  {
    name: 'a refund is prompted beside a sale',
    ledger: [
      captured,
      entry('prompt_started', { merchant_reference: 'S-2.1', transaction_id: null }),
      entry('refund_prompt_started', first),
    ],
    refunds: [],
    breaches: ['M6: T90001234-T0001 '],
  },
];

describe(audit.name, () => {
  it.each(rows)('$name', ({ ledger, refunds, breaches }) => {
    const found = audit(ledger, [], refunds);
    expect(found).toHaveLength(breaches.length);
    for (const [index, start] of breaches.entries()) expect(found[index]).toContain(start);
  });

  it('takes as found what was corrected later', () => {
    expect(audit(refunded, [], [notRefunded], () => true)).toEqual([]);
  });
});
