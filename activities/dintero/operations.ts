/** Commands to a device through Dintero (dossier 8.4). They move no money and start no payment. */
import { z } from 'zod';
import type { EndOfDayTotals, Operation } from '../../workflows/terminal-operations.ts';
import { dinteroFailure } from '../failures.ts';
import type { Dintero } from './charges.ts';

/** `unknown`: a word that we do not know is no ending. */
type OperationStatus = 'pending' | 'completed' | 'failed' | 'timeout' | 'unknown';

export interface OperationFacts {
  /** Dintero's own id. */
  dinteroId: string;
  status: OperationStatus;
  /** Of an end of day. */
  totals: EndOfDayTotals | null;
}

export interface StartOperation {
  terminalId: string;
  operation: Operation;
  /** Dintero carries out one operation for each key: sending it again with the same key is harmless. */
  key: string;
  timeoutMs: number;
}

const path = '/admin/terminals/operations';

/** One request. A terminal that has another operation pending is told as 409 with its Retry-After. */
export async function startOperation(
  { client }: Dintero,
  { terminalId, operation, key, timeoutMs }: StartOperation,
): Promise<OperationFacts> {
  return await client.call({
    what: `start ${operation} on ${terminalId}`,
    kind: 'order',
    method: 'POST',
    path,
    headers: { 'idempotency-key': key },
    body: { terminal_id: terminalId, operation },
    answer: operationAnswer,
    timeoutMs,
  });
}

/** How it stands. An operation that is not listed is unreadable, never over. */
export async function readOperation(
  { client }: Dintero,
  ask: { terminalId: string; dinteroId: string; timeoutMs: number },
): Promise<OperationFacts> {
  const query = new URLSearchParams({
    terminal_id: ask.terminalId,
    operation_id: ask.dinteroId,
  });
  const listed = await client.call({
    what: `read an operation of ${ask.terminalId}`,
    kind: 'read',
    method: 'GET',
    path: `${path}?${query.toString()}`,
    answer: z.array(operationAnswer),
    timeoutMs: ask.timeoutMs,
  });
  const found = listed.find(({ dinteroId }) => dinteroId === ask.dinteroId);
  if (found !== undefined) return found;
  throw dinteroFailure('DinteroUnreadable', `Dintero lists no such operation of ${ask.terminalId}`);
}

const text = z.string().nullish().catch(null);
const whole = z.number().int().nullish().catch(null);

const totalsAnswer = z
  .object({
    batch_id: text,
    start_of_day_at: text,
    last_end_of_day_at: text,
    purchases_count: whole,
    purchases_amount: whole,
    reversals_count: whole,
    reversals_amount: whole,
    sale_amount: whole,
    tip_amount: whole,
  })
  .transform((answer): EndOfDayTotals => ({
    batch_id: answer.batch_id ?? null,
    start_of_day_at: answer.start_of_day_at ?? null,
    last_end_of_day_at: answer.last_end_of_day_at ?? null,
    purchases_count: answer.purchases_count ?? null,
    purchases_amount: answer.purchases_amount ?? null,
    reversals_count: answer.reversals_count ?? null,
    reversals_amount: answer.reversals_amount ?? null,
    sale_amount: answer.sale_amount ?? null,
    tip_amount: answer.tip_amount ?? null,
  }));

const operationAnswer = z
  .object({
    id: z.string().min(1),
    operation: text,
    status: text,
    result: totalsAnswer.nullish().catch(null),
  })
  .transform((answer): OperationFacts => ({
    dinteroId: answer.id,
    status: statusOf(answer.status ?? ''),
    totals: answer.operation === 'end_of_day' ? (answer.result ?? null) : null,
  }));

function statusOf(status: string): OperationStatus {
  switch (status) {
    case 'PENDING':
      return 'pending';
    case 'COMPLETED':
      return 'completed';
    case 'FAILED':
      return 'failed';
    case 'TIMEOUT':
      return 'timeout';
    default:
      return 'unknown';
  }
}
