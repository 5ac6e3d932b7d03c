/** The worker: charges and their own calls on one task queue, polls on another that is rate-limited. */
import { fileURLToPath } from 'node:url';
import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import type { Activities } from '../activities/index.ts';
import { readsTaskQueue } from '../workflows/messages.ts';

export interface WorkerSetup {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  activities: Activities;
  /** Worker versioning: what a charge was started by goes on with it. Without it every worker takes every charge. */
  version?: { deploymentName: string; buildId: string };
  /** A bundle made by `npm run bundle`, or one in memory; without one the workflows are bundled now. */
  bundle?: { codePath: string } | { code: string };
}

const tuning = {
  // A drain lets every call that is on the wire come back: longer than the HTTP time-out (15 s) and a token's, shorter
  // than the 60 s that Compose grants. What waits for its window is given up at once, as unsent.
  shutdownGraceTime: '40 s',
  shutdownForceTime: '50 s',
  // When a worker dies, each of its charges waits this long for it before another worker takes over; the default is
  // 10 s. A worker that is merely busy for longer only makes a charge replay.
  stickyQueueScheduleToStartTimeout: '5 s',
  // A waiting charge is about 30 KB of heap; an evicted one only replays. 2,000 are 60 MB.
  maxCachedWorkflows: 2000,
  // Heartbeats every 3 s, or a worker that stalls for a moment after a slow call is taken for dead (10 s).
  maxHeartbeatThrottleInterval: '3 s',
  // 40 is Temporal's default; a local activity after a hint holds one for 2 s at most.
  maxConcurrentWorkflowTaskExecutions: 40,
  // Creates may wait out their window (30 s) when Dintero cannot be reached, and each call hangs 15 s when it hangs; at
  // ten charges a second they must not starve captures and voids. Waiting costs nothing but memory.
  maxConcurrentActivityTaskExecutions: 500,
  // One per charge whose callback just came; the rest wait a moment.
  maxConcurrentLocalActivityExecutions: 100,
} as const satisfies Partial<WorkerOptions>;

/**
 * Reads per second for the whole Dintero account, all workers together. Dintero publishes no limit (dossier 9, 16);
 * each poll is two requests, so this is 40 requests a second at most, and 40 terminals polled every 2 s.
 */
const pollsPerSecond = 20;

/** Creates both workers, not yet running. */
export async function createWorkers(
  setup: WorkerSetup,
): Promise<{ charges: Worker; polls: Worker }> {
  const { connection, namespace, taskQueue, activities, version } = setup;
  const line = {
    connection,
    namespace,
    ...(version === undefined ? {} : { workerDeploymentOptions: versioned(version) }),
  };
  const charges = await Worker.create({
    ...tuning,
    ...line,
    taskQueue,
    activities,
    ...(setup.bundle === undefined
      ? { workflowsPath: workflowsPath() }
      : { workflowBundle: setup.bundle }),
  });
  const polls = await Worker.create({
    shutdownGraceTime: tuning.shutdownGraceTime,
    shutdownForceTime: tuning.shutdownForceTime,
    ...line,
    taskQueue: readsTaskQueue(taskQueue),
    activities: {
      readCharge: activities.readCharge,
      readTransaction: activities.readTransaction,
      readRefund: activities.readRefund,
    },
    maxTaskQueueActivitiesPerSecond: pollsPerSecond,
    // A Dintero that hangs holds each poll for 17 s: these many slots keep the rest moving.
    maxConcurrentActivityTaskExecutions: 400,
  });
  return { charges, polls };
}

/**
 * A charge lives minutes, so it stays with the version that started it and new code never replays it. What lives longer
 * is handed over by command (README). A type's own behaviour cannot be set: without versioning the server refuses it.
 */
function versioned(
  version: NonNullable<WorkerSetup['version']>,
): NonNullable<WorkerOptions['workerDeploymentOptions']> {
  return { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' };
}

/** The entry of the workflow code, as source. */
function workflowsPath(): string {
  return fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
}

/** Runs both until one of them stops; then the other is stopped too. */
export async function runWorkers({
  charges,
  polls,
}: {
  charges: Worker;
  polls: Worker;
}): Promise<void> {
  const stopOther = (other: Worker) => (): void => {
    if (other.getState() === 'RUNNING') other.shutdown();
  };
  await Promise.all([
    charges.run().finally(stopOther(polls)),
    polls.run().finally(stopOther(charges)),
  ]);
}
