/** Refunds whose told ending does not hold, and what must not follow from that. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refundWorkflowId } from '../../workflows/refund-ids.ts';
import { noonZone, today } from '../books/noon.ts';
import { startHarness, type Harness } from '../harness.ts';
import { createRefundTill, type RefundTill } from './refund-till.ts';

let kvitt: Harness;
let till: RefundTill;
beforeAll(async () => {
  kvitt = await startHarness({
    deadlineSeconds: 600,
    timeZone: noonZone,
    durations: { sendWindow: 3_000 },
  });
  till = createRefundTill(kvitt);
});
afterAll(async () => await kvitt.stop());

const patience = { timeout: 20_000, interval: 100 };

async function count(chargeId: string, kind: string): Promise<number> {
  return (await kvitt.ledgerOf(chargeId)).filter((entry) => entry.kind === kind).length;
}

/** Declined, told so, and retried by Dintero itself with success. */
async function declinedAndRetried(request: object = {}, tap: object = {}) {
  const sale = await till.paid({}, tap);
  const { charge_id, terminal_id } = sale;
  await kvitt.simulator.terminal(terminal_id, { behaviour: { refund_retried_after_ms: 4_000 } });
  const { body } = await till.refund(charge_id, { terminal_id, ...request });
  await kvitt.simulator.press(terminal_id, 'decline');
  const told = await till.ending(body.refund_id);
  expect(told).toMatchObject({ outcome: 'not_refunded', reason: 'refund_declined' });
  return { ...sale, refund_id: body.refund_id };
}

async function noNewsOf(chargeId: string): Promise<void> {
  const match = { merchant_reference: chargeId };
  await kvitt.simulator.fault({ endpoint: 'callback', match, times: 0, do: 'drop' });
}

interface CaseAnswer {
  state: string;
  kind: string;
}

describe.concurrent('a refund that was told as not made, and was made', () => {
  it('is not made a second time by the next one', async ({ expect }) => {
    const sale = await till.paid();
    const { charge_id, terminal_id } = sale;
    await noNewsOf(charge_id);
    await kvitt.simulator.terminal(terminal_id, { behaviour: { refund_retried_after_ms: 4_000 } });
    const { body } = await till.refund(charge_id, { terminal_id });
    await kvitt.simulator.press(terminal_id, 'decline');
    await till.ending(body.refund_id);
    await expect.poll(async () => await count(charge_id, 'refunded'), patience).toBe(1);
    const again = await till.refund(charge_id, { terminal_id, refund: 2 });
    expect(await till.ending(again.body.refund_id)).toMatchObject({
      outcome: 'not_refunded',
      reason: 'other_operation_open',
      because: expect.stringContaining(body.refund_id) as string,
    });
    expect(await count(charge_id, 'refund_prompt_started')).toBe(1);
    const corrected = await till.until(body.refund_id, ({ outcome }) => outcome === 'refunded');
    expect(corrected).toMatchObject({ refunded_amount: 4500 });
    const third = await till.refund(charge_id, { terminal_id, refund: 3 });
    await kvitt.simulator.press(terminal_id, 'tap');
    expect(await till.ending(third.body.refund_id)).toMatchObject({ outcome: 'refunded' });
  });

  it.for([
    ['is a case that it does not settle itself', {}, 12900],
    ['leaves the case open that there was', { amount: 14000 }, 14000],
  ] as const)('%s', async ([, tap, amount], { expect }) => {
    const { transaction_id, refund_id } = await declinedAndRetried({ amount }, tap);
    await till.until(refund_id, ({ outcome }) => outcome === 'refunded');
    const about = kvitt.client.workflow.getHandle(`case/${transaction_id}`);
    const told = async (): Promise<string> => JSON.stringify(await about.query('overview'));
    await expect.poll(told, patience).toContain('told as not_refunded before');
    // The case has heard of it, and reads nothing because of it.
    const path = `/cases/${transaction_id}`;
    expect((await kvitt.call<CaseAnswer>('GET', path)).body.state).toBe('open');
  });

  it('of which Temporal knows nothing any more is not told as made now', async ({ expect }) => {
    const { charge_id, terminal_id } = await till.paid();
    const { body } = await till.refund(charge_id, { terminal_id });
    await kvitt.client.workflowService.deleteWorkflowExecution({
      namespace: kvitt.client.options.namespace,
      workflowExecution: { workflowId: refundWorkflowId(body.refund_id) },
    });
    const path = `/charges/${charge_id}/refunds/${body.refund_id}`;
    const known = async (): Promise<number> => (await kvitt.call('GET', path)).status;
    await expect.poll(known, patience).toBe(404);
    await kvitt.simulator.press(terminal_id, 'tap');
    await expect.poll(async () => await count(charge_id, 'refunded'), patience).toBe(1);
    const again = await till.refund(charge_id, { terminal_id, amount: 2000 });
    expect(await till.ending(again.body.refund_id)).toMatchObject({
      outcome: 'refunded',
      refunded_amount: 4500,
      advice: 'ask_for_help',
      because: expect.stringContaining('earlier') as string,
      next_refund: 2,
    });
  });

  it('is found by the books, though no news of it comes', async ({ expect }) => {
    const sale = await till.paid();
    const { charge_id, terminal_id } = sale;
    await noNewsOf(charge_id);
    await kvitt.simulator.terminal(terminal_id, { behaviour: { refund_retried_after_ms: 4_000 } });
    const { body } = await till.refund(charge_id, { terminal_id });
    await kvitt.simulator.press(terminal_id, 'decline');
    await till.ending(body.refund_id);
    await expect.poll(async () => await count(charge_id, 'refunded'), patience).toBe(1);
    const wait = { authorization: `Bearer ${kvitt.opsToken}`, prefer: 'wait=30' };
    await kvitt.call('POST', '/ops/reconciliations', { date: today() }, wait);
    const corrected = await till.until(body.refund_id, ({ outcome }) => outcome === 'refunded');
    expect(corrected).toMatchObject({ refunded_amount: 4500 });
  });
});
