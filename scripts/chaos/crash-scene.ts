/** The charges of one cell, in flight together: their tills, their customers, and what holds them at a point. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReportedRefund } from '../audit-refunds.ts';
import type { Reported } from '../audit.ts';
import type { Brake, Hold, HoldOrder } from './crash-brake.ts';
import { nameOf, type CrashStack, type Modes } from './crash-stack.ts';

export interface Lane extends Modes {
  /** The call that is struck: in mode `pay` the create prompts nobody and the pay does. */
  asks: 'create' | 'pay';
}

/** A charge or a refund, as the api answers it. */
export type Answered = (Reported | ReportedRefund) & {
  state: string;
  reason: string | null;
  needs_attention: string | null;
};

/** What a till asks for, and where it reads what became of it. */
interface Asking {
  workflowId: string;
  body: object;
  /** Paths of the POST and of the GET. */
  start: string;
  read: string;
  /** How long its till waits for the outcome. */
  settleMaxMs: number;
}

export interface Crashed {
  lane: Lane;
  chargeId: string;
  terminal: string;
  asking: Asking;
  /** The last answer that the till got to it. */
  seen: Answered | null;
}

export interface Scene {
  kvitt: CrashStack;
  charges: Crashed[];
  holds: Hold[];
  tills: Promise<void>;
}

/** Longer than a lost create takes until Temporal gives it up (80 s), and what follows. */
const chargeMaxMs = 170_000;
/** A refund that was lost may be on the wire for 150 s, then at the terminal for 45 s, and is then read for 60 s more. */
const refundMaxMs = 360_000;
const reachMaxMs = 20_000;
/** A charge that was terminated is followed again within a minute. */
const followedMaxMs = 90_000;
const pauseMs = 50;

export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = reachMaxMs,
): Promise<void> {
  const giveUpAt = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error(`waited in vain: ${what}`);
    await sleep(pauseMs);
  }
}

/** Terminals are numbered on; none is used twice. */
let terminalsUsed = 0;

export async function setScene(
  kvitt: CrashStack,
  of: { name: string; lanes: readonly Lane[] },
): Promise<Scene> {
  const charges = of.lanes.map((lane, index) => {
    terminalsUsed += 1;
    return newCharge({ lane, reference: `${of.name}-${index + 1}`, terminal: terminalsUsed });
  });
  for (const { chargeId, lane, terminal } of charges) {
    kvitt.assign(chargeId, lane);
    await kvitt.simulator.terminal(terminal, {
      behaviour: { prompt: lane.prompt },
      customer: { action: 'none' },
    });
  }
  return { kvitt, charges, holds: [], tills: Promise.resolve() };
}

export function newCharge(of: { lane: Lane; reference: string; terminal: number }): Crashed {
  const { lane, reference } = of;
  const terminal = `T90001234-T${`${of.terminal}`.padStart(4, '0')}`;
  const chargeId = `${reference}.1`;
  const asking = {
    workflowId: `charge/${chargeId}`,
    start: '/charges',
    read: `/charges/${chargeId}`,
    settleMaxMs: chargeMaxMs,
    body: {
      reference,
      terminal_id: terminal,
      amount,
      currency: 'NOK',
      store_id: 'bergen-01',
      payout_destination_id: 'seller-9',
    },
  };
  return { lane, chargeId, terminal, asking, seen: null };
}

const amount = 12900;

/** From now on the till asks for the money of its charge back. */
export function askForRefund(charge: Crashed): void {
  const { chargeId, terminal } = charge;
  const start = `/charges/${chargeId}/refunds`;
  charge.seen = null;
  charge.asking = {
    workflowId: `refund/${chargeId}.R1`,
    start,
    read: `${start}/${chargeId}.R1`,
    settleMaxMs: refundMaxMs,
    body: { refund: 1, amount, currency: 'NOK', terminal_id: terminal, why: 'returned' },
  };
}

export function describeLane({ asks, ...modes }: Lane): string {
  return modes.prompt === 'pay' && asks === 'create' ? `${nameOf(modes)} (create)` : nameOf(modes);
}

/** Customers who tap as soon as they are asked, whoever is dead then. */
export async function customersTapAtOnce({ kvitt, charges }: Scene): Promise<void> {
  for (const { terminal } of charges) {
    await kvitt.simulator.terminal(terminal, { customer: { action: 'tap', delay_ms: 300 } });
  }
}

/** A terminal without a prompt cannot be tapped. */
export async function tap({ kvitt, charges }: Scene): Promise<void> {
  await Promise.all(
    charges.map(async ({ terminal }) => {
      await steadily(async () => {
        await kvitt.simulator.press(terminal, 'tap').catch((err: unknown) => {
          if (!(err instanceof Error && err.message.includes(' 409 '))) throw err;
        });
      });
    }),
  );
}

/** Dintero may be the one that is dead: customers and auditors are patient. */
export async function steadily<T>(ask: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + reachMaxMs;
  for (;;) {
    try {
      return await ask();
    } catch (err) {
      // The words of `fetch` for a connection that was refused or broken.
      const isGone = err instanceof TypeError && err.message === 'fetch failed';
      if (!isGone || Date.now() > giveUpAt) throw err;
      await sleep(pauseMs);
    }
  }
}

export function hold(
  scene: Scene,
  { of = scene.charges, ...order }: Omit<HoldOrder, 'charges'> & { brake: Brake; of?: Crashed[] },
): Hold {
  const { brake, ...rest } = order;
  const placed = brake.hold({ ...rest, charges: new Set(of.map(({ chargeId }) => chargeId)) });
  scene.holds.push(placed);
  return placed;
}

/** Whether every charge is in one of these sets. */
export function all(scene: Scene, sets: ReadonlySet<string>[]): boolean {
  return scene.charges.every(({ chargeId }) => sets.some((set) => set.has(chargeId)));
}

/** Every till begins; the scene knows when the last one has its answer. */
export function startTills(scene: Scene, prefer?: string): void {
  const { kvitt, charges } = scene;
  const tills = charges.map(async (charge) => await playTill(kvitt, charge, prefer));
  scene.tills = Promise.all(tills).then(() => undefined);
  // What goes wrong at a till is told when the cell is judged.
  scene.tills.catch(() => undefined);
}

/** A till asks for its charge until it is answered, and then until the charge has ended. */
export async function playTill(kvitt: CrashStack, charge: Crashed, prefer?: string): Promise<void> {
  const giveUpAt = Date.now() + charge.asking.settleMaxMs;
  await untilAnswered(giveUpAt, async () => {
    charge.seen = await ask(kvitt, charge, { method: 'POST', prefer });
    return true;
  });
  await untilAnswered(giveUpAt, async () => {
    if (charge.seen !== null && charge.seen.outcome !== null) return true;
    charge.seen = await ask(kvitt, charge, { method: 'GET' });
    return false;
  });
}

/** What a till does: the same request again, until there is an answer that is none of a service coming back. */
async function untilAnswered(giveUpAt: number, step: () => Promise<boolean>): Promise<void> {
  while (Date.now() < giveUpAt) {
    try {
      if (await step()) return;
    } catch (err) {
      // A dead api answers nothing; anything that is not about that is a fault of this script.
      if (!(err instanceof NoAnswer)) throw err;
      await sleep(200);
    }
  }
}

export class NoAnswer extends Error {}

/** What was asked does not fit any more. */
class Refused extends Error {}

/** One request of a till, through the front; throws {@link NoAnswer} if it has to be repeated. */
export async function ask(
  kvitt: CrashStack,
  { chargeId, asking }: Crashed,
  how: { method: 'POST' | 'GET'; order?: Order; prefer?: string | undefined },
): Promise<Answered> {
  const { method, order, prefer } = how;
  const isStart = method === 'POST' && order === undefined;
  const read = order === undefined ? `${asking.read}?wait=10` : `/charges/${chargeId}/${order}`;
  const path = isStart ? asking.start : read;
  let response: Response;
  let text: string;
  try {
    response = await fetch(kvitt.front.url + path, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(prefer === undefined ? {} : { prefer }),
      },
      ...(isStart ? { body: JSON.stringify(asking.body) } : {}),
    });
    text = await response.text();
  } catch (err) {
    throw new NoAnswer('no answer', { cause: err });
  }
  const { status } = response;
  if (status >= 500) throw new NoAnswer(`${status}`);
  if (!response.ok) {
    const why = `${method} ${path}: ${status} ${text.slice(0, 300)}`;
    // Nobody follows what was just terminated: the order is to be sent again.
    if (status === 409 && response.headers.has('retry-after')) throw new NoAnswer(why);
    throw status === 409 ? new Refused(why) : new Error(why);
  }
  return JSON.parse(text) as Answered;
}

/** What a till may say of a charge that goes on. */
type Order = 'cancel' | 'capture';

/** The cashier says so of every charge, as often as it takes to be heard. */
export async function orderAll(scene: Scene, order: Order): Promise<void> {
  const giveUpAt = Date.now() + followedMaxMs;
  await Promise.all(
    scene.charges.map(async (charge) => {
      await untilAnswered(giveUpAt, async () => {
        await ask(scene.kvitt, charge, { method: 'POST', order, prefer: 'wait=0' });
        return true;
      });
    }),
  );
}

/** As {@link orderAll}; somebody may have stopped a charge, and then there is nothing to be said any more. */
export async function orderWherePossible(scene: Scene, order: Order): Promise<void> {
  await Promise.all(
    scene.charges.map(async (charge) => {
      await orderAll({ ...scene, charges: [charge] }, order).catch((err: unknown) => {
        if (!(err instanceof Refused)) throw err;
      });
    }),
  );
}

/** What Temporal itself shows of each charge, past every brake. */
export async function everyWorkflow(
  { kvitt, charges }: Scene,
  isSo: (seen: { status: string; state: string | undefined }) => boolean,
): Promise<boolean> {
  const shown = await Promise.all(
    charges.map(async ({ asking }) => {
      const { status, memo } = await kvitt.temporal.workflow
        .getHandle(asking.workflowId)
        .describe();
      const view = memo?.['charge'] ?? memo?.['refund'];
      const state = (view as { state?: string } | undefined)?.state;
      return { status: status.name, state };
    }),
  ).catch(() => []);
  return shown.length > 0 && shown.every((seen) => isSo(seen));
}
