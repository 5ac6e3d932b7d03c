import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { z } from 'zod';
import { behaviourOf } from './behaviour.ts';
import type { RequestFault } from './faults.ts';
import { record } from './ledger.ts';
import type { Operation, Refund, Terminal, Transaction } from './records.ts';
import { endRefund, findRefund } from './refund-results.ts';
import type { Answer, Route } from './routes.ts';
import { amount } from './session-request.ts';
import { parseBody } from './sessions.ts';
import { customerOf, endRefundPrompt, findTerminal, startRefundPrompt } from './terminals.ts';
import { addEvent, assertLegal, eventOf, operate, own } from './transactions.ts';
import {
  aboutTransaction,
  findSession,
  findTransaction,
  Refusal,
  transactionView,
  type World,
} from './world.ts';

const refundRequest = z.looseObject({
  amount,
  terminal_id: z.string().optional(),
  reason: z.string().optional(),
  refund_reference: z.string().optional(),
  items: z.array(z.looseObject({ line_id: z.string(), amount: z.number().int() })).optional(),
  metadata: z.record(own, z.string().max(256)).optional(),
});

/** Refunds of in-person payments: the cardholder approves them at a terminal of the sale's seller. */
export const refundRoutes: readonly Route[] = [
  {
    endpoint: 'refund',
    method: 'post',
    path: '/transactions/:id/refund',
    about: (world, { id }) => aboutTransaction(world, { id }),
    answer: (world, { id, body }, fault) => {
      const transaction = findTransaction(world, id);
      const wanted = parseBody(refundRequest, body);
      const { refund_reference: reference, metadata, terminal_id } = wanted;
      const operation: Operation = {
        name: 'REFUND',
        amount: wanted.amount,
        by: world.options.clientId,
        ...(reference !== undefined && { reference }),
        ...(metadata !== undefined && { metadata }),
      };
      if (transaction.payment_product_type !== 'seitatech.in_person') {
        operate(world, id, operation);
        return { status: 200, body: transactionView(transaction) };
      }
      const terminal = terminalFor(world, transaction, terminal_id);
      assertLegal(world, transaction, operation);
      refuseIfTaken(world, { transaction, terminal, operation });
      return ask(world, { transaction, terminal, operation }, fault);
    },
  },
];

/** The terminal that a refund names: it must be active, and of the seller of the sale. */
function terminalFor(world: World, { store }: Transaction, id: string | undefined): Terminal {
  if (id === undefined) throw new Refusal(400, 'terminal_id is required for seitatech.in_person');
  const terminal = findTerminal(world, id);
  if (terminal.status !== 'ACTIVE') throw new Refusal(400, `terminal ${id} is ${terminal.status}`);
  const shop = world.store.tables.shop.get(terminal.store_id ?? '');
  const seller =
    terminal.payout_destination_id ??
    shop?.payout_destination.payout_destination_id ??
    store.payout_destination_id;
  if (seller !== store.payout_destination_id) {
    throw new Refusal(400, `terminal ${id} is not of seller ${store.payout_destination_id}`);
  }
  return terminal;
}

interface Wanted {
  transaction: Transaction;
  terminal: Terminal;
  operation: Operation;
}

function refuseIfTaken(world: World, { transaction, terminal, operation }: Wanted): void {
  const { second_session } = behaviourOf(world, terminal.id);
  if (terminal.prompt === null || second_session !== 'reject') return;
  record(world, 'refund_refused', findSession(world, transaction.session_id), {
    amount: operation.amount,
    terminal_id: terminal.id,
    why: 'terminal_busy',
    ...(operation.reference !== undefined && { refund_reference: operation.reference }),
  });
  throw new Refusal(400, `terminal ${terminal.id} is busy`);
}

/** Asks the cardholder, and answers as the terminal's behaviour says. */
function ask(
  world: World,
  { transaction, terminal, operation }: Wanted,
  fault: RequestFault | undefined,
): Answer {
  const behaviour = behaviourOf(world, terminal.id);
  const accept = fault?.kind === 'accept_202' ? fault : undefined;
  const mode = accept === undefined ? behaviour.refund_answer : '202';
  const isShown = mode === '202' || (mode === 'held' && behaviour.refund_initiated_visible);
  const at = { ...operation, terminal_id: terminal.id };
  const refund: Refund = {
    id: randomUUID(),
    transaction_id: transaction.id,
    operation: at,
    terminal_id: terminal.id,
    result: accept?.success ?? true,
    state: 'open',
  };
  if (isShown) refund.request_id = initiate(world, transaction, at);
  world.store.save('refund', refund.id, refund);
  startRefundPrompt(world, refund);
  if (mode === 'held') return { status: 200, body: null, held: whenEnded(world, refund.id) };
  if (mode === '200') actAtOnce(world, refund);
  return answered(mode === '202' ? 202 : 200, { transaction, refund });
}

function answered(
  status: number,
  { transaction, refund }: { transaction: Transaction; refund: Refund },
): Answer {
  const answer = { status, body: transactionView(transaction) };
  if (refund.request_id === undefined) return answer;
  return { ...answer, headers: { 'event-request-id': refund.request_id } };
}

/** The request id of the INITIATE_REFUND. */
function initiate(world: World, transaction: Transaction, operation: Operation): string {
  const event = { ...eventOf(transaction, operation), event: 'INITIATE_REFUND', success: true };
  return addEvent(world, transaction, event).request_id;
}

function actAtOnce(world: World, refund: Refund): void {
  const terminal = findTerminal(world, refund.terminal_id);
  if (terminal.prompt?.refund_id !== refund.id) return;
  const act = customerOf(world, terminal) ?? {
    action: 'tap',
    brand: 'Visa',
    entry_method: 'chip',
  };
  endRefundPrompt(world, terminal, act);
  endRefund(world, refund, act);
}

async function whenEnded(world: World, id: string): Promise<Answer> {
  await once(world.events, `refund ${id}`);
  const { transaction_id } = findRefund(world, id);
  return { status: 200, body: transactionView(findTransaction(world, transaction_id)) };
}
