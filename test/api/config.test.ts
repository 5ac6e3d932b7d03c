import { describe, expect, test } from 'vitest';
import { readApiConfig } from '../../api/config.ts';

const sha256 = 'a'.repeat(64);
const valid = { DINTERO_ACCOUNT_ID: 'T90001234' };

describe('readApiConfig', () => {
  test('needs the account, and has a default for the rest', () => {
    const config = readApiConfig(valid);
    expect(config).toMatchObject({
      taskQueue: 'kvitt',
      host: '127.0.0.1',
      port: 8080,
      apiKeys: [],
      signatureSecrets: [],
      publicUrl: null,
      temporal: { namespace: 'default' },
      policy: { promptMode: 'create', captureMode: 'auto', cancelEndsPrompt: false },
    });
    expect(config.policy.durations).toMatchObject({ deadline: 180_000, promptLifetime: null });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('tells every problem at once, each with its variable', () => {
    const broken = {
      DINTERO_ACCOUNT_ID: '90001234',
      API_KEYS: 'till-1:abc',
      PORT: '80800',
      CANCEL_ENDS_PROMPT: 'maybe',
      PROMPT_MODE: 'push',
      DINTERO_SIGNATURE_SECRET: 'x',
      CHARGE_DEADLINE_SECONDS: '3 min',
      PUBLIC_URL: 'ftp://x',
    };
    expect(() => readApiConfig(broken)).toThrow(
      new RegExp(
        ['DINTERO_ACCOUNT_ID', 'API_KEYS', 'PORT', 'CANCEL_ENDS_PROMPT', 'PROMPT_MODE']
          .concat(['CHARGE_DEADLINE_SECONDS', 'PUBLIC_URL'])
          .map((name) => `(?=[^]*\\n  ${name} )`)
          .join(''),
      ),
    );
  });

  test('is open to the network only with keys', () => {
    const { host, apiKeys } = readApiConfig({
      ...valid,
      API_KEYS: `till-1:${sha256}, ops:${'b'.repeat(64)}`,
    });
    expect(host).toBe('0.0.0.0');
    expect(apiKeys.map(({ name }) => name)).toEqual(['till-1', 'ops']);
  });

  test.each([
    ['a name twice', { API_KEYS: `a:${sha256},a:${sha256}` }],
    ['a secret without the URL that it signs', { DINTERO_SIGNATURE_SECRET: 'x' }],
    ['half a number', { PROMPT_LIFETIME_SECONDS: '1.5' }],
  ])('refuses %s', (_name, env) => {
    expect(() => readApiConfig({ ...valid, ...env })).toThrow(
      Object.keys(env)[0] === 'DINTERO_SIGNATURE_SECRET' ? 'PUBLIC_URL' : Object.keys(env)[0],
    );
  });

  test('takes an empty variable for one that is not set', () => {
    expect(readApiConfig({ ...valid, API_KEYS: '', PUBLIC_URL: '', PORT: '' }).port).toBe(8080);
  });

  test('reads booleans as words and secrets as a list', () => {
    const config = readApiConfig({
      ...valid,
      CANCEL_ENDS_PROMPT: 'true',
      DINTERO_SIGNATURE_SECRET: 'new, old',
      PUBLIC_URL: 'https://pay.example.test',
    });
    expect(config.policy.cancelEndsPrompt).toBe(true);
    expect(config.signatureSecrets).toEqual(['new', 'old']);
  });

  test("takes Temporal's own variables", () => {
    const env = { ...valid, TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'shop' };
    expect(readApiConfig(env).temporal).toEqual({
      options: { address: 'temporal:7233' },
      namespace: 'shop',
    });
  });
});
