/** What became of a charge, asked of Temporal itself, and the start of its recovery when its own workflow is gone. */
import type { Client } from '@temporalio/client';
import {
  TypedSearchAttributes,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/common';
import {
  caseWorkflowId,
  chargeWorkflowId,
  recoverChargeType,
  recoveryWorkflowId,
  searchAttributes,
  searchState,
  transactionReported,
  type CaseRecord,
  type ChargeInput,
  type ChargeMemo,
  type ChargeRecord,
  type RecoveryInput,
} from '../workflows/messages.ts';
import type { Word } from '../workflows/hold.ts';
import type { Activities } from './index.ts';
import { decoded, isCancelOrdered, wordIn, type History } from './ordered.ts';
import { describe, isClosed, type Description } from './temporal.ts';

/** Whom a charge can be asked of. */
export type Standing =
  /** Temporal knows nothing of it: that proves nothing about money. */
  | { is: 'unknown' }
  /** `transactionId`: the payment that it has seen and follows. */
  | { is: 'running'; workflowId: string; transactionId: string | null }
  /** `refundedAmount`: what its case was settled by; absent in histories of the first release. */
  | { is: 'closed'; record: ChargeRecord; isLost: boolean; refundedAmount?: number };

/** The charge's own workflow, or the recovery that has taken its place. */
export async function readStanding(client: Client, chargeId: string): Promise<Standing> {
  const [own, recovery] = await bothOf(client, chargeId);
  const running = [own, recovery].find((one) => one !== null && !isClosed(one));
  if (running !== undefined && running !== null) {
    const transactionId = recordOf(running)?.transaction_id ?? null;
    return { is: 'running', workflowId: running.workflowId, transactionId };
  }
  const last = recovery ?? own;
  const record = last === null ? null : recordOf(last);
  // Something that carries the id and was not started by us is no charge of ours.
  if (last === null || record === null) return { is: 'unknown' };
  // A recovery that was ended from outside has not finished what it was started for, whatever its memo still says.
  const isLost = last === recovery ? last.status.name !== 'COMPLETED' : record.outcome === null;
  return { is: 'closed', record, isLost, refundedAmount: await refundedBy(client, record) };
}

function recordOf({ memo }: Description): ChargeRecord | null {
  return (memo as Partial<ChargeMemo> | undefined)?.charge ?? null;
}

/** The charge's own workflow, and its recovery unless a reset has made a newer run since, which speaks for itself. */
async function bothOf(
  client: Client,
  chargeId: string,
): Promise<[Description | null, Description | null]> {
  const [own, recovery] = await Promise.all([
    describe(client, chargeWorkflowId(chargeId)),
    describe(client, recoveryWorkflowId(chargeId)),
  ]);
  const isOutdated =
    own !== null && recovery !== null && isClosed(recovery) && recovery.startTime < own.startTime;
  return [own, isOutdated ? null : recovery];
}

export interface Recover {
  chargeId: string;
  because: RecoveryInput['because'];
  /** The session that contradicting news has named. */
  sessionId: string | null;
  /** An operator's order: who and why, in words. */
  askedBy?: string;
}

/** Whoever has ended meanwhile did not hear of it: then a recovery is started after all. */
async function tellNews(client: Client, workflowId: string, ask: Recover): Promise<boolean> {
  const report = { error: null, source: 'stray news' };
  try {
    await client.workflow.getHandle(workflowId).signal(transactionReported, report);
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return await startRecovery(client, ask);
    throw error;
  }
}

/**
 * Starts `recovery/<charge_id>`, or tells whoever follows the charge already that there is news. False: Temporal does
 * not know the charge.
 */
export async function startRecovery(client: Client, ask: Recover): Promise<boolean> {
  const standing = await readStanding(client, ask.chargeId);
  if (standing.is === 'unknown') return false;
  if (standing.is === 'running') {
    return await tellNews(client, standing.workflowId, ask);
  }
  // Somebody was faster.
  if (ask.because === 'workflow_lost' && !standing.isLost) return true;
  const origin = await originOf(client, ask.chargeId);
  const interrupted = standing.isLost ? origin.recovery : null;
  if (interrupted !== null) {
    const record = reopened(standing.record, interrupted.policy, origin.word);
    await start(client, { ...interrupted, ...askedBy(ask), record }, origin.taskQueue);
    return true;
  }
  const isLost = ask.because === 'workflow_lost';
  const { taskQueue, recovery: _before, word, ...known } = origin;
  const input: RecoveryInput = {
    ...known,
    ...askedBy(ask),
    record: reopened(standing.record, origin.policy, word),
    former: standing.record.outcome,
    former_reason: standing.record.reason,
    former_case: standing.record.case_kind,
    ...(await settledBy(client, standing.record)),
    because: ask.because,
    // A lost charge is followed where it stood; contradicting news names where to look.
    session_id: isLost
      ? (origin.session_id ?? ask.sessionId)
      : (ask.sessionId ?? origin.session_id),
    // What was found after a charge had told that there is none is given back; what the till kept is wanted.
    is_cancel_requested:
      standing.record.outcome === 'not_charged' ||
      (origin.is_cancel_requested && !(await isKept(client, standing.record))),
  };
  await start(client, input, taskQueue);
  return true;
}

function askedBy({ askedBy: by }: Recover): Pick<RecoveryInput, 'asked_by'> {
  return by === undefined ? {} : { asked_by: by };
}

async function isKept(client: Client, record: ChargeRecord): Promise<boolean> {
  return (await caseOf(client, record))?.settled_as === 'kept';
}

async function settledBy(
  client: Client,
  record: ChargeRecord,
): Promise<Pick<RecoveryInput, 'settled_by_refund_of'>> {
  const about = record.case_kind === null ? undefined : await caseOf(client, record);
  const isSettled = about !== undefined && about.settled_at !== null;
  return isSettled ? { settled_by_refund_of: outsideOf(about) } : {};
}

async function refundedBy(client: Client, record: ChargeRecord): Promise<number> {
  if (record.case_kind === null) return 0;
  const about = await caseOf(client, record);
  return about === undefined ? 0 : outsideOf(about);
}

/** What a case was settled by, without the refunds of this service. */
function outsideOf({ refunded_amount = 0, refunded_outside_amount: outside }: CaseRecord): number {
  return outside ?? refunded_amount ?? 0;
}

async function caseOf(
  client: Client,
  { transaction_id }: ChargeRecord,
): Promise<CaseRecord | undefined> {
  if (transaction_id === null) return undefined;
  const found = await describe(client, caseWorkflowId(transaction_id));
  return found?.memo?.['case'] as CaseRecord | undefined;
}

function reopened(
  record: ChargeRecord,
  { durations }: RecoveryInput['policy'],
  word: Word | null,
): ChargeRecord {
  const now = Date.now();
  return {
    ...record,
    ...(record.capture === undefined ? {} : { word: record.word ?? word }),
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

type Origin = Omit<RecoveryInput, 'record' | 'because' | 'former' | 'former_case'> & {
  taskQueue: string;
  /** What the last recovery was started with, if there was one. */
  recovery: RecoveryInput | null;
  /** What was said of money that it held, and did not come to its memo any more. */
  word: Word | null;
};

/** What only histories know: the rules it was started with, and what was sent or ordered before it ended. */
async function originOf(client: Client, chargeId: string): Promise<Origin> {
  const [own, last] = await bothOf(client, chargeId);
  const recovery = last === null ? null : await lastKnownBy(client, last);
  if (own === null) {
    // Temporal has forgotten the charge itself, so there was a recovery.
    if (last === null || recovery === null) throw new Error(`Charge ${chargeId} is gone`);
    return { ...recovery, recovery, word: null, taskQueue: last.taskQueue };
  }
  const events = await historyOf(client, own);
  const { record, policy } = inputIn<ChargeInput>(events);
  const { session_id } = own.memo as unknown as ChargeMemo;
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  const isReset = started?.originalExecutionRunId !== own.runId;
  return {
    session_id: session_id ?? createdSession(events),
    charge_started_at: own.startTime.getTime(),
    may_have_prompted: isReset || createsIn(events).size > 0,
    is_cancel_requested: record.state === 'cancelling' || isCancelOrdered(events),
    policy,
    recovery,
    word: wordIn(events),
    taskQueue: own.taskQueue,
  };
}

/** A recovery's input, with what it has learned and was ordered since. */
async function lastKnownBy(client: Client, last: Description): Promise<RecoveryInput> {
  const events = await historyOf(client, last);
  const input = inputIn<RecoveryInput>(events);
  const { session_id } = last.memo as unknown as ChargeMemo;
  return {
    ...input,
    session_id: session_id ?? input.session_id,
    is_cancel_requested: input.is_cancel_requested || isCancelOrdered(events),
  };
}

export async function historyOf(
  client: Client,
  { workflowId, runId }: Description,
): Promise<History> {
  return (await client.workflow.getHandle(workflowId, runId).fetchHistory()).events ?? [];
}

export function inputIn<Input>(events: History): Input {
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  return decoded(started?.input?.payloads)[0] as Input;
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
