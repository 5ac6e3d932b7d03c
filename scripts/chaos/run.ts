/** One seeded run: a Kvitt for each combination of modes, every planned sale played, and all of it left to end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startInProcess, type InProcessOptions, type Kvitt } from '../in-process.ts';
import { modesOf, type PlannedSale } from './plan.ts';
import { untilOperationEnded } from './operations.ts';
import { untilRefundEnded } from './play-refunds.ts';
import { note, playSale, type PlayedSale } from './play-sale.ts';
import { sharedTerminals } from './stories.ts';

export type RunSettings = Pick<InProcessOptions, 'temporalAddress' | 'bundle'> &
  Partial<InProcessOptions>;

export interface Crew {
  kvitt: Kvitt;
  shared: string[];
  /** When its workers were away; epoch ms. */
  drains: { from: number; to: number }[];
  draining: Promise<void>;
  played: PlayedSale[];
}

/** Room for a busy machine: what is late by our own load would hide what is late by a fault. */
const room: Partial<InProcessOptions> = {
  deadlineSeconds: 450,
  durations: { sendWindow: 8000 },
  // Held money waits 3 s for the till's word.
  holdSeconds: 150,
};

/** Starts the Kvitts that the plan needs, by the number of their modes. */
export async function startCrews(
  sales: PlannedSale[],
  settings: RunSettings,
): Promise<Map<number, Crew>> {
  const crews = new Map<number, Crew>();
  for (const modes of new Set(sales.map((sale) => sale.modes))) {
    const kvitt = await startInProcess({
      ...modesOf(modes),
      holdEndsWith: modesOf(modes).promptMode === 'publish' ? 'capture' : 'void',
      accountId: `T${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}`,
      // A till that waits for a draining worker repeats itself within seconds.
      apiScale: 0.4,
      ...room,
      ...settings,
    });
    // Short tokens, so that faults of their endpoint meet somebody.
    const behaviour = { token_expires_in: 3, list_ignores_filters: modes % 2 === 0 };
    await kvitt.simulator.behaviour(behaviour);
    await warmUp(kvitt);
    const shared = Array.from({ length: sharedTerminals }, () => kvitt.freshTerminal());
    crews.set(modes, { kvitt, shared, drains: [], draining: Promise.resolve(), played: [] });
  }
  return crews;
}

/** The first charge of a worker is slow, and would be late for its send window on a busy machine. */
async function warmUp(kvitt: Kvitt): Promise<void> {
  const terminal_id = kvitt.freshTerminal();
  await kvitt.simulator.terminal(terminal_id, { customer: { action: 'tap', delay_ms: 0 } });
  await kvitt.post({ terminal_id }, { prefer: 'wait=30' });
}

interface PlayOptions {
  crews: Map<number, Crew>;
  atOnce: number;
  /** How references start. */
  run: string;
  patienceMs: number;
}

/** Plays every sale, so many at once. References must be new to Dintero and to Temporal. */
export async function playAll(
  sales: PlannedSale[],
  { crews, atOnce, run, patienceMs }: PlayOptions,
): Promise<void> {
  const waiting = sales.values();
  const lane = async (): Promise<void> => {
    for (const sale of waiting) {
      const crew = crews.get(sale.modes);
      if (crew === undefined) throw new Error(`nobody runs the modes ${sale.modes}`);
      const { kvitt, shared } = crew;
      const terminal = shared[sale.sharedTerminal ?? -1] ?? kvitt.freshTerminal();
      if (sale.drainAfterMs !== null) drain(crew, sale.drainAfterMs);
      // A fault of this harness must not be taken for one of the product: it is told with its sale, and ends the run.
      const played = await playSale(kvitt, sale, {
        reference: `${run}-${sale.number}`,
        terminal,
        shared,
        patienceMs,
      }).catch((error: unknown) => {
        // Now: what stops beside it may be louder.
        console.error(`The harness could not play ${JSON.stringify(sale)}`, error);
        throw error;
      });
      crew.played.push(played);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  await Promise.all([...crews.values()].map(async ({ draining }) => await draining));
}

/** As a deploy does: one at a time for each Kvitt. */
function drain(crew: Crew, afterMs: number): void {
  crew.draining = crew.draining.then(async () => {
    await sleep(afterMs);
    const from = Date.now();
    await crew.kvitt.stopWorkers();
    await crew.kvitt.startWorkers();
    crew.drains.push({ from, to: Date.now() });
  });
}

/**
 * With all faults gone every charge must end, or say why it asks for a person. Whoever asks for a person is waited for a
 * while too: what it waits for may have been a fault.
 */
export async function letEnd(crews: Map<number, Crew>, withinMs: number): Promise<void> {
  const all = [...crews.values()];
  await Promise.all(all.map(async ({ kvitt }) => await kvitt.simulator.clearFaults()));
  const giveUpAt = Date.now() + withinMs;
  const open = all.flatMap(({ kvitt, played }) =>
    played.flatMap((sale) =>
      [...sale.charges.values()]
        .filter(({ outcome }) => outcome === null)
        .map(({ charge_id: chargeId }) => ({ kvitt, sale, chargeId })),
    ),
  );
  const openRefunds = all.flatMap(({ kvitt, played }) =>
    played.flatMap((sale) =>
      [...sale.refunds.values()]
        .filter(({ outcome }) => outcome === null)
        .map(({ refund_id: refundId }) => async (): Promise<void> => {
          await untilRefundEnded(kvitt, sale, { refundId, giveUpAt, lookMs: secondLookMs / 2 });
        }),
    ),
  );
  await Promise.all([
    ...open.map(async (charge) => await untilEnded(charge, giveUpAt)),
    ...openRefunds.map(async (untilEnd) => await untilEnd()),
    ...all.flatMap(({ kvitt, played }) =>
      played.map(async (sale) => await untilOperationsEnded(kvitt, sale, giveUpAt)),
    ),
  ]);
  // "Or later": a device that still asks for a card may still be paid.
  await Promise.all(all.map(async ({ kvitt }) => await untilNobodyIsPrompted(kvitt, giveUpAt)));
}

async function untilOperationsEnded(
  kvitt: Kvitt,
  sale: PlayedSale,
  giveUpAt: number,
): Promise<void> {
  sale.operations = await Promise.all(
    sale.operations.map(async (one) => (await untilOperationEnded(kvitt, one, giveUpAt)) ?? one),
  );
}

async function untilNobodyIsPrompted({ simulator }: Kvitt, giveUpAt: number): Promise<void> {
  while (Date.now() < giveUpAt) {
    const response = await fetch(`${simulator.url}/simulator/terminals`);
    const { terminals } = (await response.json()) as { terminals: { prompt: object | null }[] };
    if (terminals.every(({ prompt }) => prompt === null)) return;
    await sleep(300);
  }
}

/** How long what asks for a person is looked at again. */
const secondLookMs = 8000;

async function untilEnded(
  { kvitt, sale, chargeId }: { kvitt: Kvitt; sale: PlayedSale; chargeId: string },
  giveUpAt: number,
): Promise<void> {
  const enoughAt = Date.now() + secondLookMs;
  for (;;) {
    const { status, body } = await kvitt.call('GET', `/charges/${chargeId}`);
    if (status === 200) note(sale, body);
    const { outcome = null, needs_attention: attention = null } = status === 200 ? body : {};
    if (outcome !== null || Date.now() > giveUpAt) return;
    if (attention !== null && Date.now() > enoughAt) return;
    await sleep(200);
  }
}

export async function stopCrews(crews: Map<number, Crew>): Promise<void> {
  await Promise.all([...crews.values()].map(async ({ kvitt }) => await kvitt.stop()));
}
