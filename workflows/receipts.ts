/** What a terminal printed, or would have: on the record a few numbers, the text itself is read when it is asked for. */

/** By what a receipt is found again. */
export interface ReceiptFacts {
  /** Unique per terminal only. */
  number: string | null;
  /** The terminal's own id of the payment. */
  unique_id: string | null;
  /** Names the payment on Dintero's settlement report. */
  correlation_id: string | null;
}

/** What the record carries; absent until Dintero shows it. */
export interface Receipted {
  receipt: ReceiptFacts | null;
}

export const receiptCopies = ['customer', 'merchant'] as const;
export type ReceiptCopyFor = (typeof receiptCopies)[number];

/** Input of {@link receiptCopyType}. */
export interface ReceiptAsk {
  chargeId: string;
  transactionId: string;
  copy: ReceiptCopyFor;
  /**
   * Which receipt of the transaction: of the sale, or of the refund with this `event_reference`, as it ended. An approval
   * that was voided has none: its text says that the customer has paid.
   */
  of: { is: 'sale'; isPaid: boolean } | { is: 'refund'; eventReference: string; isDone: boolean };
}

export const receiptCopyType = 'receiptCopy';

/** Asked for twice at once, it is read once. */
export function receiptWorkflowId({ transactionId, copy, of }: ReceiptAsk): string {
  const refund = of.is === 'refund' ? `/${of.eventReference}` : '';
  return `receipt/${transactionId}${refund}/${copy}`;
}
