/** The whole of Kvitt in one call, on the suite's Temporal server: what `scripts/in-process.ts` starts. */
import { inject } from 'vitest';
import { startInProcess, type InProcessOptions, type Kvitt } from '../scripts/in-process.ts';

export type { Kvitt as Harness } from '../scripts/in-process.ts';
export { saleOf, type ChargeAnswer } from '../scripts/till.ts';

/** The account of the stack that `npm start` makes, and of this harness. */
const accountId = 'T90001234';

type HarnessOptions = Partial<Omit<InProcessOptions, 'temporalAddress' | 'accountId'>>;

/** A minute for a customer and twenty seconds for a sending: a busy machine is not late for them. */
const room = {
  deadlineSeconds: 3_000,
  promptLifetimeSeconds: 3_000,
  durations: { sendWindow: 20_000 },
} as const;

export async function startHarness(options: HarnessOptions = {}): Promise<Kvitt> {
  return await startInProcess({
    bundle: { codePath: inject('workflowBundle') },
    ...room,
    ...options,
    durations: { ...room.durations, ...options.durations },
    accountId,
    temporalAddress: inject('temporalAddress'),
  });
}
