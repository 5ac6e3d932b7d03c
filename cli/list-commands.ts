/** The commands that list: what can be typed. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Query } from './client.ts';
import type { Perform } from './commands.ts';
import { durationMs } from './tables.ts';

/** The filters that every list has: option, its name in the query, what it means. */
const filters = [
  ['--store <id>', 'store_id', 'of this store'],
  ['--terminal <id>', 'terminal_id', 'of this terminal'],
  ['--reference <reference>', 'reference', 'of this sale'],
] as const;

export function addLists(program: Command, perform: Perform): void {
  agedList(program, { name: 'charges', does: 'Lists charges, the latest first.', limit: 50 })
    .option('--state <state>', 'in this state')
    .option('--needs-attention <word>', 'that need attention for this; `true`: for anything')
    .action(async (options: Typed) => {
      const { state, needsAttention: needs_attention } = options;
      const query = { ...queryOf(options, 'created_before'), state, needs_attention };
      await perform(
        async (kvitt, { charges }) => await charges(kvitt, { query, limit: options.limit }),
      );
    });
  addRefunds(program, perform);
  agedList(program, {
    name: 'stuck',
    does: 'Lists every charge and refund that needs a person, the most urgent first. Ends with 6 if there is one.',
    limit: 1_000,
  }).action(async (options: Typed) => {
    const query = queryOf(options, 'created_before');
    await perform(async (kvitt, { stuck }) => await stuck(kvitt, { query, limit: options.limit }));
  });
  agedList(program, {
    name: 'cases',
    does: 'Lists the money that a person must decide about. Ends with 6 if there is any.',
    limit: 1_000,
  })
    .option('--state <state>', '`open` (the default), `settled` or `all`')
    .option('--kind <kind>', 'of this kind')
    .action(async (options: Typed) => {
      const { state, kind } = options;
      const query = { ...queryOf(options, 'opened_before'), state, kind };
      await perform(
        async (kvitt, { cases }) => await cases(kvitt, { query, limit: options.limit }),
      );
    });
}

/** Those of one charge are read from their workflows, so no filter narrows them; all others from a list, which may lag. */
function addRefunds(program: Command, perform: Perform): void {
  const ofCharge = new Option('--charge <id>', 'of this charge: all of them, as they are now');
  listCommand(program, { name: 'refunds', does: 'Lists refunds, the latest first.', limit: 50 })
    .addOption(
      ofCharge.conflicts(['store', 'terminal', 'reference', 'state', 'needsAttention', 'limit']),
    )
    .option('--state <state>', 'in this state')
    .option('--needs-attention <word>', 'that need attention for this; `true`: for anything')
    .action(async (options: Typed) => {
      const { charge, state, limit, needsAttention: needs_attention } = options;
      const query = { ...filtersOf(options), state, needs_attention };
      await perform(async (kvitt, { refunds, refundsOfCharge }) =>
        charge === undefined
          ? await refunds(kvitt, { query, limit })
          : await refundsOfCharge(kvitt, charge),
      );
    });
}

/** What commander makes of the options of the lists. */
interface Typed {
  limit: number;
  charge?: string;
  store?: string;
  terminal?: string;
  reference?: string;
  olderThan?: number;
  state?: string;
  needsAttention?: string;
  kind?: string;
}

function listCommand(
  program: Command,
  { name, does, limit }: { name: string; does: string; limit: number },
): Command {
  const list = program.command(name).description(does).helpGroup('Look:');
  for (const [flags, , means] of filters) list.option(flags, means);
  return list.addOption(limitOption(limit));
}

function agedList(...list: Parameters<typeof listCommand>): Command {
  const means = 'older than this: 30s, 10m, 2h or 3d';
  return listCommand(...list).option('--older-than <duration>', means, readDuration);
}

export function limitOption(limit: number): Option {
  return new Option('--limit <count>', 'at most so many').argParser(readCount).default(limit);
}

function filtersOf({ store: store_id, terminal: terminal_id, reference }: Typed): Query {
  return { store_id, terminal_id, reference };
}

function queryOf(typed: Typed, before: string): Query {
  const { olderThan } = typed;
  const at = olderThan === undefined ? undefined : new Date(Date.now() - olderThan).toISOString();
  return { ...filtersOf(typed), [before]: at };
}

function readDuration(text: string): number {
  const ms = durationMs(text);
  if (ms === null) throw new InvalidArgumentError('It is a number and a unit: 30s, 10m, 2h or 3d.');
  return ms;
}

export function readCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It is a whole number above 0.');
  return Number(text);
}
