/** What would make the books count twice, forget a day, or never end. */
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { createBooks } from '../../activities/books/index.ts';
import { lateOf, lookBackOf } from '../../activities/books/closed.ts';
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
}

const paid = ({ paidAt, events = [] }: Scene): object => ({
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
      return await Promise.resolve(answer.parse(JSON.parse(JSON.stringify(body))));
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
  const deps = { dintero: dinteroOf(scene), client: temporalOf(scene, told), taskQueue: 'q', pace };
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
  const made = (dates: [string, string][]): Map<string, { madeAt: string }> =>
    new Map(dates.map(([date, madeAt]) => [date, { madeAt }]));
  const ask = {
    date: '2026-11-22',
    zones,
    from: Date.parse('2026-11-22T00:00:00Z'),
    earlier: ['2026-11-20', '2026-11-21'],
  };

  it('goes two days, night after night', () => {
    const runs = made([
      ['2026-11-19', '2026-11-20T03:00:00Z'],
      ['2026-11-20', '2026-11-21T03:00:00Z'],
      ['2026-11-21', '2026-11-22T03:00:00Z'],
    ]);
    expect([...lookBackOf(ask, runs).dates]).toEqual(['2026-11-20', '2026-11-21']);
  });

  it('begins after an outage where the last run had stopped that looked back', () => {
    const runs = made([
      ['2026-11-16', '2026-11-17T03:00:00Z'],
      ['2026-11-17', '2026-11-18T03:00:00Z'],
      ['2026-11-18', '2026-11-18T09:00:00Z'],
      ['2026-11-19', '2026-11-23T06:00:00Z'],
      ['2026-11-20', '2026-11-23T06:01:00Z'],
      ['2026-11-21', '2026-11-23T06:02:00Z'],
    ]);
    runs.delete('2026-11-18');
    const { since, dates } = lookBackOf(ask, runs);
    expect([...dates].toSorted()).toEqual([
      '2026-11-16',
      '2026-11-17',
      '2026-11-19',
      '2026-11-20',
      '2026-11-21',
    ]);
    expect(new Date(since).toISOString()).toBe('2026-11-18T03:00:00.000Z');
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
