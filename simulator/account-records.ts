import type { Delivery, Subject } from './records.ts';

/** A payout to a seller: `amount = capture - refund - fee`. */
export interface Settlement {
  id: string;
  start_at: string;
  end_at: string;
  created_at: string;
  updated_at: string;
  settled_at: string;
  provider: string;
  provider_reference: string;
  attachments: {
    id: string;
    key: string;
    content_type: string;
    extension: string;
    created_by: string;
  }[];
  amounts: [{ amount: number; capture: number; refund: number; fee: number; currency: string }];
  payment_status: 'paid' | 'postponed';
  payout_destination_id: string;
}

export interface SettledEvent {
  settlement_id: string;
  provider_reference: string;
  event_correlation_id: string;
  amount: number;
  capture: number;
  refund: number;
  fee: number;
  event_id: string;
}

/** A store of the account, as Dintero shows it. */
export interface Shop {
  /** What sales name; `id` is Dintero's own. */
  store_id: string;
  id: string;
  store_name: string;
  status: string;
  created_at: string;
  updated_at: string;
  organization?: { organization_number: string };
  payout_destination: { payout_destination_id: string; status?: string };
}

/** A command to a device, as Dintero shows it but for its key. */
export interface TerminalOperation {
  id: string;
  terminal_id: string;
  operation: 'end_of_day' | 'send_logs' | 'check_update' | 'open_menu';
  status: 'PENDING' | 'COMPLETED' | 'FAILED' | 'TIMEOUT';
  created_at: string;
  created_by: string;
  updated_at: string;
  account_id: string;
  parameters?: object;
  result?: object;
  idempotency_key?: string;
}

/** An address of the account's own webhooks. */
export interface Subscription {
  id: string;
  created_at: string;
  config: { url: string; content_type: string; secret?: string };
  events: string[];
  /** Ours, never shown: attempts that have failed since one succeeded. */
  failures: number;
}

/** An event on its way to a subscription. */
export interface HookDelivery extends Subject {
  seq: number;
  id: string;
  event: string;
  event_delivery: string;
  subscription_id: string;
  /** The body beside the envelope; forgotten when it has arrived. */
  content: object;
  created_at: string;
  state: 'pending' | 'delivered' | 'given_up' | 'dropped';
  attempts: Delivery['attempts'];
  fault?: Delivery['fault'];
}
