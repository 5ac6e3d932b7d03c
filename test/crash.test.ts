/**
 * SIGKILL of any process at points of a charge that are held, not hit by luck: the charge ends with the outcome that
 * the ledger shows. These are cells of `npm run chaos -- --crash` that end within seconds, one of each victim and one
 * more of the worker; `.ci/run` plays more of them.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { playCell } from '../scripts/chaos/crash-cell.ts';
import { points } from '../scripts/chaos/crash-points.ts';
import { startCrashStack, type CrashStack, type Modes } from '../scripts/chaos/crash-stack.ts';

const cells = [
  ['worker', 'answer recorded'],
  ['worker', 'callback received'],
  ['api', 'callback received'],
  ['temporal', 'waiting for the card'],
  ['dintero', 'waiting for the card'],
] as const;
const modes: readonly Modes[] = [
  { prompt: 'create', capture: 'auto' },
  { prompt: 'pay', capture: 'manual' },
];

describe('a process is killed', () => {
  let kvitt: CrashStack;
  beforeAll(async () => {
    kvitt = await startCrashStack({
      env: { ...process.env, TEMPORAL_CLI: inject('temporalCli') },
      modes,
      log: () => undefined,
    });
  }, 90_000);
  afterAll(async () => {
    await kvitt.stop();
  });

  it.each(cells)('%s: %s', { timeout: 120_000 }, async (victim, at) => {
    const index = points.findIndex(({ name }) => name === at);
    const point = points[index];
    if (point === undefined) throw new Error(`no point ${at}`);
    const name = `CRASH-${index}-${victim}`;
    const { judged } = await playCell(kvitt, { point, victim, modes, name });
    const { problems, charges } = await judged;
    expect(problems).toEqual([]);
    expect(charges.map(({ seen }) => seen?.outcome)).not.toContain(null);
  });
});
