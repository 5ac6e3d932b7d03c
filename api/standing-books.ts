/** How far the books are closed, from Temporal alone: the schedule, and what the memos of the days' runs show. */
import { ScheduleNotFoundError, type Client } from '@temporalio/client';
import type { BooksMemo } from '../workflows/books.ts';
import { comparedDays, dateAt, dayIn, nextDate } from '../workflows/business-days.ts';
import { scheduleIdOf } from './books-schedule.ts';

export interface BooksStanding {
  /**
   * The end of the last day up to which every report is closed, for a day that is skipped may hide money; before the
   * first one, when the schedule was made. Epoch ms.
   */
  closedUntil: number;
  /** Of the newest day whose report is closed; null: there is none. */
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
  { since, timeZone, now }: { since: Date; timeZone: string; now: number },
): BooksStanding {
  const closed = new Map(
    memos
      .map((memo) => memo['books'] as BooksMemo | undefined)
      .flatMap((books) =>
        books?.version === 1 && books.is_closed ? [[books.date, books.differences] as const] : [],
      ),
  );
  const newest = [...closed.keys()].toSorted().at(-1) ?? null;
  const differences = newest === null ? null : (closed.get(newest) ?? null);
  return { closedUntil: closedUntil(closed, { since, timeZone, now }), differences };
}

/** From the first day that the schedule answers for, as far as Temporal remembers reports, to the first gap. */
function closedUntil(
  closed: ReadonlyMap<string, number>,
  { since, timeZone, now }: { since: Date; timeZone: string; now: number },
): number {
  const oldest = nextDate(dateAt(now, timeZone), -comparedDays);
  const scheduled = dateAt(since.getTime(), timeZone);
  let date = scheduled > oldest ? scheduled : oldest;
  const begin = Math.max(since.getTime(), dayIn(date, timeZone).from);
  if (!closed.has(date)) return begin;
  while (closed.has(nextDate(date, 1))) date = nextDate(date, 1);
  return dayIn(date, timeZone).to;
}
