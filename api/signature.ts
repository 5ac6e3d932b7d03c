/** Dintero's callback signature (dossier 5.3). It covers the URL, not the body: a good one proves who calls, no more. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Dintero recommends five minutes; older is a hint, because a retry may carry its first time. */
const toleranceSeconds = 300;

export interface SignedCall {
  header: string | undefined;
  accountId: string;
  method: string;
  /** As registered at Dintero: host and path come from our configuration, a proxy may have changed the request's. */
  hostname: string;
  pathname: string;
  /** The received query without its question mark. */
  query: string;
  nowSeconds: number;
}

export type SignatureVerdict = 'good' | 'stale' | 'bad';

export function verifySignature(call: SignedCall, secrets: readonly string[]): SignatureVerdict {
  const [, timestamp, hex] =
    /^t=(\d{1,12}),v0-hmac-sha256=([0-9a-f]{64})$/.exec(call.header ?? '') ?? [];
  if (timestamp === undefined || hex === undefined) return 'bad';
  const given = Buffer.from(hex, 'hex');
  const payload = signedPayload(call, timestamp);
  // Every secret is tried, so that the time taken does not tell which one was meant.
  const isGood = secrets
    .map((secret) => timingSafeEqual(createHmac('sha256', secret).update(payload).digest(), given))
    .includes(true);
  if (!isGood) return 'bad';
  return Math.abs(call.nowSeconds - Number(timestamp)) <= toleranceSeconds ? 'good' : 'stale';
}

function signedPayload(call: SignedCall, timestamp: string): string {
  // Parsed and written again: `%20` and `+` are the same query, and only one of them is what was signed.
  const query = new URLSearchParams(call.query);
  query.sort();
  return [
    timestamp,
    call.accountId,
    call.method,
    call.hostname,
    call.pathname,
    query.toString(),
  ].join('\n');
}
