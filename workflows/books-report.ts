/** What a day's report comes to, for people and for Temporal's limits. Pure. */
import type { Report, TerminalBooks } from './books.ts';
import { summed } from './books-sums.ts';
import { inMajorUnits } from './money.ts';

/** What a person reads in the Temporal UI. */
export function describeBooks(report: Report): string {
  const { date, is_closed: isClosed, differences, late, corrections } = report;
  const rows = totalsOf(report).map(
    ({ currency, captured, told, refunded }) =>
      `| ${currency} | ${inMajorUnits(captured, currency)} | ${inMajorUnits(told, currency)} | ${inMajorUnits(refunded, currency)} |`,
  );
  return `The books of **${date}**${isClosed ? ', closed' : ', so far'}: ${differences.length} differences, ${late.length} found late, ${corrections.length} corrections of closed days.

| Currency | Captured at Dintero | Told by the charges | Refunded |
|---|---|---|---|
${rows.join('\n')}

The report: \`GET /reports/${date}\`, \`kvitt report ${date}\`.`;
}

/** Temporal takes 2 MB as one value; a letter may need three bytes. */
const sizeMax = 1_800_000;

/** What a person misses least is left out first, until the rest fits; the sums stay. What is missing is told. */
export function withinLimits(report: Report): Report {
  const parts = ['settlement_items', 'settlements', 'corrections'] as const;
  let fitting = report;
  for (const part of parts) {
    if (isFitting(fitting)) return fitting;
    if (fitting[part].length === 0) continue;
    const note = `${part}: ${fitting[part].length} rows do not fit into a report and are left out`;
    fitting = { ...fitting, [part]: [], notes: [...fitting.notes, note] };
  }
  if (isFitting(fitting)) return fitting;
  const note = `${fitting.terminals.length} terminals do not fit into a report: they are summed by store`;
  return { ...fitting, terminals: byStore(fitting.terminals), notes: [...fitting.notes, note] };
}

function isFitting(report: Report): boolean {
  return JSON.stringify(report).length <= sizeMax;
}

const allTerminals = 'all';

/** Whether its terminals did not fit. */
export function isByStore(terminals: readonly TerminalBooks[]): boolean {
  return terminals.some(({ terminal_id }) => terminal_id === allTerminals);
}

export function byStore(terminals: readonly TerminalBooks[]): TerminalBooks[] {
  return summed(terminals.map((row) => ({ ...row, terminal_id: allTerminals })));
}

/** The sums of a day by currency. */
export function totalsOf({ terminals }: Pick<Report, 'terminals'>): {
  currency: string;
  captured: number;
  told: number;
  refunded: number;
}[] {
  const currencies = [...new Set(terminals.map(({ currency }) => currency))].toSorted();
  return currencies.map((currency) => {
    const rows = terminals.filter((row) => row.currency === currency);
    const sum = (of: 'captured' | 'told' | 'refunded'): number =>
      rows.reduce((total, row) => total + row[of].amount, 0);
    return {
      currency,
      captured: sum('captured'),
      told: sum('told'),
      refunded: sum('refunded'),
    };
  });
}
