/** The real processes on a Temporal of their own, so that every number is exactly what was done here. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { groups } from '../../prometheus/rules.ts';
import { controlSimulator, type SimulatorControl } from '../../scripts/dintero-simulator.ts';
import { freePorts } from '../../scripts/ports.ts';
import { startStack, type Stack } from '../../scripts/stack.ts';
import { createTill, saleOf, type ChargeAnswer, type Till } from '../../scripts/till.ts';
import { scrape, type Scrape } from './exposition.ts';

let dir: string;
let stack: Stack;
let till: Till;
let simulator: SimulatorControl;
let workerUrl: string;
let worker: Scrape;
let api: Scrape;
/** Everything that names one charge: no label may hold any of it. */
const names: string[] = [];

/** A charge whose customer does this by himself. */
async function charge(customer: object): Promise<ReturnType<typeof saleOf>> {
  const sale = saleOf(till);
  await simulator.terminal(sale.terminal_id, { customer: { delay_ms: 300, ...customer } });
  await till.post(sale);
  names.push(sale.reference, sale.terminal_id, sale.store_id);
  return sale;
}

async function ended(sale: { reference: string }): Promise<ChargeAnswer> {
  const ending = await till.ending(`${sale.reference}.1`);
  names.push(ending.transaction_id ?? sale.reference);
  return ending;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kvitt-metrics-'));
  const { api: port } = await freePorts();
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const own = {
    TEMPORAL_CLI: inject('temporalCli'),
    WORKFLOW_BUNDLE: inject('workflowBundle'),
    API_KEYS: '',
    CAPTURE_MODE: 'manual',
    METRICS_ADDRESS: `127.0.0.1:${port}`,
  };
  stack = await startStack({ dir, ports: 'free', env: { ...env, ...own }, log: () => undefined });
  workerUrl = `http://${own.METRICS_ADDRESS}`;
  till = createTill(stack.apiUrl, 'T90001234', '');
  simulator = controlSimulator(stack.simulatorUrl);
}, 120_000);

afterAll(async () => {
  await stack.stop();
  rmSync(dir, { recursive: true, force: true });
});

describe('the metrics of a worker and an api that have charged', () => {
  beforeAll(async () => {
    await ended(await charge({ action: 'tap' }));
    await ended(await charge({ action: 'decline' }));
    await ended(await charge({ action: 'tap', amount: 14_000 }));
    const open = await charge({ action: 'none' });
    const refused = { ...saleOf(till), terminal_id: open.terminal_id };
    await till.post(refused);
    await ended(refused);
    worker = await scrape(workerUrl);
    // The list may lag behind by a moment, and is read again after 10 s only.
    await vi.waitFor(
      async () => {
        api = await scrape(stack.apiUrl);
        const listed = [api.value('kvitt_charges_open'), api.value('kvitt_cases_open')];
        if (listed.some((count) => count !== 1)) throw new Error(`listed yet: ${String(listed)}`);
      },
      { timeout: 30_000, interval: 1000 },
    );
  }, 90_000);

  test('the worker counts endings by outcome and reason', () => {
    const ending = (labels: Record<string, string>): number | null =>
      worker.value('kvitt_charges_ended_total', { workflowType: 'terminalCharge', ...labels });
    expect(ending({ outcome: 'captured', reason: 'none' })).toBe(2);
    expect(ending({ outcome: 'not_charged', reason: 'declined' })).toBe(1);
    expect(ending({ outcome: 'not_charged', reason: 'terminal_busy' })).toBe(1);
    expect(ending({})).toBe(4);
    expect(worker.value('kvitt_lease_refusals_total')).toBe(1);
  });

  test('what has not happened is nought, not absent', () => {
    const never = { reason: 'dintero_refuses_us', workflowType: 'recoverCharge' };
    expect(worker.value('kvitt_charges_ended_total', never)).toBe(0);
    expect(api.value('kvitt_api_callbacks_total', { kind: 'bad_signature' })).toBe(0);
    expect(api.value('kvitt_api_problems_total', { code: 'internal' })).toBe(0);
  });

  test('the worker times prompts, and captures of what was approved', () => {
    expect(worker.value('kvitt_start_to_prompt_seconds_count')).toBe(4);
    expect(worker.value('kvitt_start_to_prompt_seconds_bucket', { le: '30' })).toBe(4);
    const approved = { outcome: 'captured' };
    expect(worker.value('kvitt_approval_to_outcome_seconds_count', approved)).toBe(2);
    expect(worker.value('kvitt_approval_to_outcome_seconds_bucket', { le: '172800' })).toBe(2);
  });

  test('the worker counts calls to Dintero by what was called and what came back', () => {
    const calls = (endpoint: string): number | null =>
      worker.value('kvitt_dintero_call_seconds_count', { endpoint, answer: '2xx' });
    expect(calls('create_session')).toBe(4);
    expect(calls('capture_transaction')).toBe(2);
    expect(calls('list_transactions')).toBe(5);
    expect(calls('get_token')).toBe(1);
    expect(worker.value('kvitt_dintero_call_seconds_count', { endpoint: 'other' })).toBeNull();
  });

  test('the api says what is open, what is at risk and what a person must decide', () => {
    expect(api.value('kvitt_standing_is_known')).toBe(1);
    expect(api.value('kvitt_standing_is_truncated')).toBe(0);
    expect(api.value('kvitt_charges_open', { state: 'waiting_for_card' })).toBe(1);
    expect(api.value('kvitt_cases_open', { kind: 'amount_differs' })).toBe(1);
    expect(api.value('kvitt_charges_needing_attention')).toBe(1);
    expect(api.value('kvitt_charges_needing_attention', { reason: 'case_open' })).toBe(1);
    const differing = { currency: 'NOK', kind: 'captured_unwanted' };
    expect(api.value('kvitt_money_at_risk_minor_units', differing)).toBe(1100);
    expect(api.value('kvitt_money_at_risk_minor_units')).toBe(1100);
    expect(api.value('kvitt_notifications_waiting')).toBe(0);
    expect(api.value('kvitt_api_callbacks_total', { kind: 'accepted' })).toBeGreaterThan(0);
  });

  test('no label names a charge, a terminal, a store or a transaction', () => {
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => (worker.text + api.text).includes(name))).toEqual([]);
  });

  test('every metric of the alert rules is there, or comes from elsewhere', () => {
    const elsewhere = new Set([
      // Prometheus' own, of each scrape.
      'up',
      // The SDK counts it from the first failure on.
      'temporal_workflow_task_execution_failed_total',
    ]);
    const used = groups
      .flatMap(({ rules }) => rules)
      .flatMap(({ expr }) => expr.replaceAll(/"[^"]*"/g, '').match(/\b(?:kvitt_|temporal_)\w+/g));
    const missing = used.filter(
      (name) =>
        name !== null && !worker.names.has(name) && !api.names.has(name) && !elsewhere.has(name),
    );
    expect(used.length).toBeGreaterThan(20);
    expect(missing).toEqual([]);
  });
});

describe('a worker that comes back', () => {
  test('counts nothing of what it replays', async () => {
    const sale = await charge({ action: 'none' });
    await stack.kill('worker', 'SIGKILL');
    await stack.child('worker').ready();
    await simulator.press(sale.terminal_id, 'tap');
    await ended(sale);
    const again = await scrape(workerUrl);
    expect(again.value('kvitt_charges_ended_total')).toBe(1);
    expect(again.value('kvitt_start_to_prompt_seconds_count')).toBeNull();
  });
});
