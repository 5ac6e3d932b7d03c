/** Orders given at the worst moment: while a call is on the wire, on old evidence, before the workflow is lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCharge, until, type Asked, type Stage } from '../../scripts/drill/stage.ts';
import { transactionReported } from '../../workflows/messages.ts';
import { saleOf, startHarness, type ChargeAnswer, type Harness } from '../harness.ts';

let kvitt: Harness;
let stage: Stage;
const why = 'the shop asked';
const evidence = { terminal_seen_idle: true, why };
const personDecides = { promptLifetimeSeconds: null, cancelEndsPrompt: false };
const notCapturedByDintero = { auto_capture_delay_ms: 3_600_000 };

beforeAll(async () => {
  const runbookUrl = 'http://localhost:8080/runbook';
  kvitt = await startHarness({ promptLifetimeSeconds: 36_000, runbookUrl });
  const { client, taskQueue, simulator, stopWorkers } = kvitt;
  stage = { till: kvitt, client, taskQueue, simulator, runbookUrl, stopWorkers };
  // A worker's first charge loads the bundle: no test may lose its time to that.
  await waiting({});
});
afterAll(async () => {
  await kvitt.stop();
});

async function order(chargeId: string, action: string, input: object) {
  const path = `/ops/charges/${chargeId}/${action}`;
  return await kvitt.ops<ChargeAnswer & { detail?: string }>('POST', path, input);
}

async function waiting(asked: Asked) {
  const charge = await startCharge(stage, asked);
  await until(stage, charge, { state: 'waiting_for_card' });
  return charge;
}

async function eventsOf(chargeId: string) {
  const handle = kvitt.client.workflow.getHandle(`charge/${chargeId}`);
  return (await handle.fetchHistory()).events ?? [];
}

/** When each call of this kind was scheduled, and when each came back, in ms. */
async function callsOf(chargeId: string, activity: string) {
  const events = await eventsOf(chargeId);
  const at = ({ eventTime }: (typeof events)[number]): number =>
    Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6;
  const scheduled = events.filter(
    ({ activityTaskScheduledEventAttributes: one }) => one?.activityType?.name === activity,
  );
  const ids = scheduled.map(({ eventId }) => String(eventId));
  const back = events.filter((event) =>
    ids.includes(
      String(
        event.activityTaskCompletedEventAttributes?.scheduledEventId ??
          event.activityTaskFailedEventAttributes?.scheduledEventId,
      ),
    ),
  );
  return { scheduled: scheduled.map(at), back: back.map(at) };
}

async function becomesTrue(isTrue: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 15_000;
  while (!(await isTrue())) {
    if (Date.now() > giveUpAt) throw new Error('it never became true');
    await sleep(50);
  }
}

async function ledgerKinds(chargeId: string): Promise<string[]> {
  return (await kvitt.ledgerOf(chargeId)).map(({ kind }) => kind);
}

async function terminateAndRecover(chargeId: string): Promise<void> {
  await kvitt.client.workflow.getHandle(`charge/${chargeId}`).terminate('a test');
  await until(stage, { chargeId, terminalId: '' }, { needs_attention: 'workflow_lost' });
  await order(chargeId, 'recover', { why });
}

describe(
  'an order while the same call is on the wire',
  { concurrent: true, timeout: 60_000 },
  () => {
    it.each([
      ['capture', 'captureTransaction', 'manual'],
      ['void', 'voidTransaction', 'auto'],
    ] as const)('%s: the next sending keeps its distance', async (name, activity, captureMode) => {
      const httpTimeout = 2_000;
      const { chargeId, terminalId } = await waiting({
        settings: { captureMode },
        behaviour: notCapturedByDintero,
        durations: { httpTimeout, autoCaptureWait: 3_600_000 },
        faults: [{ endpoint: name, do: 'hang_before' }],
      });
      await kvitt.simulator.press(terminalId, 'tap');
      if (name === 'void') {
        await until(stage, { chargeId, terminalId }, { state: 'approved' });
        const path = `/charges/${chargeId}/cancel`;
        await kvitt.call('POST', path, {}, { prefer: 'wait=0' });
      }
      await becomesTrue(async () => (await callsOf(chargeId, activity)).scheduled.length === 1);
      await order(chargeId, name, { why });
      await kvitt.ending(chargeId);
      const { scheduled, back } = await callsOf(chargeId, activity);
      expect(scheduled).toHaveLength(2);
      expect((scheduled[1] ?? 0) - (back[0] ?? 0)).toBeGreaterThanOrEqual(httpTimeout);
    });
  },
);

describe('a stop that was ordered', { concurrent: true, timeout: 60_000 }, () => {
  const refusedVoids = (times: number) => [
    { endpoint: 'void', do: { kind: 'status', status: 422 }, times },
  ];

  async function approved(times: number) {
    const charge = await waiting({
      behaviour: notCapturedByDintero,
      durations: { autoCaptureWait: 4_000 },
      faults: refusedVoids(times),
    });
    await kvitt.simulator.press(charge.terminalId, 'tap');
    await until(stage, charge, { state: 'approved' });
    return charge;
  }

  it('as a void is known to the recovery: the money is not captured', async () => {
    const { chargeId } = await approved(3);
    await order(chargeId, 'void', { why });
    await terminateAndRecover(chargeId);
    expect(await kvitt.ending(chargeId)).toMatchObject({ outcome: 'not_charged' });
    expect(await ledgerKinds(chargeId)).not.toContain('captured');
  });

  it('is known to the recovery also after a reset', async () => {
    const charge = await approved(0);
    const { chargeId } = charge;
    await kvitt.call('POST', `/charges/${chargeId}/cancel`, {}, { prefer: 'wait=0' });
    await until(stage, charge, { state: 'cancelling' });
    const handle = kvitt.client.workflow.getHandle(`charge/${chargeId}`);
    const { runId } = await handle.describe();
    const first = (await eventsOf(chargeId)).find(
      (event) => event.workflowTaskCompletedEventAttributes,
    );
    await kvitt.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId, runId },
      reason: 'a test',
      workflowTaskFinishEventId: first?.eventId ?? null,
      requestId: crypto.randomUUID(),
    });
    await becomesTrue(async () => {
      const now = await handle.describe();
      return now.runId !== runId && (await callsOf(chargeId, 'voidTransaction')).back.length > 0;
    });
    await terminateAndRecover(chargeId);
    await until(stage, charge, { state: 'cancelling', needs_attention: 'void_refused' });
    expect(await ledgerKinds(chargeId)).not.toContain('captured');
  });
});

describe('what somebody saw at the terminal', { concurrent: true, timeout: 60_000 }, () => {
  /** A person is asked when nothing can be sent any more. */
  const nearlyLate = { sendWindow: 8_000, attention: 10_500 };
  const unreadable = { kind: 'status', status: 503 };

  it('does not free it while the fresh reading shows the session open', async () => {
    const charge = await waiting({
      settings: personDecides,
      durations: { ...nearlyLate, pollMin: 12_000, pollMax: 12_000 },
    });
    const match = { merchant_reference: charge.chargeId };
    await kvitt.simulator.fault({ endpoint: 'get_session', do: unreadable, match });
    await until(stage, charge, { needs_attention: 'checking_too_long' });
    await order(charge.chargeId, 'free', evidence);
    await until(stage, charge, { state: 'waiting_for_card' });
    const next = { ...saleOf(kvitt), terminal_id: charge.terminalId };
    expect((await kvitt.post(next, { prefer: 'wait=5' })).body.reason).toBe('terminal_busy');
  });

  it('does not free it while the session was open when it could be read', async () => {
    const charge = await waiting({ settings: personDecides, durations: nearlyLate });
    const match = { merchant_reference: charge.chargeId };
    await kvitt.simulator.fault({ endpoint: 'get_session', do: unreadable, times: 0, match });
    await until(stage, charge, { needs_attention: 'checking_too_long' });
    const { status, body } = await order(charge.chargeId, 'free', evidence);
    expect({ status, detail: body.detail }).toEqual({
      status: 409,
      detail: expect.stringContaining('cancel the charge') as string,
    });
  });

  it('closes no prompt that was found only afterwards', async () => {
    const lag = { kind: 'list_lag', ms: 3_600_000 };
    const charge = await startCharge(stage, {
      settings: personDecides,
      durations: { listLag: 60_000 },
      faults: [
        { endpoint: 'create_session', do: 'reset_after' },
        { endpoint: 'list_transactions', do: lag, times: 0 },
      ],
    });
    const { chargeId } = charge;
    await until(stage, charge, { needs_attention: 'session_lost' });
    await order(chargeId, 'close', evidence);
    const [created] = await kvitt.ledgerOf(chargeId);
    await kvitt.client.workflow.getHandle(`charge/${chargeId}`).signal(transactionReported, {
      error: null,
      source: 'callback',
      session_id: created?.session_id ?? '',
    });
    await until(stage, charge, { state: 'waiting_for_card' });
    await kvitt.call('POST', `/charges/${chargeId}/cancel`, {}, { prefer: 'wait=0' });
    await until(stage, charge, { needs_attention: 'prompt_may_live', outcome: null });
    await order(chargeId, 'close', evidence);
    expect(await kvitt.ending(chargeId)).toMatchObject({ outcome: 'not_charged' });
  });
});

describe('recover of a charge that told of no money', { concurrent: true, timeout: 60_000 }, () => {
  it('keeps its reason: money of another attempt is not forgotten', async () => {
    const sale = saleOf(kvitt);
    await kvitt.simulator.ghost({
      merchant_reference: `${sale.reference}.7`,
      merchant_reference_2: sale.reference,
      terminal_id: saleOf(kvitt).terminal_id,
    });
    await kvitt.post(sale);
    const chargeId = `${sale.reference}.1`;
    const told = { reason: 'other_attempt_has_money', safe_to_take_other_payment: false };
    expect(await kvitt.ending(chargeId)).toMatchObject(told);
    await order(chargeId, 'recover', { why });
    const recovery = kvitt.client.workflow.getHandle(`recovery/${chargeId}`);
    expect(await recovery.result()).toMatchObject({ reason: told.reason });
    expect((await kvitt.call('GET', `/charges/${chargeId}`)).body).toMatchObject(told);
  });

  it('asks for proof anew where Dintero shows its session open', async () => {
    const charge = await startCharge(stage, { settings: { ...personDecides, deadlineSeconds: 8 } });
    const { chargeId } = charge;
    await until(stage, charge, { needs_attention: 'prompt_may_live' });
    await order(chargeId, 'close', evidence);
    const told = { outcome: 'not_charged', reason: 'expired' };
    expect(await kvitt.ending(chargeId)).toMatchObject(told);
    await kvitt.simulator.fault({
      endpoint: 'get_session',
      match: { merchant_reference: chargeId },
      do: { kind: 'rewrite', set: { cancelled_at: null, events: [] } },
    });
    await order(chargeId, 'recover', { why });
    await until(stage, charge, { needs_attention: 'prompt_may_live', outcome: null });
    await order(chargeId, 'close', evidence);
    expect(await kvitt.ending(chargeId)).toMatchObject(told);
  });
});

describe('reading an ended charge again', { concurrent: true }, () => {
  it('leaves a case settled that a person has settled by what Dintero still shows', async () => {
    const { transactionId, chargeId } = await refunded();
    await order(chargeId, 'recover', { why });
    expect(await kvitt.ending(chargeId)).toMatchObject({ needs_attention: null, advice: 'none' });
    const { body } = await kvitt.call<{ state: string }>('GET', `/cases/${transactionId}`);
    expect(body.state).toBe('settled');
  });

  it('ends again by itself where Dintero had refused the create, and tells the same', async () => {
    const charge = await startCharge(stage, {
      faults: [{ endpoint: 'create_session', do: { kind: 'status', status: 422 } }],
    });
    expect(await kvitt.ending(charge.chargeId)).toMatchObject({ reason: 'rejected' });
    await order(charge.chargeId, 'recover', { why });
    expect(await kvitt.ending(charge.chargeId)).toMatchObject({
      outcome: 'not_charged',
      reason: 'rejected',
      safe_to_take_other_payment: true,
    });
  });

  /** A payment that nobody wanted, and that went back. */
  async function refunded(): Promise<{ chargeId: string; transactionId: string }> {
    const silent = [{ endpoint: 'callback', do: 'drop', times: 0 }];
    const hourly = { pollMin: 3_600_000, pollMax: 3_600_000 };
    const { chargeId, terminalId } = await waiting({ durations: hourly, faults: silent });
    await kvitt.simulator.press(terminalId, 'tap');
    await kvitt.call('POST', `/charges/${chargeId}/cancel`, {});
    const raced = await until(stage, { chargeId, terminalId }, { needs_attention: 'case_open' });
    const transactionId = raced.transaction_id ?? '';
    await kvitt.simulator.backoffice(transactionId, 'refund');
    const path = `/ops/cases/${transactionId}/settle`;
    expect((await kvitt.ops('POST', path, { as: 'refunded', why })).status).toBe(200);
    return { chargeId, transactionId };
  }
});

describe('orders that would be too much', { concurrent: true }, () => {
  it('a capture is refused while a void may still arrive', async ({ expect }) => {
    const charge = await waiting({
      settings: { captureMode: 'manual' },
      durations: { httpTimeout: 3_000 },
      behaviour: notCapturedByDintero,
      faults: [
        { endpoint: 'capture', do: { kind: 'status', status: 422 }, times: 1 },
        { endpoint: 'void', do: { kind: 'late', ms: 4_000 }, times: 1 },
      ],
    });
    await kvitt.simulator.press(charge.terminalId, 'tap');
    await expect
      .poll(async () => (await callsOf(charge.chargeId, 'voidTransaction')).scheduled, slowly)
      .toHaveLength(1);
    const during = await order(charge.chargeId, 'capture', { why });
    expect(during.status).toBe(409);
    await expect
      .poll(async () => (await callsOf(charge.chargeId, 'voidTransaction')).back, slowly)
      .toHaveLength(1);
    expect((await order(charge.chargeId, 'capture', { why })).status).toBe(409);
    expect(await kvitt.ending(charge.chargeId)).toMatchObject({ outcome: 'not_charged' });
  });

  it('notes and readings leave room for a cancel', async () => {
    const { chargeId } = await waiting({});
    const handle = kvitt.client.workflow.getHandle(`charge/${chargeId}`);
    for (let batch = 0; batch < 20; batch += 1) {
      const ten = Array.from({ length: 10 }, (_each, index) => `${batch}.${index}`);
      await Promise.all(ten.map((text) => handle.executeUpdate('note', { args: [{ text }] })));
    }
    await expect(handle.executeUpdate('note', { args: [{ text: 'one more' }] })).rejects.toThrow(
      /Update failed/,
    );
    expect((await order(chargeId, 'cancel', { why })).status).toBeLessThan(300);
    expect(await kvitt.ending(chargeId)).toMatchObject({ outcome: 'not_charged' });
  });
});

const slowly = { timeout: 20_000, interval: 100 };
