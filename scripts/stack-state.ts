/** What the embedded stack keeps in its folder besides the data of its processes: a lock and its secrets. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Log } from './log.ts';

export interface Secrets {
  /** Signs callbacks: the simulator and the api must agree on it, also after one of them was restarted. */
  signature: string;
  client: string;
  /** The personal token of whoever runs this stack; it also stands alone in a file, for the command line. */
  ops: string;
}

/** Holds nothing but the token. */
const opsTokenFile = 'ops-token';

const secretsSchema = z.object({ signature: z.string().min(32), client: z.string().min(32) });

/** Random, made once: a charge that waits over a restart is called back with the secret it began with. */
export function keptSecrets(dir: string): Secrets {
  const kept = keptText(join(dir, 'secrets.json'), () =>
    JSON.stringify({ signature: randomHex(), client: randomHex() }),
  );
  return {
    ...secretsSchema.parse(JSON.parse(kept)),
    ops: keptText(join(dir, opsTokenFile), randomHex),
  };
}

function keptText(file: string, make: () => string): string {
  const kept = readIfThere(file)?.trim() ?? '';
  if (kept !== '') return kept;
  const text = make();
  writeFileSync(file, text, { mode: 0o600 });
  return text;
}

export interface Lock {
  file: string;
  /** Tells this lock from an earlier one of the same process. */
  content: string;
  release: () => void;
}

/** The watchdog gives the processes of a stack that was killed 5 s; afterwards nobody will remove its lock. */
const leftoversMs = 8_000;
const lockPollMs = 100;

/** Two stacks on one folder would open one database twice: the lock stays until the last process has ended. */
export async function lockFolder({ dir, log }: { dir: string; log: Log }): Promise<Lock> {
  const file = join(dir, 'running.pid');
  const holder = holderOf(file);
  if (holder !== undefined && isAlive(holder)) {
    throw new Error(
      `Kvitt already runs from ${dir} (pid ${holder}): stop it first. If that is some other program, remove ${file}.`,
    );
  }
  if (holder !== undefined) {
    log('The last run was cut off: waiting until its processes have ended ...');
    const deadlineAt = Date.now() + leftoversMs;
    while (existsSync(file) && Date.now() < deadlineAt) await sleep(lockPollMs);
  }
  const content = `${process.pid} ${randomHex()}`;
  writeFileSync(file, `${content}\n`);
  return { file, content, release: () => rmSync(file, { force: true }) };
}

/** Who wrote the lock; undefined also when nobody of that time can be left. */
function holderOf(file: string): number | undefined {
  const content = readIfThere(file);
  if (content === undefined) return undefined;
  const bootedAt = Date.now() - uptime() * 1_000;
  if (statSync(file).mtimeMs < bootedAt) return undefined;
  const holder = Number.parseInt(content, 10);
  // Our own number: a container that starts again gives its processes the same ones.
  return holder === process.pid ? undefined : holder;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (err) {
    // EPERM: somebody else's process lives under that number.
    return err instanceof Error && 'code' in err && err.code === 'EPERM';
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return undefined;
    throw err;
  }
}

function randomHex(): string {
  return randomBytes(24).toString('hex');
}
