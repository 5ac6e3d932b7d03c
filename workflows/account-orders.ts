/**
 * Orders about the account's stores and terminals, as they cross a process, and what Dintero's lists say of them. Pure.
 * Dintero makes a second one of what is sent twice, so each is sent once, and looked for before and after.
 */
import type {
  RegistrationStatus,
  StoreFacts,
  TerminalFacts,
} from '../activities/dintero/account-facts.ts';
import type { ChargePolicy } from './policy.ts';

/** Sandbox devices that Dintero plays itself, `SIMULATED-<account>-<three digits>` (dossier 8.7). */
export const simulatedSerialPrefix = 'SIMULATED-';

export type AccountOrder =
  | {
      do: 'create_store';
      store_id: string;
      name: string;
      organization_number: string;
      payout_destination_id: string;
    }
  | { do: 'update_store'; store_id: string; name?: string; payout_destination_id?: string }
  | { do: 'create_terminal'; serial_number: string; store_id: string; model?: string }
  | { do: 'update_terminal'; terminal_id: string; store_id?: string; model?: string }
  | { do: 'sync_terminal'; terminal_id: string };

/** Input of {@link accountOrderType}. */
export interface AccountOrderInput {
  order: AccountOrder;
  ordered_by: string;
  policy: ChargePolicy;
}

/** What the order is about, as Dintero shows it; null: it shows none. */
export interface Registered {
  store: StoreFacts | null;
  terminal: TerminalFacts | null;
}

export interface AccountOrderResult extends Registered {
  /** `unclear`: Dintero did not answer, and does not show it. Ordering it again looks for it first. */
  outcome: 'done' | 'refused' | 'unclear';
  /** One sentence for people. */
  text: string;
}

export const accountOrderType = 'accountOrder';
export const accountReadingType = 'accountReading';

/** One at a time about the same thing: two orders at once would be two at Dintero. Stores of two Kvitts may be namesakes. */
export function accountOrderWorkflowId(order: AccountOrder, taskQueue: string): string {
  return `account-order/${taskQueue}/${order.do}/${subjectOf(order)}`;
}

export function subjectOf(order: AccountOrder): string {
  switch (order.do) {
    case 'create_store':
    case 'update_store':
      return order.store_id;
    case 'create_terminal':
      return order.serial_number;
    case 'update_terminal':
    case 'sync_terminal':
      return order.terminal_id;
  }
}

/** What is read for whoever asks the api. */
export type AccountQuestion =
  | {
      read: 'terminals';
      store_id?: string;
      payout_destination_id?: string;
      status?: RegistrationStatus;
    }
  | { read: 'terminal'; terminal_id: string }
  | { read: 'stores' };

/** Input of {@link accountReadingType}. */
export interface AccountReadingInput {
  question: AccountQuestion;
}

/** `failed`: in words, what Dintero did instead of answering. */
export type AccountAnswer =
  { terminals: TerminalFacts[]; stores: StoreFacts[] } | { failed: string };

/** Equal questions at the same time share one reading. */
export function accountReadingWorkflowId(question: AccountQuestion, taskQueue: string): string {
  const { read, ...filter } = question;
  const parts = Object.entries(filter).map(([name, value]) => `${name}=${value}`);
  return ['account-reading', taskQueue, read, ...parts.toSorted()].join('/');
}

/** What Dintero shows before anything is sent: is it so already, can it not be, or is it to be sent? */
export function judge(
  order: AccountOrder,
  shown: Registered,
): { is: 'so' | 'to_send' } | { is: 'impossible'; why: string } {
  const why = whyImpossible(order, shown);
  if (why !== null) return { is: 'impossible', why };
  return { is: isSo(order, shown) ? 'so' : 'to_send' };
}

function whyImpossible(order: AccountOrder, { store, terminal }: Registered): string | null {
  switch (order.do) {
    case 'create_store':
      return store === null || isSo(order, { store, terminal })
        ? null
        : `store ${order.store_id} exists, with ${store.name ?? 'no name'} and seller ${store.payoutDestinationId ?? 'none'}: update it`;
    case 'update_store':
      return store === null ? `Dintero knows no store ${order.store_id}` : null;
    case 'create_terminal':
      return terminal === null || terminal.storeId === order.store_id
        ? null
        : `${order.serial_number} is registered as ${terminal.terminalId} at store ${terminal.storeId ?? 'none'}: move it`;
    case 'update_terminal':
    case 'sync_terminal':
      return terminal === null ? `Dintero knows no terminal ${order.terminal_id}` : null;
  }
}

/** Whether Dintero shows it as ordered. A synchronisation leaves nothing that could be told from before. */
export function isSo(order: AccountOrder, { store, terminal }: Registered): boolean {
  switch (order.do) {
    case 'create_store':
    case 'update_store':
      return (
        store !== null &&
        (order.name ?? store.name) === store.name &&
        (order.payout_destination_id ?? store.payoutDestinationId) === store.payoutDestinationId
      );
    case 'create_terminal':
      return terminal?.storeId === order.store_id;
    case 'update_terminal':
      return (
        terminal !== null &&
        (order.store_id ?? terminal.storeId) === terminal.storeId &&
        (order.model ?? terminal.model) === terminal.model
      );
    case 'sync_terminal':
      return false;
  }
}

/** Words of Dintero's that do not say what they mean (dossier 6). */
const meanings: Record<string, string> = {
  TERMINAL_NOT_RETRYABLE:
    'Dintero provisions a terminal again only after an error, or when it has been pending for more than ten minutes.',
  STORE_NOT_ACTIVE: 'The store of the terminal is not active at Dintero.',
};

/** A refusal of Dintero's, and what its word means. */
export function explained(refusal: string): string {
  const word = Object.keys(meanings).find((one) => refusal.includes(one));
  return word === undefined ? refusal : `${refusal} ${meanings[word] ?? ''}`;
}
