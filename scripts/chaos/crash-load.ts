/** Many charges at once while the worker is killed again and again: how often is a card asked for, and charged, twice? */
import { createRandom, type Random } from './random.ts';
import type { LedgerEntry } from '../dintero-simulator.ts';
import { auditCrashed } from './crash-cell.ts';
import { newCharge, playTill, until, type Crashed } from './crash-scene.ts';
import { nameOf, startCrashStack, type CrashStack, type Modes } from './crash-stack.ts';
import { revive } from './crash-victims.ts';

interface LoadOptions {
  modes: Modes;
  charges: number;
  /** Tills that work at the same time, each with its own terminal. */
  tills: number;
  kills: number;
  seed: number;
}

/** Prints what became of the charges; true when no money rule was broken and every charge has ended. */
export async function runLoad(options: LoadOptions): Promise<boolean> {
  const { modes, charges, tills, kills, seed } = options;
  console.log(
    `\n${charges} charges in mode ${nameOf(modes)}, ${tills} at a time, ${kills} times SIGKILL of the worker, seed ${seed}`,
  );
  const kvitt = await startCrashStack({
    env: process.env,
    modes: [modes],
    log: (line) => console.log(line),
  });
  try {
    await kvitt.simulator.behaviour({ prompt: modes.prompt });
    await kvitt.simulator.customer({ action: 'tap', delay_ms: 200 });
    const startedAt = Date.now();
    const run = await play(kvitt, options);
    const seconds = (Date.now() - startedAt) / 1000;
    return report({ ...run, ledger: await kvitt.simulator.ledger(), seconds });
  } finally {
    await kvitt.stop();
  }
}

interface Run {
  played: Crashed[];
  /** Milliseconds from the first request of each charge to its outcome. */
  times: number[];
  deaths: number;
}

async function play(
  kvitt: CrashStack,
  { modes, charges, tills, kills, seed }: LoadOptions,
): Promise<Run> {
  const asks = modes.prompt === 'pay' ? 'pay' : 'create';
  const run: Run = { played: [], times: [], deaths: 0 };
  const work = async (terminal: number): Promise<void> => {
    while (run.played.length < charges) {
      const reference = `LOAD-${run.played.length + 1}`;
      const charge = newCharge({ lane: { ...modes, asks }, reference, terminal });
      run.played.push(charge);
      kvitt.assign(charge.chargeId, modes);
      const startedAt = Date.now();
      await playTill(kvitt, charge);
      run.times.push(Date.now() - startedAt);
    }
  };
  const killing = killAtRandom(kvitt, { kills, charges, random: createRandom(seed), run });
  await Promise.all(Array.from({ length: tills }, async (_, index) => await work(index + 1)));
  await killing;
  return run;
}

/** Each kill has its share of the charges, and strikes somewhere in it. */
async function killAtRandom(
  kvitt: CrashStack,
  of: { kills: number; charges: number; random: Random; run: Run },
): Promise<void> {
  const { kills, charges, random, run } = of;
  const share = charges / kills;
  for (let kill = 0; kill < kills; kill += 1) {
    const at = random.int(Math.floor(kill * share), Math.floor((kill + 1) * share) - 1);
    await until('charges go on', () => run.played.length > at, loadMaxMs);
    await kvitt.worker.kill('SIGKILL');
    kvitt.wires.worker.cut();
    run.deaths += 1;
    await revive(kvitt.worker);
  }
}

/** Tills that all wait for a lost call go on after 80 s. */
const loadMaxMs = 200_000;

function report(of: Run & { ledger: LedgerEntry[]; seconds: number }): boolean {
  const { played, times, deaths, ledger, seconds } = of;
  const seen = played.flatMap((charge) => (charge.seen === null ? [] : [charge.seen]));
  const breaches = auditCrashed(ledger, played);
  const open = played.length - seen.filter(({ outcome }) => outcome !== null).length;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    `${((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) / 1000).toFixed(1)} s`;
  const outcomes = seen.map(({ outcome, state, reason, needs_attention }) =>
    [outcome ?? state, reason ?? needs_attention].filter((word) => word !== null).join(' '),
  );
  const ids = played.map(({ chargeId }) => chargeId);
  console.log(`took ${seconds.toFixed(0)} s with ${deaths} deaths of the worker`);
  console.log(`sessions per charge id: ${counts(perCharge(ledger, 'session_created', ids))}`);
  console.log(`captures per sale: ${counts(perCharge(ledger, 'captured', ids))}`);
  console.log(`outcomes: ${counts(outcomes)}; without one: ${open}`);
  console.log(
    `until the outcome: half within ${at(0.5)}, 99 of 100 within ${at(0.99)}, all within ${at(1)}`,
  );
  console.log(`breaches of a money rule: ${breaches.length}`);
  for (const breach of breaches) console.log(`  ${breach}`);
  return breaches.length === 0 && open === 0;
}

/** A sale has one attempt here, so its charge stands for it. */
function perCharge(ledger: LedgerEntry[], kind: string, chargeIds: string[]): string[] {
  const found = new Map(chargeIds.map((id) => [id, new Set<string>()]));
  for (const entry of ledger) {
    if (entry.kind !== kind) continue;
    const id = kind === 'captured' ? entry.transaction_id : entry.session_id;
    found.get(entry.merchant_reference)?.add(id ?? '');
  }
  return [...found.values()].map(({ size }) => `${size}`);
}

/** `1: 800` for eight hundred times the same word. */
function counts(words: string[]): string {
  const times = new Map<string, number>();
  for (const word of words) times.set(word, (times.get(word) ?? 0) + 1);
  return [...times]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([word, count]) => `${word}: ${count}`)
    .join(', ');
}
