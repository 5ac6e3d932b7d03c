/**
 * What the books found goes to whoever follows such things already: a stray workflow reads the payment again, and has
 * the charge recovered or opens a case; a charge whose payment is missing is recovered. Nothing is decided here.
 */
import type { Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { Difference } from '../../workflows/books.ts';
import {
  caseWorkflowId,
  recoveryWorkflowId,
  searchAttributes,
  strayNewsType,
  strayWorkflowId,
  transactionReported,
  type StrayInput,
  type TransactionReport,
} from '../../workflows/messages.ts';
import type { ChargePolicy } from '../../workflows/policy.ts';
import { startRecovery } from '../recovery.ts';

export interface HandOn {
  differences: Difference[];
  policy: ChargePolicy;
}

/** A stray that is clear ends within a second; what takes longer is told as being followed. */
const strayWithinMs = 20_000;

/** Harmless when repeated: there is one stray per payment, one recovery per charge, one case per payment. */
export async function handOn(
  client: Client,
  taskQueue: string,
  { differences, policy }: HandOn,
): Promise<Difference[]> {
  const lines = new Map<string, Promise<unknown>>();
  return await Promise.all(
    differences.map(async (difference) => {
      // Two payments of one charge would meet in one recovery, which follows one of them: the other comes after it.
      const { charge_id: chargeId } = difference;
      const before = lines.get(chargeId) ?? Promise.resolve();
      const after = before.then(
        async () => await follow(client, taskQueue, { difference, policy }),
      );
      lines.set(chargeId, after);
      return await after;
    }),
  );
}

async function follow(
  client: Client,
  taskQueue: string,
  { difference, policy }: { difference: Difference; policy: ChargePolicy },
): Promise<Difference> {
  if (difference.followed_by !== null) return difference;
  return difference.kind === 'missing'
    ? await toRecovery(client, difference)
    : await toStray(client, taskQueue, { difference, policy });
}

async function toRecovery(client: Client, difference: Difference): Promise<Difference> {
  const { charge_id: chargeId } = difference;
  const isKnown = await startRecovery(client, {
    chargeId,
    because: 'contradicted',
    sessionId: null,
  });
  if (!isKnown) return { ...difference, became: 'Temporal has forgotten the charge' };
  const became = 'the charge is read again; it asks for a person until Dintero shows its payment';
  return { ...difference, followed_by: recoveryWorkflowId(chargeId), became };
}

async function toStray(
  client: Client,
  taskQueue: string,
  { difference, policy }: { difference: Difference; policy: ChargePolicy },
): Promise<Difference> {
  const { charge_id: chargeId, transaction_id: transactionId } = difference;
  const workflowId = strayWorkflowId(transactionId);
  const input: StrayInput = {
    transaction_id: transactionId,
    charge_id: chargeId,
    is_proven: true,
    policy,
  };
  const report: TransactionReport = {
    error: null,
    source: 'reconciliation',
    transaction_id: transactionId,
  };
  const reference = chargeId.slice(0, chargeId.lastIndexOf('.'));
  const handle = await client.workflow.signalWithStart(strayNewsType, {
    workflowId,
    taskQueue,
    args: [input],
    signal: transactionReported,
    signalArgs: [report],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: `news of ${transactionId} for charge ${chargeId}, found by reconciliation`,
    typedSearchAttributes: new TypedSearchAttributes([
      { key: searchAttributes.saleReference, value: reference },
    ]),
  });
  const ending = await soon(handle.result());
  return { ...difference, ...whatBecame(ending, difference) };
}

async function soon(result: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), strayWithinMs);
  });
  try {
    return await Promise.race([result.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}

function whatBecame(
  ending: unknown,
  { charge_id: chargeId, transaction_id: transactionId }: Difference,
): Pick<Difference, 'followed_by' | 'became'> {
  switch (ending) {
    case 'case_opened':
      return { followed_by: caseWorkflowId(transactionId), became: 'a case for a person' };
    case 'followed':
      return {
        followed_by: recoveryWorkflowId(chargeId),
        became: 'the charge is read again, and corrected if it told otherwise',
      };
    case 'agrees':
    case 'no_money':
      return { followed_by: strayWorkflowId(transactionId), became: 'read again it agrees' };
    default:
      return {
        followed_by: strayWorkflowId(transactionId),
        became: 'it is read until it is clear',
      };
  }
}
