/** The embedded Temporal: the dev server of the CLI, on this machine only. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import type { Log } from './log.ts';
import { freePorts, isListening } from './ports.ts';
import { createChild, type Child } from './processes.ts';
import { resolveTemporalCli } from './temporal-cli.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

const projectDir = fileURLToPath(new URL('..', import.meta.url));

/** It is up in 0.2 s; a busy machine that opens a large database may take much longer. */
const readyTimeoutMs = 60_000;
const graceMs = 10_000;
const healthTimeoutMs = 1_000;

export interface TemporalOptions {
  /** Where logs go, and the database unless `memory` is set. */
  dir: string;
  /** Keeps everything in memory: for tests. */
  memory?: boolean;
  ports: { temporal: number; temporalUi?: number } | 'free';
  log: Log;
  env?: NodeJS.ProcessEnv;
  namespace?: string;
  watchdog?: Watchdog;
  onGiveUp?: (problem: string) => void;
}

export interface TemporalServer {
  address: string;
  namespace: string;
  /** Undefined when it runs without its UI. */
  uiUrl: string | undefined;
  child: Child;
  stop: () => Promise<void>;
}

/** Finds the CLI and starts its server; resolves when it answers. The namespace is not prepared: namespace.ts. */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const { env = process.env, namespace = 'default', dir, log } = options;
  const command = await resolveTemporalCli({ projectDir, env, log });
  const ports =
    options.ports === 'free' ? { temporal: (await freePorts()).temporal } : options.ports;
  const address = `127.0.0.1:${ports.temporal}`;
  const watchdog = options.watchdog ?? startWatchdog();
  const child = createChild({
    name: 'temporal',
    command,
    args: serverArgs({ ...options, ports, namespace }),
    env: withoutTemporalSettings(env),
    cwd: dir,
    logFile: join(dir, 'logs', 'temporal.log'),
    ready: { probe: async () => await isServing(ports.temporal) },
    readyTimeoutMs,
    graceMs,
    log,
    watchdog,
    onGiveUp: options.onGiveUp ?? log,
  });
  const stop = async (): Promise<void> => {
    await child.close();
    if (options.watchdog === undefined) watchdog.close();
  };
  try {
    await child.start();
  } catch (err) {
    await stop();
    throw err;
  }
  const uiUrl = ports.temporalUi === undefined ? undefined : `http://127.0.0.1:${ports.temporalUi}`;
  return { address, namespace, uiUrl, child, stop };
}

interface ServerArgs {
  dir: string;
  memory?: boolean;
  ports: { temporal: number; temporalUi?: number };
  namespace: string;
}

function serverArgs({ dir, memory = false, ports, namespace }: ServerArgs): string[] {
  // The default journal flushes the disk 92 times a charge; with WAL and full syncs nothing is lost either.
  const pragmas = ['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=2'];
  const database = ['--db-filename', join(dir, 'temporal.db'), ...pragmas];
  const where = ['--ip', '127.0.0.1', '--port', `${ports.temporal}`];
  const ui = ports.temporalUi === undefined ? ['--headless'] : ['--ui-port', `${ports.temporalUi}`];
  const what = ['--namespace', namespace, '--log-level', 'error'];
  const dynamic = [
    // New search attributes are usable at once, not after a minute.
    'system.forceSearchAttributesCacheRefreshOnRead=true',
    // One partition per task queue: a single server spreads nothing, and forwarding between four only costs time.
    'matching.numTaskqueueReadPartitions=1',
    'matching.numTaskqueueWritePartitions=1',
  ].flatMap((setting) => ['--dynamic-config-value', setting]);
  return ['server', 'start-dev', ...where, ...ui, ...(memory ? [] : database), ...what, ...dynamic];
}

/** The CLI reads TEMPORAL_* too, and a person's profile for some cloud must not steer the embedded server. */
function withoutTemporalSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}

async function isServing(port: number): Promise<boolean> {
  // A gRPC channel that was refused once waits a second before it looks again.
  if (!(await isListening(port))) return false;
  const address = `127.0.0.1:${port}`;
  const connection = await Connection.connect({ address, connectTimeout: healthTimeoutMs });
  try {
    const service = 'temporal.api.workflowservice.v1.WorkflowService';
    // 1 is SERVING in gRPC's health protocol.
    return Number((await connection.healthService.check({ service })).status) === 1;
  } finally {
    await connection.close();
  }
}
