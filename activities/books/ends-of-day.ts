/** What devices counted themselves: the ends of day that were ordered here, from the memos of their workflows. */
import type { Client } from '@temporalio/client';
import type { EndOfDay, Span } from '../../workflows/books.ts';

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

/** The device's own day ends when the shop closes, which may be after midnight: until then it is the day before. */
const closingMs = 6 * 3_600_000;

export async function readEndsOfDay(
  client: Client,
  { taskQueue, span }: { taskQueue: string; span: Span },
): Promise<EndOfDay[]> {
  const from = new Date(span.from + closingMs).toISOString();
  const to = new Date(span.to + closingMs).toISOString();
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType = '${operationType}' AND StartTime >= '${from}' AND StartTime < '${to}'`;
  const found: EndOfDay[] = [];
  for await (const { memo } of client.workflow.list({ query, pageSize: 1_000 })) {
    const end = endIn(memo?.['operation'] as Operation | undefined);
    if (end !== null) found.push(end);
  }
  return found;
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
