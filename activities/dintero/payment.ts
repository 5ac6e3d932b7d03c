/** One payment of Dintero's as the books see it: its money, its refunds one by one, and what was settled of it. */
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { isRefundOf } from '../../workflows/refund-ids.ts';
import type { DinteroFailureType } from '../failures.ts';
import type { Dintero } from './charges.ts';
import { withoutCorrected } from './events.ts';
import type { TransactionFacts } from './facts.ts';
import { instant } from './instant.ts';
import { installationAnswer, transactionAnswer } from './schemas.ts';

export interface Payment {
  facts: TransactionFacts;
  /** Epoch ms. */
  createdAt: number;
  storeId: string | null;
  product: string;
  /** Whose it says it is; null: its session has to be asked. */
  installation: string | null;
  refunds: BookedRefund[];
  /** When the device had the card approved, as far as Dintero says. */
  approvedAt: number;
  /** When its reservation was released last; null: it was not, or Dintero does not say when. */
  voidedAt: number | null;
  settled: SettledEvent[];
}

export interface BookedRefund {
  amount: number;
  at: number;
  /** The refund of ours that it is; null: it was given otherwise. */
  reference: string | null;
}

interface SettledEvent {
  settlementId: string;
  correlationId: string | null;
  capture: number;
  refund: number;
  fee: number;
}

const text = z.string().nullish().catch(null);
const minorUnits = z.number().int().nullish().catch(null);
const settledEvent = z.object({
  settlement_id: z.string(),
  event_correlation_id: text,
  capture: minorUnits,
  refund: minorUnits,
  fee: minorUnits,
});

const bookAnswer = z.object({
  created_at: instant,
  amount: z.number().int(),
  payment_product_type: text,
  store: z.object({ id: text }).nullish().catch(null),
  metadata: z.object({ ext_kvitt_installation: text }).nullish().catch(null),
  events: z
    .array(
      z.object({
        id: z.string().nullish(),
        event: z.string(),
        success: z.boolean().nullish(),
        amount: minorUnits,
        // Only the day of a refund rests on it.
        created_at: instant.nullish().catch(null),
        correction: z.object({ event_ids: z.array(z.string()).nullish() }).nullish(),
      }),
    )
    .nullish(),
  settlements: z
    .object({ events: z.array(settledEvent.nullable().catch(null)) })
    .nullish()
    .catch(null),
});
type BookAnswer = z.output<typeof bookAnswer>;
type BookEvent = NonNullable<BookAnswer['events']>[number];

/** What can be read of an answer; null: less than the books need. */
export function paymentIn(answer: unknown): Payment | null {
  const known = transactionAnswer.safeParse(answer);
  const books = bookAnswer.safeParse(answer);
  return known.success && books.success ? paymentOf(known.data, books.data) : null;
}

const paymentAnswer = z.unknown().transform((answer, context): Payment => {
  const payment = paymentIn(answer);
  if (payment !== null) return payment;
  context.addIssue({ code: 'custom', message: 'less than the books need' });
  return z.NEVER;
});

function paymentOf(
  { facts, refundEvents }: z.output<typeof transactionAnswer>,
  answer: BookAnswer,
): Payment | null {
  const done = withoutCorrected(answer.events ?? []).filter(({ success }) => success === true);
  const refunds = refundsIn(done, { answer, facts, refundEvents });
  if (refunds === null) return null;
  return {
    facts,
    createdAt: answer.created_at,
    storeId: answer.store?.id ?? null,
    product: answer.payment_product_type ?? 'unknown',
    installation: answer.metadata?.ext_kvitt_installation ?? null,
    refunds,
    ...timesIn(done, answer.created_at),
    settled: (answer.settlements?.events ?? []).flatMap((one) =>
      one === null ? [] : settledIn(one),
    ),
  };
}

function timesIn(
  done: readonly BookEvent[],
  createdAt: number,
): Pick<Payment, 'approvedAt' | 'voidedAt'> {
  const approved = done.find(({ event }) => event === 'AUTHORIZE');
  const voided = done.findLast(({ event }) => event === 'VOID');
  return { approvedAt: approved?.created_at ?? createdAt, voidedAt: voided?.created_at ?? null };
}

/** null: one of them has no time, so it would be of no day. */
function refundsIn(
  done: readonly BookEvent[],
  {
    answer,
    facts,
    refundEvents,
  }: { answer: BookAnswer } & Pick<z.output<typeof transactionAnswer>, 'facts' | 'refundEvents'>,
): BookedRefund[] | null {
  const given = done.filter(({ event }) => event === 'REFUND');
  // The same events in the same order, with the names that were found for them.
  const named = refundEvents.filter(({ is }) => is === 'done');
  const refunds = given.flatMap(({ created_at: at, amount }, index): BookedRefund[] => {
    if (typeof at !== 'number') return [];
    const found = named.length === given.length ? (named[index]?.reference ?? null) : null;
    const reference = isRefundOf(found, facts.chargeId) ? found : null;
    return [{ amount: amount ?? answer.amount, at, reference }];
  });
  return refunds.length < given.length ? null : refunds;
}

function settledIn(event: z.output<typeof settledEvent>): SettledEvent {
  return {
    settlementId: event.settlement_id,
    correlationId: event.event_correlation_id ?? null,
    capture: event.capture ?? 0,
    refund: event.refund ?? 0,
    fee: event.fee ?? 0,
  };
}

/** The payment by its id, which no list's lag hides; null: Dintero does not know it. */
export async function findPayment(
  { client }: Dintero,
  { chargeId, transactionId }: { chargeId: string; transactionId: string },
): Promise<Payment | 'unreadable' | null> {
  try {
    return await client.call({
      what: `read the payment of ${chargeId}`,
      kind: 'read',
      method: 'GET',
      path: `/transactions/${encodeURIComponent(transactionId)}`,
      answer: paymentAnswer,
      timeoutMs: readTimeoutMs,
      sendBefore: Date.now() + readWithinMs,
    });
  } catch (error) {
    if (isOfType(error, 'DinteroNotFound')) return null;
    // Asking again would hold the whole day back: it is told instead.
    if (isOfType(error, 'DinteroUnreadable')) return 'unreadable';
    throw error;
  }
}

/** Whose session it was; null: nobody's that says so. */
export async function readInstallation(
  { client }: Dintero,
  { chargeId, sessionId }: TransactionFacts,
): Promise<string | null> {
  try {
    return await client.call({
      what: `read the session of ${chargeId}`,
      kind: 'read',
      method: 'GET',
      path: `/sessions/${encodeURIComponent(sessionId)}`,
      answer: installationAnswer,
      timeoutMs: readTimeoutMs,
      sendBefore: Date.now() + readWithinMs,
    });
  } catch (error) {
    if (isOfType(error, 'DinteroNotFound')) return null;
    throw error;
  }
}

const readTimeoutMs = 10_000;
/** What Dintero could not answer is asked again until then; then the whole part is repeated, later. */
const readWithinMs = 60_000;

function isOfType(error: unknown, type: DinteroFailureType): boolean {
  return error instanceof ApplicationFailure && error.type === type;
}
