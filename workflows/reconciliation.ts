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
  ChildWorkflowFailure,
  executeChild,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  sleep,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import {
  firstMemo,
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
import { addCounts, atTheirStores, differenceKey, emptyPart, together } from './books-sums.ts';
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
  // First the days before: what they have told is not told again.
  const { looks, notes } = await lookBack(input, plan);
  const { readAt, isClosed } = plan;
  const ends = await quick.readEndsOfDay({ date, zones, readAt, isClosed, devices: day.devices });
  const payouts = await readSettlements({ date, zones });
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
    ends_of_day: ends,
    settlements: payouts.settlements,
    settlement_items: payouts.items,
    other: day.other,
    open: day.open,
    read: looks.reduce((sum, { read }) => addCounts(sum, read), {
      ...day.read,
      pages: day.read.pages + payouts.pages,
    }),
    notes: [...notes, ...day.notes, ...notesOn(day), ...payouts.notes],
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
  const made_at = iso(plan.readAt);
  const memo = { ...firstMemo(date, input.by), late: late.length, open: day.open, made_at };
  upsertMemo({ books: memo satisfies BooksMemo });
  return {
    version: 1,
    date,
    made_at,
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
  while ((await reportOf({ ...input, date, by: null })) === 'under way') {
    await sleep('1 minute', { summary: 'Somebody has it reconciled already' });
  }
  return date;
}

/** A run that somebody has ordered may have begun before the day ended, and would not close it. */
async function reportOf(input: BooksInput): Promise<Report | 'under way'> {
  const { date } = input;
  try {
    return await executeChild(dayReconciliation, {
      workflowId: reconciliationWorkflowId(workflowInfo().taskQueue, date),
      args: [input],
      memo: { books: firstMemo(date, input.by) },
      staticSummary: `the books of ${date}`,
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'under way';
    throw error;
  }
}

const scheduledFor = defineSearchAttributeKey(
  'TemporalScheduledStartTime',
  SearchAttributeType.DATETIME,
);

interface LookedBack {
  looks: LaterLook[];
  notes: string[];
}

/** What became of the days before; those that have no report get it now, before anything is compared with it. */
async function lookBack(input: BooksInput, plan: Plan): Promise<LookedBack> {
  if (plan.earlier.length === 0) return { looks: [], notes: [] };
  const { date, zones } = input;
  const { earlier, whole } = plan;
  const { again, missing } = await quick.daysToLookAt({ date, zones, from: whole.from, earlier });
  const looks: LaterLook[] = [];
  const notes: string[] = [];
  for (const day of missing) notes.push(await makeUp(input, day));
  for (const day of again) {
    const workflowId = `${laterLookWorkflowId(workflowInfo().taskQueue, day)}/for/${date}`;
    const look = await unlessEnded(
      executeChild(laterLook, {
        workflowId,
        args: [{ ...input, date: day }],
        memo: { books: firstMemo(day, input.by) },
        staticSummary: `what became of ${day}, for the books of ${date}`,
      }),
    );
    if (look === null) notes.push(`${day} was not looked at again: that was ended from outside`);
    else looks.push(look);
  }
  return { looks, notes };
}

/** A day between others whose run was lost has its report made now, as if it had been ordered. */
async function makeUp(input: BooksInput, day: string): Promise<string> {
  const report = await unlessEnded(reportOf({ ...input, date: day }));
  if (report === 'under way') return `${day} has no closed report yet: it is being made`;
  if (report === null) return `${day} has no closed report: its run was ended from outside again`;
  const found = report.differences.length;
  return `${day} had no closed report: it has one now, with ${found} difference${found === 1 ? '' : 's'}`;
}

/** Somebody who ends a look at another day does not end this one. */
async function unlessEnded<T>(child: Promise<T>): Promise<T | null> {
  try {
    return await child;
  } catch (error) {
    if (error instanceof ChildWorkflowFailure && !isCancellation(error)) return null;
    throw error;
  }
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
  day = together(day, await long.reconcileRefunds({ date, zones, span }));
  return { ...day, terminals: atTheirStores(day.terminals) };
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
    open: report.open,
    made_at: report.made_at,
  };
  upsertMemo({ books: memo });
  setCurrentDetails(describeBooks(report));
  return report;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
