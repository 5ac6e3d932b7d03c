/**
 * Terminal operations in the middle of sales and refunds: they take the same lease. Rule M6 covers them: no operation
 * runs on a terminal that asks for a card; and each one ends. Durations in milliseconds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kvitt } from '../in-process.ts';
import type { PlannedFault } from '../scenario.ts';
import type { Evidence } from './evidence.ts';
import { groupBy } from '../group-by.ts';
import { drawFault } from './faults.ts';
import type { Random } from './random.ts';

export interface PlannedOperation {
  operation: 'end_of_day' | 'send_logs' | 'check_update' | 'open_menu';
  afterMs: number;
  behaviour: { operation_ms: number; operation_ends: 'COMPLETED' | 'FAILED' | 'TIMEOUT' };
  faults: PlannedFault[];
  /** How many times the order is sent at once, under one key. */
  posts: number;
}

export function planOperation(random: Random): PlannedOperation {
  const faults = random.chance(0.5)
    ? [drawFault(random, random.pick(['create_operation', 'get_operation'] as const))]
    : [];
  return {
    operation: random.pick(['end_of_day', 'send_logs', 'check_update', 'open_menu'] as const),
    afterMs: random.int(0, 2000),
    behaviour: {
      operation_ms: random.int(50, 2500),
      operation_ends: random.pick(['COMPLETED', 'COMPLETED', 'FAILED', 'TIMEOUT'] as const),
    },
    faults,
    posts: random.pick([1, 1, 2]),
  };
}

/** An operation as the api answers it, as far as these runs look. */
export interface OperationAnswer {
  operation_id: string;
  terminal_id: string;
  state: string;
  text: string;
}

/** Its name is known before any answer: the order carries the key. */
export async function playOperation(
  kvitt: Kvitt,
  { operation, afterMs, behaviour, faults, posts }: PlannedOperation,
  terminal: string,
): Promise<OperationAnswer> {
  await sleep(afterMs);
  await kvitt.simulator.terminal(terminal, { behaviour });
  for (const { endpoint, ...fault } of faults) {
    await kvitt.simulator.fault({ endpoint, match: { terminal_id: terminal }, ...fault });
  }
  const path = `/ops/terminals/${terminal}/operations`;
  const order = { operation, key: crypto.randomUUID() };
  const answers = await Promise.all(
    Array.from(
      { length: posts },
      async () => await kvitt.ops<OperationAnswer>('POST', path, order),
    ),
  );
  const known = answers.find(({ status }) => status < 300)?.body;
  const unanswered = { terminal_id: terminal, state: unstarted, text: '' };
  return known ?? { ...unanswered, operation_id: `${operation}-${order.key}` };
}

/** Nothing is known of it, as far as the order's answers said. */
export const unstarted = 'unstarted';

const ended = new Set(['completed', 'failed', 'timeout', 'refused', 'terminal_busy', 'unclear']);

/** Waits for its ending, by the api's word; null: it is not known. */
export async function untilOperationEnded(
  kvitt: Kvitt,
  { terminal_id: terminal, operation_id: id }: OperationAnswer,
  giveUpAt: number,
): Promise<OperationAnswer | null> {
  for (;;) {
    const path = `/terminals/${terminal}/operations/${encodeURIComponent(id)}`;
    const { status, body } = await kvitt.ops<OperationAnswer>('GET', path);
    if (status === 200 && ended.has(body.state)) return body;
    if (Date.now() > giveUpAt) return status === 200 ? body : null;
    await sleep(200);
  }
}

/** M4 of operations. */
export function checkOperations(operations: OperationAnswer[]): string[] {
  return operations
    .filter(({ state }) => state !== unstarted && !ended.has(state))
    .map(({ operation_id: id, state }) => `M4: operation ${id} has not ended, it is ${state}`);
}

/** One order, one operation, however often it was sent. */
export function operatedTwice(
  { operations }: Evidence,
  played: { operations: OperationAnswer[] }[],
): string[] {
  const orders = groupBy(
    played.flatMap(({ operations: own }) => own),
    ({ terminal_id, operation_id }) => `${terminal_id} ${operation_id.split('-')[0] ?? ''}`,
  );
  const done = groupBy(operations, ({ terminal_id, operation }) => `${terminal_id} ${operation}`);
  return [...done].flatMap(([what, all]) => {
    const ordered = orders.get(what)?.length ?? 0;
    return all.length > ordered
      ? [`M4: ${what} was sent ${all.length} times, ordered ${ordered} times`]
      : [];
  });
}

/** What Dintero shows of an operation. */
export interface DinteroOperation {
  id: string;
  terminal_id: string;
  operation: string;
  status: string;
  created_at: string;
  updated_at: string;
}

/** M6: from its start to its end no card is asked for on its terminal. */
export function besidePrompts({ ledger, operations }: Evidence): string[] {
  const prompts = promptsIn(ledger);
  return operations.flatMap((operation) => {
    const from = Date.parse(operation.created_at);
    const to = operation.status === 'PENDING' ? Infinity : Date.parse(operation.updated_at);
    return prompts
      .filter((prompt) => prompt.terminal === operation.terminal_id)
      .filter((prompt) => prompt.from < to && prompt.to > from)
      .map(
        ({ terminal, name }) =>
          `M6: ${terminal} was asked for ${operation.operation} beside the prompt of ${name}`,
      );
  });
}

interface Prompt {
  terminal: string;
  name: string;
  from: number;
  to: number;
}

function promptsIn(ledger: Evidence['ledger']): Prompt[] {
  const prompts: Prompt[] = [];
  for (const entry of ledger) {
    const { kind, terminal_id: terminal, session_id: session, refund_reference: refund } = entry;
    const at = Date.parse(entry.at);
    const name = refund ?? `${entry.merchant_reference} (${session})`;
    if (kind === 'prompt_started' || kind === 'refund_prompt_started') {
      prompts.push({ terminal, name, from: at, to: Infinity });
    }
    if (kind === 'prompt_ended' || kind === 'refund_prompt_ended') {
      const open = prompts.findLast((prompt) => prompt.name === name);
      if (open !== undefined) open.to = at;
    }
  }
  return prompts;
}
