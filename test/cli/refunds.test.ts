/** Refunds on the command line: of a charge, in a list, and ordered from a case. */
import { afterEach, describe, expect, test } from 'vitest';
import { caseActions, type Field } from '../../workflows/actions.ts';
import { charge, kvitt, moneyCase, problem, refund, startStandIn, type StandIn } from './kvitt.ts';

let api: StandIn;
afterEach(async () => {
  await api.close();
});

async function standIn(...given: Parameters<typeof startStandIn>): Promise<string> {
  api = await startStandIn(...given);
  return api.url;
}

const shown = {
  charge: charge({ state: 'captured', outcome: 'captured', captured_amount: 12_900 }),
  timeline: [],
  waiting_for: null,
  until: null,
  actions: [],
  guidance: null,
  runbook_url: null,
};
const declined = refund({
  state: 'not_refunded',
  outcome: 'not_refunded',
  reason: 'refund_declined',
});
const made = refund({
  refund_id: 'S-1001.1.R2',
  state: 'refunded',
  outcome: 'refunded',
  refunded_amount: 4_000,
});
const asked = refund({ refund_id: 'S-1001.1.R3', amount: 8_900 });
const ofCharge = {
  charge_id: 'S-1001.1',
  currency: 'NOK',
  captured_amount: 12_900,
  refunded_amount: 4_000,
  open_amount: 0,
  next_refund: 3,
  refunds: [declined, made],
};
const table = `REFUND       STATE         AGE    AMOUNT     TERMINAL         STORE      REASON           ATTENTION
S-1001.1.R1  not_refunded  2 min  NOK 45.00  T90001234-T0003  bergen-01  refund_declined  -
S-1001.1.R2  refunded      2 min  NOK 40.00  T90001234-T0003  bergen-01  -                -
`;
const refundsOf = 'GET /charges/S-1001.1/refunds';
const show = { 'GET /ops/charges/S-1001.1': { body: shown } };

describe('kvitt show of a charge', () => {
  test('shows every refund of it, what went back, and the number of the next one', async () => {
    const url = await standIn({ ...show, [refundsOf]: { body: ofCharge } });
    const { code, stdout } = await kvitt(url, ['show', 'S-1001.1']);
    expect(code).toBe(0);
    const sums = 'NOK 40.00 has gone back. The next refund is number 3.\n';
    expect(stdout).toContain(`\nRefunds\n${`${table}${sums}`.replaceAll(/^(?=.)/gm, '  ')}`);
    const asJson = await kvitt(url, ['show', 'S-1001.1', '--json']);
    expect(JSON.parse(asJson.stdout)).toEqual({ ...shown, refunds: ofCharge.refunds });
  });

  test('says what may still go back, and names no next number then', async () => {
    const open = { open_amount: 8_900, next_refund: null, refunds: [declined, made, asked] };
    const url = await standIn({ ...show, [refundsOf]: { body: { ...ofCharge, ...open } } });
    const { stdout } = await kvitt(url, ['show', 'S-1001.1']);
    expect(stdout).toMatch(/ {2}NOK 40\.00 has gone back; NOK 89\.00 may still\.\n/);
  });

  test.each([
    ['there is none', { body: { ...ofCharge, refunded_amount: 0, refunds: [] } }, ''],
    ['the service knows no refunds', { status: 404, body: problem('not_found', 404) }, ''],
    [
      'they cannot be read',
      { status: 503, body: problem('temporal_unavailable', 503) },
      'The refunds of S-1001.1 could not be read: The title of temporal_unavailable.\n',
    ],
  ])('shows the charge all the same where %s', async (_why, route, stderr) => {
    const url = await standIn({ ...show, [refundsOf]: route });
    const ended = await kvitt(url, ['show', 'S-1001.1']);
    expect(ended).toMatchObject({ code: 0, stderr });
    expect(ended.stdout).toMatch(/^S-1001\.1 \| captured /);
    expect(ended.stdout).not.toContain('Refunds');
    const asJson = await kvitt(url, ['show', 'S-1001.1', '--json']);
    expect(JSON.parse(asJson.stdout)).toEqual(shown);
  });
});

describe('kvitt refunds', () => {
  test('lists what fits the filters', async () => {
    const url = await standIn({
      'GET /refunds': { body: { refunds: [declined, made], next_cursor: null } },
    });
    const filters = 'refunds --state refunded --store bergen-01 --terminal T90001234-T0003';
    const more = '--reference S-1001 --needs-attention true --limit 7';
    const ended = await kvitt(url, `${filters} ${more}`.split(' '));
    expect(ended).toEqual({ code: 0, stdout: table, stderr: '' });
    expect(api.asked[0]?.query).toEqual({
      state: 'refunded',
      store_id: 'bergen-01',
      terminal_id: 'T90001234-T0003',
      reference: 'S-1001',
      needs_attention: 'true',
      limit: '7',
    });
  });

  test('says when there is none, and when there may be more', async () => {
    const none = await standIn({ 'GET /refunds': { body: { refunds: [], next_cursor: null } } });
    expect((await kvitt(none, ['refunds'])).stdout).toBe('No such refund.\n');
    await api.close();
    const body = { refunds: [made], next_cursor: 'a' };
    const url = await standIn({ 'GET /refunds': { body } });
    expect((await kvitt(url, ['refunds', '--limit', '1'])).stdout).toMatch(/raise --limit/);
  });

  test('of a charge are read from it, with their sums, and not filtered', async () => {
    const url = await standIn({ [refundsOf]: { body: ofCharge } });
    const args = ['refunds', '--charge', 'S-1001.1'];
    const { code, stdout } = await kvitt(url, args);
    expect(code).toBe(0);
    expect(stdout).toBe(`${table}NOK 40.00 has gone back. The next refund is number 3.\n`);
    expect(await kvitt(url, [...args, '--state', 'refunded'])).toMatchObject({ code: 2 });
    const unknown = await kvitt(url, ['refunds', '--charge', 'S-2.1']);
    expect(unknown).toMatchObject({ code: 4, stdout: '' });
  });
});

describe('kvitt refund of a case', () => {
  const fields: Readonly<Record<string, Field>> = caseActions.refund.fields;
  const needed = Object.entries(fields).filter(([, { isRequired }]) => isRequired);
  const typed = needed.flatMap(([name, { is }]) => [
    `--${name.replaceAll('_', '-')}`,
    is === 'text' ? 'asked' : '1',
  ]);
  const order = ['refund', 'T90001234.5AbC', ...typed];
  test.each([
    ['is done when the terminal asks for the card', refund(), 0],
    ['is done when the money has gone back', made, 0],
    ['is refused when no money goes back', declined, 3],
  ])('%s', async (_what, ordered, code) => {
    const url = await standIn({
      'POST /ops/cases/T90001234.5AbC/refund': { body: { ...moneyCase(), refund: ordered } },
    });
    const ended = await kvitt(url, order);
    expect(ended).toMatchObject({ code, stderr: '' });
    expect(ended.stdout).toContain(`\n${ordered.refund_id} | ${ordered.state}`);
  });
});
