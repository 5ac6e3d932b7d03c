/**
 * The one row type of scenario: what goes wrong at Dintero, what the customer and the cashier do, and how it must end.
 * Rows are data, for tests and seeded fault runs alike.
 */
import type { Kvitt } from './in-process.ts';
import type { ChargeAnswer } from './till.ts';

export type Do = string | { kind: string; [parameter: string]: unknown };

export interface PlannedFault {
  endpoint: string;
  do: Do;
  times?: number;
  event?: string;
}

export interface Scenario {
  name: string;
  /** Numbers of `failure-scenarios` that this row shows. */
  shows?: number[];
  /** Until the deadline, the time for sending or the prompt's lifetime is over: they are short for it, else long. */
  waits?: true;
  faults?: PlannedFault[];
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

export type Act =
  | { press: string; with?: object }
  | { cashier: 'cancel'; body?: object }
  | { until: Partial<ChargeAnswer> };

/** Sets the stage of one charge: its terminal, its customer, and what will go wrong. */
export async function prepare(
  kvitt: Kvitt,
  sale: { reference: string; terminal_id: string },
  row: Pick<Scenario, 'terminal' | 'behaviour' | 'customer' | 'faults'>,
): Promise<void> {
  await kvitt.simulator.terminal(sale.terminal_id, {
    ...row.terminal,
    behaviour: row.behaviour ?? {},
    customer: row.customer ?? { action: 'none' },
  });
  await plant(kvitt, { ...sale, attempt: 1 }, row.faults ?? []);
}

/** Faults that strike this charge alone. */
export async function plant(
  kvitt: Pick<Kvitt, 'simulator'>,
  { reference, attempt }: { reference: string; attempt: number },
  faults: PlannedFault[],
): Promise<void> {
  for (const { endpoint, event, ...fault } of faults) {
    // A list is asked by the sale.
    const isBySale = endpoint === 'list_transactions';
    const match = {
      ...(isBySale
        ? { merchant_reference_2: reference }
        : { merchant_reference: `${reference}.${attempt}` }),
      ...(event === undefined ? {} : { event }),
    };
    await kvitt.simulator.fault({ endpoint, match, ...fault });
  }
}

/** One act at the till or at the terminal. */
export async function play(
  kvitt: Kvitt,
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
