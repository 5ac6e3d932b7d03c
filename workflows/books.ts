/**
 * The books as they cross a process: what a day is reconciled with, and its report. Money is minor units, times are
 * ISO 8601. A sale belongs to the business day of its store on which Dintero made its transaction; a refund to the day
 * on which it was given.
 */
import type { ChargePolicy } from './policy.ts';

export const dayReconciliationType = 'dayReconciliation';
export const laterLookType = 'laterLook';
export const scheduledReconciliationType = 'scheduledReconciliation';

/** One per business day and installation; the result of its last run is the day's report. */
export function reconciliationWorkflowId(taskQueue: string, date: string): string {
  return `reconciliation/${taskQueue}/${date}`;
}

/** A look at a day whose report is closed. */
export function laterLookWorkflowId(taskQueue: string, date: string): string {
  return `look-again/${taskQueue}/${date}`;
}

/** Where business days begin: the zone of every store that has none of its own. */
export interface Zones {
  timeZone: string;
  storeZones: Record<string, string>;
}

export interface BooksInput {
  /** `2026-11-22`. */
  date: string;
  zones: Zones;
  policy: ChargePolicy;
  /** Who ordered it; null: the schedule. */
  by: string | null;
}

/** Input of the schedule's workflow: the date follows from the time it was scheduled for. */
export type ScheduledInput = Omit<BooksInput, 'date' | 'by'>;

/** Epoch milliseconds; the end does not belong to it. */
export interface Span {
  from: number;
  to: number;
}

export interface Sum {
  count: number;
  amount: number;
}

/** The money of one terminal on one day, in one currency: as Dintero shows it, and as the charges told it. */
export interface TerminalBooks {
  store_id: string;
  terminal_id: string;
  currency: string;
  captured: Sum;
  told: Sum;
  refunded: Sum;
}

export const differenceKinds = ['orphan', 'missing', 'unequal'] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

export interface Difference {
  kind: DifferenceKind;
  charge_id: string;
  transaction_id: string;
  store_id: string | null;
  terminal_id: string | null;
  currency: string | null;
  /** What is in at Dintero: captured or reserved, less what went back; null: Dintero shows no such payment. */
  dintero_amount: number | null;
  /** Of it what was captured, and what went back. */
  captured_amount: number | null;
  refunded_amount: number | null;
  /** What the charge told, less what a person has settled its case by; null: no charge knows of it. */
  told_amount: number | null;
  /** When Dintero made the payment, or when the charge began. */
  at: string;
  /** In words. */
  found: string;
  /** The workflow that follows it: `case/...`, `recovery/...` or `stray/...`; null: not handed on, see the notes. */
  followed_by: string | null;
  /** What became of it by then, in words. */
  became: string | null;
}

/** A payment that is not judged: not in-person, or another installation's. */
export interface OtherMoney {
  product: string;
  installation: string | null;
  currency: string;
  payments: Sum;
}

/** What is booked today because it changed a day whose report was closed. */
export interface Correction {
  of_date: string;
  store_id: string;
  terminal_id: string;
  currency: string;
  captured: Sum;
  refunded: Sum;
}

/** A payout, by Dintero's own sums: amount = capture - refund - fee. */
export interface SettlementFacts {
  settlement_id: string;
  provider_reference: string | null;
  /** The period that it settles. */
  start_at: string | null;
  end_at: string | null;
  settled_at: string;
  store_id: string | null;
  payout_destination_id: string | null;
  payment_status: string | null;
  currency: string;
  amount: number;
  capture: number;
  refund: number;
  fee: number;
}

export interface Settlement extends SettlementFacts {
  /** The same, summed over what the payments of its period say was settled; ours and everybody's. */
  items: ItemSums;
  /** null: no payment names it, so there is nothing to compare. */
  agrees: boolean | null;
}

export interface ItemSums {
  count: number;
  capture: number;
  refund: number;
  fee: number;
}

/** What the payments of some hours say; `sums` by settlement and currency. */
export interface SettledPart {
  items: SettlementItem[];
  sums: Record<string, ItemSums>;
  pages: number;
}

export interface SettlementItem {
  settlement_id: string;
  correlation_id: string | null;
  charge_id: string;
  transaction_id: string;
  store_id: string | null;
  terminal_id: string | null;
  currency: string;
  capture: number;
  refund: number;
  fee: number;
  net: number;
}

/** What a device counted since its last end of day; it knows no currency. */
export interface EndOfDay {
  terminal_id: string;
  at: string;
  batch_id: string | null;
  start_of_day_at: string | null;
  purchases: Sum;
  reversals: Sum;
  /** null: the two cannot be compared: other hours, several currencies, or money that a device may count otherwise. */
  agrees: boolean | null;
}

/** What the device of a terminal should have counted on one day, in one currency. Times are epoch ms. */
export interface DeviceBooks {
  terminal_id: string;
  /** null: it cannot be told. */
  store_id: string | null;
  currency: string;
  /** Captured, less what was given back on the device itself. */
  net: number;
  /** When the first and the last of it happened. */
  from: number;
  to: number;
  /** False: something of it may stand otherwise in the device's own count. */
  isSure: boolean;
}

export interface Report {
  version: 1;
  date: string;
  time_zone: string;
  /** The earliest begin and the latest end of the day in any store's zone. */
  from: string;
  to: string;
  made_at: string;
  /** Made after the day had ended: it never changes any more. */
  is_closed: boolean;
  terminals: TerminalBooks[];
  differences: Difference[];
  corrections: Correction[];
  /** Of the differences that were found later in days whose report was closed before. */
  late: (Difference & { of_date: string })[];
  ends_of_day: EndOfDay[];
  settlements: Settlement[];
  settlement_items: SettlementItem[];
  other: OtherMoney[];
  /** Payments that were not decided when they were read: their charges follow them. */
  open: number;
  /** What was read for it. */
  read: ReadCounts;
  notes: string[];
}

export interface ReadCounts {
  pages: number;
  payments: number;
  charges: number;
  looks: number;
}

/** Memo `books` of a day's workflow, and of a look at a day: what a list shows. */
export interface BooksMemo {
  version: 1;
  date: string;
  by: string | null;
  is_closed: boolean;
  differences: number;
  late: number;
  /** Payments that were undecided: the day is looked at again until there are none. */
  open: number;
  made_at: string | null;
}

/** Before anything is read. */
export function firstMemo(date: string, by: string | null): BooksMemo {
  return {
    version: 1,
    date,
    by,
    is_closed: false,
    differences: 0,
    late: 0,
    open: 0,
    made_at: null,
  };
}

/** The result of a look at a closed day: it changes no report, what it found is booked in the next one. */
export interface LaterLook {
  version: 1;
  date: string;
  made_at: string;
  /** False: the day has no closed report, so there is nothing that anything could be late for. */
  is_known: boolean;
  corrections: Correction[];
  late: Difference[];
  read: ReadCounts;
  notes: string[];
}

/** What one part of a day comes to. */
export interface Part {
  terminals: TerminalBooks[];
  devices: DeviceBooks[];
  differences: Difference[];
  /** Differences beyond what one part carries. */
  more: number;
  other: OtherMoney[];
  open: number;
  read: ReadCounts;
  notes: string[];
}

/** More than a person works through: something else is wrong then, and the next run goes on where this one stopped. */
export const differencesMax = 500;
/** Of the biggest chain; a report stays below Temporal's 2 MB for one value. */
export const itemsMax = 2_000;
