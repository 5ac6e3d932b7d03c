/**
 * The checker of the fault runs: what the tills were told, held against the simulator's records, by the money rules. A
 * violation is a sentence that starts with the rule and names the charge or the sale.
 */
import type { Client } from '@temporalio/client';
import { chargeWorkflowId } from '../../workflows/messages.ts';
import { audit, hasMoney } from '../audit.ts';
import type { LedgerEntry } from '../dintero-simulator.ts';
import { groupBy } from '../group-by.ts';
import type { Kvitt } from '../in-process.ts';
import type { ChargeAnswer } from '../till.ts';
import { checkHolds } from './check-holds.ts';
import { checkUnresolved, lateRefunds, refundsOf, unfoundBackoffice } from './check-refunds.ts';
import type { Delivery, Evidence } from './evidence.ts';
import { besidePrompts, checkOperations, operatedTwice } from './operations.ts';
import type { PlayedSale } from './play-sale.ts';

interface Checked {
  kvitt: Kvitt;
  played: PlayedSale[];
  evidence: Evidence;
}

/** Every ending that was told must be true by the whole ledger, and all that was started ended or asks for a person. */
export async function checkTold(run: Checked): Promise<string[]> {
  const { kvitt, played, evidence } = run;
  const reported = played.flatMap(({ told, charges }) => [
    ...told,
    ...[...charges.values()].filter(({ outcome }) => outcome === null),
  ]);
  const { found } = await lateRefunds(run, async () => await chargesWithCases(kvitt));
  const isFound = ({ refund_id }: { refund_id: string }): boolean => found.has(refund_id);
  return [
    ...audit(evidence.ledger, reported, refundsOf(played), isFound),
    ...paidLater(run).map((id) => `M3: ${id} was not_charged, and was paid after that`),
    ...(await checkUnresolved(run)),
    ...(await unfoundBackoffice(run, async () => await chargesWithCases(kvitt))),
    ...played.flatMap(({ misunderstood }) =>
      misunderstood.map((id) => `R2: ${id} was taken for another request`),
    ),
    ...checkHolds(run),
    ...checkOperations(played.flatMap(({ operations }) => operations)),
    ...operatedTwice(evidence, played),
    ...besidePrompts(evidence),
  ];
}

/**
 * Where the devices lie, money may turn up after `not_charged` was told, and two cards may pay one sale on one terminal.
 * Then these rules hold: what was captured as told, one session for each charge, and whatever contradicts is found.
 */
export async function checkWhereDevicesLie(run: Checked): Promise<string[]> {
  const kept = (await checkTold(run)).filter((breach) => !/^(M1: sale|M3|M6)/.test(breach));
  return [...kept, ...(await findUnfound(run))];
}

/** Of those that were told to be `not_charged`: the charges that this is true for. */
function toldNotCharged(
  { played, evidence }: Omit<Checked, 'kvitt'>,
  isSo: (own: LedgerEntry[], toldAt: number) => boolean,
): string[] {
  const byCharge = groupBy(evidence.ledger, (entry) => entry.merchant_reference);
  return played
    .flatMap(({ told }) => told)
    .filter(({ outcome, charge_id: chargeId, told_at: at = '' }) => {
      return outcome === 'not_charged' && isSo(byCharge.get(chargeId) ?? [], Date.parse(at));
    })
    .map(({ charge_id }) => charge_id);
}

/**
 * The charges that were paid after `not_charged` was told, whatever became of that money. What Dintero itself lets go at
 * once, for its session was cancelled before, nobody has paid.
 */
export function paidLater(run: Omit<Checked, 'kvitt'>): string[] {
  return toldNotCharged(run, (own, toldAt) => {
    const letGo = own.filter(({ why }) => why === 'dintero:cancelled-session');
    return own.some(
      ({ kind, at, transaction_id: id }) =>
        kind === 'authorised' &&
        Date.parse(at) > toldAt &&
        !letGo.some(({ transaction_id }) => transaction_id === id),
    );
  });
}

/** Contradictions that nobody has found: no void, no case, no other answer. */
async function findUnfound(run: Checked): Promise<string[]> {
  const contradicted = toldNotCharged(run, hasMoney);
  if (contradicted.length === 0) return [];
  const inCases = await chargesWithCases(run.kvitt);
  const unfound: string[] = [];
  for (const chargeId of contradicted) {
    const { body } = await run.kvitt.call('GET', `/charges/${chargeId}`);
    if (body.outcome === 'not_charged' && !inCases.has(chargeId)) {
      unfound.push(`M3: ${chargeId} is not_charged, its money is not free, and nobody found it`);
    }
  }
  return unfound;
}

/** Everything that must be found in the end and is not yet. */
export async function findOpenEnds(run: Checked, kind: 'faults' | 'lies'): Promise<string[]> {
  const casesOf = async (): Promise<Set<string>> => await chargesWithCases(run.kvitt);
  const late = await lateRefunds(run, casesOf);
  const others = await unfoundBackoffice(run, casesOf);
  return [...late.unfound, ...others, ...(kind === 'lies' ? await findUnfound(run) : [])];
}

async function chargesWithCases(kvitt: Kvitt): Promise<Set<string>> {
  const found = new Set<string>();
  for (let cursor = ''; ;) {
    const { status, body } = await kvitt.call<{
      cases?: { charge_id: string }[];
      next_cursor?: string | null;
    }>('GET', `/cases?state=all&limit=200${cursor}`);
    if (status !== 200) return found;
    for (const { charge_id } of body.cases ?? []) found.add(charge_id);
    if ((body.next_cursor ?? null) === null) return found;
    cursor = `&cursor=${body.next_cursor}`;
  }
}

/** A callback may come to a charge that ends at the same moment, and is a stray then. */
const marginMs = 3000;

/**
 * M5: a callback that was answered 200 is in the history of the charge it was for, unless the charge had ended. What
 * was badly signed or old is no news: it may be answered 200 and forgotten.
 */
export async function checkCallbacks({
  kvitt,
  played,
  evidence,
}: Checked): Promise<{ judged: number; violations: string[] }> {
  const deliveries = groupBy(evidence.deliveries, (delivery) => delivery.merchant_reference);
  const violations: string[] = [];
  let judged = 0;
  for (const charge of played.flatMap(({ charges }) => [...charges.values()])) {
    const news = (deliveries.get(charge.charge_id) ?? []).filter((delivery) =>
      isNewsForOpen(delivery, charge),
    );
    if (news.length === 0) continue;
    judged += news.length;
    const stored = await storedReports(kvitt.client, charge.charge_id);
    if (stored < news.length) {
      violations.push(
        `M5: ${charge.charge_id} has stored ${stored} of ${news.length} acknowledged callbacks`,
      );
    }
  }
  return { judged, violations };
}

const noNews = new Set(['bad_signature', 'stale_timestamp']);

function isNewsForOpen({ attempts, fault }: Delivery, charge: ChargeAnswer): boolean {
  const endedAt = charge.outcome === null ? Infinity : Date.parse(charge.updated_at);
  const acknowledged = attempts.find(({ status }) => status === 200);
  if (acknowledged === undefined || noNews.has(fault?.kind ?? '')) return false;
  return Date.parse(acknowledged.at) < endedAt - marginMs;
}

async function storedReports(client: Client, chargeId: string): Promise<number> {
  const history = await client.workflow.getHandle(chargeWorkflowId(chargeId)).fetchHistory();
  return (history.events ?? []).filter(
    (event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'transactionReported',
  ).length;
}
