/** Everything here is started on a task queue that no worker asks: the numbers need none. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { dateAt, dayIn } from '../../workflows/business-days.ts';
import { makeSchedule } from '../../api/books-schedule.ts';
import { StandingSource } from '../../api/standing-source.ts';
import type { Standing } from '../../api/standing.ts';
import { connectTemporal, type Temporal } from '../../api/temporal.ts';
import { freePorts } from '../../scripts/ports.ts';
import { dayReconciliationType, reconciliationWorkflowId } from '../../workflows/books.ts';
import {
  moneyCaseType,
  terminalChargeType,
  type CaseRecord,
  type ChargeRecord,
} from '../../workflows/messages.ts';
import { recoverRefundType, terminalRefundType } from '../../workflows/refund-messages.ts';
import { scrape } from '../prometheus/exposition.ts';
import { chargeRecord, policy, startApi, startRecovery, startTemporal } from './api-harness.ts';
import { refundRecord } from './refund-record.ts';

let env: TestWorkflowEnvironment;
let temporal: Temporal;
const options = {
  log: pino({ level: 'silent' }),
  taskQueue: 'no-worker',
  timeZone: 'Europe/Oslo',
  timings: { fresh: 0 },
};
const nobody = 'no-worker';

beforeAll(async () => {
  env = await startTemporal();
  temporal = connectTemporal({ address: env.address }, 'default');
}, 60_000);

afterAll(async () => {
  await temporal.close();
  await env.teardown();
});

async function start(type: string, workflowId: string, memo: Record<string, unknown>) {
  return await env.client.workflow.start(type, { workflowId, taskQueue: nobody, args: [{}], memo });
}

/** A run that has completed with this memo, as a worker would have it. */
async function complete(type: string, workflowId: string, memo: Record<string, unknown>) {
  const own = { namespace: 'default', identity: 'test' };
  const service = env.connection.workflowService;
  await env.client.workflow.start(type, { workflowId, taskQueue: workflowId, memo });
  const taskQueue = { name: workflowId };
  const { taskToken } = await env.connection.withDeadline(
    Date.now() + 20_000,
    async () => await service.pollWorkflowTaskQueue({ ...own, taskQueue }),
  );
  // temporal.api.enums.v1.CommandType: COMPLETE_WORKFLOW_EXECUTION.
  const commands = [{ commandType: 4, completeWorkflowExecutionCommandAttributes: {} }];
  await service.respondWorkflowTaskCompleted({ ...own, taskToken, commands });
}

async function startCharge(chargeId: string, fields: Partial<ChargeRecord> = {}) {
  const charge = chargeRecord({ charge_id: chargeId, ...fields });
  return await start(terminalChargeType, `charge/${chargeId}`, { charge, session_id: null });
}

/** What is counted once the list has caught up. */
async function until(
  source: StandingSource,
  isReached: (counts: Record<string, number>) => void,
): Promise<void> {
  await vi.waitFor(async () => isReached(countsOf(await source.latest())), { timeout: 20_000 });
}

function countsOf(standing: Standing | null): Record<string, number> {
  if (standing === null) return { unknown: 1 };
  const rows = [
    ...standing.open.map(({ labels, count }) => [labels.state, count] as const),
    ...standing.attention.map(({ labels, count }) => [labels.reason, count] as const),
    ...standing.refunds.map(({ labels, count }) => [`refund ${labels.state}`, count] as const),
    ...standing.refundAttention.map(({ labels, count }) => [labels.reason, count] as const),
    ...standing.cases.map(({ labels, count }) => [labels.kind, count] as const),
    ['notifications', standing.notifications.count] as const,
  ];
  const counts: Record<string, number> = {};
  for (const [name, count] of rows) if (count > 0) counts[name] = (counts[name] ?? 0) + count;
  return counts;
}

describe(StandingSource.name, () => {
  test('counts what is open, lost and recovered, each charge once', async () => {
    const source = new StandingSource(temporal, options);
    await startCharge('S-1.1');
    await startCharge('S-2.1', { state: 'starting', attention_at: '2026-01-01T00:00:00Z' });
    const lost = await startCharge('S-3.1');
    await lost.terminate();
    await startCharge('S-4.1', { state: 'captured', outcome: 'captured', captured_amount: 1 });
    await start(terminalChargeType, 'charge/S-5.1', { charge: 'unreadable' });
    await until(source, (counts) =>
      expect(counts).toEqual({
        waiting_for_card: 1,
        starting: 1,
        starting_too_long: 1,
        checking: 1,
        workflow_lost: 1,
      }),
    );
    await startRecovery(env, 'S-3.1', { taskQueue: nobody });
    await until(source, (counts) =>
      expect(counts).toEqual({ waiting_for_card: 2, starting: 1, starting_too_long: 1 }),
    );
    // A recovery that was ended by hand proves nothing.
    await env.client.workflow.getHandle('recovery/S-3.1').terminate();
    await until(source, (counts) =>
      expect(counts).toMatchObject({ checking: 1, workflow_lost: 1 }),
    );
  });

  test('counts refunds beside charges: late, lost and recovered', async () => {
    const source = new StandingSource(temporal, options);
    const refund = refundRecord();
    const late = { ...refund, refund_id: 'S-1001.1.R2', attention_at: '2026-01-01T00:00:00Z' };
    const lost = await start(terminalRefundType, 'refund/S-1001.1.R1', { refund });
    await lost.terminate();
    await start(terminalRefundType, 'refund/S-1001.1.R2', { refund: late });
    await start(terminalRefundType, 'refund/S-1001.1.R3', { refund: 'unreadable' });
    const counted = { 'refund waiting_for_card': 1, refund_too_long: 1, 'refund checking': 1 };
    await until(source, (counts) =>
      expect(counts).toMatchObject({ ...counted, refund_workflow_lost: 1 }),
    );
    await start(recoverRefundType, 'refund-recovery/S-1001.1.R1', { refund });
    await until(source, (counts) => {
      expect(counts).toMatchObject(counted);
      expect(counts).not.toHaveProperty('refund_workflow_lost');
    });
  });

  test('tells until when the books are closed, once they are scheduled', async () => {
    const source = new StandingSource(temporal, options);
    expect((await source.latest())?.books).toBeNull();
    const startedAt = Date.now();
    await makeSchedule({
      temporal,
      taskQueue: nobody,
      policy,
      zones: { timeZone: options.timeZone, storeZones: {} },
    });
    const scheduled = (await source.latest())?.books;
    expect(scheduled?.differences).toBeNull();
    expect(Math.abs((scheduled?.closedUntil ?? 0) - startedAt)).toBeLessThan(10_000);
    const date = dateAt(startedAt, options.timeZone);
    const books = { version: 1, date, is_closed: true, differences: 3 };
    await complete(dayReconciliationType, reconciliationWorkflowId(nobody, books.date), { books });
    await vi.waitFor(
      async () =>
        expect((await source.latest())?.books).toEqual({
          closedUntil: dayIn(date, options.timeZone).to,
          differences: 3,
        }),
      { timeout: 20_000 },
    );
  });

  test('counts open cases, and what the retailer has not been told', async () => {
    const source = new StandingSource(temporal, options);
    const record: CaseRecord = {
      version: 1,
      kind: 'orphan',
      charge_id: 'S-9.1',
      transaction_id: 'T1',
      amount: null,
      captured_amount: 500,
      currency: 'SEK',
      terminal_id: null,
      store_id: null,
      opened_at: new Date().toISOString(),
      settled_at: null,
      settled_as: null,
      settled_by: null,
    };
    await start(moneyCaseType, 'case/T1', { case: record });
    await start(moneyCaseType, 'case/T2', {
      case: { ...record, transaction_id: 'T2', settled_at: record.opened_at },
    });
    await start('notifyRetailer', 'notify/S-9.1', {
      notification: { waiting: 2, oldest: { timestamp: record.opened_at } },
    });
    await start('notifyRetailer', 'notify/S-9.2', { notification: { waiting: 'nonsense' } });
    await until(source, (counts) => expect(counts).toMatchObject({ orphan: 1, notifications: 2 }));
    const standing = await source.latest();
    expect(standing?.money).toContainEqual(
      expect.objectContaining({
        labels: { currency: 'SEK', kind: 'captured_unwanted' },
        count: 500,
      }),
    );
  });

  test('reads once for all who ask within a while', async () => {
    const listed = vi.spyOn(temporal.waiting.connection.workflowService, 'listWorkflowExecutions');
    const source = new StandingSource(temporal, { ...options, timings: {} });
    const [first, second] = await Promise.all([source.latest(), source.latest()]);
    expect(await source.latest()).toBe(first);
    expect(second).toBe(first);
    expect(listed).toHaveBeenCalledTimes(5);
    listed.mockRestore();
  });

  test('drops what it knew when Temporal goes away', async () => {
    const { temporal: port } = await freePorts();
    const other = await startTemporal(port);
    const line = connectTemporal({ address: other.address }, 'default');
    const source = new StandingSource(line, options);
    try {
      expect(await source.latest()).not.toBeNull();
    } finally {
      await other.teardown();
    }
    expect(await source.latest()).toBeNull();
    await source.close();
    await line.close();
  });
});

describe('GET /metrics without Temporal', () => {
  test('answers soon, says that nothing is known, and tells no number of charges', async () => {
    const { temporal: port } = await freePorts();
    const api = await startApi(`127.0.0.1:${port}`);
    const startedAt = Date.now();
    const { names, value } = await scrape(api.url);
    expect(Date.now() - startedAt).toBeLessThan(5000);
    expect(value('kvitt_standing_is_known')).toBe(0);
    expect(
      [...names].filter((name) => /^kvitt_(charges|refunds|money|cases|notif|books)/.test(name)),
    ).toEqual([]);
    expect(value('kvitt_api_callbacks_total', { kind: 'accepted' })).toBe(0);
    await api.end();
  });
});
