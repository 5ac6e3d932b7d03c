import { createHmac, randomUUID } from 'node:crypto';
import { behaviourOf } from './behaviour.ts';
import { takeWebhookFault } from './faults.ts';
import type { HookDelivery, Subscription } from './account-records.ts';
import type { Session, Subject } from './records.ts';
import { withDinterosTimes } from './clock.ts';
import { merge } from './rewrite.ts';
import { now, subjectOf, transactionOf, transactionView, type World } from './world.ts';

/** "A total of 5 retries": assumed to count the first attempt (dossier 5.4). */
const ATTEMPTS_MAX = 5;

/** A transaction was made, or something happened to it. */
export function announceTransaction(world: World, session: Session): void {
  announce(world, 'checkout_transaction', session, () => ({ transaction: shown(world, session) }));
}

/** An authorisation has ended, well or badly: what the callback with `report_error=true` says. */
export function announceAuthorisation(
  world: World,
  session: Session,
  { error }: { error?: string },
): void {
  const { event_names_session } = behaviourOf(world, session.order.store.terminal_id);
  announce(world, 'checkout_authorization', session, () => ({
    // Documented: no transaction when the user cancelled.
    ...(error !== 'cancelled' && { transaction: shown(world, session) }),
    ...(event_names_session && {
      session_id: session.id,
      merchant_reference: session.order.merchant_reference,
      ...(error !== undefined && { error }),
    }),
  }));
}

/** Asks a subscription's address whether it is there. */
export function ping(world: World, subscription: Subscription): void {
  enqueue(world, subscription, { event: 'ping', about: {}, content: {} });
}

/** Something of the account that is no payment, such as `settlement_add`. */
export function announceToAccount(world: World, event: string, content: object): void {
  for (const subscription of subscribersOf(world, event)) {
    enqueue(world, subscription, { event, about: {}, content });
  }
}

function announce(world: World, event: string, session: Session, content: () => object): void {
  for (const subscription of subscribersOf(world, event)) {
    const about = { ...subjectOf(session), event };
    enqueue(world, subscription, { event, about, content: content() });
  }
}

function subscribersOf(world: World, event: string): Subscription[] {
  const all = [...world.store.tables.subscription.values()];
  return all.filter(({ events }) => events.includes(event));
}

/** As it is now: what a delivery says does not change while it waits. */
function shown(world: World, session: Session): object | undefined {
  const transaction = transactionOf(world, session);
  return transaction && structuredClone(transactionView(transaction));
}

function enqueue(
  world: World,
  subscription: Subscription,
  of: { event: string; about: Subject; content: object },
): void {
  const { store, jobs } = world;
  const fault = takeWebhookFault(world, { ...of.about, event: of.event });
  // Dintero tells nobody that it has dropped a subscription.
  if (fault?.kind === 'unsubscribe') store.remove('subscription', subscription.id);
  const isLost = fault?.kind === 'drop' || fault?.kind === 'unsubscribe';
  const add = (delivery: HookDelivery): void => {
    store.save('hook', delivery.id, delivery);
    if (isLost) return;
    const afterMs = fault?.kind === 'delay' ? fault.ms : 0;
    jobs.schedule(afterMs, { kind: 'send_event', hook_id: delivery.id });
  };
  const delivery: HookDelivery = {
    ...of.about,
    event: of.event,
    content: of.content,
    seq: store.tables.hook.size + 1,
    id: randomUUID(),
    event_delivery: randomUUID(),
    subscription_id: subscription.id,
    created_at: now(),
    state: isLost ? 'dropped' : 'pending',
    attempts: [],
    ...(fault !== undefined && { fault }),
  };
  add(delivery);
  if (fault?.kind !== 'duplicate') return;
  const twin = { ...delivery, seq: delivery.seq + 1, id: randomUUID(), attempts: [] };
  if (!fault.same_delivery) twin.event_delivery = randomUUID();
  add(twin);
}

/** One attempt; plans the next one, and drops a subscription that has failed too often. */
export async function sendEvent(world: World, hookId: string): Promise<void> {
  const { store } = world;
  const delivery = store.tables.hook.get(hookId);
  if (delivery?.state !== 'pending') return;
  const subscription = store.tables.subscription.get(delivery.subscription_id);
  if (subscription === undefined) {
    delivery.state = 'dropped';
    store.save('hook', hookId, delivery);
    return;
  }
  const at = now();
  const answer = await post(world, subscription, delivery);
  // Closed: the attempt is repeated after the restart. Reset: nobody remembers it.
  if (world.closed || store.tables.hook.get(hookId) !== delivery) return;

  delivery.attempts.push({ at, ...answer });
  const { status = 0 } = answer;
  const isTaken = status >= 200 && status < 300;
  countFailures(world, subscription, isTaken ? 0 : subscription.failures + 1);
  settle(world, delivery, isTaken);
}

function settle({ store, options, jobs }: World, delivery: HookDelivery, isTaken: boolean): void {
  const tries = delivery.attempts.length;
  if (!isTaken && tries < ATTEMPTS_MAX) {
    const waits = options.callbackRetriesMs;
    const waitMs = waits[tries - 1] ?? waits.at(-1) ?? 0;
    jobs.schedule(waitMs, { kind: 'send_event', hook_id: delivery.id });
  } else {
    delivery.state = isTaken ? 'delivered' : 'given_up';
    // It is only counted from now on; in a long run the bodies would be most of the memory.
    delivery.content = {};
  }
  store.save('hook', delivery.id, delivery);
}

function countFailures(world: World, subscription: Subscription, failures: number): void {
  if (world.store.tables.subscription.get(subscription.id) !== subscription) return;
  if (failures >= behaviourOf(world).subscription_failures_max) {
    world.store.remove('subscription', subscription.id);
    world.log.warn({ url: subscription.config.url }, 'subscription dropped');
    return;
  }
  world.store.save('subscription', subscription.id, Object.assign(subscription, { failures }));
}

async function post(
  world: World,
  { config }: Subscription,
  { event, event_delivery, content, fault }: HookDelivery,
): Promise<{ status: number } | { status?: never; error: string }> {
  const envelope = { account_id: world.options.accountId, event, event_delivery, ...content };
  const signed = withDinterosTimes(world, JSON.stringify(envelope));
  // Somebody on the way changes it: the signature is that of what Dintero has sent.
  const body = fault?.kind === 'rewrite' ? JSON.stringify(merge(envelope, fault.set)) : signed;
  const secret = fault?.kind === 'bad_signature' ? `not ${config.secret}` : config.secret;
  try {
    const response = await fetch(config.url, {
      method: 'POST',
      // A redirect counts as an error.
      redirect: 'manual',
      headers: {
        event,
        'event-delivery': event_delivery,
        'content-type': config.content_type,
        'user-agent': 'Dintero-Hook/5d41402',
        ...(secret !== undefined && { 'event-signature': signEvent(secret, signed) }),
      },
      body,
      signal: AbortSignal.timeout(world.options.callbackTimeoutMs),
    });
    await response.body?.cancel();
    return { status: response.status };
  } catch (error) {
    return { error: error instanceof Error ? error.message : '' };
  }
}

/** The value of `event-signature`: over the bytes of the body. */
function signEvent(secret: string, signed: string): string {
  return createHmac('sha1', secret).update(signed).digest('hex');
}
