/** What a payment of Dintero's and the charge that it names say of each other. Pure and total. */
import { isWithoutMoney, refundedOutside } from '../../workflows/judgement.ts';
import type { DifferenceKind } from '../../workflows/books.ts';
import type { Outcome } from '../../workflows/lists.ts';
import type { TransactionFacts } from '../dintero/facts.ts';
import type { Payment } from '../dintero/payment.ts';

/** What Temporal knows of a charge. */
export type Told =
  /** Nothing; or, `isForgotten`, nothing any more. */
  | { is: 'unknown'; isForgotten: boolean }
  | { is: 'open'; transactionId: string | null }
  /** Ended from outside, without an outcome: the sweep follows it. */
  | { is: 'lost' }
  | {
      is: 'ended';
      outcome: Outcome;
      transactionId: string | null;
      capturedAmount: number;
      currency: string | null;
      /** What a person has settled its case by. */
      refundedAmount: number;
    };

/** A case of the payment that somebody has settled, by what Dintero showed then; null: it was not read. */
export interface Settled {
  capturedAmount: number | null;
  refundedAmount: number | null;
}

export type Verdict =
  | { is: 'agrees' | 'no_money' | 'open' | 'forgotten' }
  | { is: 'differs'; kind: DifferenceKind; found: string };

const differs = (kind: DifferenceKind, found: string): Verdict => ({ is: 'differs', kind, found });

/** A payment of this installation, by its charge. */
export function judgePayment(
  { facts }: Pick<Payment, 'facts'>,
  told: Told,
  settled: Settled | null,
): Verdict {
  if (settled !== null && isAsSettled(facts, settled)) return { is: 'agrees' };
  switch (told.is) {
    case 'unknown':
      if (isWithoutMoney(facts)) return { is: 'no_money' };
      if (told.isForgotten) return { is: 'forgotten' };
      return differs(
        'orphan',
        'Dintero has a payment of this installation, and no charge knows it',
      );
    case 'open':
      if (told.transactionId === null || told.transactionId === facts.transactionId) {
        return { is: 'open' };
      }
      if (isWithoutMoney(facts)) return { is: 'no_money' };
      return differs('orphan', 'the charge follows another payment, and is open');
    case 'lost':
      return { is: 'open' };
    case 'ended':
      return judgeEnded(facts, told);
  }
}

function isAsSettled(
  facts: TransactionFacts,
  { capturedAmount, refundedAmount }: Settled,
): boolean {
  return (
    (capturedAmount ?? facts.capturedAmount) === facts.capturedAmount &&
    (refundedAmount ?? facts.refundedAmount) === facts.refundedAmount
  );
}

function judgeEnded(facts: TransactionFacts, told: Extract<Told, { is: 'ended' }>): Verdict {
  if (told.outcome === 'not_charged') {
    if (isWithoutMoney(facts)) return { is: 'no_money' };
    return differs('unequal', 'the charge told that nothing was charged, and Dintero shows money');
  }
  if (told.transactionId !== facts.transactionId) {
    if (isWithoutMoney(facts)) return { is: 'no_money' };
    return differs('orphan', 'the charge was paid by another payment');
  }
  if (facts.pending.length > 0) return { is: 'open' };
  if (!isCaptured.has(facts.status)) {
    return differs('unequal', `the charge told captured, and Dintero shows ${facts.status}`);
  }
  if (facts.currency !== told.currency) {
    return differs('unequal', `the charge told ${told.currency ?? 'no currency'}`);
  }
  if (facts.capturedAmount !== told.capturedAmount) {
    return differs('unequal', 'Dintero shows another captured amount than the charge told');
  }
  const { amount: foreign } = refundedOutside(facts);
  if (foreign !== 0 && foreign !== told.refundedAmount) {
    return differs('unequal', 'Dintero shows a refund that nobody here has asked for');
  }
  return { is: 'agrees' };
}

const isCaptured = new Set<TransactionFacts['status']>([
  'captured',
  'partly_captured',
  'partly_refunded',
  'partly_captured_refunded',
  'refunded',
]);

/** A charge that told of a payment which Dintero's own answer does not know. */
export function judgeMissing(told: Told): Verdict {
  if (told.is !== 'ended' || told.outcome !== 'captured') return { is: 'open' };
  return differs('missing', 'the charge told captured, and Dintero does not know its payment');
}

export const refundsDiffer: Verdict = {
  is: 'differs',
  kind: 'unequal',
  found: 'Dintero shows a refund otherwise than its workflow told',
};

/** The list is enough to say that all is well, or that nothing is in. */
export function isSure({ is }: Verdict): boolean {
  return is === 'agrees' || is === 'no_money' || is === 'open';
}

/** What is in: captured, or reserved while nothing is, less what went back. */
export function amountIn(facts: Payment['facts']): number {
  if (isWithoutMoney(facts)) return 0;
  if (facts.status === 'authorised') return facts.amount;
  return facts.capturedAmount - facts.refundedAmount;
}
