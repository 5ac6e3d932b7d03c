import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHarness, type ChargeAnswer, type Harness } from '../harness.ts';
import { runScenario, tap, type Scenario } from '../scenarios.ts';
import { groups } from './charge-scenarios.ts';
import { recordHistory } from './record-history.ts';

/**
 * A machine at its limit misses the two seconds that this scale leaves for sending. Nothing was sent then, so the row has
 * shown nothing, and is played again.
 */
const whenTooSlow = 5;

function assertSent({ reason }: ChargeAnswer, { ends }: Scenario): void {
  const isTooSlow = reason === 'not_started_in_time' || reason === 'dintero_busy';
  if (isTooSlow && reason !== ends.reason) throw new Error(reason);
}

describe.each(groups)('terminalCharge: $name', ({ settings, hasCallbacks = true, rows }) => {
  let kvitt: Harness;
  beforeAll(async () => {
    kvitt = await startHarness({ ...settings, hasCallbacks });
    // A worker's first charge loads the bundle: no row may lose its time for sending to that.
    await runScenario(kvitt, { name: 'the first one', customer: tap, ends: {} });
  });
  afterAll(async () => {
    await kvitt.stop();
  });

  it.concurrent.each(rows)('$name', { retry: whenTooSlow }, async (row) => {
    const { charge, breaches, asked } = await runScenario(kvitt, row);
    expect(breaches).toEqual([]);
    assertSent(charge, row);
    expect(charge).toMatchObject(row.ends);
    const expected = Object.fromEntries(
      Object.keys(row.asked ?? {}).map((key) => [key, asked[key] ?? 0]),
    );
    expect(expected).toEqual(row.asked ?? {});
    if (row.history !== undefined && hasCallbacks) {
      await recordHistory(kvitt.client, {
        workflowId: `charge/${charge.charge_id}`,
        name: row.history,
      });
    }
  });
});
