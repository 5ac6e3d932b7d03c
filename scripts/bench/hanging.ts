/** Does a Dintero that hangs slow a new charge? Every read of an open session hangs, and callbacks ask for more. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { chargeWorkflowId, transactionReported } from '../../workflows/messages.ts';
import type { SimulatorControl } from '../dintero-simulator.ts';
import type { Stack } from '../stack.ts';
import { medianOfStarts, openTills } from './waiting.ts';

/** Prints three medians: a new charge until it prompts, with `tills` charges open, hinted at, and hanging. */
export async function measureHanging(
  { stack, dintero, client }: { stack: Stack; dintero: SimulatorControl; client: Client },
  tills: number,
): Promise<void> {
  await dintero.customer({ action: 'none' });
  const references = await openTills(stack, { tills, first: 4001 });
  const quiet = await medianOfStarts(stack, 3001);
  let isOver = false;
  const hinting = (async () => {
    for (let n = 0; !isOver; n += 1) {
      const reference = references[n % references.length] ?? '';
      const handle = client.workflow.getHandle(chargeWorkflowId(`${reference}.1`));
      await handle.signal(transactionReported, { error: null, source: 'benchmark' });
      await pause(hintEveryMs);
    }
  })();
  const hinted = await medianOfStarts(stack, 3101);
  await dintero.fault({
    endpoint: 'get_session',
    times: 0,
    do: { kind: 'hang_before', ms: 30_000 },
  });
  const hanging = await medianOfStarts(stack, 3201);
  isOver = true;
  await hinting;
  await dintero.clearFaults();
  console.log(`\nA new charge until it prompts, p50, with ${tills} charges open`);
  const figures = [
    ['and Dintero answers', quiet],
    [`and a callback every ${hintEveryMs} ms`, hinted],
    ['and every read of a session hangs', hanging],
  ] as const;
  for (const [what, ms] of figures) console.log(`  ${ms.toFixed(0).padStart(4)} ms ${what}`);
}

/** As many callbacks as a chain of 100,000 charges a day has at its peak. */
const hintEveryMs = 100;
