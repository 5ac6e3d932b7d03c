/** The retailer's system is told what became of each charge: signed, in order, at least once, however long it is away. */
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { startRecovery } from '../../activities/recovery.ts';
import { caseSchema, chargeSchema } from '../../api/answers.ts';
import {
  listNotifications,
  notificationSchema,
  resendNotifications,
  type Notification,
} from '../../api/notifications.ts';
import { connectTemporal, type Temporal } from '../../api/temporal.ts';
import {
  caseWorkflowId,
  chargeWorkflowId,
  notifyWorkflowId,
  recoveryWorkflowId,
  strayWorkflowId,
  transactionReported,
} from '../../workflows/messages.ts';
import { resend } from '../../workflows/retailer-events.ts';
import type { Retries } from '../../workflows/policy.ts';
import { saleOf, startHarness, type ChargeAnswer, type Harness } from '../harness.ts';
import { startReceiver, type Received, type Receiver } from '../receiver.ts';
import { recordHistory } from './record-history.ts';

const secrets = [0, 1].map(() => `whsec_${randomBytes(32).toString('base64')}`);

let receiver: Receiver;
let kvitt: Harness;
let temporal: Temporal;

/** A shop where only a person can say that a prompt is dead. */
async function start(
  retries: Retries,
  timeoutMs = 10_000,
  change: Parameters<typeof startHarness>[0] = {},
): Promise<void> {
  receiver = await startReceiver();
  kvitt = await startHarness({
    deadlineSeconds: 900,
    promptLifetimeSeconds: null,
    cancelEndsPrompt: false,
    webhook: { url: receiver.url, secrets, allowPrivate: true, retries, timeoutMs },
    ...change,
  });
  temporal = connectTemporal({ address: inject('temporalAddress') }, 'default');
}

async function stop(): Promise<void> {
  await kvitt.stop();
  await temporal.close();
  await receiver.kill();
}

/** What was taken about a charge: the first time that each event came. */
function toldOf(chargeId: string): Received[] {
  const all = receiver.taken.filter(({ body }) => body.data['charge_id'] === chargeId);
  return [...new Map(all.toReversed().map((one) => [one.id, one])).values()].toReversed();
}

function typesOf(chargeId: string): string[] {
  return toldOf(chargeId).map(({ body }) => body.type);
}

async function pay(button: string, sale = saleOf(kvitt)): Promise<ChargeAnswer> {
  await kvitt.post(sale);
  await kvitt.simulator.press(sale.terminal_id, button);
  return await kvitt.ending(`${sale.reference}.1`);
}

const idle = { terminal_seen_idle: true, by: 'Kari' };

/** Cancelled, and closed by a person who was asked and saw the terminal idle. */
async function needAPerson(
  whileAsked: (chargeId: string) => Promise<void> = async () => {},
): Promise<ChargeAnswer> {
  const sale = saleOf(kvitt);
  const chargeId = `${sale.reference}.1`;
  const cancel = async (body: object): Promise<void> => {
    await kvitt.call('POST', `/charges/${chargeId}/cancel`, body, { prefer: 'wait=0' });
  };
  await kvitt.post(sale);
  await cancel({});
  await kvitt.until(chargeId, (charge) => charge.needs_attention === 'prompt_may_live');
  await whileAsked(chargeId);
  await cancel(idle);
  return await kvitt.ending(chargeId);
}

/** The payment was faster than the cancel; the till keeps it. */
async function keepAfterCancel(): Promise<ChargeAnswer> {
  const sale = saleOf(kvitt);
  const chargeId = `${sale.reference}.1`;
  const match = { merchant_reference: chargeId };
  await kvitt.simulator.fault({ endpoint: 'callback', match, times: 0, do: 'drop' });
  const late = { kind: 'late', ms: 400 };
  await kvitt.simulator.fault({ endpoint: 'cancel_session', match, do: late });
  await kvitt.simulator.terminal(sale.terminal_id, { behaviour: { auto_capture_delay_ms: 0 } });
  await kvitt.post(sale);
  const cancelling = kvitt.call('POST', `/charges/${chargeId}/cancel`);
  await kvitt.simulator.press(sale.terminal_id, 'tap');
  await cancelling;
  const ended = await kvitt.ending(chargeId);
  await kvitt.call('POST', `/charges/${chargeId}/keep`);
  return ended;
}

/** Money turns up after the charge has told that there is none. */
async function correct(): Promise<ChargeAnswer> {
  const sale = saleOf(kvitt);
  const { charge_id: chargeId } = await pay('decline', sale);
  const sessionId = await kvitt.simulator.ghost({
    merchant_reference: chargeId,
    merchant_reference_2: sale.reference,
    terminal_id: sale.terminal_id,
    installation: kvitt.taskQueue,
  });
  // As long as it runs, it is the charge itself that is told.
  await kvitt.client.workflow.getHandle(chargeWorkflowId(chargeId)).result();
  await startRecovery(kvitt.client, { chargeId, because: 'contradicted', sessionId });
  await kvitt.client.workflow.getHandle(recoveryWorkflowId(chargeId)).result();
  return await kvitt.ending(chargeId);
}

/** Dintero gives no answer for a moment: nobody can say then whether a person is needed. */
async function readUnclearly(chargeId: string): Promise<void> {
  const read = async (): Promise<void> => {
    await kvitt.ops('POST', `/ops/charges/${chargeId}/read`, {});
  };
  const match = { merchant_reference: chargeId };
  await kvitt.simulator.fault({
    endpoint: 'get_session',
    match,
    times: 0,
    do: { kind: 'status', status: 503 },
  });
  await read();
  await kvitt.until(chargeId, (charge) => charge.needs_attention !== 'prompt_may_live');
  await kvitt.simulator.clearFaults();
  await read();
  await kvitt.until(chargeId, (charge) => charge.needs_attention === 'prompt_may_live');
}

async function notificationOf(chargeId: string): Promise<Notification | undefined> {
  const { notifications } = await listNotifications(temporal, { limit: 100 });
  return notifications.find((one) => one.charge_id === chargeId);
}

const patience = { timeout: 40_000, interval: 50 };

describe('a receiver that was away for an hour of scaled time', () => {
  // 5 s, 15 s, ... to an hour, a thousandth of it.
  beforeAll(async () => {
    await start({ first: 5, max: 3600 });
  });
  afterAll(stop);

  it('has lost nothing and gets it in the order in which it happened, also from a new worker', async () => {
    const before = await pay('tap');
    await expect.poll(() => typesOf(before.charge_id), patience).toEqual(['charge.captured']);
    await receiver.kill();

    const paid = await pay('tap');
    const [declined, asked, kept, corrected] = await Promise.all([
      pay('decline'),
      needAPerson(),
      keepAfterCancel(),
      correct(),
    ]);
    expect(kept).toMatchObject({ outcome: 'captured', case_kind: 'captured_after_cancel' });
    expect(corrected).toMatchObject({ case_kind: 'captured_after_not_charged' });
    await kvitt.stopWorkers();
    await kvitt.startWorkers();
    // Tries 1 to 7 come within half an hour, the next one an hour later.
    await expect
      .poll(async () => (await notificationOf(paid.charge_id))?.tries, patience)
      .toBeGreaterThanOrEqual(8);
    await receiver.comeBack();

    await expect.poll(() => typesOf(paid.charge_id), patience).toEqual(['charge.captured']);
    await expect.poll(() => typesOf(declined.charge_id), patience).toEqual(['charge.not_charged']);
    await expect
      .poll(() => typesOf(asked.charge_id), patience)
      .toEqual(['charge.needs_attention', 'charge.not_charged']);
    await expect.poll(() => typesOf(kept.charge_id), patience).toHaveLength(3);
    await expect.poll(() => typesOf(corrected.charge_id), patience).toHaveLength(3);
    expect(withoutCases(kept)).toEqual(['charge.captured']);
    expect(withoutCharges(kept)).toEqual(['case.opened', 'case.settled']);
    expect(withoutCases(corrected)).toEqual(['charge.not_charged', 'charge.corrected']);
    expect(withoutCharges(corrected)).toEqual(['case.opened']);
    // Before what comes after it was even tried.
    const order = receiver.asked.filter((one) => one.body.data['charge_id'] === kept.charge_id);
    expect([...new Set(order.map(({ id }) => id))]).toEqual(
      toldOf(kept.charge_id).map(({ id }) => id),
    );
    await expect.poll(async () => await notificationOf(kept.charge_id), patience).toBeUndefined();
    for (const { text, headers } of receiver.taken) {
      for (const secret of secrets) new Webhook(secret).verify(text, headers as never);
    }
  });

  function withoutCases({ charge_id }: ChargeAnswer): string[] {
    return typesOf(charge_id).filter((type) => type.startsWith('charge.'));
  }

  function withoutCharges({ charge_id }: ChargeAnswer): string[] {
    return typesOf(charge_id).filter((type) => type.startsWith('case.'));
  }

  it('reads what the api answers, and nothing that the service keeps', async () => {
    const kept = await keepAfterCancel();
    await expect.poll(() => typesOf(kept.charge_id), patience).toHaveLength(3);
    for (const [name, workflowId] of [
      ['told-captured', chargeWorkflowId(kept.charge_id)],
      ['told-case', caseWorkflowId(kept.transaction_id ?? '')],
    ] as const) {
      await recordHistory(kvitt.client, { workflowId, name });
    }
    const told = toldOf(kept.charge_id);
    const data = (type: string): Record<string, unknown> =>
      told.find(({ body }) => body.type === type)?.body.data ?? {};
    const { body } = await kvitt.call<Record<string, unknown>>('GET', `/charges/${kept.charge_id}`);
    // They depend on other attempts, or on whether the case is settled by now.
    const {
      next_attempt: _n,
      advice: _a,
      safe_to_take_other_payment: _s,
      card: _c,
      ...shown
    } = body;
    expect(data('charge.captured')).toEqual({ ...shown, needs_attention: 'case_open' });
    const cases = await kvitt.call<Record<string, unknown>>(
      'GET',
      `/cases/${kept.transaction_id ?? ''}`,
    );
    const { what_to_do: _w, options: _o, ...settled } = cases.body;
    expect(data('case.settled')).toEqual(settled);
    expect(data('case.settled')).toMatchObject({ settled_as: 'kept', state: 'settled' });
    const members = [...Object.keys(chargeSchema.shape), ...Object.keys(caseSchema.shape)];
    const unknown = told
      .flatMap((one) => Object.keys(one.body.data))
      .filter((name) => !members.includes(name));
    expect(unknown).toEqual([]);
    const all = JSON.stringify(told);
    expect(all).not.toMatch(/session|start_id|attention_at|masked_pan/);
    for (const { body: event } of told) {
      expect(Object.keys(event)).toEqual(['type', 'timestamp', 'data']);
    }
  });

  it('is told of a correction what was told before', async () => {
    const corrected = await correct();
    await expect.poll(() => typesOf(corrected.charge_id), patience).toContain('charge.corrected');
    const news = toldOf(corrected.charge_id).find(({ body }) => body.type === 'charge.corrected');
    expect(news?.body.data).toMatchObject({
      outcome: 'captured',
      captured_amount: 12900,
      case_kind: 'captured_after_not_charged',
      former: { outcome: 'not_charged', case_kind: null },
    });
    await recordHistory(kvitt.client, {
      workflowId: recoveryWorkflowId(corrected.charge_id),
      name: 'told-correction',
    });
  });
});

describe('what is told', () => {
  afterEach(stop);

  it('is what the api says by then', async () => {
    const said: unknown[] = [];
    await start({ first: 5, max: 3600 }, 10_000, {
      wrapActivities: (real) => ({
        ...real,
        tellRetailer: async (ask) => {
          const { body } = await kvitt.call<ChargeAnswer>('GET', `/charges/${ask.chargeId}`);
          said.push([ask.event.body.type, body.state]);
          await real.tellRetailer(ask);
        },
      }),
    });
    const { charge_id: chargeId } = await pay('tap');
    await expect.poll(() => typesOf(chargeId), patience).toEqual(['charge.captured']);
    expect(said).toEqual([['charge.captured', 'captured']]);
  });

  it.each([
    ['a young', 7200],
    ['an old', 1],
  ])('is each need of %s charge once, though readings are unclear between', async (_age, age) => {
    await start({ first: 5, max: 3600 }, 10_000, { attentionSeconds: age });
    const { charge_id: chargeId } = await needAPerson(readUnclearly);
    await expect.poll(() => typesOf(chargeId), patience).toContain('charge.not_charged');
    const needs = toldOf(chargeId)
      .filter(({ body }) => body.type === 'charge.needs_attention')
      .map(({ body }) => body.data['needs_attention']);
    expect(needs).toContain('prompt_may_live');
    expect(needs).toEqual([...new Set(needs)]);
  });
});

describe('what waits', () => {
  beforeAll(async () => {
    // A retry would come long after the test.
    await start({ first: 600_000, max: 600_000 }, 1000);
  });
  afterAll(stop);
  afterEach(() => {
    receiver.answer = { status: 200 };
  });

  it('is shown, and is delivered at once when a person asks for it', async () => {
    receiver.answer = { status: 503 };
    const asked = await needAPerson();
    const chargeId = asked.charge_id;
    await expect
      .poll(async () => await notificationOf(chargeId), patience)
      .toMatchObject({
        charge_id: chargeId,
        waiting: 2,
        oldest: { type: 'charge.needs_attention' },
        last_delivered: null,
        tries: 2,
        last_failure: "Could not tell the retailer's system: it answered 503",
        next_try_at: expect.stringMatching(/^20/) as string,
      });
    expect(notificationSchema.parse(await notificationOf(chargeId))).toBeTruthy();
    const handle = kvitt.client.workflow.getHandle(notifyWorkflowId(chargeId));
    // A repeated workflow task tells it again: it waits once.
    const { id, body } =
      receiver.asked.find((one) => one.body.data['charge_id'] === chargeId) ?? {};
    await handle.signal('somethingHappened', { id, body });
    expect(await notificationOf(chargeId)).toMatchObject({ waiting: 2 });
    const unknown = handle.executeUpdate(resend, { args: [{ event_id: 'msg_unknown' }] });
    await expect(unknown).rejects.toMatchObject({
      cause: { message: 'event_id: no such event is known here' },
    });
    receiver.answer = { status: 200 };
    await resendNotifications(temporal, { chargeId });
    await handle.result();
    expect(typesOf(chargeId)).toEqual(['charge.needs_attention', 'charge.not_charged']);
    const own = chargeWorkflowId(chargeId);
    await recordHistory(kvitt.client, { workflowId: own, name: 'told-attention' });
    await recordHistory(kvitt.client, {
      workflowId: notifyWorkflowId(chargeId),
      name: 'told-late',
    });

    // Everything again, under the same ids; then one event alone.
    const ids = toldOf(chargeId).map(({ id }) => id);
    const again = (): string[] =>
      receiver.taken.filter(({ id }) => ids.includes(id)).map(({ id }) => id);
    await expect
      .poll(async () => {
        await resendNotifications(temporal, { chargeId }).catch(() => null);
        return again().length;
      }, patience)
      .toBeGreaterThanOrEqual(4);
    expect(again().slice(2, 4)).toEqual(ids);
    // What is on the wire is not sent a second time.
    await expect.poll(async () => (await handle.describe()).status.name).toBe('COMPLETED');
    const alone = again().filter((id) => id === ids[1]).length;
    await resendNotifications(temporal, { chargeId, eventId: ids[1] ?? '' });
    await expect
      .poll(() => again().filter((id) => id === ids[1]).length, patience)
      .toBeGreaterThan(alone);
    const never = resendNotifications(temporal, { chargeId, eventId: 'msg_never' });
    await expect(never).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is not sent a second time while it is on the wire', async () => {
    receiver.answer = 'hang';
    receiver.mostAtOnce = 0;
    const { charge_id: chargeId } = await pay('decline');
    const tries = (): number =>
      receiver.asked.filter(({ body }) => body.data['charge_id'] === chargeId).length;
    await expect.poll(tries, patience).toBe(1);
    receiver.answer = { status: 200 };
    await resendNotifications(temporal, { chargeId });
    await expect.poll(() => typesOf(chargeId), patience).toEqual(['charge.not_charged']);
    expect([tries(), receiver.mostAtOnce]).toEqual([2, 1]);
  });

  it('is given up by whoever cancels it', async () => {
    receiver.answer = { status: 410 };
    const { charge_id: chargeId } = await pay('decline');
    const handle = kvitt.client.workflow.getHandle(notifyWorkflowId(chargeId));
    await expect.poll(async () => (await notificationOf(chargeId))?.tries, patience).toBe(2);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(/cancel/i);
    expect(typesOf(chargeId)).toEqual([]);
  });
});

describe('a Temporal that takes no event for a while', () => {
  it('holds back neither the outcome nor what is reported meanwhile', async () => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    kvitt = await startHarness({
      // Nobody listens there: it is not about the delivery.
      webhook: { url: 'http://127.0.0.1:9/', secrets, allowPrivate: true },
      wrapActivities: (real) => ({
        ...real,
        tellRetailer: async (ask) => {
          await opened;
          await real.tellRetailer(ask);
        },
      }),
    });
    try {
      const sale = saleOf(kvitt);
      const { charge_id: chargeId } = await pay('tap', sale);
      const own = kvitt.client.workflow.getHandle(chargeWorkflowId(chargeId));
      expect((await own.describe()).status.name).toBe('RUNNING');
      await kvitt.simulator.ghost({
        merchant_reference: chargeId,
        merchant_reference_2: sale.reference,
        terminal_id: kvitt.freshTerminal(),
        installation: kvitt.taskQueue,
      });
      const transactions = await kvitt.ledgerOf(chargeId);
      const second = transactions.findLast(({ kind }) => kind === 'captured')?.transaction_id ?? '';
      const report = { error: null, source: 'a test', transaction_id: second };
      await own.signal(transactionReported, report);
      open();
      await own.result();
      await kvitt.client.workflow.getHandle(strayWorkflowId(second)).result();
      const found = await kvitt.call('GET', `/cases/${second}`);
      expect(found.body).toMatchObject({ kind: 'orphan', charge_id: chargeId });
    } finally {
      await kvitt.stop();
    }
  });
});

describe('a shop without a webhook', () => {
  it('tells nobody, and its charges are as they were', async () => {
    const plain = await startHarness();
    try {
      const sale = saleOf(plain);
      const chargeId = `${sale.reference}.1`;
      await plain.post(sale);
      await plain.simulator.press(sale.terminal_id, 'tap');
      await plain.ending(chargeId);
      const { workflow } = plain.client;
      const history = await workflow.getHandle(chargeWorkflowId(chargeId)).fetchHistory();
      expect(JSON.stringify(history)).not.toContain('notifies');
      await expect(workflow.getHandle(notifyWorkflowId(chargeId)).describe()).rejects.toThrow(
        /not found/,
      );
    } finally {
      await plain.stop();
    }
  });
});
