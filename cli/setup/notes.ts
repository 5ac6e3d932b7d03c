/** What was seen, written down: JSON that the next run goes on from, and Markdown for people. No secret is in either. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../activities/dintero/token.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failures.ts';
import { table } from '../tables.ts';
import type { Look } from '../views.ts';
import { envLines, factNames, factRows, type Fact } from './facts.ts';
import type { Done, Setup } from './walk.ts';

const kept = z.looseObject({
  facts: z.array(
    z.object({
      at: z.string(),
      name: z.enum(factNames),
      value: z.union([z.boolean(), z.number(), z.null()]),
      seen: z.string(),
      terminal_id: z.string(),
      model: z.string().nullable(),
      is_simulated: z.boolean(),
      profile_id: z.string(),
    }),
  ),
});

function fileOf({ options, settings }: Setup, extension: string): string {
  return join(options.out, `kvitt-setup-${settings.accountId ?? 'account'}.${extension}`);
}

/** The facts of earlier runs for this profile: evidence is added to, never replaced. */
export function earlierFacts(setup: Setup): Fact[] {
  const file = fileOf(setup, 'json');
  if (!existsSync(file)) return [];
  const parsed = kept.safeParse(parseJson(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data.facts;
  throw new Failure(exitCodes.invalid, {
    problem: { title: `${file} is not what kvitt setup writes`, detail: parsed.error.message },
    wayOut: 'It may hold evidence, so it is not written over: move it away.',
  });
}

export interface Notes {
  written_at: string;
  account_id: string | null;
  profile_id: string | null;
  terminal: { id: string; model: string | null; serial_number: string | null } | null;
  store_id: string | null;
  payout_destination_id: string | null;
  steps: { name: string; title: string; verdict: string; found: string[]; todo: string[] }[];
  facts: Fact[];
  env: string[];
}

export function notesOf(setup: Setup, steps: Done[]): Notes {
  const { settings, dintero, place } = setup;
  const profileId = dintero?.config.profileId ?? null;
  const ofProfile = setup.facts.filter((fact) => fact.profile_id === profileId);
  const notes: Notes = {
    written_at: new Date().toISOString(),
    account_id: settings.accountId,
    profile_id: profileId,
    terminal:
      place === null
        ? null
        : {
            id: place.terminal.terminalId,
            model: place.terminal.model,
            serial_number: place.terminal.serialNumber,
          },
    store_id: place?.storeId ?? null,
    payout_destination_id: place?.payoutDestinationId ?? null,
    steps,
    facts: setup.facts,
    env: envLines(ofProfile),
  };
  return JSON.parse(withoutSecrets(JSON.stringify(notes), settings.secrets)) as Notes;
}

/** Nothing of ours puts one there; a message of somebody else's might. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '(secret)'), text);
}

/** What is proven, and the lines to set: for a person's screen. Empty where nothing was ever tried. */
export function provenText({ paint }: Look, notes: Notes): string[] {
  const facts = notes.facts.filter((fact) => fact.profile_id === notes.profile_id);
  if (facts.length === 0) return [];
  const rows = factRows(facts).map(([question, answer]) => [question, answer]);
  return [table(paint, { heads: ['FACT', 'ANSWER'], rows }), '', 'For .env:', ...notes.env, ''];
}

function factsText({ profile_id: profileId, facts, env }: Notes): string {
  const rows = factRows(facts.filter((fact) => fact.profile_id === profileId));
  const cell = (text: string): string => text.replaceAll('|', '/');
  return [
    '| question | answer | seen |',
    '|---|---|---|',
    ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
    '',
    'Lines for `.env`, of worker and api:',
    '',
    '```sh',
    ...env,
    '```',
  ].join('\n');
}

function markdown(notes: Notes): string {
  const { terminal, store_id: store, payout_destination_id: seller } = notes;
  const model = terminal?.model ?? 'model not known';
  const where =
    terminal === null
      ? 'No terminal was chosen.'
      : `Terminal ${terminal.id} (${model}, serial number ${terminal.serial_number ?? 'not known'}), store ${store ?? '-'}, seller ${seller ?? '-'}.`;
  return [
    `# Kvitt on account ${notes.account_id ?? '-'}`,
    '',
    `Written by \`kvitt setup\` at ${notes.written_at}. Profile ${notes.profile_id ?? '-'}. ${where}`,
    '',
    '## Facts',
    '',
    'What is not proven is not guessed. A fact of a device holds for the model that it was seen on: look at each model that you use.',
    '',
    factsText(notes),
    '',
    '## Steps',
    '',
    ...notes.steps.flatMap(({ title, verdict, found, todo }) => [
      `- **${title}: ${verdict}.** ${found.join(' ')}`,
      ...todo.map((line) => `  - ${line}`),
    ]),
    '',
  ].join('\n');
}

/** The files' names, or why they could not be written: then the person has at least what was printed. */
export function writeNotes(setup: Setup, notes: Notes): { files: string[] } | { problem: string } {
  const files = [fileOf(setup, 'json'), fileOf(setup, 'md')] as const;
  try {
    writeFileSync(files[0], `${JSON.stringify(notes, null, 2)}\n`);
    writeFileSync(files[1], markdown(notes));
    return { files: [...files] };
  } catch (err) {
    return { problem: err instanceof Error ? err.message : String(err) };
  }
}
