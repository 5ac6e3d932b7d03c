/** The commands and their options: what can be typed. What they do is in `jobs.ts`, which is loaded when one is run. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { addAccountCommands } from './account-commands.ts';
import { exitCodeWords, type ExitCode } from './exit-codes.ts';
import type { Jobs } from './jobs.ts';
import type { Kvitt, Surroundings } from './kvitt.ts';
import { addLists, limitOption, readCount } from './list-commands.ts';
import { actionCommands, fieldsOf, flagsOf, kindOf, type ActionCommand } from './options.ts';
import { addBooks } from './reports.ts';
import { addSetup } from './setup/command.ts';
import { receiptCopies } from '../workflows/receipts.ts';

/** Runs the job of the command that was typed. */
export type Perform = (job: (kvitt: Kvitt, jobs: Jobs) => Promise<ExitCode>) => Promise<void>;

const groups = { look: 'Look:', act: 'Act:', operate: 'Switches and notifications:' };

export function createProgram(
  perform: Perform,
  { stdout, stderr }: Pick<Surroundings, 'stdout' | 'stderr'>,
): Command {
  const program = new Command('kvitt')
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stderr.columns ?? 80,
    })
    .description('Finds, explains and frees payments, through the API of the service.')
    .option('--json', 'print the answer of the API as it is, for scripts')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('`kvitt --help` lists the commands, `kvitt COMMAND --help` its options.')
    .helpCommand(false)
    .exitOverride()
    .addHelpText('after', helpAfter());
  addLists(program, perform);
  addViews(program, perform);
  for (const command of actionCommands) addAction(program, { command, perform });
  addOperations(program, perform);
  addBooks(program, perform);
  addSetup(program, perform);
  addAccountCommands(program, perform);
  return program;
}

function helpAfter(): string {
  const codes = Object.entries(exitCodeWords).map(([code, words]) => `  ${code}  ${words}`);
  return `
Environment:
  KVITT_URL    where the API is (default http://localhost:8080)
  KVITT_TOKEN  your personal token
  NO_COLOR     no colours

Exit codes:
${codes.join('\n')}`;
}

/** The commands about one charge, case or word. */
function addViews(program: Command, perform: Perform): void {
  command(program, {
    name: 'show',
    does: 'Shows a charge, a refund or a case: what is known, what is waited for, what you may do.',
    group: groups.look,
  })
    .argument('<id>', 'of a charge, of a refund, or of the transaction of a case')
    .action(async (id: string) => {
      await perform(async (kvitt, { show }) => await show(kvitt, id));
    });
  command(program, {
    name: 'receipt',
    does: 'Prints the receipt of a charge or of a refund that has ended.',
    group: groups.look,
  })
    .argument('<id>', 'of a charge or of a refund')
    .addOption(new Option('--copy <for>', 'whose').choices(receiptCopies).default('customer'))
    .action(async (id: string, { copy }: { copy: string }) => {
      await perform(async (kvitt, { receipt }) => await receipt(kvitt, { id, copy }));
    });
  command(program, {
    name: 'watch',
    does: 'Prints each change of a charge until its outcome. Ends with 0 if captured, 7 if not charged.',
    group: groups.look,
  })
    .argument('<id>', 'of a charge')
    .action(async (chargeId: string) => {
      await perform(async (kvitt, { watch }) => await watch(kvitt, chargeId));
    });
  command(program, {
    name: 'explain',
    does: 'Explains a word: a reason, a needs_attention, a kind of case, a code.',
    group: groups.look,
  })
    .argument('<word>')
    .action(async (word: string) => {
      await perform(async (kvitt, { explain }) => await explain(kvitt, word));
    });
}

function command(
  program: Command,
  { name, does, group }: { name: string; does: string; group: string },
): Command {
  return program.command(name).description(does).helpGroup(group);
}

function readAmount(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) {
    throw new InvalidArgumentError('It is a whole number of minor units above 0: 4500 is 45.00.');
  }
  return Number(text);
}

function addAction(
  program: Command,
  { command: described, perform }: { command: ActionCommand; perform: Perform },
): void {
  const { name } = described;
  const all = [described.charge, described.refund, described.case].flatMap((one) => one ?? []);
  const does = all[0]?.does ?? '';
  const isIrreversible = all.some((one) => one.isIrreversible);
  const when = new Set(all.map((one) => one.when));
  const last = isIrreversible ? ['It cannot be taken back.'] : [];
  const action = program
    .command(name)
    .summary(does)
    .description([does, ...when, ...last].join('\n'))
    .helpGroup(groups.act)
    .argument('<id>', idWords(described));
  for (const [fieldName, field] of fieldsOf(described)) {
    const option = new Option(flagsOf(fieldName, field), field.means);
    if (field.choices !== undefined) option.choices(field.choices);
    if (field.is === 'amount') option.argParser(readAmount);
    if (field.is === 'number') option.argParser(readCount);
    action.addOption(option.makeOptionMandatory(field.isRequired));
  }
  action.action(async (id: string, options: Record<string, unknown>) => {
    if (described[kindOf(id)] === undefined) {
      action.error(`error: \`kvitt ${name}\` takes the id ${idWords(described)}`);
    }
    const input = Object.fromEntries(
      fieldsOf(described).map(([fieldName, field]) => {
        const key = new Option(flagsOf(fieldName, field)).attributeName();
        return [fieldName, options[key]];
      }),
    );
    await perform(async (kvitt, { act }) => await act(kvitt, { id, action: name, input }));
  });
}

function idWords({ charge, refund, case: ofCase }: ActionCommand): string {
  const words = [
    ...(charge === undefined ? [] : ['of a charge, like S-1001.1']),
    ...(refund === undefined ? [] : ['of a refund, like S-1001.1.R1']),
    ...(ofCase === undefined ? [] : ['of the transaction of a case, like T90001234.5AbC']),
  ];
  return words.join(', or ');
}

const scopes = ['all', 'store', 'terminal'];

function addOperations(program: Command, perform: Perform): void {
  command(program, {
    name: 'switches',
    does: 'Shows where new charges are switched off, and who did what.',
    group: groups.operate,
  }).action(async () => {
    await perform(async (kvitt, { switches }) => await switches(kvitt));
  });
  for (const to of ['off', 'on'] as const) {
    const does =
      to === 'off' ? 'Refuses new charges; open ones go on.' : 'Accepts new charges again.';
    const turn = command(program, { name: to, does, group: groups.operate })
      .addArgument(new Argument('<scope>', 'where').choices(scopes))
      .argument('[id]', 'of the store or the terminal');
    if (to === 'off') turn.requiredOption('--text <text>', 'what the cashier is told');
    turn
      .requiredOption('--why <text>', 'why, for whoever reads it later')
      .action(async (scope: string, id: string | undefined, options: object) => {
        const input = { scope, id, ...options };
        await perform(async (kvitt, jobs) => await jobs.turn(kvitt, { to, input }));
      });
  }
  command(program, {
    name: 'notifications',
    does: "Lists the notifications that the retailer's system has not taken.",
    group: groups.operate,
  })
    .addOption(limitOption(1_000))
    .action(async ({ limit }: { limit: number }) => {
      await perform(async (kvitt, jobs) => await jobs.notifications(kvitt, { query: {}, limit }));
    });
  command(program, {
    name: 'resend',
    does: 'Sends the notifications of a charge again, now.',
    group: groups.operate,
  })
    .argument('<charge_id>')
    .action(async (chargeId: string) => {
      await perform(async (kvitt, { resend }) => await resend(kvitt, chargeId));
    });
}
