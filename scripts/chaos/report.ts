/** What a fault run tells a person, and whether it has seen enough to mean anything. */
import { groupBy } from '../group-by.ts';
import type { Evidence } from './evidence.ts';
import { plannedCells, plannedDeeds, type PlannedSale } from './plan.ts';
import type { PlayedSale } from './play-sale.ts';
import type { Crew } from './run.ts';

export interface Summary {
  sales: PlannedSale[];
  played: PlayedSale[];
  evidence: Evidence[];
  hits: Map<string, number>;
  /** Sales that should end captured, and those that did. */
  shouldPay: number;
  paid: number;
  /** The same of refunds: the first one of each sale. */
  shouldRefund: number;
  refunded: number;
}

export function summarise(
  sales: PlannedSale[],
  crews: Crew[],
  { evidence, hits }: { evidence: Evidence[]; hits: Map<string, number> },
): Summary {
  const undisturbed = crews.flatMap(({ played, drains }) =>
    played.filter(
      (sale) =>
        sale.plan.shouldPay &&
        !drains.some(({ from, to }) => from < sale.endedAt && to > sale.startedAt),
    ),
  );
  const paid = undisturbed.filter(({ told }) => told.some(({ outcome }) => outcome === 'captured'));
  const firstRefunds = undisturbed
    .filter(({ plan }) => plan.refunds[0]?.shouldRefund === true)
    .flatMap(({ refunds }) => [...refunds.values()].slice(0, 1));
  return {
    sales,
    played: crews.flatMap(({ played }) => played),
    evidence,
    hits,
    shouldPay: undisturbed.length,
    paid: paid.length,
    shouldRefund: firstRefunds.length,
    refunded: firstRefunds.filter(({ outcome }) => outcome === 'refunded').length,
  };
}

/** The hits of all simulators, by `endpoint kind`. */
export async function countHits(crews: Crew[]): Promise<Map<string, number>> {
  const sum = new Map<string, number>();
  for (const { kvitt } of crews) {
    for (const { endpoint, kind, times } of await kvitt.simulator.faultsHit()) {
      const cell = `${endpoint} ${kind}`;
      sum.set(cell, (sum.get(cell) ?? 0) + times);
    }
  }
  return sum;
}

/** Planted so often, an edge, a kind of fault, a refund story or a deed must have come true at least once. */
const edgePlannedMin = 60;
const kindPlannedMin = 20;
const deedPlannedMin = 20;
/** A kind at one edge must strike when so many strikes are expected by how often its edge was struck: a void is rare. */
const cellExpectedMin = 12;
const paidShareMin = 0.95;
/** Below, one slow moment of the machine would decide. */
const shouldPayMin = 20;

/** Why the run proves nothing; empty when it met what it planned. */
export function whyVacuous(summary: Summary): string[] {
  const { sales, hits, shouldPay, paid, shouldRefund, refunded } = summary;
  const planned = plannedCells(sales);
  const reasons = [
    ...missed(sumBy(edgeOf, planned), sumBy(edgeOf, hits), edgePlannedMin),
    ...missed(sumBy(kindOfCell, planned), sumBy(kindOfCell, hits), kindPlannedMin),
    ...missedCells(planned, hits),
    ...missed(plannedDeeds(sales), deedsOf(summary), deedPlannedMin),
  ];
  if (shouldRefund >= shouldPayMin && refunded < shouldRefund * paidShareMin) {
    reasons.push(`only ${refunded} of ${shouldRefund} refunds that should end refunded did`);
  }
  if (shouldPay >= shouldPayMin && paid < shouldPay * paidShareMin) {
    reasons.push(`only ${paid} of ${shouldPay} sales that should end captured did`);
  }
  return reasons;
}

function deedsOf({ played }: Summary): Map<string, number> {
  const deeds = groupBy(
    played.flatMap((sale) => sale.deeds),
    (deed) => deed,
  );
  return new Map([...deeds].map(([deed, all]) => [deed, all.length]));
}

function missed(
  planned: Map<string, number>,
  hits: Map<string, number>,
  plannedMin: number,
): string[] {
  return [...planned]
    .filter(([name, count]) => count >= plannedMin && (hits.get(name) ?? 0) === 0)
    .map(([name, count]) => `${name}: planted ${count} times, never hit`);
}

function missedCells(planned: Map<string, number>, hits: Map<string, number>): string[] {
  const plannedAtEdge = sumBy(edgeOf, planned);
  const hitsAtEdge = sumBy(edgeOf, hits);
  return [...planned]
    .filter(([cell, count]) => {
      const edge = edgeOf(cell);
      const share = Math.min(1, (hitsAtEdge.get(edge) ?? 0) / (plannedAtEdge.get(edge) ?? count));
      return !hits.has(cell) && count * share >= cellExpectedMin;
    })
    .map(([cell, count]) => `${cell}: planted ${count} times, never hit`);
}

function edgeOf(cell: string): string {
  return `${cell.split(' ')[0] ?? cell} at all`;
}

function kindOfCell(cell: string): string {
  return `every ${cell.split(' ')[1] ?? cell}`;
}

function sumBy(nameOf: (cell: string) => string, cells: Map<string, number>): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [cell, count] of cells) {
    const name = nameOf(cell);
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return sums;
}

interface Cell {
  endpoint: string;
  kind: string;
  times: number;
}

function byName(a: Cell, b: Cell): number {
  return `${a.endpoint} ${a.kind}`.localeCompare(`${b.endpoint} ${b.kind}`);
}

export function faultTable({ hits }: Summary): string[] {
  const cells = [...hits].map(([cell, times]): Cell => {
    const [endpoint = '', kind = ''] = cell.split(' ');
    return { endpoint, kind, times };
  });
  return [...groupBy(cells.toSorted(byName), ({ endpoint }) => endpoint)].map(
    ([endpoint, kinds]) =>
      `  ${endpoint.padEnd(18)} ${kinds.map(({ kind, times }) => `${kind} ${times}`).join(', ')}`,
  );
}

export function outcomeTable({ played }: Summary): string[] {
  const words = played.flatMap(({ charges, plan }) =>
    [...charges.values()].map(({ outcome, reason, needs_attention }) =>
      outcome === null
        ? `open: ${needs_attention ?? 'without a reason'} (${plan.story})`
        : `${outcome}${reason === null ? '' : `: ${reason}`}${needs_attention === null ? '' : ` (${needs_attention})`}`,
    ),
  );
  return [...groupBy(words, (word) => word)]
    .toSorted((a, b) => b[1].length - a[1].length)
    .map(([word, all]) => `  ${String(all.length).padStart(5)} ${word}`);
}

/** Refunds by their ending, and what the till and others did besides. */
export function refundTable(summary: Summary): string[] {
  const words = summary.played.flatMap(({ refunds }) =>
    [...refunds.values()].map(({ outcome, reason, needs_attention }) =>
      outcome === null
        ? `open: ${needs_attention ?? 'without a reason'}`
        : `${outcome}${reason === null ? '' : `: ${reason}`}`,
    ),
  );
  const others = [...deedsOf(summary)].filter(([deed]) => !deed.startsWith('refund: '));
  return [
    ...[...groupBy(words, (word) => word)].map(([word, all]): [string, number] => [
      word,
      all.length,
    ]),
    ...others,
  ]
    .toSorted((a, b) => b[1] - a[1])
    .map(([word, count]) => `  ${String(count).padStart(5)} ${word}`);
}

/** From the last fault that struck a charge to its ending: the slowest, in words. */
export function slowestEnding({ played, evidence }: Summary): string {
  const lastFault = new Map<string, number>();
  for (const { calls } of evidence) {
    for (const { at, fault, merchant_reference: id = '' } of calls) {
      if (fault !== null) lastFault.set(id, Math.max(lastFault.get(id) ?? 0, Date.parse(at)));
    }
  }
  const endings = played.flatMap(({ charges, plan: { number, story } }) =>
    [...charges.values()].flatMap(({ charge_id: id, outcome, reason, updated_at: at }) => {
      const from = lastFault.get(id);
      if (from === undefined || outcome === null) return [];
      const what = [outcome, reason, `sale ${number}`, story].filter((word) => word !== null);
      return [{ ms: Date.parse(at) - from, words: `${id}: ${what.join(', ')}` }];
    }),
  );
  const [slowest] = endings.toSorted((a, b) => b.ms - a.ms);
  return slowest === undefined ? 'no fault struck' : `${slowest.ms} ms (${slowest.words})`;
}
