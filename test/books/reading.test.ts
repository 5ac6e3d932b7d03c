/** Dintero's list, read while it moves: no order is promised, rows arrive, and filters may be ignored. */
import { describe, expect, it } from 'vitest';
import type { DinteroClient } from '../../activities/dintero/client.ts';
import type { Dintero } from '../../activities/dintero/charges.ts';
import { listPayments, type PaymentFilter } from '../../activities/dintero/payments.ts';

const noon = Date.parse('2026-11-22T12:00:00Z');

interface Raw {
  id: string;
  merchant_reference: string;
  created_at: string;
}

const captured = {
  session_id: 'T90001234.s',
  status: 'CAPTURED',
  amount: 100,
  currency: 'NOK',
  payment_product_type: 'seitatech.in_person',
  events: [],
};

function raw(index: number, change: object = {}): Raw {
  return {
    id: `T90001234.${String(index).padStart(4, '0')}`,
    created_at: new Date(noon + index * 1_000).toISOString(),
    ...captured,
    merchant_reference: `S-${index}.1`,
    ...change,
  };
}

const many = (count: number): Raw[] => Array.from({ length: count }, (_, index) => raw(index));

/** A list as Dintero might keep it; `before` is told the number of each page before it is answered. */
function listOf(rows: () => Raw[], before: (page: number) => void = () => undefined): Dintero {
  let pages = 0;
  const client: DinteroClient = {
    call: async ({ path, answer }) => {
      pages += 1;
      before(pages);
      const query = new URLSearchParams(path.split('?')[1]);
      const after = query.get('starting_after');
      const all = rows();
      const start = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
      const page = all.slice(start, start + Number(query.get('limit')));
      return await Promise.resolve(answer.parse(JSON.parse(JSON.stringify(page))));
    },
  };
  const config = { ...addresses, accountId: 'T90001234', clientId: '', clientSecret: '' };
  return { client, config: { ...config, profileId: '', publicUrl: null, installation: 'kvitt' } };
}
const addresses = { checkoutUrl: '', apiUrl: '' };

const anyPayment: PaymentFilter = { query: {}, fits: ({ createdAt }) => createdAt >= noon };
const pace = { beat: () => undefined, rest: async () => await Promise.resolve() };

async function idsIn(dintero: Dintero): Promise<string[]> {
  const { payments } = await listPayments(dintero, anyPayment, pace);
  return payments.map(({ facts }) => facts.transactionId).toSorted();
}

describe(listPayments, () => {
  it.each([0, 1, 99, 100, 101, 250])('reads each of %i payments once', async (count) => {
    expect(await idsIn(listOf(() => many(count)))).toEqual(many(count).map(({ id }) => id));
  });

  it('reads one page once, and several until a pass finds nothing new', async () => {
    const small = await listPayments(
      listOf(() => many(99)),
      anyPayment,
      pace,
    );
    const large = await listPayments(
      listOf(() => many(250)),
      anyPayment,
      pace,
    );
    expect([small.pages, large.pages]).toEqual([1, 6]);
  });

  it.each(['newest first', 'oldest first'])(
    'finds what arrives between pages, %s',
    async (order) => {
      const rows = many(150);
      const sorted = (): Raw[] => (order === 'newest first' ? rows.toReversed() : rows);
      const dintero = listOf(sorted, (page) => {
        if (page === 2) rows.push(raw(150), raw(151));
      });
      expect(await idsIn(dintero)).toHaveLength(152);
    },
  );

  it('finds what moves to the front while the pages are read, as in a list by last change', async () => {
    let rows = many(250);
    const dintero = listOf(
      () => rows,
      (page) => {
        const last = rows.at(-1);
        if (page === 2 && last !== undefined) rows = [last, ...rows.slice(0, -1)];
      },
    );
    expect(await idsIn(dintero)).toHaveLength(250);
  });

  it.each([
    ['starting_after is ignored', listOf(() => many(100)), /repeat themselves/],
    [
      'the filter is ignored',
      listOf(() => many(300).map((row) => ({ ...row, created_at: '2020-01-01T00:00:00Z' }))),
      /ignores the filter/,
    ],
  ])('refuses a list that cannot be trusted: %s', async (_name, dintero, why) => {
    const { client } = dintero;
    const deaf: Dintero = {
      ...dintero,
      client: {
        call: async (call) => {
          const path = call.path.replace(/&starting_after=[^&]*/, '');
          return await client.call({ ...call, path });
        },
      },
    };
    await expect(listPayments(deaf, anyPayment, pace)).rejects.toThrow(why);
  });

  it('refuses a list that never comes to rest', async () => {
    const rows = many(150);
    const dintero = listOf(
      () => rows,
      () => rows.push(raw(rows.length)),
    );
    await expect(listPayments(dintero, anyPayment, pace)).rejects.toThrow(/in every pass/);
  });

  it('tells the row that it cannot read, and reads the others', async () => {
    const dintero = listOf(() => [raw(1), raw(2, { amount: 'a lot' }), raw(3)]);
    const { payments, unreadable } = await listPayments(dintero, anyPayment, pace);
    expect(payments).toHaveLength(2);
    expect(unreadable).toEqual(['T90001234.0002']);
  });

  it('knows a refund by its reference, and what was settled by its correlation', async () => {
    const event = { id: '1', success: true, created_at: '2026-11-22T13:00:00', amount: 40 };
    const dintero = listOf(() => [
      raw(1, {
        events: [
          { ...event, event: 'CAPTURE', amount: 100 },
          { ...event, id: '2', event: 'REFUND', event_reference: 'S-1.1.R1' },
          { ...event, id: '3', event: 'REFUND', event_reference: 'wrong' },
          { ...event, id: '4', event: 'CAPTURE', success: false, correction: { event_ids: ['3'] } },
        ],
        settlements: {
          events: [
            { settlement_id: 'P1', event_correlation_id: 'M3-1', capture: 100, fee: 1 },
            { settlement_id: null, capture: 7 },
          ],
        },
      }),
    ]);
    const [payment] = (await listPayments(dintero, anyPayment, pace)).payments;
    expect(payment?.refunds).toEqual([
      { amount: 40, at: Date.parse('2026-11-22T13:00:00Z'), reference: 'S-1.1.R1' },
    ]);
    const own = { reference: 'S-1.1.R1', refundedAmount: 40, pending: 0 };
    expect(payment?.facts.ownRefunds).toEqual([own]);
    expect(payment?.settled).toEqual([
      { settlementId: 'P1', correlationId: 'M3-1', capture: 100, refund: 0, fee: 1 },
    ]);
  });
});
