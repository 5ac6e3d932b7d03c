/** The signature of an account webhook (dossier 5.4): over the bytes as they came, without a time. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** A good one proves who wrote the body; it may be as old as it likes. Serialising it again would not give its bytes. */
export function isSignedEvent(
  { header, body }: { header: string | undefined; body: Buffer },
  secrets: readonly string[],
): boolean {
  const hex = header ?? '';
  if (!/^[0-9a-f]{40}$/.test(hex)) return false;
  const given = Buffer.from(hex, 'hex');
  // Every secret is tried, so that the time taken does not tell which one was meant.
  return secrets
    .map((secret) => timingSafeEqual(createHmac('sha1', secret).update(body).digest(), given))
    .includes(true);
}
