/** A brake on HTTP: it passes every call on, and holds the ones it was told to, before they arrive or before their answer. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Call {
  method: string;
  /** With its query. */
  path: string;
  body: string;
}

export interface HoldOrder {
  /** Before the other side has it, or after the other side has answered. */
  at: 'request' | 'answer';
  /** Of `<method> <path>`. */
  call: RegExp;
  charges: ReadonlySet<string>;
}

export interface Hold {
  /** Charges whose call came here. */
  readonly arrived: ReadonlySet<string>;
  /** Charges whose call, or whose answer, is or was held here. */
  readonly held: ReadonlySet<string>;
  /** Charges whose answer was handed over to the one who asked. */
  readonly answered: ReadonlySet<string>;
  /** What is held goes on, and nothing is held any more. */
  release: () => void;
}

export interface Brake {
  url: string;
  hold: (order: HoldOrder) => Hold;
  close: () => Promise<void>;
}

interface BrakeOptions {
  /** Where a call goes; null: nobody is there. */
  targetOf: (call: Call) => string | null;
  /** Of which charge a call is; null: of none that is known. */
  chargeOf: (call: Call) => string | null;
  /** Sees every answer: sessions and transactions get their ids by it. */
  learn?: (call: Call, answer: string) => void;
}

interface ActiveHold extends HoldOrder {
  arrived: Set<string>;
  held: Set<string>;
  answered: Set<string>;
  isReleased: boolean;
  letGo: (() => void)[];
}

export async function startBrake(options: BrakeOptions): Promise<Brake> {
  const holds = new Set<ActiveHold>();
  const server = createServer((req, res) => {
    relay({ req, res, options, holds }).catch(() => res.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (order) => {
      const hold: ActiveHold = {
        ...order,
        arrived: new Set(),
        held: new Set(),
        answered: new Set(),
        isReleased: false,
        letGo: [],
      };
      holds.add(hold);
      const release = (): void => {
        hold.isReleased = true;
        for (const letGo of hold.letGo.splice(0)) letGo();
      };
      return { arrived: hold.arrived, held: hold.held, answered: hold.answered, release };
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

interface Relay {
  req: IncomingMessage;
  res: ServerResponse;
  options: BrakeOptions;
  holds: ReadonlySet<ActiveHold>;
}

/** A call that was sent arrives, also when the one who sent it has died meanwhile. */
async function relay({ req, res, options, holds }: Relay): Promise<void> {
  const call = { method: req.method ?? '', path: req.url ?? '', body: await textOf(req) };
  const chargeId = options.chargeOf(call);
  const hold = chargeId === null ? undefined : holdFor(holds, call, chargeId);
  const brake = async (at: HoldOrder['at']): Promise<void> => {
    if (hold?.at === at && chargeId !== null) await untilReleased(hold, chargeId);
  };
  if (chargeId !== null) hold?.arrived.add(chargeId);
  await brake('request');
  const target = options.targetOf(call);
  if (target === null) throw new Error('nobody is there');
  const answer = await fetch(target + call.path, {
    method: call.method,
    headers: headersOf(req),
    redirect: 'manual',
    ...(call.body === '' ? {} : { body: call.body }),
  });
  const text = await answer.text();
  options.learn?.(call, text);
  await brake('answer');
  for (const [name, value] of answer.headers)
    if (!ofTheConnection.has(name)) res.setHeader(name, value);
  res.writeHead(answer.status);
  res.end(text, () => {
    if (chargeId !== null) hold?.answered.add(chargeId);
  });
}

/** Each charge is held once: a call that is repeated passes. */
function holdFor(
  holds: ReadonlySet<ActiveHold>,
  call: Call,
  chargeId: string,
): ActiveHold | undefined {
  const line = `${call.method} ${call.path}`;
  return [...holds].find(
    (hold) =>
      !hold.isReleased &&
      hold.charges.has(chargeId) &&
      !hold.arrived.has(chargeId) &&
      hold.call.test(line),
  );
}

async function untilReleased(hold: ActiveHold, chargeId: string): Promise<void> {
  if (hold.isReleased) return;
  hold.held.add(chargeId);
  await new Promise<void>((resolve) => hold.letGo.push(resolve));
}

async function textOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** What belongs to one connection, and what `fetch` sets itself. */
const ofTheConnection = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'content-encoding',
  'host',
  'expect',
]);

function headersOf(req: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) {
    if (typeof value === 'string' && !ofTheConnection.has(name)) headers.set(name, value);
  }
  return headers;
}
