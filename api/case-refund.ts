/**
 * Giving back the money of a case: what is possible now, as a short workflow reads it, and the refund that a person
 * orders. The case itself stays open and counted until Dintero shows that nothing is left.
 */
import type { Logger } from 'pino';
import { LRUCache } from 'lru-cache';
import { refundOptionsWorkflowId } from '../workflows/refund-ids.ts';
import { refundOptionsType } from '../workflows/refund-messages.ts';
import type { RefundOptions } from '../workflows/refund-options.ts';
import type { ActionInput } from '../workflows/messages.ts';
import { moneyText } from '../workflows/money.ts';
import type { Case } from './answers.ts';
import type { Context } from './answering.ts';
import { findCase } from './cases.ts';
import { orderCase } from './ops.ts';
import { Problem } from './problems.ts';
import { nextRefundAfter, RefundReading } from './refund-reading.ts';
import type { Refund } from './refund-schemas.ts';
import { startRefund } from './refund-start.ts';
import { assertOwnAccount, validate } from './request.ts';
import { casePathSchema, terminalId } from './schemas.ts';
import { isTemporalFailure } from './temporal.ts';

/** Whoever looks again within this time sees the same: every look asks Dintero. */
const lookedForMs = 5_000;

export class CaseOptions {
  readonly #looked = new LRUCache<string, RefundOptions>({ max: 1_000, ttl: lookedForMs });

  /** null: it is not known now, because no worker or Dintero answers. */
  async read(context: Context, { transaction_id, charge_id }: Case): Promise<RefundOptions | null> {
    const known = this.#looked.get(transaction_id);
    if (known !== undefined) return known;
    const { temporal, timings, taskQueue } = context;
    try {
      const options = await temporal.waiting.connection.withDeadline(
        Date.now() + timings.query,
        async () =>
          await temporal.waiting.client.workflow.execute<
            (asked: { charge_id: string; transaction_id: string }) => Promise<RefundOptions>
          >(refundOptionsType, {
            workflowId: refundOptionsWorkflowId(transaction_id),
            taskQueue,
            args: [{ charge_id, transaction_id }],
            workflowIdConflictPolicy: 'USE_EXISTING',
            workflowExecutionTimeout: '1 minute',
            staticSummary: `what may be refunded of ${charge_id}`,
          }),
      );
      this.#looked.set(transaction_id, options);
      return options;
    } catch (err) {
      if (!isTemporalFailure(err) && !isFailedWorkflow(err)) throw err;
      return null;
    }
  }

  forget(transactionId: string): void {
    this.#looked.delete(transactionId);
  }
}

function isFailedWorkflow(err: unknown): boolean {
  return err instanceof Error && err.name === 'WorkflowFailedError';
}

/** What a person may do about an open case now; null: it is settled. */
function optionsOf(found: Case, options: RefundOptions | null): Case['options'] {
  if (found.state === 'settled') return null;
  const { transaction_id: id } = found;
  return [
    ...refundTexts(id, options),
    {
      action: 'wait',
      terminal_id: null,
      text: `Wait for the customer: the money goes back only with the card at a terminal. Write down what you know: npx kvitt note ${id} --text "<text>"`,
    },
    {
      action: 'settle',
      terminal_id: null,
      text: `Settle it otherwise: npx kvitt settle ${id} --as kept, or --as written_off, --why "<why>"`,
    },
  ];
}

function refundTexts(id: string, options: RefundOptions | null): NonNullable<Case['options']> {
  if (options === null) {
    const text = 'Whether a refund is possible is not known now: Dintero, or no worker, answers.';
    return [{ action: 'none', terminal_id: null, text }];
  }
  if (options.why_none !== null) {
    return [{ action: 'none', terminal_id: null, text: `No refund now: ${options.why_none}.` }];
  }
  const money = moneyText(options.left_amount, options.currency);
  return options.terminals.map(({ terminal_id, store_id }) => ({
    action: 'refund' as const,
    terminal_id,
    text: `Refund ${money} at ${terminal_id}${store_id === null ? '' : ` in ${store_id}`}, with the customer and the card: npx kvitt refund ${id} --terminal-id ${terminal_id} --why "<why>"`,
  }));
}

/** The case with what is possible now. */
export async function caseWithOptions(
  context: Context,
  options: CaseOptions,
  found: Case,
): Promise<Case> {
  if (found.state === 'settled') return found;
  return { ...found, options: optionsOf(found, await options.read(context, found)) };
}

/** Starts the refund that a person orders, under the next number, and writes it into the case. */
export async function refundCase(
  context: Context,
  options: CaseOptions,
  order: { transactionId: string; input: ActionInput; by: string; log: Logger },
): Promise<Case & { refund: Refund }> {
  const { transactionId, input, by, log } = order;
  const { temporal, accountId, timings } = context;
  validate(casePathSchema, { transaction_id: transactionId }, 'path');
  const at = validate(terminalId, input['terminal_id'], 'body');
  assertOwnAccount(at, accountId);
  const found = await temporal.connection.withDeadline(
    Date.now() + timings.read,
    async () => await findCase(temporal, transactionId),
  );
  const possible = await options.read(context, found);
  options.forget(transactionId);
  assertPossibleAt(at, possible);
  const amount = amountOf(input, possible);
  const reading = new RefundReading(temporal.client);
  const refunds = await temporal.connection.withDeadline(
    Date.now() + timings.read,
    async () => await reading.all(found.charge_id),
  );
  const next = nextRefundAfter(refunds);
  if (next === null) {
    const open = refunds.at(-1)?.record.refund_id ?? '';
    throw refused(`refund ${open} has not ended and may still succeed: wait until it has`);
  }
  // Written down first: who ordered it stands there even if nothing else comes of it.
  const about = await orderCase(context, { transactionId, action: 'refund', input, by });
  const { read } = await startRefund(
    context,
    {
      chargeId: found.charge_id,
      request: {
        refund: next,
        amount,
        currency: found.currency ?? possible?.currency ?? '',
        terminal_id: at,
        why: String(input['why']),
      },
      by,
      sale: {
        transaction_id: transactionId,
        store_id: found.store_id ?? possible?.store_id ?? null,
        payout_destination_id: possible?.payout_destination_id ?? null,
      },
    },
    log,
  );
  const refund = await temporal.connection.withDeadline(
    Date.now() + timings.read,
    async () => await reading.show(read),
  );
  return { ...about, refund };
}

/** Not known: Dintero itself decides when it is sent. */
function assertPossibleAt(at: string, possible: RefundOptions | null): void {
  if (possible === null) return;
  const { why_none, terminals, payout_destination_id: seller } = possible;
  if (why_none !== null) throw refused(`${why_none}; the case stays open`);
  if (terminals.some(({ terminal_id }) => terminal_id === at)) return;
  const names = terminals.map(({ terminal_id }) => terminal_id).join(', ');
  throw refused(
    `${at} is no active terminal of ${seller ?? 'the seller of the sale'}: possible now are ${names}`,
  );
}

function amountOf({ amount }: ActionInput, possible: RefundOptions | null): number {
  if (typeof amount === 'number') return amount;
  if (possible !== null) return possible.left_amount;
  throw refused('how much is left is not known now, so say the amount, or send it again later');
}

function refused(why: string): Problem {
  return new Problem('not_possible_now', `Refused: ${why}.`);
}
