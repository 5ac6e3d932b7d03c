import { randomUUID } from 'node:crypto';
import type { Job } from './records.ts';
import type { Store } from './store.ts';

// A timer longer than this fires at once in Node; a longer wait is taken in steps.
const TIMER_MAX_MS = 2 ** 31 - 1;

type WithoutKeys<T> = T extends unknown ? Omit<T, 'id' | 'at'> : never;

/** Durable timers: a job is a row of the store until it is done. */
export interface Jobs {
  /** A job of the same id replaces the waiting one. */
  schedule(afterMs: number, job: WithoutKeys<Job>, id?: string): void;
  cancel(id: string): void;
  /** All that waits comes so much sooner. */
  advance(ms: number): void;
  /** Takes up what is stored; jobs scheduled before wait for this. */
  start(run: (job: Job) => void | Promise<void>): void;
  /** Forgets all that waits. */
  clear(): void;
  stop(): void;
}

/** Creates the timers over the jobs in the store; nothing runs before `start`. */
export function createJobs(store: Store): Jobs {
  const timers = new Map<string, NodeJS.Timeout>();
  let run: ((job: Job) => void | Promise<void>) | undefined;

  const finish = (job: Job): void => {
    // A job may have scheduled its own successor under the same id.
    if (store.tables.job.get(job.id) === job) store.remove('job', job.id);
    store.commit();
  };
  const fire = (job: Job): void => {
    timers.delete(job.id);
    if (job.at > Date.now() + 1) return arm(job);
    const running = run?.(job);
    if (running === undefined) return finish(job);
    running.then(() => run !== undefined && finish(job)).catch(rethrow);
  };
  const arm = (job: Job): void => {
    clearTimeout(timers.get(job.id));
    if (run === undefined) return;
    const waitMs = Math.min(TIMER_MAX_MS, Math.max(0, job.at - Date.now()));
    timers.set(
      job.id,
      setTimeout(() => fire(job), waitMs),
    );
  };
  const put = (job: Job): void => {
    store.save('job', job.id, job);
    arm(job);
  };
  const clear = (): void => {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  };

  return {
    schedule(afterMs, work, id = randomUUID()) {
      put({ ...work, id, at: Date.now() + afterMs });
    },
    cancel(id) {
      clearTimeout(timers.get(id));
      timers.delete(id);
      store.remove('job', id);
    },
    advance(ms) {
      // What runs already is not started again.
      for (const job of [...store.tables.job.values()].filter(({ id }) => timers.has(id))) {
        put({ ...job, at: job.at - ms });
      }
    },
    start(runner) {
      run = runner;
      for (const job of store.tables.job.values()) arm(job);
    },
    clear,
    stop() {
      run = undefined;
      clear();
    },
  };
}

/** A bug in a job must stop the process, as one in a request handler is answered with 500. */
function rethrow(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
