/** What a closed workflow cost Temporal: its history, counted. */
import { readFile } from 'node:fs/promises';
import type { Client } from '@temporalio/client';

/** Billable actions by Temporal Cloud's price list; `upsertMemo` is not on it. */
const actionsOf: Record<string, number> = {
  workflowExecutionStartedEventAttributes: 1,
  workflowExecutionUpdateAcceptedEventAttributes: 1,
  workflowExecutionSignaledEventAttributes: 1,
  // The child's own start is the second.
  startChildWorkflowExecutionInitiatedEventAttributes: 1,
  activityTaskScheduledEventAttributes: 1,
  // All local activities of one workflow task are one.
  markerRecordedEventAttributes: 1,
  timerStartedEventAttributes: 1,
  upsertWorkflowSearchAttributesEventAttributes: 1,
};

/** Events and billable actions of all these workflows together, as a phrase. */
export async function costOf(client: Client, workflowIds: string[]): Promise<string> {
  let events = 0;
  let actions = 0;
  for (const workflowId of workflowIds) {
    const history = await client.workflow.getHandle(workflowId).fetchHistory();
    for (const event of history.events ?? []) {
      events += 1;
      const kind = Object.entries(event).find(
        ([key, value]) => key.endsWith('EventAttributes') && value !== null && value !== undefined,
      );
      actions += actionsOf[kind?.[0] ?? ''] ?? 0;
    }
  }
  return `${events} history events, ${actions} billable actions`;
}

/** CPU time of a process so far, in ms; 0 where /proc does not tell. */
export async function cpuOf(pid: number): Promise<number> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // utime and stime, in ticks of 10 ms.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}
