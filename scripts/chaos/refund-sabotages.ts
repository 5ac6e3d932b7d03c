/** The protections of refunds, of held money and of terminals at work, switched off one by one. */
import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../activities/index.ts';
import { createManual, refunds, sales, tap, type Sabotage } from './sabotage-plans.ts';

const resendRefund = (real: Activities): Activities => ({
  ...real,
  refundTransaction: async (ask) => {
    try {
      return await real.refundTransaction(ask);
    } catch {
      return await real.refundTransaction(ask);
    }
  },
});

/** The sale's money as it was when it was paid. */
const staleMoney = (real: Activities): Activities => ({
  ...real,
  readRefundableSale: async (ask) => {
    const sale = await real.readRefundableSale(ask);
    if (sale === null) throw ApplicationFailure.retryable('not yet', 'DinteroUnreadable');
    const transaction = { ...sale.transaction, pending: [], refundedAmount: 0 };
    return { ...sale, transaction };
  },
});

const callbacksLost = { endpoint: 'callback', do: 'drop', times: 0 };
/** Dintero itself does not stand in the way. */
const lenient = { pending_counted: false, second_session: 'queue' };

export const refundSabotages: readonly Sabotage[] = [
  {
    name: 'lost-refund-is-sent-again',
    rule: 'R2',
    seams: { wrapActivities: resendRefund },
    sales: refunds({
      faults: [{ endpoint: 'refund', do: 'reset_after' }],
      behaviour: lenient,
      customer: tap(300),
      share: 40,
    }),
  },
  {
    name: 'money-is-not-read-afresh',
    rule: 'R1',
    seams: { wrapActivities: staleMoney },
    sales: refunds(
      { behaviour: lenient, share: 60 },
      {
        attempts: [
          {
            customer: tap(50),
            acts: [
              { afterMs: 0, act: { until: { state: 'captured' } } },
              {
                afterMs: 0,
                act: {
                  backoffice: 'refund',
                  share: 60,
                  accepted: { complete_after_ms: 0, success: 'never' },
                },
              },
              // Later than somebody else's act could have crossed ours.
              { afterMs: 5200, act: { until: { state: 'captured' } } },
            ],
            posts: 1,
            isCancelledBeforeStart: false,
          },
        ],
      },
    ),
  },
  {
    name: 'refund-without-lease',
    rule: 'M6',
    sales: refunds({ where: 0, behaviour: { second_session: 'replace' }, customer: tap(2500) }),
  },
  {
    name: 'accepted-is-refunded',
    rule: 'R3',
    sales: refunds({ customer: tap(2000) }),
  },
  {
    name: 'refund-silence-is-no',
    rule: 'R4',
    // News would correct it.
    sales: refunds({
      faults: [callbacksLost, { endpoint: 'refund', do: 'reset_after' }],
      behaviour: { refund_answer: 'held', refund_initiated_visible: false },
      customer: { action: 'none' },
      // Dintero hears of it late, and its callback is still among the lost ones.
      acts: [
        { afterMs: 8000, act: { resolve: true } },
        { afterMs: 700, act: { resolve: true } },
      ],
    }),
  },
  {
    name: 'nobody-is-told-of-a-refund',
    rule: 'R5',
    seams: { attentionSeconds: 10_000_000 },
    isSlow: true,
    sales: refunds({ customer: { action: 'walk_away' } }),
  },
  {
    name: 'operation-without-lease',
    rule: 'M6',
    sales: sales(
      { customer: tap(2000) },
      {
        operation: {
          operation: 'end_of_day',
          afterMs: 1000,
          behaviour: { operation_ms: 500, operation_ends: 'COMPLETED' },
          faults: [],
          posts: 1,
        },
      },
    ),
  },
  {
    name: 'held-is-captured',
    rule: 'H1',
    sales: sales({ capture: 'on_request', customer: tap(50) }, { modes: createManual }),
  },
];
