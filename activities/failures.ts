/**
 * The failures of a call to Dintero: the closed list, and the one table that turns an answer (or its absence) into one.
 * Nothing else builds an `ApplicationFailure` from an HTTP answer. No answer is not "no": whatever was sent and not
 * clearly refused is `OutcomeUnknown`.
 */
import { ApplicationFailure } from '@temporalio/common';

export type DinteroFailureType =
  /** Certainly not sent, or a read that Dintero could not answer. */
  | 'DinteroUnavailable'
  /** Sent, and then a time-out, a reset, a 5xx or anything else that is no clear answer. */
  | 'OutcomeUnknown'
  /** An answer that does not match what we know of Dintero. */
  | 'DinteroUnreadable'
  /** 429, or 409 with Retry-After: rejected before it was processed. */
  | 'DinteroRateLimited'
  /** 401 or 403 with a fresh token: rejected before it was processed. */
  | 'DinteroUnauthorized'
  /** 400, 404 or 422 in Dintero's error envelope: refused, nothing happened. */
  | 'DinteroRejected'
  /** A read's 404. No proof of absence: a fresh session may be unknown to the next server (dossier 9). */
  | 'DinteroNotFound';

/** What became of one HTTP request. */
export type Attempt =
  | {
      is: 'answered';
      status: number;
      body: string;
      retryAfterMs: number;
      /** Of an operation that Dintero has accepted: what its result will name (dossier 4.5). */
      eventRequestId?: string;
    }
  /** The connection was never made: not a byte has left. */
  | { is: 'unsent'; why: string }
  /** Something left, and nothing readable came back. */
  | { is: 'lost'; why: string };

/** `read` changes nothing; `move` can move money or wake a terminal; `order` changes an account or commands a device. */
export type CallKind = 'read' | 'move' | 'order';

/** Dintero's error envelope: `{"error": {"code"?, "message", "errors"?}}` (dossier 6). Its message, or null. */
function messageInEnvelope(body: string): string | null {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null || !('error' in parsed)) return null;
    const { error } = parsed;
    if (typeof error !== 'object' || error === null || !('message' in error)) return null;
    if (typeof error.message !== 'string') return null;
    // A session id is enough to abandon or start a payment: none leaves by a message.
    return error.message.replaceAll(/[PT]\d{8}\.[\w-]+/g, '(id)').slice(0, 200);
  } catch {
    return null;
  }
}

/** The table: what became of a request, as a failure type; null when it is an answer to be read. */
export function failureFor(kind: CallKind, attempt: Attempt): DinteroFailureType | null {
  if (attempt.is === 'unsent') return 'DinteroUnavailable';
  const unclear = kind === 'read' ? 'DinteroUnavailable' : 'OutcomeUnknown';
  if (attempt.is === 'lost') return unclear;
  const { status, body } = attempt;
  if (status >= 200 && status < 300) return null;
  if (status === 429 || isBusy(kind, attempt)) return 'DinteroRateLimited';
  if (status === 401 || status === 403) return 'DinteroUnauthorized';
  const isDinteros = messageInEnvelope(body) !== null;
  return (isDinteros ? refusals[kind][status] : undefined) ?? unclear;
}

/** A terminal with a pending operation: Dintero says how long to wait (dossier 8.4). */
function isBusy(
  kind: CallKind,
  { status, retryAfterMs }: Pick<Extract<Attempt, { is: 'answered' }>, 'status' | 'retryAfterMs'>,
): boolean {
  return kind === 'order' && status === 409 && retryAfterMs > 0;
}

/** What refuses for certain, if it comes in Dintero's envelope. */
const refusals: Record<CallKind, Partial<Record<number, DinteroFailureType>>> = {
  move: { 400: 'DinteroRejected', 404: 'DinteroRejected', 422: 'DinteroRejected' },
  read: { 400: 'DinteroRejected', 404: 'DinteroNotFound' },
  order: {
    400: 'DinteroRejected',
    404: 'DinteroRejected',
    409: 'DinteroRejected',
    422: 'DinteroRejected',
  },
};

/** A sentence with what was tried and what came back. Never a body as a whole, a token or a session id. */
export function dinteroFailure(
  type: DinteroFailureType,
  message: string,
  retryAfterMs = 0,
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    details: [{ retryAfterMs }],
    nonRetryable: type === 'DinteroRejected' || type === 'DinteroUnauthorized',
    ...(retryAfterMs > 0 ? { nextRetryDelay: retryAfterMs } : {}),
  });
}

/** What an attempt looked like, for a message. */
export function describeAttempt(attempt: Attempt): string {
  if (attempt.is === 'unsent') return `nothing was sent (${attempt.why})`;
  if (attempt.is === 'lost') return `no answer (${attempt.why})`;
  const message = messageInEnvelope(attempt.body);
  return `Dintero answered ${attempt.status}${message === null ? '' : ` (${message})`}`;
}

/** Dintero has refused it for certain: nothing happened. */
export function isRejected(error: unknown): boolean {
  return (
    error instanceof ApplicationFailure &&
    error.type === ('DinteroRejected' satisfies DinteroFailureType)
  );
}
