/** How far the books are closed, from Temporal alone: the schedule, and what the memos of the days' runs show. */
import { ScheduleNotFoundError, type Client } from '@temporalio/client';
import type { BooksMemo } from '../workflows/books.ts';
import { dayIn } from '../workflows/business-days.ts';
import { scheduleIdOf } from './books-schedule.ts';

export interface BooksStanding {
  /** The end of the newest day whose report is closed; before the first one, when the schedule was made. Epoch ms. */
  closedUntil: number;
  /** Of that day; null: no report is closed. */
  differences: number | null;
}

/** When the schedule was made; null: there is none, so no report is expected. */
export async function scheduledSince(
  { schedule }: Client,
  taskQueue: string,
): Promise<Date | null> {
  try {
    return (await schedule.getHandle(scheduleIdOf(taskQueue)).describe()).info.createdAt;
  } catch (err) {
    if (err instanceof ScheduleNotFoundError) return null;
    throw err;
  }
}

/** A day that was ordered before it had ended has a report that is not closed. */
export function sumUpBooks(
  memos: readonly Record<string, unknown>[],
  { since, timeZone }: { since: Date; timeZone: string },
): BooksStanding {
  const newest = memos
    .map((memo) => memo['books'] as BooksMemo | undefined)
    .filter((books) => books?.version === 1 && books.is_closed)
    .reduce((a, b) => ((a?.date ?? '') > (b?.date ?? '') ? a : b), undefined);
  if (newest === undefined) return { closedUntil: since.getTime(), differences: null };
  const { date, differences } = newest;
  return { closedUntil: dayIn(date, timeZone).to, differences };
}
