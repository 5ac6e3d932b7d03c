/** What closed workflows cost Temporal, counted from their histories by Temporal Cloud's price list. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';

type Event = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];
type Payload = Parameters<typeof defaultPayloadConverter.fromPayload>[0];

/** A billable action, and what it is for. */
interface BilledAction {
  workflowId: string;
  action: string;
  what: string;
}

export interface Cost {
  events: number;
  actions: BilledAction[];
}

/**
 * Billable kinds of event (Temporal Cloud's "Actions"): a start and a child's start are one each, and the child's own
 * start is the second that a child costs; all local activities of one workflow task are one; a memo is not on the list.
 */
const billed: Record<string, string> = {
  workflowExecutionStartedEventAttributes: 'start',
  workflowExecutionUpdateAcceptedEventAttributes: 'update',
  workflowExecutionSignaledEventAttributes: 'signal',
  startChildWorkflowExecutionInitiatedEventAttributes: 'start a child',
  activityTaskScheduledEventAttributes: 'activity',
  markerRecordedEventAttributes: 'local activity',
  timerStartedEventAttributes: 'timer',
  upsertWorkflowSearchAttributesEventAttributes: 'search attributes',
};

/** Events and billable actions of all these workflows together. */
export async function costOf(client: Client, workflowIds: string[]): Promise<Cost> {
  const cost: Cost = { events: 0, actions: [] };
  for (const workflowId of workflowIds) {
    const { events = [] } = await client.workflow.getHandle(workflowId).fetchHistory();
    const tasksWithMarkers = new Set<string>();
    for (const event of events ?? []) {
      cost.events += 1;
      const kind = kindOf(event);
      const action = billed[kind];
      if (action === undefined) continue;
      if (action === 'local activity') {
        const task = String(event.markerRecordedEventAttributes?.workflowTaskCompletedEventId);
        if (tasksWithMarkers.has(task)) continue;
        tasksWithMarkers.add(task);
      }
      cost.actions.push({ workflowId, action, what: whatFor(event) });
      const retries = (event.activityTaskStartedEventAttributes?.attempt ?? 1) - 1;
      for (let retry = 0; retry < retries; retry += 1) {
        cost.actions.push({ workflowId, action: 'activity retry', what: '' });
      }
    }
  }
  return cost;
}

function kindOf(event: Event): string {
  const found = Object.entries(event).find(
    ([key, value]) => key.endsWith('EventAttributes') && value !== null && value !== undefined,
  );
  return found?.[0] ?? '';
}

/** The summary that the workflow gave it, or the name of what it is. */
function whatFor(event: Event): string {
  const summary = event.userMetadata?.summary;
  if (summary !== null && summary !== undefined) return String(decoded(summary));
  const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
  const named = [
    event.workflowExecutionStartedEventAttributes?.workflowType?.name,
    update?.input?.name,
    event.workflowExecutionSignaledEventAttributes?.signalName,
    event.markerRecordedEventAttributes === null ? null : 'the read after a callback',
    attributesIn(event),
  ];
  return named.find((name) => typeof name === 'string') ?? '';
}

function attributesIn(event: Event): string | null {
  const fields =
    event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields;
  if (fields === null || fields === undefined) return null;
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${JSON.stringify(decoded(value))}`)
    .join(', ');
}

function decoded(payload: Payload): unknown {
  return defaultPayloadConverter.fromPayload(payload);
}
