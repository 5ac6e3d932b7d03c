/** The books on the command line: `kvitt reconcile` and `kvitt report`. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import * as z from 'zod';
import type { Perform } from './commands.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { Failure } from './failures.ts';
import type { Kvitt } from './kvitt.ts';
import {
  isAllWell,
  lookSchema,
  lookText,
  reportSchema,
  reportText,
  type Report,
} from './report-text.ts';

const beingMadeSchema = z.looseObject({
  date: z.string(),
  state: z.literal('being_made'),
  of: z.string().optional(),
});
const orderedSchema = z.union([
  beingMadeSchema,
  z.looseObject({
    date: z.string(),
    state: z.literal('made'),
    report: reportSchema.nullable(),
    later_look: lookSchema.nullable(),
  }),
]);

/** The api answers sooner than this command gives up. */
const waitSeconds = 20;
const askEveryMs = 2_000;

async function reconcile(kvitt: Kvitt, date: string | undefined): Promise<ExitCode> {
  const { body } = await kvitt.client.post(
    '/ops/reconciliations',
    orderedSchema,
    date === undefined ? {} : { date },
    { prefer: `wait=${waitSeconds}` },
  );
  if (body.state === 'made' && body.later_look !== null) {
    const look = body.later_look;
    await kvitt.print(look, () => lookText(kvitt.look, look));
    return look.late.length === 0 ? exitCodes.done : exitCodes.found;
  }
  if (body.state === 'being_made' && body.of === 'later_look') {
    const words = `${body.date} is closed, and is being looked at again: the next report tells what is found.`;
    await kvitt.print(body, () => words);
    return exitCodes.done;
  }
  const made = body.state === 'made' ? body.report : null;
  if (made === null) kvitt.say(`The books of ${body.date} are being made.`);
  return await told(kvitt, made ?? (await untilMade(kvitt, body.date)));
}

async function untilMade({ client }: Kvitt, date: string): Promise<Report> {
  for (;;) {
    const answer = await client.get(`/reports/${date}`, z.union([reportSchema, beingMadeSchema]));
    if ('made_at' in answer) return reportSchema.parse(answer);
    await pause(askEveryMs);
  }
}

async function told({ print, look }: Kvitt, report: Report): Promise<ExitCode> {
  await print(report, () => reportText(look, report));
  return codeOf(report);
}

function codeOf(report: Report): ExitCode {
  return isAllWell(report) ? exitCodes.done : exitCodes.found;
}

async function report(
  kvitt: Kvitt,
  { date, store, csv }: { date: string; store?: string; csv?: boolean },
): Promise<ExitCode> {
  const path = `/reports/${encodeURIComponent(date)}`;
  const query = { store_id: store };
  const answer = await kvitt.client.get(path, z.union([reportSchema, beingMadeSchema]), query);
  if (!('made_at' in answer)) throw notYet(date);
  const made = reportSchema.parse(answer);
  if (csv !== true) return await told(kvitt, made);
  const lines = await kvitt.client.text(`${path}.csv`, query);
  // It may have been ordered anew since.
  if (lines.startsWith('{')) throw notYet(date);
  await kvitt.print(lines, () => lines.trimEnd());
  return codeOf(made);
}

function notYet(date: string): Failure {
  return new Failure(exitCodes.unreachable, {
    problem: { title: `The books of ${date} are being made.` },
    wayOut: 'Ask again in a few seconds.',
  });
}

export const reportJobs = { reconcile, report };

/** Adds the commands of the books. */
export function addBooks(program: Command, perform: Perform): void {
  program
    .command('report')
    .description('Shows the books of a business day. Ends with 6 if something differs.')
    .helpGroup('Look:')
    .argument('<date>', 'like 2026-11-22')
    .option('--store <id>', 'of this store')
    .option('--csv', 'for a spreadsheet')
    .action(async (date: string, options: { store?: string; csv?: boolean }) => {
      await perform(async (kvitt, jobs) => await jobs.report(kvitt, { date, ...options }));
    });
  program
    .command('reconcile')
    .description(
      'Reconciles a business day with Dintero now: yesterday, if none is given. Ends with 6 if something differs.',
    )
    .helpGroup('Act:')
    .argument('[date]', 'like 2026-11-22')
    .action(async (date: string | undefined) => {
      await perform(async (kvitt, jobs) => await jobs.reconcile(kvitt, date));
    });
}
