/** The charges of one cell, in flight together: their tills, their customers, and what holds them at a point. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reported } from '../audit.ts';
import type { Brake, Hold, HoldOrder } from './crash-brake.ts';
import { nameOf, type CrashStack, type Modes } from './crash-stack.ts';

export interface Lane extends Modes {
  /** The call that is struck: in mode `pay` the create prompts nobody and the pay does. */
  asks: 'create' | 'pay';
}

export interface Answered extends Reported {
  state: string;
  reason: string | null;
  needs_attention: string | null;
}

export interface Crashed {
  lane: Lane;
  chargeId: string;
  terminal: string;
  sale: object;
  /** The last answer that the till got. */
  seen: Answered | null;
}

export interface Scene {
  kvitt: CrashStack;
  charges: Crashed[];
  holds: Hold[];
  tills: Promise<void>;
}

/** Longer than a lost create takes until Temporal gives it up (80 s), and what follows. */
const settleMaxMs = 170_000;
const reachMaxMs = 20_000;
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
  const sale = {
    reference,
    terminal_id: terminal,
    amount: 12900,
    currency: 'NOK',
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
  };
  return { lane, chargeId: `${reference}.1`, terminal, sale, seen: null };
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
  const giveUpAt = Date.now() + settleMaxMs;
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

/** One request of a till, through the front; throws {@link NoAnswer} if it has to be repeated. */
export async function ask(
  kvitt: CrashStack,
  { chargeId, sale }: Crashed,
  how: { method: 'POST' | 'GET'; order?: 'cancel'; prefer?: string | undefined },
): Promise<Answered> {
  const { method, order, prefer } = how;
  const isStart = method === 'POST' && order === undefined;
  const path = isStart
    ? '/charges'
    : `/charges/${chargeId}${order === undefined ? '?wait=10' : '/cancel'}`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(kvitt.front.url + path, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(prefer === undefined ? {} : { prefer }),
      },
      ...(isStart ? { body: JSON.stringify(sale) } : {}),
    });
    text = await response.text();
  } catch (err) {
    throw new NoAnswer('no answer', { cause: err });
  }
  if (response.status >= 500) throw new NoAnswer(`${response.status}`);
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
  return JSON.parse(text) as Answered;
}

/** The cashier cancels, as often as it takes to be heard. */
export async function cancelAll(scene: Scene): Promise<void> {
  const giveUpAt = Date.now() + reachMaxMs;
  await Promise.all(
    scene.charges.map(async (charge) => {
      await untilAnswered(giveUpAt, async () => {
        await ask(scene.kvitt, charge, { method: 'POST', order: 'cancel', prefer: 'wait=0' });
        return true;
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
    charges.map(async ({ chargeId }) => {
      const { status, memo } = await kvitt.temporal.workflow
        .getHandle(`charge/${chargeId}`)
        .describe();
      const state = (memo?.['charge'] as { state?: string } | undefined)?.state;
      return { status: status.name, state };
    }),
  ).catch(() => []);
  return shown.length > 0 && shown.every((seen) => isSo(seen));
}
