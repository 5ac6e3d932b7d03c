/**
 * The schedule of the books, `reconciliation/<task queue>`: each night the business day that has ended is reconciled. Every api makes
 * it when it starts, or brings it up to date with its settings: whoever of them comes last has the last word.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { ScheduleAlreadyRunning, type ScheduleOptions } from '@temporalio/client';
import type { Logger } from 'pino';
import { scheduledReconciliationType, type ScheduledInput } from '../workflows/books.ts';
import type { BooksDeps } from './reports.ts';

/** One per installation: whoever shares the namespace has books of their own. */
export function scheduleIdOf(taskQueue: string): string {
  return `reconciliation/${taskQueue}`;
}

/** Long after midnight, so that what was paid before it has landed, and before the bookkeeper comes. */
const dueHour = 4;
/** While Temporal is down the api serves what it can; the schedule can wait. */
const retryMs = 30_000;
const tryMs = 10_000;

/** Resolves when the schedule stands, or when nobody wants it any more. */
export async function keepSchedule(
  deps: BooksDeps,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { connection } = deps.temporal;
      await connection.withDeadline(Date.now() + tryMs, async () => await makeSchedule(deps));
      log.info(
        { schedule: scheduleIdOf(deps.taskQueue), hour: dueHour, ...deps.zones },
        'The books are scheduled',
      );
      return;
    } catch (err) {
      log.warn({ err }, 'The schedule of the books could not be made: it is tried again');
    }
    await pause(retryMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Makes the schedule, or gives the one that is there our settings; whether it is paused stays as it is. */
export async function makeSchedule(deps: BooksDeps): Promise<void> {
  const { schedule } = deps.temporal.client;
  const options = optionsOf(deps);
  try {
    await schedule.create(options);
  } catch (err) {
    if (!(err instanceof ScheduleAlreadyRunning)) throw err;
    const { spec, action, policies } = options;
    await schedule
      .getHandle(options.scheduleId)
      .update(({ state }) => ({ spec, action, state, ...(policies && { policies }) }));
  }
}

function optionsOf({ taskQueue, policy, zones }: BooksDeps): ScheduleOptions & {
  action: { workflowId: string };
} {
  const input: ScheduledInput = { policy, zones };
  return {
    scheduleId: scheduleIdOf(taskQueue),
    spec: { calendars: [{ hour: dueHour }], timezone: zones.timeZone },
    action: {
      type: 'startWorkflow',
      workflowType: scheduledReconciliationType,
      workflowId: `reconciliation-due/${taskQueue}`,
      taskQueue,
      args: [input],
      staticSummary: 'the books of the day that has ended',
    },
    // A server that was down catches up: each day gets its report, one after the other.
    policies: { overlap: 'BUFFER_ALL', catchupWindow: '14 days' },
  };
}
