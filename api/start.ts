/**
 * Starting a charge: one message that starts its workflow and asks for the prompt, sent so that repeating it is harmless.
 * A start that got no answer has perhaps been obeyed: what is told is what was read afterwards.
 */
import {
  WithStartWorkflowOperation,
  WorkflowUpdateFailedError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type SearchAttributePair,
} from '@temporalio/common';
import type { Logger } from 'pino';
import {
  chargeWorkflowId,
  prompted,
  searchAttributes,
  searchState,
  terminalChargeType,
  type ChargeInput,
  type ChargeMemo,
  type ChargeRecord,
  type Item,
} from '../workflows/messages.ts';
import { inMajorUnits } from '../workflows/money.ts';
import type { ChargePolicy } from '../workflows/policy.ts';
import { offFor, type SwitchedOff } from '../workflows/switches.ts';
import type { Charge } from './answers.ts';
import { isFree, type ReadCharge } from './cashier.ts';
import { Problem, temporalUnavailable } from './problems.ts';
import { executionStatus, type Reading } from './reading.ts';
import { differences, firstRecord } from './record.ts';
import { holdsInVain, namesOf } from './request.ts';
import type { ChargeRequest } from './schemas.ts';
import { isTemporalFailure, type Temporal } from './temporal.ts';
import type { Switches } from './switches.ts';
import type { Timings } from './timings.ts';

export interface OrderDeps {
  temporal: Temporal;
  reading: Reading;
  policy: ChargePolicy;
  taskQueue: string;
  timings: Timings;
  switches: Switches;
}

export interface Started {
  /** This request made the charge; otherwise it repeats an earlier one. */
  isNew: boolean;
  /** A worker has answered; otherwise the charge is stored, and nobody has touched it yet. */
  isAnswered: boolean;
  read: ReadCharge;
}

export async function startCharge(
  deps: OrderDeps,
  request: ChargeRequest,
  log: Logger,
): Promise<Started> {
  const { timings, reading, temporal } = deps;
  const answerBy = Date.now() + timings.answer;
  const record = firstRecord(request, deps.policy);
  const answer = await temporal.connection.withDeadline(
    answerBy - timings.answerReserve,
    async () => {
      const known = await lookFirst(deps, request);
      if (known !== null && known.record.state !== 'starting') return known;
      return await sendStart(deps, { record, items: request.items ?? null }, log);
    },
  );
  const read =
    answer ??
    (await temporal.connection
      .withDeadline(answerBy, () => reading.find(record.charge_id))
      .catch(notStarted(record.charge_id)));
  if (read === null) {
    throw temporalUnavailable(`Charge ${record.charge_id} could not be started in time.`);
  }
  const isNew = read.record.start_id === record.start_id;
  if (!isNew) await assertSame(deps, read, request);
  return { isNew, isAnswered: answer !== null, read };
}

function notStarted(chargeId: string): (err: unknown) => never {
  return unanswered(`Charge ${chargeId} is not known to be started.`);
}

/** Turns Temporal's silence into a problem; everything else stays what it is. */
export function unanswered(detail: string): (err: unknown) => never {
  return (err) => {
    throw isTemporalFailure(err) ? temporalUnavailable(detail, { cause: err }) : err;
  };
}

/**
 * What must be known before a start: what is switched off, the charge itself if the start might be refused, and the
 * attempt before it. A charge that is known is never refused by a switch.
 */
async function lookFirst(deps: OrderDeps, request: ChargeRequest): Promise<ReadCharge | null> {
  const chargeId = `${request.reference}.${request.attempt}`;
  const isLate = request.not_after !== undefined && Date.parse(request.not_after) <= Date.now();
  const off = offFor(await deps.switches.current().catch(notStarted(chargeId)), request);
  const isHeldInVain = request.capture !== undefined && deps.policy.captureMode !== 'manual';
  if (request.attempt === 1 && !isLate && off === null && !isHeldInVain) return null;
  const known = await deps.reading.find(chargeId);
  if (known !== null) {
    await assertSame(deps, known, request);
    return known;
  }
  if (isHeldInVain) throw holdsInVain();
  const previous = await assertPreviousClosed(deps, request);
  if (off !== null) throw switchedOff(off, previous && (await deps.reading.show(previous)));
  if (isLate) {
    throw new Problem(
      'too_late',
      `not_after ${request.not_after} has passed: nothing was started. Send it again with a later not_after, under the same attempt.`,
    );
  }
  return null;
}

/** A person switches it on again: a till that asks every half minute is soon enough. */
const switchedOffRetrySeconds = '30';

/** Rule (2) of design 2: a charge starts only after the attempt before it is known and closed without money. */
export async function assertPreviousClosed(
  { reading }: OrderDeps,
  of: { reference: string; attempt: number; amount?: number; currency?: string },
): Promise<ReadCharge | null> {
  if (of.attempt === 1) return null;
  const previousId = `${of.reference}.${of.attempt - 1}`;
  const previous = await reading.find(previousId);
  if (previous === null) {
    throw new Problem(
      'previous_attempt_unknown',
      `Attempt ${of.attempt} cannot start: charge ${previousId} is not known. GET /sales/${of.reference} tells the next attempt.`,
    );
  }
  // An earlier one may have been found to have money since.
  const attempts = [...(await reading.recoveredBefore(previous)), previous];
  const blocking = attempts.find((attempt) => !isFree(attempt));
  if (blocking !== undefined) throw refusal(blocking, await reading.show(blocking), of);
  return previous;
}

/** The operator's words, as they stand; the attempt before it may prove that another payment is safe. */
function switchedOff({ text }: SwitchedOff, previous: Charge | null): Problem {
  return new Problem('switched_off', text, {
    headers: { 'Retry-After': switchedOffRetrySeconds },
    ...(previous === null ? {} : { charge: previous }),
  });
}

/** Why nothing starts after this attempt. */
function refusal(
  { record }: ReadCharge,
  charge: Charge,
  asked: { amount?: number; currency?: string },
): Problem {
  const { charge_id, outcome, captured_amount, currency, reason } = record;
  switch (outcome) {
    case null:
      return new Problem(
        'previous_attempt_open',
        `Charge ${charge_id} is ${charge.state}${charge.needs_attention === null ? '' : ` (${charge.needs_attention})`}: wait until it has ended, or cancel it.`,
        { charge },
      );
    case 'captured': {
      // "Paid" is true of the sale only if it was paid as now asked.
      const isOther =
        asked.amount !== undefined &&
        (asked.amount !== captured_amount || asked.currency !== currency);
      return new Problem(
        'previous_attempt_captured',
        `Charge ${charge_id} has captured ${captured_amount} ${currency} (minor units): the sale is not charged again.`,
        { charge, ...(isOther ? { advice: 'ask_for_help' } : {}) },
      );
    }
    case 'not_charged': {
      const why =
        reason === 'other_attempt_has_money'
          ? 'found money of this sale under another attempt'
          : 'has a case about its money';
      return new Problem(
        'previous_attempt_captured',
        `Charge ${charge_id} ${why}: a person must look at it before anything is charged again.`,
        { charge, advice: 'ask_for_help' },
      );
    }
  }
}

/** null: no answer, which says nothing. The caller reads what became of it. */
async function sendStart(
  deps: OrderDeps,
  input: { record: ChargeRecord; items: Item[] | null },
  log: Logger,
): Promise<ReadCharge | null> {
  try {
    const { charge } = await deps.temporal.client.workflow.executeUpdateWithStart(prompted, {
      updateId: 'prompted',
      startWorkflowOperation: new WithStartWorkflowOperation(terminalChargeType, {
        ...startOptions(deps, input),
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    });
    // A stored answer may be older than the charge: only the first answer to our own start is sure to be fresh.
    const isFresh = charge.start_id === input.record.start_id;
    if (!isFresh) return await deps.reading.find(charge.charge_id);
    const workflowId = chargeWorkflowId(charge.charge_id);
    const { running } = executionStatus;
    return await deps.reading.read({ workflowId, record: charge, status: running });
  } catch (err) {
    if (err instanceof WorkflowExecutionAlreadyStartedError) {
      return await deps.reading.find(input.record.charge_id);
    }
    const isKnown =
      isTemporalFailure(err) ||
      err instanceof WorkflowNotFoundError ||
      err instanceof WorkflowUpdateFailedError;
    if (!isKnown) throw err;
    log.warn({ err }, 'The start of a charge got no answer');
    return null;
  }
}

export function startOptions(
  { policy, taskQueue }: Pick<OrderDeps, 'policy' | 'taskQueue'>,
  { record, items }: { record: ChargeRecord; items: Item[] | null },
): WorkflowStartOptions & { args: [ChargeInput] } {
  const memo: ChargeMemo = { charge: record, session_id: null };
  const attributes: SearchAttributePair[] = [
    { key: searchAttributes.chargeState, value: searchState(record.state) },
    { key: searchAttributes.saleReference, value: record.reference },
  ];
  const { store_id, terminal_id, amount, currency } = record;
  if (store_id !== null) attributes.push({ key: searchAttributes.storeId, value: store_id });
  if (terminal_id !== null)
    attributes.push({ key: searchAttributes.terminalId, value: terminal_id });
  const name = `${record.reference} attempt ${record.attempt}`;
  const money = amount === null || currency === null ? null : inMajorUnits(amount, currency);
  return {
    workflowId: chargeWorkflowId(record.charge_id),
    taskQueue,
    args: [{ record, items, policy }],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    memo: { ...memo },
    typedSearchAttributes: attributes,
    staticSummary:
      money === null
        ? `cancelled before it started | ${name}`
        : [money, ...(store_id === null ? [] : [store_id]), terminal_id, name].join(' | '),
    staticDetails: `Charge **${record.charge_id}**, asked for at ${record.created_at}. What is true now stands under *Current details*.`,
  };
}

/** A repeated request is the same field by field, or it is another sale. */
async function assertSame(
  { reading }: OrderDeps,
  read: ReadCharge,
  request: ChargeRequest,
): Promise<void> {
  const errors = differences(read.record, request);
  if (errors.length === 0) return;
  throw new Problem(
    'different_request',
    `Charge ${read.record.charge_id} exists with another request: \`errors\` says what differs in ${namesOf(errors)}. Repeat a request unchanged; for another sale use another reference.`,
    { errors, charge: await reading.show(read) },
  );
}
