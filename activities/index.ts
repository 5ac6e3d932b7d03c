/** The activities: every side effect of a charge. Which of them may be repeated, and when, is design 4. */
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { towardsAccount, type AccountActivities } from './account.ts';
import { towardsRefunds, type RefundActivities } from './refunds.ts';
import { createCatalogue, type Catalogue } from './catalogue.ts';
import * as charges from './dintero/charges.ts';
import * as reads from './dintero/reads.ts';
import { createDinteroClient } from './dintero/client.ts';
import type { DinteroConfig } from './dintero/config.ts';
import type {
  FoundTransaction,
  MoneyFacts,
  Reading,
  SaleReading,
  TransactionFacts,
} from './dintero/facts.ts';
import { readReceipt } from './dintero/receipts.ts';
import { assertOwnTerminal } from './own-account.ts';
import { dinteroFailure, isRejected } from './failures.ts';
import { createBooks, type BooksActivities } from './books/index.ts';
import { readStanding, startRecovery, type Recover, type Standing } from './recovery.ts';
import { endLease, readTerminalHolder, type TerminalHolder } from './terminal.ts';
import { createDelivery, type WebhookConfig } from './webhook.ts';
import { notifyRetailerType } from '../workflows/messages.ts';
import type { ReceiptAsk } from '../workflows/receipts.ts';
import { notifyStart, type RetailerEvent, type Tell } from '../workflows/retailer-events.ts';

export type { Standing } from './recovery.ts';
export type { Located, OperationFacts } from './account.ts';
export type { TerminalHolder } from './terminal.ts';
export type { ReadCharge } from './dintero/reads.ts';

interface OncePerRun {
  /** The run that the charge was started as: a run made by reset has another one, and must not send. */
  originalRunId: string;
}

interface Move {
  chargeId: string;
  timeoutMs: number;
}

export interface Activities extends AccountActivities, BooksActivities, RefundActivities {
  createSession: (
    ask: charges.CreateSession & OncePerRun,
  ) => Promise<{ sessionId: string; isPublished: boolean }>;
  paySession: (ask: Move & OncePerRun & { sessionId: string; sendBefore: number }) => Promise<void>;
  readCharge: (ask: reads.ReadCharge) => Promise<Reading>;
  readSale: (ask: Move & { reference: string }) => Promise<SaleReading>;
  readTransaction: (ask: Move & { transactionId: string }) => Promise<FoundTransaction>;
  readMoney: (ask: Move & { transactionId: string }) => Promise<MoneyFacts>;
  readReceipt: (ask: ReceiptAsk & { timeoutMs: number }) => Promise<string | null>;
  cancelSession: (ask: Move & { sessionId: string }) => Promise<void>;
  captureTransaction: (
    ask: Move & { transactionId: string; amount: number },
  ) => Promise<TransactionFacts | null>;
  voidTransaction: (ask: Move & { transactionId: string }) => Promise<void>;
  readStanding: (chargeId: string) => Promise<Standing>;
  startRecovery: (ask: Recover) => Promise<boolean>;
  readTerminalHolder: (ask: { terminalId: string; chargeId: string }) => Promise<TerminalHolder>;
  endLease: (ask: { terminalId: string; runId: string }) => Promise<void>;
  tellRetailer: (ask: Tell) => Promise<void>;
  deliverWebhook: (event: RetailerEvent) => Promise<void>;
}

/** Binds the activities to a Dintero account, to Temporal, and to the retailer's webhook if there is one. */
export function createActivities({
  config,
  temporal,
  webhook = null,
}: {
  config: DinteroConfig;
  temporal: Client;
  webhook?: WebhookConfig | null;
}): Activities {
  const dintero: charges.Dintero = { client: createDinteroClient(config), config };
  const catalogue = createCatalogue(dintero);
  const afterHints = new HintReads();
  return {
    /** Prompts in modes `create` and `publish`. Lost answer: never sent again, found by reading. */
    createSession: async (ask) => {
      assertFirstRun(ask);
      return await createSession(dintero, catalogue, ask);
    },
    /** Prompts in mode `pay`. Lost answer: the session is recorded and yields at most one transaction. */
    paySession: async (ask) => {
      assertFirstRun(ask);
      await charges.paySession(dintero, ask);
    },
    readCharge: async (ask) => await afterHints.run(() => reads.readCharge(dintero, ask)),
    readSale: async (ask) => await reads.readSale(dintero, ask),
    readTransaction: async (ask) => await reads.readTransaction(dintero, ask),
    readMoney: async (ask) => await reads.readMoney(dintero, ask),
    readReceipt: async (ask) => await readReceipt(dintero, ask),
    /** Dintero voids an approval that lands meanwhile. Twice is harmless: refused, and read back. */
    cancelSession: async ({ chargeId, sessionId, timeoutMs }) => {
      const path = `/sessions/${encodeURIComponent(sessionId)}/cancel`;
      const what = `cancel the session of ${chargeId}`;
      await charges.postMove(dintero, { what, path, timeoutMs });
    },
    /**
     * All of it. Twice is harmless: more than the authorised amount is refused. Reads it back at once, so that a payment
     * is proven one step sooner; null when that gave no readable answer.
     */
    captureTransaction: async ({ chargeId, transactionId, amount, timeoutMs }) => {
      await charges.postMove(dintero, {
        what: `capture ${chargeId}`,
        path: `/transactions/${encodeURIComponent(transactionId)}/capture`,
        body: { amount, capture_reference: chargeId },
        timeoutMs,
      });
      return await reads.readBack(dintero, { chargeId, transactionId, timeoutMs });
    },
    /** Twice is harmless: the state it leads to is the only one. */
    voidTransaction: async ({ chargeId, transactionId, timeoutMs }) => {
      const path = `/transactions/${encodeURIComponent(transactionId)}/void`;
      await charges.postMove(dintero, { what: `void ${chargeId}`, path, timeoutMs });
    },
    ...towardsAccount({ dintero, catalogue, temporal }),
    ...towardsRefunds(dintero, temporal),
    ...createBooks(dintero, temporal, catalogue),
    ...towardsTemporal(temporal),
    ...towardsRetailer(temporal, webhook),
  };
}

/** A refusal may come of what was kept of the terminal: it may have been moved to another store meanwhile. */
async function createSession(
  dintero: charges.Dintero,
  catalogue: Catalogue,
  ask: charges.CreateSession,
): Promise<{ sessionId: string; isPublished: boolean }> {
  const { terminalId } = ask.sale;
  assertOwnTerminal(dintero.config, terminalId);
  try {
    return await charges.createSession(dintero, ask);
  } catch (error) {
    if (isRejected(error) && terminalId !== null) catalogue.forget(terminalId);
    throw error;
  }
}

function towardsTemporal(
  temporal: Client,
): Pick<Activities, 'readStanding' | 'startRecovery' | 'readTerminalHolder' | 'endLease'> {
  return {
    readStanding: async (chargeId) => await readStanding(temporal, chargeId),
    /** Twice is harmless: a charge has at most one recovery at a time. */
    startRecovery: async (ask) => await startRecovery(temporal, ask),
    readTerminalHolder: async (ask) => await readTerminalHolder(temporal, ask),
    endLease: async (ask) => {
      await endLease(temporal, ask);
    },
  };
}

/** Both are harmless when repeated: the event keeps its id, by which the receiver knows it. */
function towardsRetailer(
  temporal: Client,
  webhook: WebhookConfig | null,
): Pick<Activities, 'tellRetailer' | 'deliverWebhook'> {
  return {
    tellRetailer: async (ask) => {
      await temporal.workflow.signalWithStart(notifyRetailerType, notifyStart(ask));
    },
    deliverWebhook: createDelivery(webhook),
  };
}

/**
 * The read after a hint is a local activity and holds a workflow-task slot while it runs. When Dintero hangs, only so
 * many do: the others are told at once that there is no answer, and read where they hold nothing. Without this bound
 * 200 charges with callbacks delayed the next charge by more than 8 s (`npm run bench -- --hanging 200`).
 */
class HintReads {
  #running = 0;

  async run<T>(read: () => Promise<T>): Promise<T> {
    if (!Context.current().info.isLocal) return await read();
    // A quarter of the worker's workflow-task slots.
    if (this.#running >= 10) {
      throw dinteroFailure('DinteroUnavailable', 'Too many reads after hints wait for Dintero');
    }
    this.#running += 1;
    try {
      return await read();
    } finally {
      this.#running -= 1;
    }
  }
}

/** A reset repeats what its history no longer shows: whether the card was asked for cannot be told, so it is not asked. */
function assertFirstRun({ originalRunId }: OncePerRun): void {
  const { workflowExecution } = Context.current().info;
  if (workflowExecution?.runId !== originalRunId) {
    throw dinteroFailure(
      'OutcomeUnknown',
      'This run was made by reset: nothing is sent a second time',
    );
  }
}
