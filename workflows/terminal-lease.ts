/**
 * The terminal's lease: `terminal/<terminal_id>`, at most one running at a time, a child that ends with the charge that
 * holds it. The server alone frees it when the charge ends, in whatever way that happens (temporal-here 10).
 */
import { ActivityFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  defineSignal,
  ParentClosePolicy,
  proxyActivities,
  setHandler,
  sleep,
  startChild,
  WorkflowIdReusePolicy,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { Activities, TerminalHolder } from '../activities/index.ts';
import { terminalWorkflowId } from './messages.ts';
import { countLeaseRefusal } from './metrics.ts';
import type { Situation } from './next-step.ts';

/** The device is done: the next charge may have the terminal, though this one still waits for its capture. */
const terminalReleased = defineSignal('terminalReleased');

/** Does nothing but exist until it is released or its parent ends. */
export async function terminalLease(): Promise<void> {
  let isReleased = false;
  setHandler(terminalReleased, () => void (isReleased = true), {
    description:
      'Sent by the charge that holds this terminal. Never by a person: a prompt may live.',
  });
  await condition(() => isReleased);
}

export interface Lease {
  isHeld: boolean;
  /** The charge that holds it instead of us, if that could be read. */
  heldBy: string | null;
  /** Frees the terminal before the charge ends; harmless when repeated. */
  release: () => Promise<void>;
  /** Ends what would not end with us. */
  endAtClose: () => Promise<void>;
}

/** Nothing is held, and nothing is to be freed. */
export const noLease: Lease = {
  isHeld: false,
  heldBy: null,
  release: nothing,
  endAtClose: nothing,
};

// Short calls to Temporal itself.
const calls = {
  startToCloseTimeout: '5 s',
  retry: { maximumAttempts: 3, initialInterval: '100 ms' },
} satisfies ActivityOptions;

const { readTerminalHolder } = proxyActivities<Activities>({
  ...calls,
  summary: 'Who holds the terminal?',
});
const { endLease } = proxyActivities<Activities>({
  ...calls,
  summary: 'End the lease that a reset left behind',
});

/**
 * Takes the terminal or says who holds it; never takes it over. A lease frees some 40 ms after its holder ends, so a
 * busy terminal is looked at twice. The child starts outside of cancellation: cancelling the charge must not free a
 * terminal whose prompt lives.
 */
export async function takeTerminal({ record, situation }: LeaseHolder): Promise<Lease> {
  const { terminal_id: terminalId, charge_id: chargeId } = record;
  let heldBy: string | null = null;
  if (terminalId === null) return noLease; // cancelled before it started
  for (const isLastLook of [false, true]) {
    const lease = await startLease({ terminalId, chargeId });
    if (lease !== null) {
      situation.heldSince = Date.now();
      return lease;
    }
    const holder = await readHolder({ terminalId, chargeId });
    if (holder.isOurs) {
      // An earlier run of ours has held it all the time.
      situation.heldSince = 0;
      return adoptedLease(terminalId, holder.runId);
    }
    heldBy = holder.chargeId;
    if (!isLastLook) {
      const { leaseLook } = situation.policy.durations;
      await sleep(leaseLook, { summary: 'The terminal is busy: one more look' });
    }
  }
  countLeaseRefusal();
  return { ...noLease, heldBy };
}

/** A charge, or whatever else needs a terminal for itself: its id is what `terminal_busy` names. */
export interface LeaseHolder {
  record: { terminal_id: string | null; charge_id: string };
  situation: Pick<Situation, 'heldSince' | 'policy'>;
}

async function nothing(): Promise<void> {
  await Promise.resolve();
}

/** Not knowing who holds the terminal does not make it free. */
async function readHolder(ask: { terminalId: string; chargeId: string }): Promise<TerminalHolder> {
  try {
    return await readTerminalHolder(ask);
  } catch (error) {
    if (error instanceof ActivityFailure) return { chargeId: null, runId: null, isOurs: false };
    throw error;
  }
}

async function startLease({
  terminalId,
  chargeId,
}: {
  terminalId: string;
  chargeId: string;
}): Promise<Lease | null> {
  try {
    const child = await CancellationScope.nonCancellable(
      async () =>
        await startChild(terminalLease, {
          workflowId: terminalWorkflowId(terminalId),
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          parentClosePolicy: ParentClosePolicy.TERMINATE,
          staticSummary: `Holds ${terminalId} for ${chargeId}; ends with it, as TERMINATED`,
        }),
    );
    // Its end is not news: it is released, or it ends with us.
    child.result().catch(() => undefined);
    let isReleased = false;
    const release = async (): Promise<void> => {
      if (isReleased) return;
      isReleased = true;
      await child.signal(terminalReleased).catch(() => undefined);
    };
    return { isHeld: true, heldBy: null, release, endAtClose: nothing };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}

/** A run made by reset, or a recovery after one, finds the lease of the old run, which the server left behind: it is ended by its run id. */
function adoptedLease(terminalId: string, runId: string | null): Lease {
  let isEnded = runId === null;
  const end = async (): Promise<void> => {
    if (isEnded || runId === null) return;
    isEnded = true;
    try {
      await endLease({ terminalId, runId });
    } catch (error) {
      // Whoever finds the terminal busy next sees that its holder has closed, and ends it.
      if (!(error instanceof ActivityFailure)) throw error;
    }
  };
  return { isHeld: true, heldBy: null, release: end, endAtClose: end };
}
