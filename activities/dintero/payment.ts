/** One payment of Dintero's as the books see it: its money, its refunds one by one, and what was settled of it. */
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { Dintero } from './charges.ts';
import type { TransactionFacts } from './facts.ts';
import { installationAnswer, transactionAnswer, withoutCorrected } from './schemas.ts';

export interface Payment {
  facts: TransactionFacts;
  /** Epoch ms. */
  createdAt: number;
  storeId: string | null;
  product: string;
  /** Whose it says it is; null: its session has to be asked. */
  installation: string | null;
  refunds: BookedRefund[];
  settled: SettledEvent[];
}

interface BookedRefund {
  amount: number;
  at: number;
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
const instant = z.string().transform((at, context) => {
  // A time without a zone is UTC (dossier 4.6).
  const ms = Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(at) ? at : `${at}Z`);
  if (Number.isNaN(ms)) context.addIssue({ code: 'custom', message: 'is no time' });
  return ms;
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
        created_at: instant,
        correction: z.object({ event_ids: z.array(z.string()).nullish() }).nullish(),
      }),
    )
    .nullish(),
  settlements: z
    .object({
      events: z.array(
        z.object({
          settlement_id: z.string(),
          event_correlation_id: text,
          capture: minorUnits,
          refund: minorUnits,
          fee: minorUnits,
        }),
      ),
    })
    .nullish()
    .catch(null),
});

/** What can be read of an answer; null: less than the books need. */
export function paymentIn(answer: unknown): Payment | null {
  const known = transactionAnswer.safeParse(answer);
  const books = bookAnswer.safeParse(answer);
  return known.success && books.success ? paymentOf(known.data.facts, books.data) : null;
}

const paymentAnswer = z.unknown().transform((answer, context): Payment => {
  const payment = paymentIn(answer);
  if (payment !== null) return payment;
  context.addIssue({ code: 'custom', message: 'less than the books need' });
  return z.NEVER;
});

function paymentOf(facts: TransactionFacts, answer: z.output<typeof bookAnswer>): Payment {
  const refunds = withoutCorrected(answer.events ?? [])
    .filter(({ event, success }) => event === 'REFUND' && success === true)
    .map((event) => ({
      amount: event.amount ?? answer.amount,
      at: event.created_at,
    }));
  return {
    facts,
    createdAt: answer.created_at,
    storeId: answer.store?.id ?? null,
    product: answer.payment_product_type ?? 'unknown',
    installation: answer.metadata?.ext_kvitt_installation ?? null,
    refunds,
    settled: (answer.settlements?.events ?? []).map((event) => ({
      settlementId: event.settlement_id,
      correlationId: event.event_correlation_id ?? null,
      capture: event.capture ?? 0,
      refund: event.refund ?? 0,
      fee: event.fee ?? 0,
    })),
  };
}

/** The payment by its id, which no list's lag hides; null: Dintero does not know it. */
export async function findPayment(
  { client }: Dintero,
  { chargeId, transactionId }: { chargeId: string; transactionId: string },
): Promise<Payment | null> {
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
    if (isNotFound(error)) return null;
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
    if (isNotFound(error)) return null;
    throw error;
  }
}

const readTimeoutMs = 10_000;
/** What Dintero could not answer is asked again until then; then the whole part is repeated, later. */
const readWithinMs = 60_000;

function isNotFound(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === 'DinteroNotFound';
}
