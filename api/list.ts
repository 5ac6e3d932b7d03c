/**
 * Lists come from Temporal's visibility store, which may lag by seconds: they show, they decide nothing. The query finds
 * at least what is asked for; what a reader adds (ages, lost workflows, settled cases) is filtered afterwards, so a page
 * may be short, even empty, while `next_cursor` says that there is more.
 */
import { defaultPayloadConverter, mapFromPayloads } from '@temporalio/common';
import {
  searchAttributes as attributes,
  searchState,
  terminalChargeType,
  type ChargeRecord,
} from '../workflows/messages.ts';
import { answerFor, viewOf, type ReadCharge } from './cashier.ts';
import { Problem } from './problems.ts';
import { recordIn, type Reading } from './reading.ts';
import type { Charge, ChargeList, ListQuery } from './schemas.ts';
import type { Temporal } from './temporal.ts';

/** gRPC's UNKNOWN and INVALID_ARGUMENT: what Temporal says of a page token that it cannot read. */
const unreadable = new Set([2, 3]);

export async function listCharges(
  { temporal, reading }: { temporal: Temporal; reading: Reading },
  query: ListQuery,
): Promise<ChargeList> {
  const page = await temporal.connection.workflowService
    .listWorkflowExecutions({
      namespace: temporal.namespace,
      query: visibilityQuery(query),
      pageSize: query.limit,
      nextPageToken: Buffer.from(query.cursor ?? '', 'base64url'),
    })
    .catch((err: unknown) => {
      const isCursor =
        query.cursor !== undefined && unreadable.has((err as { code?: number }).code ?? 0);
      if (!isCursor) throw err;
      const hint = "Send the last answer's next_cursor with the same filters";
      const errors = [{ field: 'cursor', problem: 'is not one of ours', hint }];
      throw new Problem('invalid_request', `cursor is not one of ours. ${hint}.`, {
        errors,
        cause: err,
      });
    });
  const reads = await Promise.all(
    page.executions.map(async ({ memo, status }) => {
      const record = listedRecord(mapFromPayloads(defaultPayloadConverter, memo?.fields ?? {}));
      return record === null ? null : await reading.read(record, statusNames[status ?? 0] ?? '');
    }),
  );
  const token = Buffer.from(page.nextPageToken ?? []);
  return {
    charges: reads.flatMap((read) => (read !== null && isAsked(read, query) ? [listed(read)] : [])),
    next_cursor: token.length === 0 ? null : token.toString('base64url'),
  };
}

/** temporal.api.enums.v1.WorkflowExecutionStatus, as far as the reading module asks. */
const statusNames: Record<number, string> = {
  1: 'RUNNING',
  2: 'COMPLETED',
  3: 'FAILED',
  4: 'CANCELLED',
  5: 'TERMINATED',
  6: 'CONTINUED_AS_NEW',
  7: 'TIMED_OUT',
};

/** One unreadable memo must not hide the other charges. */
function listedRecord(memo: Record<string, unknown> | undefined): ChargeRecord | null {
  try {
    return recordIn(memo);
  } catch {
    return null;
  }
}

/** A list looks at no other attempt, so it never says that another payment is safe: read the charge for that. */
function listed(read: ReadCharge): Charge {
  const answer = answerFor(read, []);
  const isFree = answer.safe_to_take_other_payment;
  return viewOf(
    read,
    isFree ? { advice: 'none', safe_to_take_other_payment: false, next_attempt: null } : answer,
  );
}

function isAsked({ record }: ReadCharge, query: ListQuery): boolean {
  if (query.state !== undefined && record.state !== query.state) return false;
  if (query.needs_attention === undefined) return true;
  if (query.needs_attention === 'true') return record.needs_attention !== null;
  return record.needs_attention === query.needs_attention;
}

/** Every value is quoted, whatever the schema allows today. */
export function visibilityQuery(query: Omit<ListQuery, 'limit' | 'cursor'>): string {
  const is = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`${name} = ${quote(value)}`];
  const parts = [
    `WorkflowType = ${quote(terminalChargeType)}`,
    ...is(attributes.storeId.name, query.store_id),
    ...is(attributes.terminalId.name, query.terminal_id),
    ...is(attributes.saleReference.name, query.reference),
    ...(query.created_after === undefined ? [] : [`StartTime >= ${instant(query.created_after)}`]),
    ...(query.created_before === undefined
      ? []
      : [`StartTime <= ${instant(query.created_before)}`]),
  ];
  const unproven = `ExecutionStatus != 'Completed'`;
  const state = attributes.chargeState.name;
  // A lost charge reads as `checking`, whatever it was when its workflow was closed from outside.
  if (query.state === 'checking') parts.push(`(${state} = 'checking' OR ${unproven})`);
  // Listed under one value, and told apart by the record (`isAsked`).
  else if (query.state !== undefined) parts.push(...is(state, searchState(query.state)));
  // Ages and lost workflows are known to readers only, so every open charge is looked at.
  if (query.needs_attention !== undefined) {
    parts.push(`(${attributes.needsAttention.name} IS NOT NULL OR ${unproven})`);
  }
  return parts.join(' AND ');
}

function instant(text: string): string {
  return quote(new Date(text).toISOString());
}

export function quote(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
