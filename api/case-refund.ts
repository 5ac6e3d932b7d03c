/**
 * Giving back the money of a case: what is possible now, as a short workflow reads it, and the refund that a person
 * orders. The case itself stays open and counted until Dintero shows that nothing is left.
 */
import type { Logger } from 'pino';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import { refundIdOf, refundOptionsWorkflowId } from '../workflows/refund-ids.ts';
import { refundOptionsType } from '../workflows/refund-messages.ts';
import type { RefundOptions } from '../workflows/refund-options.ts';
import type { ActionInput } from '../workflows/messages.ts';
import { moneyText } from '../workflows/money.ts';
import type { Case } from './answers.ts';
import { bounded, type Context } from './answering.ts';
import { findCase } from './cases.ts';
import { orderCase } from './ops.ts';
import { Problem } from './problems.ts';
import { nextRefundAfter, RefundReading } from './refund-reading.ts';
import type { Refund } from './refund-schemas.ts';
import { assertOthersEnded, assertSameRefund, startRefund } from './refund-start.ts';
import { assertOwnAccount, validate } from './request.ts';
import { terminalId } from './schemas.ts';
import { isTemporalFailure } from './temporal.ts';

/** Whoever looks again within this time sees the same: every look asks Dintero. */
const lookedForMs = 5_000;

export class CaseOptions {
  readonly #looked = new LRUCache<string, RefundOptions>({ max: 1_000, ttl: lookedForMs });

  /** As {@link readNow}, or as it was a moment ago: since then no refund has ended. */
  async read(context: Context, found: Case, nextRefund: number): Promise<RefundOptions | null> {
    const key = `${found.transaction_id} ${nextRefund}`;
    const known = this.#looked.get(key) ?? (await this.readNow(context, found));
    if (known !== null) this.#looked.set(key, known, { noUpdateTTL: true });
    return known;
  }

  /** null: it is not known now, because no worker or Dintero answers. */
  async readNow(
    context: Context,
    { transaction_id, charge_id }: Case,
  ): Promise<RefundOptions | null> {
    const { temporal, timings, taskQueue } = context;
    try {
      return await temporal.waiting.connection.withDeadline(
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
    } catch (err) {
      if (!isTemporalFailure(err) && !isFailedWorkflow(err)) throw err;
      return null;
    }
  }
}

function isFailedWorkflow(err: unknown): boolean {
  return err instanceof Error && err.name === 'WorkflowFailedError';
}

/** What a person may do about an open case now. */
function optionsOf(
  id: string,
  refunds: NonNullable<Case['options']>,
): NonNullable<Case['options']> {
  const others = {
    wait: `Wait for the customer: the money goes back only with the card at a terminal. Write down what you know: npx kvitt note ${id} --text "<text>"`,
    settle: `Settle it otherwise: npx kvitt settle ${id} --as kept, or --as written_off, --why "<why>"`,
  };
  return [
    ...refunds,
    { action: 'wait', terminal_id: null, next_refund: null, text: others.wait },
    { action: 'settle', terminal_id: null, next_refund: null, text: others.settle },
  ];
}

function noRefund(text: string): NonNullable<Case['options']> {
  return [{ action: 'none', terminal_id: null, next_refund: null, text }];
}

function refundsPossible(
  id: string,
  { next, options }: { next: number; options: RefundOptions | null },
): NonNullable<Case['options']> {
  if (options === null) {
    return noRefund(
      'Whether a refund is possible is not known now: Dintero, or no worker, answers.',
    );
  }
  if (options.why_none !== null) return noRefund(`No refund now: ${options.why_none}.`);
  const money = moneyText(options.left_amount, options.currency);
  return options.terminals.map(({ terminal_id, store_id }) => ({
    action: 'refund' as const,
    terminal_id,
    next_refund: next,
    text: `Refund ${money} at ${terminal_id}${store_id === null ? '' : ` in ${store_id}`}, with the customer and the card: npx kvitt refund ${id} --refund ${next} --terminal-id ${terminal_id} --why "<why>"`,
  }));
}

/** The case with what is possible now. */
export async function caseWithOptions(
  context: Context,
  options: CaseOptions,
  found: Case,
): Promise<Case> {
  if (found.state === 'settled') return found;
  const { transaction_id: id, charge_id: chargeId } = found;
  const reading = new RefundReading(context.temporal.client);
  const refunds = await bounded(context, async () => await reading.all(chargeId));
  const next = nextRefundAfter(refunds);
  const last = refunds.at(-1)?.record.refund_id ?? '';
  const possible =
    next === null
      ? noRefund(`No refund now: ${last} has not ended and may still succeed.`)
      : refundsPossible(id, { next, options: await options.read(context, found, next) });
  return { ...found, options: optionsOf(id, possible) };
}

const whereSchema = z.object({ terminal_id: terminalId });

/**
 * Starts the refund that a person orders and writes it into the case. The order names its number: who repeats one that
 * got no answer, or orders what a colleague has ordered, gets that refund and not a second one.
 */
export async function refundCase(
  context: Context,
  options: CaseOptions,
  order: { transactionId: string; input: ActionInput; by: string; log: Logger },
): Promise<Case & { refund: Refund }> {
  const { transactionId, input, by, log } = order;
  const { temporal, accountId } = context;
  const { terminal_id: at } = validate(whereSchema, { terminal_id: input['terminal_id'] }, 'body');
  assertOwnAccount(at, accountId);
  const refund = Number(input['refund']);
  const why = String(input['why']);
  const found = await bounded(context, async () => await findCase(temporal, transactionId));
  const reading = new RefundReading(temporal.client);
  const known = await bounded(context, async () => {
    const read = await reading.find(refundIdOf(found.charge_id, refund));
    if (read === null) await assertOthersEnded(reading, found.charge_id, refund);
    return read;
  });
  if (known !== null) {
    const amount = typeof input['amount'] === 'number' ? input['amount'] : null;
    assertSameRefund(known, { amount, terminal_id: at, why, transaction_id: transactionId });
    return { ...found, refund: await bounded(context, async () => await reading.show(known)) };
  }
  const possible = await options.readNow(context, found);
  assertPossibleAt(at, possible);
  const amount = amountOf(input, possible);
  // Written down first: who ordered it stands there even if nothing else comes of it.
  const about = await orderCase(context, { transactionId, action: 'refund', input, by });
  const { read } = await startRefund(
    context,
    {
      chargeId: found.charge_id,
      request: {
        refund,
        amount,
        currency: found.currency ?? possible?.currency ?? '',
        terminal_id: at,
        why,
      },
      asksAll: input['amount'] === undefined,
      by,
      sale: {
        transaction_id: transactionId,
        store_id: found.store_id ?? possible?.store_id ?? null,
        payout_destination_id: possible?.payout_destination_id ?? null,
      },
    },
    log,
  );
  return { ...about, refund: await bounded(context, async () => await reading.show(read)) };
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

/** More than is left would only use up a number. */
function amountOf({ amount }: ActionInput, possible: RefundOptions | null): number {
  if (possible === null) {
    if (typeof amount === 'number') return amount;
    throw refused('how much is left is not known now, so say the amount, or send it again later');
  }
  const { left_amount: left, currency } = possible;
  if (typeof amount !== 'number') return left;
  if (amount <= left) return amount;
  throw refused(
    `${moneyText(amount, currency)} is more than the ${moneyText(left, currency)} that are left; nothing was started`,
  );
}

function refused(why: string): Problem {
  return new Problem('not_possible_now', `Refused: ${why}.`);
}
