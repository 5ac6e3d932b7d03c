/**
 * `npm run chaos`: seeded fault runs against the simulator's ledger. A failing sale is printed with its plan.
 *
 *   npm run chaos -- --seed 7 --charges 500      faults at every edge; everything else obeys what the policy rests on
 *   npm run chaos -- --device-lies               the devices break the two facts: every contradiction must be found
 *   npm run chaos -- --sabotage [NAME]           one protection is switched off: the checker must see it
 *   npm run chaos -- --crash                     workers are killed at every step
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Connection } from '@temporalio/client';
import { buildWorkflowBundle } from './bundle.ts';
import { runFaults, type Verdict } from './chaos/faults-run.ts';
import { runSabotages } from './chaos/sabotage.ts';
import { prepareNamespace } from './namespace.ts';
import { startTemporal } from './temporal-server.ts';

const optionsOfRuns = {
  seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
  charges: { type: 'string', default: '300' },
  'at-once': { type: 'string', default: '32' },
  'device-lies': { type: 'boolean', default: false },
  sabotage: { type: 'boolean', default: false },
} as const;

interface Options {
  seed: string;
  charges: string;
  'at-once': string;
  'device-lies': boolean;
}

async function main(args: string[]): Promise<void> {
  if (args.includes('--crash')) {
    const { runCrashMatrix } = await import('./chaos/crash.ts');
    const isGood = await runCrashMatrix(args.filter((arg) => arg !== '--crash'));
    if (!isGood) process.exitCode = 1;
    return;
  }
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: optionsOfRuns,
  });
  const dir = await mkdtemp(join(tmpdir(), 'kvitt-chaos-'));
  const temporal = await findTemporal(dir);
  try {
    const temporalAddress = temporal.address;
    const [only] = positionals;
    const isGood = values.sabotage
      ? (await runSabotages({ temporalAddress, only, log: say })).length === 0
      : tell(await faults(values, { temporalAddress, codePath: join(dir, 'workflow-bundle.js') }));
    if (!isGood) process.exitCode = 1;
  } finally {
    await temporal.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

function say(line: string): void {
  console.log(line);
}

/** A server that the environment names, or one of our own that is gone afterwards. */
async function findTemporal(dir: string): Promise<{ address: string; stop: () => Promise<void> }> {
  const log = say;
  const given = process.env['TEMPORAL_ADDRESS'];
  const temporal =
    given === undefined || given === ''
      ? await startTemporal({ dir, memory: true, ports: 'free', log })
      : { address: given, stop: async () => await Promise.resolve() };
  const connection = await Connection.connect({ address: temporal.address });
  await prepareNamespace({ connection, namespace: 'default', log });
  await connection.close();
  return temporal;
}

async function faults(
  { seed, charges, ...options }: Options,
  { temporalAddress, codePath }: { temporalAddress: string; codePath: string },
): Promise<Verdict> {
  await buildWorkflowBundle(codePath);
  console.log(`seed ${seed}: ${charges} sales, ${options['at-once']} at once`);
  return await runFaults({
    seed: Number(seed),
    charges: Number(charges),
    atOnce: Number(options['at-once']),
    kind: options['device-lies'] ? 'lies' : 'faults',
    settings: { temporalAddress, bundle: { codePath } },
  });
}

function tell({ lines, violations, vacuous }: Verdict): boolean {
  for (const line of lines) console.log(line);
  for (const reason of vacuous) console.log(`vacuous: ${reason}`);
  console.log(`${violations.length} violations`);
  return violations.length + vacuous.length === 0;
}

await main(process.argv.slice(2));
