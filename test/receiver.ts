/** The retailer's system, as the tests see it: it takes webhooks, and it can be killed and come back. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  path: string;
  id: string;
  headers: IncomingHttpHeaders;
  /** The bytes, as text. */
  text: string;
  body: { type: string; timestamp: string; data: Record<string, unknown> };
}

export interface Receiver {
  url: string;
  /** What was answered with success, in the order in which it came. */
  taken: Received[];
  /** Every request, also the refused ones. */
  asked: Received[];
  /** The most requests that it had at one time. */
  mostAtOnce: number;
  /** How the next requests are answered; `hang`: not at all. */
  answer: { status: number; headers?: Record<string, string> } | 'hang';
  kill: () => Promise<void>;
  /** On the same port. */
  comeBack: () => Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  let server: Server | null = null;
  let port = 0;
  let open = 0;
  const answerTo = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    open += 1;
    res.on('close', () => (open -= 1));
    receiver.mostAtOnce = Math.max(receiver.mostAtOnce, open);
    const body = await text(req);
    const received: Received = {
      path: req.url ?? '',
      id: String(req.headers['webhook-id']),
      headers: req.headers,
      text: body,
      body: JSON.parse(body) as Received['body'],
    };
    receiver.asked.push(received);
    const { answer } = receiver;
    if (answer === 'hang') return;
    if (answer.status < 300) receiver.taken.push(received);
    res.writeHead(answer.status, answer.headers).end('a body that nobody reads');
  };
  const receiver: Receiver = {
    url: '',
    taken: [],
    asked: [],
    mostAtOnce: 0,
    answer: { status: 200 },
    kill: async () => {
      const dying = server;
      server = null;
      if (dying === null) return;
      dying.closeAllConnections();
      dying.close();
      await once(dying, 'close');
    },
    comeBack: async () => {
      server = createServer((req, res) => {
        answerTo(req, res).catch(() => res.destroy());
      });
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      ({ port } = server.address() as AddressInfo);
      receiver.url = `http://127.0.0.1:${port}/hooks/kvitt`;
    },
  };
  await receiver.comeBack();
  return receiver;
}
