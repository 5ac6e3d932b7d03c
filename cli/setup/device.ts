/**
 * The facts about devices that only devices can prove (PROMPT_MODE, CANCEL_ENDS_PROMPT, PROMPT_LIFETIME_SECONDS): real
 * sessions of a tiny amount on a sandbox terminal, and a person who says what is on its screen.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { money } from '../tables.ts';
import { concluded, promptModeOf, type Fact } from './facts.ts';
import { agrees, askWithin, sees } from './person.ts';
import {
  amountAt,
  endTrial,
  eventsOf,
  leftover,
  lookAt,
  lookForPayment,
  openTrial,
  ways,
} from './trial.ts';
import type { Ending, Trial, Way } from './trial.ts';
import type { Place, Setup } from './walk.ts';

/** The trials of one run: what was proven, and what a person has to know of what is left. */
interface Trials {
  facts: Fact[];
  leftovers: string[];
  /** The terminal is known to ask for no card: it may take charges again. */
  isIdle: boolean;
}

/** What one trial works with. */
export interface Stage {
  setup: Setup;
  place: Place;
  trials: Trials;
}

function noteFact(
  { setup, place, trials }: Stage,
  fact: Pick<Fact, 'name' | 'value' | 'seen'>,
): void {
  const { terminal, isSimulated } = place;
  const noted: Fact = {
    at: new Date().toISOString(),
    ...fact,
    terminal_id: terminal.terminalId,
    model: terminal.model,
    is_simulated: isSimulated,
    profile_id: setup.dintero?.config.profileId ?? '',
  };
  trials.facts.push(noted);
  setup.facts.push(noted);
  setup.tell(`      -> ${fact.seen}`);
}

/** Runs `look` while the session lives, and always ends it. null: nothing could be started. */
async function withTrial(
  stage: Stage,
  way: Way,
  look: (trial: Trial) => Promise<void>,
): Promise<{ trial: Trial; ending: Ending } | null> {
  const { setup, place, trials } = stage;
  // Two prompts on one terminal prove nothing, and may take money.
  if (!trials.isIdle) return null;
  const opened = await openTrial(setup, place, way);
  if ('refused' in opened) {
    trials.leftovers.push(opened.refused);
    setup.tell(`      ${opened.refused}`);
    return null;
  }
  setup.tell(`      A session is made: ${opened.reference}.`);
  trials.isIdle = false;
  let ending: Ending;
  try {
    if (opened.sessionId === null)
      setup.tell('      Its answer was lost: it is looked for, not sent again.');
    else await look(opened);
  } finally {
    ending = await endTrial(setup, opened);
    // Nobody has to look at a simulated one; a device is idle when a person has said so.
    trials.isIdle = place.isSimulated && ending.is !== 'unclear';
    const left = leftover(opened, ending, setup.options.currency);
    if (left !== null) {
      trials.leftovers.push(left);
      setup.tell(`      ${left}`);
    }
  }
  return { trial: opened, ending };
}

export function moneyAt({ setup, place }: Stage): string {
  return money(amountAt(place), setup.options.currency);
}

const words: Record<Way, string> = {
  create: 'Creating a session',
  publish: 'Publishing a session to it',
  pay: 'Paying a session',
};

/** A simulated terminal has no screen: that it pays is that it was started. */
export async function proveAtSimulated(stage: Stage): Promise<void> {
  const silent: Way[] = [];
  for (const way of ways) {
    if (stage.setup.interrupted.aborted) return;
    const startedAt = Date.now();
    const seconds = Math.round(stage.setup.pace.simulated / 1000);
    let isPaid = false;
    const done = await withTrial(stage, way, async (trial) => {
      const transaction = await lookForPayment(stage.setup, trial, stage.setup.pace.simulated);
      if (transaction === null) return;
      isPaid = true;
      const after = ((Date.now() - startedAt) / 1000).toFixed(1);
      for (const one of silent) {
        const seen = `${words[one]} brought no payment in ${seconds} s, ${words[way].toLowerCase()} did.`;
        noteFact(stage, { name: `${one}_prompts`, value: false, seen });
      }
      const seen = `${words[way]} brought a payment after ${after} s.`;
      noteFact(stage, { name: `${way}_prompts`, value: true, seen });
      await noteCapture(stage, trial);
    });
    if (done === null || isPaid) return;
    silent.push(way);
  }
  const seen = `No payment came, however the terminal was started.`;
  noteFact(stage, { name: 'create_prompts', value: null, seen });
}

/** Some looks later: a capture that nobody asked for may come right after the approval. */
async function noteCapture(stage: Stage, trial: Trial): Promise<void> {
  const { setup } = stage;
  await sleep(setup.pace.look * 5);
  const transaction = (await lookAt(setup, trial))?.transaction ?? null;
  const isReserved = transaction?.status === 'authorised';
  const isKnown = isReserved || (transaction?.capturedAmount ?? 0) > 0;
  noteFact(stage, {
    name: 'waits_for_capture',
    value: isKnown ? isReserved : null,
    seen: `With auto_capture false it was read as ${transaction?.status ?? 'nothing'}.`,
  });
}

/** At a device: what starts it, what a cancel does, how long it waits. */
export async function proveAtDevice(stage: Stage): Promise<void> {
  const way = await findWay(stage);
  if (way === null) return;
  await proveCancelWithCard(stage, way);
  await proveLifetime(stage, way);
}

async function findWay(stage: Stage): Promise<Way | null> {
  const { setup, place, trials } = stage;
  for (const way of ways) {
    if (setup.interrupted.aborted) return null;
    setup.tell(`\n      ${words[way]}: does that start the terminal? Present no card.`);
    let shown: string = 'unsure';
    const done = await withTrial(stage, way, async (trial) => {
      const question = `      Look at ${place.terminal.terminalId} for 20 seconds. Does it ask for ${moneyAt(stage)}?`;
      shown = await sees(setup.ask, question);
      const events = await eventsOf(setup, trial);
      const isContradicted = shown === 'no' && events.includes('PAY_LOCK_START');
      const value = shown === 'unsure' || isContradicted ? null : shown === 'yes';
      const noted = events.length === 0 ? '' : `; Dintero noted ${events.join(', ')}`;
      const seen = `${words[way]}: the person saw ${sightOf(shown)}${noted}.`;
      noteFact(stage, { name: `${way}_prompts`, value, seen });
      // Something was started all the same: whoever looks elsewhere must not prove that nothing was.
      if (isContradicted) shown = 'unsure';
    });
    if (done === null) return null;
    if (shown === 'unsure') {
      await untilIdle(stage);
      return null;
    }
    trials.isIdle = shown === 'no' && done.trial.sessionId !== null;
    if (shown === 'yes') {
      await proveCancel(stage, done.ending);
      return promptModeOf(trials.facts);
    }
  }
  return null;
}

function sightOf(shown: string): string {
  return shown === 'yes' ? 'the prompt' : shown === 'no' ? 'no prompt' : 'nothing for certain';
}

/** The session was just read as cancelled: is it gone from the screen? */
async function proveCancel(stage: Stage, ending: Ending): Promise<void> {
  const { setup } = stage;
  const name = 'cancel_ends_prompt';
  if (ending.is !== 'no_payment') {
    const seen = `Not proven: the session ended as ${ending.is}, not simply cancelled.`;
    return noteFact(stage, { name, value: null, seen });
  }
  const question =
    '      Dintero shows the session as cancelled. Is the amount gone from the terminal?';
  const gone = await sees(setup.ask, question);
  const value = gone === 'unsure' ? null : gone === 'yes';
  const said = { yes: 'it was gone', no: 'it was still there', unsure: 'nobody could say' }[gone];
  noteFact(stage, { name, value, seen: `After the cancel was read, ${said}.` });
  if (gone === 'yes') stage.trials.isIdle = true;
  else await untilIdle(stage);
}

async function untilIdle({ setup, trials }: Stage): Promise<void> {
  const question =
    '      Press stop on the terminal, or wait, until it is idle. Then press Enter. ';
  trials.isIdle = (await setup.ask(question)) !== null;
}

async function proveCancelWithCard(stage: Stage, way: Way): Promise<void> {
  const { setup, trials } = stage;
  const name = 'cancel_ends_prompt_with_card';
  // It is believed only together with the plain case.
  if (concluded(trials.facts, 'cancel_ends_prompt') !== true || setup.interrupted.aborted) return;
  setup.tell('\n      And with a card in the reader? Use a test card, never a real one.');
  const hasCard = await agrees(
    setup.ask,
    '      Have you a chip card for tests that asks for a PIN?',
  );
  if (!hasCard) {
    return noteFact(stage, {
      name,
      value: null,
      seen: 'Not proven: there was no test card with a PIN.',
    });
  }
  let isInside: string | null = null;
  const done = await withTrial(stage, way, async () => {
    const question = '      Insert the card, enter NO PIN. Does the terminal ask for the PIN?';
    isInside = await sees(setup.ask, question);
  });
  if (done === null) return;
  if (isInside !== 'yes' || done.ending.is !== 'no_payment') {
    const seen = 'Not proven: it was not cancelled with a card inside.';
    noteFact(stage, { name, value: null, seen });
    return await untilIdle(stage);
  }
  await proveUnpayable(stage, done.trial);
  await untilIdle(stage);
}

/** It was read as cancelled while the card was inside: can the customer still pay it? */
async function proveUnpayable(stage: Stage, trial: Trial): Promise<void> {
  const { setup, trials } = stage;
  const question = '      It is cancelled. Enter the PIN if the terminal lets you. Is it approved?';
  const approved = await sees(setup.ask, question);
  const late = await lookForPayment(setup, trial, setup.pace.look * 10);
  const ending: Ending = late === null ? { is: 'no_payment' } : await endTrial(setup, trial);
  const left = leftover(trial, ending, setup.options.currency);
  if (left !== null) trials.leftovers.push(left);
  const fact = { name: 'cancel_ends_prompt_with_card' } as const;
  const seen = 'Cancelled with a card in the reader,';
  // Also a declined one: the device would have taken another card.
  if (approved === 'yes' || late !== null) {
    return noteFact(stage, { ...fact, value: false, seen: `${seen} it could still be paid.` });
  }
  const value = approved === 'no' ? true : null;
  const said = value === true ? 'it was not paid' : 'nobody could say';
  noteFact(stage, { ...fact, value, seen: `${seen} ${said}.` });
}

async function proveLifetime(stage: Stage, way: Way): Promise<void> {
  const { setup } = stage;
  const name = 'prompt_lifetime_seconds';
  if (setup.interrupted.aborted) return;
  const most = Math.round(setup.pace.lifetimeMax / 1000);
  setup.tell(`\n      How long does a prompt live? Touch nothing; at most ${most} s.`);
  let measured: number | null = null;
  let seen = `Not proven: after ${most} s it was still there, or nobody said when it went.`;
  const done = await withTrial(stage, way, async (trial) => {
    const went = await askWithin(
      setup.ask,
      '      Press Enter the moment the amount goes away. ',
      setup.pace.lifetimeMax,
    );
    if (went === null) return;
    const seconds = Math.ceil((Date.now() - trial.startedAt) / 1000);
    if ((await sees(setup.ask, '      Is the terminal idle now, without the amount?')) !== 'yes')
      return;
    measured = seconds;
    seen = `The prompt went away by itself after ${seconds} s.`;
  });
  if (done === null) return;
  if (done.ending.is !== 'no_payment') {
    measured = null;
    seen = `Not proven: the session ended as ${done.ending.is}.`;
  }
  noteFact(stage, { name, value: measured, seen });
  if (measured === null) await untilIdle(stage);
  else stage.trials.isIdle = true;
}
