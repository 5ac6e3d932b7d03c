import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHarness, type Harness } from '../harness.ts';
import { runScenario } from '../scenarios.ts';
import { groups } from './charge-scenarios.ts';
import { recordHistory } from './record-history.ts';

describe.each(groups)('terminalCharge: $name', ({ settings, hasCallbacks = true, rows }) => {
  let kvitt: Harness;
  beforeAll(async () => {
    kvitt = await startHarness({ ...settings, hasCallbacks });
  });
  afterAll(async () => {
    await kvitt.stop();
  });

  it.concurrent.each(rows)('$name', async (row) => {
    const { charge, breaches, asked } = await runScenario(kvitt, row);
    expect(charge).toMatchObject(row.ends);
    expect(breaches).toEqual([]);
    const expected = Object.fromEntries(
      Object.keys(row.asked ?? {}).map((key) => [key, asked[key] ?? 0]),
    );
    expect(expected).toEqual(row.asked ?? {});
    if (row.history !== undefined && hasCallbacks) {
      await recordHistory(kvitt.client, { chargeId: charge.charge_id, name: row.history });
    }
  });
});
