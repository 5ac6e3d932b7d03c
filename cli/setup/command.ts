/** What can be typed after `kvitt setup`. */
import type { Command } from 'commander';
import type { Perform } from '../commands.ts';
import type { SetupOptions } from './walk.ts';

export function addSetup(program: Command, perform: Perform): void {
  program
    .command('setup')
    .summary('Walks from an API client to a first charge, and checks each step.')
    .description(
      [
        'Walks from an API client to a first charge, and checks each step: what is checked, what was found, what to do.',
        'It speaks to Dintero itself, with DINTERO_* and PUBLIC_URL of the environment or of .env.',
        'On a sandbox account (T) it asks before it makes or charges anything. On production (P) it only reads.',
      ].join('\n'),
    )
    .helpGroup('Begin:')
    .option('--terminal <id>', 'this terminal, not the first active one')
    .option('--store <id>', 'this store')
    .option('--payout-destination <id>', 'this seller, where the API client may not read it')
    .option('--currency <code>', 'of the first charge', 'NOK')
    .option('--prove', 'also try what starts the terminal and what ends its prompt', false)
    .option('--yes', 'say yes to what happens at a simulated terminal', false)
    .option('--out <folder>', 'where it writes down what it saw', '.')
    .option('--env-file <file>', 'with the settings; the environment goes before it')
    .addHelpText(
      'after',
      "\nEnvironment:\n  KVITT_TILL_KEY  a till's key of API_KEYS, for the first charge",
    )
    .action(async (options: SetupOptions) => {
      await perform(async (kvitt, jobs) => await jobs.setup(kvitt, options));
    });
}
