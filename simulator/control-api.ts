import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import { behaviourChange, behaviourOf } from './behaviour.ts';
import { correct, correctable } from './corrections.ts';
import { buttons, customerSchema, type Customer } from './customer.ts';
import { announceToAccount } from './hooks.ts';
import { acceptance, addFault, endpoints, faultSchema, matches } from './faults.ts';
import { resolve } from './payments.ts';
import type { Settings, Terminal, Transaction } from './records.ts';
import { keysIn } from './row-keys.ts';
import { resolveRefund } from './refund-results.ts';
import { parseBody } from './sessions.ts';
import { settle } from './settlements.ts';
import { findTerminal, press } from './terminals.ts';
import { operate } from './transactions.ts';
import { findSession, findTransaction, Refusal, type World } from './world.ts';

const terminalSettings = z.strictObject({
  status: z
    .enum(['PENDING', 'ACTION_REQUIRED', 'ACTIVE', 'INACTIVE', 'ERROR', 'DELETED'])
    .exactOptional(),
  status_reason: z.string().min(1).exactOptional(),
  store_id: z.string().min(1).exactOptional(),
  payout_destination_id: z.string().min(1).exactOptional(),
  script: z.array(customerSchema).exactOptional(),
  customer: customerSchema.exactOptional(),
  behaviour: behaviourChange.exactOptional(),
});

const resolution = z.strictObject({
  status: z.enum(['AUTHORIZED', 'CAPTURED', 'DECLINED', 'FAILED', 'AUTHORIZATION_VOIDED']),
  /** Absent: the session the terminal last left unresolved. */
  session_id: z.string().exactOptional(),
});

const correction = z.strictObject({ status: z.enum(correctable) });

/** Of the account, and no payment's. */
const anyEvent = z.strictObject({
  event: z.string(),
  content: z.record(z.string(), z.unknown()).default({}),
});

/** How far all that waits comes nearer: time-outs, captures, retries. Clocks go on as they were. */
const advanced = z.strictObject({ ms: z.number().int().positive() });

/** A refund of which nobody had told Dintero how it went; by its reference. */
const refundResolution = z.strictObject({ success: z.boolean() });

const backoffice = z.strictObject({
  amount: z.number().int().positive().exactOptional(),
  /** Accepted, with its result so much later; absent: done at once. */
  accepted: acceptance.exactOptional(),
});

/** Mounts one call: what `answer` returns is sent as JSON, nothing as 204. */
type On = (
  method: 'get' | 'post' | 'put' | 'delete',
  path: string,
  answer: (req: Request, id: string) => unknown,
) => void;

/** The address of whoever plays the customer, the shop and bad luck; Dintero has nothing like it. */
export function createControlApi(world: World): Router {
  const router = express.Router();
  const on: On = (method, path, answer) => {
    router[method](path, (req, res) => {
      const { id } = req.params;
      const body = answer(req, typeof id === 'string' ? id : '');
      world.store.commit();
      if (body === undefined) res.status(204).end();
      else res.json(body);
    });
  };
  mountRecords(world, on);
  mountSettings(world, on);
  mountTerminals(world, on);
  mountBackoffice(world, on);
  return router;
}

function mountRecords(world: World, on: On): void {
  on('get', '/ledger', (req) => ({ entries: select(world, 'entry', req) }));
  on('get', '/calls', (req) => ({ calls: select(world, 'call', req) }));
  on('get', '/deliveries', (req) => ({ deliveries: select(world, 'delivery', req) }));
  on('get', '/events', (req) => ({ events: select(world, 'hook', req) }));
  on('post', '/events', (req) => {
    const { event, content } = parseBody(anyEvent, req.body);
    announceToAccount(world, event, content);
  });
  on('get', '/operations', () => ({ operations: [...world.store.tables.operation.values()] }));
  on('get', '/sessions/:id', (_req, id) => findSession(world, id));
  on('get', '/transactions/:id', (_req, id) => findTransaction(world, id));
  on('delete', '/', () => {
    world.jobs.clear();
    world.store.reset();
  });
}

function mountSettings(world: World, on: On): void {
  const { fault: faults } = world.store.tables;
  on('get', '/faults/hit', () => ({ hits: [...world.store.tables.hit.values()] }));
  on('get', '/faults', () => ({ faults: [...faults.values()] }));
  on('post', '/faults', (req) => addFault(world, parseBody(faultSchema, req.body)));
  on('delete', '/faults', () => {
    for (const id of faults.keys()) world.store.remove('fault', id);
  });

  on('post', '/advance', (req) => world.jobs.advance(parseBody(advanced, req.body).ms));
  on('get', '/behaviour', () => behaviourOf(world));
  on('put', '/behaviour', (req) => {
    const { behaviour, ...rest } = settings(world);
    const wanted = parseBody(behaviourChange, req.body);
    world.store.save('setting', 'global', { ...rest, behaviour: { ...behaviour, ...wanted } });
    return behaviourOf(world);
  });
  on('put', '/customer', (req) => {
    const { terminal_id, ...body } = parseBody(
      z.looseObject({ terminal_id: z.string().exactOptional() }),
      req.body,
    );
    const customer = parseBody(customerSchema, body);
    if (terminal_id === undefined) {
      world.store.save('setting', 'global', { ...settings(world), customer });
    } else {
      const terminal = findTerminal(world, terminal_id);
      world.store.save('terminal', terminal_id, Object.assign(terminal, { customer }));
    }
    return customer;
  });
}

function mountTerminals(world: World, on: On): void {
  on('get', '/terminals', () => ({
    terminals: [...world.store.tables.terminal.values()].map((terminal) =>
      terminalView(world, terminal),
    ),
  }));
  on('get', '/terminals/:id', (_req, id) => terminalView(world, findTerminal(world, id)));
  on('put', '/terminals/:id', (req, id) => {
    const { behaviour, ...wanted } = parseBody(terminalSettings, req.body);
    const terminal = findTerminal(world, id);
    Object.assign(terminal, wanted, { behaviour: { ...terminal.behaviour, ...behaviour } });
    world.store.save('terminal', id, terminal);
    return terminalView(world, terminal);
  });
  for (const [action, schema] of Object.entries(buttons)) {
    on('post', `/terminals/:id/${action}`, (req, id) => {
      const terminal = findTerminal(world, id);
      if (terminal.prompt === null) throw new Refusal(409, `terminal ${id} has no prompt`);
      const sessionId = terminal.prompt.session_id;
      press(world, terminal, { ...parseBody<object>(schema, req.body), action } as Customer);
      return { session: findSession(world, sessionId) };
    });
  }
  on('post', '/terminals/:id/resolve', (req, id) => {
    const { status, session_id } = parseBody(resolution, req.body);
    const terminal = findTerminal(world, id);
    const wanted = session_id ?? terminal.unresolved;
    if (wanted === undefined) throw new Refusal(409, `terminal ${id} has nothing to resolve`);
    delete terminal.unresolved;
    resolve(world, findSession(world, wanted), terminal, status);
    world.store.save('terminal', id, terminal);
    return { session: findSession(world, wanted) };
  });
}

/** Somebody in Dintero's Backoffice acts without the service, on a transaction or on the last one of a terminal. */
function mountBackoffice(world: World, on: On): void {
  const act = (name: string, does: (transaction: Transaction, body: unknown) => void): void => {
    on('post', `/transactions/:id/${name}`, (req, id) => {
      does(findTransaction(world, id), req.body);
      return findTransaction(world, id);
    });
    on('post', `/terminals/:id/${name}`, (req, id) => {
      const last = world.store.rowsOf('transaction', `terminal_id=${id}`).at(-1);
      if (last === undefined) throw new Refusal(409, `terminal ${id} has no transaction`);
      does(last, req.body);
      return last;
    });
  };
  for (const name of ['CAPTURE', 'VOID', 'REFUND'] as const) {
    act(name.toLowerCase(), (transaction, body) => {
      const { amount = transaction.amount, accepted } = parseBody(backoffice, body);
      operate(world, transaction.id, { name, amount, by: 'backoffice' }, accepted);
    });
  }
  on('post', '/refunds/:id/resolve', (req, id) =>
    resolveRefund(world, id, parseBody(refundResolution, req.body).success),
  );
  on('post', '/settlements', () => ({ settlements: settle(world) }));
  act('correct', ({ id }, body) => correct(world, id, parseBody(correction, body).status));
}

function settings(world: World): Settings {
  return world.store.tables.setting.get('global') ?? { behaviour: {} };
}

const text = z.string().exactOptional();

/** By what rows can be selected; a misspelt name is refused, for it would select nothing. */
const selection = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  endpoint: z.enum(endpoints).exactOptional(),
  method: text,
  path: text,
  status: text,
  kind: text,
  state: text,
  event: text,
  merchant_reference: text,
  merchant_reference_2: text,
  session_id: text,
  transaction_id: text,
  terminal_id: text,
});

/** The rows after a number that have every value asked for. */
function select(
  world: World,
  table: 'entry' | 'call' | 'delivery' | 'hook',
  req: Request,
): object[] {
  const { after, ...wanted } = parseBody(selection, req.query);
  const key = keysIn(wanted)[0];
  const rows =
    key === undefined ? [...world.store.tables[table].values()] : world.store.rowsOf(table, key);
  return rows.filter((row) => row.seq > after && matches(wanted, row));
}

function terminalView(world: World, terminal: Terminal): object {
  if (terminal.prompt === null) return terminal;
  const { session_id, refund_id } = terminal.prompt;
  const { order } = findSession(world, session_id);
  const { merchant_reference, merchant_reference_2 = null, currency } = order;
  const refund = refund_id === undefined ? undefined : world.store.tables.refund.get(refund_id);
  const amount = refund?.operation.amount ?? order.amount;
  return {
    ...terminal,
    prompt: { ...terminal.prompt, merchant_reference, merchant_reference_2, amount, currency },
  };
}
