/**
 * A command to a device, `operation/<terminal_id>/<operation_id>`: the end of its day, its logs, an update, its menu. It
 * takes the terminal's lease first, so that no sale or refund asks for a card meanwhile. One key names it at Dintero, so
 * whatever is lost is sent again; a terminal that is busy with another operation is waited for as Dintero says. It ends
 * with the device's answer, or says that there is none.
 */
import { proxyActivities, setCurrentDetails, sleep, upsertMemo } from '@temporalio/workflow';
import type { Activities, OperationFacts } from '../activities/index.ts';
import { failureOf, moves, type Failed } from './dintero-calls.ts';
import { readStartToClose, readTimeoutMs } from './dintero-reads.ts';
import type { Durations } from './policy.ts';
import { takeTerminal, type Lease } from './terminal-lease.ts';
import {
  isEnded,
  type OperationInput,
  type OperationRecord,
  type OperationState,
} from './terminal-operations.ts';

/** A command at work; the workflow is its only writer. */
interface Running {
  record: OperationRecord;
  input: OperationInput;
}

export async function terminalOperation(input: OperationInput): Promise<OperationRecord> {
  const running: Running = { record: input.record, input };
  const { terminal_id, operation_id } = input.record;
  show(running, {});
  const lease = await takeTerminal({
    record: { terminal_id, charge_id: `${terminal_id}/${operation_id}` },
    situation: { heldSince: null, policy: input.policy },
  });
  if (!lease.isHeld) {
    const held_by = lease.heldBy;
    show(running, {
      ...ended(
        'terminal_busy',
        `The terminal is held by ${held_by ?? 'another'}: nothing was sent.`,
      ),
      held_by,
    });
    return running.record;
  }
  const dinteroId = await send(running);
  if (dinteroId !== null) await follow(running, { dinteroId, lease });
  await lease.endAtClose();
  return running.record;
}

/** Long enough for another operation to end, and for Dintero to come back; then a person sends it again. */
const sendForDeadlines = 2;
/** While the device works no sale shall disturb it. One that is silent for longer than a customer may take is let go. */
const holdForDeadlines = 1;
/** Dintero itself says TIMEOUT when the device is silent; this only ends our asking. */
const followForDeadlines = 5;

/** Dintero's id of it; null: it has ended here. */
async function send(running: Running): Promise<string | null> {
  const { key, policy } = running.input;
  const { durations } = policy;
  const { terminal_id: terminalId, operation } = running.record;
  const { startOperation } = proxyActivities<Activities>({
    ...moves(durations),
    summary: `Send ${operation}`,
  });
  const giveUpAt = Date.now() + sendForDeadlines * durations.deadline;
  for (;;) {
    try {
      const timeoutMs = durations.httpTimeout;
      const { dinteroId } = await startOperation({ terminalId, operation, key, timeoutMs });
      show(running, {
        state: 'sent',
        text: 'Dintero has sent it to the terminal.',
        dintero_id: dinteroId,
      });
      return dinteroId;
    } catch (error) {
      const failed = failureOf(error);
      const waitMs = Math.max(failed.retryAfterMs, durations.pollMin);
      const ending = endingOf(failed, Date.now() + waitMs > giveUpAt);
      if (ending !== null) {
        show(running, ended(ending, `${failed.message}.`));
        return null;
      }
      show(running, { text: `${failed.message}. It is sent again.` });
      await sleep(waitMs, { summary: 'Until it is sent again, under the same key' });
    }
  }
}

/** What a failed sending means, if it is the last; null: it is sent again. */
function endingOf({ type }: Failed, isLast: boolean): OperationState | null {
  switch (type) {
    case 'DinteroRejected':
    case 'DinteroUnauthorized':
    case 'DinteroNotFound':
      return 'refused';
    case 'DinteroRateLimited':
      return isLast ? 'terminal_busy' : null;
    case 'DinteroUnavailable':
    case 'OutcomeUnknown':
    case 'DinteroUnreadable':
    case 'TimedOut':
      return isLast ? 'unclear' : null;
  }
}

async function follow(
  running: Running,
  { dinteroId, lease }: { dinteroId: string; lease: Lease },
): Promise<void> {
  const { durations } = running.input.policy;
  const sentAt = Date.now();
  for (let pauseMs = durations.pollMin / 2; !isEnded(running.record);) {
    await sleep(Math.max(1, Math.round(pauseMs)), { summary: 'Until the operation is read again' });
    pauseMs = Math.min(pauseMs * 1.5, 10 * durations.pollMin);
    const facts = await read(running, { dinteroId, durations });
    const ageMs = Date.now() - sentAt;
    if (ageMs > holdForDeadlines * durations.deadline) await lease.release();
    if (facts !== null) note(running, facts);
    if (!isEnded(running.record) && ageMs > followForDeadlines * durations.deadline) {
      show(running, ended('unclear', 'Dintero does not say how it ended.'));
    }
  }
}

/** null: it could not be read, which says nothing. */
async function read(
  { record }: Running,
  { dinteroId, durations }: { dinteroId: string; durations: Durations },
): Promise<OperationFacts | null> {
  const { readOperation } = proxyActivities<Activities>({
    startToCloseTimeout: readStartToClose,
    scheduleToCloseTimeout: Math.max(1000, durations.deadline),
    // The workflow's own timer is the only retry.
    retry: { maximumAttempts: 1 },
    summary: 'How does the operation stand?',
  });
  const { terminal_id: terminalId } = record;
  try {
    return await readOperation({ terminalId, dinteroId, timeoutMs: readTimeoutMs });
  } catch (error) {
    failureOf(error);
    return null;
  }
}

function note(running: Running, { status, totals }: OperationFacts): void {
  switch (status) {
    case 'completed':
      return show(running, { ...ended('completed', 'The terminal has done it.'), totals });
    case 'failed':
      return show(running, ended('failed', 'The terminal could not do it.'));
    case 'timeout':
      return show(running, ended('timeout', 'The terminal did not answer Dintero in time.'));
    case 'pending':
    case 'unknown':
      return;
  }
}

function ended(state: OperationState, text: string): Partial<OperationRecord> {
  return { state, text };
}

/** The memo is what the api reads; the details are for whoever looks into Temporal. */
function show(running: Running, changes: Partial<OperationRecord>): void {
  const isChanged = Object.keys(changes).length > 0;
  if (isChanged) {
    running.record = { ...running.record, ...changes, updated_at: new Date().toISOString() };
    upsertMemo({ operation: running.record });
  }
  const { operation, terminal_id, state, text, ordered_by } = running.record;
  setCurrentDetails(
    `**${operation}** on ${terminal_id}, ordered by ${ordered_by}: **${state}**. ${text}`,
  );
}
