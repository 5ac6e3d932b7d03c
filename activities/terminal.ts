/** Who holds a terminal, asked of Temporal itself. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { terminalWorkflowId } from '../workflows/messages.ts';
import { readStanding } from './recovery.ts';
import { describe } from './temporal.ts';

export interface TerminalHolder {
  /** The charge that holds the terminal; null when nobody does (any more), or it cannot be told. */
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
  const holder = await readStanding(client, chargeId);
  // A lost charge's prompt may live: its recovery takes the lease over.
  if (holder.is === 'unknown' || (holder.is === 'closed' && !holder.isLost)) {
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
