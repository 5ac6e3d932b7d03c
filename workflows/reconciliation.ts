/**
 * Reconciliation of one business day, `reconciliation/<task queue>/<date>`: every payment that Dintero made on it, and every charge
 * that told of one, compared both ways in parts of some hours. What differs is handed to whoever follows such things
 * (stray, recovery, case). Its result is the day's report. The work is done inside activities, so that the history of a
 * day of 100,000 charges has the size of its totals. A closed report never changes: the two days before are read again,
 * and what changed in them since is booked here.
 */
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import {
  executeChild,
  proxyActivities,
  setCurrentDetails,
  sleep,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import {
  laterLookWorkflowId,
  reconciliationWorkflowId,
  type BooksInput,
  type BooksMemo,
  type Difference,
  type LaterLook,
  type Part,
  type Report,
  type ScheduledInput,
} from './books.ts';
import { addCounts, compareEnds, differenceKey, emptyPart, together } from './books-sums.ts';
import { describeBooks, withinLimits } from './books-report.ts';
import { readSettlements } from './settlements.ts';

const quick = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  retry: { maximumInterval: '1 minute' },
});

/** A part of the busiest hours is some 500 pages. What cannot be read now is read later: a report has no deadline. */
const long = proxyActivities<Activities>({
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '30 s',
  retry: { maximumInterval: '10 minutes' },
});

type Plan = Awaited<ReturnType<Activities['planDay']>>;

export async function dayReconciliation(input: BooksInput): Promise<Report> {
  const { date, zones, policy, by } = input;
  const closed = await quick.closedReport({ date });
  if (closed !== null) return publish(closed, by);
  const plan = await quick.planDay({ date, zones });
  const day = await reconcile(input, plan);
  const differences = await follow(day.differences, policy);
  const ends = await quick.readEndsOfDay(plan.whole);
  const payouts = await readSettlements(plan.whole);
  const looks = await lookBack(input, plan);
  // A refund of today for a sale of yesterday is found in both.
  const told = new Set(differences.map(differenceKey));
  const report = withinLimits({
    version: 1,
    date,
    time_zone: zones.timeZone,
    from: iso(plan.whole.from),
    to: iso(plan.whole.to),
    made_at: iso(plan.readAt),
    is_closed: plan.isClosed,
    terminals: day.terminals,
    differences,
    corrections: looks.flatMap(({ corrections }) => corrections),
    late: looks.flatMap(({ late, date: of_date }) =>
      late.filter((one) => !told.has(differenceKey(one))).map((one) => ({ ...one, of_date })),
    ),
    ends_of_day: compareEnds(ends, day.terminals, plan.whole),
    settlements: payouts.settlements,
    settlement_items: payouts.items,
    other: day.other,
    open: day.open,
    read: looks.reduce((sum, { read }) => addCounts(sum, read), {
      ...day.read,
      pages: day.read.pages + payouts.pages,
    }),
    notes: [...day.notes, ...notesOn(day), ...payouts.notes],
  });
  return publish(report, by);
}

/** Reads a day again whose report is closed. What it finds is followed now, and booked in the next day's report. */
export async function laterLook(input: BooksInput): Promise<LaterLook> {
  const { date, zones, policy } = input;
  const plan = await quick.planDay({ date, zones });
  const day = await reconcile(input, plan);
  const { terminals, differences } = day;
  const found = await long.readLate({ date, terminals, differences });
  const late = await follow(found.differences, policy);
  return {
    version: 1,
    date,
    made_at: iso(plan.readAt),
    is_known: found.isKnown,
    corrections: found.corrections,
    late,
    read: day.read,
    notes: [...day.notes, ...notesOn(day)],
  };
}

/** The schedule's workflow: it has the day that has ended reconciled, under that day's own id. */
export async function scheduledReconciliation(input: ScheduledInput): Promise<string> {
  const { typedSearchAttributes, startTime } = workflowInfo();
  // Also when the server was down and catches up: the day is that of the time it was due.
  const due = typedSearchAttributes.get(scheduledFor) ?? startTime;
  const date = await quick.dayBefore({ at: due.getTime(), zones: input.zones });
  const { closesAt, readAt } = await quick.planDay({ date, zones: input.zones });
  // A store far to the west still has that day.
  if (closesAt > readAt) await sleep(closesAt - readAt, { summary: 'The day ends' });
  // Waited for, so that the days that are caught up follow each other.
  while (!(await isReconciled({ ...input, date, by: null }))) {
    await sleep('1 minute', { summary: 'Somebody has it reconciled already' });
  }
  return date;
}

/** False: a run that somebody has ordered is under way. It may have begun before the day ended, and would not close it. */
async function isReconciled(input: BooksInput): Promise<boolean> {
  const { date } = input;
  try {
    await executeChild(dayReconciliation, {
      workflowId: reconciliationWorkflowId(workflowInfo().taskQueue, date),
      args: [input],
      memo: { books: firstMemo(date, null) },
      staticSummary: `the books of ${date}`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

const scheduledFor = defineSearchAttributeKey(
  'TemporalScheduledStartTime',
  SearchAttributeType.DATETIME,
);

async function lookBack(input: BooksInput, plan: Plan): Promise<LaterLook[]> {
  if (plan.earlier.length === 0) return [];
  const { date, zones } = input;
  const { earlier, whole } = plan;
  const dates = await quick.daysToLookAt({ date, zones, from: whole.from, earlier });
  const looks: LaterLook[] = [];
  for (const day of dates) {
    const workflowId = `${laterLookWorkflowId(workflowInfo().taskQueue, day)}/for/${date}`;
    const args: [BooksInput] = [{ ...input, date: day }];
    const look = await executeChild(laterLook, {
      workflowId,
      args,
      memo: { books: firstMemo(day, input.by) },
      staticSummary: `what became of ${day}, for the books of ${date}`,
    });
    looks.push(look);
  }
  return looks;
}

function firstMemo(date: string, by: string | null): BooksMemo {
  return { version: 1, date, by, is_closed: false, differences: 0, late: 0, made_at: null };
}

async function reconcile(
  { date, zones }: Pick<BooksInput, 'date' | 'zones'>,
  { parts, whole, readAt }: Plan,
): Promise<Part> {
  let day: Part = emptyPart;
  for (const span of parts) {
    day = together(day, await long.reconcileSales({ date, zones, span }));
  }
  const span = { from: whole.from, to: Math.min(whole.to, readAt) };
  return together(day, await long.reconcileRefunds({ date, zones, span }));
}

/** So many are followed at a time. */
const batchSize = 50;

async function follow(
  differences: readonly Difference[],
  policy: BooksInput['policy'],
): Promise<Difference[]> {
  const followed: Difference[] = [];
  for (let at = 0; at < differences.length; at += batchSize) {
    const batch = differences.slice(at, at + batchSize);
    followed.push(...(await long.handOn({ differences: batch, policy })));
  }
  return followed;
}

function notesOn({ more, differences }: Part): string[] {
  if (more === 0) return [];
  return [
    `${more} more differences than the ${differences.length} listed here were found, and not followed: look for what they have in common, then reconcile the day again`,
  ];
}

function publish(report: Report, by: string | null): Report {
  const memo: BooksMemo = {
    ...firstMemo(report.date, by),
    is_closed: report.is_closed,
    differences: report.differences.length,
    late: report.late.length,
    made_at: report.made_at,
  };
  upsertMemo({ books: memo });
  setCurrentDetails(describeBooks(report));
  return report;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
