/** Who holds a terminal, asked of Temporal itself. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { chargeWorkflowId, terminalWorkflowId } from '../workflows/messages.ts';

export interface TerminalHolder {
  /** The charge that holds the terminal; null when nobody does (any more), or it cannot be told. */
  chargeId: string | null;
  runId: string | null;
  /** An earlier run of the asking charge holds it: a reset left it behind. */
  isOurs: boolean;
}

/** A paused holder, or one in a state that we do not know, still has its prompt. */
const closed = new Set([
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TERMINATED',
  'TIMED_OUT',
  'CONTINUED_AS_NEW',
]);

const free: TerminalHolder = { chargeId: null, runId: null, isOurs: false };

/**
 * Looks at `terminal/<id>`. A lease whose holder's latest run has closed is a leftover of a reset: it is ended here, so
 * that the asker's next look finds the terminal free.
 */
export async function readTerminalHolder(
  client: Client,
  ask: { terminalId: string; chargeId: string },
): Promise<TerminalHolder> {
  const lease = await describe(client, terminalWorkflowId(ask.terminalId));
  if (lease === null || lease.status.name !== 'RUNNING') return free;
  const holderId = lease.parentExecution?.workflowId ?? '';
  const chargeId = holderId.replace(/^charge\//, '');
  if (holderId === chargeWorkflowId(ask.chargeId)) {
    return { chargeId, runId: lease.runId, isOurs: true };
  }
  const holder = await describe(client, holderId);
  if (holder === null || closed.has(holder.status.name)) {
    await endLease(client, { terminalId: ask.terminalId, runId: lease.runId });
  }
  return { chargeId, runId: lease.runId, isOurs: false };
}

/** Ends one run of a lease. That it has ended already is what was wanted. */
export async function endLease(
  client: Client,
  { terminalId, runId }: { terminalId: string; runId: string },
): Promise<void> {
  try {
    const handle = client.workflow.getHandle(terminalWorkflowId(terminalId), runId);
    await handle.terminate('its charge has ended');
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

type Description = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>>;

async function describe(client: Client, workflowId: string): Promise<Description | null> {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
