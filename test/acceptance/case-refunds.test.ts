/** The refund that a person orders of a case: one order, one prompt, however often and by whomever it is sent. */
import { afterAll, beforeAll, describe, expect, it, type ExpectStatic } from 'vitest';
import { startHarness, type Harness } from '../harness.ts';
import { createRefundTill, type RefundTill } from './refund-till.ts';

let kvitt: Harness;
let till: RefundTill;
beforeAll(async () => {
  kvitt = await startHarness({ deadlineSeconds: 600 });
  till = createRefundTill(kvitt);
});
afterAll(async () => await kvitt.stop());

const patience = { timeout: 20_000, interval: 100 };

interface Option {
  action: string;
  terminal_id: string | null;
  next_refund: number | null;
  text: string;
}

interface CaseAnswer {
  state: string;
  options: Option[] | null;
  refund?: { refund_id: string; amount: number; outcome: string | null };
  code?: string;
  detail?: string;
  errors?: { field: string; problem: string; hint: string }[];
}

async function caseOf(transactionId: string | null): Promise<CaseAnswer> {
  return (await kvitt.call<CaseAnswer>('GET', `/cases/${transactionId}`)).body;
}

/** Paid with a tip: captured otherwise than asked, so a case. */
async function paidWithCase({ poll }: ExpectStatic) {
  const sale = await till.paid({}, { amount: 14_000 });
  await poll(async () => (await caseOf(sale.transaction_id)).state, patience).toBe('open');
  const path = `/ops/cases/${sale.transaction_id}/refund`;
  const why = 'the customer is here';
  const order = async (change: object = {}) =>
    await kvitt.ops<CaseAnswer>('POST', path, {
      refund: 1,
      terminal_id: sale.terminal_id,
      why,
      ...change,
    });
  return { ...sale, order };
}

/** The customer presents the card as soon as the terminal asks. */
async function approve(refundId: string, terminalId: string): Promise<void> {
  await till.until(refundId, ({ state }) => state === 'waiting_for_card');
  await kvitt.simulator.press(terminalId, 'tap');
  await till.ending(refundId);
}

async function count(chargeId: string, kind: string): Promise<number> {
  return (await kvitt.ledgerOf(chargeId)).filter((entry) => entry.kind === kind).length;
}

describe.concurrent('the order of a refund', () => {
  it('whose answer was lost is the same refund when it is sent again, before and after the customer', async ({
    expect,
  }) => {
    const { charge_id, terminal_id, order } = await paidWithCase(expect);
    const part = { amount: 1_100 };
    const both = await Promise.all([order(part), order(part)]);
    expect(both.map(({ status, body }) => [status, body.refund?.refund_id])).toEqual([
      [200, `${charge_id}.R1`],
      [200, `${charge_id}.R1`],
    ]);
    await approve(`${charge_id}.R1`, terminal_id);
    const again = await order(part);
    expect(again).toMatchObject({
      status: 200,
      body: { state: 'open', refund: { refund_id: `${charge_id}.R1`, outcome: 'refunded' } },
    });
    expect(await count(charge_id, 'refund_prompt_started')).toBe(1);
    expect(await count(charge_id, 'refunded')).toBe(1);
  });

  it('for all that is left is the same one also after the case has settled itself by it', async ({
    expect,
  }) => {
    const { charge_id, transaction_id, terminal_id, order } = await paidWithCase(expect);
    expect((await order()).body.refund).toMatchObject({ amount: 14_000 });
    await approve(`${charge_id}.R1`, terminal_id);
    await expect.poll(async () => (await caseOf(transaction_id)).state, patience).toBe('settled');
    const again = await order();
    expect(again).toMatchObject({
      status: 200,
      body: { state: 'settled', refund: { refund_id: `${charge_id}.R1`, outcome: 'refunded' } },
    });
    expect(again.body.refund).not.toHaveProperty('asks_all');
    expect(await count(charge_id, 'refund_prompt_started')).toBe(1);
  });

  it('that differs from the one of its number is refused, and asks nobody', async ({ expect }) => {
    const { charge_id, terminal_id, order } = await paidWithCase(expect);
    await order({ amount: 1_100 });
    const others = [
      [{}, 'amount'],
      [{ amount: 1_200 }, 'amount'],
      [{ amount: 1_100, terminal_id: kvitt.freshTerminal() }, 'terminal_id'],
      [{ amount: 1_100, why: 'a colleague of his' }, 'why'],
    ] as const;
    for (const [change, field] of others) {
      const { status, body } = await order(change);
      expect([status, body.code]).toEqual([422, 'different_refund']);
      expect(body.errors?.map((error) => error.field)).toEqual([field]);
    }
    expect((await order({ refund: 2 })).body).toMatchObject({ code: 'previous_refund_open' });
    await approve(`${charge_id}.R1`, terminal_id);
    expect((await order({ refund: 4 })).body).toMatchObject({ code: 'previous_refund_unknown' });
    expect(await count(charge_id, 'refund_prompt_started')).toBe(1);
  });

  it('says the number: the case tells it, and a missing one is refused with where it stands', async ({
    expect,
  }) => {
    const { charge_id, transaction_id, terminal_id, order } = await paidWithCase(expect);
    const offered = async (): Promise<Option | undefined> =>
      (await caseOf(transaction_id)).options?.[0];
    expect(await offered()).toMatchObject({
      action: 'refund',
      next_refund: 1,
      text: expect.stringContaining(`npx kvitt refund ${transaction_id} --refund 1 `) as string,
    });
    const { status, body } = await order({ refund: undefined });
    expect([status, body.errors]).toMatchObject([
      400,
      [{ field: 'refund', hint: expect.stringContaining('`next_refund`') as string }],
    ]);
    await order({ amount: 1_100 });
    expect(await offered()).toMatchObject({
      action: 'none',
      next_refund: null,
      text: expect.stringContaining(`${charge_id}.R1 has not ended`) as string,
    });
    await approve(`${charge_id}.R1`, terminal_id);
    expect(await offered()).toMatchObject({ action: 'refund', next_refund: 2 });
  });

  it('for more than is left is refused before anything is started', async ({ expect }) => {
    const { charge_id, order } = await paidWithCase(expect);
    const { status, body } = await order({ amount: 14_001 });
    expect([status, body.code]).toEqual([409, 'not_possible_now']);
    expect(body.detail).toContain('140.00');
    const { body: refunds } = await kvitt.call('GET', `/charges/${charge_id}/refunds`);
    expect(refunds).toMatchObject({ next_refund: 1, refunds: [] });
  });
});

describe.concurrent('the till', () => {
  it('names the number of each refund, so that a second one is not taken for the first', async ({
    expect,
  }) => {
    const { charge_id, terminal_id } = await till.paid();
    const path = `/charges/${charge_id}/refunds`;
    const request = { amount: 1_100, currency: 'NOK', terminal_id };
    const { status, body } = await kvitt.call<CaseAnswer>('POST', path, request);
    expect([status, body.errors]).toMatchObject([
      400,
      [
        {
          field: 'refund',
          hint: expect.stringContaining(
            '`next_refund` of GET /charges/{charge_id}/refunds',
          ) as string,
        },
      ],
    ]);
    for (const refund of [1, 2]) {
      expect((await kvitt.call('GET', path)).body).toMatchObject({ next_refund: refund });
      await till.refund(charge_id, { ...request, refund });
      await approve(`${charge_id}.R${refund}`, terminal_id);
    }
    expect(await count(charge_id, 'refunded')).toBe(2);
  });
});

describe('what was told', () => {
  it('is what the ledger has, and no rule was broken', async () => {
    const { charges, refunds } = await till.told();
    expect(await kvitt.audit(charges, refunds)).toEqual([]);
  });
});
