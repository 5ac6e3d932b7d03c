/**
 * Our own side of the books: what the charges have told. A day's charges come from Temporal's list, page by page, with
 * the record that each publishes as its memo. The list may lag, so it only ever says that all is well: what differs by
 * it is asked of the charge itself.
 */
import type { Client } from '@temporalio/client';
import type { Span } from '../../workflows/books.ts';
import {
  caseWorkflowId,
  recoverChargeType,
  terminalChargeType,
  type CaseRecord,
  type ChargeMemo,
  type ChargeRecord,
} from '../../workflows/messages.ts';
import type { Payment } from '../dintero/payment.ts';
import { readStanding } from '../recovery.ts';
import { isRefundAsTold } from '../refund-recovery.ts';
import { describe, isClosed } from '../temporal.ts';
import type { Settled, Told } from './judge.ts';

export interface Listed {
  record: ChargeRecord;
  isRunning: boolean;
  startedAt: number;
}

/** Temporal's maximum; a record is 1 KB at most, and an answer may have 4 MB. */
const pageSize = 1_000;

/** The charges that started in this time, by their id. What has a recovery is left out: that speaks for it. */
export async function listCharges(
  client: Client,
  { taskQueue, span, beat }: { taskQueue: string; span: Span; beat: () => void },
): Promise<Map<string, Listed>> {
  const from = new Date(span.from).toISOString();
  const to = new Date(span.to).toISOString();
  const of = (type: string): string => `TaskQueue = '${taskQueue}' AND WorkflowType = '${type}'`;
  const charges = new Map<string, Listed>();
  const query = `${of(terminalChargeType)} AND StartTime >= '${from}' AND StartTime < '${to}'`;
  for await (const { memo, status, startTime } of client.workflow.list({ query, pageSize })) {
    beat();
    const record = (memo as Partial<ChargeMemo> | undefined)?.charge;
    if (record === undefined) continue;
    const isRunning = status.name === 'RUNNING';
    // A reset makes a second run of the same charge: the last one speaks.
    const known = charges.get(record.charge_id);
    const startedAt = startTime.getTime();
    if (known === undefined || isRunning) {
      charges.set(record.charge_id, { record, isRunning, startedAt });
    }
  }
  const recoveries = `${of(recoverChargeType)} AND StartTime >= '${from}'`;
  for await (const { workflowId } of client.workflow.list({ query: recoveries, pageSize })) {
    beat();
    charges.delete(workflowId.slice(workflowId.indexOf('/') + 1));
  }
  return charges;
}

/** By the list alone. */
export function toldBy({ record, isRunning }: Listed): Told {
  if (isRunning) return { is: 'open', transactionId: record.transaction_id };
  return toldIn(record, 0);
}

function toldIn(record: ChargeRecord, refundedAmount: number): Told {
  if (record.outcome === null) return { is: 'lost' };
  return {
    is: 'ended',
    outcome: record.outcome,
    transactionId: record.transaction_id,
    capturedAmount: record.captured_amount ?? 0,
    currency: record.currency,
    refundedAmount,
  };
}

/** By the charge itself, its recovery and its case. `isForgotten`: Temporal may have known it once. */
export async function askCharge(
  client: Client,
  chargeId: string,
  isForgotten: boolean,
): Promise<Told> {
  const standing = await readStanding(client, chargeId);
  switch (standing.is) {
    case 'unknown':
      return { is: 'unknown', isForgotten };
    case 'running':
      return { is: 'open', transactionId: standing.transactionId };
    case 'closed':
      if (standing.isLost) return { is: 'lost' };
      return toldIn(standing.record, standing.refundedAmount ?? 0);
  }
}

/** The payment's case: who has it, and what it was settled by. */
export async function askCase(
  client: Client,
  transactionId: string,
): Promise<{ isOpen: boolean; settled: Settled | null }> {
  const found = await describe(client, caseWorkflowId(transactionId));
  const record = found?.memo?.['case'] as CaseRecord | undefined;
  if (found === null || record === undefined) return { isOpen: false, settled: null };
  if (record.settled_at === null) return { isOpen: !isClosed(found), settled: null };
  return { isOpen: false, settled: settledBy(record) };
}

/** The till keeps what it was told; whoever else settles does so by what Dintero shows. */
function settledBy(record: CaseRecord): Settled {
  const { settled_as: as, captured_amount: told, settled_captured_amount: shown = null } = record;
  const capturedAmount = shown ?? (as === 'kept' ? told : null);
  const refundedAmount = record.refunded_amount ?? (as === 'kept' ? 0 : null);
  return { capturedAmount, refundedAmount };
}

/** Each refund that bears our name, asked of the workflow that gave it. */
export async function areRefundsAsTold(
  client: Client,
  { facts, refunds }: Pick<Payment, 'facts' | 'refunds'>,
  rememberedMs: number,
): Promise<boolean> {
  const isRemembered = refunds.some(({ at }) => at >= Date.now() - rememberedMs);
  const told = await Promise.all(
    (facts.ownRefunds ?? []).map(async (one) => await isRefundAsTold(client, one)),
  );
  return told.every((isAsTold) => isAsTold ?? !isRemembered);
}

/** A payment says which charge it is of; what is no charge id cannot be one of ours. */
export function isChargeId(text: string): boolean {
  return /^[\w-]{1,36}\.\d{1,3}$/.test(text);
}
