/** Valid by default; a test overrides the one field that it is about. */
import type { SessionFacts, TransactionFacts } from '../../activities/dintero/facts.ts';
import type { Asked } from '../../workflows/judgement.ts';
import type { ChargeRecord } from '../../workflows/messages.ts';
import type { Situation } from '../../workflows/next-step.ts';
import { derivePolicy, type ChargePolicy, type PolicySettings } from '../../workflows/policy.ts';

export const asked: Asked = {
  chargeId: 'S-1.1',
  amount: 12900,
  currency: 'NOK',
  terminalId: 'T90001234-T0003',
};

export function session(change: Partial<SessionFacts> = {}): SessionFacts {
  return {
    sessionId: 'T90001234.session',
    chargeId: asked.chargeId,
    transactionId: null,
    isCancelled: false,
    endedAs: null,
    ...change,
  };
}

export function transaction(change: Partial<TransactionFacts> = {}): TransactionFacts {
  return {
    transactionId: 'T90001234.transaction',
    sessionId: 'T90001234.session',
    chargeId: asked.chargeId,
    isInPerson: true,
    terminalId: asked.terminalId,
    status: 'captured',
    amount: 12900,
    currency: 'NOK',
    capturedAmount: 12900,
    refundedAmount: 0,
    pending: [],
    card: null,
    ...change,
  };
}

/** A charge that has just started. */
export function record(change: Partial<ChargeRecord> = {}): ChargeRecord {
  const at = '2026-11-22T09:15:11.000Z';
  return {
    version: 1,
    start_id: 'start',
    charge_id: 'S-1.1',
    reference: 'S-1',
    attempt: 1,
    amount: asked.amount,
    currency: asked.currency,
    terminal_id: asked.terminalId,
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
    items: null,
    not_after: null,
    state: 'starting',
    outcome: null,
    reason: null,
    captured_amount: null,
    needs_attention: null,
    attention_at: null,
    case_kind: null,
    transaction_id: null,
    card: null,
    held_by: null,
    created_at: at,
    state_since: at,
    updated_at: at,
    ...change,
  };
}

export function policy(change: Partial<PolicySettings> = {}): ChargePolicy {
  return derivePolicy({
    promptMode: 'create',
    captureMode: 'auto',
    cancelEndsPrompt: true,
    deadlineSeconds: 180,
    promptLifetimeSeconds: 180,
    attentionSeconds: 120,
    ...change,
  });
}

const start = 1_000_000_000;

/** A charge that was prompted a minute ago and read just now. */
export function situation(change: Partial<Situation> = {}): Situation {
  return {
    policy: policy(),
    heldSince: start,
    prompt: { is: 'sent' },
    isReset: false,
    readAt: start + 60_000,
    sendBefore: start + 30_000,
    deadlineAt: start + 180_000,
    isCancelRequested: false,
    hold: null,
    reportedEnd: null,
    firstEnd: null,
    seenIdleAt: null,
    cancelledSince: null,
    authorisedSince: null,
    isRefusingReads: false,
    isRefusingMoves: false,
    cancels: { count: 0, lastAt: 0, isRefused: false },
    captures: { count: 0, lastAt: 0, isRefused: false },
    voids: { count: 0, lastAt: 0, isRefused: false },
    ...change,
  };
}
