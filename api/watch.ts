/**
 * Waiting for a charge. One watcher per charge and process serves everybody who waits for it: the ending comes by the
 * server's own long poll, the states between by describe(). All of it runs on its own connection and within
 * process-wide bounds, so that a thousand waiting tills do not slow a new charge. Who gives up
 * waiting reads once more.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import type { Logger } from 'pino';
import type { ChargeRecord } from '../workflows/messages.ts';
import { isFinal, type ReadCharge } from './cashier.ts';
import { executionStatus, type Reading } from './reading.ts';
import { isTemporalFailure, type Temporal } from './temporal.ts';
import type { Timings } from './timings.ts';

/**
 * Temporal's frontend takes 1,200 long polls per namespace at a time and refuses the rest (measured on 1.32), workers'
 * polls and waiting POSTs among them. Beyond this many, watchers poll by describe().
 */
const longPollsMax = 400;
/** Describes of all watchers together, per second and at a time: a small part of what a Temporal server bears. */
const readsPerSecond = 100;
const readsAtOnce = 4;

interface Waiter {
  wants: 'change' | 'outcome';
  tell: (read: ReadCharge) => void;
}

interface WatchDeps {
  temporal: Temporal;
  /** Reads on the waiting connection. */
  reading: Reading;
  timings: Timings;
  log: Logger;
}

export class Watching {
  readonly #deps: WatchDeps;
  readonly #watches = new Map<string, ChargeWatch>();
  readonly #bounds = { longPolls: 0, gate: new Gate() };
  /** Ends every wait when the process stops. */
  readonly #stops = new Set<() => void>();

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#watches.size;
  }

  /** Tells every reading of an open charge that comes after this one; returns how to stop. */
  subscribe({ record, workflowId }: ReadCharge, waiter: Waiter): () => void {
    const chargeId = record.charge_id;
    let watch = this.#watches.get(chargeId);
    if (watch === undefined) {
      const deps = { ...this.#deps, bounds: this.#bounds };
      watch = new ChargeWatch({ chargeId, workflowId }, deps, (ended) => {
        if (this.#watches.get(chargeId) === ended) this.#watches.delete(chargeId);
      });
      this.#watches.set(chargeId, watch);
    }
    const joined = watch;
    joined.add(waiter);
    return () => joined.remove(waiter);
  }

  /** The reading that was enough; null when the time is over, the client has gone, or the process stops. */
  async until(of: {
    read: ReadCharge;
    wants: Waiter['wants'];
    isEnough: (read: ReadCharge) => boolean;
    ms: number;
    signal: AbortSignal;
  }): Promise<ReadCharge | null> {
    if (of.ms <= 0 || of.signal.aborted) return null;
    return await new Promise((resolve) => {
      const giveUp = (): void => done(null);
      const done = (read: ReadCharge | null): void => {
        clearTimeout(timer);
        unsubscribe();
        this.#stops.delete(giveUp);
        of.signal.removeEventListener('abort', giveUp);
        resolve(read);
      };
      const timer = setTimeout(giveUp, of.ms);
      this.#stops.add(giveUp);
      of.signal.addEventListener('abort', giveUp);
      const unsubscribe = this.subscribe(of.read, {
        wants: of.wants,
        tell: (read) => {
          if (of.isEnough(read)) done(read);
        },
      });
    });
  }

  /** Calls `end` when the process stops; returns how to forget it. */
  onStop(end: () => void): () => void {
    this.#stops.add(end);
    return () => this.#stops.delete(end);
  }

  stop(): void {
    for (const end of this.#stops) end();
  }
}

type ChargeWatchDeps = WatchDeps & { bounds: { longPolls: number; gate: Gate } };

class ChargeWatch {
  readonly #chargeId: string;
  /** Who speaks for the charge, as it was read last. */
  #workflowId: string;
  readonly #deps: ChargeWatchDeps;
  readonly #onEnd: (ended: ChargeWatch) => void;
  readonly #waiters = new Set<Waiter>();
  readonly #abort = new AbortController();
  #isPolling = false;
  #hasLongPoll = false;

  constructor(
    of: { chargeId: string; workflowId: string },
    deps: ChargeWatchDeps,
    onEnd: (ended: ChargeWatch) => void,
  ) {
    this.#chargeId = of.chargeId;
    this.#workflowId = of.workflowId;
    this.#deps = deps;
    this.#onEnd = onEnd;
    // One listener per long poll on the wire, and a long wait makes many.
    setMaxListeners(0, this.#abort.signal);
  }

  add(waiter: Waiter): void {
    const isFirst = this.#waiters.size === 0;
    this.#waiters.add(waiter);
    if (isFirst) this.#run(() => this.#followOutcome());
    this.#pollIfNeeded();
  }

  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size === 0) this.#end();
  }

  #end(): void {
    this.#abort.abort();
    this.#onEnd(this);
  }

  /** Whatever goes wrong in a watcher, those who wait read once more at their own time. */
  #run(loop: () => Promise<void>): void {
    loop().catch((err: unknown) => {
      if (this.#abort.signal.aborted) return;
      this.#deps.log.error({ err, charge_id: this.#chargeId }, 'Watching a charge failed');
      this.#end();
    });
  }

  async #followOutcome(): Promise<void> {
    const { bounds, timings } = this.#deps;
    if (bounds.longPolls >= longPollsMax) return;
    bounds.longPolls += 1;
    this.#hasLongPoll = true;
    try {
      while (!this.#abort.signal.aborted) {
        // Temporal is away or has no room for another long poll: describe() takes over.
        const closed = await this.#untilClosed();
        if (closed === null) return;
        if (await this.#readAndTell(closed.record)) return;
        // A reset has made a new run, a recovery has begun, or the read failed.
        await pause(timings.watchRetry, undefined, { signal: this.#abort.signal });
      }
    } finally {
      bounds.longPolls -= 1;
      this.#hasLongPoll = false;
      if (!this.#abort.signal.aborted) this.#pollIfNeeded();
    }
  }

  /** The record that the charge ended with, null if it ended without one; null: the long poll is not to be had. */
  async #untilClosed(): Promise<{ record: ChargeRecord | null } | null> {
    const { connection, client } = this.#deps.temporal.waiting;
    const handle = client.workflow.getHandle<() => Promise<ChargeRecord>>(this.#workflowId);
    try {
      const waiting = async (): Promise<ChargeRecord> => await handle.result();
      return { record: await connection.withAbortSignal(this.#abort.signal, waiting) };
    } catch (err) {
      if (err instanceof WorkflowFailedError) return { record: null };
      if (isTemporalFailure(err)) return null;
      throw err;
    }
  }

  #pollIfNeeded(): void {
    if (this.#isPolling || !this.#isPollingNeeded()) return;
    this.#isPolling = true;
    this.#run(async () => {
      try {
        await this.#poll();
      } finally {
        this.#isPolling = false;
      }
    });
  }

  #isPollingNeeded(): boolean {
    return !this.#hasLongPoll || [...this.#waiters].some(({ wants }) => wants === 'change');
  }

  /** Quick at first, when a charge changes most, then slower. */
  async #poll(): Promise<void> {
    const { timings, bounds } = this.#deps;
    const { signal } = this.#abort;
    let intervalMs = timings.pollMin;
    while (!signal.aborted && this.#isPollingNeeded()) {
      await pause(intervalMs, undefined, { signal });
      if (await bounds.gate.pass(signal, () => this.#readAndTell())) return;
      intervalMs = Math.min(intervalMs * 1.25, timings.pollMax);
    }
  }

  /**
   * True when there is nothing left to wait for. The result of a closed charge is its last record: it saves the look at
   * the memo, which says the same.
   */
  async #readAndTell(result: ChargeRecord | null = null): Promise<boolean> {
    const { temporal, reading, timings } = this.#deps;
    let read: ReadCharge | null;
    try {
      read = await temporal.waiting.connection.withDeadline(Date.now() + timings.read, () =>
        result === null
          ? reading.find(this.#chargeId)
          : reading.read({
              workflowId: this.#workflowId,
              record: result,
              status: executionStatus.completed,
            }),
      );
    } catch (err) {
      if (isTemporalFailure(err)) return false;
      throw err;
    }
    if (read === null || this.#abort.signal.aborted) return true;
    this.#workflowId = read.workflowId;
    for (const waiter of this.#waiters) waiter.tell(read);
    return isFinal(read);
  }
}

/** Bounds how many reads run at a time and how many start in a second, first come, first served. */
class Gate {
  #free = readsAtOnce;
  #nextAt = 0;
  readonly #queue: (() => void)[] = [];

  async pass<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      signal.throwIfAborted();
      const now = Date.now();
      const at = Math.max(now, this.#nextAt);
      this.#nextAt = at + 1000 / readsPerSecond;
      if (at > now) await pause(at - now, undefined, { signal });
      return await read();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
