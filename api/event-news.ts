/** What an account webhook says (dossier 5.4): news of a payment, or something else. Pure. */
import * as z from 'zod';
import { ownId, reportOf, type News } from './news.ts';

const text = z.string().min(1).max(200).optional().catch(undefined);

/** Only what is looked at, and nothing of it believed: everything else passes. */
const envelopeSchema = z.object({
  account_id: text,
  event: text,
  event_delivery: text,
  session_id: text,
  merchant_reference: text,
  error: text,
  transaction: z
    .object({
      id: text,
      session_id: text,
      merchant_reference: text,
      payment_product_type: text,
      status: text,
      metadata: z.object({ ext_kvitt_installation: text }).optional().catch(undefined),
      events: z
        .array(z.object({ event: text, event_reference: text }).catch({}))
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
});
type Envelope = z.output<typeof envelopeSchema>;

export type AccountEvent = {
  /** Names this delivery; the same again is the same news. null: it has no name. */
  delivery: string | null;
} & (
  | { is: 'news'; news: News }
  | {
      is:
        | 'ping'
        | 'settlement'
        /** A payment that no charge can be about, or another account's. */
        | 'not_ours'
        /** A payment that is not named: polls find it. */
        | 'nameless'
        /** A type that means nothing to us. */
        | 'ignored'
        | 'malformed';
    }
);

interface Reader {
  verdict: News['verdict'];
  accountId: string;
  /** Who we are among those that share the account; null: not asked. */
  installation: string | null;
}

/** Reads the body of a webhook whose signature was good, or could not be asked for. */
export function eventIn(body: string, of: Reader): AccountEvent {
  const envelope = envelopeSchema.safeParse(parsed(body)).data;
  const delivery = envelope?.event_delivery ?? null;
  if (envelope?.event === undefined) return { is: 'malformed', delivery };
  if (envelope.account_id !== undefined && envelope.account_id !== of.accountId) {
    return { is: 'not_ours', delivery };
  }
  switch (envelope.event) {
    case 'ping':
      return { is: 'ping', delivery };
    case 'settlement_add':
      return { is: 'settlement', delivery };
    case 'checkout_transaction':
    case 'checkout_authorization':
      return { delivery, ...paymentIn(envelope, of) };
    default:
      return { is: 'ignored', delivery };
  }
}

function paymentIn(
  envelope: Envelope,
  { verdict, accountId, installation }: Reader,
): { is: 'news'; news: News } | { is: 'not_ours' | 'nameless' } {
  const { transaction = {} } = envelope;
  const {
    merchant_reference: chargeId = envelope.merchant_reference,
    session_id = envelope.session_id,
    payment_product_type: product = inPerson,
  } = transaction;
  if (chargeId === undefined) return { is: 'nameless' };
  const maker = transaction.metadata?.ext_kvitt_installation;
  if (!isChargeId(chargeId) || !isMadeHere({ product, maker, installation })) {
    return { is: 'not_ours' };
  }

  const { error = null } = envelope;
  const transactionId = ownId(transaction.id, accountId);
  const sessionId = ownId(session_id, accountId);
  const news: News = {
    chargeId,
    transactionId,
    verdict,
    report: reportOf({ way: 'webhook', verdict, error, sessionId, transactionId }),
    query: asCallback({ transactionId, error, status: transaction.status }),
    ...refundIn(chargeId, transaction),
  };
  return { is: 'news', news };
}

/** The account's web shop is told of here too, and any other Kvitt that shares it. */
function isMadeHere(of: {
  product: string;
  maker: string | undefined;
  installation: string | null;
}): boolean {
  const { product, maker, installation } = of;
  // Who says nothing of an installation is looked at.
  const isElsewhere = maker !== undefined && installation !== null && maker !== installation;
  return product === inPerson && !isElsewhere;
}

const inPerson = 'seitatech.in_person';

/** The same pattern as the callback's path. */
function isChargeId(reference: string): boolean {
  return /^[A-Za-z0-9_-]{1,36}\.[1-9]\d{0,2}$/.test(reference);
}

/** The refund of ours that the transaction's last event is about. */
function refundIn(
  chargeId: string,
  { events = [] }: NonNullable<Envelope['transaction']>,
): { refundId?: string } {
  const { event = '', event_reference: refundId = '' } = events.at(-1) ?? {};
  const number = refundId.startsWith(chargeId) ? refundId.slice(chargeId.length) : '';
  return event.endsWith('REFUND') && /^\.R[1-9]\d{0,2}$/.test(number) ? { refundId } : {};
}

/** A payment on its way to its end, or at it as a charge expects. */
const expected = new Set(['INITIATED', 'ON_HOLD', 'AUTHORIZED', 'CAPTURED']);

/** In the words of the callback that would say it, so that one place knows what agrees with a closed charge. */
function asCallback(of: {
  transactionId: string | null;
  error: string | null;
  status: string | undefined;
}): URLSearchParams {
  const { transactionId, status = '' } = of;
  const query = new URLSearchParams();
  if (transactionId !== null) query.set('transaction_id', transactionId);
  if (of.error !== null) query.set('error', of.error);
  if (status === 'FAILED') query.set('error', 'failed');
  else if (status === 'DECLINED') query.set('error', 'authorization');
  else if (status === 'AUTHORIZATION_VOIDED') query.set('event', 'VOID');
  else if (status !== '' && !expected.has(status)) query.set('event', status);
  return query;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
