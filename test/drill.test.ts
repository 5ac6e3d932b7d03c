/**
 * The drill, as a newcomer plays it: one charge of every `needs_attention` and one case of every kind, each settled by the
 * commands that the runbook documents for its word, in their order, with the real command line. Nothing else is known.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attentions, caseKinds, type Attention, type CaseKind } from '../workflows/lists.ts';
import { attentionGuide, caseGuide } from '../workflows/guide.ts';
import { caseOf, type Stage, type Started } from '../scripts/drill/stage.ts';
import { stories, type Story } from '../scripts/drill/stories.ts';
import { kvitt as commandLine, startKvitt } from './cli/kvitt.ts';
import { startHarness, type Harness } from './harness.ts';

const caseWords = new Set<string>(caseKinds);
const isCase = (word: Story['word']): word is CaseKind => caseWords.has(word);

function stageOf(kvitt: Harness): Stage {
  const { client, taskQueue, simulator, stopWorkers } = kvitt;
  const runbookUrl = 'http://localhost:8080/runbook';
  return { till: kvitt, client, taskQueue, simulator, runbookUrl, stopWorkers };
}

/** Types the commands of the word's section, one after the other, until it is settled; returns those of the command line. */
async function follow(
  kvitt: Harness,
  { word, stopsWorkers }: Story,
  started: Started,
): Promise<string[]> {
  const guide = isCase(word) ? caseGuide[word] : attentionGuide[word as Attention];
  const transactionId = isCase(word) ? await caseOf(stageOf(kvitt), started) : '';
  const typed: string[] = [];
  for (const { run } of guide.press) {
    if (run === null) continue;
    const filled = run
      .replaceAll('<charge_id>', started.chargeId)
      .replaceAll('<transaction_id>', transactionId);
    if (filled.startsWith('npx kvitt ')) {
      await type(kvitt, filled);
      typed.push(filled);
    } else if (stopsWorkers === true) {
      // What starts the workers differs from machine to machine.
      await kvitt.startWorkers();
    } else continue;
    if (await becomesSettled(kvitt, { word, started, transactionId })) return typed;
  }
  throw new Error(`${word} is not settled by ${typed.join('; ')}`);
}

interface Played {
  word: Story['word'];
  started: Started;
  transactionId: string;
}

async function becomesSettled(kvitt: Harness, played: Played): Promise<boolean> {
  const giveUpAt = Date.now() + 25_000;
  while (!(await isSettled(kvitt, played))) {
    if (Date.now() > giveUpAt) return false;
    await pause(200);
  }
  return true;
}

/** The first one is typed into a process of its own, as people do; the others in this one, which is faster. */
let run: typeof commandLine = async (...typed) => {
  run = commandLine;
  return await startKvitt(...typed).ended;
};

async function type(kvitt: Harness, command: string): Promise<void> {
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain,
  );
  const args = words.slice(2).map((word) => word ?? '');
  const env = { KVITT_TOKEN: kvitt.opsToken };
  const giveUpAt = Date.now() + 25_000;
  for (;;) {
    const { code, stderr } = await run(kvitt.url, args, env);
    if (code === 0) return;
    // Faster than any person: what was sent last may still arrive, and the refusal says until when.
    const isTooSoon = code === 3 && /: possible after .* UTC/.test(stderr);
    if (!isTooSoon || Date.now() > giveUpAt) {
      throw new Error(`${command} ended with ${code}: ${stderr}`);
    }
    await pause(200);
  }
}

async function isSettled(
  kvitt: Harness,
  { word, started: { chargeId }, transactionId }: Played,
): Promise<boolean> {
  if (isCase(word)) {
    const { body } = await kvitt.call<{ state: string }>('GET', `/cases/${transactionId}`);
    return body.state === 'settled';
  }
  return (await kvitt.call('GET', `/charges/${chargeId}`)).body.needs_attention === null;
}

describe('the drill', () => {
  let kvitt: Harness;
  beforeAll(async () => {
    // Nobody's prompt ends by itself while a newcomer reads.
    kvitt = await startHarness({ promptLifetimeSeconds: 36_000 });
    // A worker's first charge loads the bundle: no story may lose its time to that.
    await kvitt.post();
  });
  afterAll(async () => {
    await kvitt.stop();
  });

  it('has a charge of every reason to ask a person, and a case of every kind', () => {
    const played = new Set(stories.map(({ word }) => word));
    // Every case shows it.
    const wanted = attentions.filter((word) => word !== 'case_open');
    expect([...wanted, ...caseKinds].filter((word) => !played.has(word))).toEqual([]);
  });

  it.concurrent.each(stories.filter(({ stopsWorkers }) => stopsWorkers !== true))(
    'is settled by the section $word',
    async (story) => {
      const stage = stageOf(kvitt);
      const started = await story.make(stage);
      const typed = await follow(kvitt, story, started);
      expect(typed).toHaveLength(1);
      const { body } = await kvitt.call('GET', `/charges/${started.chargeId}`);
      // The recovered one waits for its card again, and of the orphan Temporal knows no charge.
      const hasEnded = typeof body.outcome === 'string';
      const breaches = await kvitt.audit(hasEnded ? [body] : []);
      expect(breaches.filter((breach) => breach.includes(started.chargeId))).toEqual([]);
    },
  );

  it('is settled by the sections starting_too_long and waiting_too_long', async () => {
    const stage = stageOf(kvitt);
    const made: [Story, Started][] = [];
    for (const story of stories.filter(({ stopsWorkers }) => stopsWorkers === true)) {
      made.push([story, await story.make(stage)]);
    }
    for (const [story, started] of made) await follow(kvitt, story, started);
    expect(made).toHaveLength(2);
  });
});
