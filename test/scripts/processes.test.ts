import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createChild, type Child, type ChildOptions } from '../../scripts/processes.ts';
import { startWatchdog, type Watchdog } from '../../scripts/watchdog.ts';

let folder: string;
let watchdog: Watchdog;
const started: Child[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvitt-processes-'));
  watchdog = startWatchdog();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map(async (child) => await child.close()));
});
afterAll(() => {
  watchdog.close();
  rmSync(folder, { recursive: true, force: true });
});

let counter = 0;

/** A child that runs a line of JavaScript, and what was said about it. */
function childOf(
  script: string,
  overrides: Partial<ChildOptions> = {},
): { child: Child; said: string[]; gaveUp: string[] } {
  const said: string[] = [];
  const gaveUp: string[] = [];
  const child = createChild({
    name: 'till',
    command: process.execPath,
    args: ['-e', script],
    env: process.env,
    cwd: folder,
    logFile: join(folder, `till-${(counter += 1)}.log`),
    ready: { line: 'till ready' },
    readyTimeoutMs: 20_000,
    graceMs: 10_000,
    log: (line) => said.push(line),
    watchdog,
    onGiveUp: (problem) => gaveUp.push(problem),
    ...overrides,
  });
  started.push(child);
  return { child, said, gaveUp };
}

const staysUp = `console.log('till ready'); setInterval(() => {}, 1000);`;

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    // Where nobody collects orphans an ended process stays in the list; its state is Z.
    return !/^State:\s+Z/m.test(statusOf(pid));
  } catch {
    return false;
  }
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

describe(createChild.name, () => {
  test('a killed child comes back, with one line that says so', async () => {
    const { child, said } = childOf(staysUp);
    await child.start();
    const first = child.pid;
    await child.kill('SIGKILL');
    await child.ready();
    expect(child.pid).not.toBe(first);
    expect(isAlive(child.pid)).toBe(true);
    expect(said).toEqual(['till was killed (SIGKILL): starting it again']);
  });

  test('a child that ends by itself comes back too', async () => {
    const { child, said } = childOf(`process.on('SIGUSR2', () => process.exit(3)); ${staysUp}`);
    await child.start();
    await child.kill('SIGUSR2');
    await vi.waitFor(() => expect(said).toEqual(['till ended with code 3: starting it again']));
    await child.ready();
  });

  test('a child that dies again and again is given up', async () => {
    const { child, said, gaveUp } = childOf(`console.log('till ready'); process.exitCode = 9;`);
    await child.start();
    await vi.waitFor(() => expect(gaveUp).toHaveLength(1), { timeout: 30_000 });
    expect(gaveUp[0]).toMatch(/^till ended with code 9, 5 times within a minute: giving up, see /);
    expect(said).toHaveLength(4);
    await expect(child.ready()).rejects.toThrow('till is stopped');
  });

  test('a first start that fails says what the child said, and is not repeated', async () => {
    const { child, said } = childOf(`console.error('PORT is missing'); process.exit(1);`);
    await expect(child.start()).rejects.toThrow(
      'till ended with code 1. It said:\n  PORT is missing',
    );
    expect(said).toEqual([]);
  });

  test('a program that does not exist is a failed start', async () => {
    const { child } = childOf('', { command: join(folder, 'nothing') });
    await expect(child.start()).rejects.toThrow(/till could not be started \(.*ENOENT/);
  });

  test('a child that does not become ready in time is ended', async () => {
    const { child } = childOf('setInterval(() => {}, 1000)', { readyTimeoutMs: 300 });
    await expect(child.start()).rejects.toThrow('till was not ready within 0.3 s');
    expect(child.pid).toBeUndefined();
  });

  test('stop asks first, and the child says its last words', async () => {
    const { child, said } = childOf(
      `process.on('SIGTERM', () => { console.log('draining'); process.exit(0); }); ${staysUp}`,
    );
    await child.start();
    const { pid } = child;
    await child.stop();
    expect(isAlive(pid)).toBe(false);
    await vi.waitFor(() => expect(readFileSync(child.logFile, 'utf8')).toContain('draining'));
    expect(said).toEqual([]);
    await child.start();
    expect(child.pid).not.toBe(pid);
  });

  test('a child that does not listen is killed after the grace, with its own children', async () => {
    const grandchild = `const { spawn } = require('node:child_process');
      process.on('SIGTERM', () => {});
      console.log('pid ' + spawn('sleep', ['1000'], { stdio: 'inherit' }).pid);`;
    const { child } = childOf(`${grandchild} ${staysUp}`, { graceMs: 200 });
    await child.start();
    const pid = await vi.waitFor(() => {
      const [, text] = /pid (\d+)/.exec(readFileSync(child.logFile, 'utf8')) ?? [];
      expect(text).toBeDefined();
      return Number(text);
    });
    expect(isAlive(pid)).toBe(true);
    await child.stop();
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
  });

  test('warnings and errors reach the terminal, once each; the rest only the log', async () => {
    const line = (level: number, msg: string): string => JSON.stringify({ level, msg });
    const lines = [line(30, 'all is well'), line(40, 'hm'), line(40, 'hm'), line(50, 'oh no')];
    const { child, said } = childOf(
      `for (const line of ${JSON.stringify(lines)}) console.log(line); ${staysUp}`,
    );
    await child.start();
    expect(said).toEqual(['till: hm', 'till: oh no']);
    await vi.waitFor(() => expect(readFileSync(child.logFile, 'utf8')).toContain('all is well'));
  });
});

describe(startWatchdog.name, () => {
  test('a child does not outlive a parent that was killed, and the lock goes after it', async () => {
    const lock = { file: join(folder, 'lock'), content: '1 mine' };
    writeFileSync(lock.file, `${lock.content}\n`);
    const from = (name: string): string =>
      JSON.stringify(fileURLToPath(new URL(`../../scripts/${name}.ts`, import.meta.url)));
    const script = `
      import { createChild } from ${from('processes')};
      import { startWatchdog } from ${from('watchdog')};
      const child = createChild({ name: 'till', command: process.execPath, args: ['-e', ${JSON.stringify(staysUp)}],
        env: process.env, cwd: ${JSON.stringify(folder)}, logFile: ${JSON.stringify(join(folder, 'orphan.log'))},
        ready: { line: 'till ready' }, readyTimeoutMs: 20_000, graceMs: 1_000, log: console.log,
        watchdog: startWatchdog(${JSON.stringify(lock)}), onGiveUp: console.log });
      await child.start();
      console.log('pid ' + child.pid);`;
    const parent = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const pid = Number(/pid (\d+)/.exec(line)?.[1]);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 10_000 });
    await vi.waitFor(() => expect(existsSync(lock.file)).toBe(false), { timeout: 10_000 });
  });
});
