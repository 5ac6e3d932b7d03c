/** The refund rules that the ledger alone cannot judge: what Dintero shows event by event, and what was told later. */
import type { ReportedRefund } from '../audit-refunds.ts';
import type { Kvitt } from '../in-process.ts';
import { groupBy } from '../group-by.ts';
import type { Evidence } from './evidence.ts';
import { noteRefund, type RefundAnswer } from './play-refunds.ts';
import type { PlayedSale } from './play-sale.ts';

interface Run {
  kvitt: Kvitt;
  played: PlayedSale[];
  evidence: Evidence;
}

/** Every ending of a refund that was told, and the refunds that have none. */
export function refundsOf(played: PlayedSale[]): ReportedRefund[] {
  return played.flatMap(({ refunds, refundsTold }) => [
    ...refundsTold,
    ...[...refunds.values()].filter(({ outcome }) => outcome === null),
  ]);
}

/**
 * Dintero may succeed after all with what it had shown as failed: of the refunds that were told to be `not_refunded`,
 * those whose money went back later, by whether it was found. Found is what the refund itself says by now, or a case.
 */
export async function lateRefunds(
  { kvitt, played, evidence }: Run,
  casesOf: () => Promise<Set<string>>,
): Promise<{ found: Set<string>; unfound: string[] }> {
  const byRefund = groupBy(
    evidence.ledger.filter(({ kind }) => kind === 'refunded'),
    ({ refund_reference: reference = '' }) => reference,
  );
  const found = new Set<string>();
  const unfound: string[] = [];
  let inCases: Set<string> | undefined;
  for (const sale of played) {
    for (const told of sale.refundsTold) {
      const { refund_id: id, charge_id: chargeId, outcome } = told;
      if (outcome !== 'not_refunded' || !byRefund.has(id)) continue;
      const path = `/charges/${chargeId}/refunds/${id}`;
      const { status, body } = await kvitt.call<RefundAnswer>('GET', path);
      if (status === 200) noteRefund(sale, body);
      inCases ??= await casesOf();
      const isFound = (status === 200 && body.outcome === 'refunded') || inCases.has(chargeId);
      if (isFound) found.add(id);
      else unfound.push(id);
    }
  }
  return { found, unfound };
}

/**
 * M5: what went back in the back office ends as a case, where the news could arrive. Without callbacks only the day's
 * reconciliation finds it.
 */
export async function unfoundBackoffice(
  { played, evidence }: Run,
  casesOf: () => Promise<Set<string>>,
): Promise<string[]> {
  const byCharge = groupBy(evidence.ledger, (entry) => entry.merchant_reference);
  const hasNews = ({ plan }: PlayedSale): boolean =>
    [...plan.attempts, ...plan.refunds].every(({ faults = [] }) =>
      faults.every(({ endpoint }) => endpoint !== 'callback'),
    );
  const charges = played.filter(hasNews).flatMap(({ charges }) => [...charges.keys()]);
  const refunded = charges.filter((chargeId) =>
    (byCharge.get(chargeId) ?? []).some(
      ({ kind, why }) => kind === 'refunded' && why === 'backoffice',
    ),
  );
  if (refunded.length === 0) return [];
  const inCases = await casesOf();
  return refunded
    .filter((chargeId) => !inCases.has(chargeId))
    .map((chargeId) => `M5: money of ${chargeId} went back in the back office, and nobody is told`);
}

interface DinteroEvent {
  event: string;
  created_at: string;
  created_by?: string;
  request_id: string;
  correlation_request_id?: string;
  event_reference?: string;
}

/** Somebody else may act between our last read and the arrival of what was decided by it. */
const marginMs = 5000;

/** R2, by Dintero's events: we never ask for a refund while another one is accepted and without its result. */
export async function checkUnresolved({ kvitt, evidence }: Run): Promise<string[]> {
  const asked = evidence.ledger.filter(({ kind }) => kind === 'refund_prompt_started');
  const payments = new Set(asked.flatMap(({ transaction_id: id }) => id ?? []));
  const problems: string[] = [];
  for (const id of payments) {
    const response = await fetch(`${kvitt.simulator.url}/simulator/transactions/${id}`);
    const { events } = (await response.json()) as { events: DinteroEvent[] };
    problems.push(...besideUnresolved(events));
  }
  return problems;
}

function besideUnresolved(events: DinteroEvent[]): string[] {
  const initiated = events.filter(({ event }) => event === 'INITIATE_REFUND');
  return initiated.flatMap((own) => {
    if (own.created_by === 'backoffice') return [];
    const at = Date.parse(own.created_at);
    const open = initiated.filter((other) => {
      const isByOthers = other.created_by === 'backoffice';
      const wasSeen = Date.parse(other.created_at) < at - (isByOthers ? marginMs : 0);
      return wasSeen && endOf(events, other) > at;
    });
    return open.map(
      ({ event_reference: other }) =>
        `R2: ${own.event_reference} was asked while ${other} had no result`,
    );
  });
}

function endOf(events: DinteroEvent[], { request_id: id }: DinteroEvent): number {
  const result = events.find(({ correlation_request_id: answered }) => answered === id);
  return result === undefined ? Infinity : Date.parse(result.created_at);
}
