/**
 * The account's webhooks: Dintero's second way to tell what has happened. What they say of a payment goes the way of a
 * callback and is believed as little: it is a reason to read. Answered by the same rules: 200 when stored, or when there
 * is nothing to store, 503 when it could not be, never 4xx.
 */
import type { Request } from 'express';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Callbacks } from './callbacks.ts';
import { eventIn, type AccountEvent } from './event-news.ts';
import { isSignedEvent } from './event-signature.ts';
import { callbackKinds, type CallbackKind } from './metrics.ts';

interface AccountWebhookDeps {
  callbacks: Callbacks;
  accountId: string;
  installation: string | null;
  secrets: readonly string[];
  registry: Registry;
}

type EventKind = CallbackKind | Exclude<AccountEvent['is'], 'news'> | 'duplicate';

const ofEvents = ['ping', 'settlement', 'not_ours', 'nameless', 'ignored', 'duplicate'] as const;
const eventKinds: readonly EventKind[] = [
  ...callbackKinds.filter((kind) => kind !== 'stale'),
  ...ofEvents,
];

/** Larger than a transaction of 100 lines with a long history of events. */
const bodyMax = 1_000_000;
/** Dintero sends an event five times at most, within a time that is not documented; about 3 MB. */
const deliveriesMax = 20_000;

export class AccountWebhooks {
  readonly #deps: AccountWebhookDeps;
  readonly #counter: Counter<'kind'>;
  /** What became of a delivery, or is becoming of it; whoever repeats one gets its answer. */
  readonly #deliveries = new LRUCache<string, Promise<EventKind>>({ max: deliveriesMax });

  constructor(deps: AccountWebhookDeps) {
    this.#deps = deps;
    this.#counter = new Counter({
      name: 'kvitt_api_webhooks_total',
      help: "The account's webhooks by what became of them",
      labelNames: ['kind'],
      registers: [deps.registry],
    });
    // From nought on: the first of its kind would be no increase otherwise.
    for (const kind of eventKinds) this.#counter.inc({ kind }, 0);
  }

  /** The status to answer with. */
  async receive(req: Request, log: Logger): Promise<200 | 503> {
    const kind = await this.#handle(req, log);
    this.#counter.inc({ kind });
    return isStored(kind) ? 200 : 503;
  }

  async #handle(req: Request, log: Logger): Promise<EventKind> {
    const { secrets, accountId, installation } = this.#deps;
    const body = await bytesOf(req);
    if (body === null) return 'malformed';
    const isChecked = secrets.length > 0;
    if (isChecked && !isSignedEvent({ header: req.get('event-signature'), body }, secrets)) {
      log.warn(
        'A webhook has a bad signature: nothing was done. Check DINTERO_WEBHOOK_SECRET and the subscription at Dintero',
      );
      return 'bad_signature';
    }
    const verdict = isChecked ? 'good' : 'unsigned';
    const event = eventIn(body.toString('utf8'), { verdict, accountId, installation });
    // Anybody may invent the name of an unsigned delivery, and so keep the true one from being looked at.
    if (event.delivery === null || verdict !== 'good') return await this.#take(event, log);
    return await this.#once(event.delivery, async () => await this.#take(event, log));
  }

  async #take(event: AccountEvent, log: Logger): Promise<EventKind> {
    if (event.is === 'news') return await this.#deps.callbacks.store(event.news, log);
    if (event.is === 'malformed') log.warn('A webhook is not readable: nothing was done');
    return event.is;
  }

  async #once(delivery: string, take: () => Promise<EventKind>): Promise<EventKind> {
    const before = this.#deliveries.get(delivery);
    if (before !== undefined) {
      const kind = await before;
      return isStored(kind) ? 'duplicate' : kind;
    }
    const taking = take();
    this.#deliveries.set(delivery, taking);
    let kind: EventKind = 'unstored';
    try {
      kind = await taking;
    } finally {
      if (!isStored(kind)) this.#deliveries.delete(delivery);
    }
    return kind;
  }
}

function isStored(kind: EventKind): boolean {
  return kind !== 'unstored' && kind !== 'too_many';
}

/** The bytes as they came: the signature covers them. null: too many, or the sender has left. */
async function bytesOf(req: Request): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Not destroyed when left early: the answer takes the same connection.
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      if (!Buffer.isBuffer(chunk)) return null;
      size += chunk.length;
      if (size > bodyMax) return null;
      chunks.push(chunk);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks);
}
