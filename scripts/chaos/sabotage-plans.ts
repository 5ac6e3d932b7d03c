/** What a sabotage is, and the small plans that make it matter. */
import type { InProcessOptions } from '../in-process.ts';
import type { PlannedAttempt, PlannedSale } from './plan.ts';
import type { PlannedRefund } from './refund-stories.ts';

export interface Sabotage {
  /** Names the switch: also the start of the task queue, where the workflow code reads it. */
  name: string;
  /** How the checker's report must start. */
  rule: string;
  kind?: 'lies';
  seams?: Partial<InProcessOptions>;
  /** With its protection on it takes longer than a look at it is worth: the seeded runs have the same story. */
  isSlow?: true;
  sales: PlannedSale[];
}

/** Numbers of modes. */
const createAuto = 0;
export const createManual = 1;
const salesEach = 3;

export function sales(
  attempt: Partial<PlannedAttempt>,
  change: Partial<PlannedSale> = {},
): PlannedSale[] {
  return Array.from({ length: salesEach }, (_, index) => ({
    number: index + 1,
    modes: createAuto,
    story: 'sabotaged',
    amount: 12_900,
    sharedTerminal: null,
    stranger: null,
    attempts: [{ acts: [], posts: 1, isCancelledBeforeStart: false, ...attempt }],
    isRepeatedLate: false,
    tokenFault: null,
    drainAfterMs: null,
    operation: null,
    refunds: [],
    shouldPay: false,
    ...change,
  }));
}

export const tap = (delayMs: number): { action: string; delay_ms: number } => ({
  action: 'tap',
  delay_ms: delayMs,
});
export const status = (code: number): { kind: string; status: number } => ({
  kind: 'status',
  status: code,
});

/** Sales that are paid at once, and given back as the change says. */
export function refunds(
  change: Partial<PlannedRefund>,
  sale: Partial<PlannedSale> = {},
): PlannedSale[] {
  const refund: PlannedRefund = {
    story: 'sabotaged',
    where: 'own',
    share: 100,
    customer: tap(50),
    behaviour: {},
    terminal: {},
    acts: [],
    faults: [],
    posts: 1,
    isContradicted: false,
    shouldRefund: false,
    ...change,
  };
  return sales({ customer: tap(50) }, { refunds: [refund], ...sale });
}
