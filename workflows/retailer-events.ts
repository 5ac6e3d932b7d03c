/**
 * What the retailer's system is told, and the messages of `notify/<charge_id>`, which tells it. An event is news by the
 * Standard Webhooks convention; `GET /charges/{charge_id}` and `GET /cases/{transaction_id}` say what is true now.
 */
import type { SearchAttributePair } from '@temporalio/common';
import { defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Attention, EventType } from './lists.ts';
import {
  notifyWorkflowId,
  searchAttributes,
  type CaseRecord,
  type ChargeRecord,
} from './messages.ts';
import type { Retries } from './policy.ts';

/** The members of a charge that are told: those of the api's answer that hold without a look at other attempts. */
const chargeMembers = [
  'charge_id',
  'reference',
  'attempt',
  'amount',
  'currency',
  'captured_amount',
  'terminal_id',
  'store_id',
  'payout_destination_id',
  'items',
  'not_after',
  'capture',
  'held_until',
  'word',
  'state',
  'outcome',
  'reason',
  'needs_attention',
  'case_kind',
  'transaction_id',
  'receipt',
  'held_by',
  'created_at',
  'state_since',
  'updated_at',
] as const satisfies (keyof ChargeRecord)[];

const caseMembers = [
  'transaction_id',
  'charge_id',
  'kind',
  'amount',
  'captured_amount',
  'currency',
  'terminal_id',
  'store_id',
  'opened_at',
  'settled_at',
  'settled_as',
  'settled_by',
  'settled_why',
  'refund_event',
  'refunded_amount',
] as const satisfies (keyof CaseRecord)[];

/** The body of a webhook, member by member in this order. */
interface EventBody {
  type: EventType;
  /** When it became so; not when it is sent. */
  timestamp: string;
  data: Readonly<Record<string, unknown>>;
}

export interface RetailerEvent {
  /** The `webhook-id`: the same however often it is sent, so that the receiver can tell. */
  id: string;
  body: EventBody;
}

export function chargeData(record: ChargeRecord): EventBody['data'] {
  return Object.fromEntries(chargeMembers.map((member) => [member, record[member] ?? null]));
}

export function caseData(record: CaseRecord): EventBody['data'] {
  const shown = Object.fromEntries(caseMembers.map((member) => [member, record[member] ?? null]));
  return { ...shown, state: record.settled_at === null ? 'open' : 'settled' };
}

/** What a run has told: how many events, and the reasons for a person since the charge got on. */
export interface Told {
  count: number;
  attentions: Attention[];
}

export function nothingTold(): Told {
  return { count: 0, attentions: [] };
}

/** Input of `notifyRetailer`. */
export interface NotifyInput {
  charge_id: string;
  retries: Retries;
}

/** One event, by its name. */
interface Named {
  event_id: string;
  type: EventType;
  timestamp: string;
}

/** The memo of `notify/<charge_id>`, while it runs. */
export interface NotifyMemo {
  notification: {
    charge_id: string;
    /** How many events the retailer's system has not taken yet; the oldest is the one that is being sent. */
    waiting: number;
    oldest: Named | null;
    last_delivered: (Named & { delivered_at: string }) | null;
  };
}

export function named({ id, body }: RetailerEvent): Named {
  return { event_id: id, type: body.type, timestamp: body.timestamp };
}

/** There is something to tell: always sent with the start of `notify/<charge_id>`, which may be over. */
export const somethingHappened = defineSignal<[RetailerEvent]>('somethingHappened');

export interface ResendOrder {
  /** A delivered event, to be sent again. Without it what waits is tried now. */
  event_id?: string;
}

/** Tries at once what waits for its next try, or sends a delivered event again. */
export const resend = defineUpdate<NotifyMemo['notification'], [ResendOrder]>('resend');

/** An event, and how the workflow that delivers it is started if it does not run. */
export interface Tell {
  chargeId: string;
  event: RetailerEvent;
  retries: Retries;
  taskQueue: string;
}

interface NotifyStart {
  workflowId: string;
  taskQueue: string;
  args: [NotifyInput];
  signal: typeof somethingHappened;
  signalArgs: [RetailerEvent];
  workflowIdReusePolicy: 'ALLOW_DUPLICATE';
  memo: Record<string, unknown>;
  staticSummary: string;
  typedSearchAttributes: SearchAttributePair[];
}

/** The options of the signal-with-start that hands an event over. Twice is harmless: the event keeps its id. */
export function notifyStart({ chargeId, event, retries, taskQueue }: Tell): NotifyStart {
  const memo: NotifyMemo = {
    notification: {
      charge_id: chargeId,
      waiting: 1,
      oldest: named(event),
      last_delivered: null,
    },
  };
  const { saleReference, storeId } = searchAttributes;
  const reference = chargeId.slice(0, chargeId.lastIndexOf('.'));
  const store = event.body.data['store_id'];
  return {
    workflowId: notifyWorkflowId(chargeId),
    taskQueue,
    args: [{ charge_id: chargeId, retries }],
    signal: somethingHappened,
    signalArgs: [event],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    memo: { ...memo },
    staticSummary: `Tells the retailer's system about charge ${chargeId}`,
    typedSearchAttributes: [
      { key: saleReference, value: reference },
      ...(typeof store === 'string' ? [{ key: storeId, value: store }] : []),
    ],
  };
}
