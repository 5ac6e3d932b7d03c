/** What the dossier's acceptance list (12.4) says of a charge alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saleOf, startHarness, type Harness } from '../harness.ts';
import { acceptance } from './sentences.ts';

describe('acceptance: the charge', () => {
  let kvitt: Harness;
  beforeAll(async () => {
    kvitt = await startHarness({ promptLifetimeSeconds: 180, durations: { sendWindow: 3_000 } });
  });
  afterAll(async () => {
    await kvitt.stop();
  });

  const kinds = async (chargeId: string): Promise<string[]> =>
    (await kvitt.ledgerOf(chargeId)).map(({ kind }) => kind);

  async function loseTheCreate(reference: string): Promise<void> {
    await kvitt.simulator.fault({
      endpoint: 'create_session',
      match: { merchant_reference: `${reference}.1` },
      do: 'reset_after',
    });
  }

  it.concurrent(acceptance[1], async ({ expect }) => {
    const sale = saleOf(kvitt);
    await loseTheCreate(sale.reference);
    await kvitt.simulator.terminal(sale.terminal_id, { customer: { action: 'tap' } });
    await kvitt.post(sale);
    const charge = await kvitt.ending(`${sale.reference}.1`);
    expect(charge).toMatchObject({ outcome: 'captured', captured_amount: sale.amount });
    const ledger = await kinds(charge.charge_id);
    expect(ledger.filter((kind) => kind === 'session_created')).toHaveLength(1);
    expect(ledger.filter((kind) => kind === 'captured')).toHaveLength(1);
    expect(await kvitt.audit([charge])).toEqual([]);
  });

  it.concurrent(acceptance[2], async ({ expect }) => {
    const sale = saleOf(kvitt);
    await loseTheCreate(sale.reference);
    const postedAt = Date.now();
    await kvitt.post(sale);
    const charge = await kvitt.ending(`${sale.reference}.1`);
    expect(charge).toMatchObject({ outcome: 'not_charged', reason: 'session_lost' });
    // Nobody has proven that it cannot be paid before the prompt's whole life is over.
    const { promptLifetime } = kvitt.policy.durations;
    expect(promptLifetime).toBeGreaterThan(0);
    expect(Date.parse(charge.updated_at) - postedAt).toBeGreaterThanOrEqual(promptLifetime ?? 0);
    expect(await kvitt.audit([charge])).toEqual([]);
  });

  const orders = [
    ['the card first', 'press', 'cancel'],
    ['the cancel first', 'cancel', 'press'],
  ] as const;
  it.concurrent.each(orders)(`${acceptance[5]} (%s)`, async (_name, ...order) => {
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    await kvitt.post(sale);
    const acts = {
      press: async () =>
        await kvitt.simulator.press(sale.terminal_id, 'tap').catch((error: Error) => error),
      cancel: async () => await kvitt.call('POST', `/charges/${chargeId}/cancel`, {}),
    };
    await Promise.all(order.map(async (act) => await acts[act]()));
    const charge = await kvitt.ending(chargeId);
    const isCaptured = (await kinds(chargeId)).includes('captured');
    expect(charge.outcome).toBe(isCaptured ? 'captured' : 'not_charged');
    expect(await kvitt.audit([charge])).toEqual([]);
  });

  it.concurrent(acceptance[7], async ({ expect }) => {
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    const customer = { action: 'offline', phase: 'after_approval' };
    await kvitt.simulator.terminal(sale.terminal_id, { customer });
    await kvitt.post(sale);
    await kvitt.until(chargeId, ({ state }) => state === 'checking' || state === 'cancelling');
    const next = await kvitt.post({ ...sale, attempt: 2 });
    expect(next).toMatchObject({ status: 409, body: { safe_to_take_other_payment: false } });
    await kvitt.simulator.terminal(sale.terminal_id, { customer: { action: 'tap' } });
    const other = await kvitt.post({ ...saleOf(kvitt), terminal_id: sale.terminal_id });
    expect(other.body).toMatchObject({ reason: 'terminal_busy', held_by: chargeId });
    await kvitt.simulator.press(sale.terminal_id, 'resolve', { status: 'CAPTURED' });
    expect(await kvitt.ending(chargeId)).toMatchObject({ outcome: 'captured' });
    const after = await kvitt.post({ ...saleOf(kvitt), terminal_id: sale.terminal_id });
    expect((await kvitt.ending(after.body.charge_id)).outcome).toBe('captured');
  });
});
