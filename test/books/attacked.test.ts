/** What would make the books count twice, forget a day, or never end. */
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { createBooks } from '../../activities/books/index.ts';
import { lateOf, lookBackOf, type Looked } from '../../activities/books/closed.ts';
import { reconcileSales } from '../../activities/books/part.ts';
import type { Dintero } from '../../activities/dintero/charges.ts';
import type { DinteroClient } from '../../activities/dintero/client.ts';
import { dinteroFailure } from '../../activities/failures.ts';
import type { Difference, Part } from '../../workflows/books.ts';
import { chargeWorkflowId, type ChargeRecord } from '../../workflows/messages.ts';
import { refundWorkflowId } from '../../workflows/refund-ids.ts';
import { record } from '../workflows/builders.ts';

const noon = Date.parse('2026-11-22T12:00:00Z');
const hourMs = 3_600_000;
const zones = { timeZone: 'UTC', storeZones: {} };
const own = 'T90001234.paid';

interface Scene {
  paidAt: number;
  events?: object[];
  isListed?: boolean;
  refundTold?: object;
  /** What the payment's answer has otherwise. */
  change?: object;
}

const paid = ({ paidAt, events = [], change = {} }: Scene): object => ({
  id: own,
  merchant_reference: 'S-1.1',
  session_id: 'T90001234.session',
  created_at: new Date(paidAt).toISOString(),
  status: events.length === 0 ? 'CAPTURED' : 'PARTIALLY_REFUNDED',
  amount: 12_900,
  currency: 'NOK',
  payment_product_type: 'seitatech.in_person',
  store: { id: 'bergen-01', terminal_id: 'T90001234-T0003' },
  metadata: { ext_kvitt_installation: 'kvitt' },
  events: [
    {
      id: 'e1',
      event: 'CAPTURE',
      success: true,
      amount: 12_900,
      created_at: new Date(paidAt).toISOString(),
    },
    ...events,
  ],
  ...change,
});

function dinteroOf(scene: Scene): Dintero {
  const client: DinteroClient = {
    call: async ({ path, answer }) => {
      const query = new URLSearchParams(path.split('?')[1]);
      const isIn = (name: string, isAfter: boolean): boolean => {
        const at = query.get(name);
        return (
          at === null || (isAfter ? scene.paidAt >= Date.parse(at) : scene.paidAt <= Date.parse(at))
        );
      };
      const isShown =
        scene.isListed !== false && isIn('created_at.gte', true) && isIn('created_at.lte', false);
      const body = path.startsWith('/transactions?') ? (isShown ? [paid(scene)] : []) : paid(scene);
      const parsed = answer.safeParse(JSON.parse(JSON.stringify(body)));
      if (!parsed.success) throw dinteroFailure('DinteroUnreadable', parsed.error.message);
      return await Promise.resolve(parsed.data);
    },
  };
  const nothing = { checkoutUrl: '', apiUrl: '', clientId: '', clientSecret: '', profileId: '' };
  return {
    client,
    config: { ...nothing, accountId: 'T90001234', publicUrl: null, installation: 'kvitt' },
  };
}

/** A Temporal that knows one charge, which began a moment before noon, and perhaps a refund of it. */
function temporalOf({ refundTold }: Scene, told: Partial<ChargeRecord>): Client {
  const startTime = new Date(noon - 60_000);
  const charge = {
    workflowId: chargeWorkflowId('S-1.1'),
    status: { name: 'COMPLETED' },
    startTime,
    memo: {
      charge: record({
        state: 'captured',
        outcome: 'captured',
        transaction_id: own,
        captured_amount: 12_900,
        ...told,
      }),
    },
  };
  const known = new Map<string, object>([[charge.workflowId, charge]]);
  if (refundTold !== undefined) {
    const workflowId = refundWorkflowId('S-1.1.R1');
    const memo = { refund: refundTold };
    known.set(workflowId, { workflowId, status: { name: 'COMPLETED' }, startTime, memo });
  }
  const workflow = {
    list: async function* ({ query }: { query: string }) {
      const [, from = ''] = /StartTime >= '([^']+)'/.exec(query) ?? [];
      const [, to = '9999'] = /StartTime < '([^']+)'/.exec(query) ?? [];
      const at = startTime.toISOString();
      if (query.includes('terminalCharge') && at >= from && at < to)
        yield await Promise.resolve(charge);
    },
    getHandle: (id: string) => ({
      describe: async () => {
        const found = known.get(id);
        if (found === undefined) throw new WorkflowNotFoundError('none', id, undefined);
        return await Promise.resolve(found);
      },
    }),
  };
  return { workflow } as unknown as Client;
}

async function hoursOf(scene: Scene, told: Partial<ChargeRecord> = {}): Promise<Part[]> {
  const pace = { beat: () => undefined, rest: async () => await Promise.resolve() };
  const deps = {
    dintero: dinteroOf(scene),
    client: temporalOf(scene, told),
    taskQueue: 'q',
    pace,
    storeOf: async () => await Promise.resolve('oslo-02'),
  };
  return await Promise.all(
    [noon - 2 * hourMs, noon].map(
      async (from) =>
        await reconcileSales(deps, {
          date: '2026-11-22',
          zones,
          span: { from, to: from + 2 * hourMs },
        }),
    ),
  );
}

const kinds = (parts: Part[]): string[][] =>
  parts.map(({ differences }) => differences.map(({ kind }) => kind));
const booked = (parts: Part[]): number[] =>
  parts.map(({ terminals }) => terminals.reduce((sum, row) => sum + row.captured.amount, 0));

describe('the hours of a day', () => {
  it('tell a difference once whose charge began before they did', async () => {
    const parts = await hoursOf({ paidAt: noon + 60_000 }, { captured_amount: 13_900 });
    expect(kinds(parts)).toEqual([[], ['unequal']]);
  });

  it('book a payment that the list hides, and that its charge names', async () => {
    const parts = await hoursOf({ paidAt: noon - 30_000, isListed: false });
    expect(booked(parts)).toEqual([12_900, 0]);
  });

  it.each([
    ['told as refunded', { outcome: 'refunded', refunded_amount: 900 }, []],
    ['told as not refunded', { outcome: 'not_refunded', refunded_amount: null }, ['unequal']],
    ['told with another amount', { outcome: 'refunded', refunded_amount: 800 }, ['unequal']],
  ])('compare a refund of ours that was %s', async (_name, refundTold, found) => {
    const refund = {
      id: 'e2',
      event: 'REFUND',
      success: true,
      amount: 900,
      event_reference: 'S-1.1.R1',
      created_at: new Date(noon - 20_000).toISOString(),
    };
    const [part] = await hoursOf({ paidAt: noon - 30_000, events: [refund], refundTold });
    expect(part?.differences.map(({ kind }) => kind)).toEqual(found);
    expect(part?.terminals).toMatchObject([{ refunded: { count: 1, amount: 900 } }]);
  });
});

describe('a payment that the books cannot read', () => {
  const broken = { amount: 'a lot' };

  it.each([
    ['in the list', { isListed: true }],
    ['by its id', { isListed: false }],
  ])('is told and looked at again, and holds nothing back: %s', async (_name, { isListed }) => {
    const parts = await hoursOf({ paidAt: noon - 30_000, isListed, change: broken });
    expect(parts.map(({ open, notes }) => [open, notes])).toEqual([
      [1, [`Payment ${own} could not be read and is not compared`]],
      [0, []],
    ]);
  });

  it('is none for an event without a time that no sum rests on', async () => {
    const events = [{ id: 'e3', event: 'SETTLEMENT', success: true, amount: 12_900 }];
    const change = { status: 'CAPTURED' };
    expect(booked(await hoursOf({ paidAt: noon - 30_000, events, change }))).toEqual([12_900, 0]);
  });

  it('is one of which a refund has no time: it would be of no day', async () => {
    const events = [{ id: 'e3', event: 'REFUND', success: true, amount: 900 }];
    const [part] = await hoursOf({ paidAt: noon - 30_000, events });
    expect([part?.open, part?.terminals]).toEqual([1, []]);
  });
});

describe('a refund of ours', () => {
  it('is booked at the terminal of its own record, in the store where that stands', async () => {
    const refund = {
      id: 'e2',
      event: 'REFUND',
      success: true,
      amount: 900,
      event_reference: 'S-1.1.R1',
      created_at: new Date(noon - 20_000).toISOString(),
    };
    const terminal_id = 'T90001234-T0009';
    const refundTold = { outcome: 'refunded', refunded_amount: 900, terminal_id };
    const [part] = await hoursOf({ paidAt: noon - 30_000, events: [refund], refundTold });
    expect(part?.terminals).toMatchObject([
      { store_id: 'bergen-01', captured: { count: 1 }, refunded: { count: 0 } },
      { store_id: 'oslo-02', terminal_id, captured: { count: 0 }, refunded: { amount: 900 } },
    ]);
    expect(part?.devices.map(({ net }) => net)).toEqual([12_900, -900]);
  });
});

describe('a refusal of Dintero’s', () => {
  it('is waited out: the right is granted again, and the report is made', async () => {
    const scene = { paidAt: noon };
    const dintero = dinteroOf(scene);
    const call = async (): Promise<never> =>
      await Promise.reject(dinteroFailure('DinteroUnauthorized', 'Dintero answered 403'));
    const books = createBooks({ ...dintero, client: { call } }, temporalOf(scene, {}));
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
    const span = { from: noon, to: noon + hourMs };
    const reading = environment.run(books.reconcileSales, { date: '2026-11-22', zones, span });
    await expect(reading).rejects.toMatchObject({
      type: 'DinteroUnauthorized',
      nonRetryable: false,
    });
  });
});

describe('looking back', () => {
  const made = (
    dates: [string, string][],
    open: Record<string, number> = {},
  ): Map<string, { isClosed: boolean; madeAt: string | null; open: number }> =>
    new Map(
      dates.map(([date, madeAt]) => [date, { isClosed: true, madeAt, open: open[date] ?? 0 }]),
    );
  const ask = {
    date: '2026-11-22',
    zones,
    from: Date.parse('2026-11-22T00:00:00Z'),
    earlier: ['2026-11-20', '2026-11-21'],
  };
  const nights: [string, string][] = [
    ['2026-11-18', '2026-11-19T03:00:00Z'],
    ['2026-11-19', '2026-11-20T03:00:00Z'],
    ['2026-11-20', '2026-11-21T03:00:00Z'],
    ['2026-11-21', '2026-11-22T03:00:00Z'],
  ];

  it('goes two days, night after night', () => {
    expect(lookBackOf(ask, { runs: made(nights), looks: [] })).toEqual({
      again: ['2026-11-20', '2026-11-21'],
      missing: [],
    });
  });

  it('begins after an outage where the last run had stopped that looked back', () => {
    const runs = made([
      ['2026-11-16', '2026-11-17T03:00:00Z'],
      ['2026-11-17', '2026-11-18T03:00:00Z'],
      ['2026-11-19', '2026-11-23T06:00:00Z'],
      ['2026-11-20', '2026-11-23T06:01:00Z'],
      ['2026-11-21', '2026-11-23T06:02:00Z'],
    ]);
    const asked = (startedAt: string): Looked => ({
      date: '2026-11-15',
      startedAt: Date.parse(startedAt),
      isAsked: true,
      madeAt: startedAt,
      open: 0,
    });
    runs.set('2026-11-15', { isClosed: true, madeAt: '2026-11-16T03:00:00Z', open: 0 });
    const { again, missing } = lookBackOf(ask, { runs, looks: [asked('2026-11-18T02:59:00Z')] });
    expect(again).toEqual(['2026-11-16', '2026-11-17', '2026-11-19', '2026-11-20', '2026-11-21']);
    expect(missing).toEqual(['2026-11-18']);
    const after = lookBackOf(ask, { runs, looks: [asked('2026-11-18T03:01:00Z')] });
    expect(after.again).toContain('2026-11-15');
  });

  it('makes up for a day whose run was lost, and for none before the first', () => {
    const runs = made(nights.filter(([date]) => date !== '2026-11-20'));
    expect(lookBackOf(ask, { runs, looks: [] }).missing).toEqual(['2026-11-20']);
    runs.set('2026-11-17', { isClosed: false, madeAt: null, open: 0 });
    expect(lookBackOf(ask, { runs, looks: [] }).missing).toEqual(['2026-11-17', '2026-11-20']);
  });

  it('goes on with a day until its money is decided', () => {
    const runs = made(nights, { '2026-11-18': 1 });
    expect(lookBackOf(ask, { runs, looks: [] }).again).toContain('2026-11-18');
    const look = { date: '2026-11-18', startedAt: 0, isAsked: false, open: 0 };
    const looks = [{ ...look, madeAt: '2026-11-20T03:00:00Z' }];
    expect(lookBackOf(ask, { runs, looks }).again).not.toContain('2026-11-18');
  });

  it('compares no day that Temporal may have forgotten', () => {
    const runs = made([['2026-10-24', '2026-10-25T03:00:00Z'], ...nights], { '2026-10-24': 1 });
    expect(lookBackOf(ask, { runs, looks: [] }).again).not.toContain('2026-10-24');
  });

  it('finds nothing late that a later report has told as its own', () => {
    const difference = { kind: 'unequal', transaction_id: own } as Difference;
    const late = lateOf(
      { date: '2026-11-21', terminals: [], differences: [difference] },
      { terminals: [], differences: [] },
      [{ corrections: [], differences: [difference], late: [] }],
    );
    expect(late.differences).toEqual([]);
  });
});
