/**
 * What devices counted themselves: the ends of day that were ordered here, from the memos of their workflows. Each is
 * told once, in the first report that is made after it.
 */
import type { Client } from '@temporalio/client';
import type { DeviceBooks, EndOfDay, Span, Zones } from '../../workflows/books.ts';
import { businessDay, nextDate } from '../../workflows/business-days.ts';
import { closedMadeAt } from './closed.ts';
import { compareEnds } from './compare-ends.ts';

/** Memo `operation` of a command to a device, as far as it matters here. */
interface Operation {
  terminal_id?: string;
  operation?: string;
  state?: string;
  updated_at?: string;
  totals?: {
    batch_id?: string | null;
    start_of_day_at?: string | null;
    purchases_count?: number | null;
    purchases_amount?: number | null;
    reversals_count?: number | null;
    reversals_amount?: number | null;
  } | null;
}

const operationType = 'terminalOperation';

export interface EndsAsk {
  date: string;
  zones: Zones;
  /** When the day was read; epoch ms. */
  readAt: number;
  isClosed: boolean;
  devices: DeviceBooks[];
}

/** Temporal's lists may lag by this much: a younger end of day is the next report's. */
const lagMs = 60_000;
/** An operation of a terminal ends within this time. */
const operationMs = 3_600_000;
/** The device's own day ends when the shop closes, which may be after midnight: until then it is the day before. */
const closingMs = 6 * 3_600_000;

export async function readEndsOfDay(
  client: Client,
  { taskQueue, devices, ...ask }: EndsAsk & { taskQueue: string },
): Promise<EndOfDay[]> {
  const { date, zones } = ask;
  const before = await closedMadeAt(client, { taskQueue, date: nextDate(date, -1) });
  const span = endsSpan(ask, before);
  const from = new Date(span.from - operationMs).toISOString();
  const to = new Date(span.to).toISOString();
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType = '${operationType}' AND StartTime >= '${from}' AND StartTime < '${to}'`;
  const found: EndOfDay[] = [];
  for await (const { memo } of client.workflow.list({ query, pageSize: 1_000 })) {
    const end = endIn(memo?.['operation'] as Operation | undefined);
    if (end === null) continue;
    const at = Date.parse(end.at);
    if (at >= span.from && at < span.to) found.push(end);
  }
  const day = businessDay(date, zones);
  const stores = [null, ...Object.keys(zones.storeZones)];
  return compareEnds(found, devices, (storeId, at) =>
    storeId === null ? stores.every((one) => day.has(one, at)) : day.has(storeId, at),
  );
}

/**
 * Pure: from where the report of the day before has stopped, which was made before or after its shops had closed. What
 * comes after this report is the next one's.
 */
export function endsSpan(
  { date, zones, readAt, isClosed }: Omit<EndsAsk, 'devices'>,
  madeBefore: number | null,
): Span {
  const { from, to } = businessDay(date, zones).whole;
  const until = isClosed ? readAt - lagMs : readAt;
  return {
    from: Math.min(from + closingMs, (madeBefore ?? Infinity) - lagMs),
    to: Math.min(to + closingMs, until),
  };
}

function endIn(operation: Operation | undefined): EndOfDay | null {
  const { terminal_id, state, updated_at: at, totals } = operation ?? {};
  const isEnd = operation?.operation === 'end_of_day' && state === 'completed';
  if (!isEnd || terminal_id === undefined || at === undefined) return null;
  if (totals === null || totals === undefined) return null;
  return { terminal_id, at, ...countedIn(totals), agrees: null };
}

function countedIn(
  totals: NonNullable<Operation['totals']>,
): Pick<EndOfDay, 'batch_id' | 'start_of_day_at' | 'purchases' | 'reversals'> {
  const { purchases_count, purchases_amount, reversals_count, reversals_amount } = totals;
  return {
    batch_id: totals.batch_id ?? null,
    start_of_day_at: totals.start_of_day_at ?? null,
    purchases: { count: purchases_count ?? 0, amount: purchases_amount ?? 0 },
    reversals: { count: reversals_count ?? 0, amount: reversals_amount ?? 0 },
  };
}
