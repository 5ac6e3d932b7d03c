/**
 * The plan of a seeded fault run: from a seed, what every customer and cashier does and what goes wrong at which edge.
 * Pure: the same seed gives the same plan; only the race against the clock differs. All durations in milliseconds.
 */
import type { PlannedFault, Scenario } from '../scenario.ts';
import { drawFault, kindOf, leavesPayment, type Edge } from './faults.ts';
import { planOperation, type PlannedOperation } from './operations.ts';
import { createRandom, type Random } from './random.ts';
import { planRefunds, type PlannedRefund } from './refund-stories.ts';
import { sharedTerminals, stories, type Modes, type Story, type TimedAct } from './stories.ts';

/** Every combination runs as a Kvitt of its own: the policy belongs to an api. */
export const allModes: readonly Modes[] = (['create', 'publish', 'pay'] as const).flatMap(
  (promptMode) => (['auto', 'manual'] as const).map((captureMode) => ({ promptMode, captureMode })),
);

/** What somebody else does at Dintero with the same sale or terminal, before the charge is posted. */
type Stranger = 'pays_the_sale' | 'holds_the_terminal';

export interface PlannedAttempt extends Pick<Scenario, 'faults' | 'behaviour' | 'customer'> {
  acts: TimedAct[];
  /** Approved money is held for the till's word. */
  capture?: 'on_request';
  /** How many times the POST is sent at once. */
  posts: number;
  isCancelledBeforeStart: boolean;
}

export interface PlannedSale {
  number: number;
  /** Which combination of modes it runs under. */
  modes: number;
  story: string;
  amount: number;
  /** null: a terminal of its own; else one of the few that several sales share. */
  sharedTerminal: number | null;
  stranger: Stranger | null;
  /** The cashier goes on with the next one after `not_charged`. */
  attempts: PlannedAttempt[];
  /** The first attempt is posted once more when the sale is over. */
  isRepeatedLate: boolean;
  /** A fault of the token's endpoint, planted when this sale starts; it strikes whoever asks next. */
  tokenFault: PlannedFault | null;
  /** The workers are stopped this long after the POST, and started again. */
  drainAfterMs: number | null;
  /** A command to its terminal, at the same time. */
  operation: PlannedOperation | null;
  /** What is given back once the sale is paid, one after the other. */
  refunds: PlannedRefund[];
  /** Nothing stands against a payment: it should end captured. */
  shouldPay: boolean;
}

const saleAmounts = [100, 4990, 12900, 39900, 250_000];

export function planSales({ seed, charges }: { seed: number; charges: number }): PlannedSale[] {
  const random = createRandom(seed);
  return Array.from({ length: charges }, (_, index) => planSale(random, index + 1));
}

function planSale(random: Random, number: number): PlannedSale {
  const modes = random.int(0, allModes.length - 1);
  const { promptMode, captureMode } = modesOf(modes);
  const story = drawStory(random, { promptMode, captureMode });
  const amount = random.pick(saleAmounts);
  const isShared = random.chance(0.15);
  const stranger = !isShared && random.chance(0.03) ? drawStranger(random) : null;
  const first = planAttempt(random, { story, promptMode, amount });
  const attempts = [first];
  if (random.chance(0.5)) attempts.push(secondAttempt(random, { promptMode, captureMode, amount }));
  const beside = planBeside(random, { isShared, attempts });
  const isAlone = !isShared && stranger === null && beside.operation === null;
  return {
    number,
    modes,
    story: story.name,
    amount,
    sharedTerminal: isShared ? random.int(0, sharedTerminals - 1) : null,
    stranger,
    attempts,
    isRepeatedLate: random.chance(0.1),
    tokenFault: random.chance(0.06) ? drawFault(random, 'token') : null,
    drainAfterMs: random.chance(0.015) ? random.int(0, 2000) : null,
    ...beside,
    shouldPay: isAlone && mayPay({ story, promptMode, attempt: first }),
  };
}

function planBeside(
  random: Random,
  { isShared, attempts }: { isShared: boolean; attempts: PlannedAttempt[] },
): Pick<PlannedSale, 'operation' | 'refunds'> {
  const hasNews = !isShared && !breaks('callback', attempts);
  const isReadable = !breaks('get_transaction', attempts);
  const refunds = random.chance(0.4) ? planRefunds(random, { hasNews }) : [];
  return {
    operation: random.chance(isShared ? 0.3 : 0.02) ? planOperation(random) : null,
    refunds: refunds.map((refund) => ({
      ...refund,
      shouldRefund: refund.shouldRefund && isReadable,
    })),
  };
}

/** A fault may outlive the charge that it was planted for. */
function breaks(edge: Edge, attempts: PlannedAttempt[]): boolean {
  return attempts.some(({ faults = [] }) => faults.some(({ endpoint }) => endpoint === edge));
}

function mayPay({
  story,
  promptMode,
  attempt,
}: Pick<AttemptDraft, 'story' | 'promptMode'> & { attempt: PlannedAttempt }): boolean {
  const { faults = [], isCancelledBeforeStart } = attempt;
  // In mode `pay` a lost create prompts nobody, which is what the mode is for.
  const isLostBeforePay =
    promptMode === 'pay' && faults.some(({ endpoint }) => endpoint === 'create_session');
  return story.pays && !isCancelledBeforeStart && !isLostBeforePay && faults.every(leavesPayment);
}

function drawStranger(random: Random): Stranger {
  return random.pick(['pays_the_sale', 'holds_the_terminal'] as const);
}

export function modesOf(index: number): Modes {
  const modes = allModes[index];
  if (modes === undefined) throw new Error(`no modes ${index}`);
  return modes;
}

function drawStory(random: Random, modes: Modes): Story {
  const fitting = stories.filter(({ fits = () => true }) => fits(modes));
  const weighted = fitting.flatMap((story) => Array.from({ length: story.weight }, () => story));
  return random.pick(weighted);
}

interface AttemptDraft {
  story: Story;
  promptMode: Modes['promptMode'];
  amount: number;
}

function planAttempt(random: Random, { story, promptMode, amount }: AttemptDraft): PlannedAttempt {
  const told = story.tell(random, amount);
  const edges: Edge[] = [
    'create_session',
    'list_transactions',
    'get_session',
    'get_session',
    'callback',
    'callback',
    ...(promptMode === 'pay' ? (['pay_session'] as const) : []),
    ...story.edges,
  ];
  return {
    customer: told.customer ?? { action: 'none' },
    behaviour: { ...quirks(random), ...told.behaviour },
    faults: [...(told.faults ?? []), ...drawFaults(random, edges)],
    acts: told.acts ?? [],
    posts: random.pick([1, 1, 1, 1, 2, 3]),
    isCancelledBeforeStart: random.chance(0.02),
    ...(told.capture !== undefined && { capture: told.capture }),
  };
}

/** At most one fault for each edge: more would only hide each other. */
function drawFaults(random: Random, edges: Edge[]): PlannedFault[] {
  const faults = new Map<string, PlannedFault>();
  const count = random.pick([0, 1, 1, 1, 2]);
  for (let n = 0; n < count; n += 1) {
    const edge = random.pick(edges);
    faults.set(edge, drawFault(random, edge));
  }
  return [...faults.values()];
}

/** The questions that Dintero's documents leave open, answered one way or the other. */
function quirks(random: Random): Record<string, unknown> {
  return {
    initiated_visible: random.chance(0.2),
    cancel_again: random.pick([200, 400]),
    retry_timestamp: random.pick(['fresh', 'original']),
    second_session: random.pick(['reject', 'queue', 'replace']),
  };
}

/** The customer has found another card. */
function secondAttempt(random: Random, modes: Modes & { amount: number }): PlannedAttempt {
  const paying = stories.find(({ name }) => name === 'taps');
  if (paying === undefined) throw new Error('no story of a tap');
  return planAttempt(random, { story: paying, ...modes });
}

/** The cells of the table of faults: kind by endpoint, as planned. */
export function plannedCells(sales: PlannedSale[]): Map<string, number> {
  const cells = new Map<string, number>();
  for (const { attempts, tokenFault, operation, refunds } of sales) {
    const faults = [
      ...(attempts[0]?.faults ?? []),
      ...(tokenFault === null ? [] : [tokenFault]),
      ...(operation?.faults ?? []),
      ...(refunds[0]?.faults ?? []),
    ];
    for (const { endpoint, do: what } of faults) {
      const cell = `${endpoint} ${kindOf(what)}`;
      cells.set(cell, (cells.get(cell) ?? 0) + 1);
    }
  }
  return cells;
}

/** What must have come true at least once when it was planned so often: refunds, words, and what others do. */
export function plannedDeeds(sales: PlannedSale[]): Map<string, number> {
  const deeds = sales.flatMap(({ attempts, operation, refunds }) => [
    ...(operation === null ? [] : [`operation: ${operation.operation}`]),
    ...(attempts[0]?.acts ?? []).flatMap(({ act }) => {
      if ('word' in act) return [`word: ${act.word}`];
      return 'backoffice' in act ? [`backoffice: ${act.backoffice}`] : [];
    }),
    ...refunds.slice(0, 1).map(({ story }) => `refund: ${story}`),
  ]);
  const counts = new Map<string, number>();
  for (const deed of deeds) counts.set(deed, (counts.get(deed) ?? 0) + 1);
  return counts;
}
