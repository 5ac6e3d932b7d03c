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
} from '../../workflows/books.ts';
import { byStore, isByStore } from '../../workflows/books-report.ts';
import { addSums, keyOf, noSum } from '../../workflows/books-sums.ts';

interface Run {
  workflowId: string;
  runId: string;
}

/** The runs that have closed a day, by their day. */
async function closedRuns(client: Client, taskQueue: string): Promise<Map<string, Run>> {
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType = '${dayReconciliationType}' AND ExecutionStatus = 'Completed'`;
  const runs = new Map<string, Run>();
  for await (const { memo, workflowId, runId } of client.workflow.list({ query })) {
    const books = memo?.['books'] as BooksMemo | undefined;
    // Another run of a closed day has the same report for its result.
    if (books?.is_closed === true) runs.set(books.date, { workflowId, runId });
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

/** The closed days that somebody has had looked at since: what was found there is booked with this day. */
export async function daysAskedFor(
  client: Client,
  { taskQueue, since }: { taskQueue: string; since: number },
): Promise<string[]> {
  const at = new Date(since).toISOString();
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType = '${laterLookType}' AND StartTime >= '${at}'`;
  const dates = new Set<string>();
  for await (const { memo, workflowId } of client.workflow.list({ query })) {
    const date = (memo?.['books'] as BooksMemo | undefined)?.date;
    // The looks of a day's own run have longer ids.
    if (date !== undefined && workflowId === laterLookWorkflowId(date)) dates.add(date);
  }
  return [...dates].toSorted();
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
  since: readonly Pick<Report, 'corrections' | 'late'>[],
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
    [closed.differences, ...since.map(({ late }) => late)].flat().map(differenceKey),
  );
  return {
    corrections: [...sums.values()].filter(({ captured, refunded }) =>
      [captured.count, captured.amount, refunded.count, refunded.amount].some((one) => one !== 0),
    ),
    differences: differences.filter((one) => !told.has(differenceKey(one))),
  };
}

function differenceKey({ kind, transaction_id }: Difference): string {
  return `${kind} ${transaction_id}`;
}
