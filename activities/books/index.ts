/** The activities of the books. They read, and hand on what differs; all of them may be repeated. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import type {
  Difference,
  EndOfDay,
  Part,
  Report,
  SettledPart,
  Zones,
} from '../../workflows/books.ts';
import { createCatalogue, type Catalogue } from '../catalogue.ts';
import type { Dintero } from '../dintero/charges.ts';
import { dateAt, nextDate, planDay, type DayPlan } from '../../workflows/business-days.ts';
import {
  closedReport,
  daysToLookAt,
  readLate,
  type LookBack,
  type Late,
  type LateAsk,
  type LookBackAsk,
} from './closed.ts';
import type { BooksDeps } from './desk.ts';
import { readEndsOfDay, type EndsAsk } from './ends-of-day.ts';
import { handOn, type HandOn } from './hand-on.ts';
import { reconcileRefunds, reconcileSales, type PartAsk } from './part.ts';
import { listPayouts, type Payouts, type PayoutsAsk } from './payouts.ts';
import type { StoreOf } from './refund-places.ts';
import { readSettled, type SettledAsk } from './settled.ts';

export interface BooksActivities {
  planDay: (ask: { date: string; zones: Zones }) => Promise<DayPlan>;
  dayBefore: (ask: { at: number; zones: Zones }) => Promise<string>;
  reconcileSales: (ask: PartAsk) => Promise<Part>;
  reconcileRefunds: (ask: PartAsk) => Promise<Part>;
  handOn: (ask: HandOn) => Promise<Difference[]>;
  closedReport: (ask: { date: string }) => Promise<Report | null>;
  daysToLookAt: (ask: LookBackAsk) => Promise<LookBack>;
  readEndsOfDay: (ask: EndsAsk) => Promise<EndOfDay[]>;
  readLate: (ask: LateAsk) => Promise<Late>;
  listPayouts: (ask: PayoutsAsk) => Promise<Payouts | null>;
  readSettled: (ask: SettledAsk) => Promise<SettledPart>;
}

export function createBooks(
  dintero: Dintero,
  client: Client,
  catalogue: Catalogue = createCatalogue(dintero),
): BooksActivities {
  const paced = pacedBy({ dintero, client, storeOf: storesIn(catalogue) });
  return {
    planDay: async ({ date, zones }) => await Promise.resolve(planDay(date, zones, Date.now())),
    /** The business day that had ended last when the schedule fired. */
    dayBefore: async ({ at, zones }) =>
      await Promise.resolve(nextDate(dateAt(at, zones.timeZone), -1)),
    reconcileSales: async (ask) => await paced((deps) => reconcileSales(deps, ask)),
    reconcileRefunds: async (ask) => await paced((deps) => reconcileRefunds(deps, ask)),
    handOn: async (ask) => await paced(({ taskQueue }) => handOn(client, taskQueue, ask)),
    closedReport: async ({ date }) => await closedReport(client, { date, taskQueue: ownQueue() }),
    daysToLookAt: async (ask) => await daysToLookAt(client, { ...ask, taskQueue: ownQueue() }),
    readEndsOfDay: async (ask) => await readEndsOfDay(client, { ...ask, taskQueue: ownQueue() }),
    readLate: async (ask) => await readLate(client, { ...ask, taskQueue: ownQueue() }),
    listPayouts: async (ask) =>
      await listPayouts({ dintero, client, taskQueue: ownQueue() }, ask).catch(readLater),
    readSettled: async (ask) => await paced((deps) => readSettled(deps, ask)),
  };
}

/** A third of the time after which the worker is taken for dead. */
const beatEveryMs = 5_000;
/** Ten pages a second at most: Dintero publishes no limit (dossier 9, 16), and the tills come first. */
const restMs = 100;

/** A long reading tells that it lives, also while it waits for an answer. */
function pacedBy(
  of: Pick<BooksDeps, 'dintero' | 'client' | 'storeOf'>,
): <T>(read: (deps: BooksDeps) => Promise<T>) => Promise<T> {
  return async (read) => {
    const context = Context.current();
    let pages = 0;
    const timer = setInterval(() => context.heartbeat(pages), beatEveryMs);
    const pace = {
      beat: (count: number): void => {
        context.cancellationSignal.throwIfAborted();
        pages = count;
      },
      rest: async (): Promise<void> => await context.sleep(restMs),
    };
    try {
      return await read({ ...of, taskQueue: ownQueue(), pace }).catch(readLater);
    } finally {
      clearInterval(timer);
    }
  };
}

const placeTimeoutMs = 10_000;

/** A client without the right to read terminals has books too: such a refund is of a store that is not known. */
function storesIn(catalogue: Catalogue): StoreOf {
  return async (terminalId) => {
    try {
      const place = await catalogue.find({ terminalId, timeoutMs: placeTimeoutMs });
      return place.is === 'at_store' ? place.storeId : null;
    } catch (error) {
      if (error instanceof ApplicationFailure) return null;
      throw error;
    }
  };
}

/** Also a refusal is no end of a report: a right that is missing is granted, and the reading goes on. */
function readLater(error: unknown): never {
  if (!(error instanceof ApplicationFailure) || error.nonRetryable !== true) throw error;
  const { message, type } = error;
  throw ApplicationFailure.create({
    message,
    type: type ?? 'DinteroRejected',
    nonRetryable: false,
  });
}

/** The installation's: its charges, strays and reports are there. */
function ownQueue(): string {
  return Context.current().info.taskQueue;
}
