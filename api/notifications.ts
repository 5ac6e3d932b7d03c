/** What the retailer's system has not taken yet, and sending it again. */
import {
  arrayFromPayloads,
  defaultPayloadConverter,
  WorkflowNotFoundError,
} from '@temporalio/common';
import {
  WorkflowUpdateFailedError,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import * as z from 'zod';
import { eventTypes } from '../workflows/lists.ts';
import { notifyRetailerType, notifyWorkflowId } from '../workflows/messages.ts';
import {
  notifyStart,
  resend,
  somethingHappened,
  type NotifyInput,
  type NotifyMemo,
  type RetailerEvent,
  type Tell,
} from '../workflows/retailer-events.ts';
import { listPage, quote } from './list.ts';
import { Problem } from './problems.ts';
import type { Temporal } from './temporal.ts';

const event = { event_id: z.string(), type: z.enum(eventTypes), timestamp: z.string() };

/** What is told about one charge. */
export const notificationSchema = z
  .object({
    charge_id: z.string(),
    waiting: z.int().meta({ description: 'Events that the receiver has not taken yet' }),
    oldest: z.object(event).nullable().meta({ description: 'The one that is being sent' }),
    last_delivered: z.object({ ...event, delivered_at: z.string() }).nullable(),
    tries: z.int().meta({ description: 'How often the oldest was tried' }),
    last_failure: z.string().nullable(),
    next_try_at: z.string().nullable().meta({ description: 'null: it is being tried now' }),
  })
  .meta({ id: 'Notification' });
export type Notification = z.output<typeof notificationSchema>;

export const notificationListSchema = z
  .object({
    notifications: z.array(notificationSchema),
    next_cursor: z.string().nullable().meta({ description: 'null: this was the last page' }),
  })
  .meta({ id: 'NotificationList' });
export type NotificationList = z.output<typeof notificationListSchema>;

/** The charges of which something waits. Each is looked at: the list may lag. */
export async function listNotifications(
  temporal: Temporal,
  page: { limit: number; cursor?: string },
): Promise<NotificationList> {
  const query = `WorkflowType = '${notifyRetailerType}' AND ExecutionStatus = 'Running'`;
  const { workflows, next_cursor } = await listPage(temporal, { query, ...page });
  const found = await Promise.all(
    workflows.map(async ({ workflowId }) => await describe(temporal, workflowId)),
  );
  const waiting = found.filter((one) => one?.status.name === 'RUNNING');
  return { notifications: waiting.flatMap((one) => viewOf(one) ?? []), next_cursor };
}

/**
 * Sends again: one event by its id, or at once what waits. When nothing waits, everything that Temporal still knows to
 * have been told of the charge is told again, in order, under its old ids.
 */
export async function resendNotifications(
  temporal: Temporal,
  { chargeId, eventId }: { chargeId: string; eventId?: string },
): Promise<Notification> {
  const workflowId = notifyWorkflowId(chargeId);
  if (!(await orderResend(temporal, workflowId, eventId))) {
    const told = await toldOf(temporal, workflowId);
    const again = told.filter(({ event: { id } }) => eventId === undefined || id === eventId);
    if (again.length === 0) {
      throw new Problem(
        'not_found',
        `No such event of charge ${chargeId} is known. What is true now says GET /charges/${chargeId}.`,
      );
    }
    for (const one of again) {
      await temporal.client.workflow.signalWithStart(
        notifyRetailerType,
        notifyStart({ chargeId, ...one }),
      );
    }
  }
  const found = viewOf(await describe(temporal, workflowId));
  if (found === null) throw new Error('Could not read the notifications: there is no memo');
  return found;
}

/** False: nobody runs who knows of that event. */
async function orderResend(
  temporal: Temporal,
  workflowId: string,
  eventId: string | undefined,
): Promise<boolean> {
  try {
    await temporal.client.workflow
      .getHandle(workflowId)
      .executeUpdate(resend, { args: [eventId === undefined ? {} : { event_id: eventId }] });
    return true;
  } catch (err) {
    // An earlier run may have told it.
    if (err instanceof WorkflowNotFoundError || err instanceof WorkflowUpdateFailedError) {
      return false;
    }
    throw err;
  }
}

type Told = Pick<Tell, 'event' | 'retries' | 'taskQueue'>;

/** From the histories that Temporal retains, in the order of the runs; an event that was told twice is there once. */
async function toldOf({ client }: Temporal, workflowId: string): Promise<Told[]> {
  const runs: { runId: string; startTime: Date }[] = [];
  const query = `WorkflowId = ${quote(workflowId)} AND WorkflowType = '${notifyRetailerType}'`;
  for await (const run of client.workflow.list({ query })) runs.push(run);
  const told = new Map<string, Told>();
  for (const { runId } of runs.toSorted((a, b) => Number(a.startTime) - Number(b.startTime))) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const one of toldIn(history)) told.set(one.event.id, one);
  }
  return [...told.values()];
}

function toldIn({ events }: Awaited<ReturnType<WorkflowHandle['fetchHistory']>>): Told[] {
  const started = events?.[0]?.workflowExecutionStartedEventAttributes;
  const [input] = arrayFromPayloads(defaultPayloadConverter, started?.input?.payloads);
  const { retries } = input as NotifyInput;
  const taskQueue = started?.taskQueue?.name ?? '';
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signaled }) => {
    if (signaled?.signalName !== somethingHappened.name) return [];
    const [event] = arrayFromPayloads(defaultPayloadConverter, signaled.input?.payloads);
    return [{ event: event as RetailerEvent, retries, taskQueue }];
  });
}

async function describe(
  { client }: Temporal,
  workflowId: string,
): Promise<WorkflowExecutionDescription | null> {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return null;
    throw err;
  }
}

/** null: it cannot be read, which must not hide the others. */
function viewOf(found: WorkflowExecutionDescription | null): Notification | null {
  const { notification } = (found?.memo ?? {}) as Partial<NotifyMemo>;
  if (found === null || notification === undefined) return null;
  // It ends when everything is delivered, and its memo is not written again for that.
  const isDone = found.status.name === 'COMPLETED';
  return {
    ...notification,
    ...(isDone ? { waiting: 0, oldest: null } : {}),
    ...triesIn(found),
  };
}

/** Temporal itself retries the delivery, so it is Temporal that knows how it goes. */
function triesIn({
  raw,
}: WorkflowExecutionDescription): Pick<Notification, 'tries' | 'last_failure' | 'next_try_at'> {
  const delivery = raw.pendingActivities?.[0];
  if (delivery === undefined) return { tries: 0, last_failure: null, next_try_at: null };
  const { attempt, lastFailure, nextAttemptScheduleTime: next } = delivery;
  return {
    tries: attempt ?? 0,
    last_failure: lastFailure?.message ?? null,
    next_try_at: next ? new Date(Number(next.seconds) * 1000).toISOString() : null,
  };
}
