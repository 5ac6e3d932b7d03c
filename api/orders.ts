/**
 * The till's later orders, cancel and keep: each one update to one workflow, safe to repeat, and answered with what was
 * read afterwards.
 */
import { randomUUID } from 'node:crypto';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/common';
import { keepableCases } from '../workflows/lists.ts';
import {
  cancel,
  caseWorkflowId,
  keep,
  recoveryOrderType,
  recoveryOrderWorkflowId,
  terminalChargeType,
  type CancelOrder,
  type RecoveryOrder,
} from '../workflows/messages.ts';
import { isFinal, type ReadCharge } from './cashier.ts';
import { Problem, temporalUnavailable } from './problems.ts';
import type { Reading } from './reading.ts';
import { cancelledRecord } from './record.ts';
import type { CancelRequest } from './schemas.ts';
import { assertPreviousClosed, startOptions, unanswered, type OrderDeps } from './start.ts';
import { isTemporalFailure } from './temporal.ts';

/** Asks to stop, and returns what is true right after the order was recorded; waiting is the caller's. */
export async function cancelCharge(
  deps: OrderDeps,
  { chargeId, request, by }: { chargeId: string; request: CancelRequest; by: string },
): Promise<ReadCharge> {
  const { temporal, reading, timings } = deps;
  const answerBy = Date.now() + timings.answer;
  const within = async <T>(ms: number, fn: () => Promise<T>): Promise<T> =>
    await temporal.connection.withDeadline(answerBy - ms, fn);
  const failed = unanswered(`Charge ${chargeId} could not be asked to stop.`);
  const order: CancelOrder = { by: request.by ?? by };
  if (request.terminal_seen_idle === true) order.terminal_seen_idle = true;
  return await within(timings.answerReserve, async () => {
    const known = await reading.find(chargeId);
    const read = known ?? (await cancelBeforeStart(deps, chargeId));
    if (read.isLost) throw await notFollowed(deps, read, order.by);
    if (isFinal(read)) return read;
    return await sendCancel(deps, read, order);
  })
    .catch(async (err: unknown) => {
      if (!isTemporalFailure(err)) throw err;
      // The order may have been recorded all the same. Only an ending, or a charge that was made already cancelled,
      // shows that it is not needed: `cancelling` also follows a mere deadline.
      const read = await within(0, () => reading.find(chargeId));
      const isEnded = read !== null && isFinal(read) && !read.isLost;
      if (read !== null && (isEnded || read.record.terminal_id === null)) return read;
      throw temporalUnavailable(`It is not known whether charge ${chargeId} was asked to stop.`, {
        cause: err,
        ...(read === null ? {} : { charge: await reading.show(read) }),
      });
    })
    .catch(failed);
}

async function sendCancel(
  deps: OrderDeps,
  { workflowId, record }: ReadCharge,
  order: CancelOrder,
): Promise<ReadCharge> {
  const { temporal, reading } = deps;
  const handle = temporal.client.workflow.getHandle(workflowId);
  // A double tap is one order; evidence is a new one each time, because it counts only where a person was asked.
  const updateId = order.terminal_seen_idle === true ? `seen-idle-${randomUUID()}` : 'cancel';
  try {
    await handle.executeUpdate(cancel, { updateId, args: [order] });
  } catch (err) {
    if (err instanceof WorkflowUpdateFailedError) {
      throw new Problem('not_possible_now', `The charge refused: ${refusalOf(err)}.`, {
        cause: err,
      });
    }
    if (!(err instanceof WorkflowNotFoundError)) throw err; // not found: it has ended meanwhile
  }
  const read = await reading.find(record.charge_id);
  if (read === null) throw new Error(`Charge ${record.charge_id} was there and is not any more`);
  if (read.isLost) throw await notFollowed(deps, read, order.by);
  return read;
}

/** As long as a recovery takes to begin, mostly. */
const recoverySeconds = '5';

/**
 * Its workflow was ended from outside, so an order would reach nobody: its recovery is started now, not at the next
 * sweep, and hears the order when it is sent again.
 */
export async function notFollowed(
  deps: OrderDeps,
  read: ReadCharge,
  by = 'the till',
): Promise<Problem> {
  const { temporal, taskQueue, reading } = deps;
  const { charge_id } = read.record;
  await temporal.client.workflow.start<(order: RecoveryOrder) => Promise<boolean>>(
    recoveryOrderType,
    {
      workflowId: recoveryOrderWorkflowId(charge_id),
      taskQueue,
      args: [{ charge_id, asked_by: by, only_if_lost: true }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `${charge_id}, whose order by ${by} found nobody`,
    },
  );
  return new Problem(
    'not_possible_now',
    `Nobody follows charge ${charge_id} just now, so the order was not taken: its recovery is being started. Send the order again.`,
    {
      charge: await reading.show(read),
      advice: 'wait',
      headers: { 'Retry-After': recoverySeconds },
    },
  );
}

export function refusalOf(err: WorkflowUpdateFailedError): string {
  return err.cause instanceof Error ? err.cause.message : err.message;
}

/** A cancel that overtakes its start: the charge is made already cancelled, and a late POST gets that. */
async function cancelBeforeStart(deps: OrderDeps, chargeId: string): Promise<ReadCharge> {
  const record = cancelledRecord(chargeId, deps.policy);
  await assertPreviousClosed(deps, { reference: record.reference, attempt: record.attempt });
  try {
    await deps.temporal.client.workflow.start(terminalChargeType, {
      ...startOptions(deps, { record, items: null }),
      workflowIdConflictPolicy: 'FAIL',
    });
  } catch (err) {
    if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err; // else: the POST was faster
  }
  const read = await deps.reading.find(chargeId);
  if (read === null) throw new Error(`Charge ${chargeId} was started and is not there`);
  return read;
}

/** The till keeps a payment that was captured after its cancel. */
export async function keepCharge(
  deps: OrderDeps,
  { chargeId, by }: { chargeId: string; by: string },
): Promise<ReadCharge> {
  const { temporal, reading, timings } = deps;
  return await temporal.connection
    .withDeadline(Date.now() + timings.answer, async () => {
      const read = await reading.find(chargeId);
      if (read === null) throw unknownCharge(chargeId);
      if (keepableCases.has(read.record.case_kind) && read.case === 'kept') return read;
      const transactionId = await assertKeepable(reading, read);
      const handle = temporal.client.workflow.getHandle(caseWorkflowId(transactionId));
      await handle
        .executeUpdate(keep, { updateId: 'keep', args: [{ by }] })
        .catch((err: unknown) => {
          if (err instanceof WorkflowUpdateFailedError) throw notKeepable(refusalOf(err));
          if (!(err instanceof WorkflowNotFoundError)) throw err; // settled by somebody else meanwhile
        });
      const kept = await reading.find(chargeId);
      if (kept?.case === 'kept') return kept;
      throw notKeepable('its case is not settled yet; send it again in a moment');
    })
    .catch(unanswered(`It is not known whether charge ${chargeId} was kept.`));
}

async function assertKeepable(reading: Reading, read: ReadCharge): Promise<string> {
  const { outcome, state, case_kind, transaction_id } = read.record;
  if (keepableCases.has(case_kind) && transaction_id !== null) return transaction_id;
  const why =
    outcome === 'captured'
      ? `it is captured ${case_kind === null ? 'without a case, so there is nothing to keep' : `with a case of kind ${case_kind}, which a person settles`}`
      : `it is ${state}; only a payment captured after its cancel can be kept`;
  throw notKeepable(why, { charge: await reading.show(read) });
}

function notKeepable(why: string, extras: ConstructorParameters<typeof Problem>[2] = {}): Problem {
  return new Problem('not_possible_now', `The charge cannot be kept: ${why}.`, extras);
}

export function unknownCharge(chargeId: string): Problem {
  return new Problem(
    'unknown_charge',
    `Charge ${chargeId} is not known. Send its POST /charges again to find out: it never charges twice.`,
  );
}
