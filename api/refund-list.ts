/** Refunds listed, from Temporal's visibility store: it may lag by seconds, and decides nothing. */
import { searchAttributes as attributes } from '../workflows/messages.ts';
import { recoverRefundType, terminalRefundType } from '../workflows/refund-messages.ts';
import { filterParts, listPage, quote } from './list.ts';
import {
  readOf,
  refundIn,
  RefundReading,
  viewOfRefund,
  type ReadRefund,
} from './refund-reading.ts';
import type { RefundList, RefundListQuery } from './refund-schemas.ts';
import type { Temporal } from './temporal.ts';

export async function listRefunds(temporal: Temporal, asked: RefundListQuery): Promise<RefundList> {
  const { limit, cursor, state, needs_attention: attention } = asked;
  const { workflows, next_cursor } = await listPage(temporal, {
    query: queryOf(asked),
    limit,
    ...(cursor === undefined ? {} : { cursor }),
  });
  const reading = new RefundReading(temporal.client);
  const found = await Promise.all(
    workflows.map(async ({ workflowId, status, memo }): Promise<ReadRefund[]> => {
      const record = refundIn(memo);
      if (record === null) return [];
      const read = readOf({ workflowId, record, status });
      // One whose ending is not proven by what is listed may have been recovered since.
      const isSure = read.record.outcome !== null || !read.isLost;
      return [isSure ? read : ((await reading.find(record.refund_id)) ?? read)];
    }),
  );
  const distinct = new Map(found.flat().map((read) => [read.record.refund_id, read]));
  const fits = [...distinct.values()].filter(({ record }) => {
    if (state !== undefined && record.state !== state) return false;
    if (attention === undefined) return true;
    return attention === 'true'
      ? record.needs_attention !== null
      : record.needs_attention === attention;
  });
  // A list looks at no other refund, so it names no next number: read the refund for that.
  return { refunds: fits.map((read) => viewOfRefund(read, null)), next_cursor };
}

function queryOf(asked: RefundListQuery): string {
  const { chargeState, needsAttention } = attributes;
  const { state, needs_attention: attention } = asked;
  const unproven = `ExecutionStatus != 'Completed'`;
  return [
    `WorkflowType IN (${quote(terminalRefundType)}, ${quote(recoverRefundType)})`,
    ...filterParts(asked),
    // A lost refund reads as `checking`, whatever it was when its workflow was closed from outside.
    ...(state === undefined
      ? []
      : state === 'checking'
        ? [`(${chargeState.name} = 'checking' OR ${unproven})`]
        : [`${chargeState.name} = ${quote(state)}`]),
    ...(attention === undefined ? [] : [`(${needsAttention.name} IS NOT NULL OR ${unproven})`]),
  ].join(' AND ');
}
