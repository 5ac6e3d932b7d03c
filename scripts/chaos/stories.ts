/** What customers and cashiers do, as far as it does not depend on what goes wrong. Durations in milliseconds. */
import type { captureModes, promptModes } from '../../workflows/policy.ts';
import type { Word } from '../../workflows/hold.ts';
import type { Act, PlannedFault, Scenario } from '../scenario.ts';
import type { Backoffice } from './backoffice.ts';
import type { Edge } from './faults.ts';
import { backofficeStories, holdStories } from './hold-stories.ts';
import type { Random } from './random.ts';

/** Terminals of each Kvitt that several sales and refunds share. */
export const sharedTerminals = 3;

export interface Modes {
  promptMode: (typeof promptModes)[number];
  captureMode: (typeof captureModes)[number];
}

/** An act, so long after the one before it; the first one counts from the POST. */
export interface TimedAct {
  afterMs: number;
  act: Act | { report: 'authorization' } | { word: Word } | { whenHeld: true } | Backoffice;
}

interface Told extends Pick<Scenario, 'customer' | 'behaviour'> {
  faults?: PlannedFault[];
  acts?: TimedAct[];
  /** The till asks that approved money is held for its word. */
  capture?: 'on_request';
}

export interface Story {
  name: string;
  /** How often it is drawn, relative to the others. */
  weight: number;
  /** The edges that it comes by, besides those of every charge. */
  edges: Edge[];
  /** The customer pays, and nothing of the story stands against it. */
  pays: boolean;
  fits?: (modes: Modes) => boolean;
  tell: (random: Random, amount: number) => Told;
}

/** The customer's pace: most tap at once, some look for their card. The deadline is 9 s after the start. */
function pace(random: Random): number {
  return random.chance(0.6) ? random.int(0, 60) : random.int(100, 1500);
}

function tap(random: Random): { action: string; delay_ms: number } {
  return { action: 'tap', delay_ms: pace(random) };
}

const cancelAt = (afterMs: number): TimedAct => ({ afterMs, act: { cashier: 'cancel' } });

const pressAt = (afterMs: number, press: string, body: object = {}): TimedAct => ({
  afterMs,
  act: { press, with: body },
});

const resolutions = ['AUTHORIZED', 'CAPTURED', 'DECLINED', 'FAILED', 'AUTHORIZATION_VOIDED'];

const paying: Story[] = [
  {
    name: 'taps',
    weight: 34,
    edges: ['get_transaction'],
    pays: true,
    tell: (random) => ({
      customer: tap(random),
      behaviour: { auto_capture_delay_ms: random.pick([0, 0, random.int(50, 800)]) },
    }),
  },
  {
    name: 'taps, captured by us',
    weight: 20,
    edges: ['capture', 'capture', 'capture', 'get_transaction'],
    pays: true,
    tell: (random) => ({
      customer: tap(random),
      behaviour: { auto_capture_failing_ms: 60_000, auto_capture_retry_ms: random.int(100, 900) },
    }),
  },
  {
    name: 'taps with another amount',
    weight: 4,
    edges: ['get_transaction', 'capture'],
    pays: true,
    tell: (random, amount) => ({
      customer: { ...tap(random), amount: random.pick([amount + 500, Math.ceil(amount / 2)]) },
    }),
  },
  {
    name: 'the terminal captures anyway',
    weight: 2,
    edges: ['get_transaction'],
    pays: true,
    fits: ({ captureMode }) => captureMode === 'manual',
    tell: (random) => ({ customer: tap(random), behaviour: { capture_anyway: true } }),
  },
  {
    name: 'is declined, the device asks for another card',
    weight: 4,
    edges: [],
    pays: false,
    tell: (random) => ({
      customer: { action: 'decline', as: 'ask_again', delay_ms: pace(random) },
      // Dintero may tell of the first card, though the terminal goes on: its words are no ending.
      acts: [
        ...(random.chance(0.5)
          ? [{ afterMs: random.int(300, 900), act: { report: 'authorization' } } as const]
          : []),
        pressAt(random.int(300, 1800), 'tap'),
      ],
    }),
  },
];

const notPaying: Story[] = [
  {
    name: 'is declined',
    weight: 8,
    edges: ['get_transaction', 'cancel_session'],
    pays: false,
    tell: (random) => ({
      customer: {
        action: 'decline',
        as: random.pick(['DECLINED', 'FAILED', 'none']),
        delay_ms: pace(random),
      },
    }),
  },
  {
    name: 'stops',
    weight: 6,
    edges: ['cancel_session', 'get_transaction'],
    pays: false,
    tell: (random) => ({
      customer: {
        action: 'stop',
        as: random.pick(['CANCELLED_EVENT', 'FAILED', 'none']),
        delay_ms: pace(random),
      },
    }),
  },
  {
    name: 'walks away',
    weight: 5,
    edges: ['cancel_session', 'cancel_session'],
    pays: false,
    tell: () => ({ customer: { action: 'walk_away' } }),
  },
  {
    name: 'the line is lost, and it is resolved',
    weight: 6,
    edges: ['get_transaction', 'cancel_session'],
    pays: false,
    tell: (random) => {
      const phase = random.pick(['at_start', 'after_approval']);
      // After an approval the money is there, or the device says that it is not; before it nothing needs to follow.
      const isResolved = phase === 'after_approval' || random.chance(0.5);
      const status = random.pick(resolutions);
      const afterMs = random.int(200, 3000);
      return {
        customer: { action: 'offline', phase, delay_ms: pace(random) },
        acts: isResolved ? [pressAt(afterMs, 'resolve', { status })] : [],
      };
    },
  },
  {
    name: 'is on hold, and it is resolved',
    weight: 4,
    edges: ['get_transaction'],
    pays: false,
    tell: (random) => ({
      customer: { action: 'hold', delay_ms: pace(random) },
      acts: [pressAt(random.int(200, 3000), 'resolve', { status: random.pick(resolutions) })],
    }),
  },
];

const cashiers: Story[] = [
  {
    name: 'the cashier cancels while the customer looks for the card',
    weight: 9,
    edges: ['cancel_session', 'cancel_session'],
    pays: false,
    tell: (random) => ({
      customer: { action: 'none' },
      acts: [cancelAt(random.chance(0.3) ? 0 : random.int(50, 2500))],
    }),
  },
  {
    name: 'the cashier cancels as the card lands',
    weight: 8,
    edges: ['cancel_session', 'get_transaction', 'void'],
    pays: false,
    tell: (random) => {
      const lands = random.int(50, 600);
      return {
        customer: { action: 'tap', delay_ms: lands },
        acts: [cancelAt(Math.max(0, lands + random.int(-60, 260)))],
        behaviour: { auto_capture_delay_ms: random.pick([0, 50, 300]) },
      };
    },
  },
  {
    name: 'approved, then cancelled',
    weight: 10,
    edges: ['void', 'void', 'void', 'get_transaction'],
    pays: false,
    tell: (random) => ({
      customer: { action: 'tap', delay_ms: 0 },
      // Until the cancel is there neither Dintero nor we can capture.
      behaviour: { auto_capture_failing_ms: 60_000 },
      faults: [
        { endpoint: 'capture', do: { kind: 'status', status: 503, processed: false }, times: 2 },
      ],
      acts: [cancelAt(random.int(200, 700))],
    }),
  },
  {
    name: 'the capture is refused',
    weight: 3,
    edges: ['void', 'void'],
    pays: false,
    fits: ({ captureMode }) => captureMode === 'manual',
    tell: (random) => ({
      customer: tap(random),
      faults: [
        { endpoint: 'capture', do: { kind: 'status', status: 400, processed: false }, times: 0 },
      ],
    }),
  },
  {
    name: 'published to nobody',
    weight: 6,
    edges: ['cancel_session'],
    pays: false,
    fits: ({ promptMode }) => promptMode === 'publish',
    tell: (random) => ({ behaviour: { publish_status: random.pick(['failed', 'skipped']) } }),
  },
  {
    // It stays open, and is listed.
    name: 'an accepted operation never completes',
    weight: 1,
    edges: [],
    pays: false,
    tell: (random) => ({
      customer: tap(random),
      behaviour: { auto_capture_failing_ms: 60_000 },
      faults: ['capture', 'void'].map((endpoint) => ({
        endpoint,
        do: { kind: 'accept_202', complete_after_ms: 0, success: 'never' },
        times: 0,
      })),
      acts: random.chance(0.5) ? [cancelAt(random.int(100, 900))] : [],
    }),
  },
];

export const stories: readonly Story[] = [
  ...paying,
  ...notPaying,
  ...cashiers,
  ...holdStories,
  ...backofficeStories,
];
