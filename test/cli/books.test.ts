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
const report = {
  date: '2026-11-22',
  made_at: '2026-11-23T03:00:00.000Z',
  is_closed: true,
  totals: [total],
  stores: [{ store_id: 'bergen-01', totals: [total] }],
  differences: [orphan],
  late: [],
  corrections: [],
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

  test('prints the lines for a spreadsheet as they are', async () => {
    const url = await standIn({ 'GET /reports/2026-11-22.csv': { body: 'record,date\r\n' } });
    const { code, stdout } = await kvitt(url, ['report', '2026-11-22', '--csv']);
    expect([code, stdout]).toEqual([0, 'record,date\n']);
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
