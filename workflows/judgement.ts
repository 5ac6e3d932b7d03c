/**
 * The judgement: what a reading of Dintero means. Pure and total: every reading has exactly one meaning, and what is
 * not understood is `unclear`, never an ending (design 3.5 and 5).
 */
import type { Reading, SessionFacts, TransactionFacts } from '../activities/dintero/facts.ts';
import type { CaseKind, Reason } from './lists.ts';

export type Judgement =
  /** Money is in. `caseKind` says in which way it is not what was asked, if so. */
  | { is: 'captured'; capturedAmount: number; caseKind: CaseKind | null }
  /** Reserved, not captured; nothing is pending. */
  | { is: 'authorised' }
  /** Dintero has accepted an operation and not yet shown its result. */
  | { is: 'moving' }
  /** Proven: the payment ended and left no money behind (design 5 c). */
  | { is: 'no_money'; reason: Reason }
  /** The session was read as cancelled and has no transaction: proof only as design 5 (d) says. */
  | { is: 'session_cancelled'; reason: Reason | null }
  /** The session says that it failed and has no transaction: not a proof, a reason to cancel it at once. */
  | { is: 'session_ended'; reason: Reason }
  /** The terminal asks for the card. */
  | { is: 'prompting' }
  /** We know no session, and nothing of this charge was found. */
  | { is: 'absent' }
  | { is: 'unclear'; because: string };

/** The session is open, as far as Dintero shows: its terminal may ask for the card at any moment. */
export function isOpenAtTerminal(is: Judgement['is'] | null): boolean {
  return is === 'prompting' || is === 'session_ended';
}

export interface Asked {
  chargeId: string;
  amount: number;
  currency: string;
  terminalId: string;
}

export function judge(reading: Reading, asked: Asked): Judgement {
  const { session, transaction } = reading;
  if (session !== null && session.chargeId !== asked.chargeId) {
    return unclear(`the session carries the reference ${session.chargeId}`);
  }
  if (transaction !== null) {
    const stranger = whyNotOurs(transaction, session, asked);
    return stranger === null ? judgeTransaction(transaction, session, asked) : unclear(stranger);
  }
  if (session === null) return { is: 'absent' };
  return judgeSessionAlone(session);
}

function unclear(because: string): Judgement {
  return { is: 'unclear', because };
}

/** A transaction is ours when everything that names it agrees; anything else is looked at by a person. */
function whyNotOurs(
  transaction: TransactionFacts,
  session: SessionFacts | null,
  asked: Asked,
): string | null {
  if (transaction.chargeId !== asked.chargeId) {
    return `the transaction carries the reference ${transaction.chargeId}`;
  }
  if (session !== null && transaction.sessionId !== session.sessionId) {
    return 'the transaction belongs to another session';
  }
  if (!transaction.isInPerson) return 'the transaction is not an in-person payment';
  // Dintero may leave the terminal out of its answer; a different one is a different payment.
  if (transaction.terminalId !== null && transaction.terminalId !== asked.terminalId) {
    return `the transaction names terminal ${transaction.terminalId}`;
  }
  return null;
}

/** Only what is known to hold no money is without it: `unknown` and `on_hold` may hold some. */
export function isWithoutMoney({ status, pending, capturedAmount }: TransactionFacts): boolean {
  const isOver = status === 'declined' || status === 'failed' || status === 'voided';
  return isOver && pending.length === 0 && capturedAmount === 0;
}

function judgeSessionAlone(session: SessionFacts): Judgement {
  if (session.transactionId !== null) return unclear('its transaction could not be read');
  const reason = session.endedAs === null ? null : reasonOfEnd[session.endedAs];
  if (session.isCancelled) return { is: 'session_cancelled', reason };
  return reason === null ? { is: 'prompting' } : { is: 'session_ended', reason };
}

const reasonOfEnd = {
  cancelled: 'cancelled_by_customer',
  declined: 'declined',
  failed: 'failed',
} as const satisfies Record<NonNullable<SessionFacts['endedAs']>, Reason>;

function judgeTransaction(
  transaction: TransactionFacts,
  session: SessionFacts | null,
  asked: Asked,
): Judgement {
  switch (transaction.status) {
    case 'captured':
    case 'partly_captured':
    case 'partly_refunded':
    case 'partly_captured_refunded':
    case 'refunded':
      return judgeCaptured(transaction, asked);
    case 'authorised':
      if (transaction.pending.length > 0) return { is: 'moving' };
      // A capture event under an authorised status: a correction that we do not understand yet.
      if (transaction.capturedAmount !== 0) return unclear('its events show a capture');
      return { is: 'authorised' };
    case 'voided':
      return proven(transaction, 'voided');
    case 'declined':
      return proven(
        transaction,
        session?.endedAs === 'cancelled' ? 'cancelled_by_customer' : 'declined',
      );
    case 'failed':
      return proven(
        transaction,
        session?.endedAs === 'cancelled' ? 'cancelled_by_customer' : 'failed',
      );
    case 'initiated':
      return transaction.pending.length > 0 ? { is: 'moving' } : { is: 'prompting' };
    case 'on_hold':
      return unclear('Dintero holds the payment for review');
    case 'unknown':
      return unclear('Dintero does not know the outcome');
  }
}

function proven(transaction: TransactionFacts, reason: Reason): Judgement {
  if (transaction.pending.length > 0) return { is: 'moving' };
  if (transaction.capturedAmount !== 0) return unclear('its events show a capture');
  return { is: 'no_money', reason };
}

function judgeCaptured(transaction: TransactionFacts, asked: Asked): Judgement {
  // A pending refund takes nothing from "money is in"; a pending capture or void still moves it.
  if (transaction.pending.some((operation) => operation !== 'refund')) return { is: 'moving' };
  if (transaction.capturedAmount <= 0) return unclear('its events show no capture');
  const { capturedAmount } = transaction;
  return { is: 'captured', capturedAmount, caseKind: caseOf(transaction, asked) };
}

const wholeAndRefunded = new Set<TransactionFacts['status']>(['partly_refunded', 'refunded']);

/** What went back, or is about to, by a refund that is none of this service's. */
export function refundedOutside({ refundedAmount, pending, ownRefunds = [] }: TransactionFacts): {
  amount: number;
  isPending: boolean;
} {
  const own = ownRefunds.reduce((sum, one) => sum + one.refundedAmount, 0);
  const ownPending = ownRefunds.reduce((sum, one) => sum + one.pending, 0);
  const refundsPending = pending.filter((operation) => operation === 'refund').length;
  return { amount: refundedAmount - own, isPending: refundsPending > ownPending };
}

function caseOf(transaction: TransactionFacts, asked: Asked): CaseKind | null {
  const outside = refundedOutside(transaction);
  if (outside.amount > 0 || outside.isPending) return 'refunded_outside';
  // Our own refunds move the status, and take nothing from what was captured.
  const isWhole = transaction.status === 'captured' || wholeAndRefunded.has(transaction.status);
  if (!isWhole) return 'partly_captured';
  const isAsAsked =
    transaction.capturedAmount === asked.amount &&
    transaction.amount === asked.amount &&
    transaction.currency === asked.currency;
  return isAsAsked ? null : 'amount_differs';
}
