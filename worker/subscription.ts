/** The worker sees to it that somebody keeps Dintero's webhook subscription. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import {
  keeperPace,
  keepSubscriptionType,
  subscriptionWorkflowId,
  type KeeperPace,
} from '../workflows/subscription.ts';

/** A keeper's run lasts a day, and somebody may end it by hand: the next one begins this much later at most. */
const intervalMs = 60_000;

/** Starts the keeper unless it runs. Every worker does; doing it twice is harmless. */
export async function startKeeper(
  temporal: Client,
  { taskQueue, pace = keeperPace }: { taskQueue: string; pace?: KeeperPace },
): Promise<void> {
  await temporal.workflow.start(keepSubscriptionType, {
    workflowId: subscriptionWorkflowId(taskQueue),
    taskQueue,
    args: [pace],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: "Keeps Dintero's webhook subscription",
    staticDetails: 'Whether it is there stands under *Current details*.',
  });
}

/** Until the signal aborts. Whatever goes wrong is logged, and tried again. */
export async function keepKeeper(
  signal: AbortSignal,
  { temporal, taskQueue, log }: { temporal: Client; taskQueue: string; log: Logger },
): Promise<void> {
  while (!signal.aborted) {
    try {
      await startKeeper(temporal, { taskQueue });
    } catch (err) {
      log.warn({ err }, 'could not start the keeper of the webhook subscription');
    }
    await pause(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}
