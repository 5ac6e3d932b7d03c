/** What a refund asks of Dintero: the sale as it stands, and the one request. */
import { z } from 'zod';
import type { Dintero } from './charges.ts';
import type { RefundReading, RefundableSale } from './facts.ts';
import { findTransaction, isOfInstallation, readMoney } from './reads.ts';

interface Ask {
  chargeId: string;
  timeoutMs: number;
}

/** The transaction, with its refunds one by one. */
export async function readRefund(
  dintero: Dintero,
  ask: Ask & { transactionId: string },
): Promise<RefundReading> {
  const { transaction, refundEvents, storeId, payoutDestinationId } = await readMoney(dintero, ask);
  return { transaction, refundEvents, storeId, payoutDestinationId };
}

/** A charge that Temporal has forgotten is found by its id: then its session must say that it is ours. */
export async function readRefundableSale(
  dintero: Dintero,
  ask: Ask & { transactionId: string | null },
): Promise<RefundableSale | null> {
  const { transactionId: known } = ask;
  const transactionId = known ?? (await findTransaction(dintero, ask));
  if (transactionId === null) return null;
  const reading = await readRefund(dintero, { ...ask, transactionId });
  const isOurs = known !== null || (await isOfInstallation(dintero, ask, reading.transaction));
  return { ...reading, isOurs };
}

export interface RefundTransaction {
  refundId: string;
  transactionId: string;
  amount: number;
  terminalId: string;
  why: string | null;
  sendBefore: number;
  timeoutMs: number;
}

/**
 * `POST /transactions/{id}/refund` (dossier 4.4): the cardholder is asked at the terminal. Not repeatable: a second one
 * asks again. Lost answer: found by its reference, on the events of the transaction.
 */
export async function refundTransaction(
  { client }: Dintero,
  ask: RefundTransaction,
): Promise<{ eventRequestId: string | null }> {
  let eventRequestId: string | null = null;
  await client.call({
    what: `refund ${ask.refundId}`,
    kind: 'move',
    method: 'POST',
    path: `/transactions/${encodeURIComponent(ask.transactionId)}/refund`,
    body: {
      amount: ask.amount,
      terminal_id: ask.terminalId,
      refund_reference: ask.refundId,
      ...(ask.why === null ? {} : { reason: ask.why }),
      metadata: { ext_refund_id: ask.refundId },
    },
    answer: z.unknown(),
    timeoutMs: ask.timeoutMs,
    sendBefore: ask.sendBefore,
    onAccepted: (id) => {
      eventRequestId = id;
    },
  });
  return { eventRequestId };
}
