import { afterEach, describe, expect, test } from 'vitest';
import {
  charge,
  explained,
  kvitt,
  minutesAgo,
  moneyCase,
  problem,
  startStandIn,
  token,
  type StandIn,
} from './kvitt.ts';

let api: StandIn;
afterEach(async () => {
  await api.close();
});

async function standIn(...given: Parameters<typeof startStandIn>): Promise<string> {
  api = await startStandIn(...given);
  return api.url;
}

const shown = {
  timeline: [
    { at: '2026-11-22T09:15:11.000Z', source: 'till', text: 'asks for the charge', times: 1 },
    { at: '2026-11-22T09:15:14.000Z', source: 'poll', text: 'no\u001b[31m answer', times: 3 },
  ],
  waiting_for: 'evidence of a person',
  until: '2026-11-22T10:15:11.000Z',
  actions: [
    { action: 'close', is_possible: true, why_not: null },
    { action: 'capture', is_possible: false, why_not: 'No money is reserved.' },
    { action: 'recover', is_possible: false, why_not: 'It is followed.' },
    { action: 'void', is_possible: false, why_not: 'No money is reserved.' },
  ],
  guidance: explained,
  runbook_url: 'https://runbook.example/#prompt_may_live',
};

describe('kvitt charges', () => {
  test('prints a table, and sends the filters and the token', async () => {
    const url = await standIn({
      'GET /charges': {
        body: {
          charges: [
            charge(),
            charge({
              charge_id: 'S-2.1',
              amount: 500,
              currency: 'JPY',
              state: 'not_charged',
              reason: 'declined',
              created_at: minutesAgo(300),
            }),
          ],
          next_cursor: null,
        },
      },
    });
    const args = 'charges --state checking --needs-attention true --store bergen-01'.split(' ');
    const more = '--terminal T90001234-T0003 --reference S-1 --older-than 10m --limit 7'.split(' ');
    const { code, stdout, stderr } = await kvitt(url, [...args, ...more]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `CHARGE    STATE             AGE     AMOUNT      TERMINAL         STORE      REASON    ATTENTION
S-1001.1  waiting_for_card  12 min  NOK 129.00  T90001234-T0003  bergen-01  -         -
S-2.1     not_charged       5 h     JPY 500     T90001234-T0003  bergen-01  declined  -
`,
    );
    const [{ query, authorization } = { query: {}, authorization: '' }] = api.asked;
    expect(authorization).toBe(`Bearer ${token}`);
    const { created_before: before = '', ...rest } = query as Record<string, string>;
    expect(rest).toEqual({
      state: 'checking',
      needs_attention: 'true',
      store_id: 'bergen-01',
      terminal_id: 'T90001234-T0003',
      reference: 'S-1',
      limit: '7',
    });
    const agoMs = Date.now() - Date.parse(before);
    expect(agoMs).toBeGreaterThanOrEqual(600_000);
    expect(agoMs).toBeLessThan(660_000);
  });

  test('follows the pages up to the limit, through empty ones', async () => {
    const pages: Record<string, object> = {
      first: { charges: [charge({ charge_id: 'S-1.1' })], next_cursor: 'b' },
      b: { charges: [], next_cursor: 'c' },
      c: { charges: [charge({ charge_id: 'S-2.1' })], next_cursor: 'd' },
    };
    const url = await standIn({
      'GET /charges': ({ query }, res) =>
        res.end(JSON.stringify(pages[query['cursor'] ?? 'first'])),
    });
    const { code, stdout } = await kvitt(url, ['charges', '--limit', '2', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      charges: [{ charge_id: 'S-1.1' }, { charge_id: 'S-2.1' }],
      next_cursor: 'd',
    });
    expect(api.asked.map(({ query }) => query)).toEqual([
      { limit: '2' },
      { limit: '1', cursor: 'b' },
      { limit: '1', cursor: 'c' },
    ]);
  });

  test('says when there may be more, and stops at a list that goes round', async () => {
    const body = { charges: [charge()], next_cursor: 'a' };
    const url = await standIn({ 'GET /charges': { body } });
    const one = await kvitt(url, ['charges', '--limit', '1']);
    expect(one.stdout).toMatch(/raise --limit/);
    const many = await kvitt(url, ['charges']);
    expect(many).toMatchObject({ code: 1, stdout: '' });
    expect(many.stderr).toMatch(/same page again/);
  });

  test('asks for 200 at a time', async () => {
    const url = await standIn({ 'GET /charges': { body: { charges: [], next_cursor: null } } });
    expect((await kvitt(url, ['charges', '--limit', '5000'])).stdout).toBe('No such charge.\n');
    expect(api.asked[0]?.query).toEqual({ limit: '200' });
  });
});

describe('kvitt stuck', () => {
  test('ends with 0 when no charge needs attention', async () => {
    const url = await standIn({ 'GET /charges': { body: { charges: [], next_cursor: null } } });
    const ended = await kvitt(url, ['stuck']);
    expect(ended).toEqual({ code: 0, stdout: 'No charge needs attention.\n', stderr: '' });
    expect(api.asked[0]?.query['needs_attention']).toBe('true');
  });

  test('ends with 6 and shows first what escalates first', async () => {
    const stuck = (id: string, needs: 'prompt_may_live' | 'case_open', minutes: number) =>
      charge({
        charge_id: id,
        needs_attention: needs,
        state_since: minutesAgo(minutes),
        advice: 'ask_for_help',
      });
    const late = { ...explained, word: 'case_open', severity: 'low', escalates_after_minutes: 600 };
    const charges = [stuck('S-1.1', 'case_open', 90), stuck('S-2.1', 'prompt_may_live', 12)];
    const url = await standIn({
      'GET /charges': { body: { charges, next_cursor: null } },
      'GET /ops/explain/prompt_may_live': { body: explained },
      'GET /ops/explain/case_open': { body: late },
    });
    const { code, stdout } = await kvitt(url, ['stuck']);
    expect(code).toBe(6);
    expect(stdout).toBe(
      `CHARGE  AGE     ATTENTION        SEVERITY  ADVICE        TERMINAL         STORE      AMOUNT
S-2.1   12 min  prompt_may_live  urgent    ask_for_help  T90001234-T0003  bergen-01  NOK 129.00
S-1.1   90 min  case_open        low       ask_for_help  T90001234-T0003  bergen-01  NOK 129.00

\`kvitt show CHARGE\` says what to do.
`,
    );
  });

  test('shows the oldest first where the words cannot be explained', async () => {
    const charges = [
      charge({ charge_id: 'S-1.1', needs_attention: 'case_open', state_since: minutesAgo(3) }),
      charge({ charge_id: 'S-2.1', needs_attention: 'case_open', state_since: minutesAgo(9) }),
    ];
    const url = await standIn({ 'GET /charges': { body: { charges, next_cursor: null } } });
    const { code, stdout } = await kvitt(url, ['stuck']);
    expect(code).toBe(6);
    expect(stdout).toMatch(/S-2\.1[^]*S-1\.1/);
    const asJson = await kvitt(url, ['--json', 'stuck']);
    expect(asJson.code).toBe(6);
    expect(JSON.parse(asJson.stdout)).toEqual({ charges, next_cursor: null });
  });
});

describe('kvitt cases', () => {
  test('ends with 6 and a table', async () => {
    const url = await standIn({
      'GET /cases': { body: { cases: [moneyCase()], next_cursor: null } },
    });
    const args = ['cases', '--state', 'all', '--kind', 'orphan', '--older-than', '2h'];
    const { code, stdout } = await kvitt(url, args);
    expect(code).toBe(6);
    expect(stdout).toBe(
      `TRANSACTION     KIND                   STATE  AGE  CHARGE    ASKED       CAPTURED    STORE
T90001234.5AbC  captured_after_cancel  open   3 h  S-1001.1  NOK 129.00  NOK 129.00  bergen-01
`,
    );
    expect(api.asked[0]?.query).toMatchObject({
      state: 'all',
      kind: 'orphan',
      opened_before: expect.stringMatching(/Z$/) as string,
    });
  });

  test('ends with 0 when there is none', async () => {
    const url = await standIn({ 'GET /cases': { body: { cases: [], next_cursor: null } } });
    expect(await kvitt(url, ['cases'])).toMatchObject({ code: 0, stdout: 'No such case.\n' });
  });
});

describe('kvitt show', () => {
  test('shows what is known, what is waited for, and what may be done', async () => {
    const stuck = charge({ needs_attention: 'prompt_may_live', advice: 'ask_for_help' });
    const url = await standIn({
      'GET /ops/charges/S-1001.1': { body: { charge: stuck, ...shown } },
    });
    const { code, stdout } = await kvitt(url, ['show', 'S-1001.1']);
    expect(code).toBe(0);
    const [first, second, ...rest] = stdout.split('\n');
    expect(first).toBe(
      'S-1001.1 | waiting_for_card | for 12 min | NOK 129.00 | needs attention: prompt_may_live' +
        ' | advice: ask_for_help | take no other payment on this answer',
    );
    expect(second).toMatch(/^terminal T90001234-T0003 \| store bergen-01 \| started 20/);
    expect(rest.join('\n')).toBe(`
Timeline
  AT                    SOURCE  WHAT
  2026-11-22 09:15:11Z  till    asks for the charge
  2026-11-22 09:15:14Z  poll    no [31m answer (3 times)

Waits for
  evidence of a person; next look 2026-11-22 10:15:11Z

What you may do now
  npx kvitt close S-1001.1 --terminal-seen-idle --why "<why>"
      Closes the charge as \`not_charged\` on your evidence, after one more reading that does not contradict it. It cannot be taken back.

Not now
  capture, void: No money is reserved.
  recover: It is followed.

Guidance
  prompt_may_live | needs_attention | severity urgent | escalates after 5 min
  The terminal may still ask for a card.
  The cashier: Ask for help.

  Check
    - Look at the terminal.

  Press
    It asks for no card:
        npx kvitt close S-1001.1 --terminal-seen-idle

Runbook
  https://runbook.example/#prompt_may_live
`);
  });

  test('knows a transaction by its id, and shows its case', async () => {
    const actions = [{ action: 'settle', is_possible: true, why_not: null }];
    const body = { case: moneyCase(), ...shown, actions, guidance: null, runbook_url: null };
    const url = await standIn({ 'GET /ops/cases/T90001234.5AbC': { body } });
    const { code, stdout } = await kvitt(url, ['show', 'T90001234.5AbC']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^T90001234\.5AbC \| captured_after_cancel \| open for 3 h \| asked NOK 129\.00 \| captured NOK 129\.00\n/,
    );
    expect(stdout).toContain(
      'npx kvitt settle T90001234.5AbC --as "<kept|refunded|written_off>" [--refund-event "<refund_event>"] --why "<why>"',
    );
    const asJson = await kvitt(url, ['show', 'T90001234.5AbC', '--json']);
    expect(JSON.parse(asJson.stdout)).toEqual(body);
  });

  test('says why there is no timeline, and shows an action of a newer service by its name', async () => {
    const body = {
      charge: charge(),
      ...shown,
      timeline: null,
      timeline_missing: 'No worker answers.',
      waiting_for: null,
      until: null,
      actions: [{ action: 'teleport', is_possible: true, why_not: null }],
    };
    const url = await standIn({ 'GET /ops/charges/S-1001.1': { body } });
    const { stdout } = await kvitt(url, ['show', 'S-1001.1']);
    expect(stdout).toMatch(/Timeline\n {2}No worker answers\./);
    expect(stdout).toMatch(/What you may do now\n {2}teleport\n/);
    expect(stdout).not.toContain('Waits for');
  });
});

describe('kvitt receipt', () => {
  test('prints the copy that was asked for, without what a terminal would obey', async () => {
    const path = 'GET /charges/S-1.1/refunds/S-1.1.R1/receipt';
    const url = await standIn({ [path]: { body: 'BERGEN\u001b[31m\r\n  12.00\r\n' } });
    const { code, stdout } = await kvitt(url, ['receipt', 'S-1.1.R1', '--copy', 'merchant']);
    expect([code, stdout]).toEqual([0, 'BERGEN [31m\n  12.00\n']);
    expect(api.asked.map(({ query }) => query)).toEqual([{ copy: 'merchant' }]);
  });

  test('of a charge is the copy for the customer', async () => {
    const url = await standIn({ 'GET /charges/S-1.1/receipt': { body: 'PAID\n' } });
    const { code, stdout } = await kvitt(url, ['receipt', 'S-1.1']);
    expect([code, stdout]).toEqual([0, 'PAID\n']);
    expect(api.asked.map(({ query }) => query)).toEqual([{ copy: 'customer' }]);
  });
});

describe('kvitt explain', () => {
  test('tells what a word means, what to check and what to press', async () => {
    const url = await standIn({ 'GET /ops/explain/prompt_may_live': { body: explained } });
    const { code, stdout } = await kvitt(url, ['explain', 'prompt_may_live']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^prompt_may_live \| needs_attention \| severity urgent/);
    expect(stdout).toContain('- Look at the terminal.');
    const asJson = await kvitt(url, ['explain', 'prompt_may_live', '--json']);
    expect(JSON.parse(asJson.stdout)).toEqual(explained);
  });

  test('tells both meanings of a word of two lists', async () => {
    const second = {
      ...explained,
      list: 'reason',
      severity: 'none',
      escalates_after_minutes: null,
    };
    const body = { ...explained, also: [second] };
    const url = await standIn({ 'GET /ops/explain/prompt_may_live': { body } });
    const { stdout } = await kvitt(url, ['explain', 'prompt_may_live']);
    expect(stdout.match(/^prompt_may_live .*$/gm)).toEqual([
      'prompt_may_live | needs_attention | severity urgent | escalates after 5 min',
      'prompt_may_live | reason',
    ]);
  });

  test('ends with 4 for a word that nobody knows', async () => {
    const url = await standIn({
      'GET /ops/explain/gibberish': { status: 404, body: problem('not_found', 404) },
    });
    expect(await kvitt(url, ['explain', 'gibberish'])).toMatchObject({ code: 4, stdout: '' });
  });
});
