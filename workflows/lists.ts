/**
 * The closed lists of the API: every word a till, an operator or an alert may meet. Each list has its one home here,
 * and a row per word in the docs; a test holds the two together.
 */

export const chargeStates = [
  'starting',
  'waiting_for_card',
  'approved',
  'checking',
  'cancelling',
  'captured',
  'not_charged',
] as const;
export type ChargeState = (typeof chargeStates)[number];

/** The two endings. There is no third: until one is proven, a charge stays open. */
export type Outcome = 'captured' | 'not_charged';

/** Why a charge ended as `not_charged`. */
export const reasons = [
  'declined',
  'failed',
  'cancelled_by_customer',
  'cancelled_by_till',
  'cancelled_before_start',
  'expired',
  'voided',
  'terminal_busy',
  'terminal_unavailable',
  'rejected',
  'dintero_refuses_us',
  'dintero_busy',
  'not_started_in_time',
  'session_lost',
  'other_attempt_has_money',
  'switched_off',
] as const;
export type Reason = (typeof reasons)[number];

/** Why a charge asks for a person. */
export const attentions = [
  'starting_too_long',
  'waiting_too_long',
  'checking_too_long',
  'approved_too_long',
  'cancelling_too_long',
  'session_lost',
  'prompt_may_live',
  'capture_refused',
  'void_refused',
  'dintero_refuses_us',
  'workflow_lost',
  'case_open',
] as const;
export type Attention = (typeof attentions)[number];

/** What a state that has lasted too long asks for. */
export const tooLong: Record<ChargeState, Attention | null> = {
  starting: 'starting_too_long',
  waiting_for_card: 'waiting_too_long',
  approved: 'approved_too_long',
  checking: 'checking_too_long',
  cancelling: 'cancelling_too_long',
  captured: null,
  not_charged: null,
};

/** What a person must decide about money. */
export const caseKinds = [
  'amount_differs',
  'partly_captured',
  'captured_after_cancel',
  'captured_unasked',
  'captured_after_not_charged',
  'refunded_outside',
  'orphan',
] as const;
export type CaseKind = (typeof caseKinds)[number];

/** Paid as asked, only not when or whether it was wanted: the till itself may accept such a payment. */
export const keepableCases: ReadonlySet<CaseKind | null> = new Set([
  'captured_after_cancel',
  'captured_unasked',
]);

/** What the retailer's system is told. */
export const eventTypes = [
  'charge.captured',
  'charge.not_charged',
  'charge.needs_attention',
  'charge.corrected',
  'case.opened',
  'case.settled',
  'refund.refunded',
  'refund.not_refunded',
  'refund.needs_attention',
  'refund.corrected',
] as const;
export type EventType = (typeof eventTypes)[number];
