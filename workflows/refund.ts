/**
 * A refund, as it happens in a shop: the customer stands at a terminal with the card, and money of a charge goes back. It
 * takes the terminal, reads how much of the sale is left, asks once, and reads Dintero until one of two endings is shown:
 * `refunded`, or `not_refunded`. Refused, walked away and offline are normal; what never happens is a second prompt for
 * one refund, more back than was captured, or no answer taken for "no". The rules are in `refund-judgement.ts`.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  workflowInfo,
} from '@temporalio/workflow';
import type { RefundableSale } from '../activities/dintero/facts.ts';
import type { Failed } from './dintero-calls.ts';
import { moneyText } from './money.ts';
import { openRefund, publishRefund, type OpenRefund, type RefundChanges } from './open-refund.ts';
import { certainRefusalOf, readRefundable, readTerminalOf, sendRefund } from './refund-calls.ts';
import {
  judgeRefund,
  nextRefundStep,
  whyNotAtTerminal,
  whyNotRefund,
  type Obstacle,
} from './refund-judgement.ts';
import { endingOf, isAsTold, notRefunded, openCaseOfRefund } from './refund-ending.ts';
import type { RefundInput, RefundRecord, ToldEnding } from './refund-messages.ts';
import { takeRefundOrders } from './refund-orders.ts';
import { readAndJudgeRefund, waitForRefundNews } from './refund-reading.ts';
import {
  tellCaseOfRefund,
  tellOtherRefunds,
  tellRefundAttention,
  tellRefundOutcome,
} from './tell-refund.ts';
import { takeTerminal, type Lease } from './terminal-lease.ts';
import { tell } from './timeline.ts';

export async function terminalRefund(input: RefundInput): Promise<RefundRecord> {
  const info = workflowInfo();
  const refund = openRefund({
    input,
    refundStartedAt: info.startTime.getTime(),
    isReset: info.originalExecutionRunId !== info.runId,
  });
  takeRefundOrders(refund);
  const { amount, currency, terminal_id: terminal, asked_by: by } = input.record;
  const text = `${by} asked for ${moneyText(amount, currency)} back at ${terminal}`;
  tell(refund.timeline, { source: 'till', text });
  return await untilRefundProven(refund, async () => {
    const lease = await takeTerminalFor(refund);
    const refusal = await ask(refund, lease);
    if (refusal === null) return await followUntilTold(refund, lease);
    await lease.endAtClose();
    return await closeRefund(refund, refusal);
  });
}

/** What Dintero was asked for cannot be stopped from here: a Temporal cancellation is written down, and changes nothing. */
export async function untilRefundProven<T>(
  refund: OpenRefund,
  story: () => Promise<T>,
): Promise<T> {
  CancellationScope.current().cancelRequested.catch(() => {
    const text = 'a Temporal cancellation: a refund is stopped at the terminal only';
    tell(refund.timeline, { source: 'Temporal', text });
  });
  try {
    return await CancellationScope.nonCancellable(story);
  } catch (error) {
    // A fault of ours parks its task, visibly, until a mended worker goes on (style 3).
    throw new Error('a fault in the refund', { cause: error });
  }
}

export async function takeTerminalFor({ record, situation }: OpenRefund): Promise<Lease> {
  const { terminal_id, refund_id } = record;
  return await takeTerminal({ record: { terminal_id, charge_id: refund_id }, situation });
}

/** Asks for the card, once. Returns the ending if it is certain that nobody was asked. */
async function ask(refund: OpenRefund, lease: Lease): Promise<RefundChanges | null> {
  const terminal = await readTerminalOf(refund);
  const sale = await readRefundable(refund);
  if (isKnownAt(refund, sale)) {
    // An earlier life of this refund, which Temporal has forgotten, has sent it.
    refund.situation.sending = { is: 'accepted' };
    refund.isEarlier = !refund.situation.isReset;
    return goOn(refund, 'Dintero knows this refund already: nothing is sent');
  }
  // A run made by reset has forgotten what was sent: nothing that stands against sending proves that nothing was.
  if (refund.situation.isReset) return goOn(refund, 'this run was made by reset: nothing is sent');
  if (!lease.isHeld) {
    return { ...notRefunded({ reason: 'refund_terminal_busy' }), held_by: lease.heldBy };
  }
  if (sale === null) {
    return notRefunded({
      reason: 'nothing_to_refund',
      because: 'Dintero shows no payment of this charge',
    });
  }
  if ('type' in sale) {
    const { reason, because } = certainRefusalOf(sale) ?? unread(sale);
    return notRefunded({ reason, because });
  }
  const obstacle =
    whyNotAtTerminal(terminal, sale.payoutDestinationId) ??
    whyNotRefund(sale, refund.record) ??
    whyNotAfter(await tellOtherRefunds(refund));
  if (obstacle !== null) return notRefunded(obstacle);
  send(refund, sale.transaction.transactionId);
  return null;
}

/** This one was asked for because an earlier one gave nothing back, as was told; Dintero shows that it did, or may. */
function whyNotAfter([earlier]: string[]): Obstacle | null {
  if (earlier === undefined) return null;
  const because = `Dintero shows refund ${earlier} otherwise than it was told: look at it first`;
  return { reason: 'other_operation_open', because };
}

/** Remembers which payment it is about, and whether Dintero shows this very refund. */
function isKnownAt(refund: OpenRefund, sale: RefundableSale | null | Failed): boolean {
  if (sale === null || 'type' in sale) return false;
  const { record } = refund;
  refund.others = (sale.transaction.ownRefunds ?? []).filter(
    ({ reference }) => reference !== record.refund_id,
  );
  publishRefund(refund, {
    transaction_id: sale.transaction.transactionId,
    store_id: record.store_id ?? sale.storeId,
    payout_destination_id: record.payout_destination_id ?? sale.payoutDestinationId,
  });
  const mine = { refundId: record.refund_id, chargeId: record.charge_id, requestId: null };
  return judgeRefund(sale, mine).is !== 'absent';
}

/** Goes on while it is on the wire: Dintero may hold its answer until the cardholder has acted (dossier 4.4). */
function send(refund: OpenRefund, transactionId: string): void {
  const { situation, timeline } = refund;
  situation.sending = { is: 'under_way' };
  tell(timeline, { source: 'kvitt', text: 'the refund is sent to the terminal' });
  const answered = sendRefund(refund, transactionId).then((answer) => {
    refund.news = 'order';
    if (!('type' in answer)) {
      refund.requestId = answer.eventRequestId;
      situation.sending = { is: 'accepted' };
      tell(timeline, { source: 'kvitt', text: 'Dintero has accepted the refund' });
      return;
    }
    refund.refused = certainRefusalOf(answer);
    refund.quietUntil = Date.now() + answer.retryAfterMs;
    situation.sending = refund.refused === null ? { is: 'lost' } : { is: 'unsent' };
    tell(timeline, { source: 'kvitt', text: answer.message });
  });
  answered.catch((error: unknown) => {
    refund.fault = error;
    refund.news = 'order';
  });
}

/** Until an ending is proven and told; and again if news came while it was told: afterwards nobody listens any more. */
export async function followUntilTold(refund: OpenRefund, lease: Lease): Promise<RefundRecord> {
  let told: ToldEnding | null = null;
  for (;;) {
    const ending = await followRefund(refund, lease);
    if (isAsTold(ending, told)) publishRefund(refund, ending);
    else await closeRefund(refund, ending);
    if (!hasLateNews(refund)) return refund.record;
    // The device is done. Nothing that is shown proves something about what was told: then that stands.
    await letGo(refund, lease);
    refund.situation.sending = { is: 'unsent' };
    refund.former = told = refund.record;
    refund.isUntold = false;
  }
}

/** Wait, read, judge: the loop that ends only with a proof, and never while there is news that came after the reading. */
async function followRefund(refund: OpenRefund, lease: Lease): Promise<RefundChanges> {
  for (;;) {
    await waitForRefundNews(refund);
    if (refund.fault !== null) throw new Error('it could not be sent', { cause: refund.fault });
    if (refund.refused !== null && refund.judged !== 'done') {
      // The only request was refused for certain: no reading says more.
      refund.news = null;
      await lease.endAtClose();
      return notRefunded(refund.refused);
    }
    const step = nextRefundStep(await readAndJudgeRefund(refund), refund.situation);
    switch (step.do) {
      case 'close_refunded':
      case 'close_not_refunded': {
        const ending = endingOf(refund, step);
        await openCaseOfRefund(refund, ending);
        await lease.endAtClose();
        if (!hasLateNews(refund)) return ending;
        refund.news = 'order';
        break;
      }
      case 'wait':
        // What was told stands until Dintero shows otherwise.
        if (refund.record.outcome !== null && refund.judged === 'unclear') break;
        publishRefund(refund, { ...open, state: step.state, needs_attention: step.attention });
        await tellRefundAttention(refund);
        if (step.isPromptOver || refund.isFreed) await letGo(refund, lease);
        break;
    }
  }
}

function hasLateNews({ news, readsLateNews }: OpenRefund): boolean {
  return readsLateNews && news !== null;
}

/** What an open refund has not. */
const open = { outcome: null, reason: null, because: null, refunded_amount: null } as const;

/** Another prompt may be on the terminal from now on: what is lost cannot be proven over by time any more. */
async function letGo({ situation }: OpenRefund, lease: Lease): Promise<void> {
  await lease.release();
  situation.heldSince = null;
}

function unread({ message }: Failed): Obstacle {
  return { reason: 'refund_not_started_in_time', because: message };
}

/** It did not simply go out: Dintero is read at once. */
function goOn(refund: OpenRefund, why: string): null {
  refund.news = 'order';
  tell(refund.timeline, { source: 'kvitt', text: why });
  publishRefund(refund, { state: 'checking' });
  return null;
}

/** The one exit: publishes the outcome, tells it, and lets every handler answer. */
async function closeRefund(refund: OpenRefund, ending: RefundChanges): Promise<RefundRecord> {
  const { former, isUntold } = refund;
  const before = isUntold && isAsTold(ending, former) ? null : former;
  publishRefund(refund, ending);
  await tellOtherRefunds(refund);
  await tellCaseOfRefund(refund, before);
  await tellRefundOutcome(refund, before);
  await condition(allHandlersFinished);
  return refund.record;
}
