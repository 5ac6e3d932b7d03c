/** The activities of refunds. */
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Dintero } from './dintero/charges.ts';
import type { OwnRefund, RefundReading, RefundableSale } from './dintero/facts.ts';
import * as refunds from './dintero/refunds.ts';
import { dinteroFailure } from './failures.ts';
import { assertOwnTerminal } from './own-account.ts';
import { reportRefunds } from './refund-recovery.ts';

interface Ask {
  chargeId: string;
  timeoutMs: number;
}

export interface RefundActivities {
  readRefundableSale: (
    ask: Ask & { transactionId: string | null },
  ) => Promise<RefundableSale | null>;
  readRefund: (ask: Ask & { transactionId: string }) => Promise<RefundReading>;
  refundTransaction: (
    ask: refunds.RefundTransaction & { originalRunId: string },
  ) => Promise<{ eventRequestId: string | null }>;
  /** Which of them have not ended as they told. */
  reportRefunds: (shown: readonly OwnRefund[]) => Promise<string[]>;
}

/** Binds them to a Dintero account, and to Temporal. */
export function towardsRefunds(dintero: Dintero, temporal: Client): RefundActivities {
  return {
    readRefundableSale: async (ask) => await refunds.readRefundableSale(dintero, ask),
    readRefund: async (ask) => await refunds.readRefund(dintero, ask),
    /** Asks at the terminal. Lost answer: never sent again, found by its reference. */
    refundTransaction: async ({ originalRunId, ...ask }) => {
      assertOwnTerminal(dintero.config, ask.terminalId);
      const { workflowExecution } = Context.current().info;
      if (workflowExecution?.runId !== originalRunId) {
        const message = 'This run was made by reset: nothing is sent a second time';
        throw dinteroFailure('OutcomeUnknown', message);
      }
      return await refunds.refundTransaction(dintero, ask);
    },
    /** Twice is harmless: a refund has at most one recovery at a time. */
    reportRefunds: async (shown) => await reportRefunds(temporal, shown),
  };
}
