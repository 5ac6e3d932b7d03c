import { describe, expect, test } from 'vitest';
import { riskOf, sumUp, unwantedOf, type Count, type Listed } from '../../api/standing.ts';
import { readingOf, type ReadCharge } from '../../api/cashier.ts';
import { executionStatus } from '../../api/reading.ts';
import { readOf, type ReadRefund } from '../../api/refund-reading.ts';
import { sumUpBooks } from '../../api/standing-books.ts';
import { nextDate } from '../../workflows/business-days.ts';
import { attentions, caseKinds } from '../../workflows/lists.ts';
import type { CaseRecord, ChargeRecord } from '../../workflows/messages.ts';
import { refundAttentions } from '../../workflows/refund-lists.ts';
import type { RefundRecord } from '../../workflows/refund-messages.ts';
import { record } from '../workflows/builders.ts';
import { refundRecord } from './refund-record.ts';

const now = Date.parse('2026-11-22T10:00:00.000Z');
const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();

/** As the api reads it; `isClosed` makes it lost. */
function read(change: Partial<ChargeRecord>, isClosed = false): ReadCharge {
  const charge = record({ created_at: ago(90), state_since: ago(30), ...change });
  return readingOf({ record: charge, workflowId: 'charge/S-1.1', isClosed, case: 'none', now });
}

function readRefund(
  change: Partial<RefundRecord>,
  status: number = executionStatus.running,
): ReadRefund {
  const refund = refundRecord({ created_at: ago(90), state_since: ago(30), ...change });
  return readOf({ record: refund, workflowId: `refund/${refund.refund_id}`, status });
}

function caseOf(change: Partial<CaseRecord>): CaseRecord {
  return {
    version: 1,
    kind: 'captured_after_cancel',
    charge_id: 'S-1.1',
    transaction_id: 'T1',
    amount: 12900,
    captured_amount: 12900,
    currency: 'NOK',
    terminal_id: null,
    store_id: null,
    opened_at: ago(600),
    settled_at: null,
    settled_as: null,
    settled_by: null,
    ...change,
  };
}

function sum(listed: Partial<Listed>): ReturnType<typeof sumUp> {
  const nothing = {
    charges: [],
    refunds: [],
    cases: [],
    notifications: [],
    books: null,
    isTruncated: false,
  };
  return sumUp({ ...nothing, ...listed, now });
}

const counted = <Labels>(rows: Count<Labels>[]): Count<Labels>[] =>
  rows.filter(({ count }) => count !== 0);

describe(sumUp.name, () => {
  test('has a row for every word when nothing is open', () => {
    const { open, attention, cases, money, notifications, ...refunds } = sum({});
    expect(attention.map(({ labels }) => labels.reason)).toEqual([...attentions]);
    expect(cases.map(({ labels }) => labels.kind)).toEqual([...caseKinds]);
    expect(open).toHaveLength(25);
    expect([...open, ...attention, ...cases, notifications].every(({ count }) => count === 0)).toBe(
      true,
    );
    expect(money).toEqual([]);
    expect(refunds.refunds.map(({ labels }) => labels.state)).toEqual([
      'starting',
      'waiting_for_card',
      'checking',
    ]);
    expect(refunds.refundAttention).toEqual(
      refundAttentions.map((reason) => ({ labels: { reason }, count: 0, oldestSeconds: 0 })),
    );
  });

  test('counts what is open by state and by the age of the charge', () => {
    const { open } = sum({
      charges: [
        read({ state: 'waiting_for_card' }),
        read({ state: 'waiting_for_card', created_at: ago(100) }),
        read({ state: 'checking', created_at: ago(59), state_since: ago(1) }),
        read({ state: 'approved', created_at: ago(60) }),
        read({ state: 'cancelling', created_at: ago(86_400) }),
      ],
    });
    expect(counted(open)).toEqual([
      { labels: { state: 'waiting_for_card', age: '1m_to_5m' }, count: 2, oldestSeconds: 100 },
      { labels: { state: 'approved', age: '1m_to_5m' }, count: 1, oldestSeconds: 60 },
      { labels: { state: 'checking', age: 'under_1m' }, count: 1, oldestSeconds: 59 },
      { labels: { state: 'cancelling', age: 'over_1d' }, count: 1, oldestSeconds: 86_400 },
    ]);
  });

  test('counts who asks for a person: an age and a lost workflow are told without a worker', () => {
    const { attention } = sum({
      charges: [
        read({ state: 'starting', attention_at: ago(40), state_since: ago(160) }),
        read({ state: 'starting', attention_at: ago(-40) }),
        read({ state: 'cancelling', needs_attention: 'prompt_may_live', state_since: ago(70) }),
        read({ state: 'cancelling', needs_attention: 'prompt_may_live', state_since: ago(20) }),
        read({ state: 'waiting_for_card', state_since: ago(50) }, true),
      ],
    });
    expect(counted(attention)).toEqual([
      { labels: { reason: 'starting_too_long' }, count: 1, oldestSeconds: 40 },
      { labels: { reason: 'prompt_may_live' }, count: 2, oldestSeconds: 70 },
      { labels: { reason: 'workflow_lost' }, count: 1, oldestSeconds: 50 },
    ]);
  });

  test('counts refunds by state, and who asks for a person, also without a worker', () => {
    const { refunds, refundAttention, attention } = sum({
      refunds: [
        readRefund({ state: 'starting' }),
        readRefund({ attention_at: ago(10), created_at: ago(400) }),
        readRefund({ attention_at: ago(20), needs_attention: 'refund_too_long' }),
        readRefund({ state: 'checking', needs_attention: 'refund_lost', attention_at: ago(5) }),
        readRefund({ state: 'checking', needs_attention: 'refund_unresolved' }),
        readRefund({ state_since: ago(50) }, executionStatus.timedOut),
      ],
    });
    expect(refunds).toEqual([
      { labels: { state: 'starting' }, count: 1, oldestSeconds: 90 },
      { labels: { state: 'waiting_for_card' }, count: 2, oldestSeconds: 400 },
      { labels: { state: 'checking' }, count: 3, oldestSeconds: 90 },
    ]);
    expect(refundAttention).toEqual([
      { labels: { reason: 'refund_too_long' }, count: 2, oldestSeconds: 20 },
      { labels: { reason: 'refund_unresolved' }, count: 1, oldestSeconds: 30 },
      { labels: { reason: 'refund_lost' }, count: 1, oldestSeconds: 30 },
      { labels: { reason: 'refund_workflow_lost' }, count: 1, oldestSeconds: 50 },
    ]);
    expect(counted(attention)).toEqual([]);
  });

  test('adds up money at risk for each currency and kind, in minor units', () => {
    const { money } = sum({
      charges: [
        read({ state: 'approved', amount: 100, state_since: ago(5) }),
        read({ state: 'cancelling', needs_attention: 'void_refused', amount: 20 }),
        read({ state: 'checking', amount: 7, currency: 'SEK' }),
        read({ state: 'waiting_for_card', amount: 3 }, true),
        read({ state: 'waiting_for_card', amount: 5000 }),
        read({ state: 'checking', amount: null, currency: null }),
      ],
      cases: [
        caseOf({}),
        caseOf({ kind: 'orphan', amount: null, captured_amount: 1 }),
        caseOf({ settled_at: ago(1) }),
      ],
    });
    expect(money).toEqual([
      { labels: { currency: 'NOK', kind: 'approved_not_captured' }, count: 120, oldestSeconds: 30 },
      { labels: { currency: 'SEK', kind: 'unknown' }, count: 7, oldestSeconds: 30 },
      { labels: { currency: 'NOK', kind: 'unknown' }, count: 3, oldestSeconds: 30 },
      { labels: { currency: 'NOK', kind: 'captured_unwanted' }, count: 12901, oldestSeconds: 600 },
    ]);
  });

  test('counts open cases, and the charges that have one', () => {
    const { cases, attention } = sum({
      cases: [
        caseOf({}),
        caseOf({ kind: 'orphan', opened_at: ago(9) }),
        caseOf({ kind: 'orphan', settled_at: ago(1) }),
      ],
    });
    expect(counted(cases)).toEqual([
      { labels: { kind: 'captured_after_cancel' }, count: 1, oldestSeconds: 600 },
      { labels: { kind: 'orphan' }, count: 1, oldestSeconds: 9 },
    ]);
    expect(counted(attention)).toEqual([
      { labels: { reason: 'case_open' }, count: 1, oldestSeconds: 600 },
    ]);
  });

  test("counts what the retailer's system has not taken", () => {
    const { notifications } = sum({
      notifications: [
        { waiting: 2, oldest: { timestamp: ago(50) } },
        { waiting: 1, oldest: null },
      ],
    });
    expect(notifications).toEqual({ labels: {}, count: 3, oldestSeconds: 50 });
  });
});

describe(sumUpBooks.name, () => {
  const since = new Date('2026-11-20T09:00:00Z');
  const of = { since, timeZone: 'Europe/Oslo', now };
  const books = (date: string, differences: number, is_closed = true): Record<string, unknown> => ({
    books: {
      version: 1,
      date,
      by: null,
      is_closed,
      differences,
      late: 0,
      open: 0,
      made_at: ago(0),
    },
  });

  test('takes the newest day whose report is closed', () => {
    const memos = [books('2026-11-20', 1), books('2026-11-21', 2), books('2026-11-22', 9, false)];
    const closed = { closedUntil: Date.parse('2026-11-21T23:00:00Z'), differences: 2 };
    expect(sumUpBooks(memos, of)).toEqual(closed);
    expect(sumUpBooks([{}, ...memos.toReversed()], of)).toEqual(closed);
  });

  test('stops at the first day without a closed report', () => {
    const memos = [books('2026-11-20', 1), books('2026-11-22', 2)];
    const closedUntil = Date.parse('2026-11-20T23:00:00Z');
    expect(sumUpBooks(memos, of)).toEqual({ closedUntil, differences: 2 });
    // Before the schedule was made nobody has promised anything.
    expect(sumUpBooks([books('2026-11-18', 1), books('2026-11-20', 1)], of).closedUntil).toBe(
      closedUntil,
    );
  });

  test('asks for no report that Temporal has forgotten, and for each that it has not', () => {
    const old = { ...of, since: new Date('2026-01-01T09:00:00Z') };
    const days = Array.from({ length: 28 }, (_, index) => nextDate('2026-10-25', index));
    const memos = days.map((date) => books(date, 0));
    const closedUntil = Date.parse('2026-11-21T23:00:00Z');
    expect(sumUpBooks(memos, old).closedUntil).toBe(closedUntil);
    const from = Date.parse('2026-10-24T22:00:00Z');
    expect(sumUpBooks(memos.slice(1), old).closedUntil).toBe(from);
  });

  test('counts from the schedule on while none is closed', () => {
    const memos = [{}, books('2026-11-22', 9, false)];
    expect(sumUpBooks(memos, of)).toEqual({ closedUntil: since.getTime(), differences: null });
  });
});

describe(riskOf.name, () => {
  test.each([
    ['starting', null, null],
    ['waiting_for_card', null, null],
    ['waiting_for_card', 'waiting_too_long', 'unknown'],
    ['approved', null, 'approved_not_captured'],
    ['approved', 'capture_refused', 'approved_not_captured'],
    ['checking', null, 'unknown'],
    ['cancelling', 'prompt_may_live', 'unknown'],
    ['cancelling', 'void_refused', 'approved_not_captured'],
  ] as const)('%s %s: %s', (state, needs_attention, risk) => {
    expect(riskOf(record({ state, needs_attention }))).toBe(risk);
  });
});

describe(unwantedOf.name, () => {
  test.each([
    ['captured_after_cancel', 12900, 12900, 12900],
    ['captured_after_not_charged', 12900, 12900, 12900],
    ['orphan', null, 500, 500],
    ['refunded_outside', 12900, 12900, 12900],
    ['amount_differs', 12900, 14000, 1100],
    ['amount_differs', 12900, 12900, 12900],
    ['amount_differs', 12900, 0, 12900],
    ['partly_captured', 12900, 10000, 2900],
  ] as const)('%s, %s asked and %s captured: %s', (kind, amount, captured_amount, unwanted) => {
    expect(unwantedOf(caseOf({ kind, amount, captured_amount }))).toBe(unwanted);
  });
});
