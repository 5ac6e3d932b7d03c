/** The items of settlements: what the payments of some hours say was paid out for them. */
import {
  itemsMax,
  type ItemSums,
  type SettledPart,
  type SettlementItem,
  type Span,
} from '../../workflows/books.ts';
import type { Payment } from '../dintero/payment.ts';
import { listPayments, type PaymentFilter } from '../dintero/payments.ts';
import type { BooksDeps } from './desk.ts';

export interface SettledAsk {
  span: Span;
  /** `refunds`: of sales that were made before. */
  of: 'sales' | 'refunds';
  settlementIds: string[];
}

export async function readSettled(
  { dintero, pace }: BooksDeps,
  { span, of, settlementIds }: SettledAsk,
): Promise<SettledPart> {
  const { from, to } = span;
  const name = of === 'sales' ? 'created_at' : 'refunded_at';
  const filter: PaymentFilter = {
    query: {
      [`${name}.gte`]: new Date(from).toISOString(),
      [`${name}.lte`]: new Date(to).toISOString(),
    },
    fits: ({ createdAt, refunds }) =>
      of === 'sales'
        ? createdAt >= from && createdAt < to
        : refunds.some(({ at }) => at >= from && at <= to),
  };
  const { payments, pages } = await listPayments(dintero, filter, pace);
  const wanted = new Set(settlementIds);
  const items = payments
    .filter(({ createdAt }) => of === 'sales' || createdAt < from)
    .flatMap((payment) => itemsOf(payment).filter((item) => wanted.has(item.settlement_id)));
  const sums: Record<string, ItemSums> = {};
  for (const item of items) {
    const key = `${item.settlement_id} ${item.currency}`;
    const sum = sums[key] ?? { count: 0, capture: 0, refund: 0, fee: 0 };
    sums[key] = {
      count: sum.count + 1,
      capture: sum.capture + item.capture,
      refund: sum.refund + item.refund,
      fee: sum.fee + item.fee,
    };
  }
  return { items: items.slice(0, itemsMax), sums, pages };
}

function itemsOf({ facts, storeId, settled }: Payment): SettlementItem[] {
  return settled.map(({ settlementId, correlationId, capture, refund, fee }) => ({
    settlement_id: settlementId,
    correlation_id: correlationId,
    charge_id: facts.chargeId,
    transaction_id: facts.transactionId,
    store_id: storeId,
    terminal_id: facts.terminalId,
    currency: facts.currency,
    capture,
    refund,
    fee,
    net: capture - refund - fee,
  }));
}
