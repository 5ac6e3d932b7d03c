import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProgram } from '../../cli/commands.ts';
import { exitCodeWords } from '../../cli/exit-codes.ts';
import { caseActions, chargeActions, type Action } from '../../workflows/actions.ts';
import { refundActions } from '../../workflows/refund-actions.ts';
import { charge, kvitt, moneyCase, refund, startStandIn, token, type StandIn } from './kvitt.ts';

const chargeId = 'S-1001.1';
const unseen = { stdout: { write: () => true }, stderr: { write: () => true } };
const transactionId = 'T90001234.5AbC';
const refundId = 'S-1001.1.R1';

interface Row {
  name: string;
  action: Action;
  id: string;
  path: string;
}

const rows: Row[] = [
  ...Object.entries(chargeActions).map(([name, action]) => ({
    name,
    action,
    id: chargeId,
    path: `/ops/charges/${chargeId}/${name}`,
  })),
  ...Object.entries(caseActions).map(([name, action]) => ({
    name,
    action,
    id: transactionId,
    path: `/ops/cases/${transactionId}/${name}`,
  })),
  ...Object.entries(refundActions).map(([name, action]) => ({
    name,
    action,
    id: refundId,
    path: `/ops/refunds/${refundId}/${name}`,
  })),
];

/** Each field with a value, as typed and as sent. */
function filled({ fields }: Action): { args: string[]; input: Record<string, unknown> } {
  const members = Object.entries(fields).map(([name, field]) => {
    const flag = `--${name.replaceAll('_', '-')}`;
    if (field.is === 'true') return { args: [flag], name, value: true };
    if (field.is === 'amount') return { args: [flag, '4500'], name, value: 4500 };
    if (field.is === 'number') return { args: [flag, '2'], name, value: 2 };
    const value = field.choices?.[0] ?? `the ${name}`;
    return { args: [flag, value], name, value };
  });
  return {
    args: members.flatMap(({ args }) => args),
    input: Object.fromEntries(members.map(({ name, value }) => [name, value])),
  };
}

let api: StandIn;
beforeEach(async () => {
  const charges = rows.filter(({ id }) => id === chargeId);
  const cases = rows.filter(({ id }) => id === transactionId);
  const refunds = rows.filter(({ id }) => id === refundId);
  api = await startStandIn({
    ...Object.fromEntries(charges.map(({ path }) => [`POST ${path}`, { body: charge() }])),
    ...Object.fromEntries(cases.map(({ path }) => [`POST ${path}`, { body: moneyCase() }])),
    ...Object.fromEntries(refunds.map(({ path }) => [`POST ${path}`, { body: refund() }])),
    [`POST /ops/charges/S-2.1/cancel`]: { status: 202, body: charge({ charge_id: 'S-2.1' }) },
    'GET /ops/switches': {
      body: {
        off: [
          {
            scope: 'store',
            id: 'bergen-01',
            text: 'Cash only',
            why: 'fire drill',
            by: 'anna',
            at: '2026-11-22T09:15:11.000Z',
          },
        ],
        log: [
          {
            at: '2026-11-22T09:15:11.000Z',
            by: 'anna',
            why: 'deploy',
            did: 'on',
            scope: 'all',
            id: null,
            text: null,
          },
        ],
      },
    },
    'POST /ops/switch-off': {
      body: {
        off: [
          {
            scope: 'store',
            id: 'bergen-01',
            text: 'Cash only',
            why: 'fire drill',
            by: 'anna',
            at: '2026-11-22T09:15:11.000Z',
          },
        ],
        log: [],
      },
    },
    'POST /ops/switch-on': { body: { off: [], log: [] } },
    'GET /ops/notifications': {
      body: {
        notifications: [
          {
            charge_id: chargeId,
            waiting: 2,
            oldest: { type: 'charge.captured', timestamp: '2026-11-22T09:15:11.000Z' },
            last_failure: '503',
          },
        ],
        next_cursor: null,
      },
    },
    [`POST /ops/notifications/${chargeId}/resend`]: { body: {} },
  });
});
afterEach(async () => {
  await api.close();
});

describe('every action of the table', () => {
  test.each(rows)('is a command: kvitt $name $id', async ({ name, action, id, path }) => {
    const { args, input } = filled(action);
    const { code, stdout, stderr } = await kvitt(api.url, [name, id, ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.startsWith(`${id} | `)).toBe(true);
    expect(api.asked).toMatchObject([
      { call: `POST ${path}`, body: input, authorization: `Bearer ${token}` },
    ]);
  });

  test.each(rows)('says of $name $id what it does, when, and what it needs', ({ name, action }) => {
    const program = createProgram(() => Promise.resolve(), unseen);
    const command = program.commands.find((one) => one.name() === name);
    const description = command?.description() ?? '';
    expect(description).toContain(action.when);
    expect(description.includes('cannot be taken back')).toBe(action.isIrreversible);
    const options = command?.options.map(({ long, mandatory, argChoices, description: means }) => ({
      long,
      mandatory,
      argChoices,
      means,
    }));
    expect(options).toEqual(
      Object.entries(action.fields).map(([field, { isRequired, choices, means }]) => ({
        long: `--${field.replaceAll('_', '-')}`,
        mandatory: isRequired,
        argChoices: choices,
        means,
      })),
    );
  });

  test('is listed in the help, as is every exit code', async () => {
    const { code, stdout } = await kvitt(api.url, ['--help']);
    expect(code).toBe(0);
    const listed = stdout.split('\n').map((line) => /^ {2}([a-z]+) /.exec(line)?.[1]);
    expect(listed).toEqual(expect.arrayContaining(rows.map(({ name }) => name)));
    for (const [code, words] of Object.entries(exitCodeWords)) {
      expect(stdout).toContain(`  ${code}  ${words}\n`);
    }
  });
});

describe('an action', () => {
  test('prints the charge as it is with --json', async () => {
    const { code, stdout } = await kvitt(api.url, ['read', chargeId, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ charge_id: chargeId, advice: 'wait' });
  });

  test('that is accepted and not done yet says how to follow it', async () => {
    const { code, stdout } = await kvitt(api.url, ['cancel', 'S-2.1', '--why', 'wrong sale']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/`kvitt watch S-2\.1` follows it/);
  });

  test.each([
    ['without what it needs', ['close', chargeId, '--why', 'idle'], /--terminal-seen-idle/],
    ['with a choice that is none', ['settle', transactionId, '--as', 'lost', '--why', 'x'], /kept/],
    [
      'with a charge where a case is meant',
      ['settle', chargeId, '--as', 'kept', '--why', 'x'],
      /case/,
    ],
    ['with a case where a charge is meant', ['read', transactionId], /of a charge/],
    ['with an option it does not have', ['read', chargeId, '--force'], /--force/],
    ['without an id', ['read'], /id/],
  ])('%s is refused before anything is asked', async (_how, args, words) => {
    const { code, stdout, stderr } = await kvitt(api.url, args);
    expect({ code, stdout, asked: api.asked }).toEqual({ code: 2, stdout: '', asked: [] });
    expect(stderr).toMatch(words);
  });
});

describe('switches and notifications', () => {
  test('kvitt switches shows what is off, and the log', async () => {
    const { code, stdout } = await kvitt(api.url, ['switches']);
    expect(code).toBe(0);
    expect(stdout)
      .toBe(`OFF              SINCE                 BY    WHY         TEXT FOR THE CASHIER
store bergen-01  2026-11-22 09:15:11Z  anna  fire drill  Cash only

Log
  AT                    SWITCHED  BY    WHY     TEXT FOR THE CASHIER
  2026-11-22 09:15:11Z  on all    anna  deploy  -
`);
  });

  test('kvitt off and on send where, what and why', async () => {
    const off = ['off', 'store', 'bergen-01', '--text', 'Cash only', '--why', 'fire drill'];
    const { code, stdout } = await kvitt(api.url, off);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^New charges are switched off: store bergen-01\./);
    // An answer that does not show it is no success.
    const nothing = ['off', 'all', '--text', 'Cash only', '--why', 'fire drill'];
    expect((await kvitt(api.url, nothing)).code).toBe(1);
    expect((await kvitt(api.url, ['on', 'all', '--why', 'over'])).code).toBe(0);
    expect(api.asked).toMatchObject([
      {
        call: 'POST /ops/switch-off',
        body: { scope: 'store', id: 'bergen-01', text: 'Cash only', why: 'fire drill' },
      },
      { call: 'POST /ops/switch-off' },
      { call: 'POST /ops/switch-on', body: { scope: 'all', why: 'over' } },
    ]);
    expect(await kvitt(api.url, ['off', 'planet', '--text', 'a', '--why', 'b'])).toMatchObject({
      code: 2,
    });
  });

  test('kvitt notifications lists what waits, and kvitt resend sends it', async () => {
    const { code, stdout } = await kvitt(api.url, ['notifications']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/S-1001\.1 {2}2 +\d+ \w+ +charge\.captured {2}503\n/);
    expect((await kvitt(api.url, ['resend', chargeId])).code).toBe(0);
    expect(api.asked.at(-1)).toMatchObject({
      call: `POST /ops/notifications/${chargeId}/resend`,
      body: {},
    });
  });
});
