import { behaviourOf } from './behaviour.ts';
import { notify } from './callbacks.ts';
import type { Customer } from './customer.ts';
import { record } from './ledger.ts';
import { receiptOf } from './receipts.ts';
import type { Refund, Session } from './records.ts';
import { objection } from './status-machine.ts';
import { addEvent, apply, eventOf } from './transactions.ts';
import { findSession, findTransaction, Refusal, type World } from './world.ts';

/** What the cardholder's act at the terminal means for the refund. Dintero hears of it, or does not. */
export function endRefund(world: World, refund: Refund, act: Customer): void {
  switch (act.action) {
    case 'tap':
      // A tip makes no refund larger; another amount than asked is what the device says.
      approveRefund(world, refund, act.amount);
      break;
    case 'decline':
      failRefund(world, refund, { message: 'Rejected', type: [act.error_type] });
      break;
    case 'stop':
      failRefund(world, refund, { message: 'cancelled by the customer' });
      break;
    case 'offline':
    case 'hold':
    case 'walk_away':
    case 'none':
      // Nobody tells Dintero, so the refund stays as it was; `resolveRefund` is what comes later, if anything does.
      break;
  }
  world.events.emit(`refund ${refund.id}`);
}

function approveRefund(world: World, refund: Refund, amount?: number): void {
  const { result } = refund;
  if (result === 'never') return;
  if (result === false) {
    failRefund(world, refund, { message: 'refused by the processor', type: ['ERROR'] });
    return;
  }
  const transaction = findTransaction(world, refund.transaction_id);
  const refunded = amount ?? refund.operation.amount;
  const slip = { kind: 'REFUND', amount: refunded, isApproved: true } as const;
  const terminal = world.store.tables.terminal.get(refund.terminal_id);
  const report = terminal === undefined ? {} : receiptOf(world, terminal, transaction, slip);
  const operation = {
    ...refund.operation,
    amount: refunded,
    metadata: { ...refund.operation.metadata, ...report },
  };
  const refusal = objection(transaction, operation);
  if (refusal !== undefined) return failRefund(world, refund, { message: refusal });
  save(world, refund, 'done');
  const event = apply(world, transaction, operation, refund.request_id);
  // Money moves once; it is the news of it that comes twice.
  if (result === 'twice') notify(world, findSession(world, transaction.session_id), { event });
}

function failRefund(
  world: World,
  refund: Refund,
  error: { message: string; type?: string[] },
): void {
  save(world, refund, 'failed');
  const { refund_failure_visible, refund_retried_after_ms } = behaviourOf(
    world,
    refund.terminal_id,
  );
  if (refund_retried_after_ms > 0) {
    const job = { kind: 'retry_refund', refund_id: refund.id } as const;
    world.jobs.schedule(refund_retried_after_ms, job);
  }
  if (!refund_failure_visible) return;
  const transaction = findTransaction(world, refund.transaction_id);
  addEvent(world, transaction, {
    ...eventOf(transaction, refund.operation),
    event: 'REFUND',
    success: false,
    ...(refund.request_id !== undefined && { correlation_request_id: refund.request_id }),
    error,
  });
}

/** Dintero's own retry of a refund that had failed: it succeeds, if the money is still in. */
export function retryRefund(world: World, id: string): void {
  const refund = findRefund(world, id);
  if (refund.state === 'done') return;
  refund.result = true;
  approveRefund(world, refund);
}

/** What nobody had told Dintero becomes known. By our reference, or by the id. */
export function resolveRefund(world: World, name: string, isDone: boolean): Refund {
  const refund =
    world.store.tables.refund.get(name) ??
    [...world.store.tables.refund.values()].findLast(
      ({ operation }) => operation.reference === name,
    );
  if (refund === undefined) throw new Refusal(404, `no refund ${name}`);
  if (refund.state === 'done') throw new Refusal(409, `refund ${name} is done`);
  if (isDone) retryRefund(world, refund.id);
  else failRefund(world, refund, { message: 'resolved' });
  return refund;
}

export function findRefund(world: World, id: string): Refund {
  const refund = world.store.tables.refund.get(id);
  if (refund === undefined) throw new Refusal(404, `no refund ${id}`);
  return refund;
}

function save(world: World, refund: Refund, state: Refund['state']): void {
  world.store.save('refund', refund.id, Object.assign(refund, { state }));
}

type RefundEntry = 'refund_prompt_queued' | 'refund_prompt_started' | 'refund_prompt_ended';

/** A fact about a refund's prompt; returns the session of the sale. */
export function recordRefund(
  world: World,
  refund: Refund,
  kind: RefundEntry,
  why?: string,
): Session {
  const { operation, terminal_id } = refund;
  const session = findSession(world, findTransaction(world, refund.transaction_id).session_id);
  record(world, kind, session, {
    amount: operation.amount,
    terminal_id,
    ...(why !== undefined && { why }),
    ...(operation.reference !== undefined && { refund_reference: operation.reference }),
  });
  return session;
}

const endWords: Partial<Record<Customer['action'], string>> = {
  tap: 'tapped',
  decline: 'declined',
  stop: 'cancelled_on_device',
  walk_away: 'timeout',
  offline: 'offline',
  hold: 'tapped',
};

/** How the cardholder's act ends the prompt; `none`: another prompt took its place. */
export function endOfPrompt({ action }: Customer): string {
  return endWords[action] ?? 'replaced';
}
