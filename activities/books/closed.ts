/** Reports that are closed: the results of the runs that made them. They are read, and never made again. */
import type { Client } from '@temporalio/client';
import {
  dayReconciliationType,
  laterLookType,
  laterLookWorkflowId,
  type BooksMemo,
  type Correction,
  type Difference,
  type Report,
  type TerminalBooks,
  type Zones,
} from '../../workflows/books.ts';
import { isLastEnded, nextDate } from '../../workflows/business-days.ts';
import { byStore, isByStore } from '../../workflows/books-report.ts';
import { addSums, differenceKey, keyOf, noSum } from '../../workflows/books-sums.ts';

interface Run {
  workflowId: string;
  runId: string;
  madeAt: string | null;
}

/** The runs that have closed a day, by their day. */
async function closedRuns(client: Client, taskQueue: string): Promise<Map<string, Run>> {
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType = '${dayReconciliationType}' AND ExecutionStatus = 'Completed'`;
  const runs = new Map<string, Run>();
  for await (const { memo, workflowId, runId } of client.workflow.list({ query })) {
    const books = memo?.['books'] as BooksMemo | undefined;
    // Another run of a closed day has the same report for its result.
    if (books?.is_closed !== true) continue;
    runs.set(books.date, { workflowId, runId, madeAt: books.made_at });
  }
  return runs;
}

async function reportOf(client: Client, { workflowId, runId }: Run): Promise<Report> {
  return await client.workflow.result<() => Promise<Report>>(workflowId, runId, {
    followRuns: false,
  });
}

/** null: the day's report is not closed, or Temporal has forgotten it. */
export async function closedReport(
  client: Client,
  { taskQueue, date }: { taskQueue: string; date: string },
): Promise<Report | null> {
  const run = (await closedRuns(client, taskQueue)).get(date);
  return run === undefined ? null : await reportOf(client, run);
}

export interface LookBackAsk {
  date: string;
  zones: Zones;
  /** When the day began; epoch ms. */
  from: number;
  earlier: string[];
}

/**
 * The closed days that a day's own run looks at again: those before it, and those that somebody has had looked at since,
 * for what was found there is booked with this day.
 */
export async function daysToLookAt(
  client: Client,
  { taskQueue, ...ask }: LookBackAsk & { taskQueue: string },
): Promise<string[]> {
  const { since, dates } = lookBackOf(ask, await closedRuns(client, taskQueue));
  const at = new Date(since).toISOString();
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType = '${laterLookType}' AND StartTime >= '${at}'`;
  for await (const { memo, workflowId } of client.workflow.list({ query })) {
    const date = (memo?.['books'] as BooksMemo | undefined)?.date;
    // The looks of a day's own run have longer ids.
    const isAsked = date !== undefined && workflowId === laterLookWorkflowId(taskQueue, date);
    if (isAsked && date < ask.date) dates.add(date);
  }
  return [...dates].toSorted();
}

/**
 * Pure: each closed day is looked at by the two that end after it. Runs that were caught up after an outage look at
 * nothing, so the next one that does begins where the last one has stopped.
 */
export function lookBackOf(
  { date, zones, from, earlier }: LookBackAsk,
  runs: ReadonlyMap<string, { madeAt: string | null }>,
): { since: number; dates: Set<string> } {
  const dates = new Set(earlier);
  const closed = [...runs.keys()].filter((one) => one < date).toSorted();
  const last = closed.findLast((one) => {
    const madeAt = Date.parse(runs.get(one)?.madeAt ?? '');
    return isLastEnded(one, zones, madeAt);
  });
  if (last === undefined) return { since: from, dates };
  for (const one of closed) if (one >= nextDate(last, -1)) dates.add(one);
  const since = Math.min(from, Date.parse(runs.get(last)?.madeAt ?? ''));
  return { since, dates };
}

export interface LateAsk {
  date: string;
  terminals: TerminalBooks[];
  differences: Difference[];
}

export interface Late {
  /** False: there is no closed report that anything could be late for. */
  isKnown: boolean;
  corrections: Correction[];
  differences: Difference[];
}

/** What a day that was read again has become since its report: what no report has booked or found yet. */
export async function readLate(
  client: Client,
  { taskQueue, ...ask }: LateAsk & { taskQueue: string },
): Promise<Late> {
  const runs = await closedRuns(client, taskQueue);
  const own = runs.get(ask.date);
  if (own === undefined) return { isKnown: false, corrections: [], differences: [] };
  const since: Report[] = [];
  for (const [date, run] of runs) {
    if (date > ask.date) since.push(await reportOf(client, run));
  }
  return { isKnown: true, ...lateOf(ask, await reportOf(client, own), since) };
}

/** Pure: the day as it is now, less what its report and those after it have told. */
export function lateOf(
  { date, terminals, differences }: LateAsk,
  closed: Pick<Report, 'terminals' | 'differences'>,
  since: readonly Pick<Report, 'corrections' | 'differences' | 'late'>[],
): Omit<Late, 'isKnown'> {
  const booked = [
    ...closed.terminals,
    ...since.flatMap(({ corrections }) => corrections.filter(({ of_date }) => of_date === date)),
  ];
  const sums = new Map<string, Correction>();
  const add = (row: Omit<Correction, 'of_date'>, sign: 1 | -1): void => {
    const { store_id, terminal_id, currency } = row;
    const sum = sums.get(keyOf(row)) ?? {
      of_date: date,
      store_id,
      terminal_id,
      currency,
      captured: noSum,
      refunded: noSum,
    };
    sums.set(keyOf(row), {
      ...sum,
      captured: addSums(sum.captured, row.captured, sign),
      refunded: addSums(sum.refunded, row.refunded, sign),
    });
  };
  const now = isByStore(closed.terminals) ? byStore(terminals) : terminals;
  for (const row of now) add(row, 1);
  for (const row of booked) add(row, -1);
  const told = new Set(
    [closed.differences, ...since.flatMap((one) => [one.differences, one.late])]
      .flat()
      .map(differenceKey),
  );
  return {
    corrections: [...sums.values()].filter(({ captured, refunded }) =>
      [captured.count, captured.amount, refunded.count, refunded.amount].some((one) => one !== 0),
    ),
    differences: differences.filter((one) => !told.has(differenceKey(one))),
  };
}
