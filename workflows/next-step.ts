/**
 * What follows from a judgement under a cancel, a deadline, a prompt mode and a capture mode. Pure and total, beside
 * the judgement: the workflow only does what this says.
 */
import { endOf, type Hold } from './hold.ts';
import type { Judgement } from './judgement.ts';
import type { Attention, CaseKind, ChargeState, Reason } from './lists.ts';
import type { ChargePolicy } from './policy.ts';

/** How often a guarded call was sent, and whether Dintero refused it in so many words. */
export interface Tries {
  /** Without those that were certainly not processed. */
  count: number;
  /** When the last one came back, however it did; 0 before the first. */
  lastAt: number;
  isRefused: boolean;
}

/** How the prompt went out. */
export type Prompt =
  | { is: 'sent' }
  /** Mode `pay`: the session is recorded, and whether its terminal asks for the card is not known. */
  | { is: 'unanswered' }
  /** Nothing was sent, nor will be: a cancel overtook the start, or its history shows that it ended before. */
  | { is: 'none'; reason: Reason }
  /** Sent and no answer: it may prompt, and is never sent again. */
  | { is: 'lost' }
  /** Dintero published the session to nobody: it is cancelled and read so (design 5 f). */
  | { is: 'unpublished' }
  /** The session exists, and what would have prompted was refused or never sent (mode `pay`, design 5 a and b). */
  | { is: 'withheld'; reason: Reason };

export interface Situation {
  policy: ChargePolicy;
  prompt: Prompt;
  /** A run made by reset has forgotten what the old one sent. */
  isReset: boolean;
  /** When the reading that was judged was made; all times in epoch milliseconds. */
  readAt: number;
  sendBefore: number;
  deadlineAt: number;
  /** Since when we hold the terminal; null while another charge does. */
  heldSince: number | null;
  isCancelRequested: boolean;
  /** The reserved money waits for the till's word; null: this charge holds none. */
  hold: Hold | null;
  /** What a callback with a good signature said of the end: a reason to cancel, no proof. */
  reportedEnd: Reason | null;
  /** The first end that the session told before we cancelled it. */
  firstEnd: Reason | null;
  /** A person saw the terminal idle (design 5). */
  seenIdleAt: number | null;
  /** The first reading that showed the session cancelled, or the money reserved. */
  cancelledSince: number | null;
  authorisedSince: number | null;
  /** The last read, or the last guarded call, was answered 401 or 403 with a fresh token. */
  isRefusingReads: boolean;
  isRefusingMoves: boolean;
  cancels: Tries;
  captures: Tries;
  voids: Tries;
}

export type Step =
  | { do: 'close_captured'; capturedAmount: number; caseKind: CaseKind | null }
  | { do: 'close_not_charged'; reason: Reason }
  | { do: 'cancel' | 'capture' | 'void' }
  | { do: 'wait'; state: ChargeState; attention: Attention | null };

/**
 * A guarded call is sent at most this often. Dintero's state makes a repeat harmless, but a third refusal or silence
 * will not be healed by a fourth: a person is asked, and reading goes on.
 */
export const triesMax = 3;

export function nextStep(judgement: Judgement, now: Situation): Step {
  switch (judgement.is) {
    case 'captured':
      return {
        do: 'close_captured',
        capturedAmount: judgement.capturedAmount,
        caseKind: judgement.caseKind ?? whyUnwanted(now),
      };
    case 'no_money':
      return { do: 'close_not_charged', reason: now.firstEnd ?? judgement.reason };
    case 'authorised':
      return stepWhenAuthorised(now);
    case 'moving':
      return wait(now.isCancelRequested ? 'cancelling' : 'approved', now);
    case 'prompting':
      if (isToBeStopped(now)) return cancelOrWait(now);
      return wait(now.prompt.is === 'unanswered' ? 'checking' : 'waiting_for_card', now);
    case 'session_ended':
      return cancelOrWait(now);
    case 'session_cancelled':
      return stepWhenCancelled(now);
    case 'absent':
      return stepWhenAbsent(now);
    case 'unclear':
      return wait(now.isCancelRequested ? 'cancelling' : 'checking', now);
  }
}

/** Money that is in, as it was asked for, and that nobody has said to take. */
function whyUnwanted({ isCancelRequested, hold, readAt }: Situation): CaseKind | null {
  if (isCancelRequested) return 'captured_after_cancel';
  return hold === null || endOf(hold, readAt) === 'capture' ? null : 'captured_unasked';
}

function wait(state: ChargeState, now: Situation, attention: Attention | null = null): Step {
  const isRefusingUs = now.isRefusingReads || now.isRefusingMoves;
  return { do: 'wait', state, attention: isRefusingUs ? 'dintero_refuses_us' : attention };
}

/** Another sending needs a fresh read, made later than the last one can still be on the wire (design 4). */
function maySend(tries: Tries, now: Situation): boolean {
  return tries.count < triesMax && isOffTheWire(tries, now);
}

function isOffTheWire({ lastAt }: Tries, now: Situation): boolean {
  return lastAt === 0 || now.readAt > lastAt + now.policy.durations.httpTimeout;
}

/** Every way to stop a prompt that still asks for the card. */
function isToBeStopped(now: Situation): boolean {
  return (
    now.isCancelRequested ||
    now.readAt >= now.deadlineAt ||
    now.reportedEnd !== null ||
    now.prompt.is === 'unpublished' ||
    now.prompt.is === 'withheld'
  );
}

function cancelOrWait(now: Situation): Step {
  // Without a bound, at the pace of the polls: an open session that nobody cancels any more holds its terminal for ever.
  return isOffTheWire(now.cancels, now) ? { do: 'cancel' } : wait('cancelling', now);
}

function stepWhenAuthorised(now: Situation): Step {
  const { captureMode, durations } = now.policy;
  if (now.isCancelRequested) return voidOrWait('cancelling', now);
  const end = now.hold === null ? 'capture' : endOf(now.hold, now.readAt);
  if (end === null) return wait('approved', now);
  if (end === 'void') return voidOrWait('cancelling', now);
  if (captureMode === 'manual') {
    // Dintero said that it cannot capture, and the money is still reserved with nothing pending: give it back.
    return now.captures.isRefused ? voidOrWait('approved', now) : captureOrWait(now);
  }
  const since = now.authorisedSince ?? now.readAt;
  if (now.readAt < since + durations.autoCaptureWait) return wait('approved', now);
  return captureOrWait(now);
}

function captureOrWait(now: Situation): Step {
  if (maySend(now.captures, now)) return { do: 'capture' };
  return wait('approved', now, now.captures.count >= triesMax ? 'capture_refused' : null);
}

function voidOrWait(state: ChargeState, now: Situation): Step {
  if (maySend(now.voids, now)) return { do: 'void' };
  return wait(state, now, now.voids.count >= triesMax ? 'void_refused' : null);
}

/** Design 5 (a), (b), (d), (f): when a session read as cancelled, without a transaction, can no longer be paid. */
function stepWhenCancelled(now: Situation): Step {
  const { cancelEndsPrompt, durations } = now.policy;
  const since = now.cancelledSince ?? now.readAt;
  const isOutlived =
    durations.promptLifetime !== null && now.readAt >= since + durations.promptLifetime;
  const neverPrompted = now.prompt.is === 'unpublished' || now.prompt.is === 'withheld';
  // What a person saw counts for a look that was made afterwards.
  const isSeenIdle = now.seenIdleAt !== null && now.readAt >= now.seenIdleAt;
  if (neverPrompted || cancelEndsPrompt || isOutlived || isSeenIdle) {
    return { do: 'close_not_charged', reason: reasonOfCancel(now) };
  }
  return wait('cancelling', now, durations.promptLifetime === null ? 'prompt_may_live' : null);
}

function reasonOfCancel(now: Situation): Reason {
  if (now.prompt.is === 'withheld') return now.prompt.reason;
  if (now.prompt.is === 'unpublished') return 'terminal_unavailable';
  const end = now.firstEnd ?? now.reportedEnd;
  if (end !== null) return end;
  return now.isCancelRequested ? 'cancelled_by_till' : 'expired';
}

/** Design 5 (e): a session whose create was lost, and that no read could find. */
function stepWhenAbsent(now: Situation): Step {
  const { promptMode, durations } = now.policy;
  if (now.prompt.is === 'none') {
    return { do: 'close_not_charged', reason: now.prompt.reason };
  }
  // In mode `pay` a lost create prompted nobody, unless a history that was reset away went on to pay.
  const neverPrompted = promptMode === 'pay' && now.prompt.is === 'lost' && !now.isReset;
  // A terminal may be idle because it was paid, and the payment may be missing from the list for a while.
  const isSeenIdle = now.seenIdleAt !== null && now.readAt >= now.seenIdleAt + durations.listLag;
  if (neverPrompted || isLostPromptOver(now) || isSeenIdle) {
    return { do: 'close_not_charged', reason: 'session_lost' };
  }
  const state = now.isCancelRequested ? 'cancelling' : 'checking';
  // Nobody is asked to look before the lost create can no longer arrive.
  const isArrived = now.readAt >= now.sendBefore + durations.httpTimeout;
  const isForPerson = (durations.promptLifetime === null || now.heldSince === null) && isArrived;
  return wait(state, now, isForPerson ? 'session_lost' : null);
}

/** While another charge held the terminal, a lost prompt may have queued behind it: it lives from when we hold it. */
function isLostPromptOver({ policy, heldSince, sendBefore, readAt }: Situation): boolean {
  const { promptLifetime, listLag } = policy.durations;
  if (promptLifetime === null || heldSince === null) return false;
  return readAt >= Math.max(sendBefore, heldSince) + promptLifetime + listLag;
}
