import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { behaviourOf } from './behaviour.ts';
import type { TerminalOperation } from './account-records.ts';
import type { LedgerEntry, Job, Terminal } from './records.ts';
import type { Answer, DinteroRequest, Route } from './routes.ts';
import { parseBody } from './sessions.ts';
import { findTerminal } from './terminals.ts';
import { findSession, now, Refusal, type World } from './world.ts';

const request = z.looseObject({
  terminal_id: z.string().min(1),
  operation: z.enum(['end_of_day', 'send_logs', 'check_update', 'open_menu']),
  parameters: z.looseObject({ operator_id: z.string().exactOptional() }).exactOptional(),
});

/** A device that is not provisioned hears nothing. */
const hearing = new Set(['ACTIVE', 'ACTION_REQUIRED', 'INACTIVE']);

function start(world: World, { body, header }: DinteroRequest): Answer {
  const { terminal_id, operation, parameters } = parseBody(request, body);
  const terminal = findTerminal(world, terminal_id);
  if (!hearing.has(terminal.status)) {
    throw new Refusal(400, `terminal ${terminal_id} is ${terminal.status}`);
  }
  const key = header('idempotency-key');
  const ofTerminal = world.store.rowsOf('operation', `terminal_id=${terminal_id}`);
  const same = ofTerminal.find((one) => key !== '' && one.idempotency_key === key);
  if (same !== undefined) return { status: 200, body: view(same) };
  const behaviour = behaviourOf(world, terminal_id);
  if (ofTerminal.some(({ status }) => status === 'PENDING')) {
    return {
      status: 409,
      body: { error: { message: `terminal ${terminal_id} has a pending operation`, errors: [] } },
      headers: { 'retry-after': String(behaviour.operation_retry_after_seconds) },
    };
  }
  const at = now();
  const made: TerminalOperation = {
    id: randomUUID(),
    terminal_id,
    operation,
    status: 'PENDING',
    created_at: at,
    created_by: world.options.clientId,
    updated_at: at,
    account_id: world.options.accountId,
    ...(parameters !== undefined && { parameters }),
    ...(key !== '' && { idempotency_key: key }),
  };
  world.store.save('operation', made.id, made);
  if (behaviour.operation_ends !== 'never') {
    const job = { kind: 'end_operation', operation_id: made.id } as const;
    world.jobs.schedule(behaviour.operation_ms, job, `end_operation/${made.id}`);
  }
  return { status: 200, body: view(made) };
}

function view({ idempotency_key: _ours, ...visible }: TerminalOperation): object {
  return visible;
}

/** The device has answered, or was silent for too long. */
export function endOperation(
  world: World,
  { operation_id }: Extract<Job, { kind: 'end_operation' }>,
): void {
  const operation = world.store.tables.operation.get(operation_id);
  if (operation === undefined || operation.status !== 'PENDING') return;
  const terminal = findTerminal(world, operation.terminal_id);
  const { operation_ends } = behaviourOf(world, terminal.id);
  operation.status = operation_ends === 'never' ? 'PENDING' : operation_ends;
  operation.updated_at = now();
  if (operation.status === 'COMPLETED') {
    if (operation.operation === 'end_of_day') operation.result = endOfDay(world, terminal);
    if (operation.operation === 'check_update') update(world, terminal);
  }
  world.store.save('operation', operation.id, operation);
}

/** What a device that waited for its settings does once it has them. */
function update(world: World, terminal: Terminal): void {
  if (terminal.status !== 'ACTION_REQUIRED') return;
  terminal.status = 'ACTIVE';
  delete terminal.status_reason;
  world.store.save('terminal', terminal.id, terminal);
}

/**
 * The device's own count since its last end of day, from the ledger: what it approved is a purchase, what was released or
 * given back on it a reversal.
 */
function endOfDay(world: World, terminal: Terminal): object {
  const last = terminal.end_of_day ?? { batch: 0, at: null, ledger_seq: 0 };
  const entries = world.store
    .rowsOf('entry', `terminal_id=${terminal.id}`)
    .filter(({ seq }) => seq > last.ledger_seq);
  const purchases = entries.filter(({ kind }) => kind === 'authorised');
  const reversals = entries.filter(({ kind }) => kind === 'voided' || kind === 'refunded');
  const sum = (rows: LedgerEntry[]): number =>
    rows.reduce((total, { amount }) => total + amount, 0);
  const tips = purchases.reduce((total, entry) => total + tipIn(world, entry), 0);
  const at = now();
  const seq = world.store.tables.entry.size;
  terminal.end_of_day = { batch: last.batch + 1, at, ledger_seq: seq };
  world.store.save('terminal', terminal.id, terminal);
  return {
    batch_id: String(last.batch + 1).padStart(6, '0'),
    start_of_day_at: last.at ?? entries[0]?.at ?? at,
    ...(last.at !== null && { last_end_of_day_at: last.at }),
    purchases_count: purchases.length,
    purchases_amount: sum(purchases),
    reversals_count: reversals.length,
    reversals_amount: sum(reversals),
    sale_amount: sum(purchases) - tips,
    tip_amount: tips,
  };
}

function tipIn(world: World, { session_id, amount }: LedgerEntry): number {
  if (session_id === null) return 0;
  return Math.max(0, amount - findSession(world, session_id).order.amount);
}

function list(world: World, query: URLSearchParams): object[] {
  const [terminalId, operationId] = [query.get('terminal_id'), query.get('operation_id')];
  return [...world.store.tables.operation.values()]
    .filter(({ terminal_id }) => terminalId === null || terminal_id === terminalId)
    .filter(({ id }) => operationId === null || id === operationId)
    .toReversed()
    .map(view);
}

function find(world: World, id: string): object {
  const operation = world.store.tables.operation.get(id);
  if (operation === undefined) throw new Refusal(404, `no operation ${id}`);
  return view(operation);
}

const aboutTerminal: Route['about'] = (_world, { body, query }) => {
  const { terminal_id } = (body ?? {}) as { terminal_id?: unknown };
  const named = typeof terminal_id === 'string' ? terminal_id : query.get('terminal_id');
  return named === null ? {} : { terminal_id: named };
};
const path = '/admin/terminals/operations';

/** Commands to a device: they start no payment. */
export const terminalOperationRoutes: readonly Route[] = [
  {
    endpoint: 'create_operation',
    method: 'post',
    path,
    about: aboutTerminal,
    answer: (world, asked) => start(world, asked),
  },
  {
    endpoint: 'list_operations',
    method: 'get',
    path,
    about: aboutTerminal,
    answer: (world, { query }) => ({ status: 200, body: list(world, query) }),
  },
  {
    endpoint: 'get_operation',
    method: 'get',
    path: `${path}/:id`,
    about: (world, { id }) => {
      const terminalId = world.store.tables.operation.get(id)?.terminal_id;
      return terminalId === undefined ? {} : { terminal_id: terminalId };
    },
    answer: (world, { id }) => ({ status: 200, body: find(world, id) }),
  },
];
