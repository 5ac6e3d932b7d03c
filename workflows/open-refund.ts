/** A refund at work: its record, what was ordered and reported, and how both are shown. The story is in `refund.ts`. */
import {
  condition,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { OwnRefund, RefundReading } from '../activities/dintero/facts.ts';
import { overview, searchAttributes, transactionReported, type Overview } from './messages.ts';
import { moneyText } from './money.ts';
import { possibleRefundOrders } from './refund-actions.ts';
import { describeRefund } from './refund-details.ts';
import type { Obstacle, RefundJudgement, RefundSituation } from './refund-judgement.ts';
import type { RefundAttention } from './refund-lists.ts';
import {
  refundPrompted,
  type RefundInput,
  type RefundMemo,
  type RefundRecord,
  type ToldEnding,
} from './refund-messages.ts';
import { tell, type Fact } from './timeline.ts';

/** Everything a running refund knows. Mutable: the workflow is its only writer. */
export interface OpenRefund {
  record: RefundRecord;
  situation: RefundSituation;
  /** When this follow-up began, by Temporal's clock: its age sets its pace. Epoch ms. */
  startedAt: number;
  /** What Dintero's answer to the request named. */
  requestId: string | null;
  /** Dintero has refused the only request for certain. */
  refused: Obstacle | null;
  /** Dintero showed it before this workflow sent anything: Temporal has forgotten the one that did. */
  isEarlier: boolean;
  /** The ending that was told before: by another run, or by this one before more news came. */
  former: ToldEnding | null;
  /** It was published, and whoever published it was ended from outside: it is told once more. */
  isUntold: boolean;
  /** A fault of ours while it was sent. */
  fault: unknown;
  reading: RefundReading | null;
  /** Earlier refunds of the charge, as Dintero showed them when this one was asked for. */
  others: OwnRefund[];
  /** What the last reading meant; null before the first. */
  judged: RefundJudgement['is'] | null;
  /** A hint or an order came since the last read. */
  news: 'hint' | 'order' | null;
  /** It is read before this closes. */
  readsLateNews: boolean;
  /** Epoch ms; `quietUntil` is Dintero's Retry-After. */
  lastReadAt: number;
  quietUntil: number;
  /** An operator has seen the terminal idle: the next charge may have it. */
  isFreed: boolean;
  /** What changed nothing and was ordered all the same. */
  ordersTaken: number;
  timeline: Fact[];
  waiting: { what: string; until: number } | null;
  told: { count: number; attention: RefundAttention | null };
}

interface Opening {
  input: RefundInput;
  /** When the refund itself started; a recovery begins later. */
  refundStartedAt: number;
  isReset: boolean;
}

/** Opens the refund and registers its handlers, synchronously: news may be here before the first await. */
export function openRefund({ input, refundStartedAt, isReset }: Opening): OpenRefund {
  const { record, policy, reads_late_news: readsLateNews = false } = input;
  const startedAt = workflowInfo().startTime.getTime();
  const refund: OpenRefund = {
    record,
    situation: {
      policy,
      sending: isReset ? { is: 'lost' } : { is: 'unsent' },
      readAt: startedAt,
      sendBefore: refundStartedAt + policy.durations.sendWindow,
      heldSince: null,
      isReset,
      seenIdleAt: null,
    },
    startedAt,
    requestId: null,
    refused: null,
    isEarlier: false,
    former: null,
    isUntold: false,
    fault: null,
    reading: null,
    others: [],
    judged: null,
    news: null,
    readsLateNews,
    lastReadAt: 0,
    quietUntil: 0,
    isFreed: false,
    ordersTaken: 0,
    timeline: [],
    waiting: null,
    told: { count: 0, attention: null },
  };
  listen(refund);
  return refund;
}

function listen(refund: OpenRefund): void {
  setHandler(
    transactionReported,
    // The Temporal UI sends a signal without input as readily: it must not park the refund.
    (report?: { source?: string }) => {
      refund.news ??= 'hint';
      const isCallback = report?.source?.startsWith('callback') === true;
      const source = isCallback ? ('callback' as const) : ('kvitt' as const);
      tell(refund.timeline, { source, text: 'news of the transaction' });
    },
    { description: 'Something may have changed: Dintero is read. {"source": "<who>"}' },
  );
  setHandler(
    refundPrompted,
    async () => {
      await condition(() => refund.record.state !== 'starting');
      return { refund: refund.record };
    },
    { description: 'Answers when the terminal asks, or the refund has ended. Takes no input.' },
  );
  setHandler(overview, (now) => overviewOf(refund, now ?? Date.now()), {
    description: 'What is known, what is waited for, what may be ordered now.',
  });
}

function overviewOf(refund: OpenRefund, now: number): Overview {
  const { record, timeline, waiting } = refund;
  const isOpen = record.outcome === null;
  return {
    timeline,
    waiting_for: isOpen ? (waiting?.what ?? null) : null,
    until: isOpen && waiting !== null ? new Date(waiting.until).toISOString() : null,
    actions: possibleRefundOrders(refund, now),
  };
}

export type RefundChanges = Partial<
  Omit<RefundRecord, 'refund_id' | 'charge_id' | 'reference' | 'refund' | 'amount' | 'currency'>
>;

/** Shows the refund: memo and search attributes only when something changed, current details always (they are free). */
export function publishRefund(refund: OpenRefund, changes: RefundChanges): void {
  const before = refund.record;
  const after = changed(refund, changes);
  if (JSON.stringify(before) !== JSON.stringify(after)) {
    tellChange(refund, before, after);
    after.updated_at = new Date().toISOString();
    refund.record = after;
    const memo: RefundMemo = { refund: after, event_request_id: refund.requestId };
    upsertMemo({ ...memo });
    const isListedOtherwise =
      after.state !== before.state || after.needs_attention !== before.needs_attention;
    if (isListedOtherwise) {
      upsertSearchAttributes([
        { key: searchAttributes.chargeState, value: after.state },
        { key: searchAttributes.needsAttention, value: after.needs_attention },
      ]);
    }
  }
  showRefund(refund);
}

export function showRefund(refund: OpenRefund): void {
  setCurrentDetails(describeRefund(refund));
}

function tellChange({ timeline }: OpenRefund, before: RefundRecord, after: RefundRecord): void {
  const { outcome, reason, because, refunded_amount, currency, needs_attention: attention } = after;
  if (outcome !== null && outcome !== before.outcome) {
    const why = `${reason ?? ''}${because === null ? '' : `: ${because}`}`;
    const how = outcome === 'refunded' ? moneyText(refunded_amount, currency) : why;
    tell(timeline, { source: 'kvitt', text: `proven: ${outcome}, ${how}` });
  } else if (attention !== null && attention !== before.needs_attention) {
    tell(timeline, { source: 'kvitt', text: `a person is asked: ${attention}` });
  }
}

/** The record with the changes, and what follows from the clock. */
function changed({ record: before, situation }: OpenRefund, changes: RefundChanges): RefundRecord {
  const now = Date.now();
  const after: RefundRecord = { ...before, ...changes };
  const isOpen = after.outcome === null;
  if (after.state !== before.state) {
    after.state_since = new Date(now).toISOString();
    after.attention_at = isOpen ? attentionAt(situation, after, now) : null;
  }
  const isTooOld = after.attention_at !== null && now >= Date.parse(after.attention_at);
  if (isOpen && after.needs_attention === null && isTooOld) {
    after.needs_attention = 'refund_too_long';
  }
  return after;
}

/** The cardholder has as long as for a payment. */
function attentionAt({ policy }: RefundSituation, { state }: RefundRecord, now: number): string {
  const { deadline, attention } = policy.durations;
  const from = state === 'waiting_for_card' ? now + deadline : now;
  return new Date(from + attention).toISOString();
}
