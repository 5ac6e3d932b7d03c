/**
 * `npm run cost:books`: what reconciling a day costs, measured on some thousand payments and charges that the simulator
 * and Temporal really hold, and from that computed for a chain with 100,000 charges a day.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import type { BooksInput, Report } from '../workflows/books.ts';
import { dateAt, spansOf } from '../workflows/business-days.ts';
import type { ChargeRecord } from '../workflows/messages.ts';
import { buildWorkflowBundle } from './bundle.ts';
import { startInProcess, type Kvitt } from './in-process.ts';
import { prepareNamespace } from './namespace.ts';
import { costOf } from './temporal-cost.ts';
import { startTemporal } from './temporal-server.ts';

const measured = 3_000;
const chain = { charges: 100_000, terminals: 3_000 };
/** So many are made at a time. */
const batch = 50;
const timeZone = 'UTC';

async function inBatches(count: number, make: (index: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += batch) {
    const size = Math.min(batch, count - from);
    await Promise.all(Array.from({ length: size }, async (_, at) => await make(from + at)));
  }
}

/** Payments, and a closed charge for each with the record that it would have left. */
async function fill(kvitt: Kvitt): Promise<void> {
  await kvitt.simulator.customer({ action: 'tap' });
  const terminals = Array.from({ length: 100 }, () => kvitt.freshTerminal());
  await inBatches(measured, async (index) => {
    await kvitt.simulator.ghost({
      merchant_reference: `B-${index}.1`,
      merchant_reference_2: `B-${index}`,
      terminal_id: terminals[index % terminals.length] ?? '',
      installation: kvitt.taskQueue,
      button: null,
    });
  });
  const paid = (await kvitt.simulator.ledger({ kind: 'captured' })).slice(0, measured);
  await inBatches(paid.length, async (index) => {
    const entry = paid[index];
    if (entry === undefined) return;
    const handle = await kvitt.client.workflow.start('terminalCharge', {
      workflowId: `charge/${entry.merchant_reference}`,
      taskQueue: kvitt.taskQueue,
      args: [],
      // No worker takes it: its record is what counts here.
      startDelay: '1 day',
      memo: { charge: recordOf(entry), session_id: entry.session_id },
    });
    await handle.terminate();
  });
}

function recordOf(entry: {
  at: string;
  merchant_reference: string;
  transaction_id: string | null;
  terminal_id: string;
  amount: number;
  currency: string;
}): ChargeRecord {
  const { at, merchant_reference: charge_id } = entry;
  return {
    version: 1,
    start_id: crypto.randomUUID(),
    charge_id,
    reference: charge_id.slice(0, -2),
    attempt: 1,
    amount: entry.amount,
    currency: entry.currency,
    terminal_id: entry.terminal_id,
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
    items: null,
    not_after: null,
    state: 'captured',
    outcome: 'captured',
    reason: null,
    captured_amount: entry.amount,
    needs_attention: null,
    attention_at: null,
    case_kind: null,
    transaction_id: entry.transaction_id,
    card: { brand: 'Visa', masked_pan: '412345******1234', entry_method: 'contactless' },
    held_by: null,
    created_at: at,
    state_since: at,
    updated_at: at,
  };
}

async function measure(kvitt: Kvitt): Promise<void> {
  const date = dateAt(Date.now(), timeZone);
  const zones = { timeZone, storeZones: {} };
  const input: BooksInput = { date, zones, policy: kvitt.policy, by: 'cost' };
  const workflowId = `reconciliation/${kvitt.taskQueue}/${date}`;
  const startedAt = Date.now();
  const cpu = process.cpuUsage();
  const report = await kvitt.client.workflow.execute<(input: BooksInput) => Promise<Report>>(
    'dayReconciliation',
    { workflowId, taskQueue: kvitt.taskQueue, args: [input] },
  );
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1_000;
  const elapsedMs = Date.now() - startedAt;
  const { historyLength, historySize } = await kvitt.client.workflow
    .getHandle(workflowId)
    .describe();
  const { actions } = await costOf(kvitt.client, [workflowId]);
  const { read, differences, terminals } = report;
  console.log(`Measured: ${read.payments} payments, ${read.charges} charges, one day:`);
  console.log(`  ${read.pages} pages of Dintero's list, ${read.looks} single looks`);
  console.log(
    `  ${differences.length} differences, ${elapsedMs} ms, ${Math.round(cpuMs)} ms CPU (simulator included)`,
  );
  console.log(
    `  history: ${historyLength} events, ${historySize ?? 0} bytes; ${actions.length} billable actions`,
  );
  const rowBytes = JSON.stringify(terminals[0]).length + 1;
  told({ cpuMsPerPayment: cpuMs / read.payments, rowBytes });
}

/** What it comes to for the chain: the day itself, and the two days before that are read again. */
function told({ cpuMsPerPayment, rowBytes }: { cpuMsPerPayment: number; rowBytes: number }): void {
  const days = 3;
  const parts = spansOf({ from: 0, to: 86_400_000 }).length;
  const pages = days * 2 * Math.ceil(chain.charges / 100);
  const lists = days * (Math.ceil(chain.charges / 1_000) + parts * 2);
  const restSeconds = pages * 0.1;
  const answerSeconds = pages * 0.15;
  const cpuSeconds = (days * chain.charges * cpuMsPerPayment) / 1_000;
  const reportKb = (chain.terminals * rowBytes) / 1_000;
  console.log(
    `Computed: ${chain.charges} charges a day on ${chain.terminals} terminals, each night:`,
  );
  console.log(
    `  ${pages} pages of Dintero's list (two passes, ${days} days), ${lists} of Temporal's`,
  );
  console.log(
    `  about ${Math.round((restSeconds + answerSeconds + cpuSeconds) / 60)} minutes at 150 ms an answer and 100 ms between, ${Math.round(cpuSeconds)} s of them CPU of one worker`,
  );
  console.log(
    `  report ${Math.round(reportKb)} KB of at most 1,800; history at most ${Math.round((reportKb * (parts + 2)) / 1_000)} MB of 50 per day read`,
  );
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
    const kvitt = await startInProcess({
      temporalAddress: temporal.address,
      bundle: { codePath },
      timeZone,
      hasCallbacks: false,
    });
    try {
      await fill(kvitt);
      await measure(kvitt);
    } finally {
      await kvitt.stop();
    }
  } finally {
    await temporal.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

await main();
