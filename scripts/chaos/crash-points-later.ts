/** The points after the card: money that is held for the till's word, and money that goes back. */
import type { Hold } from './crash-brake.ts';
import { beginWaiting, callback, read, readUnrecorded, type Point } from './crash-points.ts';
import {
  all,
  askForRefund,
  customersTapAtOnce,
  everyWorkflow,
  hold,
  orderAll,
  orderWherePossible,
  startTills,
  tap,
  until,
  type Scene,
} from './crash-scene.ts';

const capturing = /^POST \S*\/transactions\/[^/]+\/capture/;
const refunding = /^POST \S*\/transactions\/[^/]+\/refund/;

const heldPoints: readonly Omit<Point, 'isOfPrompting' | 'isHeld'>[] = [
  {
    name: 'money held',
    reach: beginHeld,
    meanwhile: async (scene) => await orderWherePossible(scene, 'capture'),
  },
  {
    name: 'capture sent',
    reach: async (scene) => {
      await beginCapture(scene, 'request');
    },
  },
  {
    name: 'capture done',
    reach: async (scene) => {
      await readUnrecorded(scene, [await beginCapture(scene, 'answer')]);
    },
  },
];

const refundPoints: readonly Omit<Point, 'isOfPrompting'>[] = [
  {
    name: 'refund: before it',
    reach: async (scene) => {
      await pay(scene);
      await customersTapAtOnce(scene);
      const reads = hold(scene, { brake: scene.kvitt.dintero, at: 'request', call: read });
      beginRefund(scene);
      await until('the payment is being read', () => all(scene, [reads.held]));
    },
  },
  {
    name: 'refund: sent',
    reach: async (scene) => {
      await beginRefundHeld(scene, 'request');
    },
  },
  {
    name: 'refund: committed',
    isGivenBack: true,
    reach: async (scene) => {
      await beginRefundHeld(scene, 'answer');
    },
  },
  {
    name: 'refund: answer read',
    isGivenBack: true,
    reach: async (scene) => {
      await readUnrecorded(scene, [await beginRefundHeld(scene, 'answer')]);
    },
  },
  {
    name: 'refund: waiting',
    isGivenBack: true,
    reach: beginRefundWaiting,
    meanwhile: tap,
  },
  {
    name: 'refund: told',
    isGivenBack: true,
    reach: async (scene) => {
      await beginRefundWaiting(scene);
      const callbacks = hold(scene, { brake: scene.kvitt.front, at: 'answer', call: callback });
      await tap(scene);
      await until('the callbacks are stored', () => all(scene, [callbacks.held]));
    },
  },
  {
    name: 'refund: verify sent',
    isGivenBack: true,
    reach: async (scene) => {
      await beginRefundWaiting(scene);
      const reads = hold(scene, { brake: scene.kvitt.dintero, at: 'request', call: read });
      await tap(scene);
      await until('Dintero is being read', () => all(scene, [reads.held]));
    },
  },
];

export const laterPoints: readonly Point[] = [
  ...heldPoints.map((point) => ({ ...point, isOfPrompting: false, isHeld: true as const })),
  ...refundPoints.map((point) => ({ ...point, isOfPrompting: false })),
];

/** Money is reserved, and nobody has said what becomes of it. */
async function beginHeld(scene: Scene): Promise<void> {
  for (const { asking, terminal } of scene.charges) {
    asking.body = { ...asking.body, capture: 'on_request' };
    await scene.kvitt.simulator.terminal(terminal, {
      behaviour: { auto_capture_delay_ms: 600_000 },
    });
  }
  await beginWaiting(scene);
  await tap(scene);
  await untilAll(scene, 'approved');
}

async function beginCapture(scene: Scene, at: 'request' | 'answer'): Promise<Hold> {
  await beginHeld(scene);
  const captures = hold(scene, { brake: scene.kvitt.dintero, at, call: capturing });
  await orderAll(scene, 'capture');
  await until('the capture is held', () => all(scene, [captures.held]));
  return captures;
}

/** The sale is paid, and its terminal free again. */
async function pay(scene: Scene): Promise<void> {
  await customersTapAtOnce(scene);
  startTills(scene);
  await scene.tills;
  const unpaid = scene.charges.filter(({ seen }) => seen?.outcome !== 'captured');
  if (unpaid.length > 0)
    throw new Error(`not paid: ${unpaid.map(({ chargeId }) => chargeId).join()}`);
  for (const { terminal } of scene.charges) {
    await scene.kvitt.simulator.terminal(terminal, { customer: { action: 'none' } });
  }
}

function beginRefund(scene: Scene): void {
  for (const charge of scene.charges) askForRefund(charge);
  startTills(scene);
}

async function beginRefundWaiting(scene: Scene): Promise<void> {
  await pay(scene);
  beginRefund(scene);
  await untilAll(scene, 'waiting_for_card');
}

/** Cardholders who act as soon as they are asked, whoever is dead then. */
async function beginRefundHeld(scene: Scene, at: 'request' | 'answer'): Promise<Hold> {
  await pay(scene);
  await customersTapAtOnce(scene);
  const sent = hold(scene, { brake: scene.kvitt.dintero, at, call: refunding });
  beginRefund(scene);
  await until('the refund is held', () => all(scene, [sent.held]));
  return sent;
}

async function untilAll(scene: Scene, wanted: string): Promise<void> {
  await until(
    `all are ${wanted}`,
    async () => await everyWorkflow(scene, ({ state }) => state === wanted),
  );
}
