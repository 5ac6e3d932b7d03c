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
  SettlementFacts,
  Span,
  Zones,
} from '../../workflows/books.ts';
import type { Dintero } from '../dintero/charges.ts';
import { listSettlements } from '../dintero/settlements.ts';
import { dateAt, nextDate, planDay, type DayPlan } from '../../workflows/business-days.ts';
import {
  closedReport,
  daysToLookAt,
  readLate,
  type Late,
  type LateAsk,
  type LookBackAsk,
} from './closed.ts';
import { readEndsOfDay } from './ends-of-day.ts';
import { handOn, type HandOn } from './hand-on.ts';
import { reconcileRefunds, reconcileSales, type BooksDeps, type PartAsk } from './part.ts';
import { readSettled, type SettledAsk } from './settled.ts';

export interface BooksActivities {
  planDay: (ask: { date: string; zones: Zones }) => Promise<DayPlan>;
  dayBefore: (ask: { at: number; zones: Zones }) => Promise<string>;
  reconcileSales: (ask: PartAsk) => Promise<Part>;
  reconcileRefunds: (ask: PartAsk) => Promise<Part>;
  handOn: (ask: HandOn) => Promise<Difference[]>;
  closedReport: (ask: { date: string }) => Promise<Report | null>;
  daysToLookAt: (ask: LookBackAsk) => Promise<string[]>;
  readEndsOfDay: (span: Span) => Promise<EndOfDay[]>;
  readLate: (ask: LateAsk) => Promise<Late>;
  listSettlements: (ask: Span) => Promise<SettlementFacts[] | null>;
  readSettled: (ask: SettledAsk) => Promise<SettledPart>;
}

export function createBooks(dintero: Dintero, client: Client): BooksActivities {
  return {
    planDay: async ({ date, zones }) => await Promise.resolve(planDay(date, zones, Date.now())),
    /** The business day that had ended last when the schedule fired. */
    dayBefore: async ({ at, zones }) =>
      await Promise.resolve(nextDate(dateAt(at, zones.timeZone), -1)),
    reconcileSales: async (ask) =>
      await paced(dintero, client, (deps) => reconcileSales(deps, ask)),
    reconcileRefunds: async (ask) =>
      await paced(dintero, client, (deps) => reconcileRefunds(deps, ask)),
    handOn: async (ask) =>
      await paced(dintero, client, ({ taskQueue }) => handOn(client, taskQueue, ask)),
    closedReport: async ({ date }) => await closedReport(client, { date, taskQueue: ownQueue() }),
    daysToLookAt: async (ask) => await daysToLookAt(client, { ...ask, taskQueue: ownQueue() }),
    readEndsOfDay: async (span) => await readEndsOfDay(client, { span, taskQueue: ownQueue() }),
    readLate: async (ask) => await readLate(client, { ...ask, taskQueue: ownQueue() }),
    listSettlements: async (ask) => await listSettlements(dintero, ask).catch(readLater),
    readSettled: async (ask) => await paced(dintero, client, (deps) => readSettled(deps, ask)),
  };
}

/** A third of the time after which the worker is taken for dead. */
const beatEveryMs = 5_000;
/** Ten pages a second at most: Dintero publishes no limit (dossier 9, 16), and the tills come first. */
const restMs = 100;

/** A long reading tells that it lives, also while it waits for an answer. */
async function paced<T>(
  dintero: Dintero,
  client: Client,
  read: (deps: BooksDeps) => Promise<T>,
): Promise<T> {
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
    return await read({ dintero, client, taskQueue: ownQueue(), pace }).catch(readLater);
  } finally {
    clearInterval(timer);
  }
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
