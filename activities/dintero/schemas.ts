/**
 * Dintero's answers, read tolerantly: unknown fields are ignored, unknown words become `unknown`, and only what a
 * decision rests on is demanded. Dintero's own words stop here.
 */
import { z } from 'zod';
import { holdsCardNumber } from '../../workflows/card-number.ts';
import { standingEvents, withoutCorrected } from './events.ts';
import { receiptIn, receiptKeys } from './receipts.ts';
import { ownRefundsIn, refundEventsIn } from './refund-events.ts';
import type {
  PendingOperation,
  RefundFacts,
  SessionFacts,
  TransactionFacts,
  TransactionStatus,
} from './facts.ts';

const minorUnits = z.number().int();

const transactionEvent = z.object({
  id: z.string().nullish(),
  event: z.string(),
  success: z.boolean().nullish(),
  amount: minorUnits.nullish(),
  event_reference: z.string().nullish().catch(null),
  metadata: z
    .object({ ...receiptKeys, ext_refund_id: z.string().nullish().catch(null) })
    .nullish()
    .catch(null),
  request_id: z.string().nullish(),
  correlation_request_id: z.string().nullish(),
  correction: z.object({ event_ids: z.array(z.string()).nullish() }).nullish(),
});
export type TransactionEvent = z.infer<typeof transactionEvent>;

const text = z.string().nullish().catch(null);

export const transactionAnswer = z
  .object({
    id: z.string().min(1),
    session_id: z.string().min(1),
    merchant_reference: z.string(),
    merchant_reference_2: text,
    payment_product_type: text,
    status: z.string(),
    amount: minorUnits,
    currency: z.string(),
    store: z
      .object({ id: text, terminal_id: text, payout_destination_id: text })
      .nullish()
      .catch(null),
    card: z.object({ brand: text, masked_pan: text, entry_method: text }).nullish().catch(null),
    events: z.array(transactionEvent).nullish(),
  })
  .transform((answer) => ({
    facts: transactionFacts(answer),
    sale: answer.merchant_reference_2,
    refunds: refundsIn(answer),
    refundEvents: refundEventsIn(standingEvents(answer.events ?? []), answer.amount),
    storeId: answer.store?.id ?? null,
    payoutDestinationId: answer.store?.payout_destination_id ?? null,
  }));

export const transactionListAnswer = z.array(transactionAnswer);

export const sessionAnswer = z
  .object({
    id: z.string().min(1),
    transaction_id: z.string().min(1).nullish(),
    cancelled_at: z.string().nullish(),
    order: z.object({ merchant_reference: z.string() }),
    events: z.array(z.object({ name: z.string() })).nullish(),
  })
  .transform((answer): SessionFacts => {
    const names = (answer.events ?? []).map((event) => event.name);
    return {
      sessionId: answer.id,
      chargeId: answer.order.merchant_reference,
      transactionId: answer.transaction_id ?? null,
      isCancelled: (answer.cancelled_at ?? null) !== null || names.includes('CANCELLED'),
      endedAs: names.map(endOfSession).find((end) => end !== null) ?? null,
    };
  });

/** Whose session it is: the installation's name that was sent with the create. */
export const installationAnswer = z
  .object({ metadata: z.object({ ext_kvitt_installation: text }).nullish().catch(null) })
  .transform(({ metadata }) => metadata?.ext_kvitt_installation ?? null);

export const createdSessionAnswer = z
  .object({
    id: z.string().min(1),
    publish: z
      .array(z.object({ status: text }))
      .nullish()
      .catch(null),
  })
  .transform((answer) => ({
    sessionId: answer.id,
    // Published to nobody only when every entry says so; an entry that says nothing may have reached the terminal.
    isPublished:
      (answer.publish ?? []).length === 0 ||
      !(answer.publish ?? []).every(({ status }) => status === 'failed' || status === 'skipped'),
  }));

/** `PAY_FAILED` is not among them: a failed attempt may be followed by another card in the same session. */
function endOfSession(name: string): SessionFacts['endedAs'] {
  switch (name) {
    case 'CANCELLED':
      return 'cancelled';
    case 'DECLINED':
      return 'declined';
    case 'FAILED':
      return 'failed';
    default:
      return null;
  }
}

function statusOf(status: string): TransactionStatus {
  switch (status) {
    case 'INITIATED':
      return 'initiated';
    case 'ON_HOLD':
      return 'on_hold';
    case 'AUTHORIZED':
      return 'authorised';
    case 'PARTIALLY_CAPTURED':
      return 'partly_captured';
    case 'CAPTURED':
      return 'captured';
    case 'PARTIALLY_REFUNDED':
      return 'partly_refunded';
    case 'PARTIALLY_CAPTURED_REFUNDED':
      return 'partly_captured_refunded';
    case 'REFUNDED':
      return 'refunded';
    case 'AUTHORIZATION_VOIDED':
      return 'voided';
    case 'DECLINED':
      return 'declined';
    case 'FAILED':
      return 'failed';
    default:
      return 'unknown';
  }
}

interface RawTransaction {
  id: string;
  session_id: string;
  merchant_reference: string;
  payment_product_type?: string | null | undefined;
  status: string;
  amount: number;
  currency: string;
  store?: { terminal_id?: string | null | undefined } | null | undefined;
  card?:
    | Partial<Record<'brand' | 'masked_pan' | 'entry_method', string | null | undefined>>
    | null
    | undefined;
  events?: TransactionEvent[] | null | undefined;
}

function transactionFacts(answer: RawTransaction): TransactionFacts {
  const events = standingEvents(answer.events ?? []);
  const sum = (name: string): number =>
    events
      .filter((event) => event.event === name && event.success === true)
      // A success without its amount is of all of it: more than that cannot have moved.
      .reduce((total, event) => total + (event.amount ?? answer.amount), 0);
  return {
    transactionId: answer.id,
    sessionId: answer.session_id,
    chargeId: answer.merchant_reference,
    isInPerson: answer.payment_product_type === 'seitatech.in_person',
    terminalId: answer.store?.terminal_id ?? null,
    status: statusOf(answer.status),
    amount: answer.amount,
    currency: answer.currency,
    capturedAmount: sum('CAPTURE'),
    refundedAmount: sum('REFUND'),
    pending: pendingIn(events),
    receipt: receiptIn(events),
    ...ownRefundsIn(refundEventsIn(events, answer.amount), answer.merchant_reference),
    card: answer.card
      ? {
          brand: answer.card.brand ?? null,
          masked_pan: maskedOnly(answer.card.masked_pan ?? null),
          entry_method: answer.card.entry_method ?? null,
        }
      : null,
  };
}

/** The refunds that stand, each by its event. */
function refundsIn({ amount, events }: RawTransaction): RefundFacts[] {
  return withoutCorrected(events ?? [])
    .filter((event) => event.event === 'REFUND' && event.success === true)
    .map((event) => ({ eventId: event.id ?? null, amount: event.amount ?? amount }));
}

const initiated: Record<string, PendingOperation> = {
  INITIATE_CAPTURE: 'capture',
  INITIATE_REFUND: 'refund',
  INITIATE_VOID: 'void',
};

/** Every INITIATE_* whose result has not been shown: the result names it by `correlation_request_id` (dossier 4.5). */
function pendingIn(events: TransactionEvent[]): PendingOperation[] {
  const answered = new Set(events.map((event) => event.correlation_request_id ?? null));
  return events.flatMap((event) => {
    const operation = initiated[event.event];
    if (operation === undefined || event.success === false) return [];
    return answered.has(event.request_id ?? '') ? [] : [operation];
  });
}

/** A number that is not masked stops here, whoever sent it. */
function maskedOnly(pan: string | null): string | null {
  if (pan === null || /\d{12,}/.test(pan) || holdsCardNumber(pan)) return null;
  return pan.slice(0, 32);
}
