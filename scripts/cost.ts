/**
 * `npm run cost`: what a happy charge costs on Temporal in each prompt and capture mode, from the histories of charges
 * that were really made here: history events, and billable actions by Temporal Cloud's counting rules, each with what it
 * is for. What the retailer's system is told is counted apart.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { captureModes, promptModes } from '../workflows/policy.ts';
import { buildWorkflowBundle } from './bundle.ts';
import { startInProcess, type InProcessOptions } from './in-process.ts';
import { prepareNamespace } from './namespace.ts';
import { costOf, type Cost } from './temporal-cost.ts';
import { startTemporal } from './temporal-server.ts';
import { saleOf } from './till.ts';

/** The customer needs a moment: the charge is waiting when the callback comes, as in a shop. */
const customer = { action: 'tap', delay_ms: 1_000 };

type Setting = Pick<InProcessOptions, 'temporalAddress' | 'bundle' | 'promptMode' | 'captureMode'>;

/** One charge on real durations, paid by a tap, its end reported by a callback. */
async function happyCharge(setting: Setting): Promise<Cost> {
  const kvitt = await startInProcess({ ...setting, scale: 1 });
  try {
    const sale = saleOf(kvitt);
    await kvitt.simulator.terminal(sale.terminal_id, { customer });
    await kvitt.post(sale);
    const { charge_id, outcome } = await kvitt.ending(`${sale.reference}.1`);
    if (outcome !== 'captured') throw new Error(`${charge_id} ended ${outcome ?? 'open'}`);
    return await costOf(kvitt.client, [`charge/${charge_id}`, `terminal/${sale.terminal_id}`]);
  } finally {
    await kvitt.stop();
  }
}

async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'kvitt-cost-'));
  const temporal = await startTemporal({ dir, memory: true, ports: 'free', log: () => undefined });
  try {
    const connection = await Connection.connect({ address: temporal.address });
    await prepareNamespace({ connection, namespace: 'default', log: () => undefined });
    await connection.close();
    const codePath = join(dir, 'workflow-bundle.js');
    await buildWorkflowBundle(codePath);
    const where = { temporalAddress: temporal.address, bundle: { codePath } };
    for (const promptMode of promptModes) {
      for (const captureMode of captureModes) {
        const cost = await happyCharge({ ...where, promptMode, captureMode });
        console.log(`\nPROMPT_MODE=${promptMode} CAPTURE_MODE=${captureMode}`);
        console.log(`${cost.events} events, ${cost.actions.length} billable actions:`);
        for (const line of linesOf(cost)) console.log(line);
      }
    }
  } finally {
    await temporal.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

function linesOf({ actions }: Cost): string[] {
  return actions.map(({ workflowId, action, what }, index) => {
    const [of = ''] = workflowId.split('/');
    return `  ${String(index + 1).padStart(2)}  ${of.padEnd(9)} ${action.padEnd(18)} ${what}`;
  });
}

await main();
