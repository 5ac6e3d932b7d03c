/** What became of a charge, asked of Temporal itself, and the start of its recovery when its own workflow is gone. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import {
  arrayFromPayloads,
  defaultPayloadConverter,
  TypedSearchAttributes,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import {
  cancel,
  chargeWorkflowId,
  recoverChargeType,
  recoveryWorkflowId,
  searchAttributes,
  searchState,
  terminalChargeType,
  transactionReported,
  type ChargeInput,
  type ChargeMemo,
  type ChargeRecord,
  type RecoveryInput,
} from '../workflows/messages.ts';
import type { Activities } from './index.ts';
import { describe, isClosed, type Description } from './temporal.ts';

/** Whom a charge can be asked of. */
export type Standing =
  /** Temporal knows nothing of it: that proves nothing about money. */
  | { is: 'unknown' }
  | { is: 'running'; workflowId: string }
  | { is: 'closed'; record: ChargeRecord; isLost: boolean };

/** The charge's own workflow, or the recovery that has taken its place. */
export async function readStanding(client: Client, chargeId: string): Promise<Standing> {
  const [own, recovery] = await bothOf(client, chargeId);
  for (const one of [own, recovery]) {
    if (one !== null && !isClosed(one)) return { is: 'running', workflowId: one.workflowId };
  }
  const last = recovery ?? own;
  if (last === null) return { is: 'unknown' };
  const { charge: record } = last.memo as unknown as ChargeMemo;
  // A recovery that was ended from outside has not finished what it was started for, whatever its memo still says.
  const isLost = last === recovery ? last.status.name !== 'COMPLETED' : record.outcome === null;
  return { is: 'closed', record, isLost };
}

async function bothOf(
  client: Client,
  chargeId: string,
): Promise<[Description | null, Description | null]> {
  return await Promise.all([
    describe(client, chargeWorkflowId(chargeId)),
    describe(client, recoveryWorkflowId(chargeId)),
  ]);
}

export interface Recover {
  chargeId: string;
  because: RecoveryInput['because'];
  /** The session that contradicting news has named. */
  sessionId: string | null;
}

/**
 * Starts `recovery/<charge_id>`, or tells whoever follows the charge already that there is news. False: Temporal does
 * not know the charge.
 */
export async function startRecovery(client: Client, ask: Recover): Promise<boolean> {
  const standing = await readStanding(client, ask.chargeId);
  if (standing.is === 'unknown') return false;
  if (standing.is === 'running') {
    const report = { error: null, source: 'stray news' };
    await client.workflow.getHandle(standing.workflowId).signal(transactionReported, report);
    return true;
  }
  const origin = await originOf(client, ask.chargeId);
  const isLost = ask.because === 'workflow_lost';
  const record =
    isLost || standing.record.outcome === 'not_charged'
      ? reopened(standing.record, origin.policy)
      : standing.record;
  const input: RecoveryInput = {
    ...origin,
    record,
    former: standing.record.outcome,
    because: ask.because,
    session_id: ask.sessionId ?? origin.session_id,
    // What was found after a charge had told that there is none is given back.
    is_cancel_requested: isLost
      ? origin.is_cancel_requested
      : standing.record.outcome === 'not_charged',
  };
  await start(client, input, origin.taskQueue);
  return true;
}

function reopened(record: ChargeRecord, { durations }: RecoveryInput['policy']): ChargeRecord {
  const now = Date.now();
  return {
    ...record,
    state: 'checking',
    outcome: null,
    reason: null,
    captured_amount: null,
    needs_attention: null,
    case_kind: null,
    state_since: new Date(now).toISOString(),
    updated_at: new Date(now).toISOString(),
    attention_at: new Date(now + durations.attention).toISOString(),
  };
}

async function start(client: Client, input: RecoveryInput, taskQueue: string): Promise<void> {
  const { record, because } = input;
  const memo: ChargeMemo = { charge: record, session_id: input.session_id };
  const { chargeState, storeId, terminalId, saleReference } = searchAttributes;
  try {
    await client.workflow.start(recoverChargeType, {
      workflowId: recoveryWorkflowId(record.charge_id),
      taskQueue,
      args: [input],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      memo: { ...memo },
      staticSummary: `${because}: ${record.charge_id} | ${record.amount ?? '?'} ${record.currency ?? ''} (minor units) | ${record.terminal_id ?? ''}`,
      typedSearchAttributes: new TypedSearchAttributes([
        { key: chargeState, value: searchState(record.state) },
        { key: storeId, value: record.store_id ?? '' },
        { key: terminalId, value: record.terminal_id ?? '' },
        { key: saleReference, value: record.reference },
      ]),
    });
  } catch (error) {
    // Somebody was faster: it is being recovered.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

type Origin = Omit<RecoveryInput, 'record' | 'because' | 'former'> & { taskQueue: string };
type History = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

/** What only the history knows: the rules it was started with, and what was sent or ordered before it ended. */
async function originOf(client: Client, chargeId: string): Promise<Origin> {
  const [own, recovery] = await bothOf(client, chargeId);
  const last = own ?? recovery;
  if (last === null) throw new Error(`Charge ${chargeId} was there and is not any more`);
  const handle = client.workflow.getHandle(last.workflowId, last.runId);
  const events = (await handle.fetchHistory()).events ?? [];
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  const [input] = decoded(started?.input?.payloads) as [ChargeInput | RecoveryInput];
  const { session_id } = last.memo as unknown as ChargeMemo;
  const { taskQueue } = last;
  if (own === null) return { ...(input as RecoveryInput), taskQueue };
  const isReset = started?.originalExecutionRunId !== last.runId;
  return {
    session_id: session_id ?? createdSession(events),
    charge_started_at: last.startTime.getTime(),
    may_have_prompted: isReset || createsIn(events).size > 0,
    is_cancel_requested: input.record.state === 'cancelling' || isCancelOrdered(events),
    policy: input.policy,
    taskQueue,
  };
}

const createName: keyof Activities = 'createSession';

/** Event ids under which the session's create was scheduled. */
function createsIn(events: History): Set<string> {
  const creates = events.filter(
    ({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === createName,
  );
  return new Set(creates.map(({ eventId }) => String(eventId)));
}

/** The create's answer, if it came back before the end and was not published any more. */
function createdSession(events: History): string | null {
  const creates = createsIn(events);
  for (const { activityTaskCompletedEventAttributes: completed } of events) {
    if (!creates.has(String(completed?.scheduledEventId))) continue;
    const [answer] = decoded(completed?.result?.payloads) as [{ sessionId: string }];
    return answer.sessionId;
  }
  return null;
}

function isCancelOrdered(events: History): boolean {
  return events.some(
    ({
      workflowExecutionUpdateAcceptedEventAttributes: update,
      workflowExecutionCancelRequestedEventAttributes: cancelled,
    }) =>
      update?.acceptedRequest?.input?.name === cancel.name ||
      (cancelled !== null && cancelled !== undefined),
  );
}

function decoded(payloads: Parameters<typeof arrayFromPayloads>[1]): unknown[] {
  return arrayFromPayloads(defaultPayloadConverter, payloads);
}

/**
 * The sweep: every charge that ended without an outcome (terminated, failed) is recovered. Repeating it is harmless;
 * a charge that was recovered costs two looks. Returns how many were lost.
 */
export async function sweepLostCharges(client: Client, taskQueue: string): Promise<number> {
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType IN ('${terminalChargeType}', '${recoverChargeType}') AND ExecutionStatus IN ('Terminated', 'Failed', 'Canceled', 'TimedOut')`;
  const chargeIds = new Set<string>();
  for await (const { workflowId } of client.workflow.list({ query })) {
    chargeIds.add(workflowId.slice(workflowId.indexOf('/') + 1));
  }
  let lost = 0;
  for (const chargeId of chargeIds) {
    const standing = await readStanding(client, chargeId);
    if (standing.is !== 'closed' || !standing.isLost) continue;
    // The memo of a recovery that was ended shows an ending only if that ending was contradicted.
    const because = standing.record.outcome === null ? 'workflow_lost' : 'contradicted';
    await startRecovery(client, { chargeId, because, sessionId: null });
    lost += 1;
  }
  return lost;
}
