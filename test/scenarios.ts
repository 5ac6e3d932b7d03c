/** Plays the rows of `scripts/scenario.ts`, each on a terminal of its own, so that many run at once. */
import { play, prepare, type Scenario } from '../scripts/scenario.ts';
import type { Durations, PolicySettings } from '../workflows/policy.ts';
import { saleOf, type ChargeAnswer, type Harness } from './harness.ts';

export type { Scenario } from '../scripts/scenario.ts';

/** A group of rows that share a policy. */
export interface ScenarioGroup {
  name: string;
  settings: Partial<PolicySettings>;
  durations?: Partial<Durations>;
  hasCallbacks?: boolean;
  rows: Scenario[];
}

export interface Played {
  charge: ChargeAnswer;
  breaches: string[];
  asked: Record<string, number>;
}

export async function runScenario(kvitt: Harness, row: Scenario): Promise<Played> {
  const sale = saleOf(kvitt);
  const chargeId = `${sale.reference}.1`;
  const terminal = sale.terminal_id;
  await prepare(kvitt, sale, row);
  await kvitt.post(sale);
  for (const act of row.acts ?? []) await play(kvitt, { act, chargeId, terminal });
  const charge = await kvitt.ending(chargeId);
  const calls = await kvitt.simulator.calls({ merchant_reference: chargeId });
  const asked: Record<string, number> = {};
  for (const { endpoint } of calls) asked[endpoint] = (asked[endpoint] ?? 0) + 1;
  const breaches = await kvitt.audit([charge]);
  return { charge, breaches: breaches.filter((breach) => breach.includes(sale.reference)), asked };
}

/** What rows are made of. */
export const captured = {
  outcome: 'captured',
  captured_amount: 12900,
  reason: null,
  advice: 'paid',
} as const;
export const notCharged = (reason: string): Scenario['ends'] => ({
  outcome: 'not_charged',
  reason,
  captured_amount: null,
});
export const tap = { action: 'tap', delay_ms: 30 };
export const status = (
  code: number,
  processed = false,
): { kind: string; status: number; processed: boolean } => ({
  kind: 'status',
  status: code,
  processed,
});
