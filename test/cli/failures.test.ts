/** Whatever goes wrong: the exit code says which kind, the text what to do, and nothing shows the token. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';
import { afterEach, describe, expect, test } from 'vitest';
import { createClient } from '../../cli/client.ts';
import { charge, kvitt, problem, startStandIn, token, type StandIn } from './kvitt.ts';

let api: StandIn | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

/** A service that answers everything like this. */
async function answering(status: number, body: unknown): Promise<string> {
  const calls = ['GET /charges', 'GET /ops/charges/S-1.1', 'POST /ops/charges/S-1.1/read'];
  api = await startStandIn(Object.fromEntries(calls.map((call) => [call, { status, body }])));
  return api.url;
}

const nothingChanged = /Nothing is known to have changed\. Try again\./;

describe('a problem of the API', () => {
  test.each([
    [400, 'invalid_request', 2, /title of invalid_request/],
    [401, 'unauthorized', 3, /Check KVITT_TOKEN/],
    [403, 'forbidden', 3, /personal token that may do this/],
    [404, 'unknown_charge', 4, /`kvitt charges` lists the charges/],
    [404, 'unknown_refund', 4, /`kvitt refunds` lists the refunds/],
    [409, 'not_possible_now', 3, /The detail of not_possible_now\.[^]*`kvitt show S-1\.1` says/],
    [422, 'different_request', 2, /title of different_request/],
    [429, 'rate_limited', 5, nothingChanged],
    [500, 'internal', 5, nothingChanged],
    [503, 'temporal_unavailable', 5, nothingChanged],
  ])('%i %s ends with %i', async (status, code, exitCode, words) => {
    const url = await answering(status, problem(code, status));
    for (const args of [
      ['show', 'S-1.1'],
      ['read', 'S-1.1'],
    ]) {
      const ended = await kvitt(url, args);
      expect(ended).toMatchObject({ code: exitCode, stdout: '' });
      expect(ended.stderr).toMatch(words);
      expect(ended.stderr).not.toContain(token);
    }
  });

  test.each([
    ['GET /ops/cases/T90001234.5AbC', ['show', 'T90001234.5AbC'], 404, /`kvitt cases --state all`/],
    ['GET /ops/explain/gibberish', ['explain', 'gibberish'], 404, /\/runbook at KVITT_URL/],
    ['GET /terminals/T9', ['terminal', 'T9'], 404, /`kvitt terminals`/],
    ['POST /ops/notifications/S-1.1/resend', ['resend', 'S-1.1'], 404, /`kvitt notifications`/],
    [
      'GET /charges/S-1.1/refunds/S-1.1.R1/receipt',
      ['receipt', 'S-1.1.R1'],
      409,
      /`kvitt show S-1\.1\.R1`/,
    ],
  ])('of %s names the command that helps', async (call, args, status, words) => {
    const code = status === 404 ? 'not_found' : 'not_possible_now';
    api = await startStandIn({ [call]: { status, body: problem(code, status) } });
    expect((await kvitt(api.url, args)).stderr.split('\n')[2]).toMatch(words);
  });

  test.each([
    ['GET /reports/2026-11-22', ['report', '2026-11-22'], 404, 'unknown_report'],
    ['GET /reports/2026-11-22', ['report', '2026-11-22'], 404, 'not_found'],
    ['POST /ops/stores/oslo', ['change-store', 'oslo', '--name', 'Oslo'], 409, 'not_possible_now'],
    ['POST /ops/terminals/T9/sync', ['sync-terminal', 'T9'], 409, 'not_possible_now'],
    ['POST /ops/switch-on', ['on', 'all', '--why', 'over'], 409, 'not_possible_now'],
  ])('of %s leaves it at its own words: %j', async (call, args, status, code) => {
    api = await startStandIn({ [call]: { status, body: problem(code, status) } });
    const { stderr } = await kvitt(api.url, args);
    expect(stderr).toBe(`The title of ${code}\nThe detail of ${code}.\n`);
  });

  test('names each field with its hint', async () => {
    const errors = [{ field: 'why', problem: 'is missing', hint: 'Why, for later' }];
    const url = await answering(400, problem('invalid_request', 400, { errors }));
    const { stderr } = await kvitt(url, ['read', 'S-1.1']);
    expect(stderr).toBe(
      'The title of invalid_request\nThe detail of invalid_request.\n  why is missing. Why, for later\n',
    );
  });

  test('is printed as it is with --json', async () => {
    const body = problem('not_possible_now', 409, { charge: charge(), request_id: 'r-1' });
    const ended = await kvitt(await answering(409, body), ['read', 'S-1.1', '--json']);
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(JSON.parse(ended.stderr)).toEqual(body);
  });

  test('401 without a token says to set one, and none is sent', async () => {
    const url = await answering(401, problem('unauthorized', 401));
    const ended = await kvitt(url, ['charges'], { KVITT_TOKEN: '' });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(/Set KVITT_TOKEN/);
    expect(api?.asked[0]?.authorization).toBeUndefined();
  });

  test('cannot steer the terminal it is shown on', async () => {
    const detail = 'no\u001b]0;owned\u0007 \u001b[2Jgo\u202e';
    const ended = await kvitt(await answering(409, problem('not_possible_now', 409, { detail })), [
      'read',
      'S-1.1',
    ]);
    expect(ended.stderr).toMatch(/^no \]0;owned +\[2Jgo *$/m);
  });
});

describe('an answer that is not of the service', () => {
  test.each([
    ['HTML', 200, '<!doctype html><title>Welcome</title>'],
    ['nothing', 200, ''],
    ['JSON of something else', 200, { hello: 'world' }],
    ['a redirect', 302, ''],
    ['a foreign 404', 404, '<h1>Not found</h1>'],
    ['a foreign 400', 400, { error: 'bad' }],
  ])('%s ends with 1 and one clear sentence', async (_what, status, body) => {
    const url = await answering(status, body);
    for (const args of [['charges'], ['show', 'S-1.1'], ['read', 'S-1.1']]) {
      const ended = await kvitt(url, args);
      expect(ended).toMatchObject({ code: 1, stdout: '' });
      expect(ended.stderr).toMatch(/^The answer is not understood\n.*answered.*\n.*KVITT_URL/);
      expect(ended.stderr).not.toContain('    at ');
    }
  });

  test.each([
    [401, 3],
    [502, 5],
  ])('%i of a proxy ends with %i', async (status, exitCode) => {
    const ended = await kvitt(await answering(status, '<h1>nginx</h1>'), ['charges']);
    expect(ended.code).toBe(exitCode);
    expect(ended.stderr).toContain(`answered ${status}, and not as the service does`);
  });
});

describe('a service that gives no answer', () => {
  test('ends with 5: it refuses the connection', async () => {
    // A port that was free a moment ago.
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.close();
    await once(server, 'close');
    for (const args of [['stuck'], ['read', 'S-1.1'], ['watch', 'S-1.1']]) {
      const ended = await kvitt(url, args);
      expect(ended).toMatchObject({ code: 5, stdout: '' });
      expect(ended.stderr).toMatch(/cannot be reached\n.*ECONNREFUSED/);
      expect(ended.stderr).toMatch(nothingChanged);
    }
    const asJson = await kvitt(url, ['stuck', '--json']);
    expect(JSON.parse(asJson.stderr)).toEqual({
      title: 'The service cannot be reached',
      detail: `${url} gives no answer: ECONNREFUSED.`,
    });
  });

  test('ends with 5: it hangs up', async () => {
    api = await startStandIn({ 'GET /charges': (_asked, res) => res.destroy() });
    expect(await kvitt(api.url, ['charges'])).toMatchObject({ code: 5, stdout: '' });
  });

  test('is given up after a time, also in the middle of an answer', async () => {
    api = await startStandIn({
      'GET /charges': () => undefined,
      'GET /cases': (_asked, res) => {
        res.writeHead(200, { 'content-type': 'application/json' });
        res.write('{"cases": [');
      },
    });
    const client = createClient({ url: api.url, token }, 100);
    const unreachable = { exitCode: 5, problem: { title: 'The service cannot be reached' } };
    await expect(client.get('/charges', z.unknown())).rejects.toMatchObject(unreachable);
    await expect(client.get('/cases', z.unknown())).rejects.toMatchObject(unreachable);
  });
});

describe('wrong usage', () => {
  test.each([
    ['no command', []],
    ['an unknown command', ['unstick']],
    ['a duration that is none', ['charges', '--older-than', 'long']],
    ['a count that is none', ['charges', '--limit', '0']],
    ['an argument too many', ['switches', 'all']],
  ])('%s ends with 2', async (_what, args) => {
    const ended = await kvitt('http://127.0.0.1:9', args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/kvitt/);
  });

  test.each([
    ['KVITT_URL', { KVITT_URL: 'localhost' }, /KVITT_URL must be an http or https URL/],
    ['KVITT_URL', { KVITT_URL: `http://anna:${token}@host` }, /KVITT_URL must have no password/],
    ['KVITT_TOKEN', { KVITT_TOKEN: `${token}\n${token}` }, /KVITT_TOKEN must be one word/],
  ])('a wrong %s ends with 2 and its name, never its value', async (_name, env, words) => {
    const ended = await kvitt('http://127.0.0.1:9', ['charges'], env);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(words);
    expect(ended.stderr).not.toContain(token);
  });
});
