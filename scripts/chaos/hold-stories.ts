/**
 * Two-phase sales, and what somebody does in Dintero's Backoffice during a charge. Durations in milliseconds.
 */
import { backofficeRefund, type Backoffice } from './backoffice.ts';
import type { Random } from './random.ts';
import type { Story, TimedAct } from './stories.ts';

const say = (word: 'capture' | 'void', afterMs: number): TimedAct => ({ afterMs, act: { word } });

const whenHeld: TimedAct = { afterMs: 0, act: { whenHeld: true } };

const quickTap = (random: Random): { action: string; delay_ms: number } => ({
  action: 'tap',
  delay_ms: random.int(0, 400),
});

type Hold = Pick<Story, 'name' | 'weight' | 'pays'> & {
  edges?: Story['edges'];
  acts: (random: Random) => TimedAct[];
};

const holds: Hold[] = [
  {
    name: 'held, then captured',
    weight: 8,
    pays: true,
    edges: ['capture', 'capture', 'get_transaction'],
    acts: (random) => [whenHeld, say('capture', random.int(0, 1200))],
  },
  {
    name: 'held, and captured twice',
    weight: 2,
    pays: true,
    edges: ['capture', 'get_transaction'],
    acts: (random) => [whenHeld, say('capture', 0), say('capture', random.int(0, 200))],
  },
  {
    name: 'held, then voided',
    weight: 5,
    pays: false,
    edges: ['void', 'void', 'get_transaction'],
    acts: (random) => [whenHeld, say('void', random.int(0, 1200))],
  },
  {
    name: 'held, and the word never comes',
    weight: 5,
    pays: false,
    edges: ['capture', 'void', 'get_transaction'],
    acts: () => [],
  },
  {
    name: 'held, and the word comes at the last moment',
    weight: 3,
    pays: false,
    edges: ['capture', 'void'],
    acts: (random) => [
      whenHeld,
      say(random.pick(['capture', 'void'] as const), random.int(2500, 3500)),
    ],
  },
  {
    name: 'held, and the till says both',
    weight: 3,
    pays: false,
    edges: ['capture', 'void'],
    acts: (random) => {
      const first = random.pick(['capture', 'void'] as const);
      const second = first === 'capture' ? 'void' : 'capture';
      return [whenHeld, say(first, random.int(0, 500)), say(second, random.int(0, 150))];
    },
  },
  {
    name: 'held, and the word comes before the card',
    weight: 2,
    pays: false,
    acts: (random) => [say(random.pick(['capture', 'void'] as const), random.int(0, 300))],
  },
  {
    name: 'held, then cancelled',
    weight: 3,
    pays: false,
    edges: ['void', 'cancel_session'],
    acts: (random) => [whenHeld, { afterMs: random.int(0, 600), act: { cashier: 'cancel' } }],
  },
  {
    name: 'held, and the back office is faster',
    weight: 4,
    pays: false,
    acts: (random) => [
      whenHeld,
      { afterMs: random.int(0, 500), act: backofficeOnReserved(random) },
      say(random.pick(['capture', 'void'] as const), random.int(0, 500)),
    ],
  },
];

export const holdStories: readonly Story[] = holds.map(({ acts, edges = [], ...story }) => ({
  ...story,
  edges,
  fits: ({ captureMode }) => captureMode === 'manual',
  tell: (random) => ({ customer: quickTap(random), acts: acts(random), capture: 'on_request' }),
}));

/** Of a capture sometimes a part only: the rest can neither be captured nor voided by us. */
function backofficeOnReserved(random: Random): Backoffice {
  const share = random.pick([50, 100]);
  return random.chance(0.6) ? { backoffice: 'capture', share } : { backoffice: 'void', share: 100 };
}

const tapsNow = { action: 'tap', delay_ms: 0 };

export const backofficeStories: readonly Story[] = [
  {
    name: 'the back office acts on reserved money',
    weight: 5,
    edges: ['capture', 'void', 'get_transaction'],
    pays: false,
    tell: (random) => ({
      customer: tapsNow,
      // Until somebody acts neither Dintero nor we can capture.
      behaviour: { auto_capture_failing_ms: 60_000 },
      faults: [
        { endpoint: 'capture', do: { kind: 'status', status: 503, processed: false }, times: 2 },
      ],
      acts: [{ afterMs: random.int(100, 900), act: backofficeOnReserved(random) }],
    }),
  },
  {
    name: 'the back office acts while the till cancels',
    weight: 4,
    edges: ['void', 'void'],
    pays: false,
    tell: (random) => ({
      customer: tapsNow,
      behaviour: { auto_capture_failing_ms: 60_000 },
      faults: [
        { endpoint: 'capture', do: { kind: 'status', status: 503, processed: false }, times: 2 },
      ],
      acts: [
        { afterMs: random.int(150, 600), act: { cashier: 'cancel' } },
        { afterMs: random.int(0, 300), act: backofficeOnReserved(random) },
      ],
    }),
  },
  {
    name: 'the back office refunds what was just paid',
    weight: 5,
    edges: ['get_transaction', 'capture'],
    pays: false,
    tell: (random) => ({
      customer: tapsNow,
      acts: [{ afterMs: random.int(50, 1500), act: backofficeRefund(random) }],
    }),
  },
];
