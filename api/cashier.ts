/**
 * What a cashier is told. Everything here is pure: from what was read of a charge, and of the other attempts of its
 * sale, to one answer in words that a till can act on. No answer promises more than was proven.
 */
import { tooLong, type Attention, type ChargeState, type Reason } from '../workflows/lists.ts';
import { isAwaitingWord } from '../workflows/hold.ts';
import type { ChargeRecord } from '../workflows/messages.ts';
import type { Settlement } from '../workflows/actions.ts';
import type { Charge } from './answers.ts';

export const advices = [
  'wait',
  'capture_or_void',
  'paid',
  'try_again',
  'ask_for_help',
  'none',
] as const;
export type Advice = (typeof advices)[number];

export const attemptsMax = 999;

/** A charge as it was read: the record with what only a reader can know (ages, a lost workflow, the case's state). */
export interface ReadCharge {
  record: ChargeRecord;
  /** The workflow that speaks for the charge and takes its orders: its own, or its recovery. */
  workflowId: string;
  /** The workflow is closed and no ending was proven: open for ever, until it is recovered. */
  isLost: boolean;
  /** Its money is reserved and waits for the till's word. */
  isHeld: boolean;
  /** The case about its money: none, open, or how it was settled. */
  case: 'none' | 'open' | Settlement;
}

/** What each reason asks of the cashier. The till shows it; the reason itself is for people who want to know why. */
export const adviceByReason: Record<Reason, Advice> = {
  // Another card, or the same once more.
  declined: 'try_again',
  failed: 'try_again',
  cancelled_by_customer: 'try_again',
  expired: 'try_again',
  voided: 'try_again',
  // Nothing was prompted, and the cause passes by itself; `held_by` names who holds a busy terminal.
  terminal_busy: 'try_again',
  dintero_busy: 'try_again',
  not_started_in_time: 'try_again',
  // Proven lost: a new attempt looks for the old one's money before it prompts.
  session_lost: 'try_again',
  // The till wanted this ending: there is nothing to do.
  cancelled_by_till: 'none',
  cancelled_before_start: 'none',
  // Trying again meets the same wall: a terminal that is off, a setting, an agreement.
  terminal_unavailable: 'ask_for_help',
  rejected: 'ask_for_help',
  dintero_refuses_us: 'ask_for_help',
  // Somebody has paid, or is about to: only a person can tell what the customer owes.
  other_attempt_has_money: 'ask_for_help',
  // An operator has stopped the store, which only Dintero could name: their words stand in the timeline.
  switched_off: 'ask_for_help',
};

/** Adds to the record what its workflow cannot say itself: that it is lost, too old, or has left an open case. */
export function readingOf(found: {
  record: ChargeRecord;
  workflowId: string;
  isClosed: boolean;
  case: ReadCharge['case'];
  now: number;
}): ReadCharge {
  const { record } = found;
  const isLost = found.isClosed && record.outcome === null;
  const state = isLost ? 'checking' : record.state;
  return {
    record: { ...record, state, needs_attention: attentionOf({ ...found, isLost, state }) },
    workflowId: found.workflowId,
    isLost,
    isHeld: !isLost && isAwaitingWord(record, found.now),
    case: found.case,
  };
}

/** A recovery starts with the record that it doubts: until it has completed, no ending in there is proven. */
export function doubted(record: ChargeRecord): ChargeRecord {
  if (record.outcome === null) return record;
  const unproven = { outcome: null, reason: null, captured_amount: null, case_kind: null };
  return { ...record, ...unproven, state: 'checking' };
}

function attentionOf(found: {
  record: ChargeRecord;
  isLost: boolean;
  state: ChargeState;
  case: ReadCharge['case'];
  now: number;
}): Attention | null {
  const { record } = found;
  if (found.isLost) return 'workflow_lost';
  if (record.outcome !== null) return found.case === 'open' ? 'case_open' : null;
  if (record.needs_attention !== null) return record.needs_attention;
  const isTooOld = record.attention_at !== null && found.now >= Date.parse(record.attention_at);
  return isTooOld ? tooLong[found.state] : null;
}

/** Nothing more will come by waiting: an ending is proven, or nobody is left to prove one. */
export function isFinal(read: ReadCharge): boolean {
  return read.record.outcome !== null || read.isLost;
}

/** Equal keys mean that a till would be told the same. */
export function changeKey(read: ReadCharge): string {
  const { updated_at, state, needs_attention } = read.record;
  return [updated_at, state, needs_attention, read.case, read.isHeld].join(' ');
}

export interface CashierAnswer {
  advice: Advice;
  safe_to_take_other_payment: boolean;
  /** The number that the next attempt carries; null while no next attempt would be accepted. */
  next_attempt: number | null;
}

/** Money that has gone back, or that was given up, pays nothing; and nothing is left to do with this charge. */
const adviceWhenCaptured: Record<ReadCharge['case'], Advice> = {
  none: 'paid',
  open: 'ask_for_help',
  kept: 'paid',
  refunded: 'none',
  written_off: 'none',
};

function unsafe(advice: Advice): CashierAnswer {
  return { advice, safe_to_take_other_payment: false, next_attempt: null };
}

/**
 * The answer for one charge, given the other attempts of its sale that may say otherwise: every later one, and each
 * earlier one that has a recovery (without one it closed as `not_charged`, or this charge had not started).
 */
export function answerFor(read: ReadCharge, others: readonly ReadCharge[]): CashierAnswer {
  const { outcome, needs_attention } = read.record;
  if (outcome === null) {
    if (needs_attention !== null) return unsafe('ask_for_help');
    return unsafe(read.isHeld ? 'capture_or_void' : 'wait');
  }
  if (outcome === 'captured') return unsafe(adviceWhenCaptured[read.case]);
  const attempts = [read, ...others];
  if (attempts.some((attempt) => isContradicted(attempt))) return unsafe('ask_for_help');
  const taking = takingAttempt(others);
  if (taking !== undefined) return answerOfTaking(taking);
  const last = attempts.reduce((a, b) => (b.record.attempt > a.record.attempt ? b : a));
  return answerWhenFree(last.record);
}

/** The attempt that took money or may still take it; of several the one that is not simply paid. */
function takingAttempt(attempts: readonly ReadCharge[]): ReadCharge | undefined {
  const taking = attempts.filter(({ record }) => record.outcome !== 'not_charged');
  return taking.find((attempt) => answerFor(attempt, []).advice !== 'paid') ?? taking[0];
}

/** Closed without money, and yet somebody found money of the sale, or it was told to be paid before. */
function isContradicted({ record, case: caseState }: ReadCharge): boolean {
  if (record.outcome !== 'not_charged') return false;
  return caseState !== 'none' || record.reason === 'other_attempt_has_money';
}

/** Closed without money, and nothing says otherwise: another attempt may follow. */
export function isFree(read: ReadCharge): boolean {
  return read.record.outcome === 'not_charged' && !isContradicted(read);
}

/** Another attempt decides, and what is to be done is done there: this charge took nothing and has nothing left to do. */
function answerOfTaking(taking: ReadCharge): CashierAnswer {
  const { advice } = answerFor(taking, []);
  if (advice === 'paid') return unsafe('none');
  return unsafe(advice === 'capture_or_void' ? 'wait' : advice);
}

/** Money that was released because the till said void ends as the till wanted; the reason alone does not tell. */
function adviceOfEnding({ reason, word }: ChargeRecord): Advice {
  if (reason === null) return 'ask_for_help';
  return adviceByReason[reason === 'voided' && word === 'void' ? 'cancelled_by_till' : reason];
}

function answerWhenFree(last: ChargeRecord): CashierAnswer {
  const advice = adviceOfEnding(last);
  const hasNext = last.attempt < attemptsMax;
  return {
    advice: advice === 'try_again' && !hasNext ? 'ask_for_help' : advice,
    safe_to_take_other_payment: true,
    next_attempt: hasNext ? last.attempt + 1 : null,
  };
}

/** What leaves the service: never a session id, nor what the api keeps to itself. */
export function viewOf(read: ReadCharge, answer: CashierAnswer): Charge {
  const {
    version: _version,
    start_id: _startId,
    attention_at: _attentionAt,
    ...shown
  } = read.record;
  const { capture = null, held_until = null, word = null, receipt = null } = shown;
  return { ...shown, capture, held_until, word, receipt, ...answer };
}

/** The attempt that decides a sale: the one that took money or may still take it, otherwise the last. */
export function decidingAttempt(attempts: readonly ReadCharge[]): ReadCharge | undefined {
  return takingAttempt(attempts) ?? attempts.at(-1);
}
