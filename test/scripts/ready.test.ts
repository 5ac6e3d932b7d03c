import { expect, test } from 'vitest';
import { readyBox } from '../../scripts/ready.ts';

/** The line to type, on a service at this port. */
function operate(port: number, env: NodeJS.ProcessEnv = {}): string | undefined {
  const stack = {
    apiUrl: `http://127.0.0.1:${port}`,
    simulatorUrl: 'http://127.0.0.1:8090',
    temporalUiUrl: undefined,
    temporalAddress: '127.0.0.1:7233',
    dir: '.kvitt',
    children: [{ name: 'api' as const, pid: 1 }],
  };
  const box = readyBox(stack, { startedAt: Date.now(), env });
  return /^ {2}Operate +(.*)$/m.exec(box)?.[1];
}

test('the command that operates reaches this service, also at another port', () => {
  const token = 'KVITT_TOKEN=$(cat .kvitt/ops-token)';
  expect(operate(8080)).toBe(`${token} npx kvitt stuck`);
  expect(operate(18_480)).toBe(`KVITT_URL=http://127.0.0.1:18480 ${token} npx kvitt stuck`);
});

test('a token of the person is a placeholder that no shell redirects', () => {
  expect(operate(8080, { OPS_TOKENS: 'kari:1' })).toBe(
    'KVITT_TOKEN="<your token>" npx kvitt stuck',
  );
});
