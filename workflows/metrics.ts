/**
 * What charges report to Prometheus through their worker. The SDK emits nothing while it replays; a workflow task that
 * is done twice may count twice. A number is never worth a charge: whatever goes wrong here is forgotten.
 */
import { metricMeter } from '@temporalio/workflow';
import type { OpenCharge } from './open-charge.ts';

/** A charge, or its recovery (the SDK adds the workflow type), has proven its outcome. */
export function countEnding({ record, situation }: OpenCharge): void {
  const { outcome, reason } = record;
  if (outcome === null) return;
  report(() => {
    metricMeter
      .createCounter('kvitt_charges_ended', undefined, 'Charges that have proven their outcome')
      .add(1, { outcome, reason: reason ?? 'none' });
    if (situation.authorisedSince === null) return;
    metricMeter
      .createHistogram(
        'kvitt_approval_to_outcome',
        'float',
        'seconds',
        'From the first look that showed the money reserved to the proven outcome',
      )
      .record(secondsSince(situation.authorisedSince), { outcome });
  });
}

/** The terminal asks for the card. */
export function countPrompt({ startedAt }: OpenCharge): void {
  report(() => {
    metricMeter
      .createHistogram(
        'kvitt_start_to_prompt',
        'float',
        'seconds',
        'From the start of a charge until its terminal asks for the card',
      )
      .record(secondsSince(startedAt));
  });
}

/** Another charge holds the terminal, also at the second look. */
export function countLeaseRefusal(): void {
  report(() => {
    metricMeter
      .createCounter('kvitt_lease_refusals', undefined, 'Charges that found their terminal taken')
      .add(1);
  });
}

/** By Temporal's clock; a meter refuses what is negative. */
function secondsSince(at: number): number {
  return Math.max(0, Date.now() - at) / 1000;
}

function report(measure: () => void): void {
  try {
    measure();
  } catch {
    // A meter that refuses a number must not park the charge.
    return;
  }
}
