/** A charge at work: its record, what was ordered and reported, and how both are shown. The story is in `charge.ts`. */
import {
  condition,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { TransactionFacts } from '../activities/dintero/facts.ts';
import { describeCharge } from './details.ts';
import type { Move } from './dintero-calls.ts';
import { holdOf } from './hold.ts';
import { tooLong, type ChargeState, type Reason } from './lists.ts';
import type { Judgement } from './judgement.ts';
import {
  overview,
  prompted,
  searchAttributes,
  searchState,
  transactionReported,
  type ChargeRecord,
  type Overview,
  type TransactionReport,
} from './messages.ts';
import type { Prompt, Situation, Tries } from './next-step.ts';
import { moneyText } from './money.ts';
import { isTooOld, possibleOrders } from './orders.ts';
import type { ChargePolicy, Durations } from './policy.ts';
import { tell, type Fact, type Source } from './timeline.ts';
import { nothingTold, type Told } from './retailer-events.ts';

/** Everything a running charge knows. Mutable: the workflow is its only writer. */
export interface OpenCharge {
  record: ChargeRecord;
  sessionId: string | null;
  /** Sessions that callbacks addressed to this charge have named, for a create whose answer was lost. */
  reportedSessions: string[];
  /** Transactions that they have named; what is not the charge's own is followed when it closes. */
  reportedTransactions: string[];
  /** When this follow-up began, by Temporal's clock: its age sets its pace. Epoch ms. */
  startedAt: number;
  situation: Situation;
  /** The last reading's transaction, when it is ours. */
  transaction: TransactionFacts | null;
  /** Read back with the answer of the last move, and not judged yet. */
  readBack: TransactionFacts | null;
  /** What readings added to the record since it was published last. */
  known: Changes;
  /** A hint or an order came since the last read. */
  news: 'hint' | 'order' | null;
  /** Epoch ms; `quietUntil` is Dintero's Retry-After. */
  lastReadAt: number;
  quietUntil: number;
  /** What the last reading meant; null before the first. */
  judged: Judgement['is'] | null;
  /** An operator wants a reading now: no distance is kept, and Dintero's Retry-After does not hold for this one. */
  isHurried: boolean;
  /** An operator has seen the terminal idle: the next charge may have it. */
  isFreed: boolean;
  /** A call that is on the wire now. */
  inFlight: Move | null;
  /** Notes and readings that were ordered. */
  ordersTaken: number;
  /** What happened, for people. */
  timeline: Fact[];
  /** What is waited for, in words, and until when; epoch ms. */
  waiting: { what: string; until: number } | null;
  /** What the retailer's system was told by this run. */
  told: Told;
}

interface Opening {
  record: ChargeRecord;
  policy: ChargePolicy;
  /** When the charge itself started; a recovery begins later. */
  chargeStartedAt: number;
  isCancelRequested: boolean;
  isReset: boolean;
}

/** Opens the charge and registers every handler, synchronously: a callback may be here before the first await. */
export function openCharge(opening: Opening): OpenCharge {
  const { policy, record, chargeStartedAt, isCancelRequested, isReset } = opening;
  const startedAt = workflowInfo().startTime.getTime();
  const notAfter = record.not_after === null ? Infinity : Date.parse(record.not_after);
  const charge: OpenCharge = {
    record,
    sessionId: null,
    reportedSessions: [],
    reportedTransactions: [],
    startedAt,
    transaction: null,
    readBack: null,
    known: {},
    news: null,
    lastReadAt: 0,
    quietUntil: 0,
    judged: null,
    isHurried: false,
    isFreed: false,
    inFlight: null,
    ordersTaken: 0,
    timeline: [],
    waiting: null,
    told: nothingTold(),
    situation: {
      policy,
      prompt: { is: 'lost' } satisfies Prompt,
      isReset,
      readAt: startedAt,
      sendBefore: Math.min(chargeStartedAt + policy.durations.sendWindow, notAfter),
      deadlineAt: chargeStartedAt + policy.durations.deadline,
      heldSince: null,
      isCancelRequested: isCancelRequested || record.word === 'void',
      hold: holdOf(record, policy.hold),
      reportedEnd: null,
      firstEnd: null,
      seenIdleAt: null,
      cancelledSince: null,
      authorisedSince: null,
      isRefusingReads: false,
      isRefusingMoves: false,
      cancels: noTries(),
      captures: noTries(),
      voids: noTries(),
    },
  };
  listen(charge);
  return charge;
}

function noTries(): Tries {
  return { count: 0, lastAt: 0, isRefused: false };
}

const reportedEnds = {
  cancelled: 'cancelled_by_customer',
  authorization: 'declined',
  failed: 'failed',
} as Partial<Record<string, Reason>>;

function listen(charge: OpenCharge): void {
  setHandler(
    transactionReported,
    // The Temporal UI sends a signal without input as readily: it must not park the charge.
    (report?: Partial<TransactionReport>) => {
      charge.news ??= 'hint';
      tellReport(charge, report ?? {});
      const end = reportedEnds[report?.error ?? ''];
      if (end !== undefined) charge.situation.reportedEnd ??= end;
      if (charge.sessionId === null) remember(charge.reportedSessions, report?.session_id);
      remember(charge.reportedTransactions, report?.transaction_id);
    },
    {
      description:
        'Something may have changed: Dintero is read. {"error": null, "source": "<who>"}',
    },
  );
  setHandler(
    prompted,
    async () => {
      await condition(() => charge.record.state !== 'starting');
      return { charge: charge.record };
    },
    { description: 'Answers when the terminal prompts, or the charge has ended. Takes no input.' },
  );
  setHandler(overview, (now) => overviewOf(charge, now ?? Date.now()), {
    description: 'What is known, what is waited for, what may be ordered now.',
  });
}

function tellReport(charge: OpenCharge, { source, error }: Partial<TransactionReport>): void {
  // Whoever sends the signal by hand says what he likes.
  const said = error === null || error === undefined ? '' : `, says ${error}`;
  const [, way, rest = ''] = /^(callback|webhook)(.*)$/.exec(source ?? '') ?? [];
  if (way !== undefined) {
    const kind = rest.replaceAll(/[^a-z ]/g, '');
    const did = way === 'callback' ? 'called' : 'sent an event';
    tell(charge.timeline, { source: 'callback', text: `Dintero ${did}${kind}${said}` });
  } else tell(charge.timeline, { source: 'Temporal', text: 'a hint was sent by hand' });
}

function overviewOf(charge: OpenCharge, now: number): Overview {
  const { record, timeline, waiting } = charge;
  const isOpen = record.outcome === null;
  return {
    timeline,
    waiting_for: isOpen ? (waiting?.what ?? null) : null,
    until: isOpen && waiting !== null ? new Date(waiting.until).toISOString() : null,
    actions: possibleOrders(charge, now),
  };
}

/** Few: anybody may send callbacks, and the right one is among the last. */
const reportedMax = 5;

function remember(reported: string[], id: string | undefined): void {
  if (id === undefined || reported.includes(id)) return;
  if (reported.push(id) > reportedMax) reported.shift();
}

/** Also what a Temporal cancellation means. */
export function requestCancel(charge: OpenCharge, source: Source, by: string): void {
  charge.news = 'order';
  // An operator's order is told by its own words.
  if (source !== 'operator') tell(charge.timeline, { source, text: `cancel, by ${by}` });
  charge.situation.isCancelRequested = true;
}

/** What of the record a step may change; the rest follows from the clock and the policy. */
export type Changes = Partial<
  Omit<ChargeRecord, 'charge_id' | 'reference' | 'attempt' | 'attention_at' | 'state_since'>
>;

/**
 * Shows the charge: memo and search attributes only when the state or what is known changed (each costs the server a
 * write), current details always (they are free). An open state that has lasted too long asks for a person by itself.
 */
export function publish(charge: OpenCharge, changes: Changes): void {
  const before = charge.record;
  const after = changed(charge, changes);
  if (isDifferent(before, after)) {
    tellChange(charge, before, after);
    after.updated_at = new Date().toISOString();
    charge.record = after;
    upsertMemo({ charge: after, session_id: charge.sessionId });
    const isListedOtherwise =
      searchState(after.state) !== searchState(before.state) ||
      after.needs_attention !== before.needs_attention;
    if (isListedOtherwise) {
      upsertSearchAttributes([
        { key: searchAttributes.chargeState, value: searchState(after.state) },
        { key: searchAttributes.needsAttention, value: after.needs_attention },
      ]);
    }
  }
  show(charge);
}

function tellChange({ timeline }: OpenCharge, before: ChargeRecord, after: ChargeRecord): void {
  const { outcome, reason, captured_amount, currency, needs_attention: attention } = after;
  if (outcome !== null && outcome !== before.outcome) {
    const how = outcome === 'captured' ? moneyText(captured_amount, currency) : (reason ?? '');
    tell(timeline, { source: 'kvitt', text: `proven: ${outcome}, ${how}` });
  } else if (attention !== null && attention !== before.needs_attention) {
    tell(timeline, { source: 'kvitt', text: `a person is asked: ${attention}` });
  }
}

/** What the Temporal UI shows of the charge. It costs nothing, and is asked of a worker when somebody looks. */
export function show(charge: OpenCharge): void {
  setCurrentDetails(describeCharge(charge));
}

/** The record with the changes, and what follows from the clock: since when, until when, and whether it is too long. */
function changed(charge: OpenCharge, changes: Changes): ChargeRecord {
  const before = charge.record;
  const now = Date.now();
  const after: ChargeRecord = { ...before, ...charge.known, ...changes };
  const isOpen = after.outcome === null;
  if (after.state !== before.state) {
    after.state_since = new Date(now).toISOString();
    const isStillUnclear = isUnclear(before.state) && isUnclear(after.state);
    if (!isOpen) after.attention_at = null;
    else if (!isStillUnclear) after.attention_at = attentionAt(charge, after.state, now);
  } else if (isOpen && after.word !== before.word) {
    after.attention_at = attentionAt(charge, after.state, now);
  }
  if (isOpen && after.needs_attention === null && isTooOld(after, now)) {
    after.needs_attention = tooLong[after.state];
  }
  return after;
}

/** Going to and fro between these two is no progress: their age goes on. */
export function isUnclear(state: ChargeState): boolean {
  return state === 'checking' || state === 'cancelling';
}

function isDifferent(before: ChargeRecord, after: ChargeRecord): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}

/** The maximum age of each open state (design 6). */
function attentionAt({ situation }: OpenCharge, state: ChargeState, now: number): string {
  const { durations, captureMode } = situation.policy;
  return new Date(from(state, durations) + durations.attention).toISOString();

  function from(of: ChargeState, { autoCaptureWait }: Durations): number {
    const { hold, deadlineAt } = situation;
    if (of === 'waiting_for_card') return deadlineAt;
    if (of === 'approved' && hold?.word === null) return hold.until ?? now;
    return of === 'approved' && captureMode === 'auto' ? now + autoCaptureWait : now;
  }
}
