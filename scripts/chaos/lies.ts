/**
 * The second kind of plan: the devices break the two facts that the policy rests on. A cancelled session goes on
 * asking, a payment after the cancel is kept, a prompt outlives its lifetime. Money may then turn up after
 * `not_charged` was told. Nothing can prevent that; all of it must be found. Result callbacks arrive.
 */
import type { PlannedAttempt, PlannedSale } from './plan.ts';
import { allModes, modesOf } from './plan.ts';
import { createRandom, type Random } from './random.ts';
import type { TimedAct } from './stories.ts';

type Lie = (random: Random) => Pick<PlannedAttempt, 'customer' | 'behaviour' | 'faults' | 'acts'>;

/** All of it, for longer than the policy believes (3.6 s at the scale of these runs). */
const deaf = { cancel_ends_prompt: false, paid_anyway: true, prompt_lifetime_ms: 30_000 };

/** Once the terminal asks for the card: before, a cancel would prompt nobody. */
const cancelled = (random: Random): TimedAct[] => [
  { afterMs: 0, act: { until: { state: 'waiting_for_card' } } },
  { afterMs: random.int(0, 500), act: { cashier: 'cancel' } },
];

const lies: Record<string, Lie> = {
  'cancelled, and paid all the same': (random) => ({
    behaviour: deaf,
    customer: { action: 'tap', delay_ms: random.int(2000, 4000) },
    acts: cancelled(random),
  }),
  'cancelled, paid, and voided by Dintero': (random) => ({
    behaviour: { ...deaf, paid_anyway: false },
    customer: { action: 'tap', delay_ms: random.int(2000, 4000) },
    acts: cancelled(random),
  }),
  'expired, and paid all the same': (random) => ({
    behaviour: deaf,
    customer: { action: 'tap', delay_ms: random.int(10_000, 11_500) },
    acts: [],
  }),
  'lost, outlived, and paid all the same': (random) => ({
    behaviour: deaf,
    customer: { action: 'tap', delay_ms: random.int(14_000, 15_500) },
    faults: [{ endpoint: 'create_session', do: random.pick(['reset_after', 'garbage']) }],
    acts: [],
  }),
  'reserved for long, then cancelled': (random) => ({
    // With auto-capture Dintero tells the result only once it has captured: the news of this money is late.
    behaviour: { ...deaf, auto_capture_failing_ms: 4000 },
    customer: { action: 'tap', delay_ms: random.int(2000, 4000) },
    acts: cancelled(random),
  }),
  'taps as all do': (random) => ({
    behaviour: deaf,
    customer: { action: 'tap', delay_ms: random.int(0, 300) },
    acts: [],
  }),
};

export function planLies({ seed, charges }: { seed: number; charges: number }): PlannedSale[] {
  const random = createRandom(seed);
  const names = Object.keys(lies);
  return Array.from({ length: charges }, (_, index) => {
    // Each lie as often as the others, under any policy.
    const story = names[index % names.length] ?? '';
    const told = lies[story]?.(random);
    if (told === undefined) throw new Error(`no lie ${story}`);
    const modes = random.int(0, allModes.length - 1);
    return {
      number: index + 1,
      modes,
      story: `${story} (${modesOf(modes).promptMode})`,
      amount: 12_900,
      sharedTerminal: null,
      stranger: null,
      attempts: [attempt(told), ...(random.chance(0.3) ? [secondAttempt()] : [])],
      isRepeatedLate: random.chance(0.1),
      tokenFault: null,
      drainAfterMs: null,
      operation: null,
      refunds: [],
      shouldPay: story === 'taps as all do',
    };
  });
}

function attempt(told: ReturnType<Lie>): PlannedAttempt {
  return { ...told, posts: 1, isCancelledBeforeStart: false };
}

/** The till believes what it is told, and asks again: the customer may pay both. */
function secondAttempt(): PlannedAttempt {
  return attempt({ customer: { action: 'tap', delay_ms: 200 }, behaviour: {}, acts: [] });
}
