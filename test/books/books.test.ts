/** A day's books, end to end: simulator, worker and api. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { makeSchedule, scheduleIdOf } from '../../api/books-schedule.ts';
import type { ReportAnswer } from '../../api/report-answers.ts';
import { connectTemporal } from '../../api/temporal.ts';
import {
  reconciliationWorkflowId,
  type BooksInput,
  type LaterLook,
  type Report,
} from '../../workflows/books.ts';
import { nextDate, type DayPlan } from '../../workflows/business-days.ts';
import { startHarness, type ChargeAnswer, type Harness } from '../harness.ts';
import { noonZone, today } from './noon.ts';
import { acceptance } from '../acceptance/sentences.ts';

let kvitt: Harness;
/** What the plan of a day is made to say: no test can wait for midnight. */
let plan: (date: string) => Partial<DayPlan> = () => ({});

beforeAll(async () => {
  kvitt = await startHarness({
    deadlineSeconds: 300,
    durations: { sendWindow: 5_000 },
    timeZone: noonZone,
    wrapActivities: (real) => ({
      ...real,
      planDay: async (ask) => ({ ...(await real.planDay(ask)), ...plan(ask.date) }),
    }),
  });
  await kvitt.simulator.customer({ action: 'tap' });
});

afterAll(async () => {
  await kvitt.stop();
});

interface Problem {
  code: string;
  detail: string;
}

interface Made {
  state: string;
  report: ReportAnswer | null;
  later_look: LaterLook | null;
}

async function order(): Promise<Made> {
  const ordered = await kvitt.call<Made>(
    'POST',
    '/ops/reconciliations',
    { date: today() },
    { authorization: `Bearer ${kvitt.opsToken}`, prefer: 'wait=50' },
  );
  expect(ordered.status).toBe(200);
  return ordered.body;
}

async function reconcile(): Promise<ReportAnswer> {
  const { report } = await order();
  if (report === null) throw new Error('no report');
  return report;
}

async function sell(): Promise<ChargeAnswer> {
  const { body } = await kvitt.post({}, { prefer: 'wait=30' });
  expect(body.outcome).toBe('captured');
  return body;
}

describe('the books of a day', () => {
  it(acceptance[10], async () => {
    await sell();
    const reference = kvitt.freshReference();
    const terminal_id = kvitt.freshTerminal();
    await kvitt.simulator.ghost({
      merchant_reference: `${reference}.1`,
      merchant_reference_2: reference,
      terminal_id,
      installation: kvitt.taskQueue,
      amount: 4500,
      button: null,
    });
    await expect
      .poll(async () => await kvitt.simulator.ledger({ merchant_reference: `${reference}.1` }))
      .toContainEqual(expect.objectContaining({ kind: 'captured' }));
    const report = await reconcile();
    const [orphan] = report.differences;
    expect(report.differences).toHaveLength(1);
    expect(orphan).toMatchObject({
      kind: 'orphan',
      charge_id: `${reference}.1`,
      terminal_id,
      dintero_amount: 4500,
      told_amount: null,
      followed_by: `case/${orphan?.transaction_id ?? ''}`,
    });
    expect(report.totals).toEqual([
      { currency: 'NOK', captured: 17_400, told: 12_900, refunded: 0 },
    ]);
    const found = await kvitt.call<{ kind: string; state: string }>(
      'GET',
      `/cases/${orphan?.transaction_id ?? ''}`,
    );
    expect(found.body).toMatchObject({ kind: 'orphan', state: 'open' });
    // Once more: the same difference, and no second case.
    expect((await reconcile()).differences).toMatchObject([
      { followed_by: orphan?.followed_by, became: 'a case that was open already' },
    ]);
  });

  it('show what was settled on it, beside its items by correlation id, with fee and net', async () => {
    await kvitt.simulator.settle();
    const { settlements, settlement_items: items, notes } = await reconcile();
    const fees = { capture: 17_400, refund: 0, fee: 131 };
    expect(notes).toEqual([]);
    expect(settlements).toMatchObject([
      { ...fees, amount: 17_269, items: { count: 2, ...fees }, agrees: true },
    ]);
    expect(new Set(items.map(({ net }) => net))).toEqual(new Set([12_803, 4_466]));
    expect(items.map((one) => one.correlation_id)).toEqual([
      expect.stringMatching(/^M3-/),
      expect.stringMatching(/^M3-/),
    ]);
  });

  it('are read without a worker, as JSON and for a spreadsheet, of the chain and of a store', async () => {
    await kvitt.stopWorkers();
    const path = `/reports/${today()}`;
    const whole = await kvitt.call<ReportAnswer>('GET', path);
    expect(whole.body).toMatchObject({ is_closed: false, stores: [{ store_id: 'bergen-01' }] });
    const store = await kvitt.call<ReportAnswer>('GET', `${path}?store_id=bergen-01`);
    expect(store.body).toMatchObject({ totals: whole.body.totals, open: null });
    const nowhere = await kvitt.call<Problem>('GET', `${path}?store_id=nowhere`);
    expect(nowhere).toMatchObject({ status: 404, body: { code: 'unknown_report' } });
    expect(nowhere.body.detail).toContain('It has: bergen-01.');
    const csv = await Promise.all([
      fetch(`${kvitt.url}${path}.csv`),
      fetch(kvitt.url + path, { headers: { accept: 'text/csv' } }),
    ]);
    const [one, other] = await Promise.all(csv.map(async (response) => await response.text()));
    expect(csv[0].headers.get('content-type')).toMatch(/^text\/csv/);
    expect(one).toBe(other);
    expect(one).toContain(`\r\ndifference,${today()},bergen-01,`);
    await kvitt.startWorkers();
  });

  it.each([
    ['2020-01-01', 'is too long ago'],
    ['2099-01-01', 'has not begun'],
    ['2026-13-01', 'date'],
  ])('are not made of %s', async (date, why) => {
    const { status, body } = await kvitt.ops('POST', '/ops/reconciliations', { date });
    expect([status, JSON.stringify(body['errors'])]).toEqual([400, expect.stringContaining(why)]);
  });

  it('that nobody has made are not found', async () => {
    const { status, body } = await kvitt.call<{ code: string }>('GET', '/reports/2026-01-01');
    expect([status, body.code]).toEqual([404, 'unknown_report']);
  });
});

describe('a closed report', () => {
  it('never changes: what comes later is found, followed, and booked once in the next one', async () => {
    const tomorrow = nextDate(today(), 1);
    plan = (date) => ({ isClosed: true, earlier: date === tomorrow ? [today()] : [] });
    const closed = await reconcile();
    expect(closed.is_closed).toBe(true);
    // It lands after the report: a sale of ours, a ghost's, and a refund.
    const { terminal_id, transaction_id } = await sellMore();
    const { later_look: look } = await order();
    expect(look?.late.map(({ kind }) => kind).toSorted()).toEqual(['orphan', 'unequal']);
    expect(look?.corrections).toHaveLength(3);
    const sum = { count: 1, amount: 12_900 };
    expect(look?.corrections).toContainEqual(
      expect.objectContaining({ of_date: today(), terminal_id, captured: sum }),
    );
    const again = await kvitt.call<ReportAnswer>('GET', `/reports/${today()}`);
    expect(again.body).toEqual(closed);

    const next = await ofDay(tomorrow);
    expect(next.corrections).toEqual(look?.corrections);
    expect(next.late.map((one) => one.of_date)).toEqual([today(), today()]);
    expect(next.late.map((one) => one.transaction_id)).toContain(transaction_id);

    expect((await order()).later_look).toMatchObject({ corrections: [], late: [] });
  });

  async function sellMore(): Promise<{ terminal_id: string; transaction_id: string }> {
    const [charge, refunded] = await Promise.all([sell(), sell()]);
    await kvitt.simulator.backoffice(refunded.transaction_id ?? '', 'refund', 900);
    // Its callback has the charge recovered, which opens a case.
    await kvitt.until(refunded.charge_id, (read) => read.case_kind === 'refunded_outside');
    const reference = kvitt.freshReference();
    await kvitt.simulator.ghost({
      merchant_reference: `${reference}.1`,
      terminal_id: kvitt.freshTerminal(),
      installation: kvitt.taskQueue,
      button: null,
    });
    const ledger = async (): Promise<string[]> =>
      (await kvitt.ledgerOf(`${reference}.1`)).map(({ kind }) => kind);
    await expect.poll(ledger).toContain('captured');
    const [entry] = await kvitt.ledgerOf(charge.charge_id);
    return {
      terminal_id: entry?.terminal_id ?? '',
      transaction_id: refunded.transaction_id ?? '',
    };
  }

  it('that was lost is made up for by the next day’s run, which tells so', async () => {
    const [, , lost, last] = [0, 1, 2, 3].map((days) => nextDate(today(), days));
    plan = (date) => ({ isClosed: true, earlier: date === last ? [lost ?? ''] : [] });
    const before = await kvitt.call('GET', `/reports/${lost ?? ''}`);
    expect(before.status).toBe(404);
    const { notes } = await ofDay(last ?? '');
    expect(notes).toContain(
      `${lost ?? ''} had no closed report: it has one now, with 0 differences`,
    );
    const made = await kvitt.call('GET', `/reports/${lost ?? ''}`);
    expect(made.body).toMatchObject({ is_closed: true });
  });

  async function ofDay(date: string): Promise<Report> {
    const input: BooksInput = {
      date,
      zones: { timeZone: noonZone, storeZones: {} },
      policy: kvitt.policy,
      by: null,
    };
    return await kvitt.client.workflow.execute<(input: BooksInput) => Promise<Report>>(
      'dayReconciliation',
      { workflowId: `books-${crypto.randomUUID()}`, taskQueue: kvitt.taskQueue, args: [input] },
    );
  }
});

describe('the schedule', () => {
  it('has the day that has ended reconciled, under its own id', async () => {
    const temporal = connectTemporal({ address: inject('temporalAddress') }, 'default');
    const zones = { timeZone: noonZone, storeZones: {} };
    const deps = { temporal, taskQueue: kvitt.taskQueue, policy: kvitt.policy, zones };
    const handle = temporal.client.schedule.getHandle(scheduleIdOf(kvitt.taskQueue));
    await makeSchedule(deps);
    // The next api that starts finds it there.
    await makeSchedule(deps);
    try {
      const { spec, policies } = await handle.describe();
      expect([spec.timezone, spec.calendars?.[0]?.hour]).toEqual([
        noonZone,
        [{ start: 4, end: 4, step: 1 }],
      ]);
      expect(policies.overlap).toBe('BUFFER_ALL');
      await handle.trigger();
      const yesterday = nextDate(today(), -1);
      const read = async (): Promise<unknown> =>
        (await kvitt.call<ReportAnswer>('GET', `/reports/${yesterday}`)).body;
      await expect
        .poll(read, { timeout: 20_000 })
        .toMatchObject({ date: yesterday, is_closed: true, differences: [] });
    } finally {
      await handle.delete();
      await temporal.close();
    }
  });

  it('waits for the run that somebody has ordered, which may not close the day', async () => {
    const { workflow } = kvitt.client;
    const zones = { timeZone: noonZone, storeZones: {} };
    const workflowId = reconciliationWorkflowId(kvitt.taskQueue, nextDate(today(), -1));
    const ordered = await workflow.start('dayReconciliation', {
      workflowId,
      taskQueue: `nobody-${kvitt.taskQueue}`,
      args: [],
    });
    const due = await workflow.start('scheduledReconciliation', {
      workflowId: `due-${crypto.randomUUID()}`,
      taskQueue: kvitt.taskQueue,
      args: [{ policy: kvitt.policy, zones }],
    });
    const isWaiting = async (): Promise<boolean> => {
      const { events } = await due.fetchHistory();
      return (events ?? []).some(({ timerStartedEventAttributes: timer }) => Boolean(timer));
    };
    await expect.poll(isWaiting, { timeout: 20_000 }).toBe(true);
    expect((await due.describe()).status.name).toBe('RUNNING');
    await Promise.all([due.terminate(), ordered.terminate()]);
  });
});
