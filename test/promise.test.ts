/** One sale, one charge: the whole of Kvitt, asked by tills that do everything twice and in the wrong order. */
import { recordHistory } from './workflows/record-history.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saleOf, startHarness, type ChargeAnswer, type Harness } from './harness.ts';

interface Problem {
  code: string;
  safe_to_take_other_payment: boolean;
  detail: string;
}

describe('one sale, one charge', { concurrent: true }, () => {
  let kvitt: Harness;
  /** Where the time to send is over soon. */
  let hasty: Harness;
  beforeAll(async () => {
    [kvitt, hasty] = await Promise.all([
      startHarness(),
      startHarness({ durations: { sendWindow: 3_000 } }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([kvitt.stop(), hasty.stop()]);
  });

  const sessionsOf = async (chargeId: string): Promise<number> =>
    (await kvitt.ledgerOf(chargeId)).filter(({ kind }) => kind === 'session_created').length;

  /** Makes a payment at Dintero that Temporal knows nothing of, as one after its retention. */
  async function payBehindTheBack(
    sale: { reference: string; terminal_id: string },
    chargeId: string,
    { simulator } = kvitt,
  ): Promise<void> {
    await simulator.ghost({
      merchant_reference: chargeId,
      merchant_reference_2: sale.reference,
      terminal_id: sale.terminal_id,
    });
  }

  it('the same request at once gives one charge and one prompt', async () => {
    const sale = saleOf(kvitt);
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => await kvitt.post(sale)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(7);
    expect(new Set(answers.map(({ body }) => body.charge_id))).toEqual(
      new Set([`${sale.reference}.1`]),
    );
    expect(await sessionsOf(`${sale.reference}.1`)).toBe(1);
    await kvitt.call('POST', `/charges/${sale.reference}.1/cancel`);
  });

  it('another amount under the same id is refused, while it runs and after it closed', async () => {
    const sale = saleOf(kvitt);
    await kvitt.post(sale);
    const other = { ...sale, amount: 13000 };
    const running = await kvitt.call<Problem>('POST', '/charges', other);
    await kvitt.simulator.press(sale.terminal_id, 'tap');
    await kvitt.ending(`${sale.reference}.1`);
    const closed = await kvitt.call<Problem>('POST', '/charges', other);
    expect([running, closed].map(({ status, body }) => [status, body.code])).toEqual([
      [422, 'different_request'],
      [422, 'different_request'],
    ]);
    expect(closed.body.detail).toContain('amount');
    expect(await kvitt.post(sale)).toMatchObject({ status: 200, body: { outcome: 'captured' } });
    expect(await sessionsOf(`${sale.reference}.1`)).toBe(1);
  });

  it('attempts keep their order: S.1 waits, S.2 is cancelled unstarted, S.3 is posted: one prompt', async () => {
    const sale = saleOf(kvitt);
    await kvitt.post(sale);
    const second = await kvitt.call<Problem>('POST', `/charges/${sale.reference}.2/cancel`);
    const third = await kvitt.call<Problem>('POST', '/charges', { ...sale, attempt: 3 });
    expect([second.status, second.body.code]).toEqual([409, 'previous_attempt_open']);
    expect([third.status, third.body.code]).toEqual([409, 'previous_attempt_unknown']);
    expect(third.body.safe_to_take_other_payment).toBe(false);
    const prompts = await kvitt.simulator.ledger({
      merchant_reference_2: sale.reference,
      kind: 'prompt_started',
    });
    expect(prompts).toHaveLength(1);
    await kvitt.call('POST', `/charges/${sale.reference}.1/cancel`);
  });

  it('the next attempt follows a decline, and none follows a payment', async () => {
    const sale = saleOf(kvitt);
    await kvitt.post(sale);
    await kvitt.simulator.press(sale.terminal_id, 'decline');
    expect(await kvitt.ending(`${sale.reference}.1`)).toMatchObject({
      advice: 'try_again',
      next_attempt: 2,
      safe_to_take_other_payment: true,
    });
    expect(await kvitt.post({ ...sale, attempt: 2 })).toMatchObject({ status: 201 });
    const first = await kvitt.call('GET', `/charges/${sale.reference}.1`);
    expect(first.body.safe_to_take_other_payment).toBe(false);
    await kvitt.simulator.press(sale.terminal_id, 'tap');
    await kvitt.ending(`${sale.reference}.2`);
    const third = await kvitt.call<Problem>('POST', '/charges', { ...sale, attempt: 3 });
    expect([third.status, third.body.code]).toEqual([409, 'previous_attempt_captured']);
    const { body } = await kvitt.call<{ advice: string }>('GET', `/sales/${sale.reference}`);
    expect(body.advice).toBe('paid');
  });

  it('a busy terminal is never taken over, and its holder is named', async () => {
    const holder = saleOf(kvitt);
    await kvitt.post(holder);
    const second = { ...saleOf(kvitt), terminal_id: holder.terminal_id };
    const refused = await kvitt.post(second);
    expect(refused.body).toMatchObject({
      outcome: 'not_charged',
      reason: 'terminal_busy',
      held_by: `${holder.reference}.1`,
      safe_to_take_other_payment: true,
    });
    await kvitt.simulator.press(holder.terminal_id, 'tap');
    const ended = await kvitt.ending(`${holder.reference}.1`);
    expect(ended.outcome).toBe('captured');
    expect(await kvitt.audit([ended, refused.body])).toEqual([]);
    await recordHistory(kvitt.client, {
      workflowId: `charge/${refused.body.charge_id}`,
      name: 'terminal-busy',
    });
  });

  it('the next customer gets the terminal right after the last', async () => {
    const terminal_id = kvitt.freshTerminal();
    await kvitt.simulator.terminal(terminal_id, { customer: { action: 'tap', delay_ms: 0 } });
    for (let n = 0; n < 5; n += 1) {
      const { body } = await kvitt.post({ terminal_id }, { prefer: 'wait=20' });
      expect(body.outcome).toBe('captured');
    }
  });

  it('a payment of this very charge that Temporal has forgotten is found before anybody is prompted', async () => {
    const sale = saleOf(kvitt);
    await payBehindTheBack(sale, `${sale.reference}.1`);
    const { body } = await kvitt.post(sale, { prefer: 'wait=20' });
    expect(body).toMatchObject({ outcome: 'captured', captured_amount: 12900 });
    expect(await sessionsOf(`${sale.reference}.1`)).toBe(1);
    await recordHistory(kvitt.client, {
      workflowId: `charge/${body.charge_id}`,
      name: 'forgotten-found',
    });
  });

  it('so is it by a cancel of the forgotten charge: a payment for a person to look at, never "not charged"', async () => {
    const sale = saleOf(kvitt);
    await payBehindTheBack(sale, `${sale.reference}.1`);
    const { body } = await kvitt.call('POST', `/charges/${sale.reference}.1/cancel`);
    expect(body).toMatchObject({
      outcome: 'captured',
      advice: 'ask_for_help',
      safe_to_take_other_payment: false,
    });
  });

  it('money of another attempt stops the charge before it prompts', async () => {
    const sale = saleOf(kvitt);
    await payBehindTheBack(sale, `${sale.reference}.7`);
    const { body } = await kvitt.post(sale, { prefer: 'wait=20' });
    expect(body).toMatchObject({
      reason: 'other_attempt_has_money',
      safe_to_take_other_payment: false,
      advice: 'ask_for_help',
    });
    await recordHistory(kvitt.client, {
      workflowId: `charge/${body.charge_id}`,
      name: 'other-attempt-has-money',
    });
    expect(await sessionsOf(`${sale.reference}.1`)).toBe(0);
  });

  it('a cancel that overtakes its start leaves nothing to prompt', async () => {
    const sale = saleOf(kvitt);
    const cancelled = await kvitt.call('POST', `/charges/${sale.reference}.1/cancel`);
    expect(cancelled).toMatchObject({
      status: 200,
      body: { reason: 'cancelled_before_start', safe_to_take_other_payment: true },
    });
    expect(await kvitt.post(sale)).toMatchObject({
      status: 200,
      body: { reason: 'cancelled_before_start' },
    });
    await recordHistory(kvitt.client, {
      workflowId: `charge/${sale.reference}.1`,
      name: 'cancelled-before-start',
    });
    expect(await sessionsOf(`${sale.reference}.1`)).toBe(0);
  });

  it('a payment captured after its cancel is a case until the till keeps it', async () => {
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    await kvitt.simulator.fault({
      endpoint: 'callback',
      match: { merchant_reference: chargeId },
      times: 0,
      do: 'drop',
    });
    await kvitt.simulator.terminal(sale.terminal_id, { behaviour: { auto_capture_delay_ms: 0 } });
    await kvitt.simulator.fault({
      endpoint: 'cancel_session',
      match: { merchant_reference: chargeId },
      do: { kind: 'late', ms: 400 },
    });
    await kvitt.post(sale);
    const cancelling = kvitt.call('POST', `/charges/${chargeId}/cancel`);
    await kvitt.until(chargeId, ({ state }) => state !== 'starting');
    await kvitt.simulator.press(sale.terminal_id, 'tap');
    await cancelling;
    const ended = await kvitt.ending(chargeId);
    expect(ended).toMatchObject({
      outcome: 'captured',
      needs_attention: 'case_open',
      advice: 'ask_for_help',
    });
    const kept = await kvitt.call('POST', `/charges/${chargeId}/keep`);
    expect(kept).toMatchObject({ status: 200, body: { advice: 'paid', needs_attention: null } });
    await recordHistory(kvitt.client, {
      workflowId: `charge/${chargeId}`,
      name: 'captured-after-cancel',
    });
    await recordHistory(kvitt.client, {
      workflowId: `case/${ended.transaction_id}`,
      name: 'case-kept',
    });
  });

  it('a Temporal cancellation is a cancel request, and the terminal stays held until the prompt is dead', async () => {
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    await kvitt.post(sale);
    await kvitt.client.workflow.getHandle(`charge/${chargeId}`).cancel();
    const ended = await kvitt.ending(chargeId);
    expect(ended).toMatchObject({ outcome: 'not_charged', reason: 'cancelled_by_till' });
    expect(await kvitt.audit([ended])).toEqual([]);
    await recordHistory(kvitt.client, {
      workflowId: `charge/${chargeId}`,
      name: 'cancelled-by-temporal',
    });
  });

  it('a terminated charge is open for ever, not "no": the next attempt is refused', async () => {
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    await kvitt.post(sale);
    await kvitt.client.workflow.getHandle(`charge/${chargeId}`).terminate('an accident');
    const lost = await kvitt.until(chargeId, ({ needs_attention }) => needs_attention !== null);
    expect(lost).toMatchObject({
      state: 'checking',
      needs_attention: 'workflow_lost',
      safe_to_take_other_payment: false,
    });
    const second = await kvitt.call<Problem>('POST', '/charges', { ...sale, attempt: 2 });
    expect([second.status, second.body.code]).toEqual([409, 'previous_attempt_open']);
  });

  /** Forgets everything after the first workflow task. */
  async function resetToStart(chargeId: string): Promise<void> {
    const handle = kvitt.client.workflow.getHandle(`charge/${chargeId}`);
    const { runId } = await handle.describe();
    await kvitt.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: `charge/${chargeId}`, runId },
      reason: 'test',
      workflowTaskFinishEventId: { toNumber: () => 4, low: 4, high: 0, unsigned: false } as never,
      requestId: crypto.randomUUID(),
    });
  }

  it('a run made by reset never takes what stands against sending for a proof that nothing was sent', async () => {
    const kvitt = hasty;
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    await kvitt.post(sale);
    const unreadable = {
      endpoint: 'list_transactions',
      match: { merchant_reference_2: sale.reference },
    };
    await kvitt.simulator.fault({ ...unreadable, times: 6, do: { kind: 'status', status: 503 } });
    await resetToStart(chargeId);
    await kvitt.until(chargeId, ({ state }) => state === 'checking');
    await kvitt.simulator.press(sale.terminal_id, 'tap');
    const ended = await kvitt.ending(chargeId);
    expect(ended).toMatchObject({ outcome: 'captured' });
    expect(await kvitt.audit([ended])).toEqual([]);
  });

  it('a cancel of a forgotten charge waits until the sale can be read', async () => {
    const kvitt = hasty;
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    await payBehindTheBack(sale, chargeId, kvitt);
    const unreadable = {
      endpoint: 'list_transactions',
      match: { merchant_reference_2: sale.reference },
    };
    await kvitt.simulator.fault({ ...unreadable, times: 12, do: { kind: 'status', status: 503 } });
    const first = await kvitt.call('POST', `/charges/${chargeId}/cancel`, {}, { prefer: 'wait=0' });
    expect(first).toMatchObject({
      status: 202,
      body: { outcome: null, safe_to_take_other_payment: false },
    });
    expect(await kvitt.ending(chargeId)).toMatchObject({
      outcome: 'captured',
      advice: 'ask_for_help',
    });
  });

  it('a signal without input, as the Temporal UI sends it, parks nothing', async () => {
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    await kvitt.post(sale);
    await kvitt.client.workflow.getHandle(`charge/${chargeId}`).signal('transactionReported');
    await kvitt.simulator.press(sale.terminal_id, 'tap');
    expect(await kvitt.ending(chargeId)).toMatchObject({ outcome: 'captured' });
  });

  it('a run made by reset sends nothing a second time, finds the payment, and frees the terminal', async () => {
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    await kvitt.post(sale);
    await resetToStart(chargeId);
    await kvitt.until(chargeId, ({ state }) => state === 'checking');
    await kvitt.simulator.press(sale.terminal_id, 'tap');
    const ended = await kvitt.ending(chargeId);
    expect(ended).toMatchObject({ outcome: 'captured', captured_amount: 12900 });
    expect(await sessionsOf(chargeId)).toBe(1);
    await recordHistory(kvitt.client, { workflowId: `charge/${chargeId}`, name: 'made-by-reset' });
    const next = await kvitt.post({ terminal_id: sale.terminal_id });
    expect(next.body.state).toBe('waiting_for_card');
    await kvitt.call('POST', `/charges/${next.body.charge_id}/cancel`);
  });
});

describe('when every worker is away for longer than anything may be sent', () => {
  it('nobody is prompted when they return, and the till is told so', async () => {
    const kvitt = await startHarness({ apiScale: 0.1, durations: { sendWindow: 2_000 } });
    try {
      await kvitt.stopWorkers();
      const sale = saleOf(kvitt);
      const started = await kvitt.post(sale);
      expect(started).toMatchObject({
        status: 202,
        body: { state: 'starting', safe_to_take_other_payment: false },
      });
      const startedAt = Date.parse(
        (started.body as ChargeAnswer & { created_at: string }).created_at,
      );
      // The worker must come back after the window.
      await kvitt.until(`${sale.reference}.1`, () => Date.now() > startedAt + 2_200);
      await kvitt.startWorkers();
      const ended = await kvitt.ending(`${sale.reference}.1`);
      expect(ended).toMatchObject({
        outcome: 'not_charged',
        reason: 'not_started_in_time',
        advice: 'try_again',
      });
      expect(await kvitt.ledgerOf(`${sale.reference}.1`)).toEqual([]);
    } finally {
      await kvitt.stop();
    }
  });
});
