/** The dossier's acceptance list (12.4), as far as money goes back, and what else befalls a refund. */
import { afterAll, beforeAll, describe, expect, it, type ExpectStatic } from 'vitest';
import { sweepLostRefunds } from '../../activities/refund-recovery.ts';
import { refundRecoveryWorkflowId, refundWorkflowId } from '../../workflows/refund-ids.ts';
import { recordHistory } from '../workflows/record-history.ts';
import { startHarness, type Harness } from '../harness.ts';
import { createRefundTill, type RefundTill } from './refund-till.ts';
import { acceptance } from './sentences.ts';

let kvitt: Harness;
let till: RefundTill;
beforeAll(async () => {
  kvitt = await startHarness({
    deadlineSeconds: 600,
    promptLifetimeSeconds: 300,
    durations: { sendWindow: 3_000 },
  });
  till = createRefundTill(kvitt);
});
afterAll(async () => await kvitt.stop());

/** One history per path, for replay: kept when all have ended. */
const paths = new Map<string, string>();

const patience = { timeout: 20_000, interval: 100 };

async function kindsOf(chargeId: string): Promise<string[]> {
  return (await kvitt.ledgerOf(chargeId)).map(({ kind }) => kind);
}

async function refundCalls(chargeId: string): Promise<number> {
  const calls = await kvitt.simulator.calls({ merchant_reference: chargeId, endpoint: 'refund' });
  return calls.length;
}

interface CaseAnswer {
  state: string;
  settled_as: string | null;
  options: { action: string; terminal_id: string | null; text: string }[] | null;
  detail?: string;
}

async function caseOf(transactionId: string | null): Promise<CaseAnswer> {
  return (await kvitt.call<CaseAnswer>('GET', `/cases/${transactionId}`)).body;
}

/** Paid with a tip: captured otherwise than asked, so a case. */
async function paidWithCase({ poll }: ExpectStatic): ReturnType<RefundTill['paid']> {
  const sale = await till.paid({}, { amount: 14000 });
  await poll(async () => (await caseOf(sale.transaction_id)).state, patience).toBe('open');
  return sale;
}

describe.concurrent('acceptance', () => {
  it(acceptance[4], async ({ expect }) => {
    const { charge_id, terminal_id } = await till.paid();
    const match = { merchant_reference: charge_id };
    await kvitt.simulator.fault({ endpoint: 'refund', match, do: 'reset_after' });
    const { body } = await till.refund(charge_id, { terminal_id });
    await kvitt.simulator.press(terminal_id, 'tap');
    expect(await till.ending(body.refund_id)).toMatchObject({
      outcome: 'refunded',
      refunded_amount: 4500,
    });
    paths.set('refund-lost-found', refundWorkflowId(body.refund_id));
    const kinds = await kindsOf(charge_id);
    expect(kinds.filter((kind) => kind === 'refund_prompt_started')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'refunded')).toHaveLength(1);
    expect(await refundCalls(charge_id)).toBe(1);
  });

  it(acceptance[6], async ({ expect }) => {
    const terminal = kvitt.freshTerminal();
    const reference = kvitt.freshReference();
    const chargeId = `${reference}.1`;
    const match = { merchant_reference: chargeId };
    await kvitt.simulator.fault({ endpoint: 'callback', match, times: 0, do: 'drop' });
    const late = { kind: 'late', ms: 800 };
    await kvitt.simulator.fault({ endpoint: 'cancel_session', match, do: late });
    await kvitt.post({ reference, terminal_id: terminal });
    const cancelling = kvitt.call('POST', `/charges/${chargeId}/cancel`);
    await kvitt.simulator.press(terminal, 'tap');
    await cancelling;
    const ended = await kvitt.ending(chargeId);
    expect(ended).toMatchObject({ outcome: 'captured', case_kind: 'captured_after_cancel' });
    await expect
      .poll(async () => (await caseOf(ended.transaction_id)).options, patience)
      .toContainEqual(expect.objectContaining({ action: 'refund', terminal_id: terminal }));
    expect(await caseOf(ended.transaction_id)).toMatchObject({ state: 'open' });
    expect(await kindsOf(chargeId)).not.toContain('voided');
    expect(await refundCalls(chargeId)).toBe(0);
  });

  it(acceptance[9], async ({ expect }) => {
    const { charge_id, terminal_id } = await till.paid();
    const { status, body } = await till.refund(charge_id, { terminal_id });
    expect([status, body]).toMatchObject([201, { state: 'waiting_for_card', advice: 'wait' }]);
    const second = await till.refund(charge_id, { terminal_id, refund: 2 });
    expect([second.status, second.body.code]).toEqual([409, 'previous_refund_open']);
    const path = `/charges/${charge_id}/refunds`;
    const { body: open } = await kvitt.call<object>('GET', path);
    expect(open).toMatchObject({ open_amount: 4500, refunded_amount: 0, next_refund: null });
    await kvitt.simulator.press(terminal_id, 'tap');
    await till.ending(body.refund_id);
    paths.set('refund-done', refundWorkflowId(body.refund_id));
    const { body: after } = await kvitt.call<object>('GET', path);
    expect(after).toMatchObject({ open_amount: 0, refunded_amount: 4500, next_refund: 2 });
  });

  it(acceptance[11], async ({ expect }) => {
    const { charge_id, transaction_id, terminal_id } = await paidWithCase(expect);
    const request = { terminal_id, amount: 14000 };
    const { body } = await till.refund(charge_id, request);
    await kvitt.simulator.press(terminal_id, 'stop');
    expect(await till.ending(body.refund_id)).toMatchObject({
      outcome: 'not_refunded',
      reason: 'refund_declined',
      advice: 'try_again',
      next_refund: 2,
    });
    expect(await kindsOf(charge_id)).not.toContain('refunded');
    expect(await caseOf(transaction_id)).toMatchObject({ state: 'open' });
    expect((await till.refund(charge_id, request)).body.outcome).toBe('not_refunded');
    expect(await refundCalls(charge_id)).toBe(1);
    await till.refund(charge_id, { ...request, refund: 2 });
    await kvitt.simulator.press(terminal_id, 'tap');
    expect(await till.ending(`${charge_id}.R2`)).toMatchObject({ refunded_amount: 14000 });
    await expect
      .poll(async () => await caseOf(transaction_id), patience)
      .toMatchObject({ state: 'settled', settled_as: 'refunded' });
  });

  it(acceptance[12], async ({ expect }) => {
    const seller = `seller-${kvitt.freshReference()}`;
    const [own, sleeping, others] = Array.from({ length: 3 }, () => kvitt.freshTerminal());
    const of = async (id = '', settings: object): Promise<void> =>
      await kvitt.simulator.terminal(id, settings);
    await of(own, { payout_destination_id: seller });
    await of(sleeping, { payout_destination_id: seller, status: 'INACTIVE' });
    await of(others, { payout_destination_id: `${seller}-x` });
    const sale = { terminal_id: own, payout_destination_id: seller };
    const { body } = await kvitt.post(sale);
    await kvitt.simulator.press(own ?? '', 'tap', { amount: 14000 });
    const { charge_id, transaction_id } = await kvitt.ending(body.charge_id);
    const offered = async (): Promise<unknown> =>
      (await caseOf(transaction_id)).options?.map(({ terminal_id, action }) => [
        action,
        terminal_id,
      ]);
    await expect.poll(offered, patience).toEqual([
      ['refund', own],
      ['wait', null],
      ['settle', null],
    ]);
    const elsewhere = await till.refund(charge_id, { terminal_id: others });
    expect(await till.ending(elsewhere.body.refund_id)).toMatchObject({
      reason: 'refund_terminal_unavailable',
      because: expect.stringContaining(seller) as string,
    });
    await of(own, { status: 'INACTIVE' });
    const order = { refund: 2, terminal_id: own, why: 'the customer is here' };
    await expect.poll(offered, patience).toEqual([
      ['none', null],
      ['wait', null],
      ['settle', null],
    ]);
    const refused = await kvitt.ops('POST', `/ops/cases/${transaction_id}/refund`, order);
    expect(refused).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining(`no terminal of ${seller} is active`) as string },
    });
    expect(await caseOf(transaction_id)).toMatchObject({ state: 'open' });
    expect(await refundCalls(charge_id)).toBe(0);
  });

  it(acceptance[14], async ({ expect }) => {
    const { charge_id, terminal_id } = await till.paid();
    const { body } = await till.refund(charge_id, { terminal_id });
    const sale = await kvitt.post({ terminal_id });
    expect(sale.body).toMatchObject({ reason: 'terminal_busy', held_by: body.refund_id });
    await kvitt.simulator.press(terminal_id, 'tap');
    await till.ending(body.refund_id);
    const next = await kvitt.post({ terminal_id });
    const again = await till.refund(charge_id, { terminal_id, refund: 2 });
    expect(await till.ending(again.body.refund_id)).toMatchObject({
      reason: 'refund_terminal_busy',
      held_by: next.body.charge_id,
    });
    const shown = await kvitt.ops('GET', `/ops/refunds/${again.body.refund_id}`);
    expect(JSON.stringify(shown.body)).toContain(`npx kvitt show ${next.body.charge_id}"`);
    await kvitt.simulator.press(terminal_id, 'tap');
    await kvitt.ending(next.body.charge_id);
  });
});

describe.concurrent('a refund', () => {
  it('that a person orders from its case gives all back, and the case settles itself', async ({
    expect,
  }) => {
    const { charge_id, transaction_id, terminal_id } = await paidWithCase(expect);
    const order = { refund: 1, terminal_id, why: 'the customer changed his mind' };
    const path = `/ops/cases/${transaction_id}/refund`;
    const { body } = await kvitt.ops<{ refund: { refund_id: string } }>('POST', path, order);
    expect(body.refund).toMatchObject({ refund_id: `${charge_id}.R1`, amount: 14000 });
    await kvitt.simulator.press(terminal_id, 'tap');
    expect(await till.ending(body.refund.refund_id)).toMatchObject({ outcome: 'refunded' });
    await expect
      .poll(async () => await caseOf(transaction_id), patience)
      .toMatchObject({ settled_as: 'refunded', settled_by: 'operator', refunded_amount: 14000 });
    paths.set('case-refunded', `case/${transaction_id}`);
  });

  it('whose answer Dintero holds back shows that the terminal asks, and ends with the customer', async ({
    expect,
  }) => {
    const { charge_id, terminal_id } = await till.paid();
    const behaviour = { refund_answer: 'held', refund_initiated_visible: false };
    await kvitt.simulator.terminal(terminal_id, { behaviour });
    const { body } = await till.refund(charge_id, { terminal_id });
    expect(body.state).toBe('waiting_for_card');
    await kvitt.simulator.press(terminal_id, 'tap');
    expect(await till.ending(body.refund_id)).toMatchObject({ outcome: 'refunded' });
  });

  it('that never arrived ends when its prompt can no longer be alive, and holds the terminal until then', async ({
    expect,
  }) => {
    const { charge_id, terminal_id } = await till.paid();
    const match = { merchant_reference: charge_id };
    await kvitt.simulator.fault({ endpoint: 'refund', match, do: 'reset_before' });
    const { body } = await till.refund(charge_id, { terminal_id });
    expect(body.state).toBe('checking');
    const busy = await kvitt.post({ terminal_id });
    expect(busy.body).toMatchObject({ reason: 'terminal_busy', held_by: body.refund_id });
    expect(await till.ending(body.refund_id)).toMatchObject({ reason: 'refund_never_arrived' });
    paths.set('refund-never-arrived', refundWorkflowId(body.refund_id));
    expect(await refundCalls(charge_id)).toBe(1);
  });

  it('that failed and that Dintero retried by itself is corrected, and is a case', async ({
    expect,
  }) => {
    const { charge_id, terminal_id, transaction_id } = await till.paid();
    const behaviour = { refund_retried_after_ms: 4_000 };
    await kvitt.simulator.terminal(terminal_id, { behaviour });
    const { body } = await till.refund(charge_id, { terminal_id });
    await kvitt.simulator.press(terminal_id, 'decline');
    expect(await till.ending(body.refund_id)).toMatchObject({ outcome: 'not_refunded' });
    const after = await till.until(body.refund_id, ({ outcome }) => outcome === 'refunded');
    expect(after).toMatchObject({ reason: null, refunded_amount: 4500 });
    paths.set('refund-declined', refundWorkflowId(body.refund_id));
    paths.set('refund-corrected', refundRecoveryWorkflowId(body.refund_id));
    await expect
      .poll(async () => await caseOf(transaction_id), patience)
      .toMatchObject({ state: 'open', kind: 'refunded_outside' });
  });

  it('of our own is no refund of somebody else', async ({ expect }) => {
    const { charge_id, terminal_id, transaction_id } = await till.paid();
    const { body } = await till.refund(charge_id, { terminal_id, amount: 12900 });
    await kvitt.simulator.press(terminal_id, 'tap');
    await till.ending(body.refund_id);
    const receipt = await fetch(
      `${kvitt.url}/charges/${charge_id}/refunds/${body.refund_id}/receipt`,
    );
    expect(receipt.headers.get('receipt-from')).toBe('terminal');
    expect(await receipt.text()).toContain('REFUND\nNOK 129.00\nAPPROVED');
    const stray = kvitt.client.workflow.getHandle<() => Promise<string>>(`stray/${transaction_id}`);
    await expect
      .poll(async () => await stray.result().catch(() => 'not yet'), patience)
      .toBe('agrees');
    expect(await kvitt.call('GET', `/cases/${transaction_id}`)).toMatchObject({ status: 404 });
    expect(await kvitt.ending(charge_id)).toMatchObject({ outcome: 'captured', case_kind: null });
  });

  it('never gives back more than is left, the back office’s refunds among it', async ({
    expect,
  }) => {
    const { charge_id, terminal_id, transaction_id } = await till.paid();
    await kvitt.simulator.backoffice(transaction_id ?? '', 'refund', 10000);
    const { body } = await till.refund(charge_id, { terminal_id });
    expect(await till.ending(body.refund_id)).toMatchObject({
      reason: 'more_than_is_left',
      because: expect.stringContaining('NOK 29.00') as string,
    });
    expect(await refundCalls(charge_id)).toBe(0);
  });

  it('of a charge that Temporal does not know finds the payment at Dintero by its id', async ({
    expect,
  }) => {
    const reference = kvitt.freshReference();
    const terminal_id = kvitt.freshTerminal();
    await kvitt.simulator.ghost({
      merchant_reference: `${reference}.1`,
      merchant_reference_2: reference,
      terminal_id,
      installation: kvitt.taskQueue,
    });
    const { body } = await till.refund(`${reference}.1`, { terminal_id });
    await kvitt.simulator.press(terminal_id, 'tap');
    expect(await till.ending(body.refund_id)).toMatchObject({ refunded_amount: 4500 });
  });

  it('that somebody terminated is recovered, and asks nobody again', async ({ expect }) => {
    const { charge_id, terminal_id } = await till.paid();
    const { body } = await till.refund(charge_id, { terminal_id });
    await kvitt.client.workflow
      .getHandle(refundWorkflowId(body.refund_id))
      .terminate('by a person');
    const lost = await till.until(
      body.refund_id,
      ({ needs_attention }) => needs_attention !== null,
    );
    expect(lost).toMatchObject({ state: 'checking', needs_attention: 'refund_workflow_lost' });
    await expect
      .poll(async () => (await sweepLostRefunds(kvitt.client, kvitt.taskQueue)).lost, patience)
      .toBe(1);
    const recovery = kvitt.client.workflow.getHandle(refundRecoveryWorkflowId(body.refund_id));
    // It asks for a person in its turn when it takes too long, whether or not a worker lives by then.
    expect((await recovery.describe()).memo).toMatchObject({
      refund: { attention_at: expect.any(String) as unknown },
    });
    await kvitt.simulator.press(terminal_id, 'tap');
    expect(await till.ending(body.refund_id)).toMatchObject({ outcome: 'refunded' });
    paths.set('refund-recovered', refundRecoveryWorkflowId(body.refund_id));
    expect(await refundCalls(charge_id)).toBe(1);
  });

  it('is the same when it is asked for again, and refused with other content', async ({
    expect,
  }) => {
    const { charge_id, terminal_id } = await till.paid();
    const both = [1, 2].map(async () => await till.refund(charge_id, { terminal_id }));
    const [one, two] = await Promise.all(both);
    expect([one?.status, two?.status].toSorted((a = 0, b = 0) => a - b)).toEqual([200, 201]);
    const other = await till.refund(charge_id, { terminal_id, amount: 4501 });
    expect([other.status, other.body.code]).toEqual([422, 'different_refund']);
    await kvitt.simulator.press(terminal_id, 'tap');
    await till.ending(`${charge_id}.R1`);
    expect(await refundCalls(charge_id)).toBe(1);
  });
});

describe('what was told', () => {
  it('is what the ledger has, and no rule was broken', async () => {
    for (const [name, workflowId] of paths) await recordHistory(kvitt.client, { workflowId, name });
    const { charges, refunds } = await till.told();
    expect(refunds.length).toBeGreaterThan(10);
    expect(await kvitt.audit(charges, refunds)).toEqual([]);
  });
});
