/** The end of the day: the books are made, and every sum is held against the simulator's ledger. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReportAnswer } from '../../api/report-answers.ts';
import type { LedgerEntry, SimulatorControl } from '../dintero-simulator.ts';
import type { Stack } from '../stack.ts';
import { askApi } from './ask.ts';

/** Has no other days than the ledger's times. */
export const zoneOfDemo = 'UTC';

/** What disagrees, as sentences. */
export async function reportTheDay(
  stack: Stack,
  dintero: SimulatorControl,
  dir: string,
): Promise<string[]> {
  console.log('\nThe day ends: Dintero’s payments and our charges are compared both ways');
  const token = (await readFile(join(dir, 'ops-token'), 'utf8')).trim();
  const ledger = await dintero.ledger();
  // A demo at midnight has two days.
  const days = [...new Set(ledger.map(({ at }) => at.slice(0, 10)))];
  const problems: string[] = [];
  for (const date of days) {
    const { report } = await askApi<{ report: ReportAnswer | null }>(
      stack,
      'POST',
      '/ops/reconciliations',
      { date },
      { authorization: `Bearer ${token}`, prefer: 'wait=60' },
    );
    if (report === null) problems.push(`there is no report of ${date}`);
    else problems.push(...verdict(report, ledger));
  }
  return problems;
}

function verdict(report: ReportAnswer, ledger: LedgerEntry[]): string[] {
  const { date, differences, late, totals } = report;
  for (const { store_id, terminals } of report.stores) {
    for (const { terminal_id, currency, captured, told, refunded } of terminals) {
      console.log(
        `   ${store_id}  ${terminal_id}  captured ${captured.amount}, told ${told.amount}, refunded ${refunded.amount} ${currency}`,
      );
    }
  }
  const ofDay = ledger.filter(({ at }) => at.startsWith(date));
  const sum = (kind: string): number =>
    ofDay.filter((entry) => entry.kind === kind).reduce((total, { amount }) => total + amount, 0);
  const expected = { captured: sum('captured'), told: sum('captured'), refunded: sum('refunded') };
  const problems = [...disagreements(totals, expected)];
  const found = differences.length + late.length;
  if (found > 0) problems.push(`${found} differences`);
  const said = problems.length === 0 ? '0 differences, the ledger agrees' : problems.join('; ');
  console.log(
    `   => ${date}: captured ${expected.captured}, refunded ${expected.refunded}: ${said}`,
  );
  return problems;
}

/** The sums of the report that are not the ledger's. */
function disagreements(
  totals: ReportAnswer['totals'],
  expected: Record<'captured' | 'told' | 'refunded', number>,
): string[] {
  const [found] = totals;
  if (found === undefined || totals.length > 1) return [`it has ${totals.length} currencies`];
  return (['captured', 'told', 'refunded'] as const)
    .filter((name) => found[name] !== expected[name])
    .map((name) => `${name} is ${found[name]}, and by the ledger ${expected[name]}`);
}
