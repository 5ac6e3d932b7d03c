/**
 * One order about the account's stores and terminals. Dintero knows no key for it, so it is looked for first, sent once,
 * and looked for again until Dintero shows it: a lost answer is found by looking, never by sending again.
 */
import { proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { TerminalFacts } from '../activities/dintero/account-facts.ts';
import {
  explained,
  isSo,
  judge,
  subjectOf,
  type AccountAnswer,
  type AccountOrder,
  type AccountOrderInput,
  type AccountOrderResult,
  type AccountQuestion,
  type AccountReadingInput,
  type Registered,
} from './account-orders.ts';
import { failureOf, moves, type Failed } from './dintero-calls.ts';
import { readTimeoutMs } from './dintero-reads.ts';
import type { Durations } from './policy.ts';

const nothing: Registered = { store: null, terminal: null };

export async function accountOrder(input: AccountOrderInput): Promise<AccountOrderResult> {
  const { order, ordered_by } = input;
  const what = `**${order.do}** of ${subjectOf(order)}, ordered by ${ordered_by}`;
  setCurrentDetails(what);
  const result = await obey(input);
  setCurrentDetails(`${what}: **${result.outcome}**. ${result.text}`);
  return result;
}

async function obey({ order, policy }: AccountOrderInput): Promise<AccountOrderResult> {
  const { durations } = policy;
  const before = await look(order, durations);
  if ('type' in before) return { ...nothing, outcome: 'refused', text: notSent(before) };
  const judged = judge(order, before);
  if (judged.is === 'impossible') return { ...before, outcome: 'refused', text: `${judged.why}.` };
  if (judged.is === 'so') return { ...before, outcome: 'done', text: 'It was so already.' };
  const failed = await send(order, durations);
  if (failed !== null && isCertain(failed)) {
    return { ...before, outcome: 'refused', text: explained(`${failed.message}.`) };
  }
  return await readBack(order, { durations, before, failed });
}

function notSent({ message }: Failed): string {
  return `${message}. Nothing was sent.`;
}

/** Nothing has happened at Dintero. */
function isCertain({ type }: Failed): boolean {
  const certain = [
    'DinteroRejected',
    'DinteroUnauthorized',
    'DinteroRateLimited',
    'DinteroUnavailable',
  ];
  return certain.includes(type);
}

/** Until Dintero shows it, for as long as its lists may lag; an answered order is done whatever they show. */
async function readBack(
  order: AccountOrder,
  of: { durations: Durations; before: Registered; failed: Failed | null },
): Promise<AccountOrderResult> {
  const { durations, failed } = of;
  const giveUpAt = Date.now() + durations.listLag;
  let shown = of.before;
  for (;;) {
    const found = await look(order, durations);
    if (!('type' in found)) shown = found;
    // A synchronisation is never to be seen: only its answer says that it was taken.
    const isDone = order.do === 'sync_terminal' ? failed === null : isSo(order, shown);
    if (isDone) return { ...shown, outcome: 'done', text: 'Dintero shows it.' };
    if (Date.now() > giveUpAt || order.do === 'sync_terminal') break;
    await sleep(durations.pollMin, { summary: 'Until Dintero is looked at again' });
  }
  if (failed === null) {
    return { ...shown, outcome: 'done', text: 'Dintero has taken it, and does not show it yet.' };
  }
  const text = `${failed.message}. Dintero does not show it: look again, or order it again.`;
  return { ...shown, outcome: 'unclear', text };
}

async function look(order: AccountOrder, { listLag }: Durations): Promise<Registered | Failed> {
  const { readRegistered } = proxyActivities<Activities>({
    ...reading,
    scheduleToCloseTimeout: Math.max(minimalMs, listLag),
    summary: 'What does Dintero show?',
  });
  try {
    return await readRegistered({ order, timeoutMs: readTimeoutMs });
  } catch (error) {
    return failureOf(error);
  }
}

/** Pages of terminals and of stores, each with its own time-out; a person waits for it. */
const reading = {
  startToCloseTimeout: '30 s',
  retry: { initialInterval: 200, maximumInterval: 5000 },
} as const;
const minimalMs = 5000;

/** null: Dintero has answered that it is done. */
async function send(order: AccountOrder, durations: Durations): Promise<Failed | null> {
  const { sendAccountOrder } = proxyActivities<Activities>({
    ...moves(durations),
    summary: 'Send the order, once',
  });
  try {
    await sendAccountOrder({ order, timeoutMs: durations.httpTimeout });
    return null;
  } catch (error) {
    return failureOf(error);
  }
}

/** What the api asks of Dintero for whoever reads: the api itself speaks to Temporal only. */
export async function accountReading({ question }: AccountReadingInput): Promise<AccountAnswer> {
  const account = proxyActivities<Activities>({
    ...reading,
    // The api answers within ten seconds, and tells then what Dintero did.
    scheduleToCloseTimeout: '7 s',
    summary: `Read the ${question.read}`,
  });
  try {
    return await answer(account, question);
  } catch (error) {
    return { failed: failureOf(error).message };
  }
}

async function answer(
  account: Pick<Activities, 'listTerminals' | 'readTerminal' | 'listStores'>,
  question: AccountQuestion,
): Promise<AccountAnswer> {
  const timeoutMs = readTimeoutMs;
  switch (question.read) {
    case 'stores':
      return { terminals: [], stores: await account.listStores({ timeoutMs }) };
    case 'terminal': {
      const terminalId = question.terminal_id;
      const terminal = await account.readTerminal({ terminalId, timeoutMs });
      return { terminals: terminal === null ? [] : [terminal], stores: [] };
    }
    case 'terminals': {
      const { store_id: storeId, payout_destination_id: payoutDestinationId, status } = question;
      const terminals: TerminalFacts[] = await account.listTerminals({
        timeoutMs,
        ...(storeId === undefined ? {} : { storeId }),
        ...(payoutDestinationId === undefined ? {} : { payoutDestinationId }),
      });
      const isAsked = (one: TerminalFacts): boolean =>
        status === undefined || one.status === status;
      return { terminals: terminals.filter(isAsked), stores: [] };
    }
  }
}
