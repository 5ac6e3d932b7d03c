/**
 * The one row type of scenario: what goes wrong at Dintero, what the customer and the cashier do, and how it must end.
 * Rows are data; `runScenario` plays one on a terminal of its own, so that many run at once.
 */
import type { PolicySettings } from '../workflows/policy.ts';
import { saleOf, type ChargeAnswer, type Harness } from './harness.ts';

type Do = string | { kind: string; [parameter: string]: unknown };

export interface Scenario {
  name: string;
  /** Numbers of `failure-scenarios` that this row shows. */
  shows?: number[];
  faults?: { endpoint: string; do: Do; times?: number; event?: string }[];
  behaviour?: Record<string, unknown>;
  /** What the simulated terminal is set to before the charge. */
  terminal?: Record<string, unknown>;
  /** What the customer does by himself; without it nobody touches the terminal. */
  customer?: { action: string; [parameter: string]: unknown };
  /** What happens after the charge was started, in order. */
  acts?: Act[];
  ends: Partial<ChargeAnswer>;
  /** Its history is recorded under this name, for replay (`npm run histories`). */
  history?: string;
  /** How many calls of an endpoint Dintero received. */
  asked?: Record<string, number>;
}

type Act =
  | { press: string; with?: object }
  | { cashier: 'cancel'; body?: object }
  | { until: Partial<ChargeAnswer> };

/** A group of rows that share a policy. */
export interface ScenarioGroup {
  name: string;
  settings: Partial<PolicySettings>;
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
  await kvitt.simulator.terminal(terminal, {
    ...row.terminal,
    behaviour: row.behaviour ?? {},
    customer: row.customer ?? { action: 'none' },
  });
  for (const { endpoint, event, ...fault } of row.faults ?? []) {
    const isBySale = endpoint === 'list_transactions';
    const match = {
      ...(isBySale ? { merchant_reference_2: sale.reference } : { merchant_reference: chargeId }),
      ...(event === undefined ? {} : { event }),
    };
    await kvitt.simulator.fault({ endpoint, match, ...fault });
  }
  await kvitt.post(sale);
  for (const act of row.acts ?? []) await play(kvitt, { act, chargeId, terminal });
  const charge = await kvitt.ending(chargeId);
  const calls = await kvitt.simulator.calls({ merchant_reference: chargeId });
  const asked: Record<string, number> = {};
  for (const { endpoint } of calls) asked[endpoint] = (asked[endpoint] ?? 0) + 1;
  const breaches = await kvitt.audit([charge]);
  return { charge, breaches: breaches.filter((breach) => breach.includes(sale.reference)), asked };
}

async function play(
  kvitt: Harness,
  { act, chargeId, terminal }: { act: Act; chargeId: string; terminal: string },
): Promise<void> {
  if ('press' in act) await kvitt.simulator.press(terminal, act.press, act.with);
  else if ('cashier' in act) {
    const impatient = { prefer: 'wait=0' };
    await kvitt.call('POST', `/charges/${chargeId}/cancel`, act.body ?? {}, impatient);
  } else {
    const wanted = Object.entries(act.until);
    await kvitt.until(chargeId, (charge) =>
      wanted.every(([key, value]) => charge[key as keyof ChargeAnswer] === value),
    );
  }
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
