/** The points at which a charge is struck, and how each is reached for certain: held by a brake, not hit by luck. */
import type { Hold } from './crash-brake.ts';
import {
  all,
  customersTapAtOnce,
  everyWorkflow,
  hold,
  orderAll,
  startTills,
  tap,
  until,
  type Scene,
} from './crash-scene.ts';

export interface Point {
  name: string;
  /** Whether the call that prompts is what is struck: then mode `pay` is struck at both of its calls. */
  isOfPrompting: boolean;
  /** The till has cancelled: tapped money is to be voided. */
  isCancelled?: true;
  /** Dintero has the refund, and its cardholder approves it, whoever is dead then: the money must go back. */
  isGivenBack?: true;
  /** Approved money waits for the till's word; only where captures are ours. */
  isHeld?: true;
  reach: (scene: Scene) => Promise<void>;
  /** What customers do while the victim is dead. */
  meanwhile?: (scene: Scene) => Promise<void>;
}

const listOfSale = /^GET \S*\/transactions\?\S*merchant_reference_2=/;
const create = /^POST \S*\/sessions-profile/;
const pay = /^POST \S*\/sessions\/[^/]+\/pay/;
export const read = /^GET \S*\/(sessions|transactions)\/[^/]+$/;
const voiding = /^POST \S*\/transactions\/[^/]+\/void/;
export const callback = /^\S+ \S*\/webhooks\/dintero\//;

export const points: readonly Point[] = [
  {
    name: 'before the call',
    isOfPrompting: false,
    reach: async (scene) => {
      const { dintero } = scene.kvitt;
      const sale = hold(scene, { brake: dintero, at: 'request', call: listOfSale });
      await begin(scene);
      await until('the sale is being read', () => all(scene, [sale.held]));
    },
  },
  {
    name: 'after it left',
    isOfPrompting: true,
    reach: async (scene) => {
      await beginHeld(scene, 'request');
    },
  },
  {
    name: 'Dintero committed',
    isOfPrompting: true,
    reach: async (scene) => {
      await beginHeld(scene, 'answer');
    },
  },
  {
    name: 'answer read',
    isOfPrompting: true,
    reach: async (scene) => {
      await readUnrecorded(scene, await beginHeld(scene, 'answer'));
    },
  },
  {
    name: 'answer recorded',
    isOfPrompting: true,
    reach: async (scene) => {
      const holds = await beginHeld(scene, 'answer');
      // Temporal stores the answer; what is to be done next does not reach the worker.
      scene.kvitt.wires.worker.hold('from_temporal');
      for (const { release } of holds) release();
      await until('the answer is in the history', async () => await isRecorded(scene));
    },
  },
  {
    name: 'waiting for the card',
    isOfPrompting: false,
    reach: async (scene) => {
      await beginWaiting(scene);
      await until('the till was answered', () =>
        scene.charges.every(({ seen }) => seen?.state === 'waiting_for_card'),
      );
    },
    meanwhile: tap,
  },
  {
    name: 'callback received',
    isOfPrompting: false,
    reach: async (scene) => {
      const { front, wires } = scene.kvitt;
      await beginWaiting(scene);
      wires.api.hold('to_temporal');
      const callbacks = hold(scene, { brake: front, at: 'answer', call: callback });
      const before = wires.api.heldBytes();
      await tap(scene);
      const bytes = scene.charges.length * bytesOfMessage;
      await until(
        'the callbacks wait to be stored',
        () => all(scene, [callbacks.arrived]) && wires.api.heldBytes() >= before + bytes,
      );
    },
  },
  {
    name: 'callback stored',
    isOfPrompting: false,
    reach: async (scene) => {
      await beginWaiting(scene);
      const callbacks = hold(scene, { brake: scene.kvitt.front, at: 'answer', call: callback });
      await tap(scene);
      await until('the callbacks are stored', () => all(scene, [callbacks.held]));
    },
  },
  {
    name: 'verify sent',
    isOfPrompting: false,
    reach: async (scene) => {
      await beginWaiting(scene);
      const reads = hold(scene, { brake: scene.kvitt.dintero, at: 'request', call: read });
      await tap(scene);
      await until('Dintero is being read', () => all(scene, [reads.held]));
    },
  },
  {
    name: 'void sent',
    isOfPrompting: false,
    isCancelled: true,
    reach: async (scene) => {
      await beginVoid(scene, 'request');
    },
  },
  {
    name: 'void done',
    isOfPrompting: false,
    isCancelled: true,
    reach: async (scene) => {
      await readUnrecorded(scene, [await beginVoid(scene, 'answer')]);
    },
  },
  {
    name: 'closed, unanswered',
    isOfPrompting: false,
    reach: async (scene) => {
      await beginWaiting(scene, 'wait=60');
      scene.kvitt.wires.api.hold('from_temporal');
      await tap(scene);
      await until(
        'the charge has closed',
        async () => await everyWorkflow(scene, ({ status }) => status === 'COMPLETED'),
      );
    },
  },
];

/** The least that a completed activity, or a signal, says to Temporal: ids and a token. */
const bytesOfMessage = 150;

async function begin(scene: Scene): Promise<void> {
  await customersTapAtOnce(scene);
  startTills(scene);
}

export async function beginWaiting(scene: Scene, prefer?: string): Promise<void> {
  startTills(scene, prefer);
  await until(
    'the terminal asks for the card',
    async () => await everyWorkflow(scene, ({ state }) => state === 'waiting_for_card'),
  );
}

/** Every charge is held at the call that its lane names. */
async function beginHeld(scene: Scene, at: 'request' | 'answer'): Promise<Hold[]> {
  const brake = scene.kvitt.dintero;
  const of = (asks: string) => scene.charges.filter(({ lane }) => lane.asks === asks);
  const holds = [
    hold(scene, { brake, at, call: create, of: of('create') }),
    hold(scene, { brake, at, call: pay, of: of('pay') }),
  ];
  await begin(scene);
  await until('the call is held', () =>
    all(
      scene,
      holds.map(({ held }) => held),
    ),
  );
  return holds;
}

/** The worker gets its answers, and what it then says does not reach Temporal. */
export async function readUnrecorded(scene: Scene, holds: Hold[]): Promise<void> {
  const wire = scene.kvitt.wires.worker;
  wire.hold('to_temporal');
  for (const { release } of holds) release();
  const answered = holds.map((one) => one.answered);
  const bytes = scene.charges.length * bytesOfMessage;
  await until(
    'the worker has read the answers',
    () => all(scene, answered) && wire.heldBytes() >= bytes,
  );
}

async function isRecorded({ kvitt, charges }: Scene): Promise<boolean> {
  const recorded = await Promise.all(
    charges.map(async ({ chargeId, lane }) => {
      const handle = kvitt.temporal.workflow.getHandle(`charge/${chargeId}`);
      const { events } = await handle.fetchHistory();
      const asked = events?.find(
        ({ activityTaskScheduledEventAttributes: scheduled }) =>
          scheduled?.activityType?.name === `${lane.asks}Session`,
      );
      return events?.some(
        ({ activityTaskCompletedEventAttributes: completed }) =>
          completed !== null &&
          completed !== undefined &&
          Number(completed.scheduledEventId) === Number(asked?.eventId),
      );
    }),
  );
  return recorded.every((is) => is === true);
}

/** Money is reserved, the cashier has cancelled, and nobody has read it in between: the charge can only void. */
async function beginVoid(scene: Scene, at: 'request' | 'answer'): Promise<Hold> {
  const { simulator, dintero, front } = scene.kvitt;
  for (const { terminal } of scene.charges) {
    await simulator.terminal(terminal, { behaviour: { auto_capture_delay_ms: 600_000 } });
  }
  await beginWaiting(scene);
  const reads = hold(scene, { brake: dintero, at: 'request', call: read });
  hold(scene, { brake: front, at: 'request', call: callback });
  const voids = hold(scene, { brake: dintero, at, call: voiding });
  await tap(scene);
  await orderAll(scene, 'cancel');
  reads.release();
  await until('the void is held', () => all(scene, [voids.held]));
  return voids;
}
