import { describe, expect, test } from 'vitest';
import { isSignedEvent } from '../../api/event-signature.ts';
import { verifySignature, type SignedCall } from '../../api/signature.ts';
import {
  callbackVectors as vectors,
  prettyPrinted,
  webhookVectors,
  webhookVectorSecret,
} from '../signature-vectors.ts';

const sandbox = 'whsec-sandbox-7f3a';

function callOf(vector: (typeof vectors)[number], overrides: Partial<SignedCall> = {}): SignedCall {
  const { hostname, pathname, search } = new URL(vector.url);
  return {
    header: `t=${vector.t},v0-hmac-sha256=${vector.hex}`,
    accountId: vector.accountId,
    method: vector.method,
    hostname,
    pathname,
    query: search.slice(1),
    nowSeconds: vector.t,
    ...overrides,
  };
}

describe('verifySignature', () => {
  test.each(vectors)('$name is good', (vector) => {
    expect(verifySignature(callOf(vector), [vector.secret])).toBe('good');
  });

  test.each(vectors)('$name is good while the secret is rotated, in either order', (vector) => {
    expect(verifySignature(callOf(vector), ['new', vector.secret])).toBe('good');
    expect(verifySignature(callOf(vector), [vector.secret, 'new'])).toBe('good');
  });

  test('the order of the query and its encoding do not matter', () => {
    const query = callOf(vectors[3]).query.split('&').reverse().join('&').replaceAll('%20', '+');
    expect(verifySignature(callOf(vectors[3], { query }), [sandbox])).toBe('good');
  });

  const v2 = callOf(vectors[2]);
  test.each([
    ['another secret', {}, ['whsec-sandbox-7f3b']],
    ['no secret', {}, []],
    ['another account', { accountId: 'P90001234' }, [sandbox]],
    ['another method', { method: 'GET' }, [sandbox]],
    ['another host', { hostname: 'pay.example.com' }, [sandbox]],
    ['another path', { pathname: '/hooks/dintero/cc' }, [sandbox]],
    ['a changed query', { query: v2.query.replace('cancelled', 'failed') }, [sandbox]],
    ['a longer query', { query: `${v2.query}&a=1` }, [sandbox]],
    ['another time', { header: v2.header?.replace('t=1', 't=2') }, [sandbox]],
    ['no header', { header: undefined }, [sandbox]],
    ['an empty header', { header: '' }, [sandbox]],
    ['a short digest', { header: v2.header?.slice(0, -2) }, [sandbox]],
    ['a long digest', { header: `${v2.header}00` }, [sandbox]],
    ['no digest', { header: 't=1784625363' }, [sandbox]],
    ['a time that is none', { header: v2.header?.replace('1784625363', 'now') }, [sandbox]],
  ] as [string, Partial<SignedCall>, string[]][])('%s is bad', (_name, overrides, secrets) => {
    expect(verifySignature({ ...v2, ...overrides }, secrets)).toBe('bad');
  });

  test.each([
    [-301, 'stale'],
    [-300, 'good'],
    [300, 'good'],
    [301, 'stale'],
  ])('%i seconds from now it is %s', (seconds, verdict) => {
    const call = callOf(vectors[1], { nowSeconds: vectors[1].t + seconds });
    expect(verifySignature(call, [sandbox])).toBe(verdict);
  });
});

describe('isSignedEvent', () => {
  const [w1] = webhookVectors;
  const isSigned = (
    change: { header?: string | undefined; body?: string } = {},
    secrets = [webhookVectorSecret],
  ): boolean => {
    const { header, body } = { header: w1.hex, body: w1.body, ...change };
    return isSignedEvent({ header, body: Buffer.from(body) }, secrets);
  };

  test.each(webhookVectors)('$name is good, also while the secret is rotated', ({ hex, body }) => {
    expect(isSigned({ header: hex, body })).toBe(true);
    expect(isSigned({ header: hex, body }, ['new', webhookVectorSecret])).toBe(true);
  });

  test.each([
    ['the same JSON, pretty-printed', { body: prettyPrinted }],
    ['a changed body', { body: w1.body.replace('12900', '12901') }],
    ['a line feed at the end', { body: `${w1.body}\n` }],
    ['no header', { header: undefined }],
    ['an upper-case digest', { header: w1.hex.toUpperCase() }],
    ['a short digest', { header: w1.hex.slice(2) }],
    ['the signature of another', { header: webhookVectors[1].hex }],
  ])('%s is bad', (_name, change) => {
    expect(isSigned(change)).toBe(false);
  });

  test('another secret, or none, is bad', () => {
    expect(isSigned({}, ['hook-secret-91b3'])).toBe(false);
    expect(isSigned({}, [])).toBe(false);
  });
});
