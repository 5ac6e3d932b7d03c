/** The receipt of a charge: the terminal's own text if Dintero has it, else a plain one of what is known. */
import { WorkflowFailedError } from '@temporalio/client';
import {
  receiptCopyType,
  receiptWorkflowId,
  type ReceiptAsk,
  type ReceiptCopyFor,
} from '../workflows/receipts.ts';
import { findCharge, show, type Context } from './answering.ts';
import type { ReadCharge } from './cashier.ts';
import { Problem } from './problems.ts';
import { composeReceipt } from './receipt-text.ts';
import { isTemporalFailure } from './temporal.ts';

export interface Receipt {
  text: string;
  /** Whose text it is. */
  from: 'terminal' | 'kvitt';
}

export async function receiptOf(
  context: Context,
  { chargeId, copy }: { chargeId: string; copy: ReceiptCopyFor },
): Promise<Receipt> {
  const read = await findCharge(context, chargeId);
  const { record } = read;
  if (record.outcome === null) {
    throw new Problem(
      'not_possible_now',
      `Charge ${chargeId} has no receipt yet: it is ${record.state}. Ask again when it has ended.`,
      { charge: await show(context, read) },
    );
  }
  const { transaction_id: transactionId } = record;
  const isPaid = record.outcome === 'captured';
  const text =
    transactionId === null
      ? null
      : await readReceiptCopy(context, {
          chargeId,
          transactionId,
          copy,
          of: { is: 'sale', isPaid },
        });
  return text === null ? { text: composed(read, copy), from: 'kvitt' } : { text, from: 'terminal' };
}

/** null: Dintero has none, or nobody could ask it now. Reading it once more is harmless, and so is its being left. */
export async function readReceiptCopy(context: Context, ask: ReceiptAsk): Promise<string | null> {
  const { temporal, taskQueue, timings } = context;
  try {
    return await temporal.connection.withDeadline(
      Date.now() + timings.answer,
      async () =>
        await temporal.client.workflow.execute<(ask: ReceiptAsk) => Promise<string | null>>(
          receiptCopyType,
          {
            workflowId: receiptWorkflowId(ask),
            taskQueue,
            args: [ask],
            workflowIdConflictPolicy: 'USE_EXISTING',
            // Nobody waits for it any longer.
            workflowExecutionTimeout: '1 minute',
            staticSummary: `${ask.copy}'s receipt of ${ask.chargeId}`,
          },
        ),
    );
  } catch (err) {
    if (isTemporalFailure(err) || err instanceof WorkflowFailedError) return null;
    throw err;
  }
}

function composed({ record }: ReadCharge, copy: ReceiptCopyFor): string {
  const isPaid = record.outcome === 'captured';
  return composeReceipt({
    copy,
    says: isPaid ? 'PAID' : 'NOT CHARGED: no money was taken',
    id: record.charge_id,
    reference: record.reference,
    amount: isPaid ? record.captured_amount : record.amount,
    currency: record.currency,
    storeId: record.store_id,
    terminalId: record.terminal_id,
    transactionId: record.transaction_id,
    card: record.card,
    receipt: record.receipt ?? null,
    at: record.updated_at,
  });
}
