/** `kvitt setup`: every step says what it found and the way out; on production nothing is ever made, changed or prompted. */
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lifetimeToSet } from '../../cli/setup/facts.ts';
import { agrees, askOn } from '../../cli/setup/person.ts';
import { judgeProfile } from '../../cli/setup/profile.ts';
import { readSettings } from '../../cli/setup/settings.ts';
import { startHarness, type Harness } from '../harness.ts';
import { startStandIn } from './kvitt.ts';
import {
  personAt,
  secrets,
  startScene,
  stepIn,
  verdictsIn,
  type Ran,
  type Run,
  type Scene,
} from './setup-scene.ts';

const complete = {
  DINTERO_API_URL: 'https://api.dintero.com/v1',
  DINTERO_CHECKOUT_URL: 'https://checkout.dintero.com/v1',
  DINTERO_ACCOUNT_ID: 'T90001234',
  DINTERO_CLIENT_ID: 'a-client',
  DINTERO_CLIENT_SECRET: 'a-secret-of-it',
  DINTERO_PROFILE_ID: 'T90001234.abc',
};

describe(readSettings.name, () => {
  it.each([
    ['nothing', {}, Object.keys(complete)],
    ['all', complete, []],
    [
      'the example as it is',
      { ...complete, DINTERO_CLIENT_ID: 'your-client-id' },
      ['DINTERO_CLIENT_ID'],
    ],
    [
      'a URL without its prefix',
      { ...complete, DINTERO_API_URL: 'https://api.dintero.com' },
      ['DINTERO_API_URL'],
    ],
    [
      'a profile of production on a sandbox',
      { ...complete, DINTERO_PROFILE_ID: 'P90001234.abc' },
      ['DINTERO_PROFILE_ID'],
    ],
    [
      'half an account client',
      { ...complete, DINTERO_ACCOUNT_CLIENT_ID: 'x' },
      ['DINTERO_ACCOUNT_CLIENT_ID'],
    ],
  ])('of %s names what is missing or wrong', (_what, env, names) => {
    const { problems, dintero } = readSettings(env);
    expect(problems.map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining(names));
    expect(problems).toHaveLength(names.length);
    expect(dintero === null).toBe(names.length > 0);
  });

  it('calls nobody back, and is no Kvitt to Dintero', () => {
    const { dintero } = readSettings({ ...complete, PUBLIC_URL: 'https://pay.example' });
    expect(dintero).toMatchObject({ publicUrl: null, installation: 'kvitt-setup' });
  });
});

describe(judgeProfile.name, () => {
  const inPerson = { seitatech: { in_person: { enabled: true } } };
  it.each([
    ['nothing else', 200, inPerson, 'ok'],
    ['more', 200, { ...inPerson, vipps: { ecom: { enabled: true } } }, 'note'],
    ['others that are off', 200, { ...inPerson, vipps: { ecom: { enabled: false } } }, 'ok'],
    ['it off', 200, { seitatech: { in_person: { enabled: false } } }, 'to do'],
    ['all of the account', 200, { active_payment_types: { enabled: true } }, 'not proven'],
    ['something else', 200, { vipps: { ecom: { enabled: true } } }, 'not proven'],
    ['no configuration', 200, null, 'not proven'],
    ['no profile', 404, null, 'to do'],
    ['no right to see it', 403, null, 'not proven'],
  ])('with %s (%s)', (_what, status, configuration, verdict) => {
    const body = JSON.stringify({ profile_id: 'p', configuration });
    const judged = judgeProfile('p', { is: 'answered', status, body, retryAfterMs: 0 });
    expect(judged.verdict).toBe(verdict);
    expect(verdict === 'ok' || judged.todo.length > 0).toBe(true);
  });
});

it.each([
  [1, 40],
  [60, 90],
  [61, 100],
  [180, 270],
])('a prompt that was seen to live %s s may live %s', (measured, seconds) => {
  expect(lifetimeToSet(measured)).toBe(seconds);
});

describe('a person', () => {
  it.each([
    ['y', true],
    [' Ja ', true],
    ['n', false],
    ['', false],
    ['yep!', false],
    [null, false],
  ])('who says %j agrees: %s', async (answer, isYes) => {
    expect(await agrees(() => Promise.resolve(answer), 'Go on?')).toBe(isYes);
  });

  it('has answered only what was typed after the question', async () => {
    const typed = new PassThrough();
    const { ask, close } = askOn(typed, () => true);
    typed.write('too early\n');
    await new Promise((resolve) => setImmediate(resolve));
    const left = new AbortController();
    const given = ask('1 ', left.signal);
    left.abort();
    const answers = [given, ask('2 ')];
    typed.write('yes\n');
    expect(await Promise.all(answers)).toEqual([null, 'yes']);
    const last = ask('3 ');
    typed.end();
    expect(await last).toBeNull();
    expect(await ask('4 ')).toBeNull();
    close();
  });
});

async function inScene(
  use: (scene: Scene) => Promise<void>,
  options: Parameters<typeof startScene>[0] = {},
): Promise<void> {
  const scene = await startScene(options);
  try {
    await use(scene);
  } finally {
    await scene.close();
  }
}

const refused = (endpoint: string, status = 403): object => ({
  endpoint,
  times: 0,
  do: { kind: 'status', status },
});
const byHand = ['--terminal', 'T90001234-T0007', '--store', 'oslo-1', '--payout-destination', 's9'];

interface Row {
  name: string;
  faults?: object[];
  env?: (scene: Scene) => Run['env'];
  terminal?: object;
  args?: string[];
  step: string;
  verdict: string;
  says: RegExp;
  /** What becomes of steps after it. */
  after?: Record<string, string>;
}

const rows: Row[] = [
  {
    name: 'a wrong secret',
    env: () => ({ DINTERO_CLIENT_SECRET: 'another-secret' }),
    step: 'token',
    verdict: 'to do',
    says: /401.*is wrong.*make a new API client/,
    after: { rights: 'skipped', terminal: 'skipped', charge: 'skipped', service: 'to do' },
  },
  {
    name: 'a client of another account',
    env: () => ({ DINTERO_ACCOUNT_ID: 'T90009999', DINTERO_PROFILE_ID: 'default' }),
    step: 'token',
    verdict: 'to do',
    says: /403.*may not open T90009999/,
  },
  {
    name: 'an address with the wrong prefix',
    env: ({ url }) => ({ DINTERO_API_URL: `${url}/v9` }),
    step: 'token',
    verdict: 'to do',
    says: /404.*needs its prefix/,
  },
  {
    name: 'an address where nobody listens',
    env: () => ({ DINTERO_API_URL: 'http://127.0.0.1:2/v1' }),
    step: 'token',
    verdict: 'to do',
    says: /ECONNREFUSED.*Nothing listens there/,
  },
  {
    name: 'no right to read payments',
    faults: [refused('list_transactions')],
    step: 'rights',
    verdict: 'to do',
    says: /may not read payments \(403\).*admin:checkout or read:checkout/,
    after: { charge: 'skipped', terminal: 'ok' },
  },
  {
    name: 'no right to write payments',
    faults: [refused('cancel_session')],
    step: 'rights',
    verdict: 'to do',
    says: /may not start.*write:checkout/,
  },
  {
    name: 'no right to terminals and stores',
    faults: [refused('list_terminals'), refused('list_stores')],
    step: 'rights',
    verdict: 'note',
    says: /may not read terminals \(403\).*DINTERO_ACCOUNT_CLIENT_ID/,
    after: { store: 'to do', terminal: 'skipped' },
  },
  {
    name: 'no right to terminals and stores, and all three named by hand',
    faults: [refused('list_terminals'), refused('list_stores')],
    args: byHand,
    step: 'terminal',
    verdict: 'not proven',
    says: /T90001234-T0007, store oslo-1, seller s9: whether it is active could not be read/,
  },
  {
    name: 'no right to make a terminal',
    faults: [refused('create_terminal')],
    step: 'terminal',
    verdict: 'to do',
    says: /was not made: Dintero answered 403.*write:accounts/,
  },
  {
    name: 'a create of a terminal whose answer is lost',
    faults: [{ endpoint: 'create_terminal', do: 'reset_after' }],
    step: 'terminal',
    verdict: 'ok',
    says: /T90001234-T0001.*simulated.*It was made now/,
  },
  {
    name: 'a profile that does not exist',
    env: () => ({ DINTERO_PROFILE_ID: 'T90001234.other' }),
    step: 'profile',
    verdict: 'to do',
    says: /no such profile.*Payment Profiles/,
  },
  {
    name: 'a terminal that waits for its update',
    terminal: { status: 'ACTION_REQUIRED', status_reason: 'CHECK_UPDATE' },
    args: ['--terminal', 'T90001234-T0007'],
    step: 'terminal',
    verdict: 'to do',
    says: /action_required \(CHECK_UPDATE\), connect it to the network/,
  },
  {
    name: 'a terminal of production on a sandbox',
    args: ['--terminal', 'P90001234-T0007'],
    step: 'terminal',
    verdict: 'to do',
    says: /is no terminal of T90001234.*never mixed/,
  },
  {
    name: 'a public address that is private, for the real Dintero',
    env: () => ({ DINTERO_API_URL: 'https://dintero.invalid/v1', PUBLIC_URL: 'http://10.0.0.7' }),
    step: 'public_url',
    verdict: 'to do',
    says: /https only, and cannot reach 10.0.0.7/,
  },
];

describe.concurrent('a step', () => {
  it.each(rows)('tells $name, and the way out', async (row) => {
    await inScene(async (scene) => {
      const { faults = [], env = () => ({}), args = [], step, after = {} } = row;
      for (const fault of faults) await scene.dintero.fault(fault);
      if (row.terminal !== undefined) await scene.dintero.terminal('T90001234-T0007', row.terminal);
      const { notes, code } = await scene.run(['--yes', ...args], { env: env(scene) ?? {} });
      const { found, todo, verdict } = stepIn(notes, step) ?? { found: [], todo: [] };
      expect([...found, ...todo].join(' ')).toMatch(row.says);
      expect({ ...verdictsIn(notes), code, verdict }).toMatchObject({
        ...after,
        verdict: row.verdict,
        code: 6,
      });
    });
  });

  it('makes nothing and charges nothing when nobody says yes', async () => {
    await inScene(async (scene) => {
      const { notes } = await scene.run(['--prove']);
      expect(stepIn(notes, 'terminal')).toMatchObject({ verdict: 'to do' });
      expect(await scene.dintero.calls({ endpoint: 'create_terminal' })).toEqual([]);
      expect(await scene.dintero.ledger()).toEqual([]);
    });
  });

  it('only reads on production, whatever was typed', async () => {
    const account = { accountId: 'P90001234', profileId: 'P90001234.abc' };
    await inScene(async (scene) => {
      const terminalId = 'P90001234-T0007';
      await scene.dintero.terminal(terminalId, {});
      const args = ['--yes', '--prove', '--terminal', terminalId];
      const { notes } = await scene.run(args, { ask: personAt(scene, terminalId) });
      const calls = await scene.dintero.calls();
      expect(calls.filter(({ endpoint }) => !/^(token|get_|list_)/.test(endpoint))).toEqual([]);
      expect(verdictsIn(notes)).toMatchObject({
        settings: 'ok',
        terminal: 'ok',
        device: 'skipped',
        charge: 'skipped',
      });
    }, account);
  });

  it('keeps a terminal free of charges while it is tried, and never tries one that is in use', async () => {
    const switches = { off: [], log: [] };
    const api = await startStandIn({
      'GET /readyz': { body: { is_ready: true, checks: [] } },
      'GET /ops/switches': { body: switches },
      'POST /ops/switch-off': { body: switches },
      'POST /ops/switch-on': { body: switches },
      'GET /charges': { body: { charges: [], next_cursor: null } },
    });
    await inScene(async (scene) => {
      const env = { KVITT_URL: api.url, KVITT_TOKEN: secrets.token };
      const { notes } = await scene.run(['--yes', '--prove'], { env });
      const orders = api.asked
        .map(({ call }) => call)
        .filter((call) => /switch-|\/charges/.test(call));
      expect(orders).toEqual([
        'POST /ops/switch-off',
        'GET /charges',
        'POST /ops/switch-on',
        'POST /charges',
      ]);
      expect(stepIn(notes, 'device')?.found.join(' ')).toMatch(
        /Creating a session brought a payment/,
      );
    });
    await api.close();
  });
});

describe('through a running Kvitt', () => {
  let kvitt: Harness;
  beforeAll(async () => {
    kvitt = await startHarness({ deadlineSeconds: 300, durations: { sendWindow: 5_000 } });
  });
  afterAll(async () => {
    await kvitt.stop();
  });

  const run = async (env: Record<string, string> = {}): Promise<Ran> => {
    const scene = await startScene();
    const terminalId = kvitt.freshTerminal();
    await kvitt.simulator.terminal(terminalId, { customer: { action: 'tap', delay_ms: 200 } });
    const dintero = `${kvitt.simulator.url}/v1`;
    try {
      return await scene.run(['--terminal', terminalId], {
        ask: personAt({ url: kvitt.simulator.url, dintero: kvitt.simulator }, terminalId),
        env: {
          DINTERO_API_URL: dintero,
          DINTERO_CHECKOUT_URL: dintero,
          DINTERO_CLIENT_SECRET: 'simulator',
          DINTERO_SIGNATURE_SECRET: 'whsec-test',
          PUBLIC_URL: kvitt.url,
          KVITT_URL: kvitt.url,
          KVITT_TOKEN: kvitt.opsToken,
          ...env,
        },
      });
    } finally {
      await scene.close();
    }
  };

  it('the first charge is captured, Dintero calls back, and its signature is good', async () => {
    const { notes, code, stdout, stderr, files } = await run();
    const { profile, terminal, service, public_url, signature, charge, callback } =
      verdictsIn(notes);
    expect({ profile, terminal, service, public_url, signature, charge, callback }).toEqual({
      profile: 'ok',
      terminal: 'ok',
      // Temporal of the tests forgets after a day.
      service: 'note',
      public_url: 'ok',
      signature: 'ok',
      charge: 'ok',
      callback: 'ok',
    });
    expect(code).toBe(0);
    for (const secret of ['whsec-test', kvitt.opsToken]) {
      expect(stdout + stderr + files).not.toContain(secret);
    }
  });

  it('a secret that the api does not have is found before the first charge', async () => {
    const { notes } = await run({ DINTERO_SIGNATURE_SECRET: 'whsec-other' });
    expect(stepIn(notes, 'signature')).toMatchObject({ verdict: 'to do' });
    expect(stepIn(notes, 'signature')?.found.join(' ')).toMatch(/signature is bad/);
  });
});
