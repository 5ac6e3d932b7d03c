import type { EventEmitter } from 'node:events';
import { randomBytes, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { SimulatorOptions } from './config.ts';
import type { Jobs } from './jobs.ts';
import type { Session, Subject, Transaction } from './records.ts';
import type { Store } from './store.ts';

/** Everything a function of the simulator may touch. */
export interface World {
  readonly options: SimulatorOptions;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly log: Logger;
  /** `delivered <session id>`, each time a callback was attempted. */
  readonly events: EventEmitter;
  closed: boolean;
}

/** Dintero says no: answered as its error envelope. */
export class Refusal extends Error {
  readonly status: number;
  readonly errors: object[];

  constructor(status: number, message: string, errors: object[] = []) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** An id as Dintero makes them: `<account>.<22 characters>`. */
export function newId(world: World): string {
  const letters = Array.from(randomBytes(22), (byte) => BASE62[byte % 62]);
  return `${world.options.accountId}.${letters.join('')}`;
}

export function now(): string {
  return new Date().toISOString();
}

export function findSession(world: World, id: string): Session {
  const session = world.store.tables.session.get(id);
  if (session === undefined) throw new Refusal(404, `no session ${id}`);
  return session;
}

export function findTransaction(world: World, id: string): Transaction {
  const transaction = world.store.tables.transaction.get(id);
  if (transaction === undefined) throw new Refusal(404, `no transaction ${id}`);
  return transaction;
}

/** The transaction of a session, if it has come to one. */
export function transactionOf(world: World, session: Session): Transaction | undefined {
  const id = session.transaction_id;
  return id === undefined ? undefined : findTransaction(world, id);
}

export function subjectOf(session: Session): Subject {
  const { merchant_reference, merchant_reference_2, store } = session.order;
  return {
    merchant_reference,
    ...(merchant_reference_2 !== undefined && { merchant_reference_2 }),
    session_id: session.id,
    ...(session.transaction_id !== undefined && { transaction_id: session.transaction_id }),
    terminal_id: store.terminal_id,
  };
}

/** Whom a request about a transaction is about. */
export function aboutTransaction(world: World, { id }: { id: string }): Subject {
  const transaction = world.store.tables.transaction.get(id);
  if (transaction === undefined) return { transaction_id: id };
  return subjectOf(findSession(world, transaction.session_id));
}

/** A transaction as Dintero shows it. */
export function transactionView(transaction: Transaction): Omit<Transaction, 'callback_withheld'> {
  const { callback_withheld: _ours, ...visible } = transaction;
  return visible;
}

/** Appends an event to a session and saves it. */
export function addSessionEvent(
  world: World,
  session: Session,
  name: string,
  details?: Record<string, unknown>,
): void {
  const at = now();
  session.events.push({
    id: String(session.events.length),
    name,
    created_at: at,
    request_id: randomUUID(),
    ...(details !== undefined && { details }),
  });
  session.updated_at = at;
  world.store.save('session', session.id, session);
}
