import { notify } from './callbacks.ts';
import { record } from './ledger.ts';
import type { TransactionEvent } from './records.ts';
import { standing } from './status-machine.ts';
import { addEvent } from './transactions.ts';
import { findSession, findTransaction, Refusal, type World } from './world.ts';

/** What a transaction can be corrected to, the event that says so, and the ledger's word for its money. */
const corrected = {
  AUTHORIZED: { event: 'AUTHORIZE', kind: 'authorised' },
  CAPTURED: { event: 'CAPTURE', kind: 'captured' },
  AUTHORIZATION_VOIDED: { event: 'VOID', kind: 'voided' },
  FAILED: { event: 'AUTHORIZE', kind: 'voided' },
} as const;

type Corrected = keyof typeof corrected;

export const correctable = ['AUTHORIZED', 'CAPTURED', 'AUTHORIZATION_VOIDED', 'FAILED'] as const;

/**
 * Dintero finds that a status was wrong: an event takes the wrong ones back by naming them, and the status may move
 * backwards. In the ledger `corrected` takes back all that stood for the transaction; the next line is what stands.
 */
export function correct(world: World, id: string, status: Corrected): void {
  const transaction = findTransaction(world, id);
  const { status: former, amount, currency } = transaction;
  if (former === status) throw new Refusal(409, `${id} is ${status} already`);
  const session = findSession(world, transaction.session_id);
  const { event, kind } = corrected[status];
  const added = addEvent(world, transaction, {
    event,
    success: status !== 'FAILED',
    transaction_status: status,
    amount,
    created_by: 'dintero:correction',
    correction: {
      event_ids: standing(transaction)
        .filter((one) => one.event !== 'INITIALIZE' && !remains(one, status))
        .map((one) => one.id),
      status,
      remaining_capture_amount: status === 'AUTHORIZED' ? amount : 0,
      remaining_refund_amount: status === 'CAPTURED' ? amount : 0,
      remaining_void_amount: status === 'AUTHORIZED' ? amount : 0,
    },
  });
  record(world, 'corrected', session, { amount, currency, why: `${former} to ${status}` });
  record(world, kind, session, { amount, currency, why: 'correction' });

  // Nothing is documented about callbacks of a correction: assumed to be those of the status it leads to.
  if (status === 'FAILED') return notify(world, session, { error: 'failed' });
  if (status !== 'AUTHORIZATION_VOIDED') notify(world, session, {});
  notify(world, session, { event: added });
}

/** An approval stays true whatever became of its money, unless it is what was wrong. */
function remains({ event, success }: TransactionEvent, status: Corrected): boolean {
  return event === 'AUTHORIZE' && success && status !== 'FAILED';
}
