import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { freePorts, isListening, portsFrom } from '../../scripts/ports.ts';
import { stackEnv } from '../../scripts/stack-env.ts';
import { keptSecrets } from '../../scripts/stack-state.ts';
import { startStack, type Stack } from '../../scripts/stack.ts';

let dir: string;
let stack: Stack | undefined;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'kvitt-stack-'));
});
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

const said: string[] = [];
const log = (line: string): void => {
  said.push(line);
};

function environment(): NodeJS.ProcessEnv {
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const own = { TEMPORAL_CLI: inject('temporalCli'), WORKFLOW_BUNDLE: inject('workflowBundle') };
  return { ...env, ...own, API_KEYS: '' };
}

const portOf = (url: string): number => Number(new URL(url).port);

describe(startStack.name, () => {
  test('everything becomes ready, a killed worker comes back, and stop leaves nothing', async () => {
    stack = await startStack({ dir, ports: 'free', env: environment(), log });
    expect(stack.children.map(({ name }) => name)).toEqual([
      'temporal',
      'simulator',
      'worker',
      'api',
    ]);
    expect((await fetch(`${stack.apiUrl}/readyz`)).status).toBe(200);
    const firstPid = stack.child('worker').pid;
    await stack.kill('worker', 'SIGKILL');
    await stack.child('worker').ready();
    expect(stack.child('worker').pid).not.toBe(firstPid);
    expect(said).toContain('worker was killed (SIGKILL): starting it again');

    const { apiUrl, simulatorUrl, temporalAddress, children } = stack;
    await stack.stop();
    expect(children.map(({ pid }) => pid)).toEqual([undefined, undefined, undefined, undefined]);
    for (const url of [apiUrl, simulatorUrl, `http://${temporalAddress}`]) {
      expect(await isListening(portOf(url))).toBe(false);
    }
  });

  test('one folder is not used by two stacks, and is free again after a stop', async () => {
    const which = ['simulator'] as const;
    const options = { dir, ports: 'free' as const, env: environment(), log, which };
    stack = await startStack(options);
    writeFileSync(join(dir, 'running.pid'), `${process.ppid}`);
    await expect(startStack(options)).rejects.toThrow(`Kvitt already runs from ${dir} (pid`);
    await stack.restart('simulator');
    await stack.stop();
    stack = await startStack(options);
    expect(stack.child('simulator').pid).toBeDefined();
    expect(() => stack?.child('api')).toThrow('This stack has no api');
  });

  test('a busy port is one line with port and variable, before anything starts', async () => {
    const ports = await freePorts();
    const blocker = createServer().listen(ports.simulator, '127.0.0.1');
    await once(blocker, 'listening');
    try {
      await expect(startStack({ dir, ports, env: environment(), log })).rejects.toThrow(
        `Port ${ports.simulator} is in use: stop what listens there, or set SIMULATOR_PORT to another port.`,
      );
      expect(await isListening(ports.temporal)).toBe(false);
    } finally {
      blocker.close();
    }
  });
});

describe(portsFrom.name, () => {
  test('has a default for each port and takes its variable', () => {
    expect(portsFrom({ PORT: '', TEMPORAL_PORT: '9000' })).toEqual({
      api: 8080,
      temporal: 9000,
      temporalUi: 8233,
      simulator: 8090,
    });
  });

  test.each(['http', '0', '70000', '80.5'])('refuses %s with the variable named', (text) => {
    expect(() => portsFrom({ SIMULATOR_PORT: text })).toThrow(`SIMULATOR_PORT=${text} is not`);
  });

  test('refuses one port for two', () => {
    expect(() => portsFrom({ PORT: '8090' })).toThrow('PORT and SIMULATOR_PORT are both 8090');
  });
});

describe(stackEnv.name, () => {
  const ports = { api: 1, temporal: 2, temporalUi: 3, simulator: 4 };
  const secrets = { signature: 's'.repeat(48), client: 'c'.repeat(48), ops: 'o'.repeat(48) };
  const embedded = { address: '127.0.0.1:2', namespace: 'default' };
  const of = (env: NodeJS.ProcessEnv): ReturnType<typeof stackEnv> =>
    stackEnv({ env, dir, ports, secrets, embedded });

  test("the person's product settings win, and the simulator follows them", () => {
    const { api, worker, simulator } = of({
      CAPTURE_MODE: 'manual',
      PROMPT_MODE: 'pay',
      PROMPT_LIFETIME_SECONDS: '60',
      CANCEL_ENDS_PROMPT: 'false',
      LOG_LEVEL: 'error',
    });
    expect(api).toMatchObject({ CAPTURE_MODE: 'manual', CANCEL_ENDS_PROMPT: 'false' });
    expect(api['LOG_LEVEL']).toBe('error');
    expect(worker['LOG_LEVEL']).toBe('info');
    expect(simulator).toMatchObject({
      SIMULATOR_PROMPT: 'pay',
      SIMULATOR_PROMPT_LIFETIME_SECONDS: '60',
    });
  });

  test('a real Dintero and another Temporal of the environment are never used', () => {
    const { worker } = of({
      DINTERO_API_URL: 'https://api.dintero.com/v1',
      DINTERO_CLIENT_SECRET: 'real',
      TEMPORAL_API_KEY: 'real',
      TEMPORAL_PROFILE: 'cloud',
      TEMPORAL_TLS: 'true',
    });
    expect(worker['DINTERO_API_URL']).toBe('http://127.0.0.1:4/v1');
    expect(worker['DINTERO_CLIENT_SECRET']).toBe(secrets.client);
    expect(worker['TEMPORAL_ADDRESS']).toBe('127.0.0.1:2');
    for (const name of ['TEMPORAL_API_KEY', 'TEMPORAL_PROFILE', 'TEMPORAL_TLS']) {
      expect(worker[name]).toBeUndefined();
    }
  });

  test('secrets are random, and the same again after a restart', () => {
    const first = keptSecrets(dir);
    expect(keptSecrets(dir)).toEqual(first);
    expect(first.signature).toMatch(/^[0-9a-f]{48}$/);
    expect(first.signature).not.toBe(first.client);
    expect(readFileSync(join(dir, 'ops-token'), 'utf8')).toBe(first.ops);
    expect(statSync(join(dir, 'ops-token')).mode & 0o777).toBe(0o600);
  });

  test("the kept token opens /ops in the operator's name, unless the person has tokens", () => {
    expect(of({}).api['OPS_TOKENS']).toMatch(/^operator:[0-9a-f]{64}$/);
    expect(of({}).api['OPS_TOKENS']).not.toContain(secrets.ops);
    expect(of({}).worker['OPS_TOKENS']).toBeUndefined();
    expect(of({ OPS_TOKENS: 'kari:1' }).api['OPS_TOKENS']).toBe('kari:1');
  });
});
