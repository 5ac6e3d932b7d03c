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
import { comparedDays, isLastEnded, nextDate } from '../../workflows/business-days.ts';
import { byStore, isByStore } from '../../workflows/books-report.ts';
import { addSums, differenceKey, keyOf, noSum } from '../../workflows/books-sums.ts';

interface Run {
  workflowId: string;
  runId: string;
  /** Its report is closed. */
  isClosed: boolean;
  madeAt: string | null;
  open: number;
}

/** The runs of each day that Temporal remembers; of a day that is closed the one that has closed it. */
async function dayRuns(client: Client, taskQueue: string): Promise<Map<string, Run>> {
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType = '${dayReconciliationType}'`;
  const runs = new Map<string, Run>();
  for await (const { memo, workflowId, runId, status } of client.workflow.list({ query })) {
    const books = memo?.['books'] as BooksMemo | undefined;
    if (books === undefined) continue;
    const { date, made_at: madeAt, open } = books;
    const isClosed = status.name === 'COMPLETED' && books.is_closed;
    // Another run of a closed day has the same report for its result.
    if (isClosed || !runs.has(date)) runs.set(date, { workflowId, runId, isClosed, madeAt, open });
  }
  return runs;
}

async function closedRuns(client: Client, taskQueue: string): Promise<Map<string, Run>> {
  const runs = await dayRuns(client, taskQueue);
  return new Map([...runs].filter(([, { isClosed }]) => isClosed));
}

async function reportOf(client: Client, { workflowId, runId }: Run): Promise<Report> {
  return await client.workflow.result<() => Promise<Report>>(workflowId, runId, {
    followRuns: false,
  });
}

interface OfDay {
  taskQueue: string;
  date: string;
}

/** null: the day's report is not closed, or Temporal has forgotten it. */
export async function closedReport(
  client: Client,
  { taskQueue, date }: OfDay,
): Promise<Report | null> {
  const run = (await closedRuns(client, taskQueue)).get(date);
  return run === undefined ? null : await reportOf(client, run);
}

/** The closed reports of other days around it. */
export async function reportsAround(
  client: Client,
  { taskQueue, date, days }: OfDay & { days: number },
): Promise<Report[]> {
  const reports: Report[] = [];
  for (const [one, run] of await closedRuns(client, taskQueue)) {
    const isNear = one >= nextDate(date, -days) && one <= nextDate(date, days);
    if (isNear && one !== date) reports.push(await reportOf(client, run));
  }
  return reports;
}

/** When the day was read for its closed report; epoch ms. */
export async function closedMadeAt(
  client: Client,
  { taskQueue, date }: OfDay,
): Promise<number | null> {
  const madeAt = (await closedRuns(client, taskQueue)).get(date)?.madeAt;
  return typeof madeAt === 'string' ? Date.parse(madeAt) : null;
}

export interface LookBackAsk {
  date: string;
  zones: Zones;
  /** When the day began; epoch ms. */
  from: number;
  earlier: string[];
}

/** The days before one that its own run looks at. */
export interface LookBack {
  /** Whose report is closed, and may have changed. */
  again: string[];
  /** Without a closed report: theirs was ended from outside, or never begun. */
  missing: string[];
}

/** A look at a closed day. */
export interface Looked {
  date: string;
  startedAt: number;
  /** By a person, not by the run of a later day. */
  isAsked: boolean;
  /** null: it has not ended. */
  madeAt: string | null;
  open: number;
}

export async function daysToLookAt(
  client: Client,
  { taskQueue, ...ask }: LookBackAsk & { taskQueue: string },
): Promise<LookBack> {
  const runs = await dayRuns(client, taskQueue);
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType = '${laterLookType}'`;
  const looks: Looked[] = [];
  for await (const { memo, workflowId, startTime } of client.workflow.list({ query })) {
    const books = memo?.['books'] as BooksMemo | undefined;
    if (books === undefined) continue;
    const { date, made_at: madeAt, open } = books;
    // The looks of a day's own run have longer ids.
    const isAsked = workflowId === laterLookWorkflowId(taskQueue, date);
    looks.push({ date, startedAt: startTime.getTime(), isAsked, madeAt, open });
  }
  return lookBackOf(ask, { runs, looks });
}

/**
 * Pure. Each closed day is looked at by the two that end after it. Runs that were caught up after an outage look at
 * nothing, so the next one that does begins where the last one has stopped. What somebody has had looked at since is
 * looked at too, for what was found there is booked with this day; and so is each day that had undecided money when it
 * was looked at last. A day whose run was lost between others gets its report now.
 */
export function lookBackOf(
  { date, zones, from, earlier }: LookBackAsk,
  {
    runs,
    looks,
  }: {
    runs: ReadonlyMap<string, Pick<Run, 'isClosed' | 'madeAt' | 'open'>>;
    looks: readonly Looked[];
  },
): LookBack {
  const days = daysBefore(date);
  const isClosed = (one: string): boolean => runs.get(one)?.isClosed === true;
  const closed = days.filter(isClosed);
  const last = closed.findLast((one) =>
    isLastEnded(one, zones, Date.parse(runs.get(one)?.madeAt ?? '')),
  );
  const since = Math.min(
    from,
    last === undefined ? from : Date.parse(runs.get(last)?.madeAt ?? ''),
  );
  const isLookedAt = (one: string): boolean =>
    earlier.includes(one) ||
    (last !== undefined && one >= nextDate(last, -1)) ||
    looks.some((look) => look.date === one && look.isAsked && look.startedAt >= since) ||
    openAtLast(one, runs.get(one), looks) > 0;
  return {
    again: closed.filter(isLookedAt),
    missing: days.filter(
      (one) => !isClosed(one) && (runs.has(one) || closed.some((other) => other < one)),
    ),
  };
}

/** All that can still be compared, the oldest first. */
function daysBefore(date: string): string[] {
  return Array.from({ length: comparedDays }, (_, index) => nextDate(date, index - comparedDays));
}

/** Undecided when the day was read last. */
function openAtLast(
  date: string,
  run: Pick<Run, 'madeAt' | 'open'> | undefined,
  looks: readonly Looked[],
): number {
  const reads = [...(run === undefined ? [] : [run]), ...looks.filter((one) => one.date === date)]
    .filter(({ madeAt }) => madeAt !== null)
    .toSorted((a, b) => ((a.madeAt ?? '') < (b.madeAt ?? '') ? -1 : 1));
  return reads.at(-1)?.open ?? 0;
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
