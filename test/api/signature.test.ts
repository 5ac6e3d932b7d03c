import { describe, expect, test } from 'vitest';
import { verifySignature, type SignedCall } from '../../api/signature.ts';

const sandbox = 'whsec-sandbox-7f3a';
const host = 'https://pay.example.test';

/** Dossier 5.3; V0 is Dintero's own published example. */
const vectors = [
  {
    name: 'V0',
    secret: '123',
    t: 1582236537,
    accountId: 'P00000000',
    method: 'GET',
    url: 'https://example.com/callback?B=123&A=992',
    hex: '6bed2ab1b919d460ef7465a20dc6c97260dca73fab6647106ca525f0908df64a',
  },
  {
    name: 'V1',
    secret: sandbox,
    t: 1784625331,
    accountId: 'T90001234',
    method: 'POST',
    url: `${host}/hooks/dintero/cb?method=POST&report_error=true&report_event=CAPTURE&report_event=REFUND&report_event=VOID&sid_parameter_name=sid&transaction_id=T90001234.5AbCdEfGhJkLmNpQrStUvW&sid=T90001234.5ZyXwVuTsRqPnMkJhGfEdC&merchant_reference=till%207%2Fsale%2B42&time=2026-07-21T09%3A15%3A30.123Z`,
    hex: '2d3f0bdcf8ade9d7b6d06e271032c363fba2ee477c2e0eeea3902b429824aeca',
  },
  {
    name: 'V2',
    secret: sandbox,
    t: 1784625363,
    accountId: 'T90001234',
    method: 'POST',
    url: `${host}/hooks/dintero/cb?method=POST&report_error=true&error=cancelled&merchant_reference=S-1001&session_id=T90001234.5ZyXwVuTsRqPnMkJhGfEdC&time=2026-07-21T09%3A16%3A02.000Z`,
    hex: 'f823cb85adf827f425721524a2764e3cf688a6462f9a03fb88c83118808da4e4',
  },
  {
    name: 'V3',
    secret: sandbox,
    t: 1784625400,
    accountId: 'T90001234',
    method: 'GET',
    url: 'https://pay.example.test:8443/hooks/dintero/cb?merchant_reference=K%C3%A5l%20og%20p%C3%B8lse&transaction_id=T90001234.x&session_id=T90001234.y&time=2026-07-21T09%3A15%3A30Z',
    hex: '74ab5a3d5553778ae8f7817775475deed51178fc92ded19275d304d8de50c1e0',
  },
] as const;

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
