/** The books on the command line: `kvitt reconcile` and `kvitt report`. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import * as z from 'zod';
import type { Perform } from './commands.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import type { Kvitt } from './kvitt.ts';
import { cell, instant, money, table } from './tables.ts';
import type { Look } from './views.ts';

const text = z.string().nullable();

const differenceSchema = z.looseObject({
  kind: z.string(),
  charge_id: z.string(),
  transaction_id: z.string(),
  store_id: text,
  terminal_id: text,
  currency: text,
  dintero_amount: z.int().nullable(),
  told_amount: z.int().nullable(),
  found: z.string(),
  followed_by: text,
  of_date: z.string().optional(),
});
type Difference = z.output<typeof differenceSchema>;

const totalSchema = z.looseObject({
  currency: z.string(),
  captured: z.int(),
  told: z.int(),
  refunded: z.int(),
});

const reportSchema = z.looseObject({
  date: z.string(),
  made_at: z.string(),
  is_closed: z.boolean(),
  totals: z.array(totalSchema),
  stores: z.array(z.looseObject({ store_id: z.string(), totals: z.array(totalSchema) })),
  differences: z.array(differenceSchema),
  late: z.array(differenceSchema),
  corrections: z.array(z.looseObject({})),
  open: z.int(),
  notes: z.array(z.string()),
});
type Report = z.output<typeof reportSchema>;

const lookSchema = z.looseObject({
  date: z.string(),
  late: z.array(differenceSchema),
  corrections: z.array(z.looseObject({})),
});

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
  const found = report.differences.length + report.late.length;
  return found === 0 ? exitCodes.done : exitCodes.found;
}

async function report(
  kvitt: Kvitt,
  { date, store, csv }: { date: string; store?: string; csv?: boolean },
): Promise<ExitCode> {
  const path = `/reports/${encodeURIComponent(date)}`;
  const query = { store_id: store };
  if (csv === true) {
    const lines = await kvitt.client.text(`${path}.csv`, query);
    await kvitt.print(lines, () => lines.trimEnd());
    return exitCodes.done;
  }
  const answer = await kvitt.client.get(path, z.union([reportSchema, beingMadeSchema]), query);
  if (!('made_at' in answer)) {
    await kvitt.print(answer, () => `The books of ${date} are being made: ask again.`);
    return exitCodes.done;
  }
  return await told(kvitt, reportSchema.parse(answer));
}

function reportText(look: Look, { date, made_at, is_closed, ...rest }: Report): string {
  const { totals, stores, differences, late, corrections, open, notes } = rest;
  const state = is_closed ? 'closed' : 'so far, the day has not ended';
  const found = [...differences, ...late];
  return [
    `${look.paint.heading(date)}, ${state}; made ${instant(made_at)}`,
    totals.length === 0
      ? 'No sale and no refund, of the day and of the store that was asked for.'
      : table(look.paint, {
          heads: ['STORE', 'CAPTURED', 'TOLD', 'REFUNDED'],
          rows: [
            ...stores.flatMap((one) => one.totals.map((row) => totalCells(one.store_id, row))),
            ...totals.map((row) => totalCells('all', row)),
          ],
        }),
    found.length === 0
      ? look.paint.good('Dintero and the charges agree.')
      : differenceTable(look, found),
    ...(corrections.length === 0 ? [] : [`${corrections.length} corrections of closed days.`]),
    ...(open === 0 ? [] : [`${open} payments were undecided; their charges follow them.`]),
    ...notes.map((note) => look.paint.warning(cell(note))),
  ].join('\n\n');
}

function totalCells(of: string, row: z.output<typeof totalSchema>): string[] {
  const { currency } = row;
  return [cell(of), ...[row.captured, row.told, row.refunded].map((sum) => money(sum, currency))];
}

function differenceTable({ paint }: Look, found: Difference[]): string {
  return table(paint, {
    heads: ['KIND', 'CHARGE', 'TRANSACTION', 'STORE', 'DINTERO', 'TOLD', 'FOLLOWED BY'],
    rows: found.map((one) => [
      paint.warning(cell(one.kind)),
      cell(one.charge_id),
      cell(one.transaction_id),
      cell(one.store_id),
      money(one.dintero_amount, one.currency),
      money(one.told_amount, one.currency),
      cell(one.followed_by),
    ]),
  });
}

function lookText(look: Look, { date, late, corrections }: z.output<typeof lookSchema>): string {
  const closed = `The report of ${date} is closed and stays as it is; what was found now is booked in the next one.`;
  if (late.length === 0 && corrections.length === 0) {
    return `${closed}\n\n${look.paint.good('Nothing has changed since.')}`;
  }
  const rows = `${corrections.length} corrections.`;
  return [closed, ...(late.length === 0 ? [] : [differenceTable(look, late)]), rows].join('\n\n');
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
