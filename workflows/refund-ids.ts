/** The names of refunds: `<charge_id>.R<n>`, the `refund_reference` at Dintero. Pure. */

/** More refunds of one payment than anybody makes. */
export const refundsMax = 999;

export function refundIdOf(chargeId: string, refund: number): string {
  return `${chargeId}.R${refund}`;
}

const pattern = /^([\w-]{1,36}\.[1-9]\d{0,2})\.R([1-9]\d{0,2})$/;

/** null: it is no name of a refund. */
export function partsOfRefundId(refundId: string): { chargeId: string; refund: number } | null {
  const [, chargeId, refund] = pattern.exec(refundId) ?? [];
  if (chargeId === undefined || refund === undefined) return null;
  return { chargeId, refund: Number(refund) };
}

/** Dintero's reference of an event is that of a refund of this charge that this service has made. */
export function isRefundOf(reference: string | null, chargeId: string): boolean {
  return reference !== null && partsOfRefundId(reference)?.chargeId === chargeId;
}

export function refundWorkflowId(refundId: string): string {
  return `refund/${refundId}`;
}

export function refundRecoveryWorkflowId(refundId: string): string {
  return `refund-recovery/${refundId}`;
}

export function refundOptionsWorkflowId(transactionId: string): string {
  return `refund-options/${transactionId}`;
}
