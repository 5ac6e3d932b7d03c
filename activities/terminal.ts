/** Who holds a terminal, asked of Temporal itself. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { chargeWorkflowId, recoveryWorkflowId, terminalWorkflowId } from '../workflows/messages.ts';
import { readStanding } from './recovery.ts';
import { describe, isClosed } from './temporal.ts';

export interface TerminalHolder {
  /** The charge or refund that holds the terminal; null when nobody does (any more), or it cannot be told. */
  chargeId: string | null;
  runId: string | null;
  /** An earlier run of the asking charge holds it: a reset left it behind. */
  isOurs: boolean;
}

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
  // A charge holds it, or the recovery of one.
  const chargeId = holderId.slice(holderId.indexOf('/') + 1);
  if (chargeId === ask.chargeId) {
    return { chargeId, runId: lease.runId, isOurs: true };
  }
  if (await isLeftover(client, { holderId, chargeId })) {
    await endLease(client, { terminalId: ask.terminalId, runId: lease.runId });
  }
  return { chargeId, runId: lease.runId, isOurs: false };
}

/** A lost holder's prompt may live: its recovery takes the lease over. */
async function isLeftover(
  client: Client,
  { holderId, chargeId }: { holderId: string; chargeId: string },
): Promise<boolean> {
  if (holderId === chargeWorkflowId(chargeId) || holderId === recoveryWorkflowId(chargeId)) {
    const holder = await readStanding(client, chargeId);
    return holder.is === 'unknown' || (holder.is === 'closed' && !holder.isLost);
  }
  // A refund, or an operation of the terminal: only one that has come to its own end holds nothing any more.
  const holder = await describe(client, holderId);
  return holder === null || (isClosed(holder) && holder.status.name === 'COMPLETED');
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
