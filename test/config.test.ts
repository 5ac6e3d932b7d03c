/** `.env.example` lists exactly what the processes read, and what it shows is accepted. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { apiConfigSchema, readApiConfig } from '../api/config.ts';
import { readWorkerConfig, workerConfigSchema } from '../worker/config.ts';

const lines = readFileSync(new URL('../.env.example', import.meta.url), 'utf8').split('\n');
const example = Object.fromEntries(
  lines.flatMap((line) => {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value ?? '']];
  }),
);

describe('.env.example', () => {
  it('names every variable of both schemas, and else only what Compose needs', () => {
    const known = new Set([
      ...Object.keys(apiConfigSchema.shape),
      ...Object.keys(workerConfigSchema.shape),
      'POSTGRES_PASSWORD',
    ]);
    expect(Object.keys(example).toSorted()).toEqual([...known].toSorted());
  });

  it('is accepted as it stands', () => {
    expect(readWorkerConfig(example).DINTERO_ACCOUNT_ID).toBe('T90001234');
    expect(readApiConfig(example).policy.promptMode).toBe('create');
  });
});

describe('the webhook of the retailer', () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const webhook = { WEBHOOK_URL: 'https://shop.example/hooks', WEBHOOK_SECRET: secret };

  it('is signed with every secret that is live, and told of by charges that start now', () => {
    const both = { ...example, ...webhook, WEBHOOK_SECRET: `${secret}, ${secret}` };
    expect(readWorkerConfig(both).WEBHOOK_SECRET).toEqual([secret, secret]);
    expect(readApiConfig(both).policy.notifies).toEqual({ first: 5000, max: 3_600_000 });
    expect(readApiConfig(example).policy.notifies).toBeUndefined();
  });

  it('is known by its scheme, however that is written', () => {
    const shouted = { ...example, ...webhook, WEBHOOK_URL: 'HTTPS://shop.example/hooks' };
    expect(readWorkerConfig(shouted).WEBHOOK_URL).toBe('https://shop.example/hooks');
  });

  it.each([
    [
      'plain http in capitals',
      { WEBHOOK_URL: 'HTTP://shop.example' },
      /WEBHOOK_URL: must be https/,
    ],
    ['no secret', { WEBHOOK_SECRET: '' }, /WEBHOOK_SECRET: is missing[^]*openssl/],
    ['a secret that is too short', { WEBHOOK_SECRET: 'whsec_c2hvcnQ=' }, /WEBHOOK_SECRET: must/],
    ['a secret of another kind', { WEBHOOK_SECRET: 'swordfish' }, /WEBHOOK_SECRET: must be whsec_/],
    ['one bad secret of two', { WEBHOOK_SECRET: `${secret},` }, /WEBHOOK_SECRET: must be whsec_/],
    ['a password', { WEBHOOK_URL: 'https://a:b@shop.example/' }, /WEBHOOK_URL: must not carry/],
    ['plain http', { WEBHOOK_URL: 'http://shop.example/' }, /WEBHOOK_URL: must be https/],
    ['no URL', { WEBHOOK_URL: 'shop.example' }, /WEBHOOK_URL: must be the https URL/],
  ])('is refused with %s', (_what, change, problem) => {
    expect(() => readWorkerConfig({ ...example, ...webhook, ...change })).toThrow(problem);
  });

  it('may be inside your own network, if that is said', () => {
    const inside = { ...webhook, WEBHOOK_URL: 'http://10.0.0.7/', WEBHOOK_ALLOW_PRIVATE: 'true' };
    expect(readWorkerConfig({ ...example, ...inside }).WEBHOOK_URL).toBe('http://10.0.0.7/');
  });
});

describe('the configuration', () => {
  it.each(['0.0.0.0:9464', '127.0.0.1:9464', '[::1]:9464'])(
    'takes METRICS_ADDRESS %s',
    (address) => {
      const config = readWorkerConfig({ ...example, METRICS_ADDRESS: address });
      expect(config.METRICS_ADDRESS).toBe(address);
    },
  );

  it.each(['9464', 'localhost:9464', 'http://0.0.0.0:9464', '0.0.0.0:99999'])(
    'refuses METRICS_ADDRESS %s',
    (address) => {
      const wrong = { ...example, METRICS_ADDRESS: address };
      expect(() => readWorkerConfig(wrong)).toThrow(/METRICS_ADDRESS: must be an IP address/);
    },
  );

  it('is refused with every problem and its variable at once', () => {
    const wrong = {
      ...example,
      DINTERO_ACCOUNT_ID: 'X1',
      DINTERO_CLIENT_SECRET: '',
      PUBLIC_URL: 'nowhere',
    };
    expect(() => readWorkerConfig(wrong)).toThrow(
      /DINTERO_ACCOUNT_ID: must be P or T[^]*DINTERO_CLIENT_SECRET[^]*PUBLIC_URL/,
    );
    const wrongForApi = {
      ...example,
      PROMPT_MODE: 'guess',
      CANCEL_ENDS_PROMPT: 'maybe',
      API_KEYS: 'till:123',
    };
    expect(() => readApiConfig(wrongForApi)).toThrow(
      /API_KEYS[^]*PROMPT_MODE[^]*CANCEL_ENDS_PROMPT/,
    );
  });
});
