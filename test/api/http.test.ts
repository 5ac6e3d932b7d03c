/** What needs no Temporal: this api's is not there, so nothing here can have reached it. */
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { problemSchema } from '../../api/openapi-parts.ts';
import { routeKeys, splitRoute } from '../../api/openapi.ts';
import { problemCodes } from '../../api/problems.ts';
import { chargeRequest, startApi, type Answer, type RunningApi } from './api-harness.ts';

const key = 'till-1-secret';
const sha256 = createHash('sha256').update(key).digest('hex');

let api: RunningApi;
let locked: RunningApi;

beforeAll(async () => {
  api = await startApi('127.0.0.1:1');
  locked = await startApi('127.0.0.1:1', { apiKeys: [{ name: 'till-1', sha256 }] });
});

afterAll(async () => {
  await Promise.all([api.end(), locked.end()]);
});

async function postRaw(body: string, type = 'application/json'): Promise<Answer> {
  return await api.call('/charges', { method: 'POST', body, headers: { 'content-type': type } });
}

function problemOf({ status, body }: Answer): { status: number; code: unknown; fields: unknown } {
  const errors = (body['errors'] ?? []) as { field: string }[];
  return { status, code: body['code'], fields: errors.map(({ field }) => field) };
}

const line = { id: 'a', line_id: '1', description: 'Lunch', quantity: 1, amount: 12_900 };

describe('a request with garbage gets a problem that names the field', () => {
  test.each([
    ['amount as a string', { amount: '12900' }, 'amount'],
    ['amount with decimals', { amount: 129.5 }, 'amount'],
    ['amount zero', { amount: 0 }, 'amount'],
    ['amount negative', { amount: -1 }, 'amount'],
    ['amount above int32', { amount: 2_147_483_648 }, 'amount'],
    ['amount null', { amount: null }, 'amount'],
    ['amount true', { amount: true }, 'amount'],
    ['amount an array', { amount: [12_900] }, 'amount'],
    ['amount missing', { amount: undefined }, 'amount'],
    ['currency in lower case', { currency: 'nok' }, 'currency'],
    ['currency unknown', { currency: 'ZZZ' }, 'currency'],
    ['currency as a number', { currency: '578' }, 'currency'],
    ['reference empty', { reference: '' }, 'reference'],
    ['reference too long', { reference: 'a'.repeat(37) }, 'reference'],
    ['reference with a dot', { reference: 'S.1' }, 'reference'],
    ['reference with a slash', { reference: 'S/1' }, 'reference'],
    ['reference with a line end', { reference: 'S-1\n' }, 'reference'],
    ['attempt zero', { attempt: 0 }, 'attempt'],
    ['attempt 1000', { attempt: 1000 }, 'attempt'],
    ['attempt as a string', { attempt: '1' }, 'attempt'],
    ['terminal of no form', { terminal_id: 'T0003' }, 'terminal_id'],
    ['terminal of another account', { terminal_id: 'P90001234-T0003' }, 'terminal_id'],
    ['store too long', { store_id: 'a'.repeat(41) }, 'store_id'],
    ['store missing beside the seller', { store_id: undefined }, 'store_id'],
    [
      'seller missing beside the store',
      { payout_destination_id: undefined },
      'payout_destination_id',
    ],
    ['an unknown field', { amout: 1 }, 'amout'],
    ['not_after without a zone', { not_after: '2026-11-22T09:15:11' }, 'not_after'],
    ['not_after as a number', { not_after: 1_784_625_331 }, 'not_after'],
    ['items empty', { items: [] }, 'items'],
    ['items null', { items: null }, 'items'],
    ['items not adding up', { items: [{ ...line, amount: 12_899 }] }, 'items'],
    ['items with a line twice', { items: [line, { ...line, amount: 0 }] }, 'items'],
    ['101 items', { items: Array.from({ length: 101 }, () => line) }, 'items'],
    ['an item with a float', { items: [{ ...line, amount: 0.1 }] }, 'items[0].amount'],
    ['an item with an unknown field', { items: [{ ...line, pan: 1 }] }, 'items[0].pan'],
    [
      'an item without quantity',
      { items: [{ ...line, quantity: undefined }] },
      'items[0].quantity',
    ],
  ])('%s', async (_name, fields, field) => {
    const answer = await api.call('/charges', { body: chargeRequest(fields) });
    expect(problemOf(answer)).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(problemOf(answer).fields).toContain(field);
    expect(problemSchema.parse(answer.body)).toMatchObject({
      safe_to_take_other_payment: false,
      detail: expect.stringContaining(field.split('.')[0] ?? '') as unknown,
    });
  });

  const valid = JSON.stringify(chargeRequest());
  test.each([
    ['1e400', valid.replace('12900', '1e400'), ['amount']],
    ['a number beyond doubles', valid.replace('12900', '9007199254740993'), ['amount', 'amount']],
    ['NaN', valid.replace('12900', 'NaN'), ['body']],
    ['a field twice', valid.replace('{', '{"amount":1,'), ['amount']],
    ['a field twice, escaped', valid.replace('{', '{"\\u0061mount":1,'), ['amount']],
    ['__proto__', valid.replace('{', '{"__proto__":{"amount":1},'), ['__proto__']],
    ['an array', `[${valid}]`, ['body']],
    ['null', 'null', ['body']],
    ['a string', '"S-1001"', ['body']],
    ['half a request', valid.slice(0, 40), ['body']],
    ['two requests', valid + valid, ['body']],
  ])('%s', async (_name, body, fields) => {
    expect(problemOf(await postRaw(body))).toEqual({
      status: 400,
      code: 'invalid_request',
      fields,
    });
  });

  test('an empty body names every field that is missing', async () => {
    const answer = await api.call('/charges', { method: 'POST' });
    expect(problemOf(answer).fields).toEqual(['reference', 'amount', 'currency', 'terminal_id']);
  });

  test.each([
    ['/charges/S-1001', 'charge_id'],
    ['/charges/S-1001.0', 'charge_id'],
    ['/charges/S-1001.1000', 'charge_id'],
    ['/charges/S-1001.01', 'charge_id'],
    ["/charges/S'%20OR%201=1.1", 'charge_id'],
    ['/charges/S-1001.1?wait=ten', 'wait'],
    ['/charges/S-1001.1?wait=1&wait=2', 'wait'],
    ['/charges/S-1001.1?after=2', 'after'],
    ['/sales/S.1', 'reference'],
    ['/charges?state=paid', 'state'],
    ['/charges?limit=201', 'limit'],
    ['/charges?limit=0', 'limit'],
    ["/charges?store_id=a'%20OR%20''='", 'store_id'],
    ['/charges?created_after=yesterday', 'created_after'],
    ['/charges?needs_attention=false', 'needs_attention'],
    ['/charges?stat=captured', 'stat'],
    ['/charges?cursor=%25', 'cursor'],
  ])('%s', async (path, field) => {
    expect(problemOf(await api.call(path))).toEqual({
      status: 400,
      code: 'invalid_request',
      fields: [field],
    });
  });

  test('a long or strange value is not thrown back whole', async () => {
    const { text } = await api.call('/charges', {
      body: chargeRequest({ reference: 'x'.repeat(5000) }),
    });
    expect(text.length).toBeLessThan(1_000);
  });
});

describe('what is no request of ours', () => {
  test.each([
    [
      'POST /charges as a form',
      'POST',
      '/charges',
      'a=1',
      'application/x-www-form-urlencoded',
      415,
      'unsupported_media_type',
    ],
    [
      'POST /charges as text',
      'POST',
      '/charges',
      '{}',
      'text/plain',
      415,
      'unsupported_media_type',
    ],
    [
      'an unknown charset',
      'POST',
      '/charges',
      '{}',
      'application/json; charset=nope',
      415,
      'unsupported_media_type',
    ],
    [
      'a body of 65 KB',
      'POST',
      '/charges',
      ' '.repeat(66_000),
      'application/json',
      413,
      'too_large',
    ],
    ['an unknown route', 'GET', '/charge', undefined, '', 404, 'not_found'],
    ['an unknown file of the docs', 'GET', '/docs/package.json', undefined, '', 404, 'not_found'],
    ['a way out of the docs', 'GET', '/docs/..%2fpackage.json', undefined, '', 404, 'not_found'],
    ['another method', 'DELETE', '/charges/S-1001.1', undefined, '', 405, 'method_not_allowed'],
    ['an unreadable path', 'GET', '/charges/%E0%A4%A', undefined, '', 400, 'invalid_request'],
  ])('%s', async (_name, method, path, body, type, status, code) => {
    const headers = type === '' ? {} : { 'content-type': type };
    const answer = await api.call(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    expect(problemSchema.parse(answer.body)).toMatchObject({ status, code });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.get('x-powered-by')).toBeNull();
  });

  test('405 names the methods that are possible', async () => {
    const answer = await api.call('/charges', { method: 'PUT' });
    expect(answer.headers.get('allow')).toBe('POST, GET, HEAD');
  });

  test('a body that stops in the middle leaves the api well', async () => {
    const headers = { 'content-type': 'application/json', 'content-length': '500' };
    await new Promise<void>((resolve) => {
      const req = httpRequest(`${api.url}/charges`, { method: 'POST', headers });
      req.on('error', () => resolve());
      req.write('{"reference":', () => req.destroy());
      req.on('close', () => resolve());
    });
    expect((await api.call('/healthz')).body).toEqual({ is_alive: true });
  });
});

describe('bearer keys', () => {
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  test.each([
    ['no key', {}],
    ['another key', bearer('till-2-secret')],
    ['the digest for a key', bearer(sha256)],
    ['another scheme', { headers: { authorization: `Basic ${key}` } }],
  ])('%s is refused', async (_name, init) => {
    const paths = ['/charges', '/charges/S-1001.1', '/sales/S-1001', '/metrics'];
    const answers = await Promise.all(paths.map((path) => locked.call(path, init)));
    expect(answers.map(problemOf)).toEqual(
      paths.map(() => ({ status: 401, code: 'unauthorized', fields: [] })),
    );
    expect(answers[0]?.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('the right key is let in', async () => {
    expect((await locked.call('/metrics', bearer(key))).status).toBe(200);
    expect((await locked.call('/charges/S.x', bearer(key))).status).toBe(400);
  });

  test('health, documents and callbacks need none', async () => {
    const open = ['/healthz', '/openapi.json', '/docs', '/webhooks/dintero/charges/garbage'];
    const answers = await Promise.all(open.map((path) => locked.call(path)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await locked.call('/readyz')).status).toBe(503);
  });
});

describe('problem codes', () => {
  test('are the closed list of design 6', () => {
    const closed = `invalid_request unknown_charge different_request different_refund previous_attempt_open
      previous_attempt_captured previous_attempt_unknown previous_refund_open previous_refund_unknown unknown_refund too_late not_possible_now unauthorized forbidden
      rate_limited switched_off temporal_unavailable not_found unknown_report method_not_allowed too_large
      unsupported_media_type internal dintero_unavailable`;
    expect(new Set(problemCodes)).toEqual(new Set(closed.split(/\s+/)));
  });
});

describe('/openapi.json', () => {
  interface OpenApi {
    openapi: string;
    paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
  }

  test('describes every route and every problem code', async () => {
    const { body, text } = await api.call('/openapi.json');
    const document = body as unknown as OpenApi;
    expect(document.openapi).toBe('3.1.0');
    expect(new Set(routeKeys).size).toBe(routeKeys.length);
    for (const route of routeKeys) {
      const [method, path] = splitRoute(route);
      expect(document.paths[path]?.[method]?.responses).toBeDefined();
    }
    for (const code of problemCodes) expect(text).toContain(`\`${code}\``);
  });

  test('its request is the one that validates', async () => {
    const { body } = await api.call('/openapi.json');
    const request = (body['components'] as { schemas: Record<string, unknown> }).schemas[
      'ChargeRequest'
    ];
    expect(request).toMatchObject({
      additionalProperties: false,
      required: ['reference', 'amount', 'currency', 'terminal_id'],
      properties: { amount: { type: 'integer', minimum: 1, maximum: 2_147_483_647 } },
    });
  });
});

describe('/docs', () => {
  test('takes everything from this process, and says so to the browser', async () => {
    const { text, headers } = await api.call('/docs');
    expect(text).not.toMatch(/https?:/);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file);
    const answers = await Promise.all(files.map((file) => api.call(`/${file}`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });
});
