/** The first record of a charge, and how a repeated request is compared with it. Pure but for the clock and the id. */
import { createHash, randomUUID } from 'node:crypto';
import { heldAtStart } from '../workflows/hold.ts';
import type { ChargeRecord } from '../workflows/messages.ts';
import type { ChargePolicy } from '../workflows/policy.ts';
import type { FieldError } from './problems.ts';
import type { ChargeRequest } from './schemas.ts';

/** What of the request the record keeps, in the record's own form: equal requests give equal values. */
function requested(request: ChargeRequest) {
  const { items } = request;
  // Parsing has put the members of each line in the schema's order, so equal lines give equal JSON.
  const sha256 = createHash('sha256')
    .update(JSON.stringify(items ?? null))
    .digest('hex');
  return {
    amount: request.amount,
    currency: request.currency,
    terminal_id: request.terminal_id,
    store_id: request.store_id ?? null,
    payout_destination_id: request.payout_destination_id ?? null,
    items: items === undefined ? null : { count: items.length, sha256 },
    not_after: request.not_after === undefined ? null : new Date(request.not_after).toISOString(),
  };
}

export function firstRecord(request: ChargeRequest, policy: ChargePolicy): ChargeRecord {
  const now = new Date();
  return {
    ...emptyRecord(request, now),
    ...requested(request),
    ...(request.capture === undefined ? {} : heldAtStart),
    attention_at: attentionAt(now, policy),
  };
}

function attentionAt(now: Date, { durations }: ChargePolicy): string {
  return new Date(now.getTime() + durations.attention).toISOString();
}

/**
 * A charge that is cancelled before it started, without a request of its own. It is open until its workflow has looked
 * for money of this id: the charge may have been made, and forgotten by Temporal, long ago.
 */
export function cancelledRecord(chargeId: string, policy: ChargePolicy): ChargeRecord {
  const dot = chargeId.lastIndexOf('.');
  const of = { reference: chargeId.slice(0, dot), attempt: Number(chargeId.slice(dot + 1)) };
  const now = new Date();
  return {
    ...emptyRecord(of, now),
    state: 'cancelling',
    attention_at: attentionAt(now, policy),
  };
}

function emptyRecord(of: { reference: string; attempt: number }, now: Date): ChargeRecord {
  const at = now.toISOString();
  return {
    version: 1,
    start_id: randomUUID(),
    charge_id: `${of.reference}.${of.attempt}`,
    reference: of.reference,
    attempt: of.attempt,
    amount: null,
    currency: null,
    terminal_id: null,
    store_id: null,
    payout_destination_id: null,
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
  };
}

const places = new Set(['store_id', 'payout_destination_id']);

/** Names each field in which a request differs from the charge's own. */
export function differences(record: ChargeRecord, request: ChargeRequest): FieldError[] {
  // Cancelled before it started: it has no request, and whatever comes late gets that ending.
  if (record.amount === null) return [];
  const asked = { ...requested(request), capture: request.capture ?? null };
  return Object.entries(asked).flatMap(([field, now]) => {
    const before = record[field as keyof typeof asked] ?? null;
    if (JSON.stringify(now) === JSON.stringify(before)) return [];
    // What the till leaves to Dintero, or what Dintero has not told yet, contradicts nothing.
    if (places.has(field) && (now === null || before === null)) return [];
    const problem = field === 'items' ? 'are others' : `was ${show(before)}, is now ${show(now)}`;
    return [{ field, problem, hint: 'Repeat the request unchanged, or use another reference' }];
  });
}

function show(value: unknown): string {
  return value === null ? 'not given' : JSON.stringify(value);
}
