import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { behaviourOf, type Behaviour } from './behaviour.ts';
import { record } from './ledger.ts';
import type { Session, Transaction } from './records.ts';
import { sessionRequest, type Publication, type SessionRequest } from './session-request.ts';
import { cancelObjection } from './status-machine.ts';
import { refuseIfBusy, startPrompt, usableTerminal, withdrawPrompt } from './terminals.ts';
import { addEvent, apply } from './transactions.ts';
import {
  addSessionEvent,
  findSession,
  newId,
  now,
  Refusal,
  transactionOf,
  type World,
} from './world.ts';

/** Checks a body as Dintero would: 400 with one error per field. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({
    path: issue.path.join('.'),
    message: issue.message,
  }));
  throw new Refusal(400, 'BAD_REQUEST', errors);
}

interface CreateAnswer {
  id: string;
  url: string;
  publish: unknown[] | undefined;
  session: Session | undefined;
}

/** Creates a session and, where that is what starts it, the terminal's prompt. */
export function createSession(
  world: World,
  body: unknown,
  options: { withSession: boolean; strictAmounts: boolean },
): CreateAnswer {
  const request = parseBody(sessionRequest, body);
  if (options.strictAmounts) assertSums(request);
  if (!['default', world.options.profileId].includes(request.profile_id)) {
    throw new Refusal(400, `unknown profile ${request.profile_id}`);
  }
  const terminal = usableTerminal(world, request.order.store);
  const behaviour = behaviourOf(world, terminal.id);
  const publish = publications(request, behaviour);
  const isSent = publish?.some((entry) => entry.status === 'sent') ?? false;
  const wantsTerminal = publish?.some((entry) => entry.type === 'terminal') ?? false;
  const prompts = wantsTerminal ? isSent : behaviour.prompt === 'create';
  if (prompts) refuseIfBusy(world, terminal, request);

  const at = now();
  const session: Session = {
    ...request,
    configuration: { ...request.configuration, publish },
    id: newId(world),
    created_at: at,
    updated_at: at,
    metadata: { ...request.metadata, 'session:profile_id': request.profile_id },
    events: [],
  };
  record(world, 'session_created', session);
  addSessionEvent(world, session, 'INITIATED');
  if (isSent) addSessionEvent(world, session, 'PUSH_NOTIFICATION_SENT');
  if (prompts) startPrompt(world, session);
  return {
    id: session.id,
    url: `https://checkout.dintero.com/v1/view/${session.id}`,
    publish,
    session: options.withSession ? session : undefined,
  };
}

/** The published entries with what became of them; only the terminal's can be sent from here. */
function publications(
  { configuration }: SessionRequest,
  behaviour: Behaviour,
): (Publication & { id: string; status: string })[] | undefined {
  return configuration?.publish?.map((entry) => {
    const reachesTerminal = entry.type === 'terminal' && behaviour.prompt !== 'pay';
    const status = reachesTerminal ? behaviour.publish_status : 'skipped';
    return { ...entry, id: randomUUID(), status };
  });
}

/** The `strict-session-amounts` toggle: items and shipping must add up to the order. */
function assertSums({ order }: SessionRequest): void {
  const items = (order.items ?? []).reduce((total, item) => total + item.amount, 0);
  const total = items + (order.shipping_option?.amount ?? 0);
  if (total !== order.amount) {
    throw new Refusal(400, `items add up to ${total}, the order is ${order.amount}`);
  }
}

/** Cancels a session; a transaction that is only initiated or authorised is voided with it. */
export function cancelSession(world: World, id: string, by: string): Session {
  const session = findSession(world, id);
  const transaction = transactionOf(world, session);
  if (session.cancelled_at !== undefined) {
    const { cancel_again } = behaviourOf(world, session.order.store.terminal_id);
    if (cancel_again === 200) return session;
    throw new Refusal(400, `session ${id} is already cancelled`);
  }
  const refusal = cancelObjection(transaction);
  if (refusal !== undefined) throw new Refusal(400, refusal);
  session.cancelled_at = now();
  session.cancelled_by = by;
  addSessionEvent(world, session, 'CANCELLED');
  record(world, 'cancelled', session);
  withdrawPrompt(world, session);
  if (transaction !== undefined) voidWith(world, transaction, by);
  return session;
}

function voidWith(world: World, transaction: Transaction, by: string): void {
  if (transaction.status === 'AUTHORIZED') {
    apply(world, transaction, { name: 'VOID', amount: transaction.amount, by });
    return;
  }
  // Nothing was reserved, so the ledger of money has nothing to note.
  addEvent(world, transaction, {
    event: 'VOID',
    success: true,
    transaction_status: 'AUTHORIZATION_VOIDED',
    created_by: by,
  });
}

const payRequest = z.looseObject({ payment_product_type: z.literal('seitatech.in_person') });

/** Starts the prompt of a session that has none; its later fate shows in the session only. */
export function paySession(world: World, id: string, body: unknown): object {
  parseBody(payRequest, body);
  const session = findSession(world, id);
  const names = session.events.map((event) => event.name);
  const end = ['CANCELLED', 'FAILED', 'DECLINED', 'COMPLETED'].find((name) => names.includes(name));
  if (session.transaction_id !== undefined || end !== undefined) {
    throw new Refusal(400, `session ${id} cannot be paid: ${end ?? 'it has a transaction'}`);
  }
  if (names.lastIndexOf('PAY_LOCK_START') > names.lastIndexOf('PAY_LOCK_END')) {
    throw new Refusal(400, `session ${id} is being paid`);
  }
  const terminal = usableTerminal(world, session.order.store);
  if (terminal.queue.includes(id)) throw new Refusal(400, `session ${id} is waiting`);
  refuseIfBusy(world, terminal, session);
  startPrompt(world, session);
  return { success: true, actions: [] };
}
