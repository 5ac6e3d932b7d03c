/**
 * Every refusal of the API, as RFC 9457 problem details. One table: status, words and advice per code. The one rule of
 * `safe_to_take_other_payment` in an error: a refusal knows its own request only, while the sale may have another
 * attempt, open or paid, at Temporal or (past retention) at Dintero alone. So it is false, unless the refusal carries a
 * charge that was read and proves otherwise. A 404 is "not known", never "not charged".
 */
import type { Advice } from './cashier.ts';
import type { Charge } from './answers.ts';

interface ProblemKind {
  status: number;
  title: string;
  meaning: string;
  /** What the cashier does, where no charge that comes along knows better (`isChargeAdvice`). */
  advice: Advice;
  isChargeAdvice?: true;
}

export const problemKinds = {
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    meaning:
      'A field is missing, unknown or has a value that is not allowed; `errors` names each. Nothing was started.',
    advice: 'ask_for_help',
  },
  unauthorized: {
    status: 401,
    title: 'The bearer key is missing or unknown',
    meaning:
      'Send `Authorization: Bearer <key>` with a key whose SHA-256 stands in API_KEYS, below `/ops` in OPS_TOKENS.',
    advice: 'ask_for_help',
  },
  forbidden: {
    status: 403,
    title: 'The key may not do this',
    meaning:
      "A till's key does nothing below `/ops`; a personal token gives orders only there, and reads everywhere.",
    advice: 'ask_for_help',
  },
  unknown_charge: {
    status: 404,
    title: 'The charge is not known',
    meaning:
      'No such charge or sale is known here. That is no proof that nothing was paid: send the POST again to find out, it never charges twice.',
    advice: 'ask_for_help',
  },
  unknown_refund: {
    status: 404,
    title: 'The refund is not known',
    meaning:
      'No such refund is known here. That is no proof that nothing went back: send the POST again to find out, it never refunds twice.',
    advice: 'ask_for_help',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this path',
    meaning: 'No such case is known, or the path is none of this API; `/openapi.json` lists them.',
    advice: 'ask_for_help',
  },
  unknown_report: {
    status: 404,
    title: 'There is no such report',
    meaning:
      'Nobody has made the report of this day, Temporal has forgotten it, or the store has nothing in it; `detail` says which. `POST /ops/reconciliations` makes that of a day of the last four weeks.',
    advice: 'ask_for_help',
  },
  method_not_allowed: {
    status: 405,
    title: 'The route does not know this method',
    meaning: 'The header `Allow` lists the methods of the path.',
    advice: 'ask_for_help',
  },
  previous_attempt_open: {
    status: 409,
    title: 'The previous attempt is still open',
    meaning: 'Attempt n starts only after n-1 is proven `not_charged`. Wait for it, or cancel it.',
    advice: 'wait',
    isChargeAdvice: true,
  },
  previous_attempt_captured: {
    status: 409,
    title: 'The previous attempt has taken the money',
    meaning: 'The sale is paid by the attempt in `charge`; it is not charged again.',
    advice: 'ask_for_help',
    isChargeAdvice: true,
  },
  previous_attempt_unknown: {
    status: 409,
    title: 'The previous attempt is not known',
    meaning: 'Attempts are numbered without gaps. `GET /sales/{reference}` tells the next number.',
    advice: 'ask_for_help',
  },
  previous_refund_open: {
    status: 409,
    title: 'The previous refund is still open',
    meaning:
      'Refund n starts only after n-1 has ended: while it has not, it may still succeed. Wait for it.',
    advice: 'wait',
  },
  previous_refund_unknown: {
    status: 409,
    title: 'The previous refund is not known',
    meaning:
      'Refunds are numbered without gaps. `GET /charges/{charge_id}/refunds` tells the next number.',
    advice: 'ask_for_help',
  },
  not_possible_now: {
    status: 409,
    title: 'What is true now does not allow this',
    meaning:
      'The order does not fit what is true now, of the charge or of what is switched off; `detail` says why and what is possible.',
    advice: 'ask_for_help',
    isChargeAdvice: true,
  },
  too_large: {
    status: 413,
    title: 'The request is too large',
    meaning: 'A body may have 64 KB.',
    advice: 'ask_for_help',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body is not JSON',
    meaning: 'Send `Content-Type: application/json`, in UTF-8.',
    advice: 'ask_for_help',
  },
  different_request: {
    status: 422,
    title: 'The charge id is taken by a different request',
    meaning:
      'A charge of this reference and attempt exists with other content. A repeated request must be equal field by field; another sale needs its own reference.',
    advice: 'ask_for_help',
  },
  different_refund: {
    status: 422,
    title: 'The number of the refund is taken by a different request',
    meaning:
      'A refund of this number exists with other content, and nothing was started. A repeated request must be equal field by field; another refund carries `next_refund`.',
    advice: 'ask_for_help',
  },
  too_late: {
    status: 422,
    title: 'The request came after its own not_after',
    meaning:
      'Nothing was started, and nothing will be by this request. If the customer is still there, send it again with the same attempt and a later `not_after`.',
    advice: 'try_again',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    meaning: 'Send it again after the time in `Retry-After`.',
    advice: 'wait',
  },
  internal: {
    status: 500,
    title: 'The service has a fault',
    meaning:
      'Read the charge again: what was started goes on by itself. The log has more under `request_id`.',
    advice: 'ask_for_help',
  },
  dintero_unavailable: {
    status: 502,
    title: 'Dintero did not answer',
    meaning:
      'What was asked stands at Dintero only, and Dintero did not answer or refused us; `detail` says which. Nothing was changed.',
    advice: 'wait',
  },
  switched_off: {
    status: 503,
    title: 'New charges are switched off',
    meaning:
      'An operator has stopped new charges, here or everywhere; `detail` is their text for the cashier. Open ones go on.',
    advice: 'ask_for_help',
  },
  temporal_unavailable: {
    status: 503,
    title: 'Temporal or a worker did not answer in time',
    meaning:
      'Temporal, or a worker behind it, did not answer in time, so it is not known whether the request was stored; `detail` says who was silent. Sending the same request again is safe: it never charges twice.',
    advice: 'wait',
    isChargeAdvice: true,
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof problemKinds;
export const problemCodes = Object.keys(problemKinds) as ProblemCode[];

export interface FieldError {
  field: string;
  problem: string;
  hint: string;
}

interface ProblemExtras {
  errors?: FieldError[];
  /** The charge that the refusal is about, read just now. */
  charge?: Charge;
  advice?: Advice;
  headers?: Record<string, string>;
  cause?: unknown;
}

/** Thrown anywhere in the API, answered by its one error handler. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail, { cause: extras.cause });
    this.name = 'Problem';
    this.code = code;
    this.extras = extras;
  }
}

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  advice: Advice;
  safe_to_take_other_payment: boolean;
  errors?: FieldError[];
  charge?: Charge;
  request_id?: string;
}

export function problemBody({ code, message, extras }: Problem, requestId?: string): ProblemBody {
  const kind: ProblemKind = problemKinds[code];
  const chargeAdvice = kind.isChargeAdvice === true ? extras.charge?.advice : undefined;
  return {
    type: `urn:kvitt:problem:${code}`,
    title: kind.title,
    status: kind.status,
    detail: message,
    code,
    advice: extras.advice ?? chargeAdvice ?? kind.advice,
    safe_to_take_other_payment: extras.charge?.safe_to_take_other_payment ?? false,
    ...(extras.errors === undefined ? {} : { errors: extras.errors }),
    ...(extras.charge === undefined ? {} : { charge: extras.charge }),
    ...(requestId === undefined ? {} : { request_id: requestId }),
  };
}

/** Sent with every 503 of ours: soon enough for a cashier, seldom enough for a server that comes back. */
const retryAfterSeconds = '2';

export function temporalUnavailable(detail: string, extras: ProblemExtras = {}): Problem {
  return new Problem('temporal_unavailable', `${detail} Sending the same request again is safe.`, {
    ...extras,
    headers: { 'Retry-After': retryAfterSeconds },
  });
}
