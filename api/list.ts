/**
 * Lists come from Temporal's visibility store, which may lag by seconds: they show, they decide nothing. The query finds
 * at least what is asked for; what a reader adds (ages, lost workflows, recoveries, settled cases) is filtered
 * afterwards, so a page may be short, even empty, while `next_cursor` says that there is more.
 */
import { defaultPayloadConverter, mapFromPayloads } from '@temporalio/common';
import {
  chargeWorkflowId,
  recoverChargeType,
  recoveryWorkflowId,
  searchAttributes as attributes,
  searchState,
  terminalChargeType,
} from '../workflows/messages.ts';
import type { Charge, ChargeList } from './answers.ts';
import { answerFor, viewOf, type ReadCharge } from './cashier.ts';
import { isClosed, recordIn, type Found, type Reading } from './reading.ts';
import { invalidRequest } from './request.ts';
import type { ListQuery } from './schemas.ts';
import type { Temporal } from './temporal.ts';

/** The most that one page of Temporal's list holds; each charge has one recovery, seldom two. */
const recoveriesMax = 1000;

/** gRPC's UNKNOWN and INVALID_ARGUMENT: what Temporal says of a page token that it cannot read. */
const unreadable = new Set([2, 3]);

interface Listed {
  workflowId: string;
  status: number;
  memo: Record<string, unknown>;
}

/** One page of Temporal's list; `cursor` is what the page before answered as `next_cursor`. */
export async function listPage(
  { connection, namespace }: Temporal,
  { query, limit, cursor }: { query: string; limit: number; cursor?: string },
): Promise<{ workflows: Listed[]; next_cursor: string | null }> {
  const page = await connection.workflowService
    .listWorkflowExecutions({
      namespace,
      query,
      pageSize: limit,
      nextPageToken: Buffer.from(cursor ?? '', 'base64url'),
    })
    .catch((err: unknown) => {
      if (cursor === undefined || !unreadable.has((err as { code?: number }).code ?? 0)) throw err;
      const hint = "Send the last answer's next_cursor with the same filters";
      const errors = [{ field: 'cursor', problem: 'is not one of ours', hint }];
      throw invalidRequest(errors, err);
    });
  const token = Buffer.from(page.nextPageToken ?? []);
  return {
    workflows: page.executions.map(({ execution, status, memo }) => ({
      workflowId: execution?.workflowId ?? '',
      status: status ?? 0,
      memo: mapFromPayloads(defaultPayloadConverter, memo?.fields ?? {}) ?? {},
    })),
    next_cursor: token.length === 0 ? null : token.toString('base64url'),
  };
}

export async function listCharges(
  deps: { temporal: Temporal; reading: Reading },
  asked: ListQuery,
): Promise<ChargeList> {
  const { limit, cursor } = asked;
  const { workflows, next_cursor } = await listPage(deps.temporal, {
    query: visibilityQuery(asked),
    limit,
    ...(cursor === undefined ? {} : { cursor }),
  });
  const found = await withoutRecovered(deps.temporal, workflows.flatMap(readable));
  const reads = await Promise.all(
    found.map(async (one) => {
      const read = await deps.reading.read(one);
      // What is listed may be an old run, or have a recovery that is not listed yet: these few are looked at.
      const isSure = isOwn(one) && !read.isLost;
      return isSure ? read : ((await deps.reading.find(one.record.charge_id)) ?? read);
    }),
  );
  const charges = new Map(reads.map((read) => [read.record.charge_id, read]));
  return {
    charges: [...charges.values()].filter((read) => isAsked(read, asked)).map(listed),
    next_cursor,
  };
}

/** One unreadable memo must not hide the other charges. */
function readable({ workflowId, status, memo }: Listed): Found[] {
  try {
    return [{ workflowId, status, record: recordIn(memo) }];
  } catch {
    return [];
  }
}

/** A charge that has a recovery is listed by that, so that each is listed once and as it is now. */
async function withoutRecovered(temporal: Temporal, found: Found[]): Promise<Found[]> {
  const ids = found
    .filter((one) => isClosed(one.status) && isOwn(one))
    .map(({ record }) => quote(recoveryWorkflowId(record.charge_id)));
  if (ids.length === 0) return found;
  const query = `WorkflowType = ${quote(recoverChargeType)} AND WorkflowId IN (${ids.join(', ')})`;
  const { workflows } = await listPage(temporal, { query, limit: recoveriesMax });
  const recovered = new Set(workflows.map(({ workflowId }) => workflowId));
  return found.filter(
    (one) => !isOwn(one) || !recovered.has(recoveryWorkflowId(one.record.charge_id)),
  );
}

/** The charge's own workflow, not its recovery. */
function isOwn({ workflowId, record }: Found): boolean {
  return workflowId === chargeWorkflowId(record.charge_id);
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
  const { state, created_after, created_before } = query;
  if (state !== undefined && record.state !== state) return false;
  const createdAt = Date.parse(record.created_at);
  if (created_after !== undefined && createdAt < Date.parse(created_after)) return false;
  if (created_before !== undefined && createdAt > Date.parse(created_before)) return false;
  if (query.needs_attention === undefined) return true;
  if (query.needs_attention === 'true') return record.needs_attention !== null;
  return record.needs_attention === query.needs_attention;
}

/** What charges and cases are listed by alike. */
interface Filters {
  store_id?: string;
  terminal_id?: string;
  reference?: string;
}

/** Every value is quoted, whatever the schema allows today. */
export function filterParts(query: Filters): string[] {
  const { storeId, terminalId, saleReference } = attributes;
  return [
    ...is(storeId.name, query.store_id),
    ...is(terminalId.name, query.terminal_id),
    ...is(saleReference.name, query.reference),
  ];
}

export function visibilityQuery(query: Omit<ListQuery, 'limit' | 'cursor'>): string {
  const { state, created_after, created_before } = query;
  const { chargeState, needsAttention } = attributes;
  const unproven = `ExecutionStatus != 'Completed'`;
  return [
    `WorkflowType IN (${quote(terminalChargeType)}, ${quote(recoverChargeType)})`,
    ...filterParts(query),
    ...when(created_after, (at) => `StartTime >= ${at}`),
    // A recovery starts later than its charge: its record says when that was (`isAsked`).
    ...when(
      created_before,
      (at) => `(StartTime <= ${at} OR WorkflowType = ${quote(recoverChargeType)})`,
    ),
    // A lost charge reads as `checking`, whatever it was when its workflow was closed from outside. What starts and what
    // waits is listed under one value, and told apart by the record.
    ...(state === 'checking'
      ? [`(${chargeState.name} = 'checking' OR ${unproven})`]
      : is(chargeState.name, state && searchState(state))),
    // Ages and lost workflows are known to readers only, so every open charge is looked at.
    ...(query.needs_attention === undefined
      ? []
      : [`(${needsAttention.name} IS NOT NULL OR ${unproven})`]),
  ].join(' AND ');
}

function is(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name} = ${quote(value)}`];
}

/** A condition on an instant, if one was given. */
export function when(instant: string | undefined, condition: (at: string) => string): string[] {
  return instant === undefined ? [] : [condition(quote(new Date(instant).toISOString()))];
}

export function quote(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
