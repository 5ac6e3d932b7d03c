import { describe, expect, test } from 'vitest';
import {
  adviceByReason,
  answerFor,
  decidingAttempt,
  doubted,
  readingOf,
  viewOf,
  type ReadCharge,
} from '../../api/cashier.ts';
import { chargeStates, reasons, type ChargeState } from '../../workflows/lists.ts';
import type { ChargeRecord } from '../../workflows/messages.ts';
import { chargeRecord } from './api-harness.ts';

const workflowId = 'charge/S-1001.1';
const now = Date.parse('2026-11-22T10:00:00Z');

function read(fields: Partial<ChargeRecord> = {}, rest: Partial<ReadCharge> = {}): ReadCharge {
  return {
    record: chargeRecord(fields),
    workflowId,
    isLost: false,
    isHeld: false,
    case: 'none',
    ...rest,
  };
}

function ended(fields: Partial<ChargeRecord> = {}): ReadCharge {
  return read({ state: 'not_charged', outcome: 'not_charged', reason: 'declined', ...fields });
}

const captured = { state: 'captured', outcome: 'captured', captured_amount: 12_900 } as const;

describe('readingOf', () => {
  test.each([
    ['starting', 'starting_too_long'],
    ['waiting_for_card', 'waiting_too_long'],
    ['checking', 'checking_too_long'],
    ['approved', 'approved_too_long'],
    ['cancelling', 'cancelling_too_long'],
  ] as const)('an old charge in %s asks for a person: %s', (state, attention) => {
    const at = (ms: number): ChargeRecord =>
      chargeRecord({ state, attention_at: new Date(now + ms).toISOString() });
    const of = (record: ChargeRecord) =>
      readingOf({ record, workflowId, isClosed: false, case: 'none', now }).record.needs_attention;
    expect(of(at(1))).toBeNull();
    expect(of(at(0))).toBe(attention);
    expect(of({ ...at(0), needs_attention: 'session_lost' })).toBe('session_lost');
  });

  test.each(chargeStates)('a workflow closed in %s without an outcome is lost', (state) => {
    const lost = readingOf({
      record: chargeRecord({ state, outcome: null }),
      workflowId,
      isClosed: true,
      case: 'none',
      now,
    });
    expect(lost).toMatchObject({
      isLost: true,
      record: { state: 'checking', needs_attention: 'workflow_lost' },
    });
  });

  test('an outcome holds, whether its workflow still closes or was closed from outside', () => {
    for (const isClosed of [false, true]) {
      const record = chargeRecord(captured);
      expect(readingOf({ record, workflowId, isClosed, case: 'none', now }).record).toEqual(record);
    }
  });
});

describe('doubted', () => {
  test.each([
    ['captured', { ...captured, case_kind: 'captured_after_cancel' }],
    ['not_charged', { state: 'not_charged', outcome: 'not_charged', reason: 'expired' }],
  ] as const)('nothing of %s counts any more', (_name, fields) => {
    const record = { ...chargeRecord(), state: 'checking' };
    expect(doubted(chargeRecord(fields))).toEqual(record);
    expect(answerFor(read(doubted(chargeRecord(fields))), [])).toMatchObject({
      advice: 'wait',
      safe_to_take_other_payment: false,
    });
  });

  test('what is open stays as it is', () => {
    expect(doubted(chargeRecord({ state: 'approved' }))).toEqual(
      chargeRecord({ state: 'approved' }),
    );
  });
});

describe('answerFor', () => {
  const open = chargeStates.filter((state) => state !== 'captured' && state !== 'not_charged');

  test.each(open)('%s: wait, and never safe', (state: ChargeState) => {
    const wait = { advice: 'wait', safe_to_take_other_payment: false, next_attempt: null };
    expect(answerFor(read({ state }), [])).toEqual(wait);
    expect(answerFor(read({ state, needs_attention: 'session_lost' }), [])).toEqual({
      ...wait,
      advice: 'ask_for_help',
    });
  });

  test('held for the till: its word, unless a person is asked, and never safe', () => {
    const unsafe = { safe_to_take_other_payment: false, next_attempt: null };
    const held = { isHeld: true };
    expect(answerFor(read({ state: 'approved' }, held), [])).toEqual({
      ...unsafe,
      advice: 'capture_or_void',
    });
    const asked = read({ state: 'approved', needs_attention: 'dintero_refuses_us' }, held);
    expect(answerFor(asked, [])).toEqual({ ...unsafe, advice: 'ask_for_help' });
  });

  test.each([
    ['none', 'paid'],
    ['open', 'ask_for_help'],
    ['kept', 'paid'],
    ['refunded', 'none'],
    ['written_off', 'none'],
  ] as const)('captured with case %s: %s, never safe', (caseState, advice) => {
    const answer = answerFor(read(captured, { case: caseState }), []);
    expect(answer).toEqual({ advice, safe_to_take_other_payment: false, next_attempt: null });
  });

  test.each(reasons)('not_charged, %s: the advice of the table', (reason) => {
    const isFree = reason !== 'other_attempt_has_money';
    expect(answerFor(ended({ reason }), [])).toEqual({
      advice: adviceByReason[reason],
      safe_to_take_other_payment: isFree,
      next_attempt: isFree ? 2 : null,
    });
  });

  test.each([
    ['void', 'none'],
    ['capture', 'try_again'],
    [null, 'try_again'],
  ] as const)('voided, and the word was %s: %s', (word, advice) => {
    const answer = answerFor(ended({ reason: 'voided', capture: 'on_request', word }), []);
    expect(answer).toEqual({ advice, safe_to_take_other_payment: true, next_attempt: 2 });
  });

  test.each([
    ['open', read({ attempt: 2 }), 'wait'],
    ['open and old', read({ attempt: 2, needs_attention: 'session_lost' }), 'ask_for_help'],
    ['held for the till', read({ attempt: 2, state: 'approved' }, { isHeld: true }), 'wait'],
    ['captured', read({ attempt: 2, ...captured }), 'none'],
    [
      'captured with an open case',
      read({ attempt: 2, ...captured }, { case: 'open' }),
      'ask_for_help',
    ],
    ['stopped by money', ended({ attempt: 2, reason: 'other_attempt_has_money' }), 'ask_for_help'],
  ] as const)('not_charged, a later attempt %s: not safe', (_name, later, advice) => {
    expect(answerFor(ended(), [later])).toEqual({
      advice,
      safe_to_take_other_payment: false,
      next_attempt: null,
    });
  });

  test('not_charged, later attempts too: what the last one says, and the first unused number', () => {
    const later = [ended({ attempt: 2 }), ended({ attempt: 3, reason: 'rejected' })];
    expect(answerFor(ended(), later)).toEqual({
      advice: 'ask_for_help',
      safe_to_take_other_payment: true,
      next_attempt: 4,
    });
  });

  const second = ended({ attempt: 2 });
  const turnedUp = { ...captured, case_kind: 'captured_after_not_charged' } as const;
  test.each([
    ['open again', read({ state: 'checking' }), 'wait'],
    ['lost', read({ state: 'checking', needs_attention: 'workflow_lost' }), 'ask_for_help'],
    ['captured after all', read(turnedUp, { case: 'open' }), 'ask_for_help'],
    ['captured after all, settled', read(turnedUp, { case: 'kept' }), 'none'],
  ] as const)('not_charged, an earlier attempt %s: not safe', (_name, earlier, advice) => {
    const unsafe = { safe_to_take_other_payment: false, next_attempt: null };
    expect(answerFor(second, [earlier])).toEqual({ advice, ...unsafe });
    expect(answerFor(second, [earlier, ended({ attempt: 3 })])).toEqual({ advice, ...unsafe });
  });

  test('not_charged, an earlier attempt proven once more: the number after the last', () => {
    expect(answerFor(second, [ended()])).toMatchObject({ advice: 'try_again', next_attempt: 3 });
  });

  test.each([
    ['open', 'ask_for_help'],
    ['kept', 'paid'],
    ['refunded', 'none'],
    ['written_off', 'none'],
  ] as const)('captured after it was told not_charged, case %s: %s', (caseState, advice) => {
    const answer = answerFor(read(turnedUp, { case: caseState }), []);
    expect(answer).toEqual({ advice, safe_to_take_other_payment: false, next_attempt: null });
  });

  test('the last number has no next one', () => {
    expect(answerFor(ended({ attempt: 999 }), [])).toEqual({
      advice: 'ask_for_help',
      safe_to_take_other_payment: true,
      next_attempt: null,
    });
  });

  test('a case about a charge without money is for a person', () => {
    const contradicted = { ...ended(), case: 'kept' as const };
    expect(answerFor(contradicted, [])).toMatchObject({
      advice: 'ask_for_help',
      safe_to_take_other_payment: false,
    });
  });
});

describe('viewOf', () => {
  test('shows what a till may know, and nothing of what the service keeps', () => {
    const charge = viewOf(read(), answerFor(read(), []));
    expect(charge).not.toHaveProperty('start_id');
    expect(charge).not.toHaveProperty('attention_at');
    expect(charge).not.toHaveProperty('version');
  });
});

describe('decidingAttempt', () => {
  test('is the attempt with money or still open, otherwise the last', () => {
    const second = ended({ attempt: 2 });
    const paid = read({ attempt: 3, ...captured });
    expect(decidingAttempt([ended(), second, paid])).toBe(paid);
    expect(decidingAttempt([ended(), second])).toBe(second);
    expect(decidingAttempt([])).toBeUndefined();
  });

  test('of two with money is the one that a person must look at', () => {
    const paid = read(captured);
    const inDoubt = read({ attempt: 2, ...captured }, { case: 'open' });
    expect(decidingAttempt([paid, inDoubt])).toBe(inDoubt);
    expect(decidingAttempt([inDoubt, paid])).toBe(inDoubt);
  });
});
