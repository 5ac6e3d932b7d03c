/** What a day comes to: its hours, its sums, what is late, and the page that a spreadsheet opens. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lateOf } from '../../activities/books/closed.ts';
import { answerOf, storesIn } from '../../api/report-answers.ts';
import { csvOf } from '../../api/report-csv.ts';
import { readApiConfig } from '../../api/config.ts';
import type {
  Difference,
  Report,
  Settlement,
  SettlementItem,
  TerminalBooks,
} from '../../workflows/books.ts';
import { withinLimits } from '../../workflows/books-report.ts';
import { atTheirStores, emptyPart, together } from '../../workflows/books-sums.ts';
import { businessDay, dateAt, dayIn, planDay } from '../../workflows/business-days.ts';

const hourMs = 3_600_000;

describe('a business day', () => {
  it.each([
    ['2026-11-22', 'Europe/Oslo', '2026-11-21T23:00:00.000Z', 24],
    ['2026-03-29', 'Europe/Oslo', '2026-03-28T23:00:00.000Z', 23],
    ['2026-10-25', 'Europe/Oslo', '2026-10-24T22:00:00.000Z', 25],
    // The clocks change at midnight: the day has none.
    ['2026-03-08', 'America/Havana', '2026-03-08T05:00:00.000Z', 23],
    ['2026-06-01', 'Pacific/Auckland', '2026-05-31T12:00:00.000Z', 24],
  ])('%s in %s begins at %s and has %i hours', (date, zone, from, hours) => {
    const day = dayIn(date, zone);
    expect([new Date(day.from).toISOString(), (day.to - day.from) / hourMs]).toEqual([from, hours]);
    expect(dateAt(day.from, zone)).toBe(date);
    expect(dateAt(day.from - 1, zone)).not.toBe(date);
  });

  const zones = { timeZone: 'Europe/Oslo', storeZones: { oulu: 'Europe/Helsinki' } };

  it('is each store’s own', () => {
    const day = businessDay('2026-11-22', zones);
    const at = Date.parse('2026-11-21T22:30:00Z');
    expect([day.has('oulu', at), day.has('bergen', at), day.has(null, at)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(new Date(day.whole.from).toISOString()).toBe('2026-11-21T22:00:00.000Z');
  });

  it.each([
    ['is closed when it has ended everywhere', '2026-11-23T03:00:00Z', true, 13],
    ['is not closed while the last payments may still land', '2026-11-22T23:05:00Z', false, 13],
    ['is read so far while it lasts', '2026-11-22T09:30:00Z', false, 6],
    ['has nothing to be read before it begins', '2026-11-20T09:30:00Z', false, 0],
  ])('%s', (_name, now, isClosed, parts) => {
    const plan = planDay('2026-11-22', zones, Date.parse(now));
    expect([plan.isClosed, plan.parts.length]).toEqual([isClosed, parts]);
  });

  it.each([
    ['the last one that has ended', '2026-11-23T03:00:00Z', ['2026-11-20', '2026-11-21']],
    ['an older one', '2026-11-25T03:00:00Z', []],
    ['one that lasts', '2026-11-22T03:00:00Z', []],
  ])('has the days before it read again when it is %s', (_name, now, earlier) => {
    expect(planDay('2026-11-22', zones, Date.parse(now)).earlier).toEqual(earlier);
  });
});

describe('the settings', () => {
  const known = { DINTERO_ACCOUNT_ID: 'T90001234' };

  it('are Norwegian unless they say otherwise', () => {
    const { zones } = readApiConfig(known);
    expect(zones).toEqual({ timeZone: 'Europe/Oslo', storeZones: {} });
  });

  it('give a store its own zone', () => {
    const STORE_TIME_ZONES = 'oulu-01=Europe/Helsinki, malaga-02=Europe/Madrid';
    expect(readApiConfig({ ...known, STORE_TIME_ZONES }).zones.storeZones).toEqual({
      'oulu-01': 'Europe/Helsinki',
      'malaga-02': 'Europe/Madrid',
    });
  });

  it.each([
    ['TIME_ZONE', 'Norway/Oslo'],
    ['STORE_TIME_ZONES', 'oulu-01'],
    ['STORE_TIME_ZONES', 'oulu-01=Helsinki'],
  ])('are refused when %s is %s', (name, value) => {
    expect(() => readApiConfig({ ...known, [name]: value })).toThrow(name);
  });
});

const emptySum = { count: 0, amount: 0 };

function row(change: Partial<TerminalBooks> = {}): TerminalBooks {
  const sum = { count: 1, amount: 12_900 };
  return {
    store_id: 'bergen-01',
    terminal_id: 'T90001234-T0003',
    currency: 'NOK',
    captured: sum,
    told: sum,
    refunded: { count: 0, amount: 0 },
    ...change,
  };
}

function difference(change: Partial<Difference> = {}): Difference {
  return {
    kind: 'orphan',
    charge_id: 'S-1.1',
    transaction_id: 'T90001234.1',
    store_id: 'bergen-01',
    terminal_id: 'T90001234-T0003',
    currency: 'NOK',
    dintero_amount: 12_000,
    captured_amount: 12_900,
    refunded_amount: 900,
    told_amount: null,
    at: '2026-11-22T09:15:11.000Z',
    found: 'found',
    followed_by: null,
    became: null,
    ...change,
  };
}

function report(change: Partial<Report> = {}): Report {
  return {
    version: 1,
    date: '2026-11-22',
    time_zone: 'Europe/Oslo',
    from: '2026-11-21T23:00:00.000Z',
    to: '2026-11-22T23:00:00.000Z',
    made_at: '2026-11-23T03:00:00.000Z',
    is_closed: true,
    terminals: [row(), row({ store_id: 'oslo-02', terminal_id: 'T90001234-T0009' })],
    differences: [],
    corrections: [],
    late: [],
    ends_of_day: [],
    settlements: [],
    settlement_items: [],
    other: [],
    open: 0,
    read: emptyPart.read,
    notes: [],
    ...change,
  };
}

describe(together, () => {
  it('adds the sums of a terminal, and keeps terminals and currencies apart', () => {
    const one = { ...emptyPart, terminals: [row()] };
    const other = { ...emptyPart, terminals: [row(), row({ currency: 'SEK' })] };
    const sums = together(one, other).terminals;
    expect(sums.map(({ currency, captured }) => [currency, captured])).toEqual([
      ['NOK', { count: 2, amount: 25_800 }],
      ['SEK', { count: 1, amount: 12_900 }],
    ]);
  });

  it('counts the differences that it does not carry', () => {
    const part = { ...emptyPart, differences: Array.from({ length: 400 }, () => difference()) };
    const { differences, more } = together(part, part);
    expect([differences.length, more]).toEqual([500, 300]);
  });
});

describe(atTheirStores, () => {
  it('puts a refund of a store that could not be told where its terminal has sold', () => {
    const refunded = { count: 1, amount: 900 };
    const given = row({ store_id: 'unknown', refunded });
    expect(atTheirStores([row(), given])).toMatchObject([{ store_id: 'bergen-01', refunded }]);
    const elsewhere = row({ store_id: 'unknown', terminal_id: 'T90001234-T0077' });
    expect(atTheirStores([row(), elsewhere]).map(({ store_id: id }) => id)).toEqual([
      'bergen-01',
      'unknown',
    ]);
  });
});

describe(withinLimits, () => {
  it('leaves out the settlement items that do not fit, and says so', () => {
    const one = { settlement_id: 'P', correlation_id: null, charge_id: 'S-1.1', net: 0 };
    const item = { ...one, transaction_id: 'x'.repeat(1_000), store_id: null, terminal_id: null };
    const money = { currency: 'NOK', capture: 0, refund: 0, fee: 0 };
    const settlement_items = Array.from({ length: 2_000 }, () => ({ ...item, ...money }));
    const cut = withinLimits(report({ settlement_items }));
    expect([cut.settlement_items.length, cut.terminals.length]).toEqual([0, 2]);
    expect(cut.notes).toEqual([expect.stringContaining('2000 rows')]);
  });

  it('sums a chain of too many terminals by store, and compares it so later', () => {
    const rows = Array.from({ length: 12_000 }, (_, index) => row({ terminal_id: `T-${index}` }));
    const cut = withinLimits(report({ terminals: rows }));
    expect(cut.terminals).toMatchObject([{ terminal_id: 'all', captured: { count: 12_000 } }]);
    const late = lateOf({ date: cut.date, terminals: rows, differences: [] }, cut, []);
    expect(late.corrections).toEqual([]);
  });

  it('keeps the terminals of a large chain', () => {
    const terminals = Array.from({ length: 5_000 }, () => row());
    expect(withinLimits(report({ terminals })).terminals).toHaveLength(5_000);
  });
});

describe(lateOf, () => {
  const ask = { date: '2026-11-22', terminals: [row()], differences: [] };

  it('finds nothing in a day that is as it was', () => {
    const closed = { terminals: [row()], differences: [] };
    expect(lateOf(ask, closed, [])).toEqual({ corrections: [], differences: [] });
  });

  it('books what has come since, once', () => {
    const closed = { terminals: [], differences: [] };
    const { corrections } = lateOf(ask, closed, []);
    expect(corrections).toMatchObject([
      { of_date: '2026-11-22', captured: { count: 1, amount: 12_900 } },
    ]);
    expect(lateOf(ask, closed, [{ corrections, differences: [], late: [] }]).corrections).toEqual(
      [],
    );
  });

  it('takes back what Dintero has corrected', () => {
    const closed = { terminals: [row()], differences: [] };
    const { corrections } = lateOf({ ...ask, terminals: [] }, closed, []);
    expect(corrections).toMatchObject([{ captured: { count: -1, amount: -12_900 } }]);
  });

  it('tells only the differences that nobody has told', () => {
    const [known, later, fresh] = ['1', '2', '3'].map((id) => difference({ transaction_id: id }));
    const all = [known, later, fresh].flatMap((one) => one ?? []);
    const closed = { terminals: [row()], differences: all.slice(0, 1) };
    const since = [
      {
        corrections: [],
        differences: [],
        late: all.slice(1, 2).map((one) => ({ ...one, of_date: ask.date })),
      },
    ];
    const found = lateOf({ ...ask, differences: all }, closed, since);
    expect(found.differences.map((one) => one.transaction_id)).toEqual(['3']);
  });
});

describe(csvOf, () => {
  it('is RFC 4180, in major units, and holds no formula', () => {
    const found = '=HYPERLINK("http://x"), see\nthere';
    const csv = csvOf(
      answerOf(
        report({ differences: [difference({ found, charge_id: '-1.1', currency: 'JPY' })] }),
      ),
    );
    const [head, first, total, terminal, ...rest] = csv.split('\r\n');
    expect(first).toBe(
      'report,2026-11-22,,,,0,,,,,,closed,,,,,2026-11-23T03:00:00.000Z,never changes any more,',
    );
    expect(head?.split(',').slice(0, 5)).toEqual([
      'record',
      'date',
      'store_id',
      'terminal_id',
      'currency',
    ]);
    expect(total).toBe('total,2026-11-22,,,NOK,,258.00,258.00,0.00,,258.00,,,,,,,,');
    expect(terminal).toMatch(/^terminal,2026-11-22,bergen-01,T90001234-T0003,NOK,1,129.00,129.00,/);
    const line = rest.find((text) => text.startsWith('difference'));
    expect(line).toContain('JPY,,12900,,900,,12000,orphan,');
    expect(line).toContain(`"'=HYPERLINK(""http://x""), see\nthere"`);
    expect(csv.endsWith('\r\n')).toBe(true);
  });

  it('has what a device counted in the currency of its sales, or in words', () => {
    const counted = { count: 1, amount: 14_000 };
    const end = {
      at: '2026-11-22T20:00:00Z',
      batch_id: '7',
      start_of_day_at: null,
      purchases: counted,
      reversals: { count: 0, amount: 0 },
      agrees: null,
    };
    const ends = ['T90001234-T0003', 'T90001234-T0099'].map((terminal_id) => ({
      ...end,
      terminal_id,
    }));
    const endsIn = (change: Partial<Report>): string[] =>
      csvOf(answerOf(report({ ends_of_day: ends, ...change })))
        .split('\r\n')
        .filter((line) => line.startsWith('end_of_day'));
    const [known, silent] = endsIn({});
    expect(known).toContain(',bergen-01,T90001234-T0003,NOK,1,140.00,,0.00,,140.00,not_compared,');
    // A terminal without a sale has the currency of the others, if they have one.
    expect(silent).toContain(',,T90001234-T0099,NOK,1,140.00,,0.00,,140.00,not_compared,');
    const [, unknown] = endsIn({ terminals: [row(), row({ currency: 'SEK' })] });
    expect(unknown).toContain(',,T90001234-T0099,,1,,,,');
    expect(unknown).toContain('counted 14000 and 0 minor units');
  });

  it('has lines of each kind that its page explains, and no other', () => {
    const money = { currency: 'NOK', capture: 1, refund: 0, fee: 0 };
    const settlement = { ...money, settlement_id: 'P', store_id: null, items: { count: 1 } };
    const counted = { terminal_id: 'T', at: '', purchases: emptySum, reversals: emptySum };
    const csv = csvOf(
      answerOf({
        ...report({ differences: [difference()], notes: ['a note'] }),
        late: [{ ...difference(), of_date: '2026-11-21' }],
        corrections: [{ ...row(), of_date: '2026-11-21' }],
        ends_of_day: [{ ...counted, batch_id: null, start_of_day_at: null, agrees: null }],
        settlements: [settlement as Settlement],
        settlement_items: [{ ...money, settlement_id: 'P' } as SettlementItem],
        other: [{ product: 'card', installation: null, currency: 'NOK', payments: emptySum }],
      }),
    );
    const page = readFileSync(new URL('../../docs/reconciliation.md', import.meta.url), 'utf8');
    const explained = [
      ...(page.split('## The CSV')[1] ?? '').matchAll(/^\| `([a-z_]+)` \| [a-z]/gm),
    ];
    const records = csv.split('\r\n').map((line) => line.split(',')[0] ?? '');
    expect([...new Set(records)].slice(1, -1)).toEqual(explained.map(([, name]) => name).slice(1));
  });

  it.each(['=1+1', '+47', '-1.1.R1', '@x', '\tx', '\rx'])('writes %j as text', (found) => {
    const csv = csvOf(answerOf(report({ differences: [difference({ found })] })));
    expect(csv).toContain(`'${found}`);
  });
});

describe(answerOf, () => {
  it('sums a store alone when it is asked for', () => {
    const answer = answerOf(
      report({ differences: [difference(), difference({ store_id: 'oslo-02' })] }),
      'oslo-02',
    );
    expect(answer.stores.map(({ store_id }) => store_id)).toEqual(['oslo-02']);
    expect(answer.totals).toMatchObject([{ captured: 12_900 }]);
    expect(answer.differences).toHaveLength(1);
  });

  it('leaves out of a store what is the chain’s', () => {
    const settlement = { settlement_id: 'P', store_id: null, agrees: null } as Settlement;
    const other = [{ product: 'card', installation: null, currency: 'NOK', payments: emptySum }];
    const chain = report({ settlements: [settlement], other, open: 3 });
    expect(answerOf(chain)).toMatchObject({ settlements: [settlement], other, open: 3 });
    const store = { settlements: [], other: [], open: null };
    expect(answerOf(chain, 'oslo-02')).toMatchObject(store);
    expect(storesIn(chain)).toEqual(['bergen-01', 'oslo-02']);
  });
});
