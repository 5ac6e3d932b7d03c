/** The receipt of a refund: the terminal's own text if Dintero has it, else a plain one of what is known. */
import type { ReceiptCopyFor } from '../workflows/receipts.ts';
import type { Context } from './answering.ts';
import { Problem } from './problems.ts';
import { readReceiptCopy, type Receipt } from './receipt.ts';
import { composeReceipt } from './receipt-text.ts';
import type { ReadRefund } from './refund-reading.ts';

export async function receiptOfRefund(
  context: Context,
  { record }: ReadRefund,
  copy: ReceiptCopyFor,
): Promise<Receipt> {
  const { refund_id: refundId, charge_id: chargeId, transaction_id: transactionId } = record;
  if (record.outcome === null) {
    throw new Problem(
      'not_possible_now',
      `Refund ${refundId} has no receipt yet: it is ${record.state}. Ask again when it has ended.`,
    );
  }
  const isDone = record.outcome === 'refunded';
  const of = { is: 'refund', eventReference: refundId, isDone } as const;
  const text =
    transactionId === null
      ? null
      : await readReceiptCopy(context, { chargeId, transactionId, copy, of });
  if (text !== null) return { text, from: 'terminal' };
  const composed = composeReceipt({
    copy,
    says: isDone ? 'REFUNDED' : 'NOT REFUNDED: no money was given back',
    id: refundId,
    reference: record.reference,
    amount: isDone ? record.refunded_amount : record.amount,
    currency: record.currency,
    storeId: record.store_id,
    terminalId: record.terminal_id,
    transactionId,
    card: null,
    receipt: null,
    at: record.updated_at,
  });
  return { text: composed, from: 'kvitt' };
}
