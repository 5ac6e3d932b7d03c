/** Which protection is switched off in this worker: the task queue carries the name. Known to the harness alone. */
import { workflowInfo } from '@temporalio/workflow';

export function isSabotaged(name: string): boolean {
  return workflowInfo().taskQueue.startsWith(`${name}-`);
}
