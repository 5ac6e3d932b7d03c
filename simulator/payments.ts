import { behaviourOf } from './behaviour.ts';
import { notify } from './callbacks.ts';
import type { Decline, Stop, Tap } from './customer.ts';
import { record } from './ledger.ts';
import type { Session, Status, Terminal, Transaction } from './records.ts';
import { declineReport, receiptOf } from './receipts.ts';
import { addEvent, apply, autoCapture, ensureTransaction } from './transactions.ts';
import { addSessionEvent, Refusal, transactionOf, type World } from './world.ts';

/** The card said yes: money is reserved, then captured or voided as the session's facts demand. */
export function approve(world: World, session: Session, terminal: Terminal, tap: Tap): void {
  const transaction = ensureTransaction(world, session);
  transaction.amount = tap.amount ?? session.order.amount;
  transaction.currency = tap.currency ?? session.order.currency;
  transaction.card = {
    brand: tap.brand,
    masked_pan: '412345******1234',
    entry_method: tap.entry_method,
    type: 'Debit',
  };
  addEvent(world, transaction, {
    event: 'AUTHORIZE',
    success: true,
    transaction_status: 'AUTHORIZED',
    amount: transaction.amount,
    metadata: receiptOf(world, terminal, transaction, {
      kind: 'PURCHASE',
      amount: transaction.amount,
      isApproved: true,
    }),
  });
  addSessionEvent(world, session, 'AUTHORIZED');
  addSessionEvent(world, session, 'COMPLETED');
  const { amount, currency } = transaction;
  record(world, 'authorised', session, { amount, currency });

  const behaviour = behaviourOf(world, terminal.id);
  if (session.cancelled_at !== undefined && !behaviour.paid_anyway) {
    apply(world, transaction, { name: 'VOID', amount, by: 'dintero:cancelled-session' });
    return;
  }
  settleResult(world, session, transaction, terminal.id);
}

/** Captures, or leaves the money reserved. With auto-capture on, the result is told only once captured. */
function settleResult(
  world: World,
  session: Session,
  transaction: Transaction,
  terminalId: string,
): void {
  const behaviour = behaviourOf(world, terminalId);
  const asked = session.configuration?.auto_capture ?? behaviour.profile_auto_capture;
  if (!asked && !behaviour.capture_anyway) return notify(world, session, {});

  transaction.callback_withheld = true;
  if (behaviour.capture_anyway) {
    apply(world, transaction, { name: 'CAPTURE', amount: transaction.amount, by: 'terminal' });
  } else if (behaviour.auto_capture_delay_ms === 0) {
    autoCapture(world, transaction.id);
  } else {
    world.jobs.schedule(behaviour.auto_capture_delay_ms, {
      kind: 'auto_capture',
      transaction_id: transaction.id,
    });
  }
}

/** The card or the issuer said no; Dintero shows it in one of three ways. */
export function decline(world: World, session: Session, how: Decline): void {
  if (how.as === 'DECLINED') record(world, 'declined', session);
  if (how.as === 'FAILED') record(world, 'failed', session);
  if (how.as === 'none') record(world, 'declined', session, { why: 'no transaction' });
  if (session.cancelled_at !== undefined) return;
  addSessionEvent(world, session, 'PAY_FAILED', { error: 'Rejected' });
  if (how.as === 'ask_again') return;
  if (how.as === 'none') addSessionEvent(world, session, 'DECLINED');
  else fail(world, session, how.as, { message: 'Rejected', type: [how.error_type] });
  notify(world, session, { error: how.as === 'FAILED' ? 'failed' : 'authorization' });
}

/** The customer pressed stop on the device. */
export function stop(world: World, session: Session, how: Stop): void {
  if (session.cancelled_at !== undefined) return;
  if (how.as === 'FAILED') {
    record(world, 'failed', session, { why: 'cancelled_on_device' });
    fail(world, session, 'FAILED', { message: 'cancelled by the customer' });
  }
  if (how.as === 'CANCELLED_EVENT') addSessionEvent(world, session, 'CANCELLED');
  notify(world, session, { error: 'cancelled' });
}

function fail(
  world: World,
  session: Session,
  status: 'DECLINED' | 'FAILED',
  error: { message: string; type?: string[] },
): void {
  const transaction = ensureTransaction(world, session);
  addEvent(world, transaction, {
    event: 'AUTHORIZE',
    success: false,
    transaction_status: status,
    amount: transaction.amount,
    error,
    metadata: declineReport(world, session, transaction),
  });
  addSessionEvent(world, session, status);
}

/** The device lost its line: before the card, or after the card was approved and before Dintero heard of it. */
export function loseLine(
  world: World,
  session: Session,
  phase: 'at_start' | 'after_approval',
): void {
  record(world, 'unknown', session, { why: phase });
  if (session.cancelled_at !== undefined) return;
  addSessionEvent(world, session, 'UNKNOWN');
  if (phase === 'at_start' && transactionOf(world, session) === undefined) return;
  addEvent(world, ensureTransaction(world, session), {
    event: 'AUTHORIZE',
    success: false,
    transaction_status: 'UNKNOWN',
    error: { message: 'no answer from the terminal', type: ['UNKNOWN'] },
  });
}

/** The payment needs a review; it ends through `resolve`. */
export function hold(world: World, session: Session): void {
  record(world, 'on_hold', session);
  addEvent(world, ensureTransaction(world, session), {
    event: 'AUTHORIZE',
    success: true,
    transaction_status: 'ON_HOLD',
  });
  addSessionEvent(world, session, 'ON_HOLD_CALLBACK_SENT');
  notify(world, session, {});
}

type Resolution = 'AUTHORIZED' | 'CAPTURED' | 'DECLINED' | 'FAILED' | 'AUTHORIZATION_VOIDED';

/** The outcome of a payment that was on hold or unknown becomes known. */
export function resolve(
  world: World,
  session: Session,
  terminal: Terminal,
  status: Resolution,
): void {
  const events = transactionOf(world, session)?.events ?? [];
  const decided: Status[] = ['AUTHORIZED', 'DECLINED', 'FAILED'];
  if (events.some((event) => decided.includes(event.transaction_status))) {
    throw new Refusal(409, `session ${session.id} is decided`);
  }
  switch (status) {
    case 'AUTHORIZED':
    case 'CAPTURED': {
      approve(world, session, terminal, { brand: 'Visa', entry_method: 'chip' });
      const transaction = ensureTransaction(world, session);
      if (status === 'CAPTURED' && transaction.status === 'AUTHORIZED') {
        apply(world, transaction, { name: 'CAPTURE', amount: transaction.amount, by: 'terminal' });
      }
      return;
    }
    case 'DECLINED':
    case 'FAILED':
      record(world, status === 'FAILED' ? 'failed' : 'declined', session, { why: 'resolved' });
      fail(world, session, status, { message: 'Rejected' });
      return notify(world, session, { error: 'failed' });
    case 'AUTHORIZATION_VOIDED':
      record(world, 'voided', session, { why: 'resolved' });
      addEvent(world, ensureTransaction(world, session), {
        event: 'VOID',
        success: true,
        transaction_status: status,
      });
  }
}
