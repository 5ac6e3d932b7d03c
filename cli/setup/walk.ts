/** The walk through the steps: each one told before it runs, and left out where one before it has to work first. */
import type { TerminalFacts } from '../../activities/dintero/account-facts.ts';
import type { Client } from '../client.ts';
import type { Look } from '../views.ts';
import type { Reached } from './dintero.ts';
import { finding, findingText, heading, type Finding } from './findings.ts';
import type { Fact } from './facts.ts';
import type { Ask } from './person.ts';
import type { Settings } from './settings.ts';

export interface SetupOptions {
  terminal?: string;
  store?: string;
  payoutDestination?: string;
  currency: string;
  /** Yes to everything that is done; never to what only eyes can see. */
  yes: boolean;
  prove: boolean;
  out: string;
  envFile?: string;
}

/** Every duration of the walk, in ms: tests scale them down. */
export interface Pace {
  /** One call to Dintero, as a charge's own. */
  call: number;
  /** Between two looks at a session. */
  look: number;
  /** How long a terminal that was switched off has to be left alone: the api obeys in a second, lists lag by some. */
  quiet: number;
  /** How long a simulated terminal has to answer: its delay is not documented. */
  simulated: number;
  /** How long a session that was cancelled is read until it is final. */
  settle: number;
  /** How long a prompt is watched before its lifetime counts as not proven. */
  lifetimeMax: number;
  /** How long the first charge may take. */
  charge: number;
  /** How long a callback is waited for. */
  callback: number;
}

const seconds = 1000;
export const realPace: Pace = {
  call: 15 * seconds,
  look: 1 * seconds,
  quiet: 5 * seconds,
  simulated: 45 * seconds,
  settle: 90 * seconds,
  // Twice what a charge waits for a customer, and more than any card reader is known to.
  lifetimeMax: 600 * seconds,
  charge: 300 * seconds,
  callback: 30 * seconds,
};

/** Where a charge is made. */
export interface Place {
  terminal: TerminalFacts;
  storeId: string;
  payoutDestinationId: string;
  /** Answers by itself, and nobody can look at it. */
  isSimulated: boolean;
}

/** The running Kvitt, as a person with a token sees it, and as a till does. */
export interface Service {
  url: string;
  headers: Record<string, string>;
  hasToken: boolean;
  person: Client;
  till: Client;
}

/** The first charge, and what the api had counted of callbacks before it. */
interface FirstCharge {
  chargeId: string;
  counts: Map<string, number> | null;
}

export interface Setup {
  look: Look;
  settings: Settings;
  options: SetupOptions;
  pace: Pace;
  ask: Ask;
  /** What is told on the way: text for people, whatever is printed at the end. */
  tell: (text: string) => void;
  /** Ends with the first Ctrl-C; what was begun at a terminal is ended before the command is. */
  interrupted: AbortSignal;
  /** null: the settings are not complete. */
  dintero: Reached | null;
  /** null: no terminal was chosen yet. */
  place: Place | null;
  /** False: what was tried there may still ask for a card. */
  isTerminalIdle: boolean;
  service: Service;
  charge: FirstCharge | null;
  facts: Fact[];
}

/** What a step may rest on once the settings are complete. */
export function reachedOf({ dintero }: Setup): Reached {
  if (dintero === null) throw new Error('A step runs before the settings are complete');
  return dintero;
}

export interface Step {
  name: string;
  title: string;
  checks: (setup: Setup) => string;
  /** What has to work before. */
  needs: string[];
  run: (setup: Setup) => Promise<Finding>;
}

export interface Done extends Finding {
  name: string;
  title: string;
}

/** All steps in order. What does not rest on a step that failed goes on: one run shows everything that is to be done. */
export async function walk(setup: Setup, steps: readonly Step[]): Promise<Done[]> {
  const { tell, look } = setup;
  const done: Done[] = [];
  for (const [index, step] of steps.entries()) {
    const { name, title } = step;
    const place = { number: index + 1, of: steps.length, title };
    const first = setup.interrupted.aborted ? ['the command was ended'] : missingFor(step, done);
    if (first.length > 0) {
      // One line: what matters is the step that it waits for.
      const skipped = finding('skipped', `first: ${first.join(', ')}.`);
      tell(`${heading(look, place)}: ${findingText(look, skipped).trimStart()}`);
      done.push({ name, title, ...skipped });
      continue;
    }
    tell(`${heading(look, place)}\n      checks: ${step.checks(setup)}`);
    const found = await step.run(setup);
    tell(findingText(look, found));
    done.push({ name, title, ...found });
  }
  return done;
}

function missingFor({ needs }: Step, done: Done[]): string[] {
  const isMissing = ({ name, verdict }: Done): boolean =>
    needs.includes(name) && ['to do', 'skipped'].includes(verdict);
  return done.filter(isMissing).map(({ title }) => title);
}
