/**
 * Delivers events to the retailer's system, by the Standard Webhooks convention: what is signed is what is sent, byte by
 * byte. At least once: an answer that was lost is sent again, with the same `webhook-id`.
 */
import { lookup } from 'node:dns';
import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { ApplicationFailure } from '@temporalio/common';
import { useAgent } from 'request-filtering-agent';
import { Webhook } from 'standardwebhooks';
import type { RetailerEvent } from '../workflows/retailer-events.ts';

export interface WebhookConfig {
  url: string;
  /** `whsec_...`; several while one is replaced: every live one signs. */
  secrets: readonly string[];
  /** Also plain http, and addresses that are not public. */
  allowPrivate: boolean;
  timeoutMs?: number;
}

/** A receiver that hangs must not hold the slots that captures need (500): the rest comes back a little later. */
const deliveriesMax = 100;
/** Of that rest, the wait; the retry policy's own may have grown to an hour. */
const crowdedRetryMs = 10_000;

/** Throws until the retailer's system has taken the event; Temporal retries. */
export function createDelivery(
  config: WebhookConfig | null,
): (event: RetailerEvent) => Promise<void> {
  if (config === null) {
    return async () => {
      throw await Promise.resolve(undelivered('the worker has no WEBHOOK_URL'));
    };
  }
  const { url, secrets, allowPrivate } = config;
  const webhooks = secrets.map((secret) => new Webhook(secret));
  // It looks at the address that is connected to, so a name that resolves to a private one is refused as well.
  const agent = useAgent(url, {
    allowPrivateIPAddress: allowPrivate,
    allowMetaIPAddress: allowPrivate,
  });
  const lookupOnce = createLookup();
  let running = 0;
  return async ({ id, body }) => {
    if (running >= deliveriesMax) {
      throw undelivered(`${deliveriesMax} other deliveries are running`, crowdedRetryMs);
    }
    running += 1;
    try {
      const text = JSON.stringify(body);
      const headers = signed(webhooks, id, text);
      const status = await post({
        url,
        agent,
        lookup: lookupOnce,
        headers,
        text,
        timeoutMs: config.timeoutMs ?? 10_000,
      });
      if (status < 200 || status > 299) throw undelivered(`it answered ${status}`);
    } finally {
      running -= 1;
    }
  };
}

function signed(webhooks: Webhook[], id: string, text: string): Record<string, string> {
  const now = new Date();
  return {
    'content-type': 'application/json',
    'content-length': `${Buffer.byteLength(text)}`,
    'user-agent': 'kvitt',
    'webhook-id': id,
    'webhook-timestamp': `${Math.floor(now.getTime() / 1000)}`,
    'webhook-signature': webhooks.map((webhook) => webhook.sign(id, now, text)).join(' '),
  };
}

/**
 * A running lookup is shared by all who ask for the same. Each holds one of the four threads that every lookup of the
 * process shares, and no time-out frees it: a receiver whose DNS hangs would keep the calls to Dintero from theirs.
 */
function createLookup(): LookupFunction {
  const running = new Map<string, Parameters<LookupFunction>[2][]>();
  return (hostname, options, callback) => {
    const question = JSON.stringify([hostname, options]);
    const asking = running.get(question);
    if (asking !== undefined) {
      asking.push(callback);
      return;
    }
    const callbacks = [callback];
    running.set(question, callbacks);
    lookup(hostname, options, (...answer) => {
      running.delete(question);
      for (const answered of callbacks) answered(...answer);
    });
  };
}

interface Post {
  url: string;
  agent: Agent;
  lookup: LookupFunction;
  headers: Record<string, string>;
  text: string;
  timeoutMs: number;
}

/** The answer's status; a redirect is an answer like any other. What the body says is nobody's business here. */
async function post({ url, text, timeoutMs, ...options }: Post): Promise<number> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      send(url, { method: 'POST', ...options, signal })
        .on('response', resolve)
        .on('error', reject)
        .end(text);
    });
    // Only the status counts: a body may have no end. The agent keeps no connection, so none is spoiled.
    response.on('error', () => undefined).destroy();
    return response.statusCode ?? 0;
  } catch (error) {
    throw undelivered(whyUnanswered(error));
  }
}

function whyUnanswered(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  if (error.name === 'AbortError') return 'no answer in time';
  if ('code' in error && typeof error.code === 'string') return `no answer (${error.code})`;
  return error.message.includes('is not allowed')
    ? 'its address is private or reserved, and WEBHOOK_ALLOW_PRIVATE is not true'
    : `no answer (${error.name})`;
}

/** Shown in the Temporal UI: never a body, nor anything of the URL. */
function undelivered(why: string, nextRetryDelay?: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'WebhookNotDelivered',
    message: `Could not tell the retailer's system: ${why}`,
    ...(nextRetryDelay === undefined ? {} : { nextRetryDelay }),
  });
}
