/** What of refunds crosses a process: names, inputs and answers, as `messages.ts` has them for charges. */
import { defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ChargePolicy } from './policy.ts';
import type { RefundAttention, RefundOutcome, RefundReason, RefundState } from './refund-lists.ts';

/**
 * The refund's view, in the memo `refund`, under 1 KB: the start carries the first one, the workflow writes it again
 * when it changes. Times are ISO 8601, money is minor units.
 */
export interface RefundRecord {
  version: 1;
  /** Made by the request that sent the start: tells the api whether it was *its* start that made this refund. */
  start_id: string;
  refund_id: string;
  charge_id: string;
  reference: string;
  /** Counts the refunds of the charge, from 1. */
  refund: number;
  amount: number;
  /** No amount was asked for, but all that was left then: `amount`. */
  asks_all?: true;
  currency: string;
  /** Where the cardholder stands; any active one of the sale's payout destination. */
  terminal_id: string;
  /** The request's own words, null when none were sent. */
  why: string | null;
  /** Who asked: the till's key, or the operator. */
  asked_by: string;
  state: RefundState;
  outcome: RefundOutcome | null;
  reason: RefundReason | null;
  /** What stood against it, in words, where nothing was sent or Dintero refused. */
  because: string | null;
  refunded_amount: number | null;
  /** Dintero's event that proves it. */
  refund_event: string | null;
  needs_attention: RefundAttention | null;
  /** When the present state becomes too old; null once the refund has ended. */
  attention_at: string | null;
  transaction_id: string | null;
  store_id: string | null;
  payout_destination_id: string | null;
  /** The charge or refund that holds the terminal, when the reason is `refund_terminal_busy`. */
  held_by: string | null;
  created_at: string;
  state_since: string;
  updated_at: string;
}

/** An ending, as it was told before. */
export type ToldEnding = Pick<RefundRecord, 'outcome' | 'reason' | 'refunded_amount' | 'because'>;

export interface RefundMemo {
  refund: RefundRecord;
  /** What Dintero's answer named: its result names it too. */
  event_request_id: string | null;
}

/** Input of {@link terminalRefundType}. */
export interface RefundInput {
  record: RefundRecord;
  policy: ChargePolicy;
  /** News that comes while it ends is read before it closes. Absent: started by an earlier release, which closed at once. */
  reads_late_news?: true;
}

/** Follows a refund whose own workflow is gone, or whose told ending is contradicted; it never sends. */
export interface RefundRecoveryInput extends RefundInput {
  because: 'workflow_lost' | 'contradicted';
  /** The ending that was told before; of one that is lost: that was published, and perhaps not told. */
  former: ToldEnding | null;
  event_request_id: string | null;
  /** False only when its history proves that nothing was ever sent. */
  may_have_sent: boolean;
  /** When the refund's own workflow started; epoch ms by Temporal's clock. */
  refund_started_at: number;
}

/** Type names of the workflows, equal to the exported function names in `workflows/index.ts`. */
export const terminalRefundType = 'terminalRefund';
export const recoverRefundType = 'recoverRefund';
export const refundOptionsType = 'refundOptions';

/** Answers when the terminal asks for the card, or when the refund has left `starting` in another way. */
export const refundPrompted = defineUpdate<{ refund: RefundRecord }>('refundPrompted');

/** To the case about the money, if there is one: a refund of it has ended, and how it was told before, if it was. */
export const refundEnded = defineSignal<[RefundRecord, RefundRecord['outcome']?]>('refundEnded');
