/** Who may do what. No Temporal is there: whoever is let in gets past the guard and no further. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readApiConfig } from '../../api/config.ts';
import { opsToken, startApi, type RunningApi } from './api-harness.ts';

const digest = (token: string): string => createHash('sha256').update(token).digest('hex');
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const tillKey = 'till-1-secret';
const apiKeys = [{ name: 'till-1', sha256: digest(tillKey) }];

let locked: RunningApi;
let keyless: RunningApi;

beforeAll(async () => {
  [locked, keyless] = await Promise.all([
    startApi('127.0.0.1:1', { apiKeys }),
    startApi('127.0.0.1:1'),
  ]);
});

afterAll(async () => {
  await Promise.all([locked.end(), keyless.end()]);
});

describe("a person's token", () => {
  test('reads what a till reads', async () => {
    expect((await locked.ops('/metrics')).status).toBe(200);
    // Past the guard: the path is what is wrong.
    const paths = [
      '/charges/S.x',
      '/charges/S.x/events',
      '/sales/S.1',
      '/cases/x',
      '/charges?limit=0',
    ];
    const answers = await Promise.all(paths.map((path) => locked.ops(path)));
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 400));
  });

  test.each([
    ['with keys', () => locked],
    ['without keys', () => keyless],
  ])("gives no till's orders, %s", async (_name, api) => {
    const paths = ['/charges', '/charges/S-1.1/cancel', '/charges/S-1.1/keep'];
    const answers = await Promise.all(paths.map((path) => api().ops(path, { method: 'POST' })));
    expect(answers.map(({ status, body }) => [status, body['code']])).toEqual(
      paths.map(() => [403, 'forbidden']),
    );
    expect(String(answers[0]?.body['detail'])).toContain('API_KEYS');
  });

  test('of somebody else is refused', async () => {
    const answer = await locked.call('/metrics', bearer(`${opsToken}x`));
    expect([answer.status, answer.body['code']]).toEqual([401, 'unauthorized']);
  });
});

describe('OPS_TOKENS', () => {
  const valid = { DINTERO_ACCOUNT_ID: 'T90001234' };

  test('names persons, and opens nothing to the network', () => {
    const config = readApiConfig({
      ...valid,
      OPS_TOKENS: `kari:${digest('a')}, ola:${digest('b')}`,
    });
    expect(config.opsTokens.map(({ name }) => name)).toEqual(['kari', 'ola']);
    expect(config.host).toBe('127.0.0.1');
    expect(readApiConfig({ ...valid, OPS_TOKENS: '' }).opsTokens).toEqual([]);
  });

  test.each([
    ['a name with a slash', { OPS_TOKENS: `kari/x:${digest('a')}` }],
    ['a token instead of its digest', { OPS_TOKENS: 'kari:secret' }],
    ['a name twice', { OPS_TOKENS: `kari:${digest('a')},kari:${digest('b')}` }],
    ["a till's key", { OPS_TOKENS: `kari:${digest('a')}`, API_KEYS: `till:${digest('a')}` }],
  ])('refuses %s', (_name, env) => {
    expect(() => readApiConfig({ ...valid, ...env })).toThrow(/\n {2}OPS_TOKENS /);
  });
});
