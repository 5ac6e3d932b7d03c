/** What the activities ask of Temporal. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';

export type Description = Awaited<
  ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>
>;

/** null: Temporal knows no such workflow (any more). */
export async function describe(client: Client, workflowId: string): Promise<Description | null> {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** A paused workflow, or one in a state that we do not know, may still act. */
const closed = new Set([
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TERMINATED',
  'TIMED_OUT',
  'CONTINUED_AS_NEW',
]);

export function isClosed({ status }: Description): boolean {
  return closed.has(status.name);
}
