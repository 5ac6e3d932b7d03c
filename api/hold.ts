/** Two-phase sales: the till's word on the money that a charge holds for it. One update, safe to repeat. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Word } from '../workflows/hold.ts';
import { word } from '../workflows/messages.ts';
import { isFinal, type ReadCharge } from './cashier.ts';
import { keepCharge, notFollowed, refusalOf, unknownCharge } from './orders.ts';
import { Problem } from './problems.ts';
import { unanswered, type OrderDeps } from './start.ts';

/** Says what becomes of the money, and returns what is true right after; waiting is the caller's. */
export async function sayWord(
  deps: OrderDeps,
  order: { chargeId: string; said: Word; by: string },
): Promise<ReadCharge> {
  const { temporal, reading, timings } = deps;
  const { chargeId, said } = order;
  return await temporal.connection
    .withDeadline(Date.now() + timings.answer, async () => {
      const read = await reading.find(chargeId);
      if (read === null) throw unknownCharge(chargeId);
      if (read.isLost) throw await notFollowed(deps, read, order.by);
      if (isFinal(read)) return await afterEnd(deps, read, order);
      const isTaken = await sendWord(deps, read, order);
      const after = (await reading.find(chargeId)) ?? read;
      if (isTaken) return after;
      if (after.isLost) throw await notFollowed(deps, after, order.by);
      return await afterEnd(deps, after, order);
    })
    .catch(unanswered(`It is not known whether ${said} of charge ${chargeId} was taken.`));
}

/** False: the charge has ended meanwhile. */
async function sendWord(
  { temporal, reading }: OrderDeps,
  read: ReadCharge,
  { said, by }: { said: Word; by: string },
): Promise<boolean> {
  const whyNot = whyNotHeld(read);
  if (whyNot !== null) throw notPossible(said, whyNot, await reading.show(read));
  const handle = temporal.client.workflow.getHandle(read.workflowId);
  try {
    // A double tap is one order.
    await handle.executeUpdate(word, { updateId: `word-${said}`, args: [{ word: said, by }] });
    return true;
  } catch (err) {
    if (err instanceof WorkflowUpdateFailedError) {
      const now = (await reading.find(read.record.charge_id)) ?? read;
      throw notPossible(said, refusalOf(err), await reading.show(now));
    }
    if (!(err instanceof WorkflowNotFoundError)) throw err;
    return false;
  }
}

function whyNotHeld({ record }: ReadCharge): string | null {
  return record.capture === undefined
    ? 'it was started without capture: "on_request", so approved money is captured by itself; POST cancel asks to stop it'
    : null;
}

/** An ending is the answer, unless the till means another one. Money that was taken unasked is kept by its word. */
async function afterEnd(
  deps: OrderDeps,
  read: ReadCharge,
  { chargeId, said, by }: { chargeId: string; said: Word; by: string },
): Promise<ReadCharge> {
  const { reading } = deps;
  const { outcome, reason } = read.record;
  if (said === 'capture' && outcome === 'not_charged') {
    const why = `it has ended as not_charged (${reason ?? ''}), nothing was captured; if the sale shall be paid after all, charge it again with the next attempt`;
    throw notPossible(said, why, await reading.show(read));
  }
  if (said === 'void' && outcome === 'captured') {
    const why =
      'it is captured, and captured money goes back only with the card at a terminal: refund it there';
    throw notPossible(said, why, await reading.show(read));
  }
  const isToBeKept = said === 'capture' && read.record.case_kind === 'captured_unasked';
  return isToBeKept && read.case === 'open' ? await keepCharge(deps, { chargeId, by }) : read;
}

function notPossible(
  said: Word,
  why: string,
  charge: Awaited<ReturnType<OrderDeps['reading']['show']>>,
): Problem {
  const what = said === 'capture' ? 'captured' : 'voided';
  return new Problem('not_possible_now', `The charge cannot be ${what} now: ${why}.`, { charge });
}
