/**
 * Everything that crosses a process: the names, inputs and answers of the workflows. The api starts and reads charges
 * with nothing but this file and the Temporal client. Wire names equal the exported names.
 */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { CaseAction, ChargeAction, Settlement } from './actions.ts';
import type { Held, Word } from './hold.ts';
import type { RefundAction } from './refund-actions.ts';
import type { Attention, CaseKind, ChargeState, Outcome, Reason } from './lists.ts';
import type { ChargePolicy } from './policy.ts';
import type { Receipted } from './receipts.ts';
import type { Fact } from './timeline.ts';

/** An order line, sent to Dintero as it is; `amount` is the line's total in minor units. */
export interface Item {
  id: string;
  line_id: string;
  description: string;
  quantity: number;
  amount: number;
  vat_amount?: number;
  vat?: number;
}

/** What of a card may be shown: never a full number. */
interface Card {
  brand: string | null;
  masked_pan: string | null;
  entry_method: string | null;
}

/**
 * The charge's view: the whole charge as the api shows it (plus what the api keeps to itself), the request it was
 * started with, and a version. It lives in the memo `charge`, under 1 KB: the start carries the first one, the workflow
 * writes it again when the state changes, and reading it needs no worker. Times are ISO 8601, money is minor units.
 */
export interface ChargeRecord extends Partial<Held & Receipted> {
  version: 1;
  /** Made by the POST that sent the start: tells the api whether it was *its* start that made this charge. */
  start_id: string;
  charge_id: string;
  reference: string;
  attempt: number;
  /** null only for a charge cancelled before it started; store and payout destination also until Dintero has named them. */
  amount: number | null;
  currency: string | null;
  terminal_id: string | null;
  store_id: string | null;
  payout_destination_id: string | null;
  /** The request's order lines as count and SHA-256 of their JSON; null when none were sent. */
  items: { count: number; sha256: string } | null;
  not_after: string | null;
  state: ChargeState;
  outcome: Outcome | null;
  reason: Reason | null;
  captured_amount: number | null;
  /** Set by the workflow when it knows; ages are added by whoever reads, from `attention_at`. */
  needs_attention: Attention | null;
  /** When the present state becomes too old; null once the charge has ended. */
  attention_at: string | null;
  /** The case that the ending opened, `case/<transaction_id>`. */
  case_kind: CaseKind | null;
  transaction_id: string | null;
  card: Card | null;
  /** The charge that holds the terminal, when the reason is `terminal_busy`. */
  held_by: string | null;
  created_at: string;
  state_since: string;
  updated_at: string;
}

/** The memo of a charge. `session_id` never leaves the service: it is enough to abandon or start a payment. */
export interface ChargeMemo {
  charge: ChargeRecord;
  session_id: string | null;
}

/** Input of {@link terminalChargeType}. */
export interface ChargeInput {
  /** The first record, as it stands in the start's memo. */
  record: ChargeRecord;
  items: Item[] | null;
  policy: ChargePolicy;
}

/** Type names of the workflows, equal to the exported function names in `workflows/index.ts`. */
export const terminalChargeType = 'terminalCharge';
export const terminalLeaseType = 'terminalLease';
export const moneyCaseType = 'moneyCase';
export const notifyRetailerType = 'notifyRetailer';
export const strayNewsType = 'strayNews';
export const recoverChargeType = 'recoverCharge';
export const recoveryOrderType = 'recoveryOrder';
export const killSwitchType = 'killSwitch';

/** One per namespace, as `terminal/<terminal_id>` is. */
export const killSwitchId = 'kill-switch';

export function chargeWorkflowId(chargeId: string): string {
  return `charge/${chargeId}`;
}

export function terminalWorkflowId(terminalId: string): string {
  return `terminal/${terminalId}`;
}

export function caseWorkflowId(transactionId: string): string {
  return `case/${transactionId}`;
}

export function strayWorkflowId(transactionId: string): string {
  return `stray/${transactionId}`;
}

export function recoveryOrderWorkflowId(chargeId: string): string {
  return `recover-order/${chargeId}`;
}

export function notifyWorkflowId(chargeId: string): string {
  return `notify/${chargeId}`;
}

export function recoveryWorkflowId(chargeId: string): string {
  return `recovery/${chargeId}`;
}

/** Polls, searches, strays and recovery run here, rate-limited for the whole Dintero account (design 4). */
export function readsTaskQueue(taskQueue: string): string {
  return `${taskQueue}-dintero-reads`;
}

/** A callback's news: a hint. Only a signature that is good and fresh makes `error` worth acting on. */
export interface TransactionReport {
  /** The callback's `error` parameter, passed on only when its signature was good and fresh. */
  error: 'cancelled' | 'authorization' | 'failed' | null;
  /** Where the news came from, for people: `callback`, `callback (stale)`, ... */
  source: string;
  /** What the callback names; adopted only after a read shows the charge's own reference. */
  session_id?: string;
  /** If it is not the charge's own, it is stray news in the end. */
  transaction_id?: string;
}

/** Something may have changed at Dintero: read it. */
export const transactionReported = defineSignal<[TransactionReport]>('transactionReported');

export interface PromptedAnswer {
  charge: ChargeRecord;
}

/** Answers when the terminal prompts, or when the charge has left `starting` in another way. Update id `prompted`. */
export const prompted = defineUpdate<PromptedAnswer>('prompted');

export interface CancelOrder {
  /** Who asks, for the record. */
  by?: string;
  /** An operator says why. */
  why?: string;
  /** A person saw the terminal idle: evidence of design 5, counted only where a person is asked for. */
  terminal_seen_idle?: boolean;
}

/** Asks to stop; records and returns at once. Update id `cancel`, so that a double tap is one order. */
export const cancel = defineUpdate<ChargeRecord, [CancelOrder]>('cancel');

/** The till's word on money that is held for it. Update id `word-<word>`, so that a double tap is one order. */
export const word = defineUpdate<ChargeRecord, [{ word: Word; by: string }]>('word');

/** The id of a `cancel` with a cashier's evidence, as the api makes it: each is an order of its own. */
export const evidenceIdPrefix = 'seen-idle-';

/**
 * News for a charge that has ended, or that nobody knows: `stray/<transaction_id>`, signal-with-start with
 * {@link transactionReported}. It reads the transaction, and either starts the charge's recovery, opens an `orphan`
 * case, or finds that there is nothing to do.
 */
export interface StrayInput {
  transaction_id: string;
  /** From the callback's path: whose news it says it is. What it is, the transaction says. */
  charge_id: string;
  /** Its signature was good, or a reading of our own has found it: anybody may invent the others. */
  is_proven: boolean;
  policy: ChargePolicy;
}

/**
 * Follows a charge whose own workflow is gone, `recovery/<charge_id>`: it ended without an outcome, or news contradicts
 * the outcome that it told. It reads, judges and acts, and never creates. Its memo and its result are the charge's
 * record from then on.
 */
export interface RecoveryInput {
  /** The charge's last record, as its own workflow or an earlier recovery published it. */
  record: ChargeRecord;
  /** Why: nobody had proven an outcome, or somebody says otherwise than it. */
  because: 'workflow_lost' | 'contradicted';
  /** The outcome that was told before. */
  former: Outcome | null;
  /** The case that it told of; it stays told while the money is in. */
  former_case: CaseKind | null;
  /** What is known beyond the record; session ids never leave the service. */
  session_id: string | null;
  /** When the charge's own workflow started; epoch ms by Temporal's clock. */
  charge_started_at: number;
  /** False only when its history proves that nothing was ever sent. */
  may_have_prompted: boolean;
  is_cancel_requested: boolean;
  policy: ChargePolicy;
  /** An operator's order: who and why, in words. */
  asked_by?: string;
  /** Why it told that nothing was charged; the first release kept none. */
  former_reason?: Reason | null;
  /** What Dintero showed when a person settled its case. */
  settled_by_refund_of?: number;
}

/** An operator's order to recover a charge that has closed, `recover-order/<charge_id>`. */
export interface RecoveryOrder {
  charge_id: string;
  /** Who and why, in words. */
  asked_by: string;
  /** Nobody has ordered it: a till's order found that the workflow was ended from outside. */
  only_if_lost?: true;
}

/** Money that a person must decide about; memo `case` of `case/<transaction_id>`, open until settled. */
export interface CaseRecord {
  version: 1;
  kind: CaseKind;
  charge_id: string;
  transaction_id: string;
  amount: number | null;
  captured_amount: number | null;
  currency: string | null;
  terminal_id: string | null;
  store_id: string | null;
  opened_at: string;
  settled_at: string | null;
  settled_as: Settlement | null;
  settled_by: string | null;
  /** Cases of the first release lack the rest. */
  settled_why?: string | null;
  /** What Dintero showed when it was settled: the refund's event, and what has gone back in all. */
  refund_event?: string | null;
  refunded_amount?: number | null;
  /** Of it what no refund of this service was. */
  refunded_outside_amount?: number | null;
  /** And what had been captured. */
  settled_captured_amount?: number | null;
}

/** The till accepts a payment that was captured after its cancel. Refused for every other kind of case. */
export const keep = defineUpdate<CaseRecord, [{ by: string }]>('keep');

/** The input of an operator's action, as `actions.ts` describes it: one flat object. */
export type ActionInput = Partial<Record<string, string | boolean | number>>;

/** What a person wants to know of an open charge or case, beyond its record. Answered by its workflow. */
export interface Overview {
  timeline: Fact[];
  /** In words; null once it has ended. */
  waiting_for: string | null;
  /** ISO 8601: when it is looked at next, whatever happens; null when it waits for a person. */
  until: string | null;
  actions: ActionState[];
}

export interface ActionState {
  action: ChargeAction | CaseAction | RefundAction;
  is_possible: boolean;
  /** The reason, and what would make it possible. */
  why_not: string | null;
}

/** Asked with the present time (epoch ms): inside a query the workflow's own clock stands where its last task left it. */
export const overview = defineQuery<Overview, [number | undefined]>('overview');

/**
 * The value of `ChargeState` for a state. A charge that starts or waits for its card is `open`: every write of a search
 * attribute costs the server one of its list, and these two follow each other within a second.
 */
export function searchState(state: ChargeState): string {
  return state === 'starting' || state === 'waiting_for_card' ? 'open' : state;
}

/** Few and typed: what operators filter lists by. Registered by us (`npm run namespace`), never by hand. */
export const searchAttributes = {
  chargeState: defineSearchAttributeKey('ChargeState', SearchAttributeType.KEYWORD),
  needsAttention: defineSearchAttributeKey('NeedsAttention', SearchAttributeType.KEYWORD),
  storeId: defineSearchAttributeKey('StoreId', SearchAttributeType.KEYWORD),
  terminalId: defineSearchAttributeKey('TerminalId', SearchAttributeType.KEYWORD),
  saleReference: defineSearchAttributeKey('SaleReference', SearchAttributeType.KEYWORD),
};
