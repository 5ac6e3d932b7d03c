import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHarness, type Harness } from '../harness.ts';
import { runScenario, tap, type Scenario, type ScenarioGroup } from '../scenarios.ts';
import { groups } from './charge-scenarios.ts';
import { recordHistory } from './record-history.ts';

/** Rows with the same rules share a Kvitt. */
const kvitts = new Map<string, Promise<Harness>>();

async function kvittOf(group: ScenarioGroup, { waits }: Scenario): Promise<Harness> {
  const { settings, hasCallbacks = true } = group;
  const { sendWindow, ...limits } = waits === true ? soon : late;
  const durations = { ...calls, sendWindow, ...group.durations };
  const options = { ...limits, ...settings, hasCallbacks, durations };
  const key = JSON.stringify(options);
  const kvitt = kvitts.get(key) ?? startWarm(options);
  kvitts.set(key, kvitt);
  return await kvitt;
}

/** Nine seconds for a customer whose time is up in the row, a minute for all others: a busy machine is slow. */
const soon = { deadlineSeconds: 450, promptLifetimeSeconds: 450, sendWindow: 6_000 };
const late = { deadlineSeconds: 3_000, promptLifetimeSeconds: 3_000, sendWindow: 20_000 };
/** What rows race against is longer than a busy machine takes for an act of theirs. */
const calls = { httpTimeout: 2_000, autoCaptureWait: 3_000 };

/** A worker's first charge loads the bundle: no row may lose its time for sending to that. */
async function startWarm(options: Parameters<typeof startHarness>[0]): Promise<Harness> {
  const kvitt = await startHarness(options);
  await runScenario(kvitt, { name: 'the first one', customer: tap, ends: {} });
  return kvitt;
}

beforeAll(async () => {
  const all = groups.flatMap((group) => group.rows.map((row) => ({ group, row })));
  await Promise.all(all.map(async ({ group, row }) => await kvittOf(group, row)));
});
afterAll(async () => {
  await Promise.all([...kvitts.values()].map(async (kvitt) => await (await kvitt).stop()));
});

describe.concurrent.each(groups)('terminalCharge: $name', (group) => {
  it.each(group.rows)('$name', async (row) => {
    const kvitt = await kvittOf(group, row);
    const { charge, breaches, asked } = await runScenario(kvitt, row);
    expect(breaches).toEqual([]);
    expect(charge).toMatchObject(row.ends);
    const expected = Object.fromEntries(
      Object.keys(row.asked ?? {}).map((key) => [key, asked[key] ?? 0]),
    );
    expect(expected).toEqual(row.asked ?? {});
    if (row.history !== undefined && group.hasCallbacks !== false) {
      await recordHistory(kvitt.client, {
        workflowId: `charge/${charge.charge_id}`,
        name: row.history,
      });
    }
  });
});
