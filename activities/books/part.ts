/** A part of a day, reconciled: Dintero's payments and our charges of some hours, compared both ways. */
import type { Client } from '@temporalio/client';
import {
  differencesMax,
  type Difference,
  type Part,
  type Span,
  type TerminalBooks,
  type Zones,
} from '../../workflows/books.ts';
import { noSum, summed, together, emptyPart } from '../../workflows/books-sums.ts';
import { caseWorkflowId } from '../../workflows/messages.ts';
import type { Dintero } from '../dintero/charges.ts';
import { findPayment, readInstallation, type Payment } from '../dintero/payment.ts';
import { listPayments, type Pace, type PaymentFilter } from '../dintero/payments.ts';
import {
  areRefundsAsTold,
  askCase,
  askCharge,
  isChargeId,
  listCharges,
  toldBy,
  type Listed,
} from './charges.ts';
import { businessDay, type BusinessDay } from '../../workflows/business-days.ts';
import {
  amountIn,
  isSure,
  judgeMissing,
  judgePayment,
  refundsDiffer,
  type Told,
  type Verdict,
} from './judge.ts';

export interface BooksDeps {
  dintero: Dintero;
  client: Client;
  taskQueue: string;
  pace: Pace;
}

export interface PartAsk {
  date: string;
  zones: Zones;
  span: Span;
}

/** A charge's workflow begins before the terminal prompts, and the customer has minutes. */
const chargeLeadMs = 15 * 60_000;
/** Temporal keeps closed charges 30 days at least (`/readyz`); a day of room for zones and clocks. */
const rememberedMs = 29 * 86_400_000;

/** The sales of some hours: every payment that Dintero made in them, and every charge that began in them. */
export async function reconcileSales(deps: BooksDeps, ask: PartAsk): Promise<Part> {
  const { from, to } = ask.span;
  const sales: PaymentFilter = {
    query: {
      'created_at.gte': new Date(from).toISOString(),
      'created_at.lte': new Date(to).toISOString(),
    },
    fits: ({ createdAt }) => createdAt >= from && createdAt < to,
  };
  const list = await listPayments(deps.dintero, sales, deps.pace);
  const charges = await listCharges(deps.client, {
    taskQueue: deps.taskQueue,
    span: { from: from - chargeLeadMs, to },
    beat: () => deps.pace.beat(list.pages),
  });
  const desk = new Desk(deps, businessDay(ask.date, ask.zones), charges);
  for (const payment of list.payments) await desk.take(payment);
  const listed = new Set(list.payments.map(({ facts }) => facts.transactionId));
  for (const charge of charges.values()) {
    if (charge.startedAt >= from && !listed.has(charge.record.transaction_id ?? '')) {
      await desk.takeUnlisted(charge, ask.span);
    }
  }
  return desk.close(list);
}

/** Refunds given on this day for sales of earlier ones; those of the day's own sales are among the sales. */
export async function reconcileRefunds(deps: BooksDeps, ask: PartAsk): Promise<Part> {
  const { from, to } = ask.span;
  const refunds: PaymentFilter = {
    query: {
      'refunded_at.gte': new Date(from).toISOString(),
      'refunded_at.lte': new Date(to).toISOString(),
    },
    fits: (payment) => payment.refunds.some(({ at }) => at >= from && at <= to),
  };
  const list = await listPayments(deps.dintero, refunds, deps.pace);
  const desk = new Desk(deps, businessDay(ask.date, ask.zones), new Map());
  for (const payment of list.payments) {
    if (payment.createdAt < from) await desk.take(payment);
  }
  return desk.close(list);
}

/** Where one payment after the other is looked at, and what it comes to is written down. */
class Desk {
  readonly #deps: BooksDeps;
  readonly #day: BusinessDay;
  readonly #charges: Map<string, Listed>;
  #rows: TerminalBooks[] = [];
  #part: Part = { ...emptyPart, differences: [] };
  #looks = 0;

  constructor(deps: BooksDeps, day: BusinessDay, charges: Map<string, Listed>) {
    this.#deps = deps;
    this.#day = day;
    this.#charges = charges;
  }

  async take(payment: Payment): Promise<void> {
    const { facts, storeId, createdAt } = payment;
    const isOfDay = this.#day.has(storeId, createdAt);
    if (!isOfDay && this.#refundsOn(payment).length === 0) return;
    const charge = this.#charges.get(facts.chargeId);
    if (!(await this.#isOurs(payment, charge))) {
      if (isOfDay) this.#others(payment);
      return;
    }
    const known = charge === undefined ? null : toldBy(charge);
    const byList = known === null ? null : judgePayment(payment, known, null);
    const isRefunded = (facts.ownRefunds ?? []).length > 0;
    const { verdict, told, isCaseOpen, seen } =
      known !== null && byList !== null && isSure(byList) && !isRefunded
        ? { verdict: byList, told: known, isCaseOpen: false, seen: payment }
        : await this.#look(payment);
    this.#book(seen, { told, isOfDay });
    this.#note(seen, verdict, { told, isCaseOpen });
  }

  /** A charge that told of a payment which the list of these hours does not show: Dintero is asked for it by its id. */
  async takeUnlisted(charge: Listed, { from, to }: Span): Promise<void> {
    const { record } = charge;
    const { transaction_id: transactionId, charge_id: chargeId } = record;
    const by = toldBy(charge);
    if (by.is !== 'ended' || by.outcome !== 'captured' || transactionId === null) return;
    this.#looks += 1;
    const found = await findPayment(this.#deps.dintero, { chargeId, transactionId });
    if (found !== null) {
      // Made a moment later it is compared, and booked, with the hours in which it was made.
      if (found.createdAt >= from && found.createdAt < to) await this.take(found);
      return;
    }
    if (!this.#day.has(record.store_id, charge.startedAt)) return;
    const told = await askCharge(this.#deps.client, chargeId, false);
    const verdict = judgeMissing(told);
    if (verdict.is !== 'differs') return this.#open();
    this.#differ({
      kind: verdict.kind,
      charge_id: chargeId,
      transaction_id: transactionId,
      store_id: record.store_id,
      terminal_id: record.terminal_id,
      currency: record.currency,
      dintero_amount: null,
      told_amount: record.captured_amount,
      at: record.created_at,
      found: verdict.found,
      followed_by: null,
      became: null,
    });
    this.#rows.push({
      ...placeOf(record.store_id, record.terminal_id, record.currency),
      captured: noSum,
      told: { count: 1, amount: record.captured_amount ?? 0 },
      refunded: noSum,
    });
  }

  close({ pages, payments, unreadable }: Awaited<ReturnType<typeof listPayments>>): Part {
    const notes = unreadable.map((id) => `Payment ${id} could not be read and is not compared`);
    const read = {
      pages,
      payments: payments.length,
      charges: this.#charges.size,
      looks: this.#looks,
    };
    const own = { ...this.#part, terminals: summed(this.#rows), read, notes: notes.slice(0, 20) };
    return together(emptyPart, own);
  }

  /** The transaction may say whose it is; otherwise a charge of ours, or its session does. */
  async #isOurs({ facts, installation }: Payment, charge: Listed | undefined): Promise<boolean> {
    if (!facts.isInPerson || !isChargeId(facts.chargeId)) return false;
    const ours = this.#deps.dintero.config.installation;
    if (installation !== null) return installation === ours;
    if (charge?.record.transaction_id === facts.transactionId) return true;
    this.#looks += 1;
    return (await readInstallation(this.#deps.dintero, facts)) === ours;
  }

  /** Whatever is not plain is read again: the payment by its id, the charge, and the case. */
  async #look(
    payment: Payment,
  ): Promise<{ verdict: Verdict; told: Told; isCaseOpen: boolean; seen: Payment }> {
    const { client, dintero } = this.#deps;
    const { chargeId, transactionId } = payment.facts;
    this.#looks += 1;
    const isForgotten = payment.createdAt < Date.now() - rememberedMs;
    const [again, told, { isOpen, settled }] = await Promise.all([
      findPayment(dintero, { chargeId, transactionId }),
      askCharge(client, chargeId, isForgotten),
      askCase(client, transactionId),
    ]);
    const seen = again ?? payment;
    const verdict = judgePayment(seen, told, settled);
    const isAsTold =
      verdict.is !== 'agrees' || (await areRefundsAsTold(client, seen, rememberedMs));
    return { verdict: isAsTold ? verdict : refundsDiffer, told, isCaseOpen: isOpen, seen };
  }

  #refundsOn({ refunds, storeId }: Payment): Payment['refunds'] {
    return refunds.filter(({ at }) => this.#day.has(storeId, at));
  }

  #book(payment: Payment, { told, isOfDay }: { told: Told; isOfDay: boolean }): void {
    const { facts, storeId } = payment;
    const refunds = this.#refundsOn(payment);
    const isCaptured = isOfDay && facts.capturedAmount > 0;
    const isTold =
      isOfDay &&
      told.is === 'ended' &&
      told.outcome === 'captured' &&
      told.transactionId === facts.transactionId;
    if (!isCaptured && !isTold && refunds.length === 0) return;
    this.#rows.push({
      ...placeOf(storeId, facts.terminalId, facts.currency),
      captured: isCaptured ? { count: 1, amount: facts.capturedAmount } : noSum,
      told: isTold ? { count: 1, amount: told.capturedAmount } : noSum,
      refunded: {
        count: refunds.length,
        amount: refunds.reduce((sum, { amount }) => sum + amount, 0),
      },
    });
    // A row per payment until here; the hours of a chain have some thousand terminals.
    if (this.#rows.length > 10_000) this.#rows = summed(this.#rows);
  }

  #note(
    { facts, storeId, createdAt }: Payment,
    verdict: Verdict,
    { told, isCaseOpen }: { told: Told; isCaseOpen: boolean },
  ): void {
    if (verdict.is === 'open') return this.#open();
    if (verdict.is === 'forgotten') {
      const note = 'Payments older than what Temporal remembers cannot be compared any more';
      this.#part = { ...this.#part, notes: [note] };
    }
    if (verdict.is !== 'differs') return;
    const isTold = told.is === 'ended';
    this.#differ({
      kind: verdict.kind,
      charge_id: facts.chargeId,
      transaction_id: facts.transactionId,
      store_id: storeId,
      terminal_id: facts.terminalId,
      currency: facts.currency,
      dintero_amount: amountIn(facts),
      told_amount: isTold ? told.capturedAmount - told.refundedAmount : null,
      at: new Date(createdAt).toISOString(),
      found: verdict.found,
      followed_by: isCaseOpen ? caseWorkflowId(facts.transactionId) : null,
      became: isCaseOpen ? 'a case that was open already' : null,
    });
  }

  #differ(difference: Difference): void {
    const isFull = this.#part.differences.length >= differencesMax;
    if (isFull) this.#part = { ...this.#part, more: this.#part.more + 1 };
    else this.#part.differences.push(difference);
  }

  #open(): void {
    this.#part = { ...this.#part, open: this.#part.open + 1 };
  }

  #others({ facts, product, installation }: Payment): void {
    const captured = { count: 1, amount: facts.capturedAmount };
    const row = { product, installation, currency: facts.currency, payments: captured };
    this.#part = together(this.#part, { ...emptyPart, other: [row] });
  }
}

function placeOf(
  storeId: string | null,
  terminalId: string | null,
  currency: string | null,
): Pick<TerminalBooks, 'store_id' | 'terminal_id' | 'currency'> {
  return {
    store_id: storeId ?? 'unknown',
    terminal_id: terminalId ?? 'unknown',
    currency: currency ?? 'unknown',
  };
}
