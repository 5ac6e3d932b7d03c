import type {
  HookDelivery,
  SettledEvent,
  Settlement,
  Shop,
  Subscription,
  TerminalOperation,
} from './account-records.ts';
import type { Behaviour } from './behaviour.ts';
import type { Customer } from './customer.ts';
import type { Fault } from './faults.ts';
import type { SessionRequest } from './session-request.ts';

/** What the simulator remembers: one row type per table of the store. */
export interface Tables {
  session: Session;
  transaction: Transaction;
  terminal: Terminal;
  delivery: Delivery;
  subscription: Subscription;
  hook: HookDelivery;
  job: Job;
  fault: Fault;
  hit: FaultHits;
  call: Call;
  entry: LedgerEntry;
  setting: Settings;
  refund: Refund;
  shop: Shop;
  operation: TerminalOperation;
  settlement: Settlement;
}

export interface Settings {
  behaviour: Partial<Behaviour>;
  customer?: Customer;
  /** Made by `POST /admin/signature`; before that, the one of the options. */
  signature_secret?: string;
}

interface SessionEvent {
  id: string;
  name: string;
  created_at: string;
  request_id: string;
  details?: Record<string, unknown>;
}

/** Exactly what GET /sessions/{id} shows: a session has no status field at Dintero. */
export interface Session extends SessionRequest {
  id: string;
  created_at: string;
  updated_at: string;
  metadata: Record<string, string | number>;
  events: SessionEvent[];
  transaction_id?: string;
  cancelled_at?: string;
  cancelled_by?: string;
}

export type Status =
  | 'INITIATED'
  | 'ON_HOLD'
  | 'AUTHORIZED'
  | 'PARTIALLY_CAPTURED'
  | 'CAPTURED'
  | 'PARTIALLY_REFUNDED'
  | 'PARTIALLY_CAPTURED_REFUNDED'
  | 'REFUNDED'
  | 'AUTHORIZATION_VOIDED'
  | 'DECLINED'
  | 'FAILED'
  | 'UNKNOWN';

export interface TransactionEvent {
  id: string;
  event: string;
  transaction_status: Status;
  success: boolean;
  created_at: string;
  created_by?: string;
  request_id: string;
  correlation_request_id?: string;
  amount?: number;
  event_reference?: string;
  error?: { message: string; type?: string[]; code?: string };
  metadata?: Record<string, string>;
  /** Which events were wrong, and what is true instead. */
  correction?: {
    event_ids: string[];
    status: Status;
    remaining_capture_amount: number;
    remaining_refund_amount: number;
    remaining_void_amount: number;
  };
}

export interface Transaction {
  id: string;
  session_id: string;
  merchant_reference: string;
  merchant_reference_2?: string;
  payment_product: string;
  payment_product_type: string;
  amount: number;
  currency: string;
  status: Status;
  channel: string;
  settlement_status: string;
  store: SessionRequest['order']['store'];
  card?: Record<string, string>;
  created_at: string;
  updated_at: string;
  metadata: Record<string, string | number>;
  events: TransactionEvent[];
  settlements?: { events: SettledEvent[] };
  /** Ours, never shown: auto-capture is on, so the result is reported only once captured. */
  callback_withheld?: true;
}

export interface Terminal {
  id: string;
  status: string;
  store_id?: string;
  payout_destination_id?: string;
  /** Every later session or refund asked for while a prompt was live, in `queue` mode. */
  queue: string[];
  /** `refund_id`: it asks for the card of a refund of that session's payment. */
  prompt: { session_id: string; since: string; refund_id?: string } | null;
  /** What the next customers do, one per prompt; then `customer` holds. */
  script: Customer[];
  customer?: Customer;
  behaviour?: Partial<Behaviour>;
  receipts: number;
  status_reason?: string;
  /** When the device closed its day last, and where the ledger stood then. */
  end_of_day?: { batch: number; at: string; ledger_seq: number };
  /** Only of a terminal that was created through the account's API. */
  registered?: {
    id: string;
    device_serial_number: string;
    device_model: string;
    created_at: string;
  };
  /** The session whose outcome the device has not told Dintero yet. */
  unresolved?: string;
}

export interface Delivery extends Omit<Subject, 'event'> {
  seq: number;
  id: string;
  event_delivery: string;
  session_id: string;
  /** `result`, the value of `error`, or the transaction event reported. */
  reports: string;
  method: 'GET' | 'POST';
  url: string;
  created_at: string;
  state: 'pending' | 'delivered' | 'refused' | 'given_up' | 'dropped';
  attempts: { at: string; status?: number; error?: string }[];
  fault?: Fault['do'];
}

/** Work that waits for a moment; it survives a kill. */
export type Job = { id: string; at: number } & (
  | { kind: 'prompt_timeout'; session_id: string; refund_id?: string }
  | { kind: 'customer'; session_id: string; refund_id?: string; customer: Customer }
  | { kind: 'retry_refund'; refund_id: string }
  | { kind: 'auto_capture'; transaction_id: string }
  | {
      kind: 'complete';
      transaction_id: string;
      request_id: string;
      operation: Operation;
      success: boolean;
      twice: boolean;
    }
  | { kind: 'end_operation'; operation_id: string }
  | { kind: 'deliver'; delivery_id: string }
  | { kind: 'send_event'; hook_id: string }
);

export interface Operation {
  name: 'CAPTURE' | 'VOID' | 'REFUND';
  amount: number;
  by: string;
  reference?: string;
  metadata?: Record<string, string>;
  /** Of a refund: where the cardholder stands. */
  terminal_id?: string;
}

/** A refund that a terminal asks, or asked, the cardholder for. */
export interface Refund {
  id: string;
  transaction_id: string;
  operation: Operation;
  terminal_id: string;
  /** Of the INITIATE_REFUND; absent where none is shown. */
  request_id?: string;
  /** What an `accept_202` fault makes of the cardholder's yes. */
  result: true | false | 'never' | 'twice';
  /** What Dintero knows of it. */
  state: 'open' | 'done' | 'failed';
}

/** What a request or callback is about; absent where it names none. */
export interface Subject {
  merchant_reference?: string;
  merchant_reference_2?: string;
  session_id?: string;
  transaction_id?: string;
  terminal_id?: string;
  event?: string;
}

export interface Call extends Subject {
  seq: number;
  at: string;
  endpoint: string;
  method: string;
  path: string;
  amount?: number;
  /** What was answered; null when the connection was cut or left hanging. */
  status: number | null;
  processed: boolean;
  fault: string | null;
}

/** How often a kind of fault struck an endpoint. */
interface FaultHits {
  endpoint: string;
  kind: string;
  times: number;
}

export interface LedgerEntry {
  seq: number;
  at: string;
  kind:
    | 'session_created'
    | 'session_refused'
    | 'prompt_queued'
    | 'prompt_started'
    | 'prompt_ended'
    | 'refund_refused'
    | 'refund_prompt_queued'
    | 'refund_prompt_started'
    | 'refund_prompt_ended'
    /** In the back office: its amount is pending until it is `refunded` or has failed. */
    | 'refund_accepted'
    | 'refund_failed'
    | 'authorised'
    | 'captured'
    | 'voided'
    | 'refunded'
    | 'declined'
    | 'failed'
    | 'cancelled'
    | 'unknown'
    | 'on_hold'
    /** What stood for the transaction before was wrong; the next line says what stands. */
    | 'corrected';
  session_id: string | null;
  transaction_id: string | null;
  merchant_reference: string;
  merchant_reference_2: string | null;
  terminal_id: string;
  amount: number;
  currency: string;
  why?: string;
  /** Of a refund: its reference, or the id of the request that was accepted. */
  refund_reference?: string;
}
