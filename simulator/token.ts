import { createHmac, timingSafeEqual } from 'node:crypto';
import { behaviourOf } from './behaviour.ts';
import { Refusal, type World } from './world.ts';

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The answer of the token endpoint. The token carries its own expiry, so that it outlives a restart. */
export function issueToken(
  world: World,
  request: { accountId: string; authorization: string; body: unknown },
): object {
  const { accountId, clientId, clientSecret } = world.options;
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  if (request.authorization !== `Basic ${basic}`) throw new Refusal(401, 'invalid client');
  const { grant_type, audience } = (request.body ?? {}) as Record<string, unknown>;
  if (grant_type !== 'client_credentials') throw new Refusal(400, 'grant_type is not supported');
  const isOurs = typeof audience === 'string' && audience.endsWith(`/v1/accounts/${accountId}`);
  if (!isOurs || request.accountId !== accountId) throw new Refusal(403, 'FORBIDDEN');

  const expiresIn = behaviourOf(world).token_expires_in;
  const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({
    sub: clientId,
    aud: audience,
    exp: Date.now() / 1000 + expiresIn,
  })}`;
  return {
    access_token: `${content}.${sign(world, content)}`,
    token_type: 'Bearer',
    expires_in: expiresIn,
  };
}

/** Refuses a request without a valid token with 401. */
export function assertToken(world: World, authorization: string): void {
  const [scheme, token = ''] = authorization.split(' ');
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1));
  const expected = Buffer.from(sign(world, token.slice(0, Math.max(0, end))));
  const isSigned = signature.length === expected.length && timingSafeEqual(signature, expected);
  if (scheme !== 'Bearer' || !isSigned) throw new Refusal(401, 'invalid token');
  const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const { exp } = JSON.parse(claims) as { exp: number };
  if (exp * 1000 <= Date.now()) throw new Refusal(401, 'token expired');
}

function sign(world: World, content: string): string {
  return createHmac('sha256', world.options.clientSecret).update(content).digest('base64url');
}
