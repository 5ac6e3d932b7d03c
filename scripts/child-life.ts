/** One life of a child process, from its spawn to its end. What comes after is decided in processes.ts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from './log.ts';

export interface LifeOptions {
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** A line it logs, or a question asked again and again until the answer is yes. */
  ready: { line: string } | { probe: () => Promise<boolean> };
  readyTimeoutMs: number;
}

interface Hooks {
  read: (stream: Readable, onLine: (message: string) => void) => void;
  onReady: () => void;
}

export interface Life {
  /** Undefined when the program could not even be started. */
  readonly pid: number | undefined;
  readonly state: 'starting' | 'ready' | 'ended';
  /** Resolves when it ends, in words that follow its name: "was killed (SIGKILL)". */
  readonly ended: Promise<string>;
  /** To the whole group; a group that is gone is no error. */
  signal: (name: NodeJS.Signals) => void;
}

const probeIntervalMs = 50;

/** What a process wrote before its end still arrives; a grandchild that holds the pipe must not delay us for ever. */
const lastWordsMs = 500;

export function spawnLife(options: LifeOptions & Hooks): Life {
  const { command, args, env, cwd, ready, readyTimeoutMs } = options;
  // A group of its own: Ctrl-C in the terminal reaches only us, and we end the children in order.
  const child = spawn(command, args, {
    env,
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let state: Life['state'] = 'starting';
  let timedOut = false;
  const signal = (name: NodeJS.Signals): void => signalGroup(child.pid, name);
  const timer = setTimeout(() => {
    timedOut = true;
    signal('SIGKILL');
  }, readyTimeoutMs);
  const markReady = (): void => {
    clearTimeout(timer);
    if (state !== 'starting') return;
    state = 'ready';
    options.onReady();
  };
  for (const stream of [child.stdout, child.stderr]) {
    options.read(stream, (message) => {
      if ('line' in ready && message.includes(ready.line)) markReady();
    });
  }
  const finish = async (): Promise<string> => {
    const how = await endingOf(child);
    state = 'ended';
    clearTimeout(timer);
    // Its own children, if it had any, end with it.
    signal('SIGKILL');
    return timedOut ? `was not ready within ${readyTimeoutMs / 1_000} s` : how;
  };
  const ask = async (probe: () => Promise<boolean>): Promise<void> => {
    while (state === 'starting' && !(await probe().catch(() => false)))
      await sleep(probeIntervalMs);
    markReady();
  };
  const ended = finish();
  const asked = 'probe' in ready ? ask(ready.probe) : Promise.resolve();
  return {
    pid: child.pid,
    get state() {
      return state;
    },
    ended: Promise.all([ended, asked]).then(([how]) => how),
    signal,
  };
}

async function endingOf(child: ChildProcess): Promise<string> {
  const closed = new Promise((resolve) => child.once('close', resolve));
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    await Promise.race([closed, sleep(lastWordsMs)]);
    return signal === null ? `ended with code ${code}` : `was killed (${signal})`;
  } catch (err) {
    // `once` rejects with the "error" event: the program could not be started.
    return `could not be started (${reasonOf(err)})`;
  }
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (err) {
    // macOS says EPERM of a group whose members are all ended but not yet collected.
    const code = err instanceof Error && 'code' in err ? err.code : undefined;
    if (code !== 'ESRCH' && code !== 'EPERM') throw err;
  }
}
