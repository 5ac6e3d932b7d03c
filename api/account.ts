/** Stores and terminals through Temporal: the api itself never speaks to Dintero. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { StoreFacts, TerminalFacts } from '../activities/dintero/account-facts.ts';
import {
  accountOrderType,
  accountOrderWorkflowId,
  accountReadingType,
  accountReadingWorkflowId,
  subjectOf,
  type AccountAnswer,
  type AccountOrder,
  type AccountOrderInput,
  type AccountOrderResult,
  type AccountQuestion,
  type AccountReadingInput,
} from '../workflows/account-orders.ts';
import type { AccountOrdered, Store, Terminal } from './account-schemas.ts';
import { Problem } from './problems.ts';
import { unanswered, type OrderDeps } from './start.ts';

type Deps = Pick<OrderDeps, 'temporal' | 'taskQueue' | 'timings' | 'policy'>;

/** What Dintero shows now; equal questions at the same time share one reading. */
export async function askAccount(
  { temporal, taskQueue, timings }: Deps,
  question: AccountQuestion,
): Promise<{ terminals: Terminal[]; stores: Store[] }> {
  const read = temporal.connection.withDeadline(
    Date.now() + timings.answer,
    async () =>
      await temporal.client.workflow.execute<
        (input: AccountReadingInput) => Promise<AccountAnswer>
      >(accountReadingType, {
        workflowId: accountReadingWorkflowId(question, taskQueue),
        taskQueue,
        args: [{ question }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `Somebody asks for the ${question.read}`,
      }),
  );
  const answer = await read.catch(unanswered(`Nobody has read the ${question.read} in time.`));
  if ('failed' in answer) throw new Problem('dintero_unavailable', `${answer.failed}.`);
  return { terminals: answer.terminals.map(terminalOf), stores: answer.stores.map(storeOf) };
}

/** Orders it, or joins the same order that is being worked on; what Dintero refuses is a problem. */
export async function orderAccount(
  deps: Deps,
  { order, by }: { order: AccountOrder; by: string },
): Promise<AccountOrdered> {
  const { temporal, timings } = deps;
  const subject = subjectOf(order);
  const { outcome, text, terminal, store } = await temporal.connection
    .withDeadline(Date.now() + timings.answer, async () => await obeyed(deps, { order, by }))
    .catch(unanswered(`It is not known whether the order about ${subject} was obeyed.`));
  if (outcome === 'refused') throw new Problem('not_possible_now', `Refused: ${text}`);
  return {
    outcome,
    text,
    terminal: terminal === null ? null : terminalOf(terminal),
    store: store === null ? null : storeOf(store),
  };
}

async function obeyed(
  { temporal, taskQueue, policy }: Deps,
  { order, by }: { order: AccountOrder; by: string },
): Promise<AccountOrderResult> {
  const { workflow } = temporal.client;
  const workflowId = accountOrderWorkflowId(order, taskQueue);
  const input: AccountOrderInput = { order, ordered_by: by, policy };
  try {
    return await workflow.execute<(input: AccountOrderInput) => Promise<AccountOrderResult>>(
      accountOrderType,
      {
        workflowId,
        taskQueue,
        args: [input],
        workflowIdConflictPolicy: 'FAIL',
        memo: { order },
        staticSummary: `${order.do} of ${subjectOf(order)}, ordered by ${by}`,
      },
    );
  } catch (err) {
    if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
  }
  const running = workflow.getHandle<() => Promise<AccountOrderResult>>(workflowId);
  const { memo } = await running.describe();
  if (JSON.stringify(memo?.['order']) !== JSON.stringify(order)) {
    const text = `another ${order.do} of ${subjectOf(order)} is being worked on: order it when that has ended`;
    throw new Problem('not_possible_now', `Refused: ${text}.`, { headers: { 'Retry-After': '5' } });
  }
  return await running.result();
}

function terminalOf(facts: TerminalFacts): Terminal {
  return {
    terminal_id: facts.terminalId,
    store_id: facts.storeId,
    payout_destination_id: facts.payoutDestinationId,
    status: facts.status,
    status_reason: facts.statusReason,
    model: facts.model,
    serial_number: facts.serialNumber,
  };
}

function storeOf(facts: StoreFacts): Store {
  return {
    store_id: facts.storeId,
    name: facts.name,
    payout_destination_id: facts.payoutDestinationId,
    status: facts.status,
  };
}
