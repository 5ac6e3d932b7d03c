/**
 * The books as the api knows them: a day's report is the result of its workflow, so it is read without a worker. A
 * closed report never changes; ordering it again looks at the day once more, and what is found is booked in the next.
 */
import { WorkflowNotFoundError } from '@temporalio/common';
import {
  dayReconciliationType,
  firstMemo,
  laterLookType,
  laterLookWorkflowId,
  reconciliationWorkflowId,
  type BooksInput,
  type BooksMemo,
  type LaterLook,
  type Report,
  type Zones,
} from '../workflows/books.ts';
import { comparedDays, dateAt, nextDate } from '../workflows/business-days.ts';
import type { ChargePolicy } from '../workflows/policy.ts';
import { executionStatus, isClosed } from './reading.ts';
import { invalidRequest } from './request.ts';
import type { Temporal } from './temporal.ts';

export interface BooksDeps {
  temporal: Temporal;
  taskQueue: string;
  policy: ChargePolicy;
  zones: Zones;
}

/** `being_made`: its run goes on; ask again. */
export type DayBooks =
  | { is: 'made'; report: Report }
  | { is: 'being_made' }
  | { is: 'unknown' }
  /** Its run was ended from outside. */
  | { is: 'broken' };

interface Look {
  status: number;
  runId: string;
  memo: BooksMemo | undefined;
}

export async function readBooks(
  { temporal, taskQueue }: BooksDeps,
  date: string,
): Promise<DayBooks> {
  const workflowId = reconciliationWorkflowId(taskQueue, date);
  const look = await lookAt(temporal, workflowId);
  if (look === null) return { is: 'unknown' };
  if (!isClosed(look.status)) return { is: 'being_made' };
  if (look.status !== executionStatus.completed) return { is: 'broken' };
  const { workflow } = temporal.client;
  const report = await workflow.result<() => Promise<Report>>(workflowId, look.runId, {
    followRuns: false,
  });
  return { is: 'made', report };
}

export interface Ordered {
  date: string;
  workflowId: string;
  /** Of the day itself, or of the look at a day whose report is closed. */
  of: 'report' | 'later_look';
}

/** Starts the run of the day, or joins the one that is under way. */
export async function orderBooks(
  deps: BooksDeps,
  { date = yesterday(deps.zones), by }: { date?: string; by: string },
): Promise<Ordered> {
  assertKnown(date, deps.zones);
  const { temporal, taskQueue, policy, zones } = deps;
  const day = await lookAt(temporal, reconciliationWorkflowId(taskQueue, date));
  const isMade = day?.status === executionStatus.completed && day.memo?.is_closed === true;
  const workflowIdOf = isMade ? laterLookWorkflowId : reconciliationWorkflowId;
  const workflowId = workflowIdOf(taskQueue, date);
  const input: BooksInput = { date, zones, policy, by };
  await temporal.client.workflow.start(isMade ? laterLookType : dayReconciliationType, {
    workflowId,
    taskQueue,
    args: [input],
    memo: { books: firstMemo(date, by) },
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: `the books of ${date}, ordered by ${by}`,
  });
  return { date, workflowId, of: isMade ? 'later_look' : 'report' };
}

/** Waits for what was ordered; null: it goes on. */
export async function awaitBooks(
  { temporal }: BooksDeps,
  { workflowId }: Ordered,
  ms: number,
): Promise<Report | LaterLook | null> {
  if (ms === 0) return null;
  const { client, connection } = temporal.waiting;
  const gone = new AbortController();
  const timer = setTimeout(() => gone.abort(), ms);
  try {
    return await connection.withAbortSignal(
      gone.signal,
      async () => await client.workflow.result<() => Promise<Report | LaterLook>>(workflowId),
    );
  } catch (err) {
    if (gone.signal.aborted) return null;
    throw err;
  } finally {
    clearTimeout(timer);
  }
}

function yesterday({ timeZone }: Zones): string {
  return nextDate(dateAt(Date.now(), timeZone), -1);
}

function assertKnown(date: string, { timeZone }: Zones): void {
  const today = dateAt(Date.now(), timeZone);
  const problem =
    date > today
      ? `has not begun: it is ${today} there`
      : date < nextDate(today, -comparedDays)
        ? `is too long ago: Temporal may have forgotten its charges, and each would look like an orphan`
        : null;
  if (problem === null) return;
  const hint = `Send a date of the last ${comparedDays} days`;
  throw invalidRequest([{ field: 'date', problem, hint }]);
}

async function lookAt({ client }: Temporal, workflowId: string): Promise<Look | null> {
  try {
    const { status, runId, memo } = await client.workflow.getHandle(workflowId).describe();
    return { status: status.code, runId, memo: memo?.['books'] as BooksMemo | undefined };
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return null;
    throw err;
  }
}
