import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { behaviourOf } from './behaviour.ts';
import { takeCallbackFault } from './faults.ts';
import type { Delivery, Session, Transaction, TransactionEvent } from './records.ts';
import { announceAuthorisation } from './hooks.ts';
import { merge } from './rewrite.ts';
import { onDinterosClock, withDinterosTimes } from './clock.ts';
import { signatureSecretOf } from './secrets.ts';
import { signCallback } from './signature.ts';
import {
  addSessionEvent,
  transactionView,
  findSession,
  now,
  subjectOf,
  transactionOf,
  type World,
} from './world.ts';

// Dintero retries a callback 20 times ("callback_url" in its API reference).
const ATTEMPTS_MAX = 21;
// The longest `delay_callback` that Dintero grants, in seconds.
const DELAY_MAX_SECONDS = 60;

/** What a callback tells: an error, one event of the transaction, or, empty, the result. */
interface News {
  error?: string;
  event?: TransactionEvent;
}

/** Sends a callback about a session, if its `callback_url` asks for this kind of news. */
export function notify(world: World, session: Session, news: News): void {
  const { error, event } = news;
  if (event === undefined) announceAuthorisation(world, session, news);
  const target = session.url.callback_url;
  if (target === undefined || !isAskedFor(world, target, news)) return;
  const asked = new URL(target).searchParams;

  const delivery: Delivery = {
    ...subjectOf(session),
    seq: world.store.tables.delivery.size + 1,
    id: randomUUID(),
    event_delivery: randomUUID(),
    session_id: session.id,
    reports: error ?? event?.event ?? 'result',
    method: asked.get('method') === 'POST' ? 'POST' : 'GET',
    url: callbackUrl(world, session, target, news),
    created_at: now(),
    state: 'pending',
    attempts: [],
  };
  const wanted = Number(asked.get('delay_callback')) || 0;
  const delaySeconds = Math.min(Math.max(0, wanted), DELAY_MAX_SECONDS);
  enqueue(world, session, delivery, delaySeconds * 1000);
}

/** Whether the address is one that Dintero calls, and wants this news. */
function isAskedFor(world: World, target: string, { error, event }: News): boolean {
  const { protocol, searchParams } = new URL(target);
  if (protocol !== 'https:' && behaviourOf(world).https_callbacks_only) return false;
  if (error !== undefined && searchParams.get('report_error') !== 'true') return false;
  return event === undefined || searchParams.getAll('report_event').includes(event.event);
}

function enqueue(world: World, session: Session, delivery: Delivery, delayMs: number): void {
  const fault = takeCallbackFault(world, { ...subjectOf(session), event: delivery.reports });
  if (fault !== undefined) delivery.fault = fault;
  if (fault?.kind === 'drop') delivery.state = 'dropped';
  world.store.save('delivery', delivery.id, delivery);
  if (fault?.kind === 'drop') return;

  const laterMs = delayMs + (fault?.kind === 'delay' ? fault.ms : 0);
  world.jobs.schedule(laterMs, { kind: 'deliver', delivery_id: delivery.id });
  if (fault?.kind !== 'duplicate') return;
  const seq = delivery.seq + 1;
  const twin = { ...delivery, seq, id: randomUUID(), attempts: [] };
  if (!fault.same_delivery) twin.event_delivery = randomUUID();
  world.store.save('delivery', twin.id, twin);
  world.jobs.schedule(laterMs, { kind: 'deliver', delivery_id: twin.id });
}

/** The registered URL, its own query kept as it is, with what Dintero adds percent-encoded. */
function callbackUrl(world: World, session: Session, target: string, news: News): string {
  const url = new URL(target);
  const sidName = url.searchParams.get('sid_parameter_name') === 'sid' ? 'sid' : 'session_id';
  const transaction = transactionOf(world, session);
  const added: [string, string | undefined][] = [
    ['error', news.error],
    ['event', news.event?.event],
    ['event_id', news.event?.id],
    ['transaction_id', transaction?.id],
    [sidName, session.id],
    ['merchant_reference', session.order.merchant_reference],
    ['time', onDinterosClock(world, transaction?.created_at ?? now())],
  ];
  const query = added.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  url.search = [...(url.search === '' ? [] : [url.search.slice(1)]), ...query].join('&');
  return url.href;
}

/** One attempt of a delivery; plans the next one where Dintero would. */
export async function deliver(world: World, deliveryId: string): Promise<void> {
  const delivery = world.store.tables.delivery.get(deliveryId);
  if (delivery?.state !== 'pending') return;
  const session = findSession(world, delivery.session_id);
  const at = now();
  const answer = await send(world, delivery, session);
  // Closed: the attempt is repeated after the restart. Reset: nobody remembers it.
  const isForgotten = world.store.tables.delivery.get(deliveryId) !== delivery;
  if (world.closed || isForgotten) return;

  delivery.attempts.push({ at, ...answer });
  delivery.state = stateAfter(delivery, answer.status);
  world.store.save('delivery', delivery.id, delivery);
  if (delivery.state === 'pending') retry(world, delivery);
  else if (delivery.state !== 'delivered') {
    world.log.warn({ url: delivery.url, ...answer }, `callback ${delivery.state}`);
  } else if (delivery.reports === 'result') {
    const reported = transactionOf(world, session)?.events.findLast((event) => event.success);
    addSessionEvent(world, session, 'AUTH_CALLBACK_SENT', { transaction_event_id: reported?.id });
  }
  world.events.emit(`delivered ${session.id}`);
}

function retry(world: World, { id, attempts }: Delivery): void {
  const waits = world.options.callbackRetriesMs;
  const waitMs = waits[attempts.length - 1] ?? waits.at(-1) ?? 0;
  world.jobs.schedule(waitMs, { kind: 'deliver', delivery_id: id });
}

function stateAfter(delivery: Delivery, status: number | undefined): Delivery['state'] {
  if (status !== undefined && status >= 200 && status < 300) return 'delivered';
  // 4xx is documented as final; 3xx is not documented, assumed to be neither followed nor retried.
  if (status !== undefined && status >= 300 && status < 500) return 'refused';
  return delivery.attempts.length < ATTEMPTS_MAX ? 'pending' : 'given_up';
}

async function send(
  world: World,
  delivery: Delivery,
  session: Session,
): Promise<{ status: number } | { status?: never; error: string }> {
  const body = delivery.method === 'POST' ? callbackBody(world, delivery, session) : undefined;
  try {
    const response = await fetch(delivery.url, {
      method: delivery.method,
      redirect: 'manual',
      headers: {
        'event-delivery': delivery.event_delivery,
        ...signatureHeader(world, delivery, session),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(world.options.callbackTimeoutMs),
    });
    await response.body?.cancel();
    return { status: response.status };
  } catch (error) {
    return { error: error instanceof Error ? `${error.message} ${causeOf(error)}`.trim() : '' };
  }
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : '';
}

function callbackBody(world: World, delivery: Delivery, session: Session): string | undefined {
  const transaction = transactionOf(world, session);
  if (transaction === undefined) return undefined;
  const asked = new URL(delivery.url).searchParams;
  const view = {
    ...transactionView(transaction),
    ...(asked.get('includes') === 'session' && { session }),
  };
  const { fault } = delivery;
  const text = JSON.stringify(fault?.kind === 'rewrite' ? merge(view, fault.set) : view);
  return withDinterosTimes(world, text);
}

function signatureHeader(
  world: World,
  delivery: Delivery,
  session: Session,
): Record<string, string> {
  const { accountId } = world.options;
  const signatureSecret = signatureSecretOf(world);
  if (signatureSecret === undefined) return {};
  const { fault } = delivery;
  const { retry_timestamp, clock_skew_ms } = behaviourOf(world, session.order.store.terminal_id);
  const first = retry_timestamp === 'original';
  const signedAt = first ? Date.parse(delivery.created_at) : Date.now();
  const staleSeconds = fault?.kind === 'stale_timestamp' ? fault.seconds : 0;
  const signature = signCallback({
    secret: fault?.kind === 'bad_signature' ? `not ${signatureSecret}` : signatureSecret,
    timestamp: Math.floor((signedAt + clock_skew_ms) / 1000) - staleSeconds,
    accountId,
    method: delivery.method,
    url: delivery.url,
  });
  return { 'Dintero-Signature': signature };
}

/** Waits until a callback about the session was attempted, at most `withinMs`. */
export async function firstDelivery(
  world: World,
  sessionId: string,
  withinMs: number,
): Promise<void> {
  const signal = AbortSignal.timeout(withinMs);
  await once(world.events, `delivered ${sessionId}`, { signal }).catch(() => undefined);
}

/** The result was held back for the capture; it goes out now. */
export function releaseResult(world: World, session: Session, transaction: Transaction): void {
  if (transaction.callback_withheld !== true) return;
  delete transaction.callback_withheld;
  notify(world, session, {});
}
