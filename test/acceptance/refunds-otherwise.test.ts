/** A refund that gives back otherwise than was asked for or told, and news that comes while it ends. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, it, type ExpectStatic } from 'vitest';
import { reportRefunds, sweepLostRefunds } from '../../activities/refund-recovery.ts';
import { searchAttributes, transactionReported } from '../../workflows/messages.ts';
import { refundRecoveryWorkflowId, refundWorkflowId } from '../../workflows/refund-ids.ts';
import { terminalRefundType } from '../../workflows/refund-messages.ts';
import { refundRecord } from '../api/refund-record.ts';
import { startHarness, type Harness } from '../harness.ts';
import { recordHistory } from '../workflows/record-history.ts';
import { startReceiver, type Receiver } from '../receiver.ts';
import { createRefundTill, type RefundTill } from './refund-till.ts';

let receiver: Receiver;
let kvitt: Harness;
let till: RefundTill;

/** Settled from outside. */
function deferred(): { done: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve = (): void => undefined;
  let reject = (_error: Error): void => undefined;
  const done = new Promise<void>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { done, resolve, reject };
}

/** An activity of a charge that is held back: when it has read, or before it tells. */
interface Gate {
  reached: Promise<void>;
  reach: () => void;
  isOpen: Promise<void>;
  open: () => void;
  break: (error: Error) => void;
}
const gates = new Map<string, Gate>();

function gate(what: string, chargeId: string): Gate {
  const { done: reached, resolve: reach } = deferred();
  const { done: isOpen, resolve: open, reject } = deferred();
  const made = { reached, reach, isOpen, open, break: reject };
  gates.set(`${what} ${chargeId}`, made);
  return made;
}

async function pass(what: string, chargeId: string): Promise<void> {
  const held = gates.get(`${what} ${chargeId}`);
  if (held === undefined) return;
  gates.delete(`${what} ${chargeId}`);
  held.reach();
  await held.isOpen;
}

beforeAll(async () => {
  receiver = await startReceiver();
  const secrets = [`whsec_${randomBytes(32).toString('base64')}`];
  const retries = { first: 100, max: 200 };
  kvitt = await startHarness({
    deadlineSeconds: 600,
    webhook: { url: receiver.url, secrets, allowPrivate: true, retries },
    wrapActivities: (activities) => ({
      ...activities,
      readRefund: async (ask) => {
        const found = await activities.readRefund(ask);
        if (found.refundEvents.some(({ is }) => is === 'failed')) await pass('read', ask.chargeId);
        return found;
      },
      tellRetailer: async (ask) => {
        if (ask.event.body.type.startsWith('refund.')) await pass('tell', ask.chargeId);
        await activities.tellRetailer(ask);
      },
    }),
  });
  till = createRefundTill(kvitt);
});
afterAll(async () => {
  await kvitt.stop();
  await receiver.kill();
});

const patience = { timeout: 20_000, interval: 100 };

/** Nobody but the test reports anything of it. */
async function quietSale(): ReturnType<RefundTill['paid']> {
  const sale = await till.paid();
  const match = { merchant_reference: sale.charge_id };
  await kvitt.simulator.fault({ endpoint: 'callback', match, times: 0, do: 'drop' });
  return sale;
}

async function refunded(sale: { charge_id: string; terminal_id: string }, tap = {}) {
  const { body } = await till.refund(sale.charge_id, { terminal_id: sale.terminal_id });
  await kvitt.simulator.press(sale.terminal_id, 'tap', tap);
  return await till.ending(body.refund_id);
}

async function declined(sale: { charge_id: string; terminal_id: string }): Promise<string> {
  const { body } = await till.refund(sale.charge_id, { terminal_id: sale.terminal_id });
  await kvitt.simulator.press(sale.terminal_id, 'decline');
  return body.refund_id;
}

async function report(refundId: string): Promise<void> {
  await kvitt.client.workflow
    .getHandle(refundWorkflowId(refundId))
    .signal(transactionReported, { error: null, source: 'callback' });
}

/** When it has ended. */
async function record(name: string, refundId: string): Promise<void> {
  const workflowId = refundWorkflowId(refundId);
  await kvitt.client.workflow.getHandle(workflowId).result();
  await recordHistory(kvitt.client, { workflowId, name });
}

function toldOf(refundId: string): unknown[] {
  const all = receiver.taken.filter(({ body }) => body.data['refund_id'] === refundId);
  return all.map(({ body: { type, data } }) => ({ type, ...data }));
}

async function hasOpenCase(
  { poll }: ExpectStatic,
  { transaction_id, told }: { transaction_id: string | null; told: string },
): Promise<void> {
  const path = `/cases/${transaction_id}`;
  await poll(async () => await kvitt.call('GET', path), patience).toMatchObject({
    body: { state: 'open', kind: 'refunded_outside' },
  });
  const about = kvitt.client.workflow.getHandle(`case/${transaction_id}`);
  const timeline = async (): Promise<string> => JSON.stringify(await about.query('overview'));
  await poll(timeline, patience).toContain(told);
}

describe.concurrent('a refund of another amount', () => {
  it('than was asked for says both, and is a case', async ({ expect }) => {
    const sale = await quietSale();
    const ended = await refunded(sale, { amount: 9000 });
    const because = 'Dintero shows NOK 90.00 given back, and NOK 45.00 was asked for';
    const otherwise = { refunded_amount: 9000, because };
    expect(ended).toMatchObject({ outcome: 'refunded', advice: 'ask_for_help', ...otherwise });
    await hasOpenCase(expect, { ...sale, told: because });
    await expect
      .poll(() => toldOf(ended.refund_id), patience)
      .toMatchObject([{ type: 'refund.refunded', ...otherwise }]);
    await record('refund-of-other-amount', ended.refund_id);
  });

  it('than was told, by a second success, is corrected, and is a case', async ({ expect }) => {
    const sale = await quietSale();
    const { refund_id } = await refunded(sale);
    const { charge_id, transaction_id } = sale;
    const shown = await fetch(`${kvitt.simulator.url}/simulator/transactions/${transaction_id}`);
    const { events } = (await shown.json()) as { events: { id: string }[] };
    const again = { ...events.at(-1), id: 'again' };
    await kvitt.simulator.fault({
      endpoint: 'get_transaction',
      match: { merchant_reference: charge_id },
      times: 0,
      do: { kind: 'rewrite', set: { events: [...events, again] } },
    });
    await reportRefunds(kvitt.client, [{ reference: refund_id, refundedAmount: 9000, pending: 0 }]);
    const because = 'Dintero shows NOK 90.00 given back, and NOK 45.00 was asked for';
    const otherwise = { refunded_amount: 9000, because };
    const now = await till.until(refund_id, ({ refunded_amount: amount }) => amount === 9000);
    expect(now).toMatchObject({ outcome: 'refunded', advice: 'ask_for_help', ...otherwise });
    await hasOpenCase(expect, { ...sale, told: `told as refunded before: ${because}` });
    const former = { former: 'refunded', former_refunded_amount: 4500 };
    await expect
      .poll(() => toldOf(refund_id), patience)
      .toMatchObject([
        { type: 'refund.refunded', refunded_amount: 4500, because: null },
        { type: 'refund.corrected', ...otherwise, ...former },
      ]);
  });
});

describe.concurrent('news that comes', () => {
  it('while Dintero is read is read too, before anything is told', async ({ expect }) => {
    const sale = await quietSale();
    const read = gate('read', sale.charge_id);
    const refundId = await declined(sale);
    await read.reached;
    await kvitt.simulator.resolveRefund(refundId, true);
    await report(refundId);
    read.open();
    expect(await till.ending(refundId)).toMatchObject({ outcome: 'refunded', because: null });
    await expect.poll(() => toldOf(refundId), patience).toMatchObject([{ outcome: 'refunded' }]);
  });

  it('while an ending is told corrects it', async ({ expect }) => {
    const sale = await quietSale();
    const tell = gate('tell', sale.charge_id);
    const refundId = await declined(sale);
    await tell.reached;
    expect(await till.ending(refundId)).toMatchObject({ outcome: 'not_refunded' });
    await kvitt.simulator.resolveRefund(refundId, true);
    await report(refundId);
    tell.open();
    const now = await till.until(refundId, ({ outcome }) => outcome === 'refunded');
    const because = 'Dintero shows NOK 45.00 given back, and nothing was told before';
    expect(now).toMatchObject({ refunded_amount: 4500, because, reason: null });
    await hasOpenCase(expect, { ...sale, told: 'told as not_refunded before' });
    await expect
      .poll(() => toldOf(refundId), patience)
      .toMatchObject([
        { type: 'refund.not_refunded', reason: 'refund_declined' },
        { type: 'refund.corrected', former: 'not_refunded', former_refunded_amount: null },
      ]);
    await record('refund-corrected-while-told', refundId);
  });

  it('while an ending is told, and says the same, is told to nobody', async ({ expect }) => {
    const sale = await quietSale();
    const tell = gate('tell', sale.charge_id);
    const refundId = await declined(sale);
    await tell.reached;
    await report(refundId);
    tell.open();
    const own = kvitt.client.workflow.getHandle(refundWorkflowId(refundId));
    const declinedThen = { outcome: 'not_refunded', reason: 'refund_declined' };
    expect(await own.result()).toMatchObject(declinedThen);
    await expect.poll(() => toldOf(refundId), patience).toMatchObject([declinedThen]);
    expect(await kvitt.call('GET', `/cases/${sale.transaction_id}`)).toMatchObject({ status: 404 });
  });

  it('from several at once reaches the one recovery', async ({ expect }) => {
    const sale = await quietSale();
    const refundId = await declined(sale);
    await kvitt.client.workflow.getHandle(refundWorkflowId(refundId)).result();
    await kvitt.simulator.resolveRefund(refundId, true);
    const read = gate('read', sale.charge_id);
    const shown = [{ reference: refundId, refundedAmount: 4500, pending: 0 }];
    await Promise.all([1, 2, 3].map(async () => await reportRefunds(kvitt.client, shown)));
    await read.reached;
    const recovery = kvitt.client.workflow.getHandle(refundRecoveryWorkflowId(refundId));
    const { events = [] } = await recovery.fetchHistory();
    const kinds = events?.map((event) => event.workflowExecutionSignaledEventAttributes ?? null);
    expect(kinds?.filter((kind) => kind !== null)).toHaveLength(2);
    read.open();
    expect(await till.ending(refundId)).toMatchObject({ refunded_amount: 4500 });
  });
});

describe.concurrent('a refund that is lost', () => {
  it('after it was published is told all the same', async ({ expect }) => {
    const sale = await quietSale();
    const tell = gate('tell', sale.charge_id);
    const { refund_id } = await refunded(sale);
    await tell.reached;
    await kvitt.client.workflow.getHandle(refundWorkflowId(refund_id)).terminate('by a person');
    tell.break(new Error('its workflow is gone'));
    await expect
      .poll(async () => (await sweepLostRefunds(kvitt.client, kvitt.taskQueue)).lost, patience)
      .toBe(1);
    await expect
      .poll(() => toldOf(refund_id), patience)
      .toMatchObject([{ type: 'refund.refunded', refunded_amount: 4500 }]);
    expect(await till.ending(refund_id)).toMatchObject({ outcome: 'refunded', because: null });
    const { body } = await kvitt.ops<{ timeline: object[] }>('GET', `/ops/refunds/${refund_id}`);
    const asked = /asked for NOK 45.00 back/g;
    expect(JSON.stringify(body.timeline).match(asked)).toHaveLength(1);
    const recovery = kvitt.client.workflow.getHandle(refundRecoveryWorkflowId(refund_id));
    await recovery.result();
    expect((await sweepLostRefunds(kvitt.client, kvitt.taskQueue)).lost).toBe(0);
  });

  it('from Temporal’s memory hides no later one that is open', async ({ expect }) => {
    const { charge_id, terminal_id, transaction_id } = await quietSale();
    const [reference = ''] = charge_id.split('.');
    const refund_id = `${charge_id}.R2`;
    const of = { charge_id, reference, terminal_id, transaction_id };
    const record = refundRecord({ refund_id, refund: 2, state: 'starting', ...of });
    await kvitt.client.workflow.start(terminalRefundType, {
      workflowId: refundWorkflowId(refund_id),
      taskQueue: kvitt.taskQueue,
      args: [{ record, policy: kvitt.policy }],
      memo: { refund: record, event_request_id: null },
      typedSearchAttributes: [{ key: searchAttributes.saleReference, value: reference }],
    });
    const path = `/charges/${charge_id}/refunds`;
    await expect
      .poll(async () => (await kvitt.call<object>('GET', path)).body, patience)
      .toMatchObject({ next_refund: null, refunds: [{ refund_id }] });
    const again = await till.refund(charge_id, { terminal_id });
    expect([again.status, again.body.code]).toEqual([409, 'previous_refund_open']);
    await till.until(refund_id, ({ state }) => state === 'waiting_for_card');
    await kvitt.simulator.press(terminal_id, 'tap');
    expect(await till.ending(refund_id)).toMatchObject({ outcome: 'refunded', next_refund: 3 });
  });
});
