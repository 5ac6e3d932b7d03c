/** A child process kept alive: real readiness, restarts with a limit, an orderly end. */
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnLife, type Life, type LifeOptions } from './child-life.ts';
import { createChildLog, type ChildLog } from './child-log.ts';
import { reasonOf, type Log } from './log.ts';
import type { Watchdog } from './watchdog.ts';

export interface ChildOptions extends LifeOptions {
  name: string;
  logFile: string;
  /** Between SIGTERM and SIGKILL. */
  graceMs: number;
  log: Log;
  watchdog: Watchdog;
  /** It died too often to go on. */
  onGiveUp: (problem: string) => void;
}

export interface Child {
  readonly name: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  readonly logFile: string;
  /** Starts it and waits until it is ready. Throws, with what it said last, when it ends before that. */
  start: () => Promise<void>;
  /** SIGTERM, a grace, then SIGKILL of the whole group. It stays down until `start`. */
  stop: () => Promise<void>;
  restart: () => Promise<void>;
  /** Sends a signal to its group and waits until it took effect if it is SIGKILL. What dies is started again. */
  kill: (signal: NodeJS.Signals) => Promise<void>;
  /** Waits until the life that runs, or the next one, is ready. */
  ready: () => Promise<void>;
  /** Stops it for good and closes its log. */
  close: () => Promise<void>;
}

/** A crash now and then is survived; five in a minute are a fault that a sixth start does not mend. */
const deathsMax = 5;
const deathsWindowMs = 60_000;
const backoffFirstMs = 200;
const backoffMaxMs = 3_000;

interface Supervision {
  stopping: AbortController;
  done: Promise<void>;
}

type LiveOnce = () => Promise<{ how: string; wasReady: boolean }>;

export function createChild(options: ChildOptions): Child {
  const { name, logFile } = options;
  const output = createChildLog({ name, file: logFile, say: options.log });
  const news = createNews();
  let life: Life | undefined;
  let supervision: Supervision | undefined;

  const liveOnce: LiveOnce = async () => {
    const begun = beginLife({ options, read: output.read, news });
    life = begun;
    return await begun.outcome;
  };
  const superviseUntil = async (signal: AbortSignal): Promise<void> => {
    const problem = await supervise({ options, liveOnce, tail: output.tail, signal });
    supervision = undefined;
    news.emit('error', new Error(problem ?? `${name} was stopped`));
  };
  const ready = async (): Promise<void> => {
    if (life?.state === 'ready') return;
    if (supervision === undefined) throw new Error(`${name} is stopped`);
    await once(news, 'ready');
  };
  const start = async (): Promise<void> => {
    if (supervision === undefined) {
      output.mute(false);
      const stopping = new AbortController();
      supervision = { stopping, done: superviseUntil(stopping.signal) };
    }
    await ready();
  };
  const stop = async (): Promise<void> => {
    if (supervision === undefined) return;
    const { stopping, done } = supervision;
    output.mute(true);
    stopping.abort();
    await endLife({ life, done, graceMs: options.graceMs });
  };
  return {
    name,
    logFile,
    get pid() {
      return life?.state === 'ended' ? undefined : life?.pid;
    },
    start,
    stop,
    ready,
    restart: async () => {
      await stop();
      await start();
    },
    kill: async (signal) => await signalLife(life, signal),
    close: async () => {
      await stop();
      output.close();
    },
  };
}

interface BeginOptions {
  options: ChildOptions;
  read: ChildLog['read'];
  news: News;
}

function beginLife({
  options,
  read,
  news,
}: BeginOptions): Life & { outcome: ReturnType<LiveOnce> } {
  let wasReady = false;
  const onReady = (): void => {
    wasReady = true;
    news.emit('ready');
  };
  const life = spawnLife({ ...options, read, onReady });
  const { pid } = life;
  if (pid !== undefined) options.watchdog.add(pid);
  const outcome = life.ended.then((how) => {
    if (pid !== undefined) options.watchdog.remove(pid);
    return { how, wasReady };
  });
  return Object.assign(life, { outcome });
}

type News = EventEmitter<{ ready: []; error: [Error] }>;

function createNews(): News {
  const news: News = new EventEmitter();
  // An "error" event without a listener is thrown, and nobody has to wait for readiness.
  news.on('error', () => undefined);
  news.setMaxListeners(0);
  return news;
}

async function signalLife(life: Life | undefined, signal: NodeJS.Signals): Promise<void> {
  life?.signal(signal);
  if (signal === 'SIGKILL') await life?.ended;
}

interface Ending {
  life: Life | undefined;
  done: Promise<void>;
  graceMs: number;
}

async function endLife({ life, done, graceMs }: Ending): Promise<void> {
  life?.signal('SIGTERM');
  // A process that was halted (SIGSTOP) would never hear of it.
  life?.signal('SIGCONT');
  const timer = setTimeout(() => life?.signal('SIGKILL'), graceMs);
  await done;
  clearTimeout(timer);
}

interface Supervising {
  options: ChildOptions;
  liveOnce: LiveOnce;
  tail: () => string;
  signal: AbortSignal;
}

/** Lives one life after the other. Answers why it gave up, or undefined when it was told to stop. */
async function supervise({
  options,
  liveOnce,
  tail,
  signal,
}: Supervising): Promise<string | undefined> {
  const { name, log, logFile } = options;
  let deaths: number[] = [];
  let hasBeenReady = false;
  for (;;) {
    const { how, wasReady } = await liveOnce();
    if (signal.aborted) return undefined;
    hasBeenReady ||= wasReady;
    // A first start that fails is a mistake in the set-up: whoever started it hears at once.
    if (!hasBeenReady) return `${name} ${how}. It said:\n${tail()}`;
    const now = Date.now();
    deaths = [...deaths.filter((at) => now - at < deathsWindowMs), now];
    if (deaths.length >= deathsMax) {
      const problem = `${name} ${how}, ${deathsMax} times within a minute: giving up, see ${logFile}`;
      options.onGiveUp(problem);
      return problem;
    }
    log(`${name} ${how}: starting it again`);
    const pauseMs = Math.min(backoffFirstMs * 2 ** (deaths.length - 1), backoffMaxMs);
    await sleepUnless(signal, pauseMs);
    if (signal.aborted) return undefined;
  }
}

async function sleepUnless(signal: AbortSignal, pauseMs: number): Promise<void> {
  try {
    await sleep(pauseMs, undefined, { signal });
  } catch (err) {
    if (!signal.aborted) throw new Error(`Could not wait: ${reasonOf(err)}`, { cause: err });
  }
}
