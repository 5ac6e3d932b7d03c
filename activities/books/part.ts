/** A part of a day, reconciled: Dintero's payments and our charges of some hours, compared both ways. */
import type { Part, Span, Zones } from '../../workflows/books.ts';
import { businessDay } from '../../workflows/business-days.ts';
import { listPayments, type PaymentFilter } from '../dintero/payments.ts';
import { listCharges } from './charges.ts';
import { Desk, type BooksDeps } from './desk.ts';

export interface PartAsk {
  date: string;
  zones: Zones;
  span: Span;
}

/** A charge's workflow begins before the terminal prompts, and the customer has minutes. */
const chargeLeadMs = 15 * 60_000;

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
  const readable = list.payments.map(({ facts }) => facts.transactionId);
  const listed = new Set([...readable, ...list.unreadable]);
  for (const charge of charges.values()) {
    if (charge.startedAt >= from && !listed.has(charge.record.transaction_id ?? '')) {
      await desk.takeUnlisted(charge, ask.span);
    }
  }
  return desk.close(list, ask.span);
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
  return desk.close(list, ask.span);
}
