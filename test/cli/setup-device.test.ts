/** What is proven at a terminal is what the simulated device does; and whatever it does, no session is left behind. */
import { describe, expect, it } from 'vitest';
import type { Notes } from '../../cli/setup/notes.ts';
import { startStandIn } from './kvitt.ts';
import { personAt, secrets, startScene, stepIn, type Run, type Scene } from './setup-scene.ts';

const terminalId = 'T90001234-T0042';
const atDevice = ['--prove', '--terminal', terminalId];

function answers(notes: Notes | null): Record<string, unknown> {
  return Object.fromEntries((notes?.facts ?? []).map(({ name, value }) => [name, value]));
}

/** The sessions that were neither cancelled nor voided, and the money that is in or reserved. */
async function leftAt({ dintero }: Scene): Promise<string[]> {
  const ledger = await dintero.ledger();
  const of = (kind: string): (string | null)[] =>
    ledger.filter((entry) => entry.kind === kind).map(({ session_id }) => session_id);
  const ended = [...of('cancelled'), ...of('voided')];
  const open = of('session_created').filter((id) => !ended.includes(id));
  const reserved = of('authorised').filter((id) => !of('voided').includes(id));
  return [
    ...open.map((id) => `open ${id}`),
    ...reserved.map((id) => `reserved ${id}`),
    ...of('captured').map((id) => `captured ${id}`),
  ];
}

interface Row {
  name: string;
  behaviour?: object;
  args?: string[];
  person?: (scene: Scene) => Run['ask'];
  facts: Record<string, unknown>;
  env: string[];
}

const rows: Row[] = [
  {
    name: 'a device that obeys proves all, and the lines to set',
    behaviour: { prompt_lifetime_ms: 600 },
    facts: {
      create_prompts: true,
      cancel_ends_prompt: true,
      cancel_ends_prompt_with_card: true,
      prompt_lifetime_seconds: 1,
    },
    env: ['PROMPT_MODE=create', 'CANCEL_ENDS_PROMPT=true', 'PROMPT_LIFETIME_SECONDS=40'],
  },
  {
    name: 'a profile that starts the terminal only when published says so',
    behaviour: { prompt: 'publish', prompt_lifetime_ms: 600 },
    facts: { create_prompts: false, publish_prompts: true, cancel_ends_prompt: true },
    env: ['PROMPT_MODE=publish'],
  },
  {
    name: 'a profile that starts the terminal only when paid says so',
    behaviour: { prompt: 'pay', prompt_lifetime_ms: 600 },
    facts: { create_prompts: false, publish_prompts: false, pay_prompts: true },
    env: ['PROMPT_MODE=pay'],
  },
  {
    name: 'a prompt that outlives its cancel is never called ended, and the card is not tried',
    behaviour: { cancel_ends_prompt: false, prompt_lifetime_ms: 600 },
    facts: {
      create_prompts: true,
      cancel_ends_prompt: false,
      prompt_lifetime_seconds: 1,
    },
    env: ['CANCEL_ENDS_PROMPT=false', 'PROMPT_LIFETIME_SECONDS=40'],
  },
  {
    name: 'a card in the reader that is still approved outweighs a screen that was cleared',
    behaviour: { prompt_lifetime_ms: 600 },
    person: (scene) =>
      personAt(scene, terminalId, async (question) => {
        if (!question.includes('Insert the card')) return null;
        await scene.dintero.terminal(terminalId, { behaviour: { cancel_ends_prompt: false } });
        return null;
      }),
    facts: { cancel_ends_prompt: true, cancel_ends_prompt_with_card: false },
    env: ['CANCEL_ENDS_PROMPT=false'],
  },
  {
    name: 'a prompt that lives longer than anybody waits is not proven',
    behaviour: { prompt_lifetime_ms: 60_000 },
    facts: { create_prompts: true, cancel_ends_prompt: true, prompt_lifetime_seconds: null },
    env: ['# PROMPT_LIFETIME_SECONDS: not proven. Leave it empty: a person decides.'],
  },
  {
    name: 'a person who is not sure proves nothing',
    person: (scene) =>
      personAt(scene, terminalId, (question) => (question.includes('Does it ask') ? '?' : null)),
    facts: { create_prompts: null },
    env: ['# PROMPT_MODE: not proven. Run kvitt setup --prove.', 'CANCEL_ENDS_PROMPT=false'],
  },
  {
    name: 'a person who looks at another terminal is not believed against what Dintero noted',
    person: (scene) =>
      personAt(scene, terminalId, (question) => (question.includes('Does it ask') ? 'n' : null)),
    facts: { create_prompts: null },
    env: ['# PROMPT_MODE: not proven. Run kvitt setup --prove.'],
  },
  {
    name: 'without a test card a cancel is proven only half, and that is not enough',
    behaviour: { prompt_lifetime_ms: 600 },
    person: (scene) =>
      personAt(scene, terminalId, (question) => (question.includes('chip card') ? 'n' : null)),
    facts: { cancel_ends_prompt: true, cancel_ends_prompt_with_card: null },
    env: ['CANCEL_ENDS_PROMPT=false'],
  },
  {
    name: 'a simulated terminal answers by itself, and proves nothing about a screen',
    args: ['--prove', '--yes'],
    facts: { create_prompts: true, waits_for_capture: true },
    env: ['PROMPT_MODE=create', 'CANCEL_ENDS_PROMPT=false'],
  },
  {
    name: 'a simulated terminal that waits to be published to shows that too',
    behaviour: { prompt: 'publish' },
    args: ['--prove', '--yes'],
    facts: { create_prompts: false, publish_prompts: true, waits_for_capture: true },
    env: ['PROMPT_MODE=publish'],
  },
  {
    name: 'a simulated terminal that waits to be paid is found last',
    behaviour: { prompt: 'pay' },
    args: ['--prove', '--yes'],
    person: () => undefined,
    facts: { pay_prompts: true, create_prompts: false, publish_prompts: false },
    env: ['PROMPT_MODE=pay'],
  },
];

describe.concurrent('the facts of a device', () => {
  it.each(rows)('$name', async ({ behaviour = {}, args = atDevice, person, facts, env }) => {
    const scene = await startScene();
    try {
      await scene.dintero.behaviour(behaviour);
      // Known to Dintero as a real device, unless a simulated one is to be made.
      if (args === atDevice) await scene.dintero.terminal(terminalId, {});
      const ask = person === undefined ? personAt(scene, terminalId) : person(scene);
      const ran = await scene.run(args, ask === undefined ? {} : { ask });
      expect(answers(ran.notes)).toMatchObject(facts);
      expect(ran.notes?.env).toEqual(expect.arrayContaining(env));
      expect(await leftAt(scene)).toEqual([]);
      // An id of a session is enough to abandon or start a payment.
      const all = ran.stdout + ran.stderr + ran.files;
      expect(all.replaceAll(scene.env['DINTERO_PROFILE_ID'] ?? '', '')).not.toMatch(
        /T90001234\.\w{10}/,
      );
      expect(all).not.toContain(secrets.client);
    } finally {
      await scene.close();
    }
  });

  it('a create whose answer is lost is looked for, told, and never sent again', async () => {
    const scene = await startScene();
    try {
      await scene.dintero.terminal(terminalId, {});
      await scene.dintero.fault({ endpoint: 'create_session', do: 'reset_after' });
      const ran = await scene.run(atDevice, { ask: personAt(scene, terminalId) });
      expect(await scene.dintero.calls({ endpoint: 'create_session' })).toHaveLength(1);
      expect(ran.notes?.facts).toEqual([]);
      const step = stepIn(ran.notes, 'device');
      expect(step).toMatchObject({ verdict: 'to do' });
      expect(step?.found.join(' ')).toMatch(/not known to be over.*press stop.*kvitt-setup-\d+/);
    } finally {
      await scene.close();
    }
  });

  it('money that is captured against the order is told, and that nothing waits for a capture', async () => {
    const scene = await startScene();
    try {
      await scene.dintero.behaviour({ capture_anyway: true });
      const { notes } = await scene.run(['--prove', '--yes']);
      expect(answers(notes)).toMatchObject({ waits_for_capture: false });
      const found = stepIn(notes, 'device')?.found.join(' ');
      expect(found).toMatch(/NOK 399.00 of test money was captured/);
    } finally {
      await scene.close();
    }
  });

  it('who leaves in the middle leaves no session behind, and a terminal that nobody calls idle stays off', async () => {
    const scene = await startScene();
    const off = { off: [], log: [] };
    const api = await startStandIn({
      'GET /ops/switches': { body: off },
      'POST /ops/switch-off': { body: off },
      'POST /ops/switch-on': { body: off },
    });
    try {
      await scene.dintero.terminal(terminalId, {});
      let leave = (): void => undefined;
      const ask = personAt(scene, terminalId, (question) => {
        if (question.includes('Does it ask')) leave();
        return null;
      });
      const onInterrupt = (listener: () => void): void => void (leave = listener);
      const env = { KVITT_URL: api.url, KVITT_TOKEN: secrets.token };
      const ran = await scene.run(atDevice, { ask, onInterrupt, env });
      const orders = api.asked.map(({ call }) => call);
      expect(orders).toContain('POST /ops/switch-off');
      expect(orders).not.toContain('POST /ops/switch-on');
      expect(stepIn(ran.notes, 'device')?.found.join(' ')).toMatch(
        /kvitt on terminal T90001234-T0042/,
      );
      expect(ran.code).toBe(6);
      expect(await scene.dintero.calls({ endpoint: 'create_session' })).toHaveLength(1);
      expect(await leftAt(scene)).toEqual([]);
      expect(stepIn(ran.notes, 'charge')).toMatchObject({ verdict: 'skipped' });
    } finally {
      await api.close();
      await scene.close();
    }
  });

  it('what was seen stays written down, and a sight against it wins', async () => {
    const scene = await startScene();
    try {
      await scene.dintero.terminal(terminalId, { behaviour: { prompt_lifetime_ms: 600 } });
      const ask = personAt(scene, terminalId);
      const first = await scene.run(atDevice, { ask });
      await scene.dintero.terminal(terminalId, { behaviour: { cancel_ends_prompt: false } });
      const { notes } = await scene.run(atDevice, { ask });
      expect(first.notes?.env).toContain('CANCEL_ENDS_PROMPT=true');
      expect(notes?.facts.slice(0, first.notes?.facts.length)).toEqual(first.notes?.facts);
      expect(notes?.env).toContain('CANCEL_ENDS_PROMPT=false');
    } finally {
      await scene.close();
    }
  });
});
