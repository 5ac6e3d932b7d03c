/** The command line in this process and as a process of its own, and a stand-in for the API that answers what a test says. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Case, Charge } from '../../api/answers.ts';
import type { Refund } from '../../api/refund-schemas.ts';
import { runKvitt } from '../../cli/main.ts';

const binary = fileURLToPath(new URL('../../bin/kvitt.js', import.meta.url));

/** Must never be seen in what the command prints. */
export const token = 'kvitt-personal-3f9c1e';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  /** What it has printed so far. */
  stdout: () => string;
  ended: Promise<Ended>;
}

type Environment = Record<string, string | undefined>;

/** Runs it in this process: starting a real one takes a hundred times as long. */
export async function kvitt(url: string, args: string[], env: Environment = {}): Promise<Ended> {
  const heard = { stdout: '', stderr: '' };
  const code = await runKvitt({
    args,
    environment: { KVITT_URL: url, KVITT_TOKEN: token, ...env },
    stdout: { write: (text) => (heard.stdout += text) },
    stderr: { write: (text) => (heard.stderr += text) },
  });
  return { code, ...heard };
}

/** The real binary. */
export function startKvitt(url: string, args: string[], env: Environment = {}): Running {
  const child = spawn(process.execPath, [binary, ...args], {
    // Another folder: it must not matter.
    cwd: '/',
    env: { PATH: process.env['PATH'], KVITT_URL: url, KVITT_TOKEN: token, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const heard = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.stderr += text));
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, ...heard }));
  return { child, stdout: () => heard.stdout, ended };
}

interface Asked {
  /** `POST /ops/charges/S-1.1/read` */
  call: string;
  query: Record<string, string>;
  authorization: string | undefined;
  body: unknown;
}

/** An answer, or whoever writes it. */
type Route = { status?: number; body: unknown } | ((asked: Asked, res: ServerResponse) => void);

export interface StandIn {
  url: string;
  asked: Asked[];
  close: () => Promise<void>;
}

export async function startStandIn(routes: Record<string, Route>): Promise<StandIn> {
  const asked: Asked[] = [];
  const server = createServer((req, res) => {
    answer(req, res).catch(() => res.destroy());
  });
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    let text = '';
    for await (const chunk of req.setEncoding('utf8')) text += String(chunk);
    const { pathname, searchParams } = new URL(req.url ?? '', 'http://stand-in');
    const one: Asked = {
      call: `${req.method} ${decodeURIComponent(pathname)}`,
      query: Object.fromEntries(searchParams),
      authorization: req.headers.authorization,
      body: text === '' ? null : JSON.parse(text),
    };
    asked.push(one);
    const route = routes[one.call] ?? { status: 404, body: problem('not_found', 404) };
    if (typeof route === 'function') return route(one, res);
    res.writeHead(route.status ?? 200, { 'content-type': 'application/json' });
    res.end(typeof route.body === 'string' ? route.body : JSON.stringify(route.body));
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function minutesAgo(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}

/** A charge as the API answers it. */
export function charge(change: Partial<Charge> = {}): Charge {
  return {
    charge_id: 'S-1001.1',
    reference: 'S-1001',
    attempt: 1,
    next_attempt: null,
    amount: 12_900,
    currency: 'NOK',
    captured_amount: null,
    terminal_id: 'T90001234-T0003',
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
    items: null,
    not_after: null,
    capture: null,
    held_until: null,
    word: null,
    receipt: null,
    state: 'waiting_for_card',
    outcome: null,
    reason: null,
    needs_attention: null,
    case_kind: null,
    advice: 'wait',
    safe_to_take_other_payment: false,
    transaction_id: null,
    card: null,
    held_by: null,
    created_at: minutesAgo(12),
    state_since: minutesAgo(12),
    updated_at: '2026-11-22T09:15:11.000Z',
    ...change,
  };
}

/** A refund as the API answers it. */
export function refund(change: Partial<Refund> = {}): Refund {
  return {
    refund_id: 'S-1001.1.R1',
    charge_id: 'S-1001.1',
    reference: 'S-1001',
    refund: 1,
    next_refund: null,
    amount: 4_500,
    currency: 'NOK',
    terminal_id: 'T90001234-T0003',
    why: null,
    asked_by: 'till',
    state: 'waiting_for_card',
    outcome: null,
    reason: null,
    because: null,
    refunded_amount: null,
    refund_event: null,
    needs_attention: null,
    advice: 'wait',
    safe_to_take_other_payment: false,
    transaction_id: 'T90001234.5AbC',
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
    held_by: null,
    created_at: minutesAgo(2),
    state_since: minutesAgo(2),
    updated_at: minutesAgo(2),
    ...change,
  };
}

/** A case as the API answers it. */
export function moneyCase(change: Partial<Case> = {}): Case {
  return {
    transaction_id: 'T90001234.5AbC',
    charge_id: 'S-1001.1',
    kind: 'captured_after_cancel',
    state: 'open',
    what_to_do: 'Keep it, or give it back with the card at a terminal.',
    amount: 12_900,
    captured_amount: 12_900,
    currency: 'NOK',
    terminal_id: 'T90001234-T0003',
    store_id: 'bergen-01',
    opened_at: minutesAgo(180),
    settled_at: null,
    settled_as: null,
    options: null,
    settled_by: null,
    settled_why: null,
    refund_event: null,
    refunded_amount: null,
    ...change,
  };
}

/** A problem as the API answers it. */
export function problem(code: string, status: number, more: object = {}): object {
  return {
    type: `urn:kvitt:problem:${code}`,
    title: `The title of ${code}`,
    status,
    detail: `The detail of ${code}.`,
    code,
    advice: 'ask_for_help',
    safe_to_take_other_payment: false,
    ...more,
  };
}

export const explained = {
  word: 'prompt_may_live',
  list: 'needs_attention',
  severity: 'urgent',
  escalates_after_minutes: 5,
  means: 'The terminal may still ask for a card.',
  cashier: 'Ask for help.',
  check: ['Look at the terminal.'],
  press: [{ when: 'It asks for no card:', run: 'npx kvitt close S-1001.1 --terminal-seen-idle' }],
  also: [],
};
