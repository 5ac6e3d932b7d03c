/** One charge of every `needs_attention`, and one case of every kind: how each comes about. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Attention, CaseKind } from '../../workflows/lists.ts';
import type { PlannedFault } from '../scenario.ts';
import {
  caseOf,
  startCharge,
  until,
  untilAsked,
  unwatched,
  type Stage,
  type Started,
} from './stage.ts';

export interface Story {
  word: Attention | CaseKind;
  /** Afterwards no worker works. */
  stopsWorkers?: true;
  /** In one sentence, for whoever plays it. */
  happens: string;
  /** Makes it, and returns when the api shows it. */
  make: (stage: Stage) => Promise<Started>;
}

const noCallbacks: PlannedFault = { endpoint: 'callback', do: 'drop', times: 0 };

function answers(
  endpoint: string,
  status: number,
  times: number,
  headers: Record<string, string> = {},
): PlannedFault {
  return { endpoint, do: { kind: 'status', status, headers }, times };
}

/** The customer pays, and Dintero does not capture by itself. */
const uncaptured = { auto_capture_delay_ms: 3_600_000 };

async function prompted(stage: Stage, asked: Parameters<typeof startCharge>[1]): Promise<Started> {
  const charge = await startCharge(stage, asked);
  await until(stage, charge, { state: 'waiting_for_card' });
  return charge;
}

async function tap(stage: Stage, { terminalId }: Started, card: object = {}): Promise<void> {
  await stage.simulator.press(terminalId, 'tap', card);
}

async function cancel(stage: Stage, { chargeId }: Started): Promise<void> {
  await stage.till.call('POST', `/charges/${chargeId}/cancel`, {}, { prefer: 'wait=0' });
}

/** Shown when it asks for this. */
async function asking(stage: Stage, charge: Started, word: Attention): Promise<Started> {
  await until(stage, charge, { needs_attention: word });
  return charge;
}

async function withCase(stage: Stage, charge: Started, kind: CaseKind): Promise<Started> {
  await until(stage, charge, { case_kind: kind, needs_attention: 'case_open' });
  return charge;
}

/** These need no dead worker. */
const attentionStories: Story[] = [
  {
    word: 'checking_too_long',
    happens: 'Dintero answered 503 at the deadline, and the next look is far away.',
    make: async (stage) => {
      const charge = await startCharge(stage, {
        settings: { deadlineSeconds: 8 },
        durations: unwatched,
        faults: [noCallbacks, answers('get_session', 503, 1)],
      });
      return await asking(stage, charge, 'checking_too_long');
    },
  },
  {
    word: 'approved_too_long',
    happens: 'The card was approved, and Dintero wants to be asked for the capture in an hour.',
    make: async (stage) => {
      const charge = await prompted(stage, {
        durations: { autoCaptureWait: 1_000 },
        behaviour: uncaptured,
        faults: [answers('capture', 429, 1, { 'retry-after': '3600' })],
      });
      await tap(stage, charge);
      await untilAsked(stage, charge, 'capture');
      return await asking(stage, charge, 'approved_too_long');
    },
  },
  {
    word: 'cancelling_too_long',
    happens: 'The cashier asked to stop, and Dintero’s answer to the cancel was lost.',
    make: async (stage) => {
      const charge = await prompted(stage, {
        // Whoever reads when he is asked finds the lost cancel off the wire.
        durations: { ...unwatched, httpTimeout: 500 },
        faults: [answers('cancel_session', 503, 1)],
      });
      await cancel(stage, charge);
      return await asking(stage, charge, 'cancelling_too_long');
    },
  },
  {
    word: 'session_lost',
    happens: 'The answer to the prompt was lost, and no device fact is configured.',
    make: async (stage) => {
      const charge = await startCharge(stage, {
        settings: { promptLifetimeSeconds: null, cancelEndsPrompt: false },
        faults: [{ endpoint: 'create_session', do: 'reset_before' }],
      });
      return await asking(stage, charge, 'session_lost');
    },
  },
  {
    word: 'prompt_may_live',
    happens: 'The cashier asked to stop, and no device fact is configured.',
    make: async (stage) => {
      const charge = await prompted(stage, {
        settings: { promptLifetimeSeconds: null, cancelEndsPrompt: false },
      });
      await cancel(stage, charge);
      return await asking(stage, charge, 'prompt_may_live');
    },
  },
  {
    word: 'capture_refused',
    happens: 'The card was approved, and Dintero refused to capture three times.',
    make: async (stage) => {
      const charge = await prompted(stage, {
        durations: { autoCaptureWait: 1 },
        behaviour: uncaptured,
        faults: [answers('capture', 422, 3)],
      });
      await tap(stage, charge);
      return await asking(stage, charge, 'capture_refused');
    },
  },
  {
    word: 'void_refused',
    happens:
      'The cashier asked to stop after the approval, and Dintero refused to release it three times.',
    make: async (stage) => {
      const charge = await prompted(stage, {
        behaviour: uncaptured,
        faults: [answers('void', 422, 3)],
      });
      await tap(stage, charge);
      await until(stage, charge, { state: 'approved' });
      await cancel(stage, charge);
      return await asking(stage, charge, 'void_refused');
    },
  },
  {
    word: 'dintero_refuses_us',
    happens: 'Dintero answered 401, also with a fresh token.',
    make: async (stage) => {
      const charge = await startCharge(stage, {
        settings: { deadlineSeconds: 8 },
        durations: unwatched,
        faults: [noCallbacks, answers('get_session', 401, 2)],
      });
      return await asking(stage, charge, 'dintero_refuses_us');
    },
  },
  {
    word: 'workflow_lost',
    happens: 'Somebody terminated the workflow while the terminal was asking.',
    make: async (stage) => {
      const charge = await prompted(stage, {});
      await stage.client.workflow.getHandle(`charge/${charge.chargeId}`).terminate('a drill');
      return await asking(stage, charge, 'workflow_lost');
    },
  },
];

const caseStories: Story[] = [
  {
    word: 'amount_differs',
    happens: 'The customer gave a tip on the terminal.',
    make: async (stage) => {
      const charge = await prompted(stage, {});
      await tap(stage, charge, { amount: 14_000 });
      return await withCase(stage, charge, 'amount_differs');
    },
  },
  {
    word: 'partly_captured',
    happens: 'Somebody captured a part in Dintero Backoffice.',
    make: async (stage) => {
      const charge = await prompted(stage, { behaviour: uncaptured });
      await tap(stage, charge);
      const { transaction_id } = await until(stage, charge, { state: 'approved' });
      await stage.simulator.backoffice(transaction_id ?? '', 'capture', 5_000);
      return await withCase(stage, charge, 'partly_captured');
    },
  },
  {
    word: 'captured_after_cancel',
    happens: 'The customer was faster than the cashier’s cancel.',
    make: async (stage) => {
      const charge = await prompted(stage, { durations: unwatched, faults: [noCallbacks] });
      await tap(stage, charge);
      await cancel(stage, charge);
      return await withCase(stage, charge, 'captured_after_cancel');
    },
  },
  {
    word: 'captured_unasked',
    happens: 'The terminal captured money that the till had asked to hold.',
    make: async (stage) => {
      const charge = await prompted(stage, {
        settings: { captureMode: 'manual' },
        behaviour: { capture_anyway: true },
        capture: 'on_request',
      });
      await tap(stage, charge);
      return await withCase(stage, charge, 'captured_unasked');
    },
  },
  {
    word: 'captured_after_not_charged',
    happens:
      'The device paid a session that was cancelled: a device fact of the configuration is wrong.',
    make: async (stage) => {
      const charge = await prompted(stage, {
        behaviour: { cancel_ends_prompt: false, paid_anyway: true },
      });
      await cancel(stage, charge);
      await until(stage, charge, { outcome: 'not_charged' });
      await tap(stage, charge);
      return await withCase(stage, charge, 'captured_after_not_charged');
    },
  },
  {
    word: 'refunded_outside',
    happens: 'Somebody refunded it in Dintero Backoffice.',
    make: async (stage) => {
      const charge = await prompted(stage, {});
      await tap(stage, charge);
      const { transaction_id } = await until(stage, charge, { outcome: 'captured' });
      await stage.simulator.backoffice(transaction_id ?? '', 'refund');
      return await withCase(stage, charge, 'refunded_outside');
    },
  },
];

/** Temporal forgets the charge, as a lost database would, while its terminal asks. */
const orphan: Story = {
  word: 'orphan',
  happens: 'Temporal lost the charge while the terminal was asking, and the customer paid.',
  make: async (stage) => {
    const charge = await prompted(stage, {});
    await stage.client.workflowService.deleteWorkflowExecution({
      namespace: stage.client.options.namespace,
      workflowExecution: { workflowId: `charge/${charge.chargeId}` },
    });
    await untilUnknown(stage, charge);
    await tap(stage, charge);
    await caseOf(stage, charge);
    return charge;
  },
};

async function untilUnknown({ till }: Stage, { chargeId }: Started): Promise<void> {
  const giveUpAt = Date.now() + 30_000;
  while ((await till.call('GET', `/charges/${chargeId}`)).status !== 404) {
    if (Date.now() > giveUpAt) throw new Error(`Temporal still knows ${chargeId}`);
    await pause(200);
  }
}

/** The first needs the worker to have prompted, so the workers stop after that, and the second finds them gone. */
const workerStories: Story[] = [
  {
    word: 'waiting_too_long',
    stopsWorkers: true,
    happens: 'The worker stopped working while the terminal was asking.',
    make: async (stage) => {
      const charge = await prompted(stage, { settings: { deadlineSeconds: 5 } });
      await stage.stopWorkers();
      return await asking(stage, charge, 'waiting_too_long');
    },
  },
  {
    word: 'starting_too_long',
    stopsWorkers: true,
    happens: 'A till charged while no worker was working.',
    make: async (stage) => await asking(stage, await startCharge(stage), 'starting_too_long'),
  },
];

/** In the order in which they are played: what stops the workers comes last. */
export const stories: readonly Story[] = [
  ...attentionStories,
  ...caseStories,
  orphan,
  ...workerStories,
];
