/** What one payment adds to a day: to the sums of its terminals, and to what their devices should have counted. Pure. */
import type { DeviceBooks, TerminalBooks } from '../../workflows/books.ts';
import { noSum, unknownPlace } from '../../workflows/books-sums.ts';
import type { Payment } from '../dintero/payment.ts';
import type { Told } from './judge.ts';
import type { GivenRefund } from './refund-places.ts';

/** Of one business day. */
export interface Booking {
  payment: Payment;
  told: Told;
  /** The sale is of this day. */
  isOfDay: boolean;
  /** Those that were given on it. */
  refunds: readonly GivenRefund[];
}

export function rowsOf({ payment, told, isOfDay, refunds }: Booking): TerminalBooks[] {
  const { facts, storeId } = payment;
  const isCaptured = isOfDay && facts.capturedAmount > 0;
  const isTold =
    isOfDay &&
    told.is === 'ended' &&
    told.outcome === 'captured' &&
    told.transactionId === facts.transactionId;
  const sale = {
    ...placeOf(storeId, facts.terminalId, facts.currency),
    captured: isCaptured ? { count: 1, amount: facts.capturedAmount } : noSum,
    told: isTold ? { count: 1, amount: told.capturedAmount } : noSum,
    refunded: noSum,
  };
  const given = refunds.map((refund) => ({
    ...placeOf(refund.storeId, refund.terminalId, facts.currency),
    captured: noSum,
    told: noSum,
    refunded: { count: 1, amount: refund.amount },
  }));
  return isCaptured || isTold ? [sale, ...given] : given;
}

/** A refund that nobody here can place stands at no device: it may explain what one has counted. */
export function devicesOf({ payment, isOfDay, refunds }: Booking): DeviceBooks[] {
  const { currency } = payment.facts;
  const given = refunds.map(({ isPlaced, terminalId, storeId, amount, at }): DeviceBooks => ({
    terminal_id: (isPlaced ? terminalId : null) ?? unknownPlace,
    store_id: storeId,
    currency,
    net: -amount,
    from: at,
    to: at,
    isSure: true,
  }));
  const sale = isOfDay ? saleOn(payment) : null;
  // What is under way may stand in a device's count already, on whichever it is.
  const pending = payment.facts.pending.length > 0 ? [unsureOn(null, payment.createdAt)] : [];
  return [...(sale === null ? [] : [sale]), ...given, ...pending];
}

/** A device counts what it approved, when it did; what is captured otherwise may or may not stand in its count. */
function saleOn({ facts, storeId, approvedAt, voidedAt }: Payment): DeviceBooks | null {
  const { status, amount, currency, capturedAmount } = facts;
  if (status === 'declined' || status === 'failed') return null;
  const isVoided = status === 'voided';
  return {
    terminal_id: facts.terminalId ?? unknownPlace,
    store_id: storeId,
    currency,
    net: capturedAmount,
    from: approvedAt,
    to: isVoided ? (voidedAt ?? approvedAt) : approvedAt,
    isSure: isVoided ? voidedAt !== null && capturedAmount === 0 : capturedAmount === amount,
  };
}

/** Somebody else's payment on the device, or one that cannot be read: it may stand in its count. */
export function unsureOn(payment: Payment | null, at: number): DeviceBooks {
  return {
    terminal_id: payment?.facts.terminalId ?? unknownPlace,
    store_id: payment?.storeId ?? null,
    currency: payment?.facts.currency ?? unknownPlace,
    net: 0,
    from: at,
    to: at,
    isSure: false,
  };
}

export function placeOf(
  storeId: string | null,
  terminalId: string | null,
  currency: string | null,
): Pick<TerminalBooks, 'store_id' | 'terminal_id' | 'currency'> {
  return {
    store_id: storeId ?? unknownPlace,
    terminal_id: terminalId ?? unknownPlace,
    currency: currency ?? unknownPlace,
  };
}
