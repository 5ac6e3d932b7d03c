/** The worker's metrics endpoint: our own numbers and Temporal's, served by the SDK's core in Prometheus' format. */
import type { MetricMeter } from '@temporalio/common';
import type { RuntimeOptions } from '@temporalio/worker';
import { reasons } from '../workflows/lists.ts';
import { recoverChargeType, terminalChargeType } from '../workflows/messages.ts';

/** From a call that answers at once to one that hangs until its time-out (15 s), and a prompt at the window's end. */
const callSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];
/** An automatic capture follows an approval within moments, by Dintero's documents within 48 hours. */
const outcomeSeconds = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400, 172_800];

/** Options of the runtime, to be installed before anything of Temporal's is made. Without an address there is no endpoint. */
export function telemetryOptions(
  bindAddress: string | undefined,
): Pick<RuntimeOptions, 'telemetryOptions'> {
  if (bindAddress === undefined) return {};
  const prometheus = {
    bindAddress,
    countersTotalSuffix: true,
    unitSuffix: true,
    useSecondsForDurations: true,
    histogramBucketOverrides: {
      kvitt_start_to_prompt: callSeconds,
      kvitt_dintero_call: callSeconds,
      kvitt_approval_to_outcome: outcomeSeconds,
    },
  };
  return { telemetryOptions: { metrics: { prometheus } } };
}

/**
 * Counters that are there from the first scrape on: Prometheus sees no increase in a number that appears with its first
 * event. Their labels are those that the SDK puts on what a workflow counts.
 */
export function countFromNought(
  meter: MetricMeter,
  of: { namespace: string; taskQueue: string },
): void {
  const ended = meter.createCounter('kvitt_charges_ended');
  const refusals = meter.createCounter('kvitt_lease_refusals');
  for (const workflowType of [terminalChargeType, recoverChargeType]) {
    ended.add(0, { ...of, workflowType, outcome: 'captured', reason: 'none' });
    for (const reason of reasons) {
      ended.add(0, { ...of, workflowType, outcome: 'not_charged', reason });
    }
    refusals.add(0, { ...of, workflowType });
  }
}
