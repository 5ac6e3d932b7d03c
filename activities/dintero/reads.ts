/** What a charge reads at Dintero: one function per call, and the readings made of several. */
import { ApplicationFailure } from '@temporalio/common';
import type { z } from 'zod';
import { isWithoutMoney } from '../../workflows/judgement.ts';
import { dinteroFailure } from '../failures.ts';
import type { Dintero } from './charges.ts';
import type {
  FoundTransaction,
  MoneyFacts,
  RefundReading,
  Reading,
  SaleReading,
  SessionFacts,
  TransactionFacts,
} from './facts.ts';
import {
  installationAnswer,
  sessionAnswer,
  transactionAnswer,
  transactionListAnswer,
} from './schemas.ts';

async function getSession(
  { client }: Dintero,
  ask: Ask & { sessionId: string },
): Promise<SessionFacts> {
  return await client.call({
    what: `read the session of ${ask.chargeId}`,
    kind: 'read',
    method: 'GET',
    path: `/sessions/${encodeURIComponent(ask.sessionId)}`,
    answer: sessionAnswer,
    timeoutMs: ask.timeoutMs,
  });
}

async function getTransaction(
  dintero: Dintero,
  ask: Ask & { transactionId: string },
): Promise<TransactionFacts> {
  return (await readMoney(dintero, ask)).transaction;
}

/** It shares its activity with the call before it, and ends before the activity's own time-out (`moves`). */
const readBackMs = 4_000;

/** The transaction right after it was moved; null: it could not be read, which says nothing about the move. */
export async function readBack(
  dintero: Dintero,
  ask: Ask & { transactionId: string },
): Promise<TransactionFacts | null> {
  try {
    const timeoutMs = Math.min(ask.timeoutMs, readBackMs);
    return await getTransaction(dintero, { ...ask, timeoutMs });
  } catch (error) {
    if (error instanceof ApplicationFailure) return null;
    throw error;
  }
}

/** The transaction alone, with its refunds one by one. */
export async function readMoney(
  { client }: Dintero,
  ask: Ask & { transactionId: string },
): Promise<MoneyFacts & Omit<RefundReading, 'transaction'>> {
  const {
    facts,
    sale: _sale,
    ...money
  } = await client.call({
    what: `read the transaction of ${ask.chargeId}`,
    kind: 'read',
    method: 'GET',
    path: `/transactions/${encodeURIComponent(ask.transactionId)}`,
    answer: transactionAnswer,
    timeoutMs: ask.timeoutMs,
  });
  return { transaction: facts, ...money };
}

interface Ask {
  chargeId: string;
  timeoutMs: number;
}

type Listed = z.infer<typeof transactionListAnswer>;

/** All pages of `GET /transactions` (dossier 4.6). The caller filters again: an older deployment ignores filters. */
async function listTransactions(
  { client }: Dintero,
  ask: Ask & { filter: Record<string, string> },
): Promise<Listed> {
  const all: Listed = [];
  for (;;) {
    const last = all.at(-1);
    const query = new URLSearchParams({
      ...ask.filter,
      limit: String(pageSize),
      ...(last === undefined ? {} : { starting_after: last.facts.transactionId }),
    });
    const page = await client.call({
      what: `list the transactions of ${ask.chargeId}`,
      kind: 'read',
      method: 'GET',
      path: `/transactions?${query.toString()}`,
      answer: transactionListAnswer,
      timeoutMs: ask.timeoutMs,
    });
    if (page.some(({ facts }) => facts.transactionId === last?.facts.transactionId)) {
      throw dinteroFailure(
        'DinteroUnreadable',
        'The list repeats itself: its pages cannot be read',
      );
    }
    all.push(...page);
    if (page.length < pageSize) return all;
  }
}

/** Dintero's maximum. */
const pageSize = 100;

export interface ReadCharge extends Ask {
  reference: string;
  sessionId: string | null;
  transactionId: string | null;
  /** Where else to look while no session is known: the create's answer was lost. */
  search: Search | null;
}

interface Search {
  /** Sessions that callbacks addressed to this charge have named. Anybody may have said so. */
  sessionIds: string[];
  terminalId: string | null;
  /** When the terminal may have been paid; ISO 8601. */
  from: string;
  to: string;
}

/** One look: the session, and the transaction that it or the last look names. */
export async function readCharge(dintero: Dintero, ask: ReadCharge): Promise<Reading> {
  const { sessionId, transactionId } = ask;
  if (sessionId === null) return await findCharge(dintero, ask);
  const [session, known] = await Promise.allSettled([
    getSession(dintero, { ...ask, sessionId }),
    transactionId === null ? null : getTransaction(dintero, { ...ask, transactionId }),
  ]);
  if (known.status === 'rejected') throw known.reason;
  if (session.status === 'rejected') {
    // The transaction alone tells about the money; without it a missing session tells nothing.
    if (known.value !== null) return { session: null, transaction: known.value };
    throw session.reason;
  }
  if (known.value !== null) return { session: session.value, transaction: known.value };
  return { session: session.value, transaction: await transactionOf(dintero, ask, session.value) };
}

async function transactionOf(
  dintero: Dintero,
  ask: Ask,
  session: SessionFacts,
): Promise<TransactionFacts | null> {
  const { transactionId, sessionId } = session;
  if (transactionId !== null) return await getTransaction(dintero, { ...ask, transactionId });
  if (!session.isCancelled && session.endedAs === null) return null;
  // The session is over and names no transaction: "none" may become a proof, so the list is asked too.
  const listed = await listTransactions(dintero, { ...ask, filter: { session_id: sessionId } });
  return mostMoney(
    listed.map(({ facts }) => facts).filter((facts) => facts.sessionId === sessionId),
  );
}

/**
 * No session is known: the create's answer was lost. It is looked for by the sale's reference, by the terminal and the
 * time, and where callbacks point to; only what carries our charge id counts.
 */
async function findCharge(dintero: Dintero, ask: ReadCharge): Promise<Reading> {
  const { own } = await readSale(dintero, ask);
  const found = own ?? (await findAtTerminal(dintero, ask)) ?? (await findReported(dintero, ask));
  if (found === null) return { session: null, transaction: null };
  return await readCharge(dintero, { ...ask, ...found });
}

interface Found {
  sessionId: string;
  transactionId: string | null;
}

/** Does not rest on how Dintero indexes references; an older deployment ignores the filter, so it is applied again. */
async function findAtTerminal(dintero: Dintero, ask: ReadCharge): Promise<Found | null> {
  const { search } = ask;
  if (search === null || search.terminalId === null) return null;
  const filter = {
    terminal_id: search.terminalId,
    'created_at.gte': search.from,
    'created_at.lte': search.to,
  };
  const listed = await listTransactions(dintero, { ...ask, filter });
  return mostMoney(
    listed.map(({ facts }) => facts).filter(({ chargeId }) => chargeId === ask.chargeId),
  );
}

/** A session that cannot be read, or is not ours, is no news: a forged callback must not keep a charge open. */
async function findReported(dintero: Dintero, ask: ReadCharge): Promise<Found | null> {
  for (const sessionId of ask.search?.sessionIds ?? []) {
    const [session] = await Promise.allSettled([getSession(dintero, { ...ask, sessionId })]);
    if (session.status === 'fulfilled' && session.value.chargeId === ask.chargeId) {
      return { sessionId, transactionId: session.value.transactionId };
    }
  }
  return null;
}

/** What news of a charge that has ended, or that nobody knows, is about. Its session says whose it is. */
export async function readTransaction(
  dintero: Dintero,
  ask: Ask & { transactionId: string },
): Promise<FoundTransaction> {
  const transaction = await getTransaction(dintero, ask);
  return { transaction, isOurs: await isOfInstallation(dintero, ask, transaction) };
}

/** An in-person payment of a session that this installation has created. */
export async function isOfInstallation(
  dintero: Dintero,
  ask: Ask,
  transaction: TransactionFacts,
): Promise<boolean> {
  const installation = await dintero.client.call({
    what: `read the session of ${ask.chargeId}`,
    kind: 'read',
    method: 'GET',
    path: `/sessions/${encodeURIComponent(transaction.sessionId)}`,
    answer: installationAnswer,
    timeoutMs: ask.timeoutMs,
  });
  return transaction.isInPerson && installation === dintero.config.installation;
}

/** The payment of a charge by its id, for whom nothing else is known; null: the list shows none. */
export async function findTransaction(dintero: Dintero, ask: Ask): Promise<string | null> {
  const listed = await listTransactions(dintero, {
    ...ask,
    filter: { merchant_reference: ask.chargeId },
  });
  const own = listed.filter(({ facts }) => facts.chargeId === ask.chargeId && facts.isInPerson);
  return mostMoney(own.map(({ facts }) => facts))?.transactionId ?? null;
}

/** The money of a sale: its transactions by `merchant_reference_2`, filtered again here (design 2, rule 3). */
export async function readSale(
  dintero: Dintero,
  ask: Ask & { reference: string },
): Promise<SaleReading> {
  const filter = { merchant_reference_2: ask.reference };
  const listed = await listTransactions(dintero, { ...ask, filter });
  const ofSale = listed.filter(({ sale }) => sale === ask.reference).map(({ facts }) => facts);
  const own = mostMoney(ofSale.filter(({ chargeId }) => chargeId === ask.chargeId));
  const other = ofSale.find((facts) => facts.chargeId !== ask.chargeId && !isWithoutMoney(facts));
  return {
    own: own === null ? null : { sessionId: own.sessionId, transactionId: own.transactionId },
    otherWithMoney:
      other === undefined ? null : { chargeId: other.chargeId, transactionId: other.transactionId },
  };
}

/** If a charge had several transactions, the one that may hold money is the one to judge. */
function mostMoney(candidates: TransactionFacts[]): TransactionFacts | null {
  const byMoney = candidates.toSorted((a, b) => b.capturedAmount - a.capturedAmount);
  return byMoney.find((facts) => !isWithoutMoney(facts)) ?? byMoney[0] ?? null;
}
