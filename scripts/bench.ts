/**
 * `npm run bench`: what a charge costs, beside a naive Temporal charge on the same server, in one run. Instant customer;
 * every outcome is checked against the ledger. Read the ratios: the figures are the machine's.
 *
 *   npm run bench -- --levels 10 --waiting 1000     adds: do waiting tills slow a new charge?
 *   npm run bench -- --levels 10 --hanging 200      adds: does a Dintero that hangs slow a new charge?
 */
import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { audit, type Reported } from './audit.ts';
import { cpuOf } from './bench/cpu.ts';
import { measureHanging } from './bench/hanging.ts';
import { measureWaiting } from './bench/waiting.ts';
import type { NaiveAppSettings } from './bench/naive-app.ts';
import { controlSimulator } from './dintero-simulator.ts';
import { startStack, type Stack } from './stack.ts';
import { costOf, type Cost } from './temporal-cost.ts';

const { values: options } = parseArgs({
  options: {
    charges: { type: 'string', default: '120' },
    rounds: { type: 'string', default: '2' },
    levels: { type: 'string', default: '1,10,50' },
    waiting: { type: 'string', default: '0' },
    hanging: { type: 'string', default: '0' },
  },
});
const levels = options.levels.split(',').map(Number);

interface Contender {
  name: 'kvitt' | 'naive';
  /** Runs one charge to its end; throws when it did not end captured. */
  charge: (reference: string, terminal: string) => Promise<void>;
  pids: () => Record<string, number>;
}

interface Figures {
  ms: number[];
  elapsedMs: number;
  cpuMs: Record<string, number>;
}

async function cpu(contender: Contender): Promise<Record<string, number>> {
  const entries = Object.entries(contender.pids());
  return Object.fromEntries(
    await Promise.all(entries.map(async ([name, pid]) => [name, await cpuOf(pid)] as const)),
  );
}

let serial = 0;

/** `count` charges, `level` at a time, each on a terminal that nobody else uses meanwhile. */
async function round(
  contender: Contender,
  { level, count, run }: { level: number; count: number; run: string },
): Promise<Figures> {
  const before = await cpu(contender);
  const startedAt = performance.now();
  const ms: number[] = [];
  let left = count;
  await Promise.all(
    Array.from({ length: level }, async (_, lane) => {
      while (left > 0) {
        left -= 1;
        serial += 1;
        // A shop's customers do not follow each other within milliseconds: a lane has 20 terminals in turn.
        const terminal = `T90001234-T${String(lane * 20 + (serial % 20) + 1).padStart(4, '0')}`;
        const from = performance.now();
        await contender.charge(`${contender.name}-${run}-${serial}`, terminal);
        ms.push(performance.now() - from);
      }
    }),
  );
  const elapsedMs = performance.now() - startedAt;
  const after = await cpu(contender);
  const cpuMs = Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]),
  );
  return { ms, elapsedMs, cpuMs };
}

function kvitt(stack: Stack): Contender {
  return {
    name: 'kvitt',
    charge: async (reference, terminal) => {
      const response = await fetch(`${stack.apiUrl}/charges`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', prefer: 'wait=60' },
        body: JSON.stringify({
          reference,
          amount: 12900,
          currency: 'NOK',
          terminal_id: terminal,
          store_id: 'bergen-01',
          payout_destination_id: 'seller-9',
        }),
      });
      const charge = (await response.json()) as Reported & { terminal_id: string };
      if (charge.outcome !== 'captured') throw new Error(JSON.stringify(charge));
      reported.push(charge);
    },
    pids: () =>
      Object.fromEntries(
        stack.children.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid]])),
      ),
  };
}

const reported: (Reported & { terminal_id: string })[] = [];
let lastNaive = '';

interface NaiveApp {
  contender: Contender;
  stop: () => Promise<void>;
}

async function startNaive(stack: Stack, clientSecret: string): Promise<NaiveApp> {
  const settings: NaiveAppSettings = {
    dinteroUrl: `${stack.simulatorUrl}/v1`,
    accountId: 'T90001234',
    clientId: 'kvitt',
    clientSecret,
    profileId: 'T90001234.4TerminalProfileAbCdEf',
    publicUrl: '',
    address: stack.temporalAddress,
    namespace: stack.namespace,
    taskQueue: 'naive',
  };
  const api = await startRole('api', settings);
  const url = `http://127.0.0.1:${api.said.split(' ')[1] ?? ''}`;
  const worker = await startRole('worker', { ...settings, publicUrl: url });
  const shared = kvitt(stack).pids();
  return {
    contender: {
      name: 'naive',
      charge: async (reference, terminalId) => {
        const response = await fetch(`${url}/charges`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ reference, amount: 12900, currency: 'NOK', terminalId }),
        });
        const { captured } = (await response.json()) as { captured: number };
        if (captured !== 12900) throw new Error(`naive charge ${reference} captured ${captured}`);
        lastNaive = reference;
      },
      pids: () => ({
        temporal: shared['temporal'] ?? 0,
        simulator: shared['simulator'] ?? 0,
        worker: worker.child.pid ?? 0,
        api: api.child.pid ?? 0,
      }),
    },
    stop: async () => {
      for (const { child } of [api, worker]) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
    },
  };
}

async function startRole(
  role: 'api' | 'worker',
  settings: NaiveAppSettings,
): Promise<{ child: ChildProcess; said: string }> {
  const script = fileURLToPath(new URL('./bench/naive-app.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, role], {
    env: { ...process.env, NAIVE: JSON.stringify(settings) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString().trim() };
}

function quantile(sorted: number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

interface Summary {
  p50: number;
  p99: number;
  perSecond: number;
  cpu: number;
}

/** One line of the table. */
function summarise(name: string, level: number, rounds: Figures[]): Summary {
  const ms = rounds.flatMap((figures) => figures.ms).toSorted((a, b) => a - b);
  const elapsed = rounds.reduce((sum, figures) => sum + figures.elapsedMs, 0);
  const processes = ['temporal', 'worker', 'api', 'simulator'];
  const cpuOfAll = (process: string): number =>
    rounds.reduce((sum, { cpuMs }) => sum + (cpuMs[process] ?? 0), 0);
  const each = processes.map((process) => cpuOfAll(process) / ms.length);
  const summary = {
    p50: quantile(ms, 0.5),
    p99: quantile(ms, 0.99),
    perSecond: (ms.length / elapsed) * 1000,
    cpu: each.slice(0, 3).reduce((sum, value) => sum + value, 0),
  };
  console.log(
    [
      name.padEnd(6),
      String(level).padStart(3),
      summary.p50.toFixed(0).padStart(7),
      summary.p99.toFixed(0).padStart(7),
      summary.perSecond.toFixed(1).padStart(10),
      summary.cpu.toFixed(0).padStart(6),
      ` (${processes.map((process, index) => `${process} ${(each[index] ?? 0).toFixed(0)}`).join(', ')})`,
    ].join(' '),
  );
  return summary;
}

async function measure(contenders: Contender[]): Promise<void> {
  const run = Date.now().toString(36);
  const count = Number(options.charges);
  for (const contender of contenders)
    await round(contender, { level: 5, count: 20, run: `warm-${run}` });
  console.log(
    `\n${count} charges a round, ${options.rounds} rounds alternating; CPU is ms per charge`,
  );
  console.log('        at p50 ms  p99 ms  charges/s    CPU');
  const ratios: string[] = [];
  for (const level of levels) {
    const figures = new Map<string, Figures[]>(contenders.map(({ name }) => [name, []]));
    for (let n = 0; n < Number(options.rounds); n += 1) {
      // Who goes first changes, so that neither always meets the warmer machine.
      for (const contender of n % 2 === 0 ? contenders : contenders.toReversed()) {
        figures
          .get(contender.name)
          ?.push(await round(contender, { level, count, run: `${run}-${level}-${n}` }));
      }
    }
    const naive = summarise('naive', level, figures.get('naive') ?? []);
    const ours = summarise('kvitt', level, figures.get('kvitt') ?? []);
    ratios.push(
      `at ${level}: throughput x${(ours.perSecond / naive.perSecond).toFixed(2)}, p50 x${(ours.p50 / naive.p50).toFixed(2)}, CPU x${(ours.cpu / naive.cpu).toFixed(2)}`,
    );
  }
  console.log(`\nKvitt against naive\n  ${ratios.join('\n  ')}`);
}

async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'kvitt-bench-'));
  const { TEMPORAL_ADDRESS: _none, ...inherited } = process.env;
  const env = { ...inherited, LOG_LEVEL: 'warn' };
  const stack = await startStack({ dir, ports: 'free', env, log: (line) => console.log(line) });
  try {
    const dintero = controlSimulator(stack.simulatorUrl);
    await dintero.customer({ action: 'tap', delay_ms: 0 });
    const { client: secret } = JSON.parse(await readFile(join(dir, 'secrets.json'), 'utf8')) as {
      client: string;
    };
    const naive = await startNaive(stack, secret);
    try {
      await measure([naive.contender, kvitt(stack)]);
      const connection = await Connection.connect({ address: stack.temporalAddress });
      const client = new Client({ connection, namespace: stack.namespace });
      const { charge_id = '', terminal_id = '' } = reported.at(-1) ?? {};
      const ours = await costOf(client, [`charge/${charge_id}`, `terminal/${terminal_id}`]);
      console.log(`\nOne charge with its lease: ${inShort(ours)}`);
      console.log(`One naive charge: ${inShort(await costOf(client, [`naive/${lastNaive}`]))}`);
      const hanging = Number(options.hanging);
      if (hanging > 0) await measureHanging({ stack, dintero, client }, hanging);
      await connection.close();
    } finally {
      await naive.stop();
    }
    const tills = Number(options.waiting);
    if (tills > 0) await measureWaiting({ stack, dintero }, tills);
    const ledger = await dintero.ledger();
    const problems = audit(
      ledger.filter(({ merchant_reference }) => !merchant_reference.startsWith('naive')),
      reported,
    );
    console.log(
      `\n${reported.length} charges of Kvitt held against the ledger: ${problems.length} disagreements`,
    );
    for (const problem of problems) console.log(`  ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
  } finally {
    await stack.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

function inShort({ events, actions }: Cost): string {
  return `${events} history events, ${actions.length} billable actions`;
}

await main();
