/** How each process of the embedded stack is started, and when it counts as ready. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { reasonOf, type Log } from './log.ts';
import { prepareNamespace } from './namespace.ts';
import { createChild, type Child } from './processes.ts';
import type { Watchdog } from './watchdog.ts';

const projectDir = fileURLToPath(new URL('..', import.meta.url));

/** Loading and bundling take 3 s; two slow cores under load get twenty times that. */
const readyTimeoutMs = 60_000;
const probeTimeoutMs = 5_000;

/** The api answers who waits, the worker finishes the calls that move money; the simulator has nothing to lose. */
const graceMs = { simulator: 5_000, worker: 45_000, api: 30_000 };

export interface NodeChildOptions {
  name: keyof typeof graceMs;
  env: NodeJS.ProcessEnv;
  dir: string;
  apiUrl: string;
  log: Log;
  watchdog: Watchdog;
  onGiveUp: (problem: string) => void;
}

/** One process of the product, started as its npm script does but without npm, which would stand between. */
export function nodeChild({ name, dir, apiUrl, ...rest }: NodeChildOptions): Child {
  return createChild({
    ...rest,
    name,
    command: process.execPath,
    args: ['--import', 'tsx', `${name}/main.ts`],
    cwd: projectDir,
    logFile: join(dir, 'logs', `${name}.log`),
    ready:
      name === 'api'
        ? { probe: async () => await answersOk(`${apiUrl}/readyz`) }
        : { line: `${name} ready` },
    readyTimeoutMs,
    graceMs: graceMs[name],
  });
}

async function answersOk(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(probeTimeoutMs) });
  await response.arrayBuffer();
  return response.ok;
}

export interface TemporalTarget {
  env: NodeJS.ProcessEnv;
  log: Log;
  /** Undefined when the environment (TEMPORAL_ADDRESS and its like) says where the server is. */
  embedded: { address: string; namespace: string } | undefined;
}

/** Where the processes will find Temporal; its namespace is ready when this returns. */
export async function prepareTemporal(
  target: TemporalTarget,
): Promise<{ address: string; namespace: string }> {
  const { address, namespace, options } = connectionOf(target);
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...options, address });
  } catch (err) {
    throw new Error(
      `Could not reach Temporal at ${address} (TEMPORAL_ADDRESS): ${reasonOf(err)}. Without that variable Kvitt starts its own.`,
      { cause: err },
    );
  }
  try {
    await prepareNamespace({ connection, namespace, log: target.log });
  } finally {
    await connection.close();
  }
  return { address, namespace };
}

function connectionOf({ env, embedded }: TemporalTarget): {
  address: string;
  namespace: string;
  options: Omit<Parameters<typeof Connection.connect>[0] & object, 'address'>;
} {
  if (embedded !== undefined) return { ...embedded, options: {} };
  const set = Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({
    overrideEnvVars: Object.fromEntries(set),
  });
  const { address = '127.0.0.1:7233', tls, apiKey, metadata } = connectionOptions;
  return {
    address,
    namespace,
    options: {
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
    },
  };
}
