/** What a charge asks of Dintero: one function per call, and the readings made of several. */
import { z } from 'zod';
import type { Item } from '../../workflows/messages.ts';
import { dinteroFailure } from '../failures.ts';
import type { DinteroClient } from './client.ts';
import type { DinteroConfig } from './config.ts';
import type { Reading, SaleReading, SessionFacts, TransactionFacts } from './facts.ts';
import {
  createdSessionAnswer,
  sessionAnswer,
  transactionAnswer,
  transactionListAnswer,
} from './schemas.ts';

export interface CreateSession {
  sale: {
    chargeId: string;
    reference: string;
    amount: number | null;
    currency: string | null;
    terminalId: string | null;
    storeId: string | null;
    payoutDestinationId: string | null;
  };
  items: Item[] | null;
  autoCapture: boolean;
  publishes: boolean;
  /** ISO 8601. */
  expiresAt: string;
  sendBefore: number;
  timeoutMs: number;
}

/** `POST /sessions-profile` (dossier 2). What the profile could decide is always sent explicitly. */
export async function createSession(
  { client, config }: Dintero,
  ask: CreateSession,
): Promise<{ sessionId: string; isPublished: boolean }> {
  const { sale, items } = ask;
  const callbackUrl = callbackUrlOf(config, ask);
  const created = await client.call({
    what: `create the session of ${sale.chargeId}`,
    kind: 'move',
    method: 'POST',
    path: '/sessions-profile',
    body: {
      profile_id: config.profileId,
      url: {
        // Demanded for online payments; a terminal redirects nobody.
        return_url: `${config.publicUrl ?? 'https://kvitt.invalid'}/returned`,
        ...(callbackUrl === null ? {} : { callback_url: callbackUrl }),
      },
      order: {
        amount: sale.amount,
        currency: sale.currency,
        merchant_reference: sale.chargeId,
        merchant_reference_2: sale.reference,
        ...(items === null ? {} : { items }),
        store: {
          id: sale.storeId,
          terminal_id: sale.terminalId,
          payout_destination_id: sale.payoutDestinationId,
        },
      },
      configuration: {
        channel: 'in_store',
        auto_capture: ask.autoCapture,
        publish: ask.publishes ? [{ channel: 'push', type: 'terminal' }] : [],
      },
      expires_at: ask.expiresAt,
      metadata: { ext_kvitt_installation: config.installation },
    },
    answer: createdSessionAnswer,
    timeoutMs: ask.timeoutMs,
    sendBefore: ask.sendBefore,
  });
  return { sessionId: created.sessionId, isPublished: !ask.publishes || created.isPublished };
}

export interface Dintero {
  client: DinteroClient;
  config: DinteroConfig;
}

/**
 * The charge id is in the path: a callback may come before the create's answer (dossier 5.2). With auto-capture the
 * callback itself waits for the capture, so reporting that event too would only say everything twice.
 */
function callbackUrlOf(
  { publicUrl }: DinteroConfig,
  { sale, autoCapture }: CreateSession,
): string | null {
  if (publicUrl === null) return null;
  const events = autoCapture ? ['VOID', 'REFUND'] : ['CAPTURE', 'VOID', 'REFUND'];
  const options = events.map((event) => `&report_event=${event}`).join('');
  return `${publicUrl}/webhooks/dintero/charges/${sale.chargeId}?method=POST&report_error=true${options}`;
}

/** `POST /sessions/{id}/pay` (dossier 8.2): starts the terminal for a session that is already recorded. */
export async function paySession(
  { client }: Dintero,
  ask: { chargeId: string; sessionId: string; sendBefore: number; timeoutMs: number },
): Promise<void> {
  await client.call({
    what: `start the terminal for ${ask.chargeId}`,
    kind: 'move',
    method: 'POST',
    path: `/sessions/${encodeURIComponent(ask.sessionId)}/pay`,
    body: { payment_product_type: 'seitatech.in_person' },
    answer: z.unknown(),
    timeoutMs: ask.timeoutMs,
    sendBefore: ask.sendBefore,
  });
}

/** Cancel, capture and void: what became of them is read back, never taken from their answer, so none is parsed. */
export async function postMove(
  { client }: Dintero,
  ask: { what: string; path: string; body?: object; timeoutMs: number },
): Promise<void> {
  await client.call({ ...ask, kind: 'move', method: 'POST', answer: z.unknown() });
}

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
  { client }: Dintero,
  ask: Ask & { transactionId: string },
): Promise<TransactionFacts> {
  const answer = await client.call({
    what: `read the transaction of ${ask.chargeId}`,
    kind: 'read',
    method: 'GET',
    path: `/transactions/${encodeURIComponent(ask.transactionId)}`,
    answer: transactionAnswer,
    timeoutMs: ask.timeoutMs,
  });
  return answer.facts;
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

/** No session is known: the create's answer was lost. A transaction that carries our charge id names it. */
async function findCharge(dintero: Dintero, ask: ReadCharge): Promise<Reading> {
  const { own } = await readSale(dintero, ask);
  if (own === null) return { session: null, transaction: null };
  return await readCharge(dintero, {
    ...ask,
    sessionId: own.sessionId,
    transactionId: own.transactionId,
  });
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
    otherWithMoney: other?.chargeId ?? null,
  };
}

/** Only what is known to hold no money is without it: `unknown` and `on_hold` may hold some. */
function isWithoutMoney({ status, pending }: TransactionFacts): boolean {
  return (
    pending.length === 0 && (status === 'declined' || status === 'failed' || status === 'voided')
  );
}

/** If a charge had several transactions, the one that may hold money is the one to judge. */
function mostMoney(candidates: TransactionFacts[]): TransactionFacts | null {
  const byMoney = candidates.toSorted((a, b) => b.capturedAmount - a.capturedAmount);
  return byMoney.find((facts) => !isWithoutMoney(facts)) ?? byMoney[0] ?? null;
}
