/** Payments at Dintero that carry our references and are not this charge's, and money that moves backwards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saleOf, startHarness, type Harness } from '../harness.ts';

let kvitt: Harness;
beforeAll(async () => {
  kvitt = await startHarness({
    promptLifetimeSeconds: 180,
    durations: { sendWindow: 8_000 },
  });
});
afterAll(async () => {
  await kvitt.stop();
});

describe('somebody else’s payment', { concurrent: true }, () => {
  const createsOf = async (chargeId: string): Promise<number> =>
    (await kvitt.simulator.calls({ merchant_reference: chargeId, endpoint: 'create_session' }))
      .length;

  it.each([
    ['of another store', {}],
    ['on the web', { payment_product_type: 'swish.swish' }],
    ['reserved only', { auto_capture: false }],
    ['on hold', { button: 'hold' as const }],
  ])('under the same reference, %s, stops the charge before it prompts', async (_what, ghost) => {
    const sale = saleOf(kvitt);
    await kvitt.simulator.ghost({
      merchant_reference: `${sale.reference}-web`,
      merchant_reference_2: sale.reference,
      terminal_id: kvitt.freshTerminal(),
      store_id: 'oslo-02',
      installation: 'somebody',
      ...ghost,
    });
    const { body } = await kvitt.post(sale, { prefer: 'wait=20' });
    expect(body).toMatchObject({
      reason: 'other_attempt_has_money',
      safe_to_take_other_payment: false,
    });
    expect(await createsOf(`${sale.reference}.1`)).toBe(0);
  });

  it('under the same reference that took no money does not stop it', async () => {
    const sale = saleOf(kvitt);
    await kvitt.simulator.ghost({
      merchant_reference: `${sale.reference}.9`,
      merchant_reference_2: sale.reference,
      terminal_id: kvitt.freshTerminal(),
      button: 'decline',
    });
    await kvitt.simulator.terminal(sale.terminal_id, { customer: { action: 'tap' } });
    const { body } = await kvitt.post(sale, { prefer: 'wait=20' });
    expect(body).toMatchObject({ outcome: 'captured', captured_amount: 12900 });
  });

  it('on our terminal is not taken for the one whose create was lost', async () => {
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    await kvitt.simulator.fault({
      endpoint: 'create_session',
      match: { merchant_reference: chargeId },
      do: 'reset_before',
    });
    await kvitt.post(sale);
    await kvitt.simulator.ghost({
      merchant_reference: 'X-7.1',
      merchant_reference_2: 'X-7',
      terminal_id: sale.terminal_id,
    });
    const ended = await kvitt.ending(chargeId);
    expect(ended).toMatchObject({ outcome: 'not_charged', reason: 'session_lost' });
    expect(await createsOf(chargeId)).toBe(1);
  });

  it.each(['tap', 'decline'] as const)(
    'under the very id of the charge, on another terminal (%s), is never taken for its own',
    async (button) => {
      const sale = saleOf(kvitt);
      const chargeId = `${sale.reference}.1`;
      await kvitt.simulator.ghost({
        merchant_reference: chargeId,
        merchant_reference_2: sale.reference,
        terminal_id: kvitt.freshTerminal(),
        store_id: 'oslo-02',
        installation: 'somebody',
        button,
      });
      await kvitt.post(sale);
      const found = await kvitt.until(chargeId, ({ needs_attention }) => needs_attention !== null);
      expect(found).toMatchObject({
        outcome: null,
        needs_attention: 'checking_too_long',
        safe_to_take_other_payment: false,
      });
      expect(await kvitt.simulator.ledger({ terminal_id: sale.terminal_id })).toEqual([]);
    },
  );

  it('is no reason to prompt again an attempt that was followed by a paid one', async () => {
    const sale = saleOf(kvitt);
    await kvitt.post(sale);
    await kvitt.simulator.press(sale.terminal_id, 'decline');
    await kvitt.ending(`${sale.reference}.1`);
    await kvitt.post({ ...sale, attempt: 2 });
    await kvitt.simulator.press(sale.terminal_id, 'tap');
    const paid = await kvitt.ending(`${sale.reference}.2`);
    const late = await kvitt.post(sale);
    expect(late).toMatchObject({
      status: 200,
      body: { outcome: 'not_charged', reason: 'declined', safe_to_take_other_payment: false },
    });
    expect(await createsOf(`${sale.reference}.1`)).toBe(1);
    expect(await kvitt.audit([paid])).toEqual([]);
  });
});

describe('a status that goes backwards', { concurrent: true }, () => {
  /** A tap whose capture Dintero takes back before anybody could read it. */
  async function correctedUnseen(status: string): Promise<string> {
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    const match = { merchant_reference: chargeId };
    const later = { kind: 'status', status: 429, headers: { 'retry-after': '3' } };
    await kvitt.simulator.fault({ endpoint: 'callback', match, do: 'drop', times: 0 });
    await kvitt.simulator.fault({ endpoint: 'get_transaction', match, do: later });
    await kvitt.post(sale);
    await kvitt.simulator.press(sale.terminal_id, 'tap');
    await kvitt.simulator.press(sale.terminal_id, 'correct', { status });
    return chargeId;
  }

  it('a capture taken back is captured again, by us', async () => {
    const chargeId = await correctedUnseen('AUTHORIZED');
    expect(await kvitt.ending(chargeId)).toMatchObject({
      outcome: 'captured',
      captured_amount: 12900,
    });
    const money = (await kvitt.ledgerOf(chargeId)).map(({ kind }) => kind);
    expect(money.slice(-5)).toEqual([
      'authorised',
      'captured',
      'corrected',
      'authorised',
      'captured',
    ]);
  });

  it('a capture that turns out to be voided is not charged', async () => {
    const chargeId = await correctedUnseen('AUTHORIZATION_VOIDED');
    expect(await kvitt.ending(chargeId)).toMatchObject({
      outcome: 'not_charged',
      reason: 'voided',
    });
    const money = (await kvitt.ledgerOf(chargeId)).map(({ kind }) => kind);
    expect(money.slice(-2)).toEqual(['corrected', 'voided']);
  });
});

describe('money that comes after “not charged” was told', { concurrent: true }, () => {
  const reopened = {
    outcome: 'captured',
    captured_amount: 12900,
    needs_attention: 'case_open',
    advice: 'ask_for_help',
    safe_to_take_other_payment: false,
  };

  it('by a correction reopens the charge, and is a case', async () => {
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    await kvitt.post(sale);
    await kvitt.simulator.press(sale.terminal_id, 'decline', { as: 'FAILED' });
    expect(await kvitt.ending(chargeId)).toMatchObject({ outcome: 'not_charged' });
    await kvitt.simulator.press(sale.terminal_id, 'correct', { status: 'CAPTURED' });
    const later = await kvitt.until(chargeId, ({ outcome }) => outcome === 'captured');
    expect(later).toMatchObject(reopened);
    expect(await kvitt.audit([later])).toEqual([]);
  });

  it('from a device that takes the card after its cancel, too', async () => {
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    const behaviour = { cancel_ends_prompt: false, paid_anyway: true };
    await kvitt.simulator.terminal(sale.terminal_id, { behaviour });
    await kvitt.post(sale);
    await kvitt.call('POST', `/charges/${chargeId}/cancel`);
    expect(await kvitt.ending(chargeId)).toMatchObject({ outcome: 'not_charged' });
    await kvitt.simulator.press(sale.terminal_id, 'tap');
    const later = await kvitt.until(chargeId, ({ outcome }) => outcome === 'captured');
    expect(later).toMatchObject(reopened);
    expect(await kvitt.audit([later])).toEqual([]);
  });
});
