/** Stores, terminals and their operations: what the commands ask of the API, and what people then read. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Query } from './client.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import type { Kvitt } from './kvitt.ts';
import { age, cell, table } from './tables.ts';
import type { Look } from './views.ts';

const text = z.string().nullable();
const count = z.number().nullable();

const terminalSchema = z.looseObject({
  terminal_id: z.string(),
  store_id: text,
  payout_destination_id: text,
  status: z.string(),
  status_reason: text,
  model: text,
  serial_number: text,
});
type Terminal = z.output<typeof terminalSchema>;

const storeSchema = z.looseObject({
  store_id: z.string(),
  name: text,
  payout_destination_id: text,
  status: z.string(),
});
type Store = z.output<typeof storeSchema>;

const operationSchema = z.looseObject({
  operation_id: z.string(),
  operation: z.string(),
  state: z.string(),
  text: z.string(),
  totals: z.record(z.string(), z.union([text, count])).nullable(),
  ordered_by: z.string(),
  created_at: z.string(),
});
type Operation = z.output<typeof operationSchema>;

const orderedSchema = z.looseObject({
  outcome: z.string(),
  text: z.string(),
  terminal: terminalSchema.nullable(),
  store: storeSchema.nullable(),
});

export async function terminals({ client, look, print }: Kvitt, query: Query): Promise<ExitCode> {
  const schema = z.looseObject({ terminals: z.array(terminalSchema) });
  const answer = await client.get('/terminals', schema, query);
  await print(answer, () =>
    answer.terminals.length === 0 ? 'No such terminal.' : terminalTable(look, answer.terminals),
  );
  return exitCodes.done;
}

export async function stores({ client, look, print }: Kvitt): Promise<ExitCode> {
  const answer = await client.get('/stores', z.looseObject({ stores: z.array(storeSchema) }));
  await print(answer, () =>
    answer.stores.length === 0 ? 'No store.' : storeTable(look, answer.stores),
  );
  return exitCodes.done;
}

export async function terminal({ client, look, print }: Kvitt, id: string): Promise<ExitCode> {
  const path = `/terminals/${encodeURIComponent(id)}`;
  const listSchema = z.looseObject({ operations: z.array(operationSchema) });
  const [found, { operations }] = await Promise.all([
    client.get(path, terminalSchema),
    client.get(`${path}/operations`, listSchema, { limit: '10' }),
  ]);
  await print({ terminal: found, operations }, () =>
    [
      terminalTable(look, [found]),
      ...(operations.length === 0 ? [] : [operationTable(look, operations)]),
    ].join('\n\n'),
  );
  return exitCodes.done;
}

/** An order about a store or a terminal. What Dintero refuses has failed before anything is printed. */
export async function order(
  { client, look, print }: Kvitt,
  { path, body }: { path: string; body: object },
): Promise<ExitCode> {
  const { body: answer } = await client.post(path, orderedSchema, body);
  await print(answer, () =>
    [
      answer.text,
      ...(answer.store === null ? [] : [storeTable(look, [answer.store])]),
      ...(answer.terminal === null ? [] : [terminalTable(look, [answer.terminal])]),
    ].join('\n'),
  );
  return answer.outcome === 'done' ? exitCodes.done : exitCodes.unreachable;
}

const pollMs = 1_000;

/** Has a terminal do something, and waits until it has ended. */
export async function operate(
  { client, look, print }: Kvitt,
  { id, operation }: { id: string; operation: string },
): Promise<ExitCode> {
  const path = `/terminals/${encodeURIComponent(id)}/operations`;
  let { body: answer } = await client.post(`/ops${path}`, operationSchema, { operation });
  while (answer.state === 'starting' || answer.state === 'sent') {
    await sleep(pollMs);
    answer = await client.get(
      `${path}/${encodeURIComponent(answer.operation_id)}`,
      operationSchema,
    );
  }
  const ended = answer;
  await print(ended, () => operationLines(look, ended));
  return ended.state === 'completed' ? exitCodes.done : exitCodes.refused;
}

function terminalTable({ paint }: Look, rows: Terminal[]): string {
  return table(paint, {
    heads: ['TERMINAL', 'STATUS', 'STORE', 'SELLER', 'MODEL', 'SERIAL NUMBER'],
    rows: rows.map((one) => [
      cell(one.terminal_id),
      statusOf({ paint }, one),
      cell(one.store_id),
      cell(one.payout_destination_id),
      cell(one.model),
      cell(one.serial_number),
    ]),
  });
}

/** Only an active one takes payments. */
function statusOf(
  { paint }: Pick<Look, 'paint'>,
  { status, status_reason: reason = null }: { status: string; status_reason?: string | null },
): string {
  if (status === 'active') return paint.good(status);
  return paint.warning(cell(status) + (reason === null ? '' : ` (${cell(reason)})`));
}

function storeTable({ paint }: Look, rows: Store[]): string {
  return table(paint, {
    heads: ['STORE', 'STATUS', 'SELLER', 'NAME'],
    rows: rows.map((one) => [
      cell(one.store_id),
      statusOf({ paint }, { status: one.status }),
      cell(one.payout_destination_id),
      cell(one.name),
    ]),
  });
}

function operationTable({ paint, now }: Look, rows: Operation[]): string {
  return table(paint, {
    heads: ['OPERATION', 'STATE', 'AGE', 'BY', 'WHAT BECAME OF IT'],
    rows: rows.map((one) => [
      cell(one.operation),
      cell(one.state),
      age(one.created_at, now),
      cell(one.ordered_by),
      cell(one.text),
    ]),
  });
}

/** The totals as Dintero names them: minor units. */
function operationLines(
  { paint }: Look,
  { operation, state, text: words, totals }: Operation,
): string {
  const rows = Object.entries(totals ?? {}).map(([name, value]) => [cell(name), cell(value)]);
  return [
    `${paint.heading(cell(operation))} | ${cell(state)} | ${cell(words)}`,
    ...(rows.length === 0 ? [] : [table(paint, { heads: ['TOTAL', 'MINOR UNITS'], rows })]),
  ].join('\n');
}
