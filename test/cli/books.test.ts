/** `kvitt reconcile` and `kvitt report`. */
import { afterEach, describe, expect, test } from 'vitest';
import { kvitt, startStandIn, type StandIn } from './kvitt.ts';

let api: StandIn;
afterEach(async () => {
  await api.close();
});

async function standIn(...given: Parameters<typeof startStandIn>): Promise<string> {
  api = await startStandIn(...given);
  return api.url;
}

const total = { currency: 'NOK', captured: 17_400, told: 12_900, refunded: 0 };
const orphan = {
  kind: 'orphan',
  charge_id: 'S-9.1',
  transaction_id: 'T90001234.5AbC',
  store_id: 'bergen-01',
  terminal_id: 'T90001234-T0003',
  currency: 'NOK',
  dintero_amount: 4_500,
  told_amount: null,
  found: 'found',
  followed_by: 'case/T90001234.5AbC',
};
const end = {
  terminal_id: 'T90001234-T0003',
  at: '2026-11-22T21:00:00.000Z',
  purchases: { count: 2, amount: 17_400 },
  reversals: { count: 0, amount: 0 },
  agrees: true as boolean | null,
};
const settlement = {
  settlement_id: 'P-1',
  store_id: null,
  settled_at: '2026-11-22T12:00:00.000Z',
  currency: 'NOK',
  capture: 17_400,
  refund: 0,
  fee: 131,
  amount: 17_269,
  agrees: null as boolean | null,
};
const report = {
  date: '2026-11-22',
  made_at: '2026-11-23T03:00:00.000Z',
  is_closed: true,
  totals: [total],
  stores: [
    {
      store_id: 'bergen-01',
      totals: [total],
      terminals: [
        {
          terminal_id: 'T90001234-T0003',
          currency: 'NOK',
          captured: { count: 2, amount: 17_400 },
          told: { count: 1, amount: 12_900 },
          refunded: { count: 0, amount: 0 },
        },
      ],
    },
  ],
  differences: [orphan],
  late: [],
  corrections: [],
  ends_of_day: [end],
  settlements: [settlement],
  open: 0,
  notes: ['a \u001b[31mnote'],
};
const agreeing = { ...report, differences: [], notes: [] };
const later = { date: '2026-11-22', late: [], corrections: [] };
const made = { date: '2026-11-22', state: 'made', report: null, later_look: null };
const beingMade = { date: '2026-11-22', state: 'being_made', of: 'report' };

describe('kvitt report', () => {
  test('prints sums and differences, and ends with 6 where something differs', async () => {
    const url = await standIn({ 'GET /reports/2026-11-22': { body: report } });
    const { code, stdout } = await kvitt(url, ['report', '2026-11-22', '--store', 'bergen-01']);
    expect(code).toBe(6);
    expect(stdout).toContain('NOK 174.00');
    expect(stdout).toMatch(/orphan +S-9\.1 +T90001234\.5AbC +bergen-01 +NOK 45\.00 +- +case\//);
    expect(stdout).not.toContain('\u001b[31m');
    expect(api.asked[0]?.query).toEqual({ store_id: 'bergen-01' });
  });

  test('prints terminals, ends of day and settlements', async () => {
    const url = await standIn({ 'GET /reports/2026-11-22': { body: agreeing } });
    const { code, stdout } = await kvitt(url, ['report', '2026-11-22']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/T90001234-T0003 +bergen-01 +2 +NOK 174\.00 +NOK 129\.00 +NOK 0\.00/);
    expect(stdout).toMatch(/T90001234-T0003 +2026-11-22 21:00:00Z +NOK 174\.00 +NOK 0\.00 +agrees/);
    expect(stdout).toMatch(/P-1 .* NOK 1\.31 +NOK 172\.69 +not compared/);
  });

  test.each([
    ['a device', { ends_of_day: [{ ...end, agrees: false }] }],
    ['a settlement', { settlements: [{ ...settlement, agrees: false }] }],
  ])('ends with 6 where %s differs', async (_name, change) => {
    const url = await standIn({ 'GET /reports/2026-11-22': { body: { ...agreeing, ...change } } });
    const { code, stdout } = await kvitt(url, ['report', '2026-11-22']);
    expect([code, stdout]).toEqual([6, expect.stringContaining('differs')]);
  });

  test.each([
    [0, agreeing],
    [6, report],
  ])('prints the lines for a spreadsheet as they are, and ends with %i', async (exit, body) => {
    const url = await standIn({
      'GET /reports/2026-11-22': { body },
      'GET /reports/2026-11-22.csv': { body: 'record,date\r\n' },
    });
    const { code, stdout } = await kvitt(url, ['report', '2026-11-22', '--csv']);
    expect([code, stdout]).toEqual([exit, 'record,date\n']);
  });

  test.each([[['--csv']], [[]]])('is no report while it is being made %j', async (options) => {
    const url = await standIn({
      'GET /reports/2026-11-22': { status: 202, body: beingMade },
      'GET /reports/2026-11-22.csv': { status: 202, body: beingMade },
    });
    const { code, stdout, stderr } = await kvitt(url, ['report', '2026-11-22', ...options]);
    expect([code, stdout]).toEqual([5, '']);
    expect(stderr).toContain('are being made.\nAsk again');
  });

  test('says where there is none', async () => {
    const url = await standIn({});
    expect((await kvitt(url, ['report', '2026-11-22'])).code).toBe(4);
  });
});

describe('kvitt reconcile', () => {
  test('waits until the books are made', async () => {
    const url = await standIn({
      'POST /ops/reconciliations': { status: 202, body: beingMade },
      'GET /reports/2026-11-22': { body: agreeing },
    });
    const { code, stdout, stderr } = await kvitt(url, ['reconcile']);
    expect(code).toBe(0);
    expect(stdout).toContain('Dintero and the charges agree.');
    expect(stderr).toContain('being made');
    expect(api.asked[0]?.body).toEqual({});
  });

  test.each([
    ['made at once', { ...made, report }, 6, 'orphan'],
    ['closed before', { ...made, later_look: later }, 0, 'Nothing has changed since'],
    [
      'closed before, with news',
      { ...made, later_look: { ...later, late: [orphan], corrections: [{}] } },
      6,
      '1 corrections',
    ],
    ['being looked at', { ...beingMade, of: 'later_look' }, 0, 'the next report tells'],
  ])('tells of a day that is %s', async (_name, body, exitCode, words) => {
    const url = await standIn({ 'POST /ops/reconciliations': { body } });
    const { code, stdout } = await kvitt(url, ['reconcile', '2026-11-22']);
    expect([code, stdout]).toEqual([exitCode, expect.stringContaining(words)]);
    expect(api.asked[0]?.body).toEqual({ date: '2026-11-22' });
  });
});
