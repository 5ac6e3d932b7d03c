/** When the charge looks at Dintero, and what it remembers of what it saw. */
import { condition } from '@temporalio/workflow';
import type { Reading, TransactionFacts } from '../activities/dintero/facts.ts';
import type { Failed } from './dintero-calls.ts';
import { readDintero } from './dintero-reads.ts';
import { isOpenAtTerminal, judge, type Asked, type Judgement } from './judgement.ts';
import { endOf, isAwaitingWord } from './hold.ts';
import type { ChargeRecord } from './messages.ts';
import { show, type OpenCharge } from './open-charge.ts';
import { moneyText } from './money.ts';
import type { Durations } from './policy.ts';
import { tell } from './timeline.ts';

/**
 * Waits for the first of: a hint, an order, the next poll, the deadline. Hints keep a gap, so that a storm of callbacks
 * is one read; an order is read at once; Dintero's Retry-After holds for all of them.
 */
export async function waitForNews(charge: OpenCharge): Promise<void> {
  const pollAt = nextPollAt(charge);
  const dueAt = nextDueAt(charge);
  const until = Math.max(Math.min(pollAt, dueAt), charge.quietUntil);
  if (charge.news === null) {
    charge.waiting = { what: waitingFor(charge), until };
    show(charge);
    await condition(() => charge.news !== null, Math.max(1, until - Date.now()), {
      summary: `Waiting for ${charge.waiting.what}; next look ${new Date(until).toISOString().slice(11, 19)} UTC`,
    });
    charge.waiting = null;
  }
  // A cashier may be looking at the till when time is up: this look does not queue with the polls.
  if (charge.news === null && Date.now() >= dueAt) charge.news = 'order';
  // Hints may come without end and from anybody: the older the charge, the further apart they are looked at.
  const { readGap, pollMax } = charge.situation.policy.durations;
  const gap = Math.min(Math.max(readGap, ageOf(charge) / 100), pollMax);
  const earliest = Math.max(
    charge.news === 'hint' ? charge.lastReadAt + gap : 0,
    charge.quietUntil,
  );
  const pause = earliest - Date.now();
  if (pause > 0 && !charge.isHurried) {
    const summary = 'Reads of one charge keep their distance';
    await condition(() => charge.isHurried, pause, { summary });
  }
  charge.isHurried = false;
}

/** The next time that decides something: the customer's, or the till's. */
function nextDueAt({ situation: { deadlineAt, hold } }: OpenCharge): number {
  const heldUntil = hold?.word === null ? (hold.until ?? Infinity) : Infinity;
  return Math.min(...[deadlineAt, heldUntil].filter((at) => Date.now() < at), Infinity);
}

function nextPollAt(charge: OpenCharge): number {
  return Date.now() + pollInterval(ageOf(charge), charge.situation.policy.durations);
}

/** clamp(age / 10, pollMin, pollMax) with 10 % jitter, so that what started together does not poll together. In ms. */
export function pollInterval(age: number, { pollMin, pollMax }: Durations): number {
  const interval = Math.min(Math.max(age / 10, pollMin), pollMax);
  return Math.round(interval * (0.95 + Math.random() * 0.1));
}

function ageOf({ startedAt }: OpenCharge): number {
  return Date.now() - startedAt;
}

function waitingFor({ record }: OpenCharge): string {
  if (isAwaitingWord(record, Date.now())) return "the till's word: capture or void";
  return record.state === 'waiting_for_card' ? 'the card' : 'Dintero';
}

/** One look at Dintero and what it means; what it showed is remembered. A failed look means `unclear`, nothing else. */
export async function readAndJudge(charge: OpenCharge): Promise<Judgement> {
  const { record, situation } = charge;
  situation.readAt = Date.now();
  const cause = charge.news;
  const reading = takeReadBack(charge) ?? (await readDintero(charge));
  charge.lastReadAt = Date.now();
  if ('type' in reading) return told(charge, cause, unread(charge, reading));
  situation.isRefusingReads = false;
  charge.quietUntil = 0;
  if (reading.session !== null) charge.sessionId = reading.session.sessionId;
  const judgement = judge(reading, askedBy(record, reading.transaction));
  remember(charge, judgement, reading.transaction);
  return told(charge, cause, judgement);
}

/** A capture is read back by the call itself: that is a reading, if nothing has happened since. */
function takeReadBack(charge: OpenCharge): Reading | null {
  const { readBack } = charge;
  charge.readBack = null;
  if (readBack === null || charge.news !== 'order') return null;
  charge.news = null;
  return { session: null, transaction: readBack };
}

/** The judgement, put into the timeline with what made us look. */
function told(charge: OpenCharge, cause: OpenCharge['news'], judgement: Judgement): Judgement {
  const source = { hint: 'callback', order: 'kvitt' } as const;
  tell(charge.timeline, {
    source: cause === null ? 'poll' : source[cause],
    text: wordsOf(judgement, charge.record.currency),
  });
  charge.judged = judgement.is;
  return judgement;
}

function wordsOf(judgement: Judgement, currency: string | null): string {
  switch (judgement.is) {
    case 'captured':
      return `Dintero shows ${moneyText(judgement.capturedAmount, currency)} captured`;
    case 'authorised':
      return 'Dintero shows the money reserved, not captured';
    case 'moving':
      return 'Dintero is still working on an operation';
    case 'no_money':
      return `Dintero shows that the payment took no money (${judgement.reason})`;
    case 'session_cancelled':
      return 'Dintero shows the session cancelled, and no transaction';
    case 'session_ended':
      return `Dintero shows the session ended (${judgement.reason}), not cancelled yet`;
    case 'prompting':
      return 'Dintero shows the session open: the terminal asks for the card';
    case 'absent':
      return 'Dintero shows nothing of this charge';
    case 'unclear':
      return `unclear: ${judgement.because}`;
  }
}

/** A charge that was cancelled before it started asked for nothing: what is found under its id is its payment. */
function askedBy(record: ChargeRecord, found: TransactionFacts | null): Asked {
  return {
    chargeId: record.charge_id,
    amount: record.amount ?? found?.amount ?? 0,
    currency: record.currency ?? found?.currency ?? '',
    terminalId: record.terminal_id ?? found?.terminalId ?? '',
  };
}

function remember(
  charge: OpenCharge,
  judgement: Judgement,
  transaction: TransactionFacts | null,
): void {
  const { situation, record } = charge;
  if (transaction?.chargeId === record.charge_id) {
    charge.transaction = transaction;
    // The session's own read may have failed; cancelling it must not wait for that.
    charge.sessionId ??= transaction.sessionId;
    const { transactionId, card, receipt = null } = transaction;
    charge.known = { transaction_id: transactionId, card };
    if (receipt !== null) charge.known.receipt = receipt;
  }
  if (judgement.is === 'authorised') {
    situation.authorisedSince ??= charge.lastReadAt;
    rememberHold(charge);
  }
  if (judgement.is === 'session_cancelled') situation.cancelledSince ??= charge.lastReadAt;
  if (isOpenAtTerminal(judgement.is)) forgetProofs(charge);
  // A refused call that is not wanted any more asks for nobody.
  if (!wantsMove.has(judgement.is)) situation.isRefusingMoves = false;
  rememberEnd(charge, judgement);
}

/** A prompt that was found after somebody had looked is not what was seen. */
function forgetProofs(charge: OpenCharge): void {
  const { situation } = charge;
  situation.seenIdleAt = null;
  charge.isFreed = false;
  // Nor is it what the proof of an earlier outcome was about: its end needs the proof of any prompt.
  if (situation.isReset && situation.prompt.is === 'withheld') situation.prompt = { is: 'sent' };
}

/** From the first reading on that shows the money reserved, for a recovery too: it stands in the record. */
function rememberHold(charge: OpenCharge): void {
  const { hold } = charge.situation;
  if (hold === null) return;
  hold.until ??= charge.lastReadAt + hold.wait;
  charge.known.held_until = new Date(hold.until).toISOString();
  const end = endOf(hold, charge.situation.readAt);
  if (hold.word !== null || end === null) return;
  tell(charge.timeline, { source: 'kvitt', text: `the till's word did not come in time: ${end}` });
}

const wantsMove = new Set<Judgement['is']>(['prompting', 'session_ended', 'authorised']);

/** The first end that the session told. After our own cancel it is our doing, not the customer's. */
function rememberEnd({ situation }: OpenCharge, judgement: Judgement): void {
  if (situation.cancels.lastAt !== 0) return;
  if (judgement.is === 'session_cancelled' || judgement.is === 'session_ended') {
    situation.firstEnd ??= judgement.reason;
  }
}

/** A failed look means that the answer is missing; it says nothing about the money. */
function unread(charge: OpenCharge, failed: Failed): Judgement {
  charge.situation.isRefusingReads = failed.type === 'DinteroUnauthorized';
  charge.quietUntil = charge.lastReadAt + failed.retryAfterMs;
  return { is: 'unclear', because: failed.message };
}
