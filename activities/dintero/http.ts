/** One HTTP request with a time-out, and whether it certainly never left. */
import type { Attempt } from '../failures.ts';
import { measured } from './measure.ts';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: string;
  timeoutMs: number;
}

/**
 * Codes of a connection that was never made. A reset or a closed socket is not among them: on a kept-alive connection
 * it may come after the request was read.
 */
const unsentCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** Never throws: what became of the request is a value, and is counted. */
export async function send(request: HttpRequest): Promise<Attempt> {
  return await measured(request, sendOnce);
}

/** Redirects are not followed, they would send it twice. */
async function sendOnce(request: HttpRequest): Promise<Attempt> {
  const { method, url, headers, body, timeoutMs } = request;
  try {
    const response = await fetch(url, {
      method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body }),
    });
    const eventRequestId = response.headers.get('event-request-id');
    return {
      is: 'answered',
      status: response.status,
      body: await response.text(),
      retryAfterMs: retryAfter(response.headers.get('retry-after')),
      ...(eventRequestId === null ? {} : { eventRequestId }),
    };
  } catch (error) {
    const code = codeOf(error);
    return unsentCodes.has(code) ? { is: 'unsent', why: code } : { is: 'lost', why: code };
  }
}

/** The longest Retry-After that we honour as it stands: a longer one would leave a till without any answer. */
const retryAfterMaxMs = 5 * 60_000;

function retryAfter(header: string | null): number {
  if (header === null) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), retryAfterMaxMs) : 0;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if (error.name === 'TimeoutError') return 'time-out';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string')
    return cause.code;
  return error.name;
}
