/** Commands to a terminal: one workflow each, named by its key, so that sending it again is the same one. */
import { createHash, randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import {
  TypedSearchAttributes,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/common';
import { searchAttributes } from '../workflows/messages.ts';
import {
  isEnded,
  operationIn,
  operationWorkflowId,
  terminalOperationType,
  type OperationInput,
  type OperationRecord,
} from '../workflows/terminal-operations.ts';
import type { Operation, OperationRequest } from './account-schemas.ts';
import { listPage, quote } from './list.ts';
import { Problem } from './problems.ts';
import { isClosed } from './reading.ts';
import { unanswered, type OrderDeps } from './start.ts';
import { isTemporalFailure } from './temporal.ts';

type Deps = Pick<OrderDeps, 'temporal' | 'taskQueue' | 'timings' | 'policy'>;

interface Named {
  terminalId: string;
  operationId: string;
}

/** Starts it, or finds the one of the same key, and waits a moment for its end. */
export async function orderOperation(
  deps: Deps,
  order: { terminalId: string; request: OperationRequest; by: string; waitMs: number },
): Promise<Operation> {
  const { temporal, timings } = deps;
  const { terminalId, request, by, waitMs } = order;
  const operationId = `${request.operation}-${request.key ?? randomUUID()}`;
  const named = { terminalId, operationId };
  const failed = unanswered(`It is not known whether ${operationId} was started.`);
  await temporal.connection
    .withDeadline(Date.now() + timings.answer, async () => {
      await start(deps, { ...named, operation: request.operation, by });
    })
    .catch(failed);
  await untilEnded(deps, named, waitMs);
  return await findOperation(deps, named);
}

async function start(
  { temporal, taskQueue, policy }: Deps,
  of: Named & { operation: OperationRecord['operation']; by: string },
): Promise<void> {
  const at = new Date().toISOString();
  const record: OperationRecord = {
    version: 1,
    operation_id: of.operationId,
    terminal_id: of.terminalId,
    operation: of.operation,
    state: 'starting',
    text: 'The terminal is being taken.',
    totals: null,
    held_by: null,
    dintero_id: null,
    ordered_by: of.by,
    created_at: at,
    updated_at: at,
  };
  const input: OperationInput = { record, key: keyOf(of), policy };
  try {
    await temporal.client.workflow.start(terminalOperationType, {
      workflowId: operationWorkflowId(of),
      taskQueue,
      args: [input],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      memo: { operation: record },
      typedSearchAttributes: new TypedSearchAttributes([
        { key: searchAttributes.terminalId, value: of.terminalId },
      ]),
      staticSummary: `${of.operation} | ${of.terminalId} | ordered by ${of.by}`,
    });
  } catch (err) {
    // It has ended already: that is what is answered.
    if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
  }
}

/** Dintero's key must name this terminal's operation alone, whatever else somebody has used theirs for. */
function keyOf({ terminalId, operationId }: Named): string {
  const hex = createHash('sha256').update(`${terminalId}/${operationId}`).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`];
  return [...parts, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}

async function untilEnded({ temporal }: Deps, named: Named, ms: number): Promise<void> {
  const { connection, client } = temporal.waiting;
  try {
    await connection.withDeadline(Date.now() + ms, async () => {
      await client.workflow.getHandle(operationWorkflowId(named)).result();
    });
  } catch (err) {
    if (!isTemporalFailure(err) && !(err instanceof WorkflowFailedError)) throw err;
  }
}

/** From the memo, which needs no worker. */
export async function findOperation(
  { temporal, timings }: Deps,
  { terminalId, operationId }: Named,
): Promise<Operation> {
  const handle = temporal.client.workflow.getHandle(
    operationWorkflowId({ terminalId, operationId }),
  );
  try {
    const found = await temporal.connection.withDeadline(
      Date.now() + timings.read,
      async () => await handle.describe(),
    );
    const shown = shownOf(found.memo, isClosed(found.status.code));
    if (shown !== null) return shown;
  } catch (err) {
    if (!(err instanceof WorkflowNotFoundError)) throw err;
  }
  throw new Problem('not_found', `Terminal ${terminalId} has no operation ${operationId}.`);
}

export async function listOperations(
  { temporal }: Deps,
  { terminalId, ...page }: { terminalId: string; limit: number; cursor?: string },
): Promise<{ operations: Operation[]; next_cursor: string | null }> {
  const query = `WorkflowType = ${quote(terminalOperationType)} AND ${searchAttributes.terminalId.name} = ${quote(terminalId)}`;
  const { workflows, next_cursor } = await listPage(temporal, { query, ...page });
  const operations = workflows.flatMap(({ memo, status }) => {
    const shown = shownOf(memo, isClosed(status));
    return shown === null ? [] : [shown];
  });
  return { operations, next_cursor };
}

function shownOf(memo: Record<string, unknown> | undefined, isOver: boolean): Operation | null {
  const record = operationIn(memo);
  if (record === null) return null;
  const { version: _version, ...shown } = record;
  if (!isOver || isEnded(record)) return shown;
  const text = 'Its workflow was ended from outside: Dintero may have carried it out.';
  return { ...shown, state: 'unclear', text };
}
