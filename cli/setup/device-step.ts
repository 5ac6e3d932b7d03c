/** The step that proves facts at a terminal: what is said before, the terminal kept free meanwhile, what was proven. */
import { setTimeout as sleep } from 'node:timers/promises';
import { switchesSchema } from '../answers.ts';
import { Failure } from '../failures.ts';
import { proveAtDevice, proveAtSimulated, moneyAt, type Stage } from './device.ts';
import { concluded, type Fact } from './facts.ts';
import { finding, type Finding } from './findings.ts';
import { openChargeAt } from './first-charge.ts';
import { agrees, nobody } from './person.ts';
import type { Setup, Step } from './walk.ts';

const announcement = (stage: Stage): string[] => {
  const { place, setup } = stage;
  const most = Math.round(setup.pace.lifetimeMax / 60_000);
  const terminal = place.terminal.terminalId;
  return place.isSimulated
    ? [
        `Up to three sessions of ${moneyAt(stage)} are made at the simulated terminal ${terminal}, one after the other.`,
        'It approves them by itself. Each is only reserved, then voided and read until it is final.',
      ]
    : [
        `Up to five sessions of ${moneyAt(stage)} are made at ${terminal}, one after the other; it will ask for a card.`,
        'Present NO card unless you are told to, and then only a test card. Each session is cancelled and read until it is',
        `final, also if you press Ctrl-C. It takes about five minutes, at most ${most + 5}: a prompt is left alone to see how long it lives.`,
        'You are asked what the screen shows. If you are not sure, answer ?: then nothing is proven, and nothing is guessed.',
      ];
};

export const deviceStep: Step = {
  name: 'device',
  title: 'Facts of the device',
  needs: ['rights', 'terminal'],
  checks: ({ options }) =>
    options.prove
      ? 'what starts the terminal, whether a cancel clears it, how long a prompt lives'
      : 'nothing now: kvitt setup --prove tries what starts the terminal, and what ends its prompt',
  run: async (setup) => {
    const { options, settings, place } = setup;
    const later = 'kvitt setup --prove, with somebody in front of a real terminal.';
    if (!options.prove) return finding('skipped', 'It was not asked for.', later);
    if (!settings.isSandbox) {
      return finding('skipped', 'On production nothing is prompted to try something out.', later);
    }
    if (place === null) return finding('skipped', 'No terminal was chosen.');
    const stage: Stage = { setup, place, trials: { facts: [], leftovers: [], isIdle: true } };
    for (const line of announcement(stage)) setup.tell(`      ${line}`);
    if (!place.isSimulated && setup.ask === nobody) {
      return finding('skipped', 'Nobody is here to look at the terminal.', later);
    }
    const isWanted = place.isSimulated && options.yes;
    if (!isWanted && !(await agrees(setup.ask, '      Go on?'))) {
      return finding('skipped', 'Nobody said yes.', later);
    }
    return await withTerminal(stage);
  },
};

/** No till may prompt there meanwhile: two prompts on one terminal prove nothing, and may take money. */
async function withTerminal(stage: Stage): Promise<Finding> {
  const { setup, place } = stage;
  const { terminalId } = place.terminal;
  const switched = await switchTerminal(setup, 'off', terminalId);
  if (switched === 'failed') {
    const question = `      This command cannot keep tills away from ${terminalId} (that needs KVITT_TOKEN and a running Kvitt). Is it free for some minutes?`;
    const isFree = (place.isSimulated && setup.options.yes) || (await agrees(setup.ask, question));
    if (!isFree) return finding('to do', `${terminalId} may be in use.`, 'Try it when it is free.');
  }
  try {
    if (switched === 'done') await sleep(setup.pace.quiet);
    const open = await openChargeAt(setup, terminalId);
    if (open !== null) {
      return finding('to do', `Charge ${open} is open at ${terminalId}.`, `kvitt show ${open}`);
    }
    await (place.isSimulated ? proveAtSimulated(stage) : proveAtDevice(stage));
  } finally {
    if (!stage.trials.isIdle) leaveOff(stage, switched === 'done');
    else if (switched === 'done') await switchTerminal(setup, 'on', terminalId);
  }
  return judgeTrials(stage);
}

/** Its prompt may live, and a till that starts another one there would have two. */
function leaveOff({ setup, place, trials }: Stage, isOff: boolean): void {
  const { terminalId } = place.terminal;
  const on = `kvitt on terminal ${terminalId} --why "it is idle"`;
  const left = `Nobody has said that ${terminalId} is idle: look, and press stop if it asks for a card.`;
  const off = isOff ? ` It takes no charges until you type: ${on}` : '';
  setup.isTerminalIdle = false;
  setup.tell(`      ${left}${off}`);
  trials.leftovers.push(left + off);
}

/** `already`: somebody else has switched it off, and will switch it on. */
async function switchTerminal(
  setup: Setup,
  to: 'off' | 'on',
  id: string,
): Promise<'done' | 'already' | 'failed'> {
  const { service } = setup;
  if (!service.hasToken) return 'failed';
  const target = { scope: 'terminal', id };
  const why = 'kvitt setup --prove tries this terminal';
  const text = 'This terminal is being tried out. Use another one.';
  try {
    const known = await service.person.get('/ops/switches', switchesSchema);
    const isOff = known.off.some((one) => one.scope === 'terminal' && one.id === id);
    if (to === 'off' && isOff) return 'already';
    const body = to === 'off' ? { ...target, why, text } : { ...target, why };
    await service.person.post(`/ops/switch-${to}`, switchesSchema, body);
    const effect = to === 'off' ? 'takes no new charges meanwhile' : 'takes charges again';
    setup.tell(`      ${id} ${effect} (kvitt ${to} terminal).`);
    return 'done';
  } catch (err) {
    if (!(err instanceof Failure)) throw err;
    if (to === 'on')
      setup.tell(`      IT IS STILL SWITCHED OFF: kvitt on terminal ${id} --why "${why}"`);
    return 'failed';
  }
}

/** What a charge rests on (design 8); a simulated terminal can only show the first. */
const atDevice: Fact['name'][] = [
  'cancel_ends_prompt',
  'cancel_ends_prompt_with_card',
  'prompt_lifetime_seconds',
];

function judgeTrials({ place, trials }: Stage): Finding {
  const { facts, leftovers } = trials;
  const found = [...facts.map(({ seen }) => seen), ...leftovers];
  const isStarted = facts.some(({ name, value }) => name.endsWith('_prompts') && value === true);
  const missing = atDevice.filter((name) => concluded(facts, name) === null);
  if (leftovers.length > 0)
    return { verdict: 'to do', found, todo: ['See to what is left first.'] };
  if (!isStarted) {
    const todo = 'Is the profile for terminals, the terminal switched on and idle? Then try again.';
    return { verdict: 'not proven', found, todo: [todo] };
  }
  if (missing.length === 0) return { verdict: 'ok', found, todo: [] };
  const todo = place.isSimulated
    ? 'What ends a prompt can only be seen on a real terminal: kvitt setup --prove --terminal <id>.'
    : 'Not proven is not proven: try again, or leave those settings as they are.';
  return { verdict: 'not proven', found, todo: [todo] };
}
