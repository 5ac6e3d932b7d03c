/** What a callback says, and whether that is known already. Pure. */
import type { ChargeRecord, TransactionReport } from '../workflows/messages.ts';

export interface News {
  chargeId: string;
  /** The transaction that it names, if that can be one of this account. */
  transactionId: string | null;
  verdict: 'good' | 'stale' | 'unsigned';
  /** What the workflow is told. */
  report: TransactionReport;
  /** The callback's parameters as they came. */
  query: URLSearchParams;
  /** A refund of ours that it is about. */
  refundId?: string;
}

/** Reads a callback's query. The words of unproven news are left out of the report: it is only a reason to look. */
export function newsIn(of: {
  chargeId: string;
  query: string;
  verdict: News['verdict'];
  accountId: string;
}): News {
  const { chargeId, verdict, accountId } = of;
  const query = new URLSearchParams(of.query);
  const transactionId = ownId(query.get('transaction_id'), accountId);
  const sessionId = ownId(query.get('session_id') ?? query.get('sid'), accountId);
  return {
    chargeId,
    transactionId,
    verdict,
    report: reportOf({
      way: 'callback',
      verdict,
      error: query.get('error'),
      sessionId,
      transactionId,
    }),
    query,
  };
}

/** What the workflow is told of it. */
export function reportOf(of: {
  way: 'callback' | 'webhook';
  verdict: News['verdict'];
  error: string | null;
  sessionId: string | null;
  transactionId: string | null;
}): TransactionReport {
  const { way, verdict, error, sessionId, transactionId } = of;
  const isProven = verdict === 'good';
  return {
    error: isProven ? knownError(error) : null,
    source: isProven ? way : `${way} (${verdict})`,
    ...(sessionId === null ? {} : { session_id: sessionId }),
    ...(transactionId === null ? {} : { transaction_id: transactionId }),
  };
}

/**
 * Dintero says everything twice within moments, and that costs nothing. What comes later than this (ms) is read all the
 * same: a correction may say of an outcome what a payment said before it.
 */
const agreeingFor = 60_000;

/** Whether the news of a closed charge says no more than the charge has told just now. `now` is epoch ms. */
export function isAgreeing(
  { outcome, transaction_id, updated_at }: ChargeRecord,
  { query, transactionId }: News,
  now: number,
): boolean {
  if (transactionId !== null && now - Date.parse(updated_at) > agreeingFor) return false;
  const event = query.get('event');
  const error = query.get('error');
  switch (outcome) {
    case null:
      return false;
    case 'captured':
      return (
        transactionId !== null &&
        transactionId === transaction_id &&
        error === null &&
        (event === null || event === 'CAPTURE')
      );
    case 'not_charged':
      // An error that is not known may speak of money: `capture` is an approval whose capture failed (dossier 5.1).
      if (event === null && knownError(error) !== null) return true;
      return event === 'VOID' || !query.has('transaction_id');
  }
}

/** Ids of Dintero start with the account's; anything else is no id of ours, and goes nowhere. */
export function ownId(id: string | null | undefined, accountId: string): string | null {
  return typeof id === 'string' && id.startsWith(`${accountId}.`) && /^\w+\.[\w-]{1,64}$/.test(id)
    ? id
    : null;
}

/** The words that the dossier knows (5.1); any other is only a reason to look. */
function knownError(word: string | null): TransactionReport['error'] {
  return word === 'cancelled' || word === 'authorization' || word === 'failed' ? word : null;
}
