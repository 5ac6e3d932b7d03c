/** Who may do what. No Temporal is there: whoever is let in gets past the guard and no further. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readApiConfig } from '../../api/config.ts';
import { opsToken, startApi, type RunningApi } from './api-harness.ts';

const digest = (token: string): string => createHash('sha256').update(token).digest('hex');
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const tillKey = 'till-1-secret';
const apiKeys = [{ name: 'till-1', sha256: digest(tillKey) }];

const opsPosts = ['/ops/switch-off', '/ops/switch-on'];

let locked: RunningApi;
let keyless: RunningApi;
/** Nobody has a token. */
let nameless: RunningApi;

beforeAll(async () => {
  [locked, keyless, nameless] = await Promise.all([
    startApi('127.0.0.1:1', { apiKeys }),
    startApi('127.0.0.1:1'),
    startApi('127.0.0.1:1', { opsTokens: [] }),
  ]);
});

afterAll(async () => {
  await Promise.all([locked.end(), keyless.end(), nameless.end()]);
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

describe('below /ops', () => {
  const posted = async (api: RunningApi, init: object): Promise<unknown[]> =>
    await Promise.all(
      opsPosts.map(async (path) => {
        const { status, body } = await api.call(path, { method: 'POST', ...init });
        return [status, body['code']];
      }),
    );
  const all = (status: number, code: string): unknown[] => opsPosts.map(() => [status, code]);

  test('a person is let in', async () => {
    // Past the guard: the empty body is what is wrong.
    expect(await posted(locked, bearer(opsToken))).toEqual(all(400, 'invalid_request'));
    expect(await posted(keyless, bearer(opsToken))).toEqual(all(400, 'invalid_request'));
  });

  test("a till's key is forbidden", async () => {
    expect(await posted(locked, bearer(tillKey))).toEqual(all(403, 'forbidden'));
    expect((await locked.call('/ops/switches', bearer(tillKey))).status).toBe(403);
  });

  test('who says nothing, or something unknown, is not known', async () => {
    expect(await posted(locked, {})).toEqual(all(401, 'unauthorized'));
    expect(await posted(keyless, {})).toEqual(all(401, 'unauthorized'));
    expect(await posted(keyless, bearer(digest(opsToken)))).toEqual(all(401, 'unauthorized'));
    expect((await keyless.call('/ops/switches')).headers.get('www-authenticate')).toBe('Bearer');
  });

  test('without OPS_TOKENS everybody is told to set it', async () => {
    expect(await posted(nameless, {})).toEqual(all(403, 'forbidden'));
    const { status, body } = await nameless.ops('/ops/switches');
    expect([status, body['detail']]).toEqual([403, expect.stringContaining('OPS_TOKENS')]);
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
