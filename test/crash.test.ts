/**
 * SIGKILL of any process at points of a charge that are held, not hit by luck: the charge ends with the outcome that
 * the ledger shows. These are the cells of `npm run chaos -- --crash` that end within seconds.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { playCell } from '../scripts/chaos/crash-cell.ts';
import { points } from '../scripts/chaos/crash-points.ts';
import { startCrashStack, type CrashStack, type Modes } from '../scripts/chaos/crash-stack.ts';

const victims = ['worker', 'api', 'temporal', 'dintero'] as const;
const names = ['answer recorded', 'waiting for the card', 'callback received'];
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

  const rows = points
    .filter(({ name }) => names.includes(name))
    .flatMap((point) => victims.map((victim) => ({ point, victim, at: point.name })))
    // A call that died with Dintero is given up only at the deadline.
    .filter(({ point, victim }) => !(point.isOfPrompting && victim === 'dintero'));

  it.each(rows)('$victim: $at', { timeout: 120_000 }, async ({ point, victim }) => {
    const name = `CRASH-${points.indexOf(point)}-${victims.indexOf(victim)}`;
    const { judged } = await playCell(kvitt, { point, victim, modes, name });
    const { problems, charges } = await judged;
    expect(problems).toEqual([]);
    expect(charges.map(({ seen }) => seen?.outcome)).not.toContain(null);
  });
});
