/** What a person must decide: cases, listed as charges are, and one of them as it is now. */
import { WorkflowNotFoundError } from '@temporalio/common';
import { caseWorkflowId, moneyCaseType, type CaseRecord } from '../workflows/messages.ts';
import type { Case, CaseList } from './answers.ts';
import { aboutThis } from './explain.ts';
import { filterParts, listPage, when } from './list.ts';
import { Problem } from './problems.ts';
import type { CaseListQuery } from './schemas.ts';
import { executionStatus, isClosed } from './reading.ts';
import type { Temporal } from './temporal.ts';
import { caseActions } from './words.ts';

export async function listCases(temporal: Temporal, asked: CaseListQuery): Promise<CaseList> {
  const { limit, cursor, kind, state } = asked;
  const { workflows, next_cursor } = await listPage(temporal, {
    query: caseQuery(asked),
    limit,
    ...(cursor === undefined ? {} : { cursor }),
  });
  const found = await Promise.all(
    workflows.map(async ({ workflowId, status, memo }) => {
      // One that was ended from outside may have been opened again, and settled, since.
      const isOver = status === executionStatus.completed || !isClosed(status);
      return viewOfCase(isOver ? memo : await latestMemo(temporal, workflowId));
    }),
  );
  const distinct = new Map(
    found.flatMap((one) => (one === null ? [] : [[one.transaction_id, one]])),
  );
  const cases = [...distinct.values()];
  return {
    cases: cases.filter(
      (one) =>
        (kind === undefined || one.kind === kind) && (state === 'all' || one.state === state),
    ),
    next_cursor,
  };
}

async function latestMemo(
  { client }: Temporal,
  workflowId: string,
): Promise<Record<string, unknown> | undefined> {
  return (await client.workflow.getHandle(workflowId).describe()).memo;
}

/** A case that somebody terminated was settled by nobody: it stays open. */
const statusParts: Record<CaseListQuery['state'], string[]> = {
  open: [`ExecutionStatus != 'Completed'`],
  settled: [`ExecutionStatus = 'Completed'`],
  all: [],
};

function caseQuery(asked: CaseListQuery): string {
  return [
    `WorkflowType = '${moneyCaseType}'`,
    ...statusParts[asked.state],
    ...filterParts(asked),
    ...when(asked.opened_after, (at) => `StartTime >= ${at}`),
    ...when(asked.opened_before, (at) => `StartTime <= ${at}`),
  ].join(' AND ');
}

export async function findCase(temporal: Temporal, transactionId: string): Promise<Case> {
  const handle = temporal.client.workflow.getHandle(caseWorkflowId(transactionId));
  try {
    const found = viewOfCase((await handle.describe()).memo);
    if (found === null) throw new Error('Could not read the case: its memo has no record');
    return found;
  } catch (err) {
    if (!(err instanceof WorkflowNotFoundError)) throw err;
    throw new Problem('not_found', `No case about transaction ${transactionId} is known.`, {
      cause: err,
    });
  }
}

/** null: it cannot be read, which must not hide the other cases. */
function viewOfCase(memo: Record<string, unknown> | undefined): Case | null {
  const record = memo?.['case'] as CaseRecord | undefined;
  if (record?.version !== 1) return null;
  const {
    version: _version,
    settled_captured_amount: _captured,
    refunded_outside_amount: _outside,
    ...shown
  } = record;
  const state = record.settled_at === null ? 'open' : 'settled';
  // Cases of the first release lack these.
  const { settled_why = null, refund_event = null, refunded_amount = null } = record;
  const { charge_id, transaction_id } = record;
  const settlement = { settled_why, refund_event, refunded_amount };
  return {
    ...shown,
    ...settlement,
    state,
    options: null,
    what_to_do:
      state === 'open' ? aboutThis(caseActions[record.kind], { charge_id, transaction_id }) : null,
  };
}
