/** A refund as its workflow shows it. */
import type { RefundRecord } from '../../workflows/refund-messages.ts';

export function refundRecord(fields: Partial<RefundRecord> = {}): RefundRecord {
  const at = '2026-11-22T09:15:11.000Z';
  return {
    version: 1,
    start_id: 'start-1',
    refund_id: 'S-1001.1.R1',
    charge_id: 'S-1001.1',
    reference: 'S-1001',
    refund: 1,
    amount: 4_500,
    currency: 'NOK',
    terminal_id: 'T90001234-T0003',
    why: null,
    asked_by: 'till-key',
    state: 'waiting_for_card',
    outcome: null,
    reason: null,
    because: null,
    refunded_amount: null,
    refund_event: null,
    needs_attention: null,
    attention_at: null,
    transaction_id: 'T90001234.1',
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
    held_by: null,
    created_at: at,
    state_since: at,
    updated_at: at,
    ...fields,
  };
}
