/** `kvitt setup`: from an API client to a first charge, one checked step after the other, and a page of what was seen. */
import { createClient } from '../client.ts';
import { readCliConfig } from '../config.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Kvitt } from '../kvitt.ts';
import { accessSteps } from './access.ts';
import { deviceStep } from './device-step.ts';
import { reach } from './dintero.ts';
import { chargeSteps } from './first-charge.ts';
import { earlierFacts, notesOf, provenText, withoutSecrets, writeNotes } from './notes.ts';
import { askOn, nobody, type Ask } from './person.ts';
import { placeSteps } from './places.ts';
import { serviceSteps } from './service.ts';
import { readSettings, withEnvFile } from './settings.ts';
import { realPace, walk, type Done, type Service, type Setup } from './walk.ts';
import type { SetupOptions } from './walk.ts';

const steps = [...accessSteps, ...placeSteps, ...serviceSteps, deviceStep, ...chargeSteps];

export async function setUp(kvitt: Kvitt, options: SetupOptions): Promise<ExitCode> {
  const { stdin, stderr, ask, onInterrupt } = kvitt.around;
  const stop = new AbortController();
  onInterrupt?.(() => {
    kvitt.say('\nIt is being ended; what was begun at a terminal is cancelled first.');
    stop.abort();
  });
  const typed = stdin === undefined ? null : askOn(stdin, (text) => stderr.write(text));
  try {
    const person = ask ?? typed?.ask ?? nobody;
    return await walkThrough(kvitt, { options, person, interrupted: stop.signal });
  } finally {
    typed?.close();
  }
}

async function walkThrough(
  { look, print, say, around }: Kvitt,
  {
    options,
    person,
    interrupted,
  }: { options: SetupOptions; person: Ask; interrupted: AbortSignal },
): Promise<ExitCode> {
  const environment = withEnvFile(around.environment, options.envFile);
  const settings = readSettings(environment);
  const setup: Setup = {
    look,
    settings,
    options,
    pace: { ...realPace, ...around.pace },
    ask: person === nobody ? nobody : untilStopped(person, interrupted),
    tell: (text) => say(withoutSecrets(text, settings.secrets)),
    interrupted,
    dintero: settings.dintero === null ? null : reach(settings.dintero),
    place: null,
    isTerminalIdle: true,
    service: serviceOf(environment, settings.tillKey),
    charge: null,
    facts: [],
  };
  setup.facts.push(...earlierFacts(setup));
  const done = await walk(setup, steps);
  const notes = notesOf(setup, done);
  await print(notes, () => ['', ...provenText(look, notes), summary(done)].join('\n'));
  const written =
    settings.accountId === null ? { problem: 'no account is known' } : writeNotes(setup, notes);
  if ('files' in written) say(`Written down: ${written.files.join(', ')}`);
  else say(`Nothing was written down: ${written.problem}. --out names another folder.`);
  const isLeft = interrupted.aborted || done.some(({ verdict }) => verdict === 'to do');
  return isLeft ? exitCodes.found : exitCodes.done;
}

/** Who has stopped the command answers nothing any more: the question that is open ends, and no other is asked. */
function untilStopped(person: Ask, interrupted: AbortSignal): Ask {
  return async (question, signal) => {
    if (interrupted.aborted) return null;
    const end = new AbortController();
    const onEnd = (): void => end.abort();
    interrupted.addEventListener('abort', onEnd);
    signal?.addEventListener('abort', onEnd);
    try {
      const answer = await person(question, end.signal);
      return interrupted.aborted ? null : answer;
    } finally {
      interrupted.removeEventListener('abort', onEnd);
      signal?.removeEventListener('abort', onEnd);
    }
  };
}

function serviceOf(
  environment: Record<string, string | undefined>,
  tillKey: string | null,
): Service {
  const config = readCliConfig(environment);
  return {
    url: config.url,
    headers: config.token === null ? {} : { authorization: `Bearer ${config.token}` },
    hasToken: config.token !== null,
    person: createClient(config),
    till: createClient({ ...config, token: tillKey }),
  };
}

function summary(done: Done[]): string {
  const isTodo = ({ verdict }: Done): boolean => verdict === 'to do';
  const [first] = done.filter(isTodo);
  const counted = ['ok', 'note', 'not proven', 'to do', 'skipped'].map(
    (word) => `${done.filter(({ verdict }) => verdict === word).length} ${word}`,
  );
  const next =
    first === undefined
      ? 'Nothing is left to do here.'
      : `Next: ${first.title}. ${first.todo[0] ?? first.found[0] ?? ''}`;
  return `${counted.join(', ')}. ${next}`;
}
