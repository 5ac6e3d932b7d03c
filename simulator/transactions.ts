import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { behaviourOf } from './behaviour.ts';
import { notify, releaseResult } from './callbacks.ts';
import { announceTransaction } from './hooks.ts';
import type { Acceptance } from './faults.ts';
import { record } from './ledger.ts';
import type { Job, Operation, Session, Transaction, TransactionEvent } from './records.ts';
import { amount } from './session-request.ts';
import { isPending, objection, statusAfter } from './status-machine.ts';
import { findSession, findTransaction, newId, now, Refusal, type World } from './world.ts';

/** The session's transaction, made on first need: a session has at most one. */
export function ensureTransaction(world: World, session: Session): Transaction {
  if (session.transaction_id !== undefined) return findTransaction(world, session.transaction_id);
  const { order } = session;
  const product = session.configuration?.default_payment_type ?? 'seitatech.in_person';
  const at = now();
  const transaction: Transaction = {
    id: newId(world),
    session_id: session.id,
    merchant_reference: order.merchant_reference,
    ...(order.merchant_reference_2 !== undefined && {
      merchant_reference_2: order.merchant_reference_2,
    }),
    payment_product: product.split('.', 1)[0] ?? product,
    payment_product_type: product,
    amount: order.amount,
    currency: order.currency,
    status: 'INITIATED',
    channel: session.configuration?.channel ?? 'ecommerce',
    settlement_status: 'NOT_SETTLED',
    store: order.store,
    created_at: at,
    updated_at: at,
    metadata: { ...session.metadata, payout: 'payout_destination_id' },
    events: [],
  };
  session.transaction_id = transaction.id;
  world.store.save('session', session.id, session);
  addEvent(world, transaction, { event: 'INITIALIZE', success: true });
  return transaction;
}

/** Appends an event, sets the status that goes with it, and saves. */
export function addEvent(
  world: World,
  transaction: Transaction,
  event: Omit<Partial<TransactionEvent>, 'id'> & { event: string; success: boolean },
): TransactionEvent {
  const at = now();
  const added: TransactionEvent = {
    id: String(transaction.events.length),
    transaction_status: transaction.status,
    created_at: at,
    request_id: randomUUID(),
    ...event,
  };
  transaction.events.push(added);
  transaction.status = added.transaction_status;
  transaction.updated_at = at;
  world.store.save('transaction', transaction.id, transaction);
  announceTransaction(world, findSession(world, transaction.session_id));
  return added;
}

const ledgerKind = { CAPTURE: 'captured', VOID: 'voided', REFUND: 'refunded' } as const;

/** Does a legal operation, writes it to the ledger and reports it. */
export function apply(
  world: World,
  transaction: Transaction,
  operation: Operation,
  correlationId?: string,
): TransactionEvent {
  const session = findSession(world, transaction.session_id);
  const event = addEvent(world, transaction, {
    ...eventOf(transaction, operation),
    event: operation.name,
    success: true,
    transaction_status: statusAfter(transaction, operation),
    ...(correlationId !== undefined && { correlation_request_id: correlationId }),
  });
  const { amount: moved, by, terminal_id, reference = correlationId } = operation;
  record(world, ledgerKind[operation.name], session, {
    amount: moved,
    currency: transaction.currency,
    why: by,
    ...(terminal_id !== undefined && { terminal_id }),
    ...(operation.name === 'REFUND' && reference !== undefined && { refund_reference: reference }),
  });
  if (operation.name === 'CAPTURE') releaseResult(world, session, transaction);
  notify(world, session, { event });
  return event;
}

export function eventOf(transaction: Transaction, operation: Operation): Partial<TransactionEvent> {
  const authorised = transaction.events.findLast((event) => event.event === 'AUTHORIZE');
  const correlation = authorised?.metadata?.['seitatech:posReferenceData'];
  return {
    amount: operation.amount,
    created_by: operation.by,
    event_reference: operation.reference ?? transaction.merchant_reference,
    metadata: {
      ...(correlation !== undefined && { payout_correlation_id: correlation }),
      ...operation.metadata,
    },
  };
}

/** Does the operation now, or accepts it with 202 for later. Illegal ones are refused with 400. */
export function operate(
  world: World,
  id: string,
  operation: Operation,
  accept?: Acceptance,
): { status: number; requestId?: string } {
  const transaction = findTransaction(world, id);
  assertLegal(world, transaction, operation);
  if (accept === undefined) {
    apply(world, transaction, operation);
    return { status: 200 };
  }
  const { request_id } = addEvent(world, transaction, {
    ...eventOf(transaction, operation),
    event: `INITIATE_${operation.name}`,
    success: true,
  });
  recordRefund(world, transaction, { kind: 'refund_accepted', operation, requestId: request_id });
  if (accept.success !== 'never') {
    world.jobs.schedule(accept.complete_after_ms, {
      kind: 'complete',
      transaction_id: id,
      request_id,
      operation,
      success: accept.success !== false,
      twice: accept.success === 'twice',
    });
  }
  return { status: 202, requestId: request_id };
}

/** Illegal now, or beside one that has not ended: 400. */
export function assertLegal(world: World, transaction: Transaction, operation: Operation): void {
  const { pending_counted } = behaviourOf(world, transaction.store.terminal_id);
  const refusal =
    pending_counted && isPending(transaction)
      ? `another operation on ${transaction.id} is not finished`
      : objection(transaction, operation);
  if (refusal !== undefined) throw new Refusal(400, refusal);
}

/** A refund that no terminal asks for: its money is on its way from here to its result, by the name of the request. */
function recordRefund(
  world: World,
  transaction: Transaction,
  {
    kind,
    operation,
    requestId,
  }: { kind: 'refund_accepted' | 'refund_failed'; operation: Operation; requestId: string },
): void {
  if (operation.name !== 'REFUND') return;
  const { amount, by } = operation;
  const about = { amount, why: by, refund_reference: operation.reference ?? requestId };
  record(world, kind, findSession(world, transaction.session_id), about);
}

/** Ends an operation that was accepted with 202. */
export function complete(world: World, job: Extract<Job, { kind: 'complete' }>): void {
  const transaction = findTransaction(world, job.transaction_id);
  const { operation, request_id } = job;
  const refusal = job.success ? objection(transaction, operation) : 'refused by the processor';
  if (refusal !== undefined) {
    recordRefund(world, transaction, { kind: 'refund_failed', operation, requestId: request_id });
    addEvent(world, transaction, {
      ...eventOf(transaction, operation),
      event: operation.name,
      success: false,
      correlation_request_id: request_id,
      error: { message: refusal, type: ['ERROR'] },
    });
    return;
  }
  const event = apply(world, transaction, operation, request_id);
  // Money moves once; it is the news of it that comes twice.
  if (job.twice) notify(world, findSession(world, transaction.session_id), { event });
}

/** Captures what is authorised, or notes the failure and tries again until the time of failing is over. */
export function autoCapture(world: World, transactionId: string): void {
  const transaction = findTransaction(world, transactionId);
  if (transaction.status !== 'AUTHORIZED') return;
  const behaviour = behaviourOf(world, transaction.store.terminal_id);
  const again = (): void =>
    world.jobs.schedule(behaviour.auto_capture_retry_ms, {
      kind: 'auto_capture',
      transaction_id: transactionId,
    });
  if (isPending(transaction)) return again();
  const operation: Operation = {
    name: 'CAPTURE',
    amount: transaction.amount,
    by: 'dintero:auto-capture',
  };
  const authorised = transaction.events.findLast((event) => event.event === 'AUTHORIZE');
  const ageMs = Date.now() - Date.parse(authorised?.created_at ?? transaction.created_at);
  if (ageMs >= behaviour.auto_capture_failing_ms) {
    apply(world, transaction, operation);
    return;
  }
  addEvent(world, transaction, {
    ...eventOf(transaction, operation),
    event: 'CAPTURE',
    success: false,
    error: { message: 'auto-capture failed', type: ['ISSUER_ERROR'] },
  });
  again();
}

export const own = z
  .string()
  .regex(/^ext_.{0,124}$/, 'metadata keys start with ext_ and have at most 128 characters');

export const captureRequest = z.looseObject({
  amount,
  capture_reference: z.string().optional(),
  items: z.array(z.looseObject({ line_id: z.string(), amount: z.number().int() })).optional(),
  metadata: z.record(own, z.string().max(256)).optional(),
});
