/**
 * The charge, as it happens in a shop. It takes the terminal, looks whether the sale has money already, prompts once,
 * waits for news, then reads Dintero and does what the judgement says, again and again, until one of two endings is
 * proven: `captured` or `not_charged`. What can go wrong is anything; what never happens is a second prompt, or no
 * answer taken for "no". The rules are in `judgement.ts` and `next-step.ts`, the calls in `dintero-calls.ts`.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  workflowInfo,
} from '@temporalio/workflow';
import type { SaleReading } from '../activities/dintero/facts.ts';
import {
  certainRefusal,
  createSession,
  paySession,
  sendMove,
  type Failed,
} from './dintero-calls.ts';
import { readSale } from './dintero-reads.ts';
import type { Reason } from './lists.ts';
import type { ChargeInput, ChargeRecord, Item } from './messages.ts';
import { openCaseOf } from './money-case.ts';
import { nextStep } from './next-step.ts';
import {
  openCharge,
  publish,
  requestCancel,
  type Changes,
  type OpenCharge,
} from './open-charge.ts';
import { readAndJudge, waitForNews } from './reading.ts';
import { tellStray } from './stray.ts';
import { takeTerminal, type Lease } from './terminal-lease.ts';

export async function terminalCharge(input: ChargeInput): Promise<ChargeRecord> {
  const info = workflowInfo();
  const charge = openCharge({
    record: input.record,
    policy: input.policy,
    chargeStartedAt: info.startTime.getTime(),
    // So it comes from a cancel that overtook its start.
    isCancelRequested: input.record.state === 'cancelling',
    isReset: info.originalExecutionRunId !== info.runId,
  });
  return await untilProven(charge, async () => await run(charge, input.items));
}

/** A charge never fails, and a Temporal cancellation is a cancel request like the till's: it goes on until a proof. */
export async function untilProven<T>(charge: OpenCharge, story: () => Promise<T>): Promise<T> {
  CancellationScope.current().cancelRequested.catch(() => requestCancel(charge, 'Temporal'));
  try {
    return await CancellationScope.nonCancellable(story);
  } catch (error) {
    // A fault of ours parks its task, visibly, until a mended worker goes on (style 3).
    throw new Error('a fault in the charge', { cause: error });
  }
}

async function run(charge: OpenCharge, items: Item[] | null): Promise<ChargeRecord> {
  const lease = takeTerminal(charge);
  const ending = (await prompt(charge, lease, items)) ?? (await follow(charge, await lease));
  const record = await close(charge, ending);
  await (await lease).endAtClose();
  return record;
}

/** Takes what must be free, and asks for the card. Returns the ending if it is certain that nobody was asked. */
async function prompt(
  charge: OpenCharge,
  leaseTaken: Promise<Lease>,
  items: Item[] | null,
): Promise<Changes | null> {
  const [lease, sale] = await Promise.all([leaseTaken, readSale(charge)]);
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
  const obstacle = whyNotPrompt(charge, lease, sale);
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
  charge.lastNews = 'the session was created';
  publish(charge, { state: 'waiting_for_card' });
  return null;
}

/** What stands against asking for the card; nothing has been sent, so each is an ending. */
function whyNotPrompt(
  { situation, record }: OpenCharge,
  lease: Lease,
  sale: SaleReading | Failed,
): Changes | null {
  if ('otherWithMoney' in sale && sale.otherWithMoney !== null) {
    return notCharged('other_attempt_has_money');
  }
  if (record.terminal_id === null) return notCharged('cancelled_before_start');
  if ('type' in sale) return notCharged(certainRefusal(sale) ?? 'not_started_in_time');
  if (!lease.isHeld) return { ...notCharged('terminal_busy'), held_by: lease.heldBy };
  return situation.isCancelRequested ? notCharged('cancelled_by_till') : null;
}

function notCharged(reason: Reason): Changes {
  return { state: 'not_charged', outcome: 'not_charged', reason, needs_attention: null };
}

/** The prompt did not simply go out: Dintero is read at once. */
function goOn(charge: OpenCharge, prompt: OpenCharge['situation']['prompt'], why: string): null {
  charge.situation.prompt = prompt;
  charge.news = 'order';
  charge.lastNews = why;
  publish(charge, { state: 'checking' });
  return null;
}

/** Wait, read, judge, act: the loop that ends only with a proof. */
export async function follow(charge: OpenCharge, lease: Lease): Promise<Changes> {
  for (;;) {
    await waitForNews(charge);
    const judgement = await readAndJudge(charge);
    const step = nextStep(judgement, charge.situation);
    switch (step.do) {
      case 'close_captured':
        return {
          state: 'captured',
          outcome: 'captured',
          captured_amount: step.capturedAmount,
          case_kind: step.caseKind,
          needs_attention: step.caseKind === null ? null : 'case_open',
        };
      case 'close_not_charged':
        return notCharged(step.reason);
      case 'cancel':
      case 'capture':
      case 'void':
        await sendMove(charge, step.do);
        break;
      case 'wait':
        publish(charge, { ...open, state: step.state, needs_attention: step.attention });
        // The money is reserved, so the device is done: the next customer need not wait for our capture.
        if (judgement.is === 'authorised') await lease.release();
        break;
    }
  }
}

/** What an open charge has not: a recovery may have begun with an ending that turned out to be wrong. */
const open = { outcome: null, reason: null, captured_amount: null, case_kind: null } as const;

/** The one exit: opens the case that the ending asks for, publishes the outcome, and lets every handler answer. */
export async function close(charge: OpenCharge, ending: Changes): Promise<ChargeRecord> {
  if (ending.case_kind !== undefined && ending.case_kind !== null) {
    await openCaseOf({ ...charge.record, ...charge.known, ...ending }, ending.case_kind);
  }
  publish(charge, ending);
  await condition(allHandlersFinished);
  return charge.record;
}
