/** The commands about stores and terminals: what can be typed. */
import { Argument, Option, type Command } from 'commander';
import type { Perform } from './commands.ts';

const group = 'Stores and terminals:';
const statuses = ['pending', 'action_required', 'active', 'inactive', 'error', 'deleted'];
const operations = ['end_of_day', 'send_logs', 'check_update', 'open_menu'];

function command(program: Command, { name, does }: { name: string; does: string }): Command {
  return program.command(name).description(does).helpGroup(group);
}

export function addAccountCommands(program: Command, perform: Perform): void {
  addLooks(program, perform);
  addStoreOrders(program, perform);
  addTerminalOrders(program, perform);
  command(program, {
    name: 'operate',
    does: 'Has a terminal do something while no sale uses it. Ends with 3 if it was not done.',
  })
    .argument('<terminal_id>')
    .addArgument(new Argument('<operation>', 'what').choices(operations))
    .action(async (id: string, operation: string) => {
      await perform(async (kvitt, { account }) => await account.operate(kvitt, { id, operation }));
    });
}

function addLooks(program: Command, perform: Perform): void {
  command(program, { name: 'stores', does: 'Lists the stores, as Dintero shows them now.' }).action(
    async () => {
      await perform(async (kvitt, { account }) => await account.stores(kvitt));
    },
  );
  command(program, { name: 'terminals', does: 'Lists the terminals, as Dintero shows them now.' })
    .option('--store <id>', 'of this store')
    .option('--seller <id>', 'of this payout destination')
    .addOption(new Option('--status <status>', 'in this status').choices(statuses))
    .action(async (typed: { store?: string; seller?: string; status?: string }) => {
      const { store: store_id, seller: payout_destination_id, status } = typed;
      const query = { store_id, payout_destination_id, status };
      await perform(async (kvitt, { account }) => await account.terminals(kvitt, query));
    });
  command(program, {
    name: 'terminal',
    does: 'Shows a terminal, and what it was told to do lately.',
  })
    .argument('<terminal_id>')
    .action(async (id: string) => {
      await perform(async (kvitt, { account }) => await account.terminal(kvitt, id));
    });
}

/** Orders with the fields that were given; the others stay as they are. */
async function send(perform: Perform, path: string, fields: object): Promise<void> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const body = Object.fromEntries(given);
  await perform(async (kvitt, { account }) => await account.order(kvitt, { path, body }));
}

interface StoreTyped {
  name?: string;
  organizationNumber?: string;
  seller?: string;
}

function addStoreOrders(program: Command, perform: Perform): void {
  command(program, { name: 'add-store', does: 'Creates a store at Dintero.' })
    .argument('<store_id>', 'which sales will name')
    .requiredOption('--name <name>', 'for people')
    .requiredOption('--organization-number <number>', 'as in the public register')
    .requiredOption('--seller <id>', 'its payout destination')
    .action(async (store_id: string, typed: StoreTyped) => {
      const {
        name,
        organizationNumber: organization_number,
        seller: payout_destination_id,
      } = typed;
      const fields = { store_id, name, organization_number, payout_destination_id };
      await send(perform, '/ops/stores', fields);
    });
  command(program, { name: 'change-store', does: 'Changes a store at Dintero.' })
    .argument('<store_id>')
    .option('--name <name>', 'for people')
    .option('--seller <id>', 'its payout destination')
    .action(async (storeId: string, { name, seller: payout_destination_id }: StoreTyped) => {
      const path = `/ops/stores/${encodeURIComponent(storeId)}`;
      await send(perform, path, { name, payout_destination_id });
    });
}

interface TerminalTyped {
  store?: string;
  model?: string;
}

function addTerminalOrders(program: Command, perform: Perform): void {
  command(program, { name: 'add-terminal', does: 'Registers a terminal at Dintero.' })
    .argument('<serial_number>', 'as printed on it; in the sandbox SIMULATED-<account>-001')
    .requiredOption('--store <id>', 'where it stands')
    .option('--model <model>', 'of the hardware, as Dintero calls it')
    .action(async (serial_number: string, { store: store_id, model }: TerminalTyped) => {
      await send(perform, '/ops/terminals', { serial_number, store_id, model });
    });
  command(program, {
    name: 'move-terminal',
    does: 'Moves a terminal to another store: its sales go to the seller of that one.',
  })
    .argument('<terminal_id>')
    .option('--store <id>', 'where it stands now')
    .option('--model <model>', 'of the hardware, as Dintero calls it')
    .action(async (id: string, { store: store_id, model }: TerminalTyped) => {
      await send(perform, `/ops/terminals/${encodeURIComponent(id)}`, { store_id, model });
    });
  command(program, {
    name: 'sync-terminal',
    does: 'Has Dintero provision a terminal again, after an error.',
  })
    .argument('<terminal_id>')
    .action(async (id: string) => {
      await send(perform, `/ops/terminals/${encodeURIComponent(id)}/sync`, {});
    });
}
