import { createHmac } from 'node:crypto';

/** The value of `Dintero-Signature` for a callback; the body is not part of it. */
export function signCallback(input: {
  secret: string;
  timestamp: number;
  accountId: string;
  method: string;
  url: string;
}): string {
  const url = new URL(input.url);
  url.searchParams.sort();
  const query = url.searchParams.toString();
  const payload = [
    input.timestamp,
    input.accountId,
    input.method,
    url.hostname,
    url.pathname,
    query,
  ].join('\n');
  const hex = createHmac('sha256', input.secret).update(payload).digest('hex');
  return `t=${input.timestamp},v0-hmac-sha256=${hex}`;
}
