/** The access token: cached, renewed at half its life, one refresh shared by all who ask (dossier 1). */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { describeAttempt, dinteroFailure, failureFor, type Attempt } from '../failures.ts';
import type { DinteroConfig } from './config.ts';
import { send } from './http.ts';

export const tokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.number().positive(),
});

interface Token {
  value: string;
  renewAt: number;
  expiresAt: number;
}

export interface TokenSource {
  /** A token that is good now. Throws a Dintero failure that says for certain: nothing of the caller was sent. */
  get: (timeoutMs: number) => Promise<string>;
  /** Forgets a token that was answered 401 or 403; a newer one is kept. */
  drop: (value: string) => void;
}

export function createTokenSource(config: DinteroConfig): TokenSource {
  let cached: Token | null = null;
  let refreshing: Promise<Token> | null = null;

  async function refresh(timeoutMs: number): Promise<Token> {
    // All wait for it, whoever asked first: a refund's long time-out is not theirs.
    refreshing ??= fetchToken(config, Math.min(timeoutMs, requestMaxMs)).finally(
      () => (refreshing = null),
    );
    cached = await refreshing;
    return cached;
  }

  return {
    get: async (timeoutMs) => {
      const now = Date.now();
      if (cached !== null && now < cached.renewAt) return cached.value;
      const renewed = within(timeoutMs, refresh(timeoutMs));
      if (cached === null || now >= cached.expiresAt - timeoutMs) return (await renewed).value;
      // Renewing early leaves time: the old one still serves, and nobody waits.
      renewed.catch(() => undefined);
      return cached.value;
    },
    drop: (value) => {
      if (cached?.value === value) cached = null;
    },
  };
}

/** As long as any other request to Dintero may take (policy: `httpTimeout`). */
const requestMaxMs = 15_000;

/** Gives up waiting; what is waited for goes on for the others. */
async function within<T>(timeoutMs: number, wanted: Promise<T>): Promise<T> {
  const isAnswered = new AbortController();
  try {
    return await Promise.race([wanted, tooLate(timeoutMs, isAnswered.signal)]);
  } finally {
    isAnswered.abort();
  }
}

async function tooLate(timeoutMs: number, signal: AbortSignal): Promise<never> {
  await sleep(timeoutMs, null, { signal, ref: false });
  const message = `Could not get an access token: no answer in ${timeoutMs} ms`;
  throw dinteroFailure('DinteroUnavailable', message);
}

/** One request for a token, and what became of it. */
export async function askForToken(config: DinteroConfig, timeoutMs: number): Promise<Attempt> {
  const { accountId, apiUrl, clientId, clientSecret } = config;
  return await send({
    method: 'POST',
    url: `${apiUrl}/accounts/${accountId}/auth/token`,
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
    },
    body: JSON.stringify({
      grant_type: 'client_credentials',
      // On api.dintero.com whichever host is asked (dossier 1).
      audience: `https://api.dintero.com/v1/accounts/${accountId}`,
    }),
    timeoutMs,
  });
}

async function fetchToken(config: DinteroConfig, timeoutMs: number): Promise<Token> {
  const askedAt = Date.now();
  const attempt = await askForToken(config, timeoutMs);
  const type = failureFor('read', attempt);
  const message = `Could not get an access token: ${describeAttempt(attempt)}`;
  if (type !== null || attempt.is !== 'answered') {
    const retryAfterMs = attempt.is === 'answered' ? attempt.retryAfterMs : 0;
    // A 400 says that our credentials are wrong, as a 401 does.
    throw dinteroFailure(
      type === 'DinteroRejected' ? 'DinteroUnauthorized' : (type ?? 'DinteroUnavailable'),
      message,
      retryAfterMs,
    );
  }
  const parsed = tokenAnswer.safeParse(parseJson(attempt.body));
  if (!parsed.success) throw dinteroFailure('DinteroUnavailable', 'The token answer is unreadable');
  const lifeMs = parsed.data.expires_in * 1000;
  return {
    value: parsed.data.access_token,
    renewAt: askedAt + lifeMs / 2,
    expiresAt: askedAt + lifeMs,
  };
}

/** The body as JSON, or undefined: gateways answer in HTML. */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
