/** A charge that nobody can prove for a year stays small enough for Temporal, so there is no continue-as-new. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chargeWorkflowId } from '../../workflows/messages.ts';
import { pollInterval } from '../../workflows/reading.ts';
import { saleOf, startHarness, type Harness } from '../harness.ts';
import { policy } from './builders.ts';

const year = 365 * 24 * 3_600_000;

function pollsInAYear(): number {
  let polls = 0;
  for (let age = 0; age < year; polls += 1) age += pollInterval(age, policy().durations);
  return polls;
}

describe('a charge that is open for a year', () => {
  let kvitt: Harness;
  beforeAll(async () => {
    // A poll is due at once then; the server's timers fire once a second.
    kvitt = await startHarness({ scale: 1e-6, promptLifetimeSeconds: null, hasCallbacks: false });
  });
  afterAll(async () => {
    await kvitt.stop();
  });

  it('polls about 1,200 times', () => {
    expect(pollsInAYear()).toBeGreaterThan(1_100);
    expect(pollsInAYear()).toBeLessThan(1_260);
  });

  /** The part of the year's polls that a run makes; `YEAR=1` makes all of them, in about 20 minutes. */
  const part = process.env['YEAR'] === undefined ? 0.01 : 1;

  it('has less than 15,000 events', { timeout: 1_800_000 }, async () => {
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    // Neither proven nor disproven: the create's answer is lost, and nobody knows how long a prompt lives.
    await kvitt.simulator.fault({
      endpoint: 'create_session',
      match: { merchant_reference: chargeId },
      do: 'reset_after',
    });
    await kvitt.post(sale);
    const size = async (): Promise<{ events: number; polls: number }> => {
      const { historyLength: events } = await kvitt.client.workflow
        .getHandle(chargeWorkflowId(chargeId))
        .describe();
      const calls = await kvitt.simulator.calls({ merchant_reference_2: sale.reference });
      return { events, polls: calls.length };
    };
    const first = await size();
    const wanted = Math.round(pollsInAYear() * part);
    await expect
      .poll(async () => (await size()).polls - first.polls, { timeout: 1_790_000, interval: 500 })
      .toBeGreaterThanOrEqual(wanted);
    const last = await size();
    const eventsPerPoll = (last.events - first.events) / (last.polls - first.polls);
    const inAYear = first.events + eventsPerPoll * pollsInAYear();
    expect(inAYear).toBeLessThan(15_000);
  });
});
