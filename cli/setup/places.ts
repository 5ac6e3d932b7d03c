/** Where a first charge can be made: a store with its seller, and a terminal; a simulated one is made on a sandbox. */
import type { StoreFacts, TerminalFacts } from '../../activities/dintero/account-facts.ts';
import { listStores, listTerminals } from '../../activities/dintero/account.ts';
import { describeAttempt } from '../../activities/failures.ts';
import { tried } from './dintero.ts';
import { finding, ok, type Finding } from './findings.ts';
import { agrees } from './person.ts';
import { reachedOf, type Place, type Setup, type Step } from './walk.ts';

/** What the person has named is taken, where the API client may not look for it. */
function namedByHand({ options, settings }: Setup): TerminalFacts | null {
  const { terminal, store, payoutDestination } = options;
  if (terminal === undefined || store === undefined || payoutDestination === undefined) return null;
  if (!isOwn(terminal, settings.accountId)) return null;
  return {
    terminalId: terminal,
    storeId: store,
    payoutDestinationId: payoutDestination,
    status: 'unknown',
    statusReason: null,
    model: null,
    serialNumber: null,
  };
}

function isOwn(terminalId: string, accountId: string | null): boolean {
  return new RegExp(`^${accountId ?? 'none'}-T\\d{4}$`).test(terminalId);
}

const nameThem = 'Or name all three yourself: --terminal, --store, --payout-destination.';

const storeStep: Step = {
  name: 'store',
  title: 'Store and seller',
  needs: ['token'],
  checks: () => 'that a store is there, active, and linked to a seller (payout destination)',
  run: async (setup) => {
    const stores = await tried(listStores(reachedOf(setup), { timeoutMs: setup.pace.call }));
    if ('value' in stores) return judgeStores(setup, stores.value);
    if (namedByHand(setup) !== null) {
      return finding('not proven', `${stores.message}. What you named is used as it is.`);
    }
    return finding('to do', `${stores.message}.`, giveRight, nameThem);
  },
};

const giveRight =
  'Give the API client admin:accounts or read:accounts in Backoffice, or set DINTERO_ACCOUNT_CLIENT_ID and _SECRET.';

function judgeStores({ options }: Setup, stores: StoreFacts[]): Finding {
  const isNamed = ({ storeId }: StoreFacts): boolean =>
    options.store === undefined || storeId === options.store;
  const found = stores.filter((store) => isNamed(store) && store.status !== 'deleted');
  const make =
    'Backoffice -> Settings -> Sellers: one that is approved (on a sandbox, the description AUTO_APPROVE approves it). Then Settings -> Stores: a store linked to it.';
  if (found.length === 0) {
    const which = options.store === undefined ? 'No store' : `No store ${options.store}`;
    return finding('to do', `${which} on this account.`, make);
  }
  const usable = found.filter(isUsable);
  const said = found.slice(0, 10).map(storeText);
  if (found.length > said.length) said.push(`... and ${found.length - said.length} more.`);
  return usable.length === 0 ? { verdict: 'to do', found: said, todo: [make] } : ok(...said);
}

function isUsable({ status, payoutDestinationId }: StoreFacts): boolean {
  return payoutDestinationId !== null && ['active', 'unknown'].includes(status);
}

function storeText({ storeId, name, payoutDestinationId, status }: StoreFacts): string {
  const seller = payoutDestinationId === null ? 'no seller' : `seller ${payoutDestinationId}`;
  return `Store ${storeId}${name === null ? '' : ` (${name})`}: ${seller}, ${status}.`;
}

const terminalStep: Step = {
  name: 'terminal',
  title: 'Terminal',
  needs: ['store'],
  checks: ({ settings }) =>
    settings.isSandbox
      ? 'that a terminal is active; if there is none, a simulated one can be made'
      : 'that a terminal is active',
  run: async (setup) => {
    const { terminal } = setup.options;
    const { accountId } = setup.settings;
    if (terminal !== undefined && !isOwn(terminal, accountId)) {
      const todo = `Its id starts with ${accountId}-T: sandbox and production are never mixed.`;
      return finding('to do', `${terminal} is no terminal of ${accountId}.`, todo);
    }
    const all = await tried(listTerminals(reachedOf(setup), { timeoutMs: setup.pace.call }));
    if ('value' in all) return await chooseTerminal(setup, all.value);
    const named = namedByHand(setup);
    if (named === null) return finding('to do', `${all.message}.`, giveRight, nameThem);
    return take(setup, named);
  },
};

async function chooseTerminal(setup: Setup, all: TerminalFacts[]): Promise<Finding> {
  const { terminal, store } = setup.options;
  const known = all.filter(({ status }) => status !== 'deleted');
  if (terminal !== undefined) {
    const named = known.find(({ terminalId }) => terminalId === terminal);
    if (named !== undefined) return take(setup, named);
    const todo = `Known are: ${known.map(({ terminalId }) => terminalId).join(', ') || 'none'}.`;
    return finding('to do', `${terminal} is not known to Dintero.`, todo);
  }
  const fitting = known.filter(({ storeId }) => store === undefined || storeId === store);
  const active = fitting.filter(({ status }) => status === 'active');
  // Nobody stands at a simulated one: the safest to begin with.
  const first = active.find(isSimulated) ?? active[0];
  if (first !== undefined) {
    const others = active.filter((one) => one !== first).map(({ terminalId }) => terminalId);
    const more =
      others.length === 0 ? '' : ` Another: --terminal ${others.slice(0, 5).join(', ')}.`;
    return take(setup, first, more);
  }
  if (setup.settings.isSandbox) return await makeSimulated(setup, all, fitting);
  return {
    verdict: 'to do',
    found: ['No terminal is active.', ...waysOut(fitting)],
    todo: [order],
  };
}

const order =
  'Backoffice -> Settings -> Terminals registers one; it is active after its own update.';

function isSimulated({ serialNumber }: TerminalFacts): boolean {
  return serialNumber?.startsWith('SIMULATED-') === true;
}

/** What to do about terminals that are there and do not work. */
function waysOut(terminals: TerminalFacts[]): string[] {
  const ways: Record<TerminalFacts['status'], string> = {
    pending: 'it is being provisioned: wait, after 10 minutes sync it',
    action_required:
      'connect it to the network, fetch the settings in its service menu, then check for updates there',
    active: 'it is active',
    inactive: 'it was switched off at Dintero: ask Dintero',
    error: 'its registration failed: sync it; its store must be active',
    deleted: 'it was deleted',
    unknown: 'Dintero says a status that this version does not know',
  };
  return terminals
    .slice(0, 5)
    .map(
      ({ terminalId, status, statusReason }) =>
        `${terminalId}: ${status}${statusReason === null ? '' : ` (${statusReason})`}, ${ways[status]}.`,
    );
}

async function makeSimulated(
  setup: Setup,
  all: TerminalFacts[],
  known: TerminalFacts[],
): Promise<Finding> {
  const dintero = reachedOf(setup);
  const { accountId } = dintero.config;
  const stores = await tried(listStores(dintero, { timeoutMs: setup.pace.call }));
  const wanted = setup.options.store;
  const store = ('value' in stores ? stores.value : []).find(
    (one) => isUsable(one) && (wanted === undefined || one.storeId === wanted),
  );
  const serial = freeSerial(accountId, all);
  const none = ['No terminal is active.', ...waysOut(known)];
  if (store === undefined) return { verdict: 'to do', found: none, todo: [order] };
  const question = `      None is active. Make the simulated terminal ${serial} in store ${store.storeId}? It answers by itself, without a card.`;
  const isWanted = setup.options.yes || (await agrees(setup.ask, question));
  if (!isWanted) {
    const todo = 'Say yes to a simulated terminal (kvitt setup --yes), or register a real one.';
    return { verdict: 'to do', found: none, todo: [todo] };
  }
  const body = { device_serial_number: serial, store_id: store.storeId };
  const made = await dintero.ask(
    { method: 'POST', at: 'account', path: '/terminals', body },
    setup.pace.call,
  );
  // Whatever was answered: what is there is what counts, and nothing is sent twice.
  const after = await tried(listTerminals(dintero, { timeoutMs: setup.pace.call }));
  const found = ('value' in after ? after.value : []).find(
    ({ serialNumber, status }) => serialNumber === serial && status !== 'deleted',
  );
  if (found !== undefined) return take(setup, found, ' It was made now.');
  return finding(
    'to do',
    `${serial} was not made: ${describeAttempt(made)}.`,
    'With 403: give the API client admin:accounts or write:accounts in Backoffice.',
    'Or register it there: Backoffice -> Settings -> Terminals.',
  );
}

function freeSerial(accountId: string, all: TerminalFacts[]): string {
  const taken = new Set(all.map(({ serialNumber }) => serialNumber));
  const serials = Array.from(
    { length: 999 },
    (_, index) => `SIMULATED-${accountId}-${String(index + 1).padStart(3, '0')}`,
  );
  return serials.find((serial) => !taken.has(serial)) ?? `SIMULATED-${accountId}-999`;
}

function take(setup: Setup, terminal: TerminalFacts, more = ''): Finding {
  const { terminalId, status, model } = terminal;
  const storeId = setup.options.store ?? terminal.storeId;
  const payoutDestinationId = setup.options.payoutDestination ?? terminal.payoutDestinationId;
  const text = `${terminalId}${model === null ? '' : ` (${model})`}`;
  if (!['active', 'unknown'].includes(status)) {
    return { verdict: 'to do', found: waysOut([terminal]), todo: [order] };
  }
  if (terminal.storeId !== null && storeId !== null && terminal.storeId !== storeId) {
    const todo = `Leave --store away, or name a terminal of ${storeId}.`;
    return finding('to do', `${text} stands in store ${terminal.storeId}.`, todo);
  }
  if (storeId === null || payoutDestinationId === null) {
    const todo = 'Link it in Backoffice -> Settings, or name --store and --payout-destination.';
    return finding('to do', `${text} has no store with a seller.`, todo);
  }
  setup.place = { terminal, storeId, payoutDestinationId, isSimulated: isSimulated(terminal) };
  return taken(setup.place, text, more);
}

function taken(
  { terminal, storeId, payoutDestinationId, isSimulated: simulated }: Place,
  text: string,
  more: string,
): Finding {
  const where = `store ${storeId}, seller ${payoutDestinationId}`;
  const kind = simulated ? 'simulated' : 'a real device';
  if (terminal.status === 'active') return ok(`${text} is active: ${kind}, ${where}.${more}`);
  return finding('not proven', `${text}, ${where}: whether it is active could not be read.${more}`);
}

export const placeSteps: readonly Step[] = [storeStep, terminalStep];
