/**
 * Starting a refund: one message that starts its workflow and asks for the prompt, sent so that repeating it is harmless.
 * What was asked for once is compared field by field, also after it has closed, and refund n > 1 starts only after n-1
 * has ended: two refunds of one payment are never under way at a time.
 */
import { randomUUID } from 'node:crypto';
import {
  WithStartWorkflowOperation,
  WorkflowUpdateFailedError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/common';
import type { Logger } from 'pino';
import { searchAttributes } from '../workflows/messages.ts';
import { moneyText } from '../workflows/money.ts';
import { refundIdOf, refundWorkflowId } from '../workflows/refund-ids.ts';
import {
  refundPrompted,
  terminalRefundType,
  type RefundInput,
  type RefundMemo,
  type RefundRecord,
} from '../workflows/refund-messages.ts';
import { Problem, temporalUnavailable, type FieldError } from './problems.ts';
import { isRefundFinal, RefundReading, type ReadRefund } from './refund-reading.ts';
import type { RefundRequest } from './refund-schemas.ts';
import { unanswered, type OrderDeps } from './start.ts';
import { isTemporalFailure } from './temporal.ts';

/** What of the sale is known without Dintero; null: Temporal has forgotten the charge, or never knew it. */
interface SaleOfRefund {
  transaction_id: string | null;
  store_id: string | null;
  payout_destination_id: string | null;
}

export interface RefundOrder {
  chargeId: string;
  request: RefundRequest;
  by: string;
  /** Given by a case: the money is known there, whatever the charge says. */
  sale?: SaleOfRefund;
}

export interface StartedRefund {
  isNew: boolean;
  /** A worker has answered; otherwise the refund is stored, and nobody has touched it yet. */
  isAnswered: boolean;
  read: ReadRefund;
}

export async function startRefund(
  deps: OrderDeps,
  order: RefundOrder,
  log: Logger,
): Promise<StartedRefund> {
  const { timings, temporal } = deps;
  const answerBy = Date.now() + timings.answer;
  const refundId = refundIdOf(order.chargeId, order.request.refund);
  const reading = new RefundReading(temporal.client);
  const record = firstRefundRecord(order, deps);
  const failed = unanswered(`Refund ${refundId} is not known to be started.`);
  const answer = await temporal.connection
    .withDeadline(answerBy - timings.answerReserve, async () => {
      const known = await reading.find(refundId);
      if (known !== null) return known;
      const sale = await assertPossible(deps, reading, order);
      return await sendStart(deps, { reading, record: { ...record, ...sale } }, log);
    })
    .catch(failed);
  const read =
    answer ??
    (await temporal.connection
      .withDeadline(answerBy, async () => await reading.find(refundId))
      .catch(failed));
  if (read === null) throw temporalUnavailable(`Refund ${refundId} could not be started in time.`);
  const isNew = read.record.start_id === record.start_id;
  if (!isNew) assertSame(read, order.request);
  return { isNew, isAnswered: answer !== null, read };
}

function firstRefundRecord({ chargeId, request, by }: RefundOrder, deps: OrderDeps): RefundRecord {
  const now = new Date();
  const at = now.toISOString();
  const { amount, currency, terminal_id, why = null, refund } = request;
  return {
    version: 1,
    start_id: randomUUID(),
    refund_id: refundIdOf(chargeId, refund),
    charge_id: chargeId,
    reference: chargeId.slice(0, chargeId.lastIndexOf('.')),
    refund,
    amount,
    currency,
    terminal_id,
    why,
    asked_by: by,
    state: 'starting',
    outcome: null,
    reason: null,
    because: null,
    refunded_amount: null,
    refund_event: null,
    needs_attention: null,
    attention_at: new Date(now.getTime() + deps.policy.durations.attention).toISOString(),
    transaction_id: null,
    store_id: null,
    payout_destination_id: null,
    held_by: null,
    created_at: at,
    state_since: at,
    updated_at: at,
  };
}

/** The refund before it has ended, and the charge has captured, or is known to Dintero alone. */
async function assertPossible(
  deps: OrderDeps,
  reading: RefundReading,
  { chargeId, request, sale }: RefundOrder,
): Promise<SaleOfRefund> {
  await assertPreviousEnded(reading, chargeId, request.refund);
  if (sale !== undefined) return sale;
  const read = await deps.reading.find(chargeId);
  if (read === null) return { transaction_id: null, store_id: null, payout_destination_id: null };
  const { outcome, currency, transaction_id, store_id, payout_destination_id } = read.record;
  if (outcome !== 'captured') {
    const why =
      outcome === null
        ? 'has not ended: wait for it, or cancel it'
        : 'took no money, so there is none to give back';
    throw new Problem('not_possible_now', `Charge ${chargeId} ${why}.`, {
      charge: await deps.reading.show(read),
    });
  }
  if (currency !== null && currency !== request.currency) {
    throw new Problem(
      'not_possible_now',
      `Charge ${chargeId} was paid in ${currency}, not in ${request.currency}.`,
      { charge: await deps.reading.show(read) },
    );
  }
  return { transaction_id, store_id, payout_destination_id };
}

async function assertPreviousEnded(
  reading: RefundReading,
  chargeId: string,
  refund: number,
): Promise<void> {
  if (refund === 1) return;
  const previousId = refundIdOf(chargeId, refund - 1);
  const previous = await reading.find(previousId);
  if (previous === null) {
    throw new Problem(
      'previous_refund_unknown',
      `Refund ${refund} cannot start: ${previousId} is not known. GET /charges/${chargeId}/refunds tells the next number.`,
    );
  }
  if (previous.record.outcome !== null) return;
  const { state, needs_attention: attention } = previous.record;
  throw new Problem(
    'previous_refund_open',
    `Refund ${previousId} is ${state}${attention === null ? '' : ` (${attention})`} and may still succeed: wait until it has ended.`,
    isRefundFinal(previous) ? {} : { headers: { 'Retry-After': '5' } },
  );
}

/** null: no answer, which says nothing. The caller reads what became of it. */
async function sendStart(
  deps: OrderDeps,
  { reading, record }: { reading: RefundReading; record: RefundRecord },
  log: Logger,
): Promise<ReadRefund | null> {
  const workflowId = refundWorkflowId(record.refund_id);
  try {
    const { refund } = await deps.temporal.client.workflow.executeUpdateWithStart(refundPrompted, {
      updateId: 'refundPrompted',
      startWorkflowOperation: new WithStartWorkflowOperation(terminalRefundType, {
        ...startOptions(deps, record),
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    });
    // A stored answer may be older than the refund: only the first answer to our own start is sure to be fresh.
    if (refund.start_id !== record.start_id) return await reading.find(record.refund_id);
    return { record: refund, workflowId, isLost: false };
  } catch (err) {
    if (err instanceof WorkflowExecutionAlreadyStartedError) {
      return await reading.find(record.refund_id);
    }
    const isKnown =
      isTemporalFailure(err) ||
      err instanceof WorkflowNotFoundError ||
      err instanceof WorkflowUpdateFailedError;
    if (!isKnown) throw err;
    log.warn({ err }, 'The start of a refund got no answer');
    return null;
  }
}

function startOptions(
  { policy, taskQueue }: OrderDeps,
  record: RefundRecord,
): WorkflowStartOptions & { args: [RefundInput] } {
  const memo: RefundMemo = { refund: record, event_request_id: null };
  const { refund_id, amount, currency, terminal_id, store_id, charge_id } = record;
  const { chargeState, saleReference, terminalId, storeId } = searchAttributes;
  return {
    workflowId: refundWorkflowId(refund_id),
    taskQueue,
    args: [{ record, policy }],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    memo: { ...memo },
    typedSearchAttributes: [
      { key: chargeState, value: record.state },
      { key: saleReference, value: record.reference },
      { key: terminalId, value: terminal_id },
      ...(store_id === null ? [] : [{ key: storeId, value: store_id }]),
    ],
    staticSummary: `${moneyText(amount, currency)} back | ${terminal_id} | charge ${charge_id} refund ${record.refund}`,
    staticDetails: `Refund **${refund_id}**, asked for at ${record.created_at}. What is true now stands under *Current details*.`,
  };
}

/** A repeated request is the same field by field, or it is another refund. */
function assertSame({ record }: ReadRefund, request: RefundRequest): void {
  const now = { ...request, why: request.why ?? null };
  const errors = (['amount', 'currency', 'terminal_id', 'why'] as const).flatMap(
    (field): FieldError[] =>
      record[field] === now[field]
        ? []
        : [
            {
              field,
              problem: `was ${JSON.stringify(record[field])}, is now ${JSON.stringify(now[field])}`,
              hint: 'Repeat the request unchanged, or ask with next_refund',
            },
          ],
  );
  if (errors.length === 0) return;
  const fields = errors.map(({ field, problem }) => `${field} ${problem}`).join(', ');
  throw new Problem(
    'different_request',
    `Refund ${record.refund_id} exists with another request: ${fields}. Repeat a request unchanged; another refund carries the next number.`,
    { errors },
  );
}
