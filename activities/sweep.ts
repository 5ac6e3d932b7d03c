/** Finds the charges whose workflow ended without an outcome, and has them recovered. */
import type { Client } from '@temporalio/client';
import { recoverChargeType, terminalChargeType } from '../workflows/messages.ts';
import { readStanding, startRecovery } from './recovery.ts';

/**
 * The sweep: every charge that ended without an outcome (terminated, failed) is recovered. Repeating it is harmless;
 * a charge that was recovered costs two looks. Returns how many were lost, and what stood in the way of the others: one
 * that cannot be recovered must not keep the rest from it.
 */
export async function sweepLostCharges(
  client: Client,
  taskQueue: string,
): Promise<{ lost: number; failures: { chargeId: string; error: unknown }[] }> {
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType IN ('${terminalChargeType}', '${recoverChargeType}') AND ExecutionStatus IN ('Terminated', 'Failed', 'Canceled', 'TimedOut')`;
  const chargeIds = new Set<string>();
  for await (const { workflowId } of client.workflow.list({ query })) {
    chargeIds.add(workflowId.slice(workflowId.indexOf('/') + 1));
  }
  let lost = 0;
  const failures: { chargeId: string; error: unknown }[] = [];
  for (const chargeId of chargeIds) {
    try {
      const standing = await readStanding(client, chargeId);
      if (standing.is !== 'closed' || !standing.isLost) continue;
      await startRecovery(client, { chargeId, because: 'workflow_lost', sessionId: null });
      lost += 1;
    } catch (error) {
      failures.push({ chargeId, error });
    }
  }
  return { lost, failures };
}
