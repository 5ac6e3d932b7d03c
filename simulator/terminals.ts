import { customersByAmount } from './amounts.ts';
import { behaviourOf } from './behaviour.ts';
import type { Customer } from './customer.ts';
import { record } from './ledger.ts';
import { approve, decline, hold, loseLine, stop } from './payments.ts';
import type { Refund, Session, Terminal } from './records.ts';
import { endOfPrompt, endRefund, findRefund, recordRefund } from './refund-results.ts';
import { ensureTransaction } from './transactions.ts';
import { addSessionEvent, findSession, now, Refusal, type World } from './world.ts';

type PromptEnd =
  | 'tapped'
  | 'declined'
  | 'cancelled_on_device'
  | 'cancelled_by_api'
  | 'timeout'
  | 'replaced'
  | 'offline';

/** A terminal by its id. Every `<account>-T<4 digits>` exists and is ACTIVE until told otherwise. */
export function findTerminal(world: World, id: string): Terminal {
  const known = world.store.tables.terminal.get(id);
  if (known !== undefined) return known;
  if (!new RegExp(`^${world.options.accountId}-T\\d{4}$`).test(id)) {
    throw new Refusal(400, `unknown terminal ${id}`);
  }
  return { id, status: 'ACTIVE', queue: [], prompt: null, script: [], receipts: 0 };
}

/** The terminal of an order, refused unless it is active and of the store and seller named. */
export function usableTerminal(world: World, store: Session['order']['store']): Terminal {
  const terminal = findTerminal(world, store.terminal_id);
  const { id, status, store_id, payout_destination_id } = terminal;
  if (status !== 'ACTIVE') throw new Refusal(400, `terminal ${id} is ${status}`);
  if (store_id !== undefined && store_id !== store.id) {
    throw new Refusal(400, `terminal ${id} is not of store ${store.id}`);
  }
  const seller = store.payout_destination_id;
  const shop = world.store.tables.shop.get(store_id ?? '');
  const own = payout_destination_id ?? shop?.payout_destination.payout_destination_id;
  if (own !== undefined && own !== seller) {
    throw new Refusal(400, `terminal ${id} is not of seller ${seller}`);
  }
  return terminal;
}

/** Refuses a second session on a terminal whose prompt is live, where that is the behaviour. */
export function refuseIfBusy(world: World, terminal: Terminal, sale: Pick<Session, 'order'>): void {
  const { second_session } = behaviourOf(world, terminal.id);
  if (terminal.prompt === null || second_session !== 'reject') return;
  record(world, 'session_refused', sale, { why: 'terminal_busy' });
  throw new Refusal(400, `terminal ${terminal.id} is busy`);
}

/** Shows the amount on the device, or queues it, or takes the place of the prompt that is there. */
export function startPrompt(world: World, session: Session): void {
  const terminal = findTerminal(world, session.order.store.terminal_id);
  const behaviour = behaviourOf(world, terminal.id);
  const former = terminal.prompt;
  if (former !== null && behaviour.second_session === 'queue') {
    terminal.queue.push(session.id);
    record(world, 'prompt_queued', session);
    return world.store.save('terminal', terminal.id, terminal);
  }
  // Started before the former ends: the ledger must show that two were on one terminal.
  record(world, 'prompt_started', session);
  if (former !== null) replacePrompt(world, terminal);
  terminal.prompt = { session_id: session.id, since: now() };
  if (behaviour.initiated_visible) ensureTransaction(world, session);
  addSessionEvent(world, session, 'PAY_LOCK_START');

  awaitCustomer(world, session, terminal);
  world.jobs.schedule(
    lifetimeMs(world, session),
    { kind: 'prompt_timeout', session_id: session.id },
    `prompt_timeout/${session.id}`,
  );
  world.store.save('terminal', terminal.id, terminal);
}

/** What the next customer at a terminal is going to do, if anybody has said so. */
export function customerOf(world: World, terminal: Terminal): Customer | undefined {
  return (
    terminal.script.shift() ??
    terminal.customer ??
    world.store.tables.setting.get('global')?.customer
  );
}

function awaitCustomer(world: World, session: Session, terminal: Terminal): void {
  const customer = customerOf(world, terminal) ?? customersByAmount.get(session.order.amount);
  if (customer === undefined) return;
  const job = { kind: 'customer', session_id: session.id, customer } as const;
  const delayMs = customer.delay_ms ?? world.options.answerDelayMs;
  world.jobs.schedule(delayMs, job, `customer/${session.id}`);
}

function lifetimeMs(world: World, session: Session): number {
  const behaviour = behaviourOf(world, session.order.store.terminal_id);
  if (!behaviour.expires_at_ends_prompt || session.expires_at === undefined) {
    return behaviour.prompt_lifetime_ms;
  }
  const leftMs = Math.max(0, Date.parse(session.expires_at) - Date.now() - behaviour.clock_skew_ms);
  return Math.min(leftMs, behaviour.prompt_lifetime_ms);
}

function endPrompt(world: World, terminal: Terminal, why: PromptEnd): Session {
  if (terminal.prompt === null) throw new Refusal(409, `terminal ${terminal.id} has no prompt`);
  const session = findSession(world, terminal.prompt.session_id);
  terminal.prompt = null;
  world.jobs.cancel(`prompt_timeout/${session.id}`);
  world.jobs.cancel(`customer/${session.id}`);
  record(world, 'prompt_ended', session, { why });
  addSessionEvent(world, session, 'PAY_LOCK_END');
  world.store.save('terminal', terminal.id, terminal);
  return session;
}

function startNext(world: World, terminal: Terminal): void {
  const next = terminal.prompt === null ? terminal.queue.shift() : undefined;
  if (next === undefined) return;
  const refund = world.store.tables.refund.get(next);
  if (refund === undefined) startPrompt(world, findSession(world, next));
  else startRefundPrompt(world, refund);
}

/** Asks the cardholder of a refund, or queues it, or takes the place of the prompt that is there. */
export function startRefundPrompt(world: World, refund: Refund): void {
  const terminal = findTerminal(world, refund.terminal_id);
  const { second_session, prompt_lifetime_ms } = behaviourOf(world, terminal.id);
  const former = terminal.prompt;
  if (former !== null && second_session === 'queue') {
    terminal.queue.push(refund.id);
    recordRefund(world, refund, 'refund_prompt_queued');
    return world.store.save('terminal', terminal.id, terminal);
  }
  // Started before the former ends: the ledger must show that two were on one terminal.
  const session = recordRefund(world, refund, 'refund_prompt_started');
  if (former !== null) replacePrompt(world, terminal);
  terminal.prompt = { session_id: session.id, refund_id: refund.id, since: now() };
  const about = { session_id: session.id, refund_id: refund.id };
  // Dintero's simulated terminals approve every refund.
  const customer = customerOf(world, terminal) ?? customersByAmount.get(session.order.amount);
  if (customer !== undefined) {
    const delayMs = customer.delay_ms ?? world.options.answerDelayMs;
    world.jobs.schedule(delayMs, { kind: 'customer', ...about, customer }, `customer/${refund.id}`);
  }
  const timeout = { kind: 'prompt_timeout', ...about } as const;
  world.jobs.schedule(prompt_lifetime_ms, timeout, `prompt_timeout/${refund.id}`);
  world.store.save('terminal', terminal.id, terminal);
}

/** Takes the refund's prompt off the device; what becomes of the refund is the caller's. */
export function endRefundPrompt(world: World, terminal: Terminal, act: Customer): void {
  if (terminal.prompt?.refund_id === undefined) return;
  const refund = findRefund(world, terminal.prompt.refund_id);
  terminal.prompt = null;
  world.jobs.cancel(`prompt_timeout/${refund.id}`);
  world.jobs.cancel(`customer/${refund.id}`);
  recordRefund(world, refund, 'refund_prompt_ended', endOfPrompt(act));
  world.store.save('terminal', terminal.id, terminal);
}

function replacePrompt(world: World, terminal: Terminal): void {
  const refundId = terminal.prompt?.refund_id;
  if (refundId === undefined) endPrompt(world, terminal, 'replaced');
  else pressRefund(world, terminal, { refundId, act: { action: 'none' } });
}

function pressRefund(
  world: World,
  terminal: Terminal,
  { refundId, act }: { refundId: string; act: Customer },
): void {
  endRefundPrompt(world, terminal, act);
  endRefund(world, findRefund(world, refundId), act);
}

/** Takes a cancelled session off its terminal, if the device obeys. */
export function withdrawPrompt(world: World, session: Session): void {
  const terminal = findTerminal(world, session.order.store.terminal_id);
  if (terminal.queue.includes(session.id)) {
    terminal.queue = terminal.queue.filter((id) => id !== session.id);
    world.store.save('terminal', terminal.id, terminal);
  }
  const isLive =
    terminal.prompt?.session_id === session.id && terminal.prompt.refund_id === undefined;
  if (!isLive || !behaviourOf(world, terminal.id).cancel_ends_prompt) return;
  endPrompt(world, terminal, 'cancelled_by_api');
  startNext(world, terminal);
}

/** The device gives up waiting for a card, and tells nobody. */
export function timeOut(world: World, prompt: Prompting): void {
  const terminal = terminalPrompting(world, prompt);
  if (terminal === undefined) return;
  const { refund_id: refundId } = prompt;
  if (refundId === undefined) endPrompt(world, terminal, 'timeout');
  else pressRefund(world, terminal, { refundId, act: { action: 'walk_away' } });
  startNext(world, terminal);
}

/** What the customer of a session was going to do, unless its prompt is gone. */
export function answer(world: World, prompt: Prompting, customer: Customer): void {
  const terminal = terminalPrompting(world, prompt);
  if (terminal !== undefined) press(world, terminal, customer);
}

interface Prompting {
  session_id: string;
  refund_id?: string;
}

function terminalPrompting(
  world: World,
  { session_id, refund_id }: Prompting,
): Terminal | undefined {
  const terminal = findTerminal(
    world,
    refund_id === undefined
      ? findSession(world, session_id).order.store.terminal_id
      : findRefund(world, refund_id).terminal_id,
  );
  const { prompt } = terminal;
  const isLive = prompt?.session_id === session_id && prompt.refund_id === refund_id;
  return isLive ? terminal : undefined;
}

/** A person acts at the device. Without a live prompt there is nothing to act on: 409. */
export function press(world: World, terminal: Terminal, act: Customer): void {
  const refundId = terminal.prompt?.refund_id;
  if (refundId !== undefined) {
    const staysUp = act.action === 'none' || act.action === 'walk_away';
    const asksAgain = act.action === 'decline' && act.as === 'ask_again';
    if (staysUp || asksAgain) return;
    pressRefund(world, terminal, { refundId, act });
    return startNext(world, terminal);
  }
  switch (act.action) {
    case 'none':
    case 'walk_away':
      return;
    case 'tap':
      approve(world, endPrompt(world, terminal, 'tapped'), terminal, act);
      break;
    case 'decline':
      declineOn(world, terminal, act);
      break;
    case 'stop':
      stop(world, endPrompt(world, terminal, 'cancelled_on_device'), act);
      break;
    case 'hold':
    case 'offline': {
      const why = act.action === 'hold' || act.phase === 'after_approval' ? 'tapped' : 'offline';
      const session = endPrompt(world, terminal, why);
      terminal.unresolved = session.id;
      if (act.action === 'hold') hold(world, session);
      else loseLine(world, session, act.phase);
      break;
    }
  }
  world.store.save('terminal', terminal.id, terminal);
  startNext(world, terminal);
}

function declineOn(
  world: World,
  terminal: Terminal,
  how: Extract<Customer, { action: 'decline' }>,
): void {
  const { prompt } = terminal;
  if (how.as === 'ask_again' && prompt !== null) {
    return decline(world, findSession(world, prompt.session_id), how);
  }
  decline(world, endPrompt(world, terminal, 'declined'), how);
}
