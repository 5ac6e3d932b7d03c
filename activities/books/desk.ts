/** The desk at which a part of a day is reconciled: payment by payment, each with what its charge told. */
import type { Client } from '@temporalio/client';
import {
  differencesMax,
  type DeviceBooks,
  type Difference,
  type Part,
  type Span,
  type TerminalBooks,
} from '../../workflows/books.ts';
import { emptyPart, noSum, summed, summedDevices, together } from '../../workflows/books-sums.ts';
import type { BusinessDay } from '../../workflows/business-days.ts';
import { caseWorkflowId } from '../../workflows/messages.ts';
import type { Dintero } from '../dintero/charges.ts';
import { findPayment, readInstallation, type Payment } from '../dintero/payment.ts';
import type { Pace, PaymentList } from '../dintero/payments.ts';
import { devicesOf, placeOf, rowsOf, unsureOn } from './bookings.ts';
import {
  areRefundsAsTold,
  askCase,
  askCharge,
  isChargeId,
  toldBy,
  type Listed,
} from './charges.ts';
import {
  amountIn,
  isSure,
  judgeMissing,
  judgePayment,
  refundsDiffer,
  type Told,
  type Verdict,
} from './judge.ts';
import { RefundPlaces, type GivenRefund, type StoreOf } from './refund-places.ts';

export interface BooksDeps {
  dintero: Dintero;
  client: Client;
  taskQueue: string;
  pace: Pace;
  storeOf: StoreOf;
}

/** Temporal keeps closed charges 30 days at least (`/readyz`); a day of room for zones and clocks. */
const rememberedMs = 29 * 86_400_000;

/** Where one payment after the other is looked at, and what it comes to is written down. */
export class Desk {
  readonly #deps: BooksDeps;
  readonly #day: BusinessDay;
  readonly #charges: Map<string, Listed>;
  readonly #places: RefundPlaces;
  #rows: TerminalBooks[] = [];
  #devices: DeviceBooks[] = [];
  readonly #unreadable = new Set<string>();
  #part: Part = { ...emptyPart, differences: [] };
  #looks = 0;

  constructor(deps: BooksDeps, day: BusinessDay, charges: Map<string, Listed>) {
    this.#deps = deps;
    this.#day = day;
    this.#charges = charges;
    this.#places = new RefundPlaces(deps.client, deps.storeOf);
  }

  async take(payment: Payment): Promise<void> {
    const { facts, storeId, createdAt } = payment;
    const isOfDay = this.#day.has(storeId, createdAt);
    if (!isOfDay && (await this.#refundsOn(payment)).length === 0) return;
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
    await this.#book(seen, { told, isOfDay });
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
    if (found === 'unreadable') {
      this.#unreadable.add(transactionId);
      return;
    }
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
      captured_amount: null,
      refunded_amount: null,
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

  /** What could not be read is undecided: the day is looked at until it can be. */
  close(list: PaymentList, { from }: Span): Part {
    for (const id of list.unreadable) this.#unreadable.add(id);
    const ids = [...this.#unreadable];
    const read = {
      pages: list.pages,
      payments: list.payments.length,
      charges: this.#charges.size,
      looks: this.#looks,
    };
    const { notes, open } = this.#part;
    const unsure = ids.length === 0 ? [] : [unsureOn(null, from)];
    return together(emptyPart, {
      ...this.#part,
      terminals: summed(this.#rows),
      devices: summedDevices([...this.#devices, ...unsure]),
      open: open + ids.length,
      read,
      notes: [...notes, ...notesOn(ids, from)],
    });
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
    if (again === 'unreadable') this.#unreadable.add(transactionId);
    const seen = again === null || again === 'unreadable' ? payment : again;
    const verdict = judgePayment(seen, told, settled);
    const isAsTold =
      verdict.is !== 'agrees' || (await areRefundsAsTold(client, seen, rememberedMs));
    return { verdict: isAsTold ? verdict : refundsDiffer, told, isCaseOpen: isOpen, seen };
  }

  async #refundsOn(payment: Payment): Promise<GivenRefund[]> {
    const { from, to } = this.#day.whole;
    const refunds = payment.refunds.filter(({ at }) => at >= from && at < to);
    const given = await this.#places.of({ ...payment, refunds });
    return given.filter(({ storeId, at }) => this.#day.has(storeId, at));
  }

  async #book(
    payment: Payment,
    { told, isOfDay }: { told: Told; isOfDay: boolean },
  ): Promise<void> {
    const refunds = await this.#refundsOn(payment);
    const booking = { payment, told, isOfDay, refunds };
    this.#rows.push(...rowsOf(booking));
    this.#devices.push(...devicesOf(booking));
    // A row per payment until here; the hours of a chain have some thousand terminals.
    if (this.#rows.length > 10_000) this.#rows = summed(this.#rows);
    if (this.#devices.length > 10_000) this.#devices = summedDevices(this.#devices);
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
      captured_amount: facts.capturedAmount,
      refunded_amount: facts.refundedAmount,
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

  #others(payment: Payment): void {
    const { facts, product, installation, createdAt } = payment;
    if (facts.isInPerson) this.#devices.push(unsureOn(payment, createdAt));
    const captured = { count: 1, amount: facts.capturedAmount };
    const row = { product, installation, currency: facts.currency, payments: captured };
    this.#part = together(this.#part, { ...emptyPart, other: [row] });
  }
}

/** So many are named for each part. */
const namedMax = 20;

function notesOn(unreadable: readonly string[], from: number): string[] {
  const more = unreadable.length - namedMax;
  return [
    ...unreadable
      .slice(0, namedMax)
      .map((id) => `Payment ${id} could not be read and is not compared`),
    ...(more > 0
      ? [
          `Nor could ${more} more payments of the hours from ${new Date(from).toISOString()}, nor are they compared`,
        ]
      : []),
  ];
}
