/** What the embedded stack keeps in its folder besides the data of its processes: a lock and its secrets. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

export interface Secrets {
  /** Signs callbacks: the simulator and the api must agree on it, also after one of them was restarted. */
  signature: string;
  client: string;
}

const secretsSchema = z.object({ signature: z.string().min(32), client: z.string().min(32) });

/** Random, made once: a charge that waits over a restart is called back with the secret it began with. */
export function keptSecrets(dir: string): Secrets {
  const file = join(dir, 'secrets.json');
  const kept = readIfThere(file);
  if (kept !== undefined) return secretsSchema.parse(JSON.parse(kept));
  const secrets = { signature: randomHex(), client: randomHex() };
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
  return secrets;
}

export interface Lock {
  /** The last stack of this folder was killed: its processes may need some seconds more to end. */
  isAfterCrash: boolean;
  release: () => void;
}

/** Two stacks on one folder would open one database twice. */
export function lockFolder(dir: string): Lock {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'running.pid');
  const holder = Number(readIfThere(file) ?? 0);
  // Our own number: a container that starts again gives its processes the same ones.
  if (holder !== 0 && holder !== process.pid && isAlive(holder)) {
    throw new Error(`Kvitt already runs from ${dir} (pid ${holder}): stop it first.`);
  }
  writeFileSync(file, `${process.pid}\n`);
  return { isAfterCrash: holder !== 0, release: () => rmSync(file, { force: true }) };
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
