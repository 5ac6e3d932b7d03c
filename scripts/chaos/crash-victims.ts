/** Who is struck, and how it comes back: by the stack's own means. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Child } from '../processes.ts';
import type { Scene } from './crash-scene.ts';
import type { CrashStack } from './crash-stack.ts';

export const victims = [
  'worker',
  'worker drains',
  'api',
  'temporal',
  'dintero',
  'reset',
  'terminate',
  'cancel',
] as const;
export type Victim = (typeof victims)[number];

interface Strike {
  /** SIGKILL, a signal to drain, or an order to Temporal; what was on its wires is lost with it. */
  hit: (scene: Scene) => Promise<void>;
  /** Resolves when it works again. */
  back: (kvitt: CrashStack) => Promise<void>;
}

/** What the stack does by itself after a death; only after too many deaths in a minute it has to be told. */
export async function revive(child: Child): Promise<void> {
  try {
    await child.ready();
  } catch {
    await child.start();
  }
}

async function nothing(): Promise<void> {
  await Promise.resolve();
}

export function strikeOn(victim: Victim): Strike {
  switch (victim) {
    case 'worker':
      return {
        hit: async ({ kvitt: { worker, wires } }) => {
          await worker.kill('SIGKILL');
          wires.worker.cut();
        },
        back: async ({ worker }) => await revive(worker),
      };
    case 'worker drains':
      return drain();
    case 'api':
      return {
        hit: async ({ kvitt: { apis, wires } }) => {
          await Promise.all(apis.map(async (api) => await api.kill('SIGKILL')));
          wires.api.cut();
        },
        back: async ({ apis }) => void (await Promise.all(apis.map(revive))),
      };
    case 'temporal':
      return {
        hit: async ({ kvitt: { temporalServer, wires } }) => {
          await temporalServer.kill('SIGKILL');
          wires.worker.cut();
          wires.api.cut();
        },
        back: async ({ temporalServer }) => await revive(temporalServer),
      };
    case 'dintero':
      return {
        hit: async ({ kvitt }) => await kvitt.dinteroServer.kill('SIGKILL'),
        back: async ({ dinteroServer }) => await revive(dinteroServer),
      };
    case 'reset':
      return { hit: async (scene) => await ofEach(scene, reset), back: nothing };
    case 'terminate':
      return { hit: async (scene) => await ofEach(scene, terminate), back: nothing };
    case 'cancel':
      return { hit: async (scene) => await ofEach(scene, cancel), back: nothing };
  }
}

/** A drain ends by itself, when every call on the wire has come back. */
function drain(): Strike {
  let pid: number | undefined;
  return {
    hit: async ({ kvitt: { worker } }) => {
      ({ pid } = worker);
      await worker.kill('SIGTERM');
    },
    back: async ({ worker }) => {
      while (worker.pid === pid) await sleep(50);
      await revive(worker);
    },
  };
}

type Order = (kvitt: CrashStack, workflowId: string) => Promise<void>;

async function ofEach({ kvitt, charges }: Scene, order: Order): Promise<void> {
  await Promise.all(
    charges.map(async ({ asking }) => {
      try {
        await order(kvitt, asking.workflowId);
      } catch (err) {
        // What has closed can be neither terminated nor cancelled.
        if (!(err instanceof WorkflowNotFoundError)) throw err;
      }
    }),
  );
}

const terminate: Order = async ({ temporal }, workflowId) => {
  await temporal.workflow.getHandle(workflowId).terminate('an accident');
};

const cancel: Order = async ({ temporal }, workflowId) => {
  await temporal.workflow.getHandle(workflowId).cancel();
};

/** Forgets everything after the first workflow task. */
const reset: Order = async ({ temporal }, workflowId) => {
  const handle = temporal.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const first = events?.find(
    ({ workflowTaskCompletedEventAttributes: completed }) =>
      completed !== null && completed !== undefined,
  );
  if (first?.eventId === null || first?.eventId === undefined) {
    throw new Error(`${workflowId} cannot be reset: no workflow task has completed`);
  }
  await temporal.workflowService.resetWorkflowExecution({
    namespace: temporal.options.namespace,
    workflowExecution: { workflowId, runId },
    reason: 'an accident',
    workflowTaskFinishEventId: first.eventId,
    requestId: randomUUID(),
  });
};
