/** The drill: one charge of every `needs_attention` and one case of every kind, each settled by what the runbook says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stories } from '../scripts/drill/stories.ts';
import { startHarness, type Harness } from './harness.ts';

let kvitt: Harness;
beforeAll(async () => {
  kvitt = await startHarness();
});
afterAll(async () => {
  await kvitt.stop();
});

describe('the drill', { concurrent: true }, () => {
  it.each(stories.slice(0, -2))('makes $word', async ({ make, word }) => {
    const started = await make({
      till: kvitt,
      client: kvitt.client,
      taskQueue: kvitt.taskQueue,
      simulator: kvitt.simulator,
      runbookUrl: 'http://localhost/runbook',
      stopWorkers: kvitt.stopWorkers,
    });
    const shown = await kvitt.ops('GET', `/ops/charges/${started.chargeId}`);
    expect(shown).toBe(word);
  });
});
