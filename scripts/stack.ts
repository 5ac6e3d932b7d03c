/** The embedded stack: Temporal, simulator, worker and api as children of this process, started and ended in order. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { reasonOf, type Log } from './log.ts';
import { assertPortsFree, freePorts, portNames, type Ports } from './ports.ts';
import type { Child } from './processes.ts';
import { nodeChild, prepareTemporal } from './stack-children.ts';
import { orElse, stackEnv } from './stack-env.ts';
import { keptSecrets, lockFolder } from './stack-state.ts';
import { startTemporal, type TemporalServer } from './temporal-server.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

type ProcessName = 'temporal' | 'simulator' | 'worker' | 'api';

export interface StackOptions {
  /** All state and logs: `.kvitt` for `npm start`, a temporary folder for tests. */
  dir: string;
  ports: Ports | 'free';
  log: Log;
  /** Product settings of the processes; also TEMPORAL_ADDRESS, TEMPORAL_CLI and the like. */
  env?: NodeJS.ProcessEnv;
  /** All of them, unless named. */
  which?: readonly ProcessName[];
  /** A process died too often to go on. */
  onGiveUp?: (problem: string) => void;
}

export interface Stack {
  apiUrl: string;
  simulatorUrl: string;
  temporalAddress: string;
  namespace: string;
  taskQueue: string;
  /** Undefined when Temporal is not ours. */
  temporalUiUrl: string | undefined;
  dir: string;
  /** In the order in which they were started. */
  children: readonly Child[];
  child: (name: ProcessName) => Child;
  /** Sends a signal to its group; what dies of it is started again. */
  kill: (name: ProcessName, signal: NodeJS.Signals) => Promise<void>;
  restart: (name: ProcessName) => Promise<void>;
  /** Api, worker (it drains), simulator, Temporal. */
  stop: () => Promise<void>;
}

const everything: readonly ProcessName[] = ['temporal', 'simulator', 'worker', 'api'];

/** Somebody may take a free port between our question and our listening; three times in a row nobody does. */
const freePortAttemptsMax = 3;

/** Starts what `which` names, or everything; resolves when all of it is ready. A failure leaves nothing behind. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dir = resolve(options.dir);
  mkdirSync(join(dir, 'logs'), { recursive: true });
  const lock = await lockFolder({ dir, log: options.log });
  const watchdog = startWatchdog(lock);
  const finish = (): void => {
    watchdog.close();
    lock.release();
  };
  try {
    const stack = await startOnPorts({ ...options, dir, watchdog });
    const stop = async (): Promise<void> => {
      await stack.stop();
      finish();
    };
    return { ...stack, stop };
  } catch (err) {
    finish();
    throw err;
  }
}

type Starting = StackOptions & { watchdog: Watchdog };

async function startOnPorts(options: Starting): Promise<Stack> {
  if (options.ports !== 'free') {
    // Before anything is started: a half-started stack that then meets a busy port helps nobody.
    await assertPortsFree(options.ports, portsNeeded(options));
    return await startOn(options, options.ports);
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOn(options, await freePorts());
    } catch (err) {
      const isRace = /in use|EADDRINUSE/.test(reasonOf(err));
      if (!isRace || attempt === freePortAttemptsMax) throw err;
    }
  }
}

function portsNeeded(options: StackOptions): (keyof Ports)[] {
  const { which = everything } = options;
  return portNames.filter((name) =>
    name === 'temporal' || name === 'temporalUi' ? ownsTemporal(options) : which.includes(name),
  );
}

function ownsTemporal({ env = process.env, which = everything }: StackOptions): boolean {
  return which.includes('temporal') && orElse(env['TEMPORAL_ADDRESS'], '') === '';
}

/** Temporal and the simulator side by side, then worker and api, which need both. */
async function startOn(options: Starting, ports: Ports): Promise<Stack> {
  const { env = process.env, dir, which = everything, log, watchdog } = options;
  const onGiveUp = options.onGiveUp ?? log;
  const wanted = {
    address: `127.0.0.1:${ports.temporal}`,
    namespace: orElse(env['TEMPORAL_NAMESPACE'], 'default'),
  };
  const embedded = ownsTemporal(options) ? wanted : undefined;
  const envs = stackEnv({ env, dir, ports, secrets: keptSecrets(dir), embedded });
  const apiUrl = `http://127.0.0.1:${ports.api}`;
  const make = (name: 'simulator' | 'worker' | 'api'): Child =>
    nodeChild({ name, env: envs[name], dir, apiUrl, log, watchdog, onGiveUp });
  const children = new Map(
    (['simulator', 'worker', 'api'] as const)
      .filter((name) => which.includes(name))
      .map((name): [ProcessName, Child] => [name, make(name)]),
  );
  let server: TemporalServer | undefined;
  const stop = async (): Promise<void> => {
    for (const name of ['api', 'worker', 'simulator'] as const) await children.get(name)?.close();
    await server?.stop();
  };
  const startTemporalIfOurs = async (): Promise<{ address: string; namespace: string }> => {
    if (embedded !== undefined) {
      const where = { dir, ports, namespace: embedded.namespace };
      server = await startTemporal({ ...where, env, log, watchdog, onGiveUp });
      children.set('temporal', server.child);
    }
    // The simulator alone needs no Temporal.
    if (!which.includes('worker') && !which.includes('api') && embedded === undefined)
      return wanted;
    return await prepareTemporal({ env, log, embedded });
  };
  try {
    const [temporal] = await allOrFirstProblem([
      startTemporalIfOurs(),
      children.get('simulator')?.start(),
    ]);
    await allOrFirstProblem([children.get('worker')?.start(), children.get('api')?.start()]);
    return {
      apiUrl,
      simulatorUrl: `http://127.0.0.1:${ports.simulator}`,
      temporalAddress: temporal.address,
      namespace: temporal.namespace,
      taskQueue: envs.api['TEMPORAL_TASK_QUEUE'] ?? '',
      temporalUiUrl: server?.uiUrl,
      dir,
      children: everything.flatMap((name) => children.get(name) ?? []),
      ...controls(children),
      stop,
    };
  } catch (err) {
    await stop();
    throw err;
  }
}

function controls(
  children: ReadonlyMap<ProcessName, Child>,
): Pick<Stack, 'child' | 'kill' | 'restart'> {
  const child = (name: ProcessName): Child => {
    const found = children.get(name);
    if (found === undefined) throw new Error(`This stack has no ${name}`);
    return found;
  };
  return {
    child,
    kill: async (name, signal) => await child(name).kill(signal),
    restart: async (name) => await child(name).restart(),
  };
}

/** Waits for all of them, also after one has failed: nobody may go on starting while the rest is being stopped. */
async function allOrFirstProblem<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}
