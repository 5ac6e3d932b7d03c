/**
 * Where the numbers of `standing.ts` come from: Temporal's lists, read on the line of those who wait, so that a scrape
 * never queues before a new charge. One reading at a time, kept for a while, bounded in size and time.
 */
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { dayReconciliationType, reconciliationWorkflowId } from '../workflows/books.ts';
import {
  moneyCaseType,
  recoverChargeType,
  terminalChargeType,
  type CaseRecord,
} from '../workflows/messages.ts';
import { recoverRefundType, terminalRefundType } from '../workflows/refund-messages.ts';
import { readingOf, type ReadCharge } from './cashier.ts';
import { listPage } from './list.ts';
import { isClosed, Reading, recordIn } from './reading.ts';
import { readOf, refundIn, RefundReading, type ReadRefund } from './refund-reading.ts';
import { scheduledSince, sumUpBooks, type BooksStanding } from './standing-books.ts';
import { sumUp, type NotificationRecord, type Standing } from './standing.ts';
import { isTemporalFailure, type Temporal } from './temporal.ts';

/** Milliseconds. */
export interface StandingTimings {
  /** Within this a reading is not repeated: several Prometheus servers cost what one costs. */
  fresh: number;
  /** A scrape waits this long for a reading; Prometheus itself gives up after 10 s. */
  wait: number;
  /** A reading that takes longer is given up. */
  read: number;
  /** A reading that came too late for its scrape serves the next ones; what is older than this is not told. */
  stale: number;
}

const defaultTimings: StandingTimings = { fresh: 10_000, wait: 2_000, read: 10_000, stale: 60_000 };

/** More open charges than a large chain has; about 1 KB each. */
const pageSize = 500;
const pagesMax = 10;
/**
 * Workflows that were ended from outside are looked at one by one, as the lists do: most have been recovered since. So
 * many in one reading, and what has a proven outcome not again for a while.
 */
const looksMax = 100;
const provenForMs = 10 * 60_000;

/** The type of `notify/<charge_id>`; each shows what it has not told yet. */
const notifyRetailerType = 'notifyRetailer';

interface StandingOptions {
  log: Logger;
  /** In which the days of the books end. */
  timeZone: string;
  /** Whose books. */
  taskQueue: string;
  timings?: Partial<StandingTimings>;
}

export class StandingSource {
  readonly #temporal: Temporal;
  readonly #charges: Kind<ReadCharge>;
  readonly #refunds: Kind<ReadRefund>;
  readonly #timeZone: string;
  readonly #taskQueue: string;
  readonly #timings: StandingTimings;
  readonly #log: Logger;
  readonly #proven = new LRUCache<string, true>({ max: 10_000, ttl: provenForMs });
  #latest: { standing: Standing; at: number } | null = null;
  #running: Promise<void> | null = null;
  #askedAt = -Infinity;

  constructor(temporal: Temporal, { log, timeZone, taskQueue, timings = {} }: StandingOptions) {
    const { connection, client } = temporal.waiting;
    this.#log = log;
    this.#timeZone = timeZone;
    this.#taskQueue = taskQueue;
    this.#temporal = { ...temporal, connection, client };
    const charges = new Reading(client);
    this.#charges = {
      types: [terminalChargeType, recoverChargeType],
      idOf: ({ record }) => record.charge_id,
      listed: runningCharge,
      find: async (chargeId) => await charges.find(chargeId),
    };
    const refunds = new RefundReading(client);
    this.#refunds = {
      types: [terminalRefundType, recoverRefundType],
      idOf: ({ record }) => record.refund_id,
      listed: runningRefund,
      find: async (refundId) => await refunds.find(refundId),
    };
    this.#timings = { ...defaultTimings, ...timings };
  }

  /** null: it is not known how things stand. Never rejects, and never takes longer than a scrape may. */
  async latest(): Promise<Standing | null> {
    const { fresh, wait, stale } = this.#timings;
    if (Date.now() - this.#askedAt >= fresh) {
      this.#askedAt = Date.now();
      this.#running ??= this.#refresh().finally(() => (this.#running = null));
    }
    if (this.#running !== null) await within(wait, this.#running);
    return this.#age() < stale ? (this.#latest?.standing ?? null) : null;
  }

  /** Resolves when nothing is read any more, so that the connection may be closed. */
  async close(): Promise<void> {
    await this.#running;
  }

  #age(): number {
    return this.#latest === null ? Infinity : Date.now() - this.#latest.at;
  }

  async #refresh(): Promise<void> {
    const { connection } = this.#temporal;
    const deadline = Date.now() + this.#timings.read;
    try {
      const standing = await connection.withDeadline(deadline, async () => await this.#read());
      this.#latest = { standing, at: Date.now() };
    } catch (err) {
      this.#log.warn({ err }, 'How things stand could not be read: their metrics are absent');
      // What was true before is not told as if it were: the numbers are absent, and `is_known` says so.
      this.#latest = null;
    }
  }

  async #read(): Promise<Standing> {
    // One after the other: what fails leaves nothing behind that runs on.
    const charges = await this.#open(this.#charges);
    const refunds = await this.#open(this.#refunds);
    const cases = await this.#list(
      `WorkflowType = '${moneyCaseType}' AND ExecutionStatus != 'Completed'`,
    );
    const notifications = await this.#list(
      `WorkflowType = '${notifyRetailerType}' AND ExecutionStatus = 'Running'`,
    );
    const isTruncated = [charges, refunds, cases, notifications].some((part) => part.isTruncated);
    return sumUp({
      charges: charges.reads,
      refunds: refunds.reads,
      cases: await this.#openCases(cases.workflows),
      notifications: notifications.workflows.flatMap(({ memo }) => notificationIn(memo)),
      books: await this.#books(),
      isTruncated,
      now: Date.now(),
    });
  }

  /** A case that somebody ended from outside stays open, unless a later run of it was settled: those few are looked at. */
  async #openCases(listed: readonly Listed[]): Promise<CaseRecord[]> {
    const found = new Map<string, CaseRecord>();
    const ended = new Set<string>();
    for (const { workflowId, status, memo } of listed) {
      if (isClosed(status)) ended.add(workflowId);
      else for (const one of caseIn(memo)) found.set(workflowId, one);
    }
    for (const workflowId of [...ended].filter((id) => !found.has(id)).slice(0, looksMax)) {
      const { memo = {} } = await this.#temporal.waiting.client.workflow
        .getHandle(workflowId)
        .describe();
      for (const one of caseIn(memo)) found.set(workflowId, one);
    }
    return [...found.values()];
  }

  /** What runs speaks for itself; of the rest each one is looked at, for it may have been recovered. */
  async #open<One extends OpenOne>({
    types,
    idOf,
    listed: readListed,
    find,
  }: Kind<One>): Promise<{
    reads: One[];
    isTruncated: boolean;
  }> {
    const names = types.map((type) => `'${type}'`).join(', ');
    const listed = await this.#list(
      `WorkflowType IN (${names}) AND ExecutionStatus != 'Completed'`,
    );
    const running = listed.workflows.filter(({ status }) => !isClosed(status));
    const reads = new Map(
      running.flatMap((one) => readListed(one)).map((read): [string, One] => [idOf(read), read]),
    );
    const ended = new Set(
      listed.workflows
        .filter(({ status }) => isClosed(status))
        .map(({ workflowId }) => workflowId.slice(workflowId.indexOf('/') + 1))
        .filter((id) => !reads.has(id) && !this.#proven.has(id)),
    );
    const looked = [...ended].slice(0, looksMax);
    for (const [index, read] of (await look(looked, find)).entries()) {
      const id = looked[index] ?? '';
      if (read === null || read.record.outcome !== null) this.#proven.set(id, true);
      else reads.set(id, read);
    }
    return {
      reads: [...reads.values()].filter(({ record }) => record.outcome === null),
      isTruncated: listed.isTruncated || ended.size > looked.length,
    };
  }

  async #books(): Promise<BooksStanding | null> {
    const since = await scheduledSince(this.#temporal.client, this.#taskQueue);
    if (since === null) return null;
    const { workflows } = await this.#list(
      `WorkflowType = '${dayReconciliationType}' AND WorkflowId STARTS_WITH '${reconciliationWorkflowId(this.#taskQueue, '')}' AND ExecutionStatus = 'Completed'`,
    );
    const memos = workflows.map(({ memo }) => memo);
    return sumUpBooks(memos, { since, timeZone: this.#timeZone, now: Date.now() });
  }

  async #list(query: string): Promise<{ workflows: Listed[]; isTruncated: boolean }> {
    const workflows: Listed[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < pagesMax; page += 1) {
      const next = await listPage(this.#temporal, {
        query,
        limit: pageSize,
        ...(cursor === null ? {} : { cursor }),
      });
      workflows.push(...next.workflows);
      cursor = next.next_cursor;
      if (cursor === null) break;
    }
    return { workflows, isTruncated: cursor !== null };
  }
}

type Listed = Awaited<ReturnType<typeof listPage>>['workflows'][number];

/** A charge or a refund, as it is read. */
interface OpenOne {
  record: { outcome: string | null };
}

/** How the one kind and the other are listed and looked at. */
interface Kind<One> {
  types: readonly string[];
  idOf: (one: One) => string;
  listed: (one: Listed) => One[];
  find: (id: string) => Promise<One | null>;
}

/** One whose memo cannot be read must not hide the others. */
async function look<One>(ids: readonly string[], find: Kind<One>['find']): Promise<(One | null)[]> {
  const looks = await Promise.allSettled(ids.map(async (id) => await find(id)));
  return looks.map((found) => {
    if (found.status === 'fulfilled') return found.value;
    if (isTemporalFailure(found.reason)) throw found.reason;
    return null;
  });
}

function runningRefund({ workflowId, status, memo }: Listed): ReadRefund[] {
  const record = refundIn(memo);
  return record === null ? [] : [readOf({ workflowId, record, status })];
}

function runningCharge({ workflowId, memo }: Listed): ReadCharge[] {
  try {
    const record = recordIn(memo);
    return [readingOf({ record, workflowId, isClosed: false, case: 'none', now: Date.now() })];
  } catch {
    return [];
  }
}

function caseIn(memo: Record<string, unknown>): CaseRecord[] {
  const record = memo['case'] as CaseRecord | undefined;
  return record?.version === 1 ? [record] : [];
}

function notificationIn(memo: Record<string, unknown>): NotificationRecord[] {
  const record = memo['notification'] as Partial<NotificationRecord> | undefined;
  const waiting = Number(record?.waiting);
  if (!Number.isSafeInteger(waiting) || waiting <= 0) return [];
  const timestamp = record?.oldest?.timestamp ?? '';
  return [{ waiting, oldest: Number.isNaN(Date.parse(timestamp)) ? null : { timestamp } }];
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}
