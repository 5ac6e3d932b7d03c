import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, vi } from 'vitest';
import type { SimulatorOptions } from '../../simulator/config.ts';
import type { Call, LedgerEntry, Session, Transaction } from '../../simulator/records.ts';
import type { Publication, SessionRequest } from '../../simulator/session-request.ts';
import { createSimulator } from '../../simulator/simulator.ts';

/** Stands for any text in an expected value. */
export const aString: unknown = expect.any(String);

/** Loose JSON: tests name the type they expect where they look deeper. */
export type Json = Record<string, unknown>;

export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

type Ask = <Body = Json>(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer<Body>>;

export interface Dintero {
  url: string;
  token: string;
  /** Dintero's API, with the token. */
  call: Ask;
  /** The simulator's own API. */
  control: Ask;
}

/** A simulator of its own for one test, and a client that holds a token. */
export async function startDintero(options: Partial<SimulatorOptions> = {}): Promise<Dintero> {
  const simulator = await createSimulator({
    callbackRetriesMs: [20],
    callbackTimeoutMs: 1000,
    answerDelayMs: 0,
    logLevel: 'silent',
    ...options,
  });
  onTestFinished(async () => await simulator.close());
  return await connect(simulator.url);
}

/** A client of a running simulator. */
export async function connect(url: string): Promise<Dintero> {
  const { body } = await requestToken(url);
  const token = String(body['access_token']);
  return {
    url,
    token,
    call: async (method, path, sent, headers) =>
      await request(url + path, method, sent, { authorization: `Bearer ${token}`, ...headers }),
    control: async (method, path, sent) => await request(`${url}/simulator${path}`, method, sent),
  };
}

export async function requestToken(
  url: string,
  change: { account?: string; secret?: string; body?: object } = {},
): Promise<Answer<Json>> {
  const { account = 'T90001234', secret = 'simulator', body } = change;
  return await request(
    `${url}/v1/accounts/${account}/auth/token`,
    'POST',
    {
      grant_type: 'client_credentials',
      audience: 'https://api.dintero.com/v1/accounts/T90001234',
      ...body,
    },
    { authorization: `Basic ${btoa(`simulator:${secret}`)}` },
  );
}

export async function request<Body>(
  url: string,
  method: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<Body>> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const { status } = response;
  return { status, headers: response.headers, body: parsed(await response.text()) as Body };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Looks until the assertions hold; far longer than any of them takes, for a busy machine. */
export async function eventually(check: () => void | Promise<void>, timeout = 4000): Promise<void> {
  await vi.waitFor(check, { timeout, interval: 10 });
}

let terminals = 0;

/** A terminal that no other test of this process uses. */
export function newTerminal(): string {
  terminals += 1;
  return `T90001234-T${String(terminals).padStart(4, '0')}`;
}

export interface Sale {
  reference?: string;
  sale?: string;
  amount?: number;
  terminal?: string;
  autoCapture?: boolean;
  callback?: string;
  publish?: Publication[];
  expiresAt?: string;
}

/** The body of a create; valid by default. */
export function sessionBody(sale: Sale = {}): SessionRequest {
  const reference = sale.reference ?? `S-${crypto.randomUUID()}`;
  return {
    profile_id: 'T90001234.4TerminalProfileAbCdEf',
    url: { return_url: 'https://pay.example.test/returned', callback_url: sale.callback },
    order: {
      amount: sale.amount ?? 12900,
      currency: 'NOK',
      merchant_reference: reference,
      merchant_reference_2: sale.sale ?? `sale-${reference}`,
      store: {
        id: 'bergen-01',
        terminal_id: sale.terminal ?? newTerminal(),
        payout_destination_id: 'seller-9',
      },
    },
    configuration: {
      channel: 'in_store',
      auto_capture: sale.autoCapture,
      publish: sale.publish,
    },
    expires_at: sale.expiresAt,
  };
}

export interface Prompted {
  id: string;
  terminal: string;
  reference: string;
}

/** Creates a session whose terminal then prompts. */
export async function prompt(dintero: Dintero, sale: Sale = {}): Promise<Prompted> {
  const terminal = sale.terminal ?? newTerminal();
  const body = sessionBody({ ...sale, terminal });
  const { id } = (await dintero.call<Session>('POST', '/v1/sessions-profile', body)).body;
  return { id, terminal, reference: body.order.merchant_reference };
}

/** Presses a button of a terminal. */
export async function press(
  dintero: Dintero,
  terminal: string,
  button: string,
  body: object = {},
): Promise<Answer<Json>> {
  return await dintero.control('POST', `/terminals/${terminal}/${button}`, body);
}

/** A sale whose customer has tapped: its transaction. */
export async function paid(dintero: Dintero, sale: Sale = {}, tap = {}): Promise<Transaction> {
  const { id, terminal } = await prompt(dintero, sale);
  await press(dintero, terminal, 'tap', tap);
  const transaction = await transactionOf(dintero, id);
  if (transaction === undefined) throw new Error(`session ${id} has no transaction`);
  return transaction;
}

/** A session as Dintero shows it. */
export async function sessionOf(dintero: Dintero, id: string): Promise<Session> {
  return (await dintero.call<Session>('GET', `/v1/sessions/${id}`)).body;
}

/** The transaction of a session, if it has one. */
export async function transactionOf(
  dintero: Dintero,
  sessionId: string,
): Promise<Transaction | undefined> {
  const { transaction_id } = await sessionOf(dintero, sessionId);
  if (transaction_id === undefined) return undefined;
  return (await dintero.call<Transaction>('GET', `/v1/transactions/${transaction_id}`)).body;
}

/** The ledger's kinds, with the reason where there is one, of one session. */
export async function ledgerOf(dintero: Dintero, reference: string): Promise<string[]> {
  const path = `/ledger?merchant_reference=${reference}`;
  const { entries } = (await dintero.control<{ entries: LedgerEntry[] }>('GET', path)).body;
  return entries.map(({ kind, why }) => (why === undefined ? kind : `${kind}:${why}`));
}

/** The calls of one endpoint that Dintero received. */
export async function callsTo(dintero: Dintero, endpoint: string): Promise<Call[]> {
  const path = `/calls?endpoint=${endpoint}`;
  return (await dintero.control<{ calls: Call[] }>('GET', path)).body.calls;
}

/** Plants a fault. */
export async function plant(
  dintero: Dintero,
  endpoint: string,
  fault: string | object,
  rest: object = {},
): Promise<void> {
  const body = { endpoint, do: fault, ...rest };
  const { status } = await dintero.control('POST', '/faults', body);
  if (status !== 200) throw new Error(`the fault was refused: ${JSON.stringify(body)}`);
}

export interface Received {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: unknown;
}

/** A server that takes callbacks; `answer` says what each gets. */
export async function startReceiver(
  answer: (received: Received, res: ServerResponse) => void = (_received, res) => res.end(),
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const one = {
        method: req.method ?? '',
        url: new URL(req.url ?? '', url),
        headers: req.headers,
        body: text === '' ? undefined : parsed(text),
      };
      received.push(one);
      answer(one, res);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, received };
}
