/** The part of a day's books that is about payouts: what Dintero settled on it, beside what the payments say of it. */
import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import {
  itemsMax,
  type ItemSums,
  type SettledPart,
  type Settlement,
  type SettlementFacts,
  type SettlementItem,
  type Span,
  type Zones,
} from './books.ts';
import { spansOf } from './business-days.ts';

const long = proxyActivities<Activities>({
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '30 s',
  retry: { maximumInterval: '10 minutes' },
});

/** Without heartbeats: one list of a few pages. */
const list = proxyActivities<Activities>({
  startToCloseTimeout: '5 minutes',
  retry: { maximumInterval: '10 minutes' },
});

interface Payouts {
  settlements: Settlement[];
  items: SettlementItem[];
  pages: number;
  notes: string[];
}

/** A payout settles some days, a week at most, and is paid some days later: what is older is not looked through. */
const periodMaxMs = 35 * 86_400_000;

export async function readSettlements(ask: { date: string; zones: Zones }): Promise<Payouts> {
  const listed = await list.listPayouts(ask);
  if (listed === null) {
    const note = 'Dintero lets this client read no settlements: it lacks the scope';
    return { settlements: [], items: [], pages: 0, notes: [note] };
  }
  const { settlements: found } = listed;
  const { sums, items, pages, isCut } = await readItems(found);
  const settlements = found.map((one) => {
    const sum = sums.get(`${one.settlement_id} ${one.currency}`) ?? noItems;
    return { ...one, items: sum, agrees: agrees(one, sum) };
  });
  const note = `Of the settlement items the first ${itemsMax} are listed; the sums are of all`;
  return { settlements, items, pages, notes: [...listed.notes, ...(isCut ? [note] : [])] };
}

const noItems: ItemSums = { count: 0, capture: 0, refund: 0, fee: 0 };

function agrees(one: SettlementFacts, items: ItemSums): boolean | null {
  if (items.count === 0) return null;
  return one.capture === items.capture && one.refund === items.refund && one.fee === items.fee;
}

/** The payments of the whole time that was settled, some hours at a time, for all settlements of the day at once. */
async function readItems(found: readonly SettlementFacts[]): Promise<{
  sums: Map<string, ItemSums>;
  items: SettlementItem[];
  pages: number;
  isCut: boolean;
}> {
  const sums = new Map<string, ItemSums>();
  const items: SettlementItem[] = [];
  let pages = 0;
  let isCut = false;
  const add = (part: SettledPart): void => {
    for (const [key, sum] of Object.entries(part.sums)) {
      sums.set(key, plus(sums.get(key) ?? noItems, sum));
    }
    isCut ||= items.length + part.items.length > itemsMax;
    items.push(...part.items.slice(0, itemsMax - items.length));
    pages += part.pages;
  };
  const period = periodOf(found);
  const settlementIds = [...new Set(found.map(({ settlement_id: id }) => id))];
  for (const span of period === null ? [] : spansOf(period)) {
    add(await long.readSettled({ span, of: 'sales', settlementIds }));
  }
  if (period !== null) add(await long.readSettled({ span: period, of: 'refunds', settlementIds }));
  return { sums, items, pages, isCut };
}

function plus(one: ItemSums, other: ItemSums): ItemSums {
  return {
    count: one.count + other.count,
    capture: one.capture + other.capture,
    refund: one.refund + other.refund,
    fee: one.fee + other.fee,
  };
}

/** From the earliest begin to the latest end that a settlement names. */
function periodOf(found: readonly SettlementFacts[]): Span | null {
  const begins = found.flatMap(({ start_at: at }) => (at === null ? [] : [Date.parse(at)]));
  const ends = found.flatMap(({ end_at: at }) => (at === null ? [] : [Date.parse(at)]));
  if (begins.length === 0 || ends.length === 0) return null;
  return {
    from: Math.max(Math.min(...begins), Math.max(...ends) - periodMaxMs),
    // The end is an instant of the period: what was made in it belongs to it.
    to: Math.max(...ends) + 1,
  };
}
