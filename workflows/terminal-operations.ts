/** Commands to a device as they cross a process: their names, their record, and what each ending means. Pure. */
import type { ChargePolicy } from './policy.ts';

/** Dintero's own words for them (dossier 8.4). */
export const operations = ['end_of_day', 'send_logs', 'check_update', 'open_menu'] as const;
export type Operation = (typeof operations)[number];

/** `failed` and `timeout` are the device's answers, `refused` is Dintero's; the last two are ours. */
export const operationStates = [
  'starting',
  'sent',
  'completed',
  'failed',
  'timeout',
  'refused',
  'terminal_busy',
  'unclear',
] as const;
export type OperationState = (typeof operationStates)[number];

/** What a device counted since its last end of day; minor units. Dintero's own names. */
export interface EndOfDayTotals {
  batch_id: string | null;
  start_of_day_at: string | null;
  last_end_of_day_at: string | null;
  purchases_count: number | null;
  purchases_amount: number | null;
  reversals_count: number | null;
  reversals_amount: number | null;
  sale_amount: number | null;
  tip_amount: number | null;
}

/** Memo `operation` of `operation/<terminal_id>/<operation_id>`, and its result. Times are ISO 8601. */
export interface OperationRecord {
  version: 1;
  /** `<operation>-<key>`. */
  operation_id: string;
  terminal_id: string;
  operation: Operation;
  state: OperationState;
  /** One sentence for people: what became of it. */
  text: string;
  /** Of an end of day that has completed. */
  totals: EndOfDayTotals | null;
  /** What holds the terminal instead: a charge, a refund, another operation. */
  held_by: string | null;
  /** Dintero's own id of it. */
  dintero_id: string | null;
  ordered_by: string;
  created_at: string;
  updated_at: string;
}

/** Input of {@link terminalOperationType}. */
export interface OperationInput {
  record: OperationRecord;
  /** A uuid: Dintero carries an operation out once for each. */
  key: string;
  policy: ChargePolicy;
}

export const terminalOperationType = 'terminalOperation';

export function operationWorkflowId(of: { terminalId: string; operationId: string }): string {
  return `operation/${of.terminalId}/${of.operationId}`;
}

/** What has not ended yet is being worked on. */
export function isEnded({ state }: Pick<OperationRecord, 'state'>): boolean {
  return state !== 'starting' && state !== 'sent';
}

/** The memo of the workflow; null: it is none of ours. */
export function operationIn(memo: Record<string, unknown> | undefined): OperationRecord | null {
  const record = memo?.['operation'] as OperationRecord | undefined;
  return record?.version === 1 ? record : null;
}
