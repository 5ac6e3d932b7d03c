/**
 * What a reading of the sale means for one refund, what stands against sending it, and what follows. Pure and total:
 * `refunded` is only what a successful event of ours says, and no event is not "no".
 */
import type { TerminalFacts } from '../activities/dintero/account-facts.ts';
import type { RefundEvent, RefundReading, RefundableSale } from '../activities/dintero/facts.ts';
import { moneyText } from './money.ts';
import type { ChargePolicy } from './policy.ts';
import type { RefundAttention, RefundReason, RefundState } from './refund-lists.ts';
import type { RefundRecord, ToldEnding } from './refund-messages.ts';

export interface Mine {
  refundId: string;
  chargeId: string;
  /** What Dintero's answer to our request named; null: there was no such answer. */
  requestId: string | null;
}

export type RefundJudgement =
  /** Proven: Dintero shows the successful event. */
  | { is: 'done'; refundedAmount: number; eventId: string | null }
  /** Proven for now: Dintero shows that it failed, and nothing of it is open. It may still retry by itself. */
  | { is: 'failed' }
  /** Accepted, and the result is not shown yet. */
  | { is: 'pending' }
  /** Nothing of this refund is shown. */
  | { is: 'absent' }
  | { is: 'unclear'; because: string };

export function judgeRefund(reading: RefundReading, mine: Mine): RefundJudgement {
  const { transaction, refundEvents } = reading;
  if (transaction.chargeId !== mine.chargeId) {
    return { is: 'unclear', because: `the transaction carries ${transaction.chargeId}` };
  }
  const own = refundEvents.filter((event) => isMine(event, mine));
  const done = own.filter(({ is }) => is === 'done');
  if (done.length > 0) {
    const refundedAmount = done.reduce((sum, { amount }) => sum + amount, 0);
    return { is: 'done', refundedAmount, eventId: done.at(-1)?.eventId ?? null };
  }
  if (own.some((event) => isOpen(event, refundEvents))) return { is: 'pending' };
  return own.some(({ is }) => is === 'failed') ? { is: 'failed' } : { is: 'absent' };
}

/** By our reference, or as what our request's answer named. */
function isMine(event: RefundEvent, { refundId, requestId }: Mine): boolean {
  if (event.reference === refundId) return true;
  const ids = [event.requestId, event.answersRequestId];
  return requestId !== null && ids.includes(requestId);
}

function isOpen({ is, requestId }: RefundEvent, all: readonly RefundEvent[]): boolean {
  if (is !== 'initiated') return false;
  const isAnswered = all.some(
    (result) => result.is !== 'initiated' && result.answersRequestId === requestId,
  );
  // Without an id of its own nothing can be known to answer it.
  return requestId === null || !isAnswered;
}

/** Why nothing is sent. */
export interface Obstacle {
  reason: RefundReason;
  because: string;
}

/** By the sale's money as the events have it now: captured, less what has gone back, and nothing beside it under way. */
export function whyNotRefund(
  { transaction, isOurs }: RefundableSale,
  asked: { amount: number; currency: string },
): Obstacle | null {
  const { capturedAmount, refundedAmount, pending, currency, status, isInPerson } = transaction;
  if (!isInPerson || !isOurs) {
    const because = 'the payment is not an in-person payment of this installation';
    return { reason: 'nothing_to_refund', because };
  }
  if (pending.length > 0 || status === 'unknown' || status === 'on_hold') {
    const what =
      pending.length > 0 ? `is still working on a ${pending[0] ?? ''}` : `shows it ${status}`;
    return { reason: 'other_operation_open', because: `Dintero ${what}: it may still succeed` };
  }
  const left = capturedAmount - refundedAmount;
  if (left <= 0) {
    return { reason: 'nothing_to_refund', because: `Dintero shows ${status}, nothing is left in` };
  }
  if (asked.currency !== currency) {
    return { reason: 'nothing_to_refund', because: `the payment is in ${currency}` };
  }
  if (asked.amount > left) {
    return {
      reason: 'more_than_is_left',
      because: `only ${moneyText(left, currency)} are left in`,
    };
  }
  return null;
}

/** Only an active terminal of the sale's seller may refund it (dossier 4.3). Not known: Dintero itself decides. */
export function whyNotAtTerminal(
  terminal: TerminalFacts | null | undefined,
  sellerOfSale: string | null,
): Obstacle | null {
  const reason = 'refund_terminal_unavailable';
  if (terminal === undefined) return null;
  if (terminal === null) return { reason, because: 'Dintero knows no such terminal' };
  const { status, statusReason, payoutDestinationId: seller } = terminal;
  if (status !== 'active') {
    const word = statusReason === null ? '' : ` (${statusReason})`;
    return { reason, because: `the terminal is ${status}${word}, not active` };
  }
  if (seller === null || sellerOfSale === null || seller === sellerOfSale) return null;
  return { reason, because: `the terminal is of ${seller}, and the sale of ${sellerOfSale}` };
}

/** How the request went out. */
type Sending =
  /** Nothing was sent, nor will be. */
  | { is: 'unsent' }
  /** On the wire, and not answered: Dintero may hold the answer until the cardholder has acted. */
  | { is: 'under_way' }
  | { is: 'accepted' }
  /** Sent and no answer: it may have arrived, and is never sent again. */
  | { is: 'lost' };

export interface RefundSituation {
  policy: ChargePolicy;
  sending: Sending;
  /** When the reading that was judged was made; all times in epoch ms. */
  readAt: number;
  sendBefore: number;
  /** Since when we hold the terminal; null while another does. */
  heldSince: number | null;
  /** A run made by reset has forgotten what the old one sent. */
  isReset: boolean;
  /** A person saw the terminal idle. */
  seenIdleAt: number | null;
}

export type RefundStep =
  | { do: 'close_refunded'; refundedAmount: number; eventId: string | null }
  | { do: 'close_not_refunded'; reason: RefundReason | null }
  | { do: 'wait'; state: RefundState; attention: RefundAttention | null; isPromptOver: boolean };

export function nextRefundStep(judgement: RefundJudgement, now: RefundSituation): RefundStep {
  switch (judgement.is) {
    case 'done': {
      const { refundedAmount, eventId } = judgement;
      return { do: 'close_refunded', refundedAmount, eventId };
    }
    case 'failed':
      return { do: 'close_not_refunded', reason: 'refund_declined' };
    case 'pending':
      return stepWhenPending(now);
    case 'absent':
      return stepWhenAbsent(now);
    case 'unclear':
      return wait('checking', null);
  }
}

function wait(
  state: RefundState,
  attention: RefundAttention | null,
  isPromptOver = false,
): RefundStep {
  return { do: 'wait', state, attention, isPromptOver };
}

/** Dintero says that it is under way: however old it is, it may still succeed, so time alone ends nothing. */
function stepWhenPending(now: RefundSituation): RefundStep {
  const isOld = now.readAt >= promptEndsAt(now) + now.policy.durations.attention;
  if (now.readAt < promptEndsAt(now)) return wait('waiting_for_card', null);
  return wait('checking', isOld ? 'refund_unresolved' : null, isProvenOver(now));
}

function stepWhenAbsent(now: RefundSituation): RefundStep {
  const { durations } = now.policy;
  const isSeenIdle = now.seenIdleAt !== null && now.readAt >= now.seenIdleAt + durations.listLag;
  switch (now.sending.is) {
    case 'unsent':
      return { do: 'close_not_refunded', reason: null };
    case 'under_way':
      return wait('waiting_for_card', null);
    case 'accepted': {
      // Dintero has said yes: only a person who saw the terminal says that nothing comes of it.
      if (isSeenIdle) return { do: 'close_not_refunded', reason: 'refund_never_arrived' };
      const isLate = now.readAt >= promptEndsAt(now);
      const state = isLate ? 'checking' : 'waiting_for_card';
      return wait(state, isLate ? 'refund_lost' : null, isProvenOver(now));
    }
    case 'lost': {
      if (isProvenOver(now) || isSeenIdle) {
        return { do: 'close_not_refunded', reason: 'refund_never_arrived' };
      }
      const isArrived = now.readAt >= arrivesBefore(now);
      const isForPerson = durations.promptLifetime === null || now.heldSince === null;
      return wait('checking', isForPerson && isArrived ? 'refund_lost' : null);
    }
  }
}

/** A request that was given up may be on the wire for as long as one call takes: nobody is asked any later. */
export function arrivesBefore({
  sendBefore,
  heldSince,
  policy: { durations },
}: Pick<RefundSituation, 'sendBefore' | 'heldSince' | 'policy'>): number {
  const onTheWire = durations.refundTimeout ?? durations.httpTimeout;
  return Math.max(sendBefore, heldSince ?? 0) + onTheWire;
}

/** When the cardholder's time is over: proven on the devices, or what a customer is given. */
function promptEndsAt(now: RefundSituation): number {
  const { promptLifetime, deadline } = now.policy.durations;
  return arrivesBefore(now) + (promptLifetime ?? deadline);
}

/** The prompt cannot be alive any more, by a lifetime that was proven and while nobody else had the terminal. */
export function isProvenOver(now: RefundSituation): boolean {
  const { promptLifetime, listLag } = now.policy.durations;
  if (promptLifetime === null || now.heldSince === null) return false;
  return now.readAt >= arrivesBefore(now) + promptLifetime + listLag;
}

/** What went back is not what was asked for, or not what was told: a person looks at it. null: it is. */
export function whyOtherwise(
  { amount, currency }: Pick<RefundRecord, 'amount' | 'currency'>,
  { refundedAmount, former }: { refundedAmount: number; former: ToldEnding | null },
): string | null {
  const told = former?.refunded_amount ?? null;
  if (told === refundedAmount) return former?.because ?? null;
  const shown = `Dintero shows ${moneyText(refundedAmount, currency)} given back`;
  if (refundedAmount !== amount) {
    return `${shown}, and ${moneyText(amount, currency)} was asked for`;
  }
  if (former === null) return null;
  return `${shown}, and ${told === null ? 'nothing' : moneyText(told, currency)} was told before`;
}
