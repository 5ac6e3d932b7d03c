/** Stores and terminals on the command line: what is asked of the API, and what a person reads. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kvitt, minutesAgo, problem, startStandIn, type StandIn } from './kvitt.ts';

const id = 'T90001234-T0003';
const terminal = {
  terminal_id: id,
  store_id: 'bergen-01',
  payout_destination_id: 'seller-9',
  status: 'action_required',
  status_reason: 'CHECK_UPDATE',
  model: 'S1P2',
  serial_number: '123456789012',
};
const store = {
  store_id: 'bergen-01',
  name: 'Bergen',
  payout_destination_id: 'seller-9',
  status: 'active',
};
const operation = {
  operation_id: 'end_of_day-1',
  operation: 'end_of_day',
  state: 'completed',
  text: 'The terminal has done it.',
  totals: { batch_id: '000001', purchases_count: 2, purchases_amount: 25_800, tip_amount: null },
  ordered_by: 'kari',
  created_at: minutesAgo(3),
};
const done = { outcome: 'done', text: 'Dintero shows it.', terminal: null, store: null };

let api: StandIn;

beforeAll(async () => {
  api = await startStandIn({
    'GET /stores': { body: { stores: [store] } },
    'GET /terminals': { body: { terminals: [terminal] } },
    [`GET /terminals/${id}`]: { body: terminal },
    [`GET /terminals/${id}/operations`]: { body: { operations: [operation], next_cursor: null } },
    [`GET /terminals/${id}/operations/end_of_day-1`]: { body: operation },
    [`POST /ops/terminals/${id}/operations`]: ({ body }, res) => {
      const isSlow = (body as { operation: string }).operation === 'end_of_day';
      const answer = isSlow
        ? { ...operation, state: 'sent', totals: null }
        : { ...operation, operation: 'send_logs', state: 'timeout', totals: null };
      res.writeHead(isSlow ? 202 : 200).end(JSON.stringify(answer));
    },
    'POST /ops/stores': { body: { ...done, store } },
    'POST /ops/stores/bergen-01': { body: { ...done, store } },
    'POST /ops/terminals': { body: { ...done, terminal } },
    [`POST /ops/terminals/${id}`]: { status: 202, body: { ...done, outcome: 'unclear' } },
    [`POST /ops/terminals/${id}/sync`]: { status: 409, body: problem('not_possible_now', 409) },
  });
});

afterAll(async () => {
  await api.close();
});

describe('the lists', () => {
  it.each([
    [['stores'], /^STORE +STATUS +SELLER +NAME\nbergen-01 +active +seller-9 +Bergen\n$/],
    [['terminals'], /\nT90001234-T0003 +action_required \(CHECK_UPDATE\) +bergen-01 +seller-9 /],
    [['terminal', id], /\nend_of_day +completed +3 min +kari +The terminal has done it\.\n$/],
  ])('show %j', async (args, expected) => {
    const { code, stdout } = await kvitt(api.url, args);
    expect([code, expected.exec(stdout)]).toEqual([0, expect.anything()]);
  });

  it('ask for what fits', async () => {
    await kvitt(api.url, [
      'terminals',
      '--store',
      'bergen-01',
      '--seller',
      's',
      '--status',
      'active',
    ]);
    expect(api.asked.at(-1)?.query).toEqual({
      store_id: 'bergen-01',
      payout_destination_id: 's',
      status: 'active',
    });
  });
});

describe('the orders', () => {
  it.each([
    [
      ['add-store', 'bergen-01', '--name', 'Bergen', '--organization-number', '9', '--seller', 's'],
      'POST /ops/stores',
      {
        store_id: 'bergen-01',
        name: 'Bergen',
        organization_number: '9',
        payout_destination_id: 's',
      },
      0,
    ],
    [
      ['change-store', 'bergen-01', '--seller', 's'],
      'POST /ops/stores/bergen-01',
      { payout_destination_id: 's' },
      0,
    ],
    [
      ['add-terminal', '123', '--store', 'bergen-01'],
      'POST /ops/terminals',
      { serial_number: '123', store_id: 'bergen-01' },
      0,
    ],
    [
      ['move-terminal', id, '--store', 'oslo-01'],
      `POST /ops/terminals/${id}`,
      { store_id: 'oslo-01' },
      5,
    ],
    [['sync-terminal', id], `POST /ops/terminals/${id}/sync`, {}, 3],
  ])('%j', async (args, call, body, code) => {
    expect((await kvitt(api.url, args)).code).toBe(code);
    expect(api.asked.at(-1)).toMatchObject({ call, body });
  });
});

describe('operate', () => {
  it('waits for the end, and shows what the terminal counted', async () => {
    const { code, stdout } = await kvitt(api.url, ['operate', id, 'end_of_day']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^end_of_day \| completed \| The terminal has done it\.\n/);
    expect(stdout).toMatch(
      /\nbatch_id +000001\npurchases_count +2\npurchases_amount +25800\ntip_amount +-\n$/,
    );
  });

  it('ends with 3 when the terminal has not done it', async () => {
    expect(await kvitt(api.url, ['operate', id, 'send_logs'])).toMatchObject({
      code: 3,
      stderr: '',
    });
  });

  it('knows the operations', async () => {
    expect(await kvitt(api.url, ['operate', id, 'reboot'])).toMatchObject({ code: 2, stdout: '' });
  });
});
