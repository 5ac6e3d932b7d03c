/**
 * What becomes of a refund at the terminal, as far as it does not depend on what goes wrong on the wire. Durations in
 * milliseconds.
 */
import type { PlannedFault, Scenario } from '../scenario.ts';
import { backofficeRefund, type Backoffice } from './backoffice.ts';
import { drawFault, leavesRefund, type Edge } from './faults.ts';
import type { Random } from './random.ts';
import { sharedTerminals } from './stories.ts';

/** Somebody acts during a refund, so long after the act before it; the first one counts from the POST. */
export interface RefundAct {
  afterMs: number;
  /** `resolve`: Dintero hears how it went, long after nobody had told it. */
  act: { resolve: boolean } | Backoffice;
}

interface Told extends Pick<Scenario, 'customer' | 'behaviour' | 'terminal'> {
  acts?: RefundAct[];
  faults?: PlannedFault[];
  /** Of what was captured, in per cent; above 100 is more than there is. */
  share?: number;
}

interface RefundStory {
  name: string;
  /** How often it is drawn, relative to the others. */
  weight: number;
  /** The cardholder approves, and nothing of the story stands against it. */
  refunds: boolean;
  /** Money may move after the ending was told: only where the callbacks arrive can anybody find it at once. */
  needsNews?: true;
  tell: (random: Random) => Told;
}

/** Where the cardholder stands: at the terminal of the sale, at another one, or at one of those that many share. */
type Where = 'own' | 'other' | number;

export interface PlannedRefund extends Required<Pick<Told, 'acts' | 'faults' | 'share'>> {
  story: string;
  where: Where;
  customer: NonNullable<Told['customer']>;
  behaviour: Record<string, unknown>;
  terminal: Record<string, unknown>;
  /** How many times the POST is sent at once. */
  posts: number;
  /** A later POST with the same name and another amount: it must be refused. */
  isContradicted: boolean;
  /** Nothing stands against it: it should end refunded, if it is the first of its payment. */
  shouldRefund: boolean;
}

function pace(random: Random): number {
  return random.chance(0.6) ? random.int(0, 60) : random.int(100, 1500);
}

const tap = (random: Random): { action: string; delay_ms: number } => ({
  action: 'tap',
  delay_ms: pace(random),
});

const wrongCards = ['CARD_MISMATCH', 'DECLINED', 'INVALID_CARD'];

const settling: RefundStory[] = [
  { name: 'approves', weight: 30, refunds: true, tell: (random) => ({ customer: tap(random) }) },
  {
    name: 'approves, while Dintero holds its answer',
    weight: 10,
    refunds: true,
    tell: (random) => ({
      customer: { action: 'tap', delay_ms: random.int(100, 2500) },
      behaviour: { refund_answer: 'held', refund_initiated_visible: random.chance(0.5) },
    }),
  },
  {
    name: 'is accepted, and told twice',
    weight: 3,
    refunds: true,
    tell: (random) => ({
      customer: tap(random),
      faults: [{ endpoint: 'refund', do: { kind: 'accept_202', success: 'twice' } }],
    }),
  },
  {
    name: 'shows the wrong card',
    weight: 5,
    refunds: false,
    tell: (random) => ({
      customer: {
        action: 'decline',
        error_type: random.pick(wrongCards),
        delay_ms: pace(random),
      },
    }),
  },
  {
    name: 'stops the refund',
    weight: 5,
    refunds: false,
    tell: (random) => ({ customer: { action: 'stop', delay_ms: pace(random) } }),
  },
  {
    name: 'is refused by the processor',
    weight: 3,
    refunds: false,
    tell: (random) => ({
      customer: tap(random),
      faults: [{ endpoint: 'refund', do: { kind: 'accept_202', success: false } }],
    }),
  },
  {
    name: 'asks for more than is left',
    weight: 4,
    refunds: false,
    tell: (random) => ({ customer: tap(random), share: random.pick([101, 200]) }),
  },
  {
    name: 'at a terminal that is out of order',
    weight: 3,
    refunds: false,
    tell: (random) => ({
      customer: tap(random),
      terminal: { status: random.pick(['INACTIVE', 'ERROR']) },
    }),
  },
];

const silent: RefundStory[] = [
  {
    name: 'walks away from the refund',
    weight: 5,
    refunds: false,
    tell: (random) => ({
      customer: { action: 'walk_away' },
      behaviour: { refund_answer: random.pick(['202', 'held']) },
    }),
  },
  {
    name: 'the line is lost during the refund',
    weight: 6,
    refunds: false,
    needsNews: true,
    tell: (random) => ({
      customer: {
        action: 'offline',
        phase: random.pick(['at_start', 'after_approval']),
        delay_ms: pace(random),
      },
      acts: random.chance(0.7)
        ? [{ afterMs: random.int(300, 4000), act: { resolve: random.chance(0.6) } }]
        : [],
    }),
  },
  {
    name: 'fails, and nobody says so',
    weight: 3,
    refunds: false,
    tell: (random) => ({
      customer: { action: random.pick(['decline', 'stop']), delay_ms: pace(random) },
      behaviour: {
        refund_failure_visible: false,
        refund_answer: random.pick(['202', 'held']),
        refund_initiated_visible: random.chance(0.5),
      },
    }),
  },
  {
    name: 'fails, and Dintero succeeds later',
    weight: 6,
    refunds: false,
    needsNews: true,
    tell: (random) => ({
      customer: { action: random.pick(['decline', 'stop']), delay_ms: pace(random) },
      behaviour: { refund_retried_after_ms: random.int(100, 6000) },
    }),
  },
  {
    // It stays open, and is listed.
    name: 'an accepted refund never completes',
    weight: 2,
    refunds: false,
    tell: (random) => ({
      customer: tap(random),
      faults: [{ endpoint: 'refund', do: { kind: 'accept_202', success: 'never' } }],
    }),
  },
];

const interfering: RefundStory[] = [
  {
    name: 'the back office refunds at the same time',
    weight: 6,
    refunds: false,
    tell: (random) => ({
      customer: { action: 'tap', delay_ms: random.int(0, 1500) },
      behaviour: { pending_counted: random.chance(0.5) },
      share: random.pick([40, 60, 100]),
      acts: [{ afterMs: random.int(0, 1500), act: backofficeRefund(random) }],
    }),
  },
];

const refundStories: readonly RefundStory[] = [...settling, ...silent, ...interfering];

const refundEdges: Edge[] = ['refund', 'refund', 'refund', 'get_transaction', 'callback'];

/** What a shop gives back of a sale: mostly once and all of it. */
export function planRefunds(random: Random, { hasNews }: { hasNews: boolean }): PlannedRefund[] {
  const count = random.pick([1, 1, 1, 2, 2, 3]);
  const fitting = refundStories.filter(({ needsNews }) => hasNews || needsNews === undefined);
  const weighted = fitting.flatMap((story) => Array.from({ length: story.weight }, () => story));
  const told = Array.from({ length: count }, () => random.pick(weighted));
  const planned = told.map((story) => planRefund(random, story, count));
  if (told.every(({ needsNews }) => needsNews === undefined)) return planned;
  // A callback is about the payment: the fault of one refund would lose the news of another.
  return planned.map((refund) => ({
    ...refund,
    faults: refund.faults.filter(({ endpoint }) => endpoint !== 'callback'),
  }));
}

/** A terminal keeps its switches: what another story has set is taken back. */
const asDocumented = {
  refund_initiated_visible: true,
  refund_failure_visible: true,
  refund_retried_after_ms: 0,
  pending_counted: true,
};

function planRefund(random: Random, story: RefundStory, count: number): PlannedRefund {
  const told = story.tell(random);
  // At a terminal that many share somebody else would meet what this story does late.
  const isLate = story.needsNews === true;
  const edges = refundEdges.filter((edge) => edge !== 'callback' || !isLate);
  const drawn = random.chance(0.6) ? [drawFault(random, random.pick(edges))] : [];
  const shared = random.int(0, sharedTerminals - 1);
  const where = isLate ? 'own' : random.pick(['own', 'own', 'own', 'other', shared] as const);
  const share = random.pick(count === 1 ? [100, 100, 50] : [30, 50, 70]);
  return {
    story: story.name,
    where,
    share: told.share ?? share,
    behaviour: {
      refund_answer: random.pick(['202', '202', '200', 'held']),
      second_session: random.pick(['reject', 'queue', 'replace']),
      ...asDocumented,
      ...told.behaviour,
    },
    terminal: { status: 'ACTIVE', ...told.terminal },
    customer: told.customer ?? { action: 'none' },
    acts: told.acts ?? [],
    // What the story rests on strikes first.
    faults: [...(told.faults ?? []), ...drawn],
    posts: random.pick([1, 1, 1, 1, 2, 3]),
    isContradicted: random.chance(0.1),
    shouldRefund: story.refunds && typeof where === 'string' && drawn.every(leavesRefund),
  };
}
