/** Bearer keys: the service knows only their SHA-256, and the comparison takes equally long for every key. */
import { createHash, timingSafeEqual } from 'node:crypto';

export interface ApiKey {
  name: string;
  sha256: string;
}

/** The name of the key that the header carries; null if it carries none of ours. */
export function keyNameOf(
  authorization: string | undefined,
  keys: readonly ApiKey[],
): string | null {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  if (token === undefined) return null;
  const given = createHash('sha256').update(token).digest();
  return keys
    .map(({ name, sha256 }) => (timingSafeEqual(Buffer.from(sha256, 'hex'), given) ? name : null))
    .reduce((found, name) => found ?? name, null);
}
