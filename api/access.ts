/**
 * Who may do what. A till's key (API_KEYS) serves the till's routes. A person's token (OPS_TOKENS) opens `/ops`, where
 * every order carries a name that somebody has proven, and reads whatever a till may read; it gives no till's orders,
 * because those would carry a person's name without a person's reason.
 */
import type { RequestHandler } from 'express';
import type { Locals } from './answering.ts';
import { keyNameOf, type ApiKey } from './keys.ts';
import { splitRoute, type RouteKey } from './openapi.ts';
import { Problem } from './problems.ts';

export interface Access {
  apiKeys: readonly ApiKey[];
  opsTokens: readonly ApiKey[];
}

const openRoutes = new Set<RouteKey>([
  'GET /healthz',
  'GET /readyz',
  'GET /openapi.json',
  'GET /docs',
  'GET /runbook',
]);

export function isCallback(key: RouteKey): boolean {
  return splitRoute(key)[1].startsWith('/webhooks/');
}

/** Lets in whom the route is for, and notes the name; null: the route is open, or asks for a signature instead. */
export function guard(key: RouteKey, access: Access): RequestHandler | null {
  if (openRoutes.has(key) || isCallback(key)) return null;
  const [method, route] = splitRoute(key);
  const nameOf = route.startsWith('/ops/') ? personOf : callerOf;
  return (req, res, next) => {
    const name = nameOf({ ...access, method, authorization: req.get('authorization') });
    if (name !== null) (res.locals as Locals).keyName = name;
    next();
  };
}

type Asked = Access & { method: 'get' | 'post'; authorization: string | undefined };

/** Also on 127.0.0.1 without keys: the point of `/ops` is a name. */
function personOf({ apiKeys, opsTokens, authorization }: Asked): string {
  if (opsTokens.length === 0) {
    throw new Problem(
      'forbidden',
      'Routes below /ops need a personal token, and there are none: set OPS_TOKENS to name:sha256-hex,... and start the api again.',
    );
  }
  const person = keyNameOf(authorization, opsTokens);
  if (person !== null) return person;
  if (keyNameOf(authorization, apiKeys) !== null) {
    throw new Problem(
      'forbidden',
      "This is a till's key: routes below /ops need a token of OPS_TOKENS.",
    );
  }
  throw unauthorized('Send Authorization: Bearer <token>, with your own token of OPS_TOKENS.');
}

/** null: nobody has to say who they are. */
function callerOf({ apiKeys, opsTokens, method, authorization }: Asked): string | null {
  const person = keyNameOf(authorization, opsTokens);
  if (person !== null && method === 'get') return person;
  if (person !== null) {
    throw new Problem(
      'forbidden',
      "This is a personal token of OPS_TOKENS: it reads, and gives orders below /ops. A till's orders need a key of API_KEYS.",
    );
  }
  if (apiKeys.length === 0) return null;
  const till = keyNameOf(authorization, apiKeys);
  if (till !== null) return till;
  throw unauthorized('Send Authorization: Bearer <key>, with a key of API_KEYS.');
}

function unauthorized(detail: string): Problem {
  return new Problem('unauthorized', detail, { headers: { 'WWW-Authenticate': 'Bearer' } });
}
