/**
 * Two-phase sales: a charge started with `capture: "on_request"` holds its reserved money until the till says what
 * becomes of it, or the configured time is over. Pure.
 */

/** What becomes of reserved money. */
export const words = ['capture', 'void'] as const;
export type Word = (typeof words)[number];

/** What the record of such a charge carries; absent in every other. */
export interface Held {
  /** As the till asked for it. */
  capture: 'on_request';
  /** Until when the word is waited for; null before the money is reserved. ISO 8601. */
  held_until: string | null;
  /** What was said, by the till or by an operator; null: nothing yet. */
  word: Word | null;
}

/** The rules of a hold, decided when the charge starts. */
export interface HoldPolicy {
  /** How long the word is waited for, from the reading that shows the money reserved. In ms. */
  wait: number;
  /** What happens when it never comes. */
  endsWith: Word;
}

/** A hold as the next step sees it. */
export interface Hold extends HoldPolicy {
  /** Epoch ms; null before the money is reserved. */
  until: number | null;
  word: Word | null;
}

type HeldRecord = Partial<Held> & { state: string };

/** The till's turn: the money is reserved, nobody has said what becomes of it, and there is still time. */
export function isAwaitingWord(record: HeldRecord, now: number): boolean {
  const { state, held_until: until = null, word = null } = record;
  return state === 'approved' && word === null && until !== null && now < Date.parse(until);
}

/** What becomes of the money: what was said, and when the time is over what was configured; null: it is still held. */
export function endOf({ word, until, endsWith }: Hold, now: number): Word | null {
  if (word !== null) return word;
  return until !== null && now >= until ? endsWith : null;
}

/** What of a hold the first record carries. */
export const heldAtStart: Held = { capture: 'on_request', held_until: null, word: null };

/** A till commits its own books within seconds; a quarter of an hour leaves room for one that restarts. */
export const holdDefaults: HoldPolicy = { wait: 900_000, endsWith: 'void' };

/** The hold of a charge as its record tells it; null: its money is captured without anybody's word. */
export function holdOf(record: Partial<Held>, policy: HoldPolicy = holdDefaults): Hold | null {
  if (record.capture !== 'on_request') return null;
  const { held_until: until = null, word = null } = record;
  return { ...policy, word, until: until === null ? null : Date.parse(until) };
}

/** Why a word does not fit any more, or not yet, and the way out; null: it does. */
export function whyNotSaid(
  said: Word,
  { hold, isCancelRequested }: { hold: Hold; isCancelRequested: boolean },
  now: number,
): string | null {
  // Said before: a repeated order is the same order.
  if (hold.word === said) return null;
  if (said === 'capture' && isCancelRequested) {
    return 'somebody has asked to stop this charge, so its money is released; if the sale shall be paid after all, charge it again with the next attempt';
  }
  const end = endOf(hold, now);
  if (end === null || end === said) return null;
  const isOver = 'the time to say so is over';
  if (end === 'void') {
    return `${isOver}, and the money is being released; charge the sale again with the next attempt`;
  }
  const why = hold.word === null ? `${isOver}, and the money` : 'its capture was asked for: it';
  return `${why} is being captured; POST cancel stops it if it is not too late, and a payment that is faster becomes a case`;
}
