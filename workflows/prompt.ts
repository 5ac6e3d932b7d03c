/**
 * Asking for the card: what must be free and looked at first, the one sending, and what is known afterwards. Whatever is
 * not certain is said to be so, and the charge reads on.
 */
import type { SaleReading } from '../activities/dintero/facts.ts';
import { locateTerminal } from './locate-terminal.ts';
import { certainRefusal, createSession, paySession, type Failed } from './dintero-calls.ts';
import { readSale } from './dintero-reads.ts';
import type { Reason } from './lists.ts';
import type { Item } from './messages.ts';
import { countPrompt } from './metrics.ts';
import { publish, type Changes, type OpenCharge } from './open-charge.ts';
import { tellStray } from './stray.ts';
import type { Lease } from './terminal-lease.ts';
import { tell } from './timeline.ts';

/** Takes what must be free, and asks for the card. Returns the ending if it is certain that nobody was asked. */
export async function prompt(
  charge: OpenCharge,
  leaseTaken: Promise<Lease>,
  items: Item[] | null,
): Promise<Changes | null> {
  const [lease, sale, misplaced] = await Promise.all([
    leaseTaken,
    readSale(charge),
    locateTerminal(charge),
  ]);
  if ('own' in sale && sale.own !== null) {
    charge.sessionId = sale.own.sessionId;
    // Nothing will be sent, so whatever that payment is, the next customer need not wait for it.
    if (!charge.situation.isReset) await lease.release();
    return goOn(charge, { is: 'sent' }, 'a payment of this charge was found at Dintero');
  }
  if ('type' in sale && charge.record.terminal_id === null) {
    // Cancelled before it started: Temporal may have forgotten what this id did, so the sale must be read once.
    return goOn(charge, { is: 'none', reason: 'cancelled_before_start' }, sale.message);
  }
  const obstacle = whyNotPrompt(charge, { lease, sale, misplaced });
  if (obstacle === null) return await askForCard(charge, items);
  // The other attempt may have told that it took nothing: what this reading shows is news for it.
  if ('otherWithMoney' in sale && sale.otherWithMoney !== null) {
    await tellStray(sale.otherWithMoney, charge.situation.policy);
  }
  // A run made by reset has forgotten what was sent: nothing that stands against sending proves that nothing was.
  return charge.situation.isReset
    ? goOn(charge, { is: 'lost' }, 'this run was made by reset')
    : obstacle;
}

/** Sent once. Returns the ending of a certain refusal, null when the story goes on. */
async function askForCard(charge: OpenCharge, items: Item[] | null): Promise<Changes | null> {
  const created = await createSession(charge, items);
  if ('type' in created) {
    const refusal = certainRefusal(created);
    charge.quietUntil = Date.now() + created.retryAfterMs;
    return refusal === null ? goOn(charge, { is: 'lost' }, created.message) : notCharged(refusal);
  }
  charge.sessionId = created.sessionId;
  if (!created.isPublished) {
    return goOn(charge, { is: 'unpublished' }, 'Dintero reached no terminal');
  }
  const { promptMode } = charge.situation.policy;
  const failed = promptMode === 'pay' ? await paySession(charge, created.sessionId) : null;
  if (failed !== null) {
    const reason = certainRefusal(failed);
    charge.quietUntil = Date.now() + failed.retryAfterMs;
    return goOn(
      charge,
      reason === null ? { is: 'unanswered' } : { is: 'withheld', reason },
      failed.message,
    );
  }
  charge.situation.prompt = { is: 'sent' };
  tell(charge.timeline, { source: 'kvitt', text: 'the session was created, the terminal asks' });
  publish(charge, { state: 'waiting_for_card' });
  countPrompt(charge);
  return null;
}

/** What stands against asking for the card; nothing has been sent, so each is an ending. */
function whyNotPrompt(
  { situation, record }: OpenCharge,
  found: { lease: Lease; sale: SaleReading | Failed; misplaced: Reason | null },
): Changes | null {
  const { lease, sale, misplaced } = found;
  if ('otherWithMoney' in sale && sale.otherWithMoney !== null) {
    return notCharged('other_attempt_has_money');
  }
  if (record.terminal_id === null) return notCharged('cancelled_before_start');
  if ('type' in sale) return notCharged(certainRefusal(sale) ?? 'not_started_in_time');
  if (!lease.isHeld) return { ...notCharged('terminal_busy'), held_by: lease.heldBy };
  if (situation.isCancelRequested) return notCharged('cancelled_by_till');
  return misplaced === null ? null : notCharged(misplaced);
}

/** The ending without money. */
export function notCharged(reason: Reason): Changes {
  return { state: 'not_charged', outcome: 'not_charged', reason, needs_attention: null };
}

/** The prompt did not simply go out: Dintero is read at once. */
function goOn(charge: OpenCharge, prompt: OpenCharge['situation']['prompt'], why: string): null {
  charge.situation.prompt = prompt;
  charge.news = 'order';
  tell(charge.timeline, { source: 'kvitt', text: why });
  publish(charge, { state: 'checking' });
  return null;
}
