/**
 * What Dintero shows, in our words. Dintero's own statuses and event names stop in `schemas.ts`, which maps them here
 * by one exhaustive table whose default is `unknown`, never `failed`. Amounts are minor units.
 */

import type { ReceiptFacts } from '../../workflows/receipts.ts';

export type TransactionStatus =
  | 'initiated'
  | 'on_hold'
  | 'authorised'
  | 'partly_captured'
  | 'captured'
  | 'partly_refunded'
  | 'partly_captured_refunded'
  | 'refunded'
  | 'voided'
  | 'declined'
  | 'failed'
  | 'unknown';

/** An accepted operation whose result Dintero has not shown yet (an INITIATE_* event without its correlated one). */
export type PendingOperation = 'capture' | 'refund' | 'void';

export interface TransactionFacts {
  transactionId: string;
  sessionId: string;
  /** The `merchant_reference`: a charge id when the transaction is ours. */
  chargeId: string;
  isInPerson: boolean;
  terminalId: string | null;
  status: TransactionStatus;
  /** The total authorised amount: it does not change on capture or refund. */
  amount: number;
  currency: string;
  /** Sums of the successful events, without those that Dintero has taken back by a correction. */
  capturedAmount: number;
  refundedAmount: number;
  pending: PendingOperation[];
  /** What of it are refunds of this service, `<charge_id>.R<n>`. Absent: none, or a reading of an earlier release. */
  ownRefunds?: OwnRefund[];
  card: { brand: string | null; masked_pan: string | null; entry_method: string | null } | null;
  /** Absent in histories of the first release. */
  receipt?: ReceiptFacts | null;
}

/** What Dintero shows of one refund of this service. */
export interface OwnRefund {
  reference: string;
  refundedAmount: number;
  /** How many of its events have no result yet. */
  pending: number;
}

export interface SessionFacts {
  sessionId: string;
  chargeId: string;
  transactionId: string | null;
  /** `cancelled_at` is set or a CANCELLED event stands: the session cannot be paid by what Dintero says of it. */
  isCancelled: boolean;
  /** How the session says it ended, from its events; null while it lives. */
  endedAs: 'cancelled' | 'declined' | 'failed' | null;
}

/** A transaction that news named. `isOurs`: an in-person payment of a session that this installation has created. */
export interface FoundTransaction {
  transaction: TransactionFacts;
  isOurs: boolean;
}

/** A refund that Dintero shows as done. */
export interface RefundFacts {
  /** Dintero's id of the event; null if it gave none. */
  eventId: string | null;
  amount: number;
}

/** What became of a transaction's money: what a case is settled by. */
export interface MoneyFacts {
  transaction: TransactionFacts;
  refunds: RefundFacts[];
}

/** One event of a refund, as Dintero shows it. What a correction has taken back is not among them. */
export interface RefundEvent {
  /** Accepted, with its result to come; done; or refused by the cardholder, the bank or the processor. */
  is: 'initiated' | 'done' | 'failed';
  eventId: string | null;
  amount: number;
  /** Ours, if it was asked for through the API: the refund's id. */
  reference: string | null;
  requestId: string | null;
  /** Of a result: the request that it answers. */
  answersRequestId: string | null;
}

/** A transaction as a refund sees it. */
export interface RefundReading {
  transaction: TransactionFacts;
  refundEvents: RefundEvent[];
  storeId: string | null;
  payoutDestinationId: string | null;
}

/** What may be refunded; `isOurs`: an in-person payment that this installation has made. */
export interface RefundableSale extends RefundReading {
  isOurs: boolean;
}

/** One look at Dintero. `session` is null when we know no session; both null: nothing of this charge was found. */
export interface Reading {
  session: SessionFacts | null;
  transaction: TransactionFacts | null;
}

/** What Dintero's list shows of a whole sale. */
export interface SaleReading {
  /** A transaction of this very charge: adopted and judged. */
  own: { transactionId: string; sessionId: string } | null;
  /** Another charge of the sale, whose money is captured, reserved or undecided. */
  otherWithMoney: { chargeId: string; transactionId: string } | null;
}
