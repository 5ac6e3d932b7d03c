/**
 * Stray news: a callback for a charge that has ended, or that nobody knows, `stray/<transaction_id>`. The transaction is
 * read, and only what it shows counts. It is handed to the charge's recovery when it contradicts what was told; money of
 * ours without a charge becomes a case; what is not surely ours is never touched.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  condition,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { FoundTransaction, TransactionFacts } from '../activities/dintero/facts.ts';
import type { Activities, Standing } from '../activities/index.ts';
import { failureOf } from './dintero-calls.ts';
import { readStartToClose, readTimeoutMs } from './dintero-reads.ts';
import { isWithoutMoney, refundedOutside } from './judgement.ts';
import {
  readsTaskQueue,
  strayWorkflowId,
  transactionReported,
  type StrayInput,
} from './messages.ts';
import { openCase } from './money-case.ts';
import type { ChargePolicy } from './policy.ts';
import { describeStray } from './details.ts';
import { pollInterval } from './reading.ts';
import { tell, type Fact } from './timeline.ts';

/** News that a charge found by itself. It lives on when the charge has closed; if it is known already, all the better. */
export async function tellStray(
  { chargeId, transactionId }: { chargeId: string; transactionId: string },
  policy: ChargePolicy,
): Promise<void> {
  const news: StrayInput = {
    charge_id: chargeId,
    transaction_id: transactionId,
    is_proven: true,
    policy,
  };
  try {
    await startChild(strayNews, {
      workflowId: strayWorkflowId(transactionId),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      args: [news],
      staticSummary: `news of ${transactionId} for charge ${chargeId}, found by a charge`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/** What became of the news. */
export type StrayEnding =
  'not_ours' | 'agrees' | 'no_money' | 'followed' | 'case_opened' | 'unreadable';

/**
 * Dintero's slowest documented answer, an auto-capture, takes 48 h: what it does not know for that long was never there.
 * What anybody may have invented is given up much sooner, or the account's reads would be spent on it.
 */
const giveUpAfter = { proven: 48 * 3_600_000, unproven: 5 * 60_000 };

export async function strayNews(input: StrayInput): Promise<StrayEnding> {
  let hasNews = false;
  setHandler(transactionReported, () => void (hasNews = true), {
    description: 'More news of this transaction: it is read again.',
  });
  const startedAt = workflowInfo().startTime.getTime();
  const timeline: Fact[] = [];
  tell(timeline, { source: input.is_proven ? 'callback' : 'Temporal', text: 'the news came' });
  for (;;) {
    hasNews = false;
    const look = await lookAt(input);
    tell(timeline, { source: 'kvitt', text: look.found });
    setCurrentDetails(describeStray(input, timeline));
    const age = Date.now() - startedAt;
    const patience = input.is_proven ? giveUpAfter.proven : giveUpAfter.unproven;
    const isOver = look.ending !== 'open' || (look.isUnknownToDintero && age > patience);
    if (isOver && !hasNews) return look.ending === 'open' ? 'unreadable' : look.ending;
    const { durations } = input.policy;
    await sleep(Math.max(durations.readGap, look.retryAfterMs), {
      summary: 'Looks keep a distance',
    });
    await condition(() => hasNews, pollInterval(age, durations), {
      summary: 'Not clear yet: waiting for the next look',
    });
  }
}

interface Look {
  ending: StrayEnding | 'open';
  /** In words. */
  found: string;
  retryAfterMs: number;
  isUnknownToDintero: boolean;
}

async function lookAt(input: StrayInput): Promise<Look> {
  const { transaction_id: transactionId, charge_id, policy } = input;
  const ask = { chargeId: charge_id, transactionId, timeoutMs: readTimeoutMs };
  try {
    const payment = await reads().readTransaction(ask);
    const standing = await temporal.readStanding(payment.transaction.chargeId);
    const verdict = verdictOn(payment, standing);
    await tellRefunds(payment);
    const ending = await act(verdict, payment.transaction, policy);
    const found = verdictWords[verdict];
    return { ending, found, retryAfterMs: 0, isUnknownToDintero: false };
  } catch (error) {
    const { type, message, retryAfterMs } = failureOf(error);
    const isUnknownToDintero = type === 'DinteroNotFound';
    return { ending: 'open', found: message, retryAfterMs, isUnknownToDintero };
  }
}

function reads(): Pick<Activities, 'readTransaction'> {
  return proxyActivities<Activities>({
    startToCloseTimeout: readStartToClose,
    scheduleToCloseTimeout: readStartToClose + 60_000,
    retry: { maximumAttempts: 1 },
    taskQueue: readsTaskQueue(workflowInfo().taskQueue),
    summary: 'Read the transaction that the news names',
  });
}

const temporal = proxyActivities<Activities>({
  startToCloseTimeout: '10 s',
  retry: { maximumInterval: '10 s' },
});

export type Verdict =
  'not_ours' | 'agrees' | 'no_money' | 'refund' | 'wait' | 'lost' | 'contradicted' | 'orphan';

const verdictWords: Record<Verdict, string> = {
  not_ours: 'not a payment of this installation: never touched',
  agrees: 'it says what the charge has told: nothing to do',
  no_money: 'the payment holds no money: nothing to do',
  refund: 'a refund of this service: it is told, and there is nothing else to do',
  wait: 'not clear yet: it is looked at again',
  lost: 'its charge was ended from outside: recovery/<charge_id> follows it',
  contradicted: 'it says otherwise than the charge: recovery/<charge_id> follows it',
  orphan: 'money of this installation without a charge: a case for a person',
};

/** What the news is worth, by what Dintero shows and what was told of the charge. Pure and total. */
export function verdictOn({ transaction, isOurs }: FoundTransaction, standing: Standing): Verdict {
  if (!isOurs || !isChargeId(transaction.chargeId)) return 'not_ours';
  // Whoever follows this payment is told and reads for himself; any other is looked at again when the charge has closed.
  if (standing.is === 'running') {
    return standing.transactionId === transaction.transactionId ? 'contradicted' : 'wait';
  }
  if (standing.is === 'closed' && standing.isLost) return 'lost';
  if (standing.is === 'closed' && isOf(transaction, standing)) {
    return isAsTold(transaction, standing) ? 'agrees' : 'contradicted';
  }
  return verdictWithoutCharge(transaction, standing);
}

/** A charge that we do not know, or one that was paid by another transaction. */
function verdictWithoutCharge(transaction: TransactionFacts, { is }: Standing): Verdict {
  if (isWithoutMoney(transaction)) return 'no_money';
  // Older than Temporal remembers, and a refund of ours is what the news is about.
  if (is === 'unknown' && isOnlyRefundedByUs(transaction)) return 'refund';
  return isMoney.has(transaction.status) ? 'orphan' : 'wait';
}

function isOnlyRefundedByUs(transaction: TransactionFacts): boolean {
  const { amount, isPending } = refundedOutside(transaction);
  return (transaction.ownRefunds ?? []).length > 0 && amount === 0 && !isPending;
}

/** Each refund of ours that the payment shows reads for itself, or is followed if it told otherwise. */
async function tellRefunds({ transaction, isOurs }: FoundTransaction): Promise<void> {
  const { ownRefunds = [] } = transaction;
  if (isOurs && ownRefunds.length > 0) await temporal.reportRefunds(ownRefunds);
}

type Told = Extract<Standing, { is: 'closed' }>;

/**
 * A charge that told of no money is contradicted by a transaction that carries its id. One that names another terminal
 * is another payment: the charge's recovery would read it for ever, and could never call it the charge's.
 */
function isOf({ transactionId, terminalId }: TransactionFacts, { record }: Told): boolean {
  if (record.transaction_id === transactionId) return true;
  if (record.outcome !== 'not_charged') return false;
  return terminalId === null || record.terminal_id === null || terminalId === record.terminal_id;
}

function isAsTold(transaction: TransactionFacts, { record, refundedAmount = 0 }: Told): boolean {
  if (record.outcome === 'not_charged') return isWithoutMoney(transaction);
  const outside = refundedOutside(transaction);
  return (
    transaction.pending.every((operation) => operation === 'refund') &&
    !outside.isPending &&
    outside.amount === refundedAmount &&
    transaction.capturedAmount === record.captured_amount &&
    isMoney.has(transaction.status)
  );
}

const isMoney = new Set<TransactionFacts['status']>([
  'authorised',
  'partly_captured',
  'captured',
  'partly_refunded',
  'partly_captured_refunded',
  'refunded',
]);

function isChargeId(text: string): boolean {
  return /^[\w-]{1,36}\.\d{1,3}$/.test(text);
}

async function act(
  verdict: Verdict,
  transaction: TransactionFacts,
  policy: ChargePolicy,
): Promise<StrayEnding | 'open'> {
  const { chargeId, sessionId } = transaction;
  switch (verdict) {
    case 'not_ours':
    case 'agrees':
    case 'no_money':
      return verdict;
    case 'refund':
      return 'agrees';
    case 'wait':
      return 'open';
    case 'lost':
    case 'contradicted': {
      const because = verdict === 'lost' ? 'workflow_lost' : verdict;
      const isKnown = await temporal.startRecovery({ chargeId, because, sessionId });
      // Forgotten between two looks: the next one says so.
      return isKnown ? 'followed' : 'open';
    }
    case 'orphan':
      await openCase(
        {
          kind: 'orphan',
          charge_id: chargeId,
          transaction_id: transaction.transactionId,
          amount: transaction.amount,
          captured_amount: transaction.capturedAmount,
          currency: transaction.currency,
          terminal_id: transaction.terminalId,
          store_id: null,
        },
        policy,
      );
      return 'case_opened';
  }
}
