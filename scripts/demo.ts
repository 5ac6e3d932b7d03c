/**
 * `npm run demo`: the main job as a story that checks itself. The whole stack on free ports and fresh state: charges
 * through the public API, one of them in two phases, a refund, and the day's report, each with its timeline and the
 * simulator's ledger beside it. Ends with an error if any outcome and the ledger disagree.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit, type Reported } from './audit.ts';
import { askApi } from './demo/ask.ts';
import { reportTheDay, zoneOfDemo } from './demo/day.ts';
import { refundPartly } from './demo/refund.ts';
import { controlSimulator, type LedgerEntry, type SimulatorControl } from './dintero-simulator.ts';
import { startStack, type Stack } from './stack.ts';

interface Charge extends Reported {
  state: string;
  reason: string | null;
  advice: string;
}

interface Scene {
  title: string;
  expected: string;
  /** What the till asks for beyond every sale. */
  asks?: object;
  /** Plants what will go wrong, before the charge is started. */
  before?: (dintero: SimulatorControl, chargeId: string) => Promise<void>;
  /** What happens while the terminal asks for the card. */
  act: (scene: {
    stack: Stack;
    dintero: SimulatorControl;
    chargeId: string;
    terminal: string;
  }) => Promise<void>;
}

const tap: Scene['act'] = async ({ dintero, terminal }) => {
  await dintero.press(terminal, 'tap');
};

const scenes: Scene[] = [
  { title: 'The customer taps the card', expected: 'captured', act: tap },
  {
    title: 'The card is declined',
    expected: 'not_charged (declined)',
    act: async ({ dintero, terminal }) => {
      await dintero.press(terminal, 'decline');
    },
  },
  {
    title: 'The customer taps, and every callback is lost: polling finds it',
    expected: 'captured',
    before: async (dintero, chargeId) => {
      await dintero.fault({
        endpoint: 'callback',
        match: { merchant_reference: chargeId },
        times: 0,
        do: 'drop',
      });
    },
    act: tap,
  },
  {
    title: 'The cashier cancels',
    expected: 'not_charged (cancelled_by_till)',
    act: async ({ stack, chargeId }) => {
      await fetch(`${stack.apiUrl}/charges/${chargeId}/cancel`, { method: 'POST' });
    },
  },
  {
    title:
      'The worker is killed (SIGKILL) while the customer holds the card, and a new one goes on',
    expected: 'captured',
    act: async (scene) => {
      await scene.stack.kill('worker', 'SIGKILL');
      await tap(scene);
    },
  },
  {
    title: 'In two phases: the money is held, and captured by the word of the till',
    expected: 'captured',
    asks: { capture: 'on_request' },
    act: async (scene) => {
      await tap(scene);
      await hold(scene.stack, scene.chargeId, 'capture');
    },
  },
  {
    title: 'In two phases: the shop cannot deliver after all, and the till gives the money back',
    expected: 'not_charged (voided)',
    asks: { capture: 'on_request' },
    act: async (scene) => {
      await tap(scene);
      await hold(scene.stack, scene.chargeId, 'void');
    },
  },
];

/** The till's word, as soon as the money is held. */
async function hold(stack: Stack, chargeId: string, word: 'capture' | 'void'): Promise<void> {
  for (;;) {
    const { state } = await askApi<Charge>(stack, 'GET', `/charges/${chargeId}?wait=5`);
    if (state === 'approved') break;
    if (state !== 'waiting_for_card' && state !== 'checking') {
      throw new Error(`${chargeId} is ${state}, and was to be held`);
    }
  }
  await askApi<Charge>(stack, 'POST', `/charges/${chargeId}/${word}`);
}

async function play(
  scene: Scene,
  { stack, dintero, number }: { stack: Stack; dintero: SimulatorControl; number: number },
): Promise<string[]> {
  const reference = `DEMO-${number}`;
  const chargeId = `${reference}.1`;
  const terminal = `T90001234-T000${number}`;
  console.log(`\n${number}. ${scene.title}`);
  await scene.before?.(dintero, chargeId);
  const startedAt = Date.now();
  const timeline: { at: number; text: string }[] = [];
  const tell = (text: string): void => {
    timeline.push({ at: Date.now(), text: `kvitt    ${text}` });
  };
  let charge = await askApi<Charge>(stack, 'POST', '/charges', {
    reference,
    amount: 12900,
    currency: 'NOK',
    terminal_id: terminal,
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
    ...scene.asks,
  });
  tell(charge.state);
  const acting = scene.act({ stack, dintero, chargeId, terminal });
  const giveUpAt = startedAt + 60_000;
  while (charge.outcome === null && Date.now() < giveUpAt) {
    const next = await askApi<Charge>(stack, 'GET', `/charges/${chargeId}?wait=5`);
    if (next.state !== charge.state)
      tell(next.state + (next.reason === null ? '' : `: ${next.reason}`));
    charge = next;
  }
  await acting;
  const ledger = await dintero.ledger({ merchant_reference: chargeId });
  for (const { at, kind, amount, why } of ledger) {
    const text = `dintero  ${kind} ${amount}${why === undefined ? '' : ` (${why})`}`;
    timeline.push({ at: Date.parse(at), text });
  }
  for (const { at, text } of timeline.toSorted((a, b) => a.at - b.at)) {
    console.log(`   ${((at - startedAt) / 1000).toFixed(2).padStart(6)} s  ${text}`);
  }
  return verdict(scene, { charge, ledger });
}

function verdict(
  scene: Scene,
  { charge, ledger }: { charge: Charge; ledger: LedgerEntry[] },
): string[] {
  const reason = charge.reason === null ? '' : ` (${charge.reason})`;
  const outcome = (charge.outcome ?? charge.state) + reason;
  const problems = audit(ledger, [charge]);
  if (outcome !== scene.expected) problems.push(`expected ${scene.expected}, but it is ${outcome}`);
  const said = problems.length === 0 ? 'the ledger agrees' : problems.join('; ');
  console.log(`   => ${outcome}, the till is told "${charge.advice}": ${said}`);
  return problems;
}

async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'kvitt-demo-'));
  // A server of one's own is no place for a demo: its charges would stay there.
  const { TEMPORAL_ADDRESS: _none, ...inherited } = process.env;
  // Two phases need manual capture.
  const env = { ...inherited, CAPTURE_MODE: 'manual', TIME_ZONE: zoneOfDemo };
  const stack = await startStack({ dir, ports: 'free', env, log: (line) => console.log(line) });
  try {
    const dintero = controlSimulator(stack.simulatorUrl);
    const problems: string[] = [];
    for (const [index, scene] of scenes.entries()) {
      problems.push(...(await play(scene, { stack, dintero, number: index + 1 })));
    }
    problems.push(...(await refundPartly(stack, dintero, { chargeId: 'DEMO-1.1' })));
    problems.push(...(await reportTheDay(stack, dintero, dir)));
    const isGood = problems.length === 0;
    console.log(
      `\n${scenes.length} charges, a refund, a report: ${problems.length} disagreements with the ledger.`,
    );
    if (!isGood) process.exitCode = 1;
  } finally {
    await stack.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

await main();
