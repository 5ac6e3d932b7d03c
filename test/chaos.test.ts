/**
 * The fault runs of `npm run chaos`, short, and the proof that their checker can see each rule: with a protection
 * switched off it must report the rule that is broken. `.ci/run` plays all of them, and longer.
 */
import { describe, expect, inject, it } from 'vitest';
import { runFaults } from '../scripts/chaos/faults-run.ts';
import { planLies } from '../scripts/chaos/lies.ts';
import { planSales } from '../scripts/chaos/plan.ts';
import { runOneOfEachRule } from '../scripts/chaos/sabotage.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seed = Math.floor(Math.random() * 1e6);
/** They mostly wait, and so run side by side; beside other suites each may take several times as long. */
const timeoutMs = 280_000;

describe.each([
  { kind: 'faults', plan: planSales },
  { kind: 'lies', plan: planLies },
] as const)('the plan of $kind', ({ plan }) => {
  it('is the same for the same seed, and another for another', () => {
    const sales = plan({ seed, charges: 50 });
    expect(plan({ seed, charges: 50 })).toEqual(sales);
    expect(plan({ seed: seed + 1, charges: 50 })).not.toEqual(sales);
  });
});

describe.concurrent('a seeded fault run', { timeout: timeoutMs }, () => {
  it.each([
    { kind: 'faults', charges: 24 },
    { kind: 'lies', charges: 12 },
  ] as const)('breaks no money rule: $kind', async ({ kind, charges }) => {
    const { violations, lines } = await runFaults({
      seed,
      charges,
      kind,
      atOnce: 16,
      settings: {
        temporalAddress: inject('temporalAddress'),
        bundle: { codePath: inject('workflowBundle') },
      },
    });
    for (const line of lines) say(line);
    expect(violations).toEqual([]);
  });
});

describe.concurrent('a protection that is switched off', { timeout: timeoutMs }, () => {
  it('is seen by the rule it protects, one of each rule', async () => {
    const wrong = await runOneOfEachRule({ temporalAddress: inject('temporalAddress'), log: say });
    expect(wrong).toEqual([]);
  });
});
