/** What became of a refund, asked of Temporal itself, and the start of its recovery where its own word does not hold. */
import type { Client } from '@temporalio/client';
import { TypedSearchAttributes, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { searchAttributes, transactionReported } from '../workflows/messages.ts';
import { refundRecoveryWorkflowId, refundWorkflowId } from '../workflows/refund-ids.ts';
import {
  recoverRefundType,
  terminalRefundType,
  type RefundInput,
  type RefundMemo,
  type RefundRecord,
  type RefundRecoveryInput,
} from '../workflows/refund-messages.ts';
import type { ChargePolicy } from '../workflows/policy.ts';
import type { OwnRefund } from './dintero/facts.ts';
import type { Activities } from './index.ts';
import type { History } from './ordered.ts';
import { historyOf, inputIn } from './recovery.ts';
import { describe, isClosed, type Description } from './temporal.ts';

type RefundStanding =
  | { is: 'unknown' }
  | { is: 'running'; workflowId: string }
  | { is: 'closed'; record: RefundRecord; isLost: boolean };

/** The refund's own workflow, or the recovery that has taken its place. */
async function standingOf(client: Client, refundId: string): Promise<RefundStanding> {
  const [own, recovery] = await bothOf(client, refundId);
  const running = [own, recovery].find((one) => one !== null && !isClosed(one));
  if (running !== undefined && running !== null) {
    return { is: 'running', workflowId: running.workflowId };
  }
  const last = recovery ?? own;
  const record = last === null ? null : memoOf(last)?.refund;
  if (last === null || record === undefined || record === null) return { is: 'unknown' };
  // What was ended from outside may have published an ending that nobody was told of.
  const isLost = last.status.name !== 'COMPLETED';
  return { is: 'closed', record, isLost };
}

/** A recovery is outdated by a newer run that a reset has made, which speaks for itself. */
async function bothOf(
  client: Client,
  refundId: string,
): Promise<[Description | null, Description | null]> {
  const [own, recovery] = await Promise.all([
    describe(client, refundWorkflowId(refundId)),
    describe(client, refundRecoveryWorkflowId(refundId)),
  ]);
  const isOutdated =
    own !== null && recovery !== null && isClosed(recovery) && recovery.startTime < own.startTime;
  return [own, isOutdated ? null : recovery];
}

function memoOf({ memo }: Description): RefundMemo | null {
  return (memo as unknown as RefundMemo | undefined) ?? null;
}

/**
 * What Dintero shows of refunds of ours: each is told, and one that told otherwise is followed. Those whose ending is
 * not what was told, or not known yet, are returned.
 */
export async function reportRefunds(
  client: Client,
  shown: readonly OwnRefund[],
): Promise<string[]> {
  const open: string[] = [];
  for (const one of shown) {
    const standing = await standingOf(client, one.reference);
    if (standing.is === 'running') {
      await signalNews(client, standing.workflowId);
      open.push(one.reference);
    } else if (standing.is === 'closed' && (standing.isLost || !isAsTold(standing.record, one))) {
      await recover(client, standing);
      open.push(one.reference);
    }
  }
  return open;
}

/** Whether it is as its workflow told; what still runs will tell. null: Temporal knows no such refund (any more). */
export async function isRefundAsTold(client: Client, shown: OwnRefund): Promise<boolean | null> {
  const standing = await standingOf(client, shown.reference);
  if (standing.is === 'unknown') return null;
  return standing.is === 'running' || (!standing.isLost && isAsTold(standing.record, shown));
}

function isAsTold(
  { outcome, refunded_amount }: RefundRecord,
  { refundedAmount, pending }: OwnRefund,
): boolean {
  if (outcome === 'refunded') return refundedAmount === refunded_amount;
  return refundedAmount === 0 && pending === 0;
}

async function recover(
  client: Client,
  { record, isLost }: Extract<RefundStanding, { is: 'closed' }>,
): Promise<void> {
  const { refund_id: refundId } = record;
  const [own, recovery] = await bothOf(client, refundId);
  const last = recovery ?? own;
  if (last === null) return;
  const events = await historyOf(client, last);
  const { outcome, reason, refunded_amount, because } = record;
  const { policy } = inputIn<RefundInput>(events);
  const input: RefundRecoveryInput =
    last === recovery && isLost
      ? { ...inputIn<RefundRecoveryInput>(events), reads_late_news: true }
      : {
          reads_late_news: true,
          record: reopened(record, policy),
          policy,
          because: isLost ? 'workflow_lost' : 'contradicted',
          former: outcome === null ? null : { outcome, reason, refunded_amount, because },
          event_request_id: memoOf(last)?.event_request_id ?? null,
          may_have_sent: last === recovery || maySent(events, last),
          refund_started_at: last.startTime.getTime(),
        };
  await start(client, input, last.taskQueue);
}

const sendName: keyof Activities = 'refundTransaction';

/** False only where the history shows that the request was never handed to a worker. */
function maySent(events: History, { runId }: Description): boolean {
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  return (
    started?.originalExecutionRunId !== runId ||
    events.some(
      ({ activityTaskScheduledEventAttributes: scheduled }) =>
        scheduled?.activityType?.name === sendName,
    )
  );
}

function reopened(record: RefundRecord, { durations }: ChargePolicy): RefundRecord {
  const now = Date.now();
  const at = new Date(now).toISOString();
  return {
    ...record,
    state: 'checking',
    outcome: null,
    reason: null,
    because: null,
    refunded_amount: null,
    refund_event: null,
    needs_attention: null,
    attention_at: new Date(now + durations.attention).toISOString(),
    state_since: at,
    updated_at: at,
  };
}

async function start(client: Client, input: RefundRecoveryInput, taskQueue: string): Promise<void> {
  const { record, because } = input;
  const memo: RefundMemo = { refund: record, event_request_id: input.event_request_id };
  const { chargeState, storeId, terminalId, saleReference } = searchAttributes;
  try {
    await client.workflow.start(recoverRefundType, {
      workflowId: refundRecoveryWorkflowId(record.refund_id),
      taskQueue,
      args: [input],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      memo: { ...memo },
      staticSummary: `${because}: ${record.refund_id} | ${record.amount} ${record.currency} (minor units) | ${record.terminal_id}`,
      typedSearchAttributes: new TypedSearchAttributes([
        { key: chargeState, value: record.state },
        { key: storeId, value: record.store_id ?? '' },
        { key: terminalId, value: record.terminal_id },
        { key: saleReference, value: record.reference },
      ]),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    // Somebody was faster: it is being recovered, perhaps by a reading that is older than what was found now.
    await signalNews(client, refundRecoveryWorkflowId(record.refund_id));
  }
}

/** Whoever has ended meanwhile is none to tell: then this fails, and is repeated. */
async function signalNews(client: Client, workflowId: string): Promise<void> {
  const report = { error: null, source: 'stray news' };
  await client.workflow.getHandle(workflowId).signal(transactionReported, report);
}

/** Every refund that ended without an outcome (terminated, failed) is recovered. Repeating it is harmless. */
export async function sweepLostRefunds(
  client: Client,
  taskQueue: string,
): Promise<{ lost: number; failures: { chargeId: string; error: unknown }[] }> {
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType IN ('${terminalRefundType}', '${recoverRefundType}') AND ExecutionStatus IN ('Terminated', 'Failed', 'Canceled', 'TimedOut')`;
  const refundIds = new Set<string>();
  for await (const { workflowId } of client.workflow.list({ query })) {
    refundIds.add(workflowId.slice(workflowId.indexOf('/') + 1));
  }
  let lost = 0;
  const failures: { chargeId: string; error: unknown }[] = [];
  for (const refundId of refundIds) {
    try {
      const standing = await standingOf(client, refundId);
      if (standing.is !== 'closed' || !standing.isLost) continue;
      await recover(client, standing);
      lost += 1;
    } catch (error) {
      failures.push({ chargeId: refundId, error });
    }
  }
  return { lost, failures };
}
