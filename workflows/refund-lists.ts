/** The closed lists of refunds, as `lists.ts` has those of charges. */

export const refundStates = [
  'starting',
  'waiting_for_card',
  'checking',
  'refunded',
  'not_refunded',
] as const;
export type RefundState = (typeof refundStates)[number];

/** The two endings. There is no third: until one is proven, a refund stays open. */
export type RefundOutcome = 'refunded' | 'not_refunded';

/** Why a refund ended as `not_refunded`. */
export const refundReasons = [
  'refund_declined',
  'refund_terminal_busy',
  'refund_terminal_unavailable',
  'refund_rejected',
  'dintero_refused_the_refund',
  'refund_not_started_in_time',
  'nothing_to_refund',
  'more_than_is_left',
  'other_operation_open',
  'refund_never_arrived',
] as const;
export type RefundReason = (typeof refundReasons)[number];

/** Why a refund asks for a person. */
export const refundAttentions = [
  'refund_too_long',
  'refund_unresolved',
  'refund_lost',
  'refund_workflow_lost',
] as const;
export type RefundAttention = (typeof refundAttentions)[number];
