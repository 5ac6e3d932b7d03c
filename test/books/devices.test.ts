/** What devices counted, beside what Dintero shows; and what is told once, in the report that comes next. */
import { describe, expect, it } from 'vitest';
import { devicesOf, rowsOf } from '../../activities/books/bookings.ts';
import { compareEnds } from '../../activities/books/compare-ends.ts';
import { endsSpan } from '../../activities/books/ends-of-day.ts';
import { untold } from '../../activities/books/payouts.ts';
import type { GivenRefund } from '../../activities/books/refund-places.ts';
import type { TransactionFacts } from '../../activities/dintero/facts.ts';
import type { Payment } from '../../activities/dintero/payment.ts';
import type { DeviceBooks, EndOfDay, Settlement } from '../../workflows/books.ts';
import { summedDevices } from '../../workflows/books-sums.ts';
import { transaction } from '../workflows/builders.ts';

const terminal_id = 'T90001234-T0003';
const at = (time: string): number => Date.parse(`2026-11-22T${time}Z`);

function device(change: Partial<DeviceBooks> = {}): DeviceBooks {
  const sale = { net: 12_900, from: at('09:00:00'), to: at('09:00:00'), isSure: true };
  return { terminal_id, store_id: 'bergen-01', currency: 'NOK', ...sale, ...change };
}

const elsewhere = (net: number, isSure = true): DeviceBooks =>
  device({ terminal_id: 'unknown', net, isSure });

function end(change: Partial<EndOfDay> = {}): EndOfDay {
  return {
    terminal_id,
    at: '2026-11-22T21:00:00Z',
    batch_id: '7',
    start_of_day_at: '2026-11-22T07:00:00Z',
    purchases: { count: 1, amount: 12_900 },
    reversals: { count: 0, amount: 0 },
    agrees: null,
    ...change,
  };
}

const reversals = { count: 1, amount: 900 };
const isOfDay = (_store: string | null, time: number): boolean =>
  time >= at('00:00:00') && time < at('00:00:00') + 86_400_000;

describe(compareEnds, () => {
  const half = { count: 1, amount: 6_450 };
  it.each<[string, EndOfDay[], DeviceBooks[], (boolean | null)[]]>([
    ['the device counted the same', [end()], [device()], [true]],
    [
      'it counted nothing, and Dintero shows nothing',
      [end({ purchases: { count: 0, amount: 0 } })],
      [],
      [true],
    ],
    ['it counted another sum', [end({ purchases: half })], [device()], [false]],
    ['it counted, and Dintero shows nothing', [end()], [], [false]],
    [
      'it released what it had approved',
      [end({ reversals: { count: 1, amount: 12_900 } })],
      [device({ net: 0 })],
      [true],
    ],
    ['it gave back', [end({ reversals })], [device({ net: 12_000 })], [true]],
    [
      'it counted in two parts',
      [end({ purchases: half }), end({ purchases: half })],
      [device()],
      [true, true],
    ],
    [
      'it began the day before',
      [end({ start_of_day_at: '2026-11-21T07:00:00Z' })],
      [device()],
      [null],
    ],
    ['it does not say when it began', [end({ start_of_day_at: null })], [device()], [null]],
    ['it ended the day after', [end({ at: '2026-11-23T00:30:00Z' })], [device()], [null]],
    [
      'it sold on after its last end',
      [end()],
      [device({ net: 20_000, to: at('22:00:00') })],
      [null],
    ],
    ['it took two currencies', [end()], [device(), device({ currency: 'SEK' })], [null]],
    ['its money is undecided', [end()], [device({ net: 0, isSure: false })], [null]],
    ['a payment could not be read', [end()], [device({ net: 0 }), elsewhere(0, false)], [null]],
    [
      'a refund that was asked for elsewhere may be its own',
      [end({ reversals })],
      [device(), elsewhere(-900)],
      [null],
    ],
    ['a refund from Backoffice stands on no device', [end()], [device(), elsewhere(-900)], [true]],
    [
      'it gave back more than anybody asked for',
      [end({ reversals })],
      [device(), elsewhere(-800)],
      [false],
    ],
  ])('%s', (_name, ends, devices, agree) => {
    expect(compareEnds(ends, devices, isOfDay).map(({ agrees }) => agrees)).toEqual(agree);
  });
});

const payment: Payment = {
  facts: transaction(),
  createdAt: at('09:00:00'),
  storeId: 'bergen-01',
  product: 'seitatech.in_person',
  installation: 'kvitt',
  refunds: [],
  approvedAt: at('09:00:05'),
  voidedAt: null,
  settled: [],
};
const refund: GivenRefund = {
  amount: 900,
  at: at('15:00:00'),
  reference: 'S-1.1.R1',
  storeId: 'oslo-02',
  terminalId: 'T90001234-T0009',
  isPlaced: true,
};
const booking = {
  payment,
  told: { is: 'unknown', isForgotten: false } as const,
  isOfDay: true,
  refunds: [refund],
};

describe('a refund', () => {
  it('is booked where it was given, in another store', () => {
    expect(rowsOf(booking)).toMatchObject([
      { store_id: 'bergen-01', captured: { amount: 12_900 }, refunded: { count: 0 } },
      {
        store_id: 'oslo-02',
        terminal_id: 'T90001234-T0009',
        captured: { count: 0 },
        refunded: { count: 1, amount: 900 },
      },
    ]);
    expect(devicesOf(booking).map((one) => [one.terminal_id, one.net])).toEqual([
      [payment.facts.terminalId, 12_900],
      ['T90001234-T0009', -900],
    ]);
  });

  it('that nobody here has given stands at the sale’s terminal, and on no device', () => {
    const { terminalId } = payment.facts;
    const foreign = { ...refund, storeId: 'bergen-01', terminalId, isPlaced: false };
    const given = { ...booking, refunds: [foreign] };
    expect(rowsOf(given)[1]).toMatchObject({ terminal_id: terminalId, refunded: { amount: 900 } });
    expect(devicesOf(given)[1]).toMatchObject({ terminal_id: 'unknown', net: -900 });
  });
});

describe('money on a device', () => {
  it.each<[string, Partial<TransactionFacts>, number | null, Partial<DeviceBooks> | undefined]>([
    ['captured in part', { capturedAmount: 900 }, null, { net: 900, isSure: false }],
    ['reserved', { status: 'authorised', capturedAmount: 0 }, null, { net: 0, isSure: false }],
    [
      'released',
      { status: 'voided', capturedAmount: 0 },
      at('10:00:00'),
      { to: at('10:00:00'), isSure: true },
    ],
    ['released some time', { status: 'voided', capturedAmount: 0 }, null, { isSure: false }],
    ['declined', { status: 'declined', capturedAmount: 0 }, null, undefined],
    ['captured, with a refund under way', { pending: ['refund'] }, null, { net: 12_900 }],
  ])('is counted as far as it is sure: %s', (_name, change, voidedAt, expected) => {
    const one = { ...payment, facts: transaction(change), voidedAt };
    const [counted] = summedDevices(devicesOf({ ...booking, payment: one, refunds: [] }));
    expect(counted === undefined ? undefined : { ...counted, ...expected }).toEqual(counted);
    expect(counted === undefined).toBe(expected === undefined);
  });
});

describe(endsSpan, () => {
  const zones = { timeZone: 'UTC', storeZones: {} };
  const spanOf = (date: string, readAt: string, before: string | null): string[] => {
    const ask = { date, zones, readAt: Date.parse(readAt), isClosed: true };
    const { from, to } = endsSpan(ask, before === null ? null : Date.parse(before));
    return [from, to].map((time) => new Date(time).toISOString().slice(5, 16));
  };

  it.each<[string, [string, string, string | null], string[]]>([
    [
      'of the first report',
      ['2026-11-22', '2026-11-23T04:00:00Z', null],
      ['11-22T06:00', '11-23T03:59'],
    ],
    [
      'from where the night before has stopped',
      ['2026-11-22', '2026-11-23T04:00:00Z', '2026-11-22T04:00:00Z'],
      ['11-22T03:59', '11-23T03:59'],
    ],
    [
      'of a report that was made at once',
      ['2026-11-22', '2026-11-23T00:15:00Z', '2026-11-22T04:00:00Z'],
      ['11-22T03:59', '11-23T00:14'],
    ],
    [
      'after it',
      ['2026-11-23', '2026-11-24T04:00:00Z', '2026-11-23T00:15:00Z'],
      ['11-23T00:14', '11-24T03:59'],
    ],
    [
      'of a day that was caught up',
      ['2026-11-22', '2026-11-25T09:00:00Z', '2026-11-25T08:59:00Z'],
      ['11-22T06:00', '11-23T06:00'],
    ],
  ])('reads the ends %s', (_name, [date, readAt, before], expected) => {
    expect(spanOf(date, readAt, before)).toEqual(expected);
  });
});

describe(untold, () => {
  const settlement = (settlement_id: string, settled_at: string): Settlement =>
    ({ settlement_id, settled_at }) as Settlement;
  const found = [
    settlement('P1', '2026-11-18T10:00:00Z'),
    settlement('P2', '2026-11-20T10:00:00Z'),
    settlement('P3', '2026-11-21T10:00:00Z'),
    settlement('P4', '2026-11-22T10:00:00Z'),
  ];

  it('lists those of the day, and those of a reported day that came after its report', () => {
    const told = [
      { date: '2026-11-20', settlements: [settlement('P2', '2026-11-20T10:00:00Z')] },
      { date: '2026-11-21', settlements: [] },
    ];
    const dayOf = (one: { settled_at: string }): string => one.settled_at.slice(0, 10);
    const listed = untold(found, { date: '2026-11-22', told, dayOf });
    expect(listed.map((one) => one.settlement_id)).toEqual(['P3', 'P4']);
  });
});
