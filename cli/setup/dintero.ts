/** Dintero as a person's command asks it: the product's own client, and raw answers where the status is what matters. */
import { ApplicationFailure } from '@temporalio/common';
import { createDinteroClient } from '../../activities/dintero/client.ts';
import type { Dintero } from '../../activities/dintero/charges.ts';
import type { DinteroConfig } from '../../activities/dintero/config.ts';
import { send } from '../../activities/dintero/http.ts';
import { createTokenSource, type TokenSource } from '../../activities/dintero/token.ts';
import { describeAttempt, type Attempt } from '../../activities/failures.ts';

export interface Question {
  method: 'GET' | 'POST';
  at: 'checkout' | 'account';
  path: string;
  body?: object;
}

/** Dintero by the product's own client, and by single requests. */
export interface Reached extends Dintero {
  /** One request, sent once, and what became of it. */
  ask: (question: Question, timeoutMs: number) => Promise<Attempt>;
}

export function reach(config: DinteroConfig): Reached {
  const ofCheckout = createTokenSource(config);
  const ofAccount = config.accountClient
    ? createTokenSource({ ...config, ...config.accountClient })
    : ofCheckout;
  return {
    config,
    client: createDinteroClient(config),
    ask: async ({ method, at, path, body }, timeoutMs) => {
      const isOfAccount = at === 'account';
      const token = await tokenOf(isOfAccount ? ofAccount : ofCheckout, timeoutMs);
      if (token === null) return { is: 'unsent', why: 'no access token' };
      const base = isOfAccount
        ? `${config.apiUrl}/accounts/${config.accountId}`
        : config.checkoutUrl;
      return await send({
        method,
        url: base + path,
        headers: {
          authorization: `Bearer ${token}`,
          'dintero-system-name': 'kvitt',
          ...(method === 'POST' && body === undefined ? { 'content-length': '0' } : {}),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        timeoutMs,
      });
    },
  };
}

async function tokenOf(source: TokenSource, timeoutMs: number): Promise<string | null> {
  try {
    return await source.get(timeoutMs);
  } catch (err) {
    if (err instanceof ApplicationFailure) return null;
    throw err;
  }
}

/** What a read gave, or the sentence of its failure: a person is told, nothing is retried behind their back. */
export async function tried<T>(
  read: Promise<T>,
): Promise<{ value: T } | { type: string; message: string }> {
  try {
    return { value: await read };
  } catch (err) {
    if (!(err instanceof ApplicationFailure)) throw err;
    return { type: err.type ?? '', message: err.message };
  }
}

/** `Dintero answered 403 (FORBIDDEN)`, and what that means where no call gets through. */
export function noConnection(
  attempt: Attempt,
  url: string,
): { found: string; todo: string } | null {
  const found = `${describeAttempt(attempt)}, asked at ${url}.`;
  if (attempt.is === 'lost') {
    const todo = `Is it slow, or is a proxy in the way? Try: curl -i ${url}`;
    return { found, todo };
  }
  if (attempt.is === 'answered') return null;
  const { why } = attempt;
  if (why === 'ENOTFOUND' || why === 'EAI_AGAIN') {
    return { found, todo: `The name is not known here: check the URL and this machine's DNS.` };
  }
  if (/CERT|SIGNATURE/.test(why)) {
    const todo =
      'Its certificate is not trusted here: is a proxy opening TLS? NODE_EXTRA_CA_CERTS names its root.';
    return { found, todo };
  }
  return { found, todo: `Nothing listens there, or a firewall is in the way: check the URL.` };
}
