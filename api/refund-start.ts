/**
 * Starting a refund: one message that starts its workflow and asks for the prompt, sent so that repeating it is harmless.
 * What was asked for once is compared field by field, also after it has closed, and none starts while another of the
 * charge is open, nor n > 1 without n-1: two refunds of one payment are never under way at a time.
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
import { namesOf } from './request.ts';
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
  /** The amount is all that is left: nobody named it. */
  asksAll?: boolean;
}

/** What a repeated request is held against; an amount of null asks for all that is left. */
interface AskedAgain extends Partial<Omit<RefundRequest, 'amount' | 'refund'>> {
  amount: number | null;
  transaction_id?: string;
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
  if (!isNew) assertSameRefund(read, askedAgain(order));
  return { isNew, isAnswered: answer !== null, read };
}

function firstRefundRecord(order: RefundOrder, deps: OrderDeps): RefundRecord {
  const { chargeId, request, by, asksAll = false } = order;
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
    ...(asksAll ? { asks_all: true } : {}),
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
  await assertOthersEnded(reading, chargeId, request.refund);
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

/** The one before it is known, and none is open: any that is may still give money back. */
export async function assertOthersEnded(
  reading: RefundReading,
  chargeId: string,
  refund: number,
): Promise<void> {
  const all = await reading.all(chargeId);
  // Whoever asks for the same at the same time may have been faster.
  const others = all.filter(({ record }) => record.refund !== refund);
  const open = others.find(({ record }) => record.outcome === null);
  if (open !== undefined) {
    const { refund_id: openId, state, needs_attention: attention } = open.record;
    throw new Problem(
      'previous_refund_open',
      `Refund ${openId} is ${state}${attention === null ? '' : ` (${attention})`} and may still succeed: wait until it has ended.`,
      isRefundFinal(open) ? {} : { headers: { 'Retry-After': '5' } },
    );
  }
  if (refund === 1 || others.some(({ record }) => record.refund === refund - 1)) return;
  throw new Problem(
    'previous_refund_unknown',
    `Refund ${refund} cannot start: ${refundIdOf(chargeId, refund - 1)} is not known. GET /charges/${chargeId}/refunds tells the next number.`,
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
    args: [{ record, policy, reads_late_news: true }],
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

function askedAgain({ request, asksAll = false, sale }: RefundOrder): AskedAgain {
  const { refund: _refund, amount, why, ...fields } = request;
  const { transaction_id: transactionId = null } = sale ?? {};
  return {
    ...fields,
    amount: asksAll ? null : amount,
    ...(why === undefined ? {} : { why }),
    ...(transactionId === null ? {} : { transaction_id: transactionId }),
  };
}

/** A repeated request is the same field by field, or it is another refund. */
export function assertSameRefund({ record }: ReadRefund, asked: AskedAgain): void {
  const was = {
    ...record,
    amount: asked.amount === null && record.asks_all ? null : record.amount,
  };
  const now = { ...record, why: null, ...asked };
  const errors = (['amount', 'currency', 'terminal_id', 'why', 'transaction_id'] as const).flatMap(
    (field): FieldError[] =>
      was[field] === now[field] || (field === 'transaction_id' && was[field] === null)
        ? []
        : [
            {
              field,
              problem: `was ${shown(was[field], field)}, is now ${shown(now[field], field)}`,
              hint: 'Repeat the request unchanged, or ask for another refund with next_refund',
            },
          ],
  );
  if (errors.length === 0) return;
  throw new Problem(
    'different_refund',
    `Refund ${record.refund_id} exists with another request, and nothing was started: \`errors\` says what differs in ${namesOf(errors)}. Repeat a request unchanged; another refund carries the next number.`,
    { errors },
  );
}

function shown(value: unknown, field: string): string {
  if (value !== null) return JSON.stringify(value);
  return field === 'amount' ? 'all that is left' : 'not given';
}
