/**
 * The one way to read a refund: `describe()` of its own workflow, or of the recovery that has taken its place, as
 * `reading.ts` reads charges. What the cashier is told of it follows from its record alone.
 */
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { searchAttributes } from '../workflows/messages.ts';
import {
  partsOfRefundId,
  refundIdOf,
  refundRecoveryWorkflowId,
  refundsMax,
  refundWorkflowId,
} from '../workflows/refund-ids.ts';
import type { RefundReason } from '../workflows/refund-lists.ts';
import {
  recoverRefundType,
  terminalRefundType,
  type RefundMemo,
  type RefundRecord,
} from '../workflows/refund-messages.ts';
import type { Advice } from './cashier.ts';
import { quote } from './list.ts';
import { executionStatus, isClosed } from './reading.ts';
import type { Refund } from './refund-schemas.ts';

export interface ReadRefund {
  record: RefundRecord;
  /** The workflow that speaks for the refund and takes its orders. */
  workflowId: string;
  /** The workflow is closed and no ending was proven. */
  isLost: boolean;
}

/** What each reason asks of the cashier. */
export const adviceByRefundReason: Record<RefundReason, Advice> = {
  refund_declined: 'try_again',
  refund_terminal_busy: 'try_again',
  refund_not_started_in_time: 'try_again',
  refund_never_arrived: 'try_again',
  refund_terminal_unavailable: 'ask_for_help',
  refund_rejected: 'ask_for_help',
  dintero_refused_the_refund: 'ask_for_help',
  nothing_to_refund: 'ask_for_help',
  more_than_is_left: 'ask_for_help',
  other_operation_open: 'ask_for_help',
};

export class RefundReading {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** null: no such refund is known, which proves nothing about money. */
  async find(refundId: string): Promise<ReadRefund | null> {
    const own = await this.#look(refundWorkflowId(refundId));
    if (own !== null && !isClosed(own.status)) return readOf(own);
    const recovery = await this.#look(refundRecoveryWorkflowId(refundId));
    // A reset makes a newer run, which speaks for itself.
    const isOutdated =
      own !== null &&
      recovery !== null &&
      isClosed(recovery.status) &&
      recovery.startedAt < own.startedAt;
    const speaks = isOutdated ? own : (recovery ?? own);
    return speaks === null ? null : readOf(speaks);
  }

  /**
   * Every refund of a charge that is known, in the order of their numbers. One that ended long ago may be forgotten while
   * a later one is open, so the list names the last of them; what it does not show yet follows without a gap.
   */
  async all(chargeId: string, known = 0): Promise<ReadRefund[]> {
    const last = Math.max(known, await this.#lastListed(chargeId));
    const found: ReadRefund[] = [];
    for (let refund = 1; refund <= refundsMax; refund += 1) {
      const next = await this.find(refundIdOf(chargeId, refund));
      if (next !== null) found.push(next);
      else if (refund > last) break;
    }
    return found;
  }

  /** The refund as the till sees it: the next number is that after the last one. */
  async show(read: ReadRefund): Promise<Refund> {
    const { outcome, charge_id, refund } = read.record;
    const all = outcome === null ? [read] : await this.all(charge_id, refund);
    return viewOfRefund(read, nextRefundAfter(all));
  }

  async #lastListed(chargeId: string): Promise<number> {
    const types = [terminalRefundType, recoverRefundType].map(quote).join(', ');
    const reference = quote(chargeId.slice(0, chargeId.lastIndexOf('.')));
    const query = `${searchAttributes.saleReference.name} = ${reference} AND WorkflowType IN (${types})`;
    let last = 0;
    for await (const { workflowId } of this.#client.workflow.list({ query })) {
      const parts = partsOfRefundId(workflowId.slice(workflowId.indexOf('/') + 1));
      if (parts?.chargeId === chargeId) last = Math.max(last, parts.refund);
    }
    return last;
  }

  async #look(workflowId: string): Promise<(FoundRefund & { startedAt: Date }) | null> {
    try {
      const { memo, status, startTime } = await this.#client.workflow
        .getHandle(workflowId)
        .describe();
      const record = refundIn(memo);
      if (record === null) throw new Error('Could not read the refund: its memo has no record');
      return { workflowId, record, status: status.code, startedAt: startTime };
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return null;
      throw err;
    }
  }
}

export interface FoundRefund {
  workflowId: string;
  record: RefundRecord;
  status: number;
}

/** null: it is none of this version. */
export function refundIn(memo: Record<string, unknown> | undefined): RefundRecord | null {
  const { refund } = (memo ?? {}) as Partial<RefundMemo>;
  return refund?.version === 1 ? refund : null;
}

/** Adds to the record what its workflow cannot say itself: that it is lost, or too old. */
export function readOf({ workflowId, record: stored, status }: FoundRefund): ReadRefund {
  const isRecovery = workflowId === refundRecoveryWorkflowId(stored.refund_id);
  // A recovery starts with the record that it doubts: until it has completed, no ending in there is proven.
  const isProven = !isRecovery || status === executionStatus.completed;
  const record: RefundRecord = isProven
    ? stored
    : { ...stored, state: 'checking', outcome: null, reason: null, refunded_amount: null };
  const isLost = isClosed(status) && record.outcome === null;
  const { attention_at: at } = record;
  const isTooOld = record.outcome === null && at !== null && Date.now() >= Date.parse(at);
  const late = isTooOld ? 'refund_too_long' : null;
  return {
    record: {
      ...record,
      state: isLost ? 'checking' : record.state,
      needs_attention: isLost ? 'refund_workflow_lost' : (record.needs_attention ?? late),
    },
    workflowId,
    isLost,
  };
}

/** Nothing more will come by waiting. */
export function isRefundFinal({ record, isLost }: ReadRefund): boolean {
  return record.outcome !== null || isLost;
}

/** null while none would be accepted. */
export function nextRefundAfter(refunds: readonly ReadRefund[]): number | null {
  const isOneOpen = refunds.some(({ record }) => record.outcome === null);
  const last = refunds.at(-1)?.record.refund ?? 0;
  return isOneOpen || last >= refundsMax ? null : last + 1;
}

/** What leaves the service. */
export function viewOfRefund({ record }: ReadRefund, next: number | null): Refund {
  const { version: _version, start_id: _startId, attention_at: _attentionAt, ...asked } = record;
  const { asks_all: _asksAll, ...shown } = asked;
  return {
    ...shown,
    advice: adviceOf(record),
    safe_to_take_other_payment: false,
    next_refund: next,
  };
}

function adviceOf(record: RefundRecord): Advice {
  const { outcome, reason, because, needs_attention: attention } = record;
  if (outcome === null) return attention === null ? 'wait' : 'ask_for_help';
  // Not what was asked for, or told: a person sees to it.
  if (outcome === 'refunded') return because === null ? 'none' : 'ask_for_help';
  return reason === null ? 'ask_for_help' : adviceByRefundReason[reason];
}
