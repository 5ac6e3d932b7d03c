/** `kvitt setup` in front of a simulated account, with a person whose eyes are the simulator's own record of the screen. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runKvitt } from '../../cli/main.ts';
import type { Notes } from '../../cli/setup/notes.ts';
import type { Ask } from '../../cli/setup/person.ts';
import type { Pace } from '../../cli/setup/walk.ts';
import { controlSimulator, type SimulatorControl } from '../../scripts/dintero-simulator.ts';
import type { SimulatorOptions } from '../../simulator/config.ts';
import { createSimulator } from '../../simulator/simulator.ts';

export const secrets = {
  client: 'client-secret-7b1e',
  signature: 'whsec-setup-4c2d',
  webhook: 'hook-secret-9d0f',
  token: 'personal-token-51aa',
};

const pace: Pace = {
  call: 2_000,
  look: 20,
  quiet: 10,
  simulated: 400,
  settle: 1_000,
  lifetimeMax: 1_500,
  charge: 30_000,
  callback: 5_000,
};

export interface Ran {
  code: number;
  stdout: string;
  /** What was told on the way, and asked. */
  stderr: string;
  /** null: nothing could be written. */
  notes: Notes | null;
  /** Everything that was written. */
  files: string;
}

export interface Run {
  ask?: Ask;
  env?: Record<string, string | undefined>;
  pace?: Partial<Pace>;
  onInterrupt?: (listener: () => void) => void;
}

export interface Scene {
  url: string;
  dintero: SimulatorControl;
  env: Record<string, string>;
  run: (args: string[], run?: Run) => Promise<Ran>;
  close: () => Promise<void>;
}

export async function startScene(options: Partial<SimulatorOptions> = {}): Promise<Scene> {
  const simulator = await createSimulator({
    clientSecret: secrets.client,
    callbackRetriesMs: [20],
    answerDelayMs: 20,
    logLevel: 'silent',
    ...options,
  });
  const folder = await mkdtemp(join(tmpdir(), 'kvitt-setup-'));
  const env = {
    DINTERO_API_URL: `${simulator.url}/v1`,
    DINTERO_CHECKOUT_URL: `${simulator.url}/v1`,
    DINTERO_ACCOUNT_ID: simulator.options.accountId,
    DINTERO_CLIENT_ID: 'simulator',
    DINTERO_CLIENT_SECRET: simulator.options.clientSecret,
    DINTERO_PROFILE_ID: simulator.options.profileId,
    // Nobody listens there.
    KVITT_URL: 'http://127.0.0.1:9',
  };
  return {
    url: simulator.url,
    dintero: controlSimulator(simulator.url),
    env,
    run: async (args, run = {}) => await runIn({ folder, env, args, run }),
    close: async () => {
      await simulator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** In this process; what lies about in the folder of the tests is not read. */
async function runIn({
  folder,
  env,
  args,
  run,
}: {
  folder: string;
  env: Record<string, string | undefined>;
  args: string[];
  run: Run;
}): Promise<Ran> {
  const heard = { stdout: '', stderr: '' };
  const { ask, onInterrupt } = run;
  const code = await runKvitt({
    args: ['setup', '--env-file', '/dev/null', '--out', folder, ...args],
    environment: { ...env, ...run.env },
    stdout: { write: (text) => (heard.stdout += text) },
    stderr: { write: (text) => (heard.stderr += text) },
    ...(ask === undefined ? {} : { ask }),
    ...(onInterrupt === undefined ? {} : { onInterrupt }),
    pace: { ...pace, ...run.pace },
  });
  const names = await readdir(folder);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const json = texts[names.findIndex((name) => name.endsWith('.json'))];
  return {
    code,
    ...heard,
    notes: json === undefined ? null : (JSON.parse(json) as Notes),
    files: texts.join('\n'),
  };
}

export function verdictsIn(notes: Notes | null): Record<string, string> {
  return Object.fromEntries((notes?.steps ?? []).map(({ name, verdict }) => [name, verdict]));
}

export function stepIn(notes: Notes | null, name: string): Notes['steps'][number] | undefined {
  return notes?.steps.find((step) => step.name === name);
}

/** The session whose prompt is on the screen; null: the terminal is idle. */
async function promptAt(url: string, terminalId: string): Promise<object | null> {
  const response = await fetch(`${url}/simulator/terminals/${terminalId}`);
  return ((await response.json()) as { prompt: object | null }).prompt;
}

/** Answers what is asked by what the screen shows, truthfully; `instead` answers first, null leaves it to the eyes. */
export function personAt(
  { url, dintero }: Pick<Scene, 'url' | 'dintero'>,
  terminalId: string,
  instead: (question: string) => string | null | Promise<string | null> = () => null,
): Ask {
  const press = async (button: string): Promise<boolean> =>
    await dintero.press(terminalId, button).then(
      () => true,
      () => false,
    );
  const isIdle = async (): Promise<boolean> => (await promptAt(url, terminalId)) === null;
  const says = (isSo: boolean): string => (isSo ? 'y' : 'n');
  const eyes: [RegExp, (signal?: AbortSignal) => Promise<string | null>][] = [
    [/Go on\?|Is it free|chip card|Charge it now|Make the simulated/, async () => says(true)],
    [/Does it ask for|Does the terminal ask for the PIN/, async () => says(!(await isIdle()))],
    [/Is the amount gone|Is the terminal idle now/, async () => says(await isIdle())],
    [/Is it approved/, async () => says(await press('tap'))],
    [/Press stop/, async () => ((await press('stop')) ? '' : '')],
    [
      /Press Enter the moment/,
      async (signal) => {
        while (signal?.aborted !== true && !(await isIdle())) await sleep(10);
        return signal?.aborted === true ? null : '';
      },
    ],
  ];
  return async (question, signal) => {
    const own = await instead(question);
    if (own !== null) return own;
    const seen = eyes.find(([pattern]) => pattern.test(question))?.[1];
    if (seen === undefined) throw new Error(`Nobody knows what to say to: ${question}`);
    return await seen(signal);
  };
}
