/**
 * The charge, as it happens in a shop. It takes the terminal, looks whether the sale has money already, prompts once,
 * waits for news, then reads Dintero and does what the judgement says, again and again, until one of two endings is
 * proven: `captured` or `not_charged`. What can go wrong is anything; what never happens is a second prompt, or no
 * answer taken for "no". The prompt is in `prompt.ts`, the rules in `judgement.ts` and `next-step.ts`, the calls in
 * `dintero-calls.ts`.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  workflowInfo,
} from '@temporalio/workflow';
import { sendMove } from './dintero-calls.ts';
import type { ChargeInput, ChargeRecord, Item } from './messages.ts';
import { countEnding } from './metrics.ts';
import { openCaseOf } from './money-case.ts';
import { moneyText } from './money.ts';
import { nextStep, type Step } from './next-step.ts';
import {
  openCharge,
  publish,
  requestCancel,
  type Changes,
  type OpenCharge,
} from './open-charge.ts';
import { takeOrders } from './obey.ts';
import { notCharged, prompt } from './prompt.ts';
import { readAndJudge, waitForNews } from './reading.ts';
import { tellStray } from './stray.ts';
import { takeWord } from './take-word.ts';
import { tellAttention, tellOutcome, type ToldBefore } from './tell-retailer.ts';
import { takeTerminal, type Lease } from './terminal-lease.ts';
import { tell } from './timeline.ts';

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
  takeOrders(charge);
  takeWord(charge);
  const { amount, currency, terminal_id: terminal } = input.record;
  const asked = `${moneyText(amount, currency)} at ${terminal ?? 'no terminal'}`;
  tell(charge.timeline, { source: 'till', text: `asked for ${asked}` });
  return await untilProven(charge, async () => await run(charge, input.items));
}

/** A charge never fails, and a Temporal cancellation is a cancel request like the till's: it goes on until a proof. */
export async function untilProven<T>(charge: OpenCharge, story: () => Promise<T>): Promise<T> {
  CancellationScope.current().cancelRequested.catch(() =>
    requestCancel(charge, 'Temporal', 'a Temporal cancellation'),
  );
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
  return await close(charge, ending);
}

/** What an ending becomes when another one was told before, and whether its case is open already. */
type Retold = (ending: Changes) => { ending: Changes; isCaseKnown: boolean };

/**
 * Wait, read, judge, act: the loop that ends only with a proof, and never while there is news that came after the
 * reading. Whatever an ending asks for is done before it is told: afterwards nobody listens any more.
 */
export async function follow(
  charge: OpenCharge,
  lease: Lease,
  retold: Retold = (ending) => ({ ending, isCaseKnown: false }),
): Promise<Changes> {
  for (;;) {
    await waitForNews(charge);
    const judgement = await readAndJudge(charge);
    const step = nextStep(judgement, charge.situation);
    switch (step.do) {
      case 'close_captured':
      case 'close_not_charged': {
        const { ending, isCaseKnown } = retold(endingOf(step));
        if (!isCaseKnown) await openCaseFor(charge, ending);
        await tellOfOthers(charge);
        await lease.endAtClose();
        if (charge.news === null) return ending;
        charge.news = 'order';
        break;
      }
      case 'cancel':
      case 'capture':
      case 'void':
        await sendMove(charge, step.do);
        break;
      case 'wait':
        publish(charge, { ...open, state: step.state, needs_attention: step.attention });
        await tellAttention(charge);
        // The money is reserved, so the device is done: the next customer need not wait for our capture.
        if (judgement.is === 'authorised' || charge.isFreed) await lease.release();
        // Another prompt may be on it from now on: what is lost cannot be proven over by time any more.
        if (charge.isFreed) charge.situation.heldSince = null;
        break;
    }
  }
}

async function openCaseFor(
  { record, known, situation }: OpenCharge,
  ending: Changes,
): Promise<void> {
  await openCaseOf({ ...record, ...known, ...ending }, situation.policy);
}

/** A callback named another transaction than the one that was judged: it may hold money, too. */
async function tellOfOthers({
  record,
  known,
  reportedTransactions,
  ...charge
}: OpenCharge): Promise<void> {
  const own = known.transaction_id ?? record.transaction_id;
  for (const transactionId of reportedTransactions.splice(0)) {
    if (transactionId === own) continue;
    await tellStray({ chargeId: record.charge_id, transactionId }, charge.situation.policy);
  }
}

function endingOf(step: Extract<Step, { do: 'close_captured' | 'close_not_charged' }>): Changes {
  if (step.do === 'close_not_charged') return notCharged(step.reason);
  return {
    state: 'captured',
    outcome: 'captured',
    captured_amount: step.capturedAmount,
    case_kind: step.caseKind,
    needs_attention: step.caseKind === null ? null : 'case_open',
  };
}

/** What an open charge has not: a recovery may have begun with an ending that turned out to be wrong. */
const open = { outcome: null, reason: null, captured_amount: null, case_kind: null } as const;

/** The one exit: publishes the outcome, tells it, and lets every handler answer. */
export async function close(
  charge: OpenCharge,
  ending: Changes,
  before: ToldBefore = null,
): Promise<ChargeRecord> {
  publish(charge, ending);
  countEnding(charge);
  // A transaction that was reported meanwhile is followed from outside, as after the end.
  if (await tellOutcome(charge, before)) await tellOfOthers(charge);
  await condition(allHandlersFinished);
  return charge.record;
}
