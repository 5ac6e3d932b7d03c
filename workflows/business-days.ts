/** Business days: from a date and a time zone to the instants between which it lies, and what a run has to read. */
import type { Span, Zones } from './books.ts';

const dayMs = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  // Sweden writes ISO 8601.
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  formats.set(timeZone, format);
  return format;
}

/** The wall clock there, as if it were UTC. */
function wallClock(at: number, timeZone: string): number {
  return Date.parse(`${formatOf(timeZone).format(at).replace(' ', 'T')}Z`);
}

/** The date on the wall there. */
export function dateAt(at: number, timeZone: string): string {
  return formatOf(timeZone).format(at).slice(0, 10);
}

/** When the clocks change a day has 23 or 25 hours, and in some zones no midnight. */
export function dayIn(date: string, timeZone: string): Span {
  return { from: beginOf(date, timeZone), to: beginOf(nextDate(date, 1), timeZone) };
}

/** The first instant that has this date there. */
function beginOf(date: string, timeZone: string): number {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  const candidates = [midnight - dayMs, midnight + dayMs]
    .map((at) => midnight - (wallClock(at, timeZone) - at))
    .toSorted((a, b) => a - b);
  return candidates.find((at) => dateAt(at, timeZone) === date) ?? midnight;
}

export function nextDate(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** Which business day each store has at an instant. */
export interface BusinessDay {
  date: string;
  /** From the first store's begin to the last one's end. */
  whole: Span;
  has: (storeId: string | null, at: number) => boolean;
}

export function businessDay(date: string, { timeZone, storeZones }: Zones): BusinessDay {
  const usual = dayIn(date, timeZone);
  const own = new Map(Object.entries(storeZones).map(([id, zone]) => [id, dayIn(date, zone)]));
  const all = [usual, ...own.values()];
  return {
    date,
    whole: {
      from: Math.min(...all.map(({ from }) => from)),
      to: Math.max(...all.map(({ to }) => to)),
    },
    has: (storeId, at) => {
      const { from, to } = own.get(storeId ?? '') ?? usual;
      return at >= from && at < to;
    },
  };
}

/** Temporal keeps closed charges 30 days at least: those of older days would all look like orphans. */
export const comparedDays = 28;

/** What is read at a time: at 100,000 charges a day some 25,000 in the busiest of them, about 15 MB of memory. */
const partMs = 2 * 3_600_000;
/** Dintero's lists may lag by this much, and clocks differ: a day that ended longer ago is read as closed. */
const closedAfterMs = 10 * 60_000;

/** A time in parts that are read one at a time. */
export function spansOf({ from, to }: Span): Span[] {
  const parts: Span[] = [];
  for (let at = from; at < to; at += partMs)
    parts.push({ from: at, to: Math.min(at + partMs, to) });
  return parts;
}

export interface DayPlan {
  date: string;
  whole: Span;
  parts: Span[];
  isClosed: boolean;
  /** Epoch ms, as `readAt`: from when on the day can be closed. */
  closesAt: number;
  readAt: number;
  /**
   * The two days before, for an automatic capture may take 48 hours (dossier 2.3). Only the last day that has ended has
   * any: whatever changed is booked once, on the day it is found.
   */
  earlier: string[];
}

export function planDay(date: string, zones: Zones, now: number): DayPlan {
  const { whole } = businessDay(date, zones);
  const parts = spansOf({ from: whole.from, to: Math.min(whole.to, now) });
  const closesAt = whole.to + closedAfterMs;
  const isClosed = now >= closesAt;
  const isLast = isClosed && isLastEnded(date, zones, now);
  return {
    date,
    whole,
    parts,
    isClosed,
    closesAt,
    readAt: now,
    earlier: isLast ? [nextDate(date, -2), nextDate(date, -1)] : [],
  };
}

/** Whether no later day had ended by then. */
export function isLastEnded(date: string, zones: Zones, now: number): boolean {
  return now < businessDay(nextDate(date, 1), zones).whole.to + closedAfterMs;
}
