/** What was paid out and has not been told yet: a settlement may be shown days after it was made. */
import type { Client } from '@temporalio/client';
import type { Report, SettlementFacts, Zones } from '../../workflows/books.ts';
import { dateAt, dayIn, nextDate } from '../../workflows/business-days.ts';
import type { Dintero } from '../dintero/charges.ts';
import { listSettlements } from '../dintero/settlements.ts';
import { reportsAround } from './closed.ts';

export interface PayoutsAsk {
  date: string;
  zones: Zones;
}

export interface Payouts {
  settlements: SettlementFacts[];
  notes: string[];
}

/** Settlements are shown that late at most. */
const lateDays = 7;

/** null: this client may not read settlements. */
export async function listPayouts(
  { dintero, client, taskQueue }: { dintero: Dintero; client: Client; taskQueue: string },
  { date, zones }: PayoutsAsk,
): Promise<Payouts | null> {
  const { timeZone } = zones;
  const span = {
    from: dayIn(nextDate(date, -lateDays), timeZone).from,
    to: dayIn(date, timeZone).to,
  };
  const found = await listSettlements(dintero, span);
  if (found === null) return null;
  const told = await reportsAround(client, { taskQueue, date, days: lateDays });
  const dayOf = (one: SettlementFacts): string => dateAt(Date.parse(one.settled_at), timeZone);
  return {
    settlements: untold(found.settlements, { date, told, dayOf }),
    notes: found.unreadable.map((id) => `Settlement ${id} could not be read and is not listed`),
  };
}

/** Pure: those of the day, and late ones of a day that has its report; each in one report only. */
export function untold(
  found: readonly SettlementFacts[],
  {
    date,
    told,
    dayOf,
  }: {
    date: string;
    told: readonly Pick<Report, 'date' | 'settlements'>[];
    dayOf: (one: SettlementFacts) => string;
  },
): SettlementFacts[] {
  const ids = new Set(
    told.flatMap(({ settlements }) => settlements.map(({ settlement_id: id }) => id)),
  );
  const dates = new Set([date, ...told.map((report) => report.date)]);
  return found.filter((one) => !ids.has(one.settlement_id) && dates.has(dayOf(one)));
}
