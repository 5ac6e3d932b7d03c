import type { Operation, Status, Transaction, TransactionEvent } from './records.ts';

/** In which statuses an operation is legal. On terminals a void after a partial capture is not. */
const legalIn: Record<Operation['name'], readonly Status[]> = {
  CAPTURE: ['AUTHORIZED', 'PARTIALLY_CAPTURED', 'PARTIALLY_CAPTURED_REFUNDED'],
  VOID: ['AUTHORIZED'],
  REFUND: ['PARTIALLY_CAPTURED', 'PARTIALLY_CAPTURED_REFUNDED', 'CAPTURED', 'PARTIALLY_REFUNDED'],
};

/** Why an operation is illegal now, or undefined. */
export function objection(
  transaction: Transaction,
  { name, amount }: Pick<Operation, 'name' | 'amount'>,
): string | undefined {
  const { id, status } = transaction;
  if (!legalIn[name].includes(status)) return `${name} is not allowed: ${id} is ${status}`;
  const captured = sum(transaction, 'CAPTURE');
  const isRefund = name === 'REFUND';
  const room = isRefund ? captured - sum(transaction, 'REFUND') : transaction.amount - captured;
  return amount > room ? `${name} of ${amount} exceeds ${room} on ${id}` : undefined;
}

/** Why the session of this transaction cannot be cancelled, or undefined. */
export function cancelObjection(transaction: Transaction | undefined): string | undefined {
  if (transaction === undefined || transaction.status === 'INITIATED') return undefined;
  if (isPending(transaction)) return `an operation on ${transaction.id} is not finished`;
  return objection(transaction, { name: 'VOID', amount: 0 });
}

/** Whether an operation was accepted with 202 and has not ended. */
export function isPending(transaction: Transaction): boolean {
  const events = standing(transaction);
  const ended = new Set(events.map((event) => event.correlation_request_id));
  return events.some(
    (event) => event.event.startsWith('INITIATE_') && !ended.has(event.request_id),
  );
}

/** The status once a legal operation has succeeded: what was captured and refunded decides. */
export function statusAfter(transaction: Transaction, operation: Operation): Status {
  if (operation.name === 'VOID') return 'AUTHORIZATION_VOIDED';
  const moved = { CAPTURE: 0, REFUND: 0, [operation.name]: operation.amount };
  const captured = sum(transaction, 'CAPTURE') + moved.CAPTURE;
  const refunded = sum(transaction, 'REFUND') + moved.REFUND;
  const isWhole = captured === transaction.amount;
  if (refunded === 0) return isWhole ? 'CAPTURED' : 'PARTIALLY_CAPTURED';
  if (!isWhole) return 'PARTIALLY_CAPTURED_REFUNDED';
  return refunded === captured ? 'REFUNDED' : 'PARTIALLY_REFUNDED';
}

/** The events that no correction has taken back. */
export function standing({ events }: Transaction): TransactionEvent[] {
  const wrong = new Set(events.flatMap(({ correction }) => correction?.event_ids ?? []));
  return events.filter(({ id }) => !wrong.has(id));
}

function sum(transaction: Transaction, name: Operation['name']): number {
  return standing(transaction)
    .filter((event) => event.event === name && event.success)
    .reduce((total, event) => total + (event.amount ?? 0), 0);
}
