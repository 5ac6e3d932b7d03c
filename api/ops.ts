/**
 * What operators see of a charge or a case, and order of it. Each order is one update to the workflow that speaks for the
 * charge; its id carries the operator's name, which nothing else can put there (`workflows/operator.ts`).
 */
import { randomUUID } from 'node:crypto';
import {
  QueryNotRegisteredError,
  QueryRejectedError,
  WorkflowFailedError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { CaseAction, ChargeAction } from '../workflows/actions.ts';
import type { Step } from '../workflows/guide.ts';
import {
  caseWorkflowId,
  chargeWorkflowId,
  overview,
  recoveryOrderType,
  recoveryOrderWorkflowId,
  type ActionInput,
  type ChargeRecord,
  type Overview,
  type RecoveryOrder,
} from '../workflows/messages.ts';
import { operatorUpdateId } from '../workflows/operator.ts';
import type { ChargePolicy } from '../workflows/policy.ts';
import { chargeActionNames } from './action-schemas.ts';
import type { Case } from './answers.ts';
import { findCase } from './cases.ts';
import { isFinal, type ReadCharge } from './cashier.ts';
import { aboutThis, guidanceOf, type Explanation, type Ids } from './explain.ts';
import { refusalOf, unknownCharge } from './orders.ts';
import { Problem } from './problems.ts';
import { unanswered, type OrderDeps } from './start.ts';
import { isTemporalFailure, type Temporal } from './temporal.ts';

/** Who orders what. */
interface Order<Action> {
  action: Action;
  input: ActionInput;
  by: string;
}

/** Gives the order, and returns the charge as it was right after. */
export async function orderCharge(
  deps: OrderDeps,
  { chargeId, ...order }: Order<ChargeAction> & { chargeId: string },
): Promise<ReadCharge> {
  const { temporal, reading, timings } = deps;
  return await temporal.connection
    .withDeadline(Date.now() + timings.answer, async () => {
      const read = await reading.find(chargeId);
      if (read === null) throw unknownCharge(chargeId);
      if (order.action === 'recover') await recover(deps, read, order);
      else {
        if (isFinal(read)) throw await refused(deps, read, whyEnded(read));
        await sendUpdate(temporal, { workflowId: read.workflowId, ...order }).catch(
          async (err: unknown) => {
            throw err instanceof WorkflowUpdateFailedError
              ? await refused(deps, read, refusalOf(err))
              : err;
          },
        );
      }
      return (await reading.find(chargeId)) ?? read;
    })
    .catch(unanswered(`It is not known whether ${order.action} of charge ${chargeId} was taken.`));
}

/** An update that finds its workflow ended changes nothing: what is read afterwards says how it ended. */
export async function sendUpdate(
  { client }: Temporal,
  { workflowId, action, by, input }: Order<string> & { workflowId: string },
): Promise<void> {
  const updateId = operatorUpdateId({ name: by, action, id: randomUUID() });
  try {
    await client.workflow
      .getHandle(workflowId)
      .executeUpdate<unknown, [ActionInput]>(action, { updateId, args: [input] });
  } catch (err) {
    if (!(err instanceof WorkflowNotFoundError)) throw err;
  }
}

async function refused({ reading }: OrderDeps, read: ReadCharge, why: string): Promise<Problem> {
  return new Problem('not_possible_now', `Refused: ${why}.`, { charge: await reading.show(read) });
}

function whyEnded({ record, isLost }: ReadCharge): string {
  return isLost
    ? 'the workflow of this charge was ended from outside, so nobody would hear the order; recover it first (within a minute that happens by itself)'
    : `the charge has ended as ${record.outcome ?? ''}; if Dintero shows something else, recover it: then it is read again`;
}

async function recover(
  deps: OrderDeps,
  read: ReadCharge,
  { by, input }: Order<ChargeAction>,
): Promise<void> {
  if (!isFinal(read)) {
    throw await refused(deps, read, 'this charge is followed already; have Dintero read instead');
  }
  const { charge_id } = read.record;
  const order: RecoveryOrder = { charge_id, asked_by: `${by}: recover, "${String(input['why'])}"` };
  const isKnown = await deps.temporal.client.workflow.execute<
    (order: RecoveryOrder) => Promise<boolean>
  >(recoveryOrderType, {
    workflowId: recoveryOrderWorkflowId(charge_id),
    taskQueue: deps.taskQueue,
    args: [order],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `${charge_id}, ordered by ${by}`,
  });
  if (!isKnown) throw unknownCharge(charge_id);
}

/** Gives the order to the case, and returns the case as it was right after. */
export async function orderCase(
  { temporal, timings }: OrderDeps,
  { transactionId, ...order }: Order<CaseAction> & { transactionId: string },
): Promise<Case> {
  return await temporal.connection
    .withDeadline(Date.now() + timings.answer, async () => {
      const found = await findCase(temporal, transactionId);
      if (found.state === 'settled') {
        throw new Problem(
          'not_possible_now',
          `Refused: the case is settled as ${found.settled_as ?? ''} already.`,
        );
      }
      const workflowId = caseWorkflowId(transactionId);
      await sendUpdate(temporal, { workflowId, ...order }).catch((err: unknown) => {
        if (!(err instanceof WorkflowUpdateFailedError)) throw err;
        throw new Problem('not_possible_now', `Refused: ${refusalOf(err)}.`, { cause: err });
      });
      return await findCase(temporal, transactionId);
    })
    .catch(unanswered(`It is not known whether ${order.action} of ${transactionId} was taken.`));
}

/** What a person wants to know. `timeline` is null when no worker answers; then `timeline_missing` says so. */
export interface Shown extends Omit<Overview, 'timeline'> {
  timeline: Overview['timeline'] | null;
  timeline_missing: string | null;
  guidance: Explanation | null;
  runbook_url: string | null;
}

export async function overviewOfCharge(deps: OrderDeps, read: ReadCharge): Promise<Shown> {
  const { record, workflowId } = read;
  const own = chargeWorkflowId(record.charge_id);
  const [before, now] = await Promise.all([
    workflowId === own ? null : ask(deps, own),
    ask(deps, workflowId),
  ]);
  const word = record.needs_attention === 'case_open' ? record.case_kind : record.needs_attention;
  const known = now === null ? null : [...(before?.timeline ?? []), ...now.timeline];
  const actions = isFinal(read) ? actionsOfEnded(read) : [...(now?.actions ?? []), notRecover];
  return shown(
    deps,
    {
      word: word ?? record.reason,
      id: record.charge_id,
      ids: idsOf(record),
    },
    { ...(now ?? nobody), timeline: known, actions },
  );
}

export async function overviewOfCase(deps: OrderDeps, found: Case): Promise<Shown> {
  const answer = await ask(deps, caseWorkflowId(found.transaction_id));
  const id = found.transaction_id;
  const ids = idsOf({ ...found, payout_destination_id: null, held_by: null });
  return shown(
    deps,
    { word: found.kind, id, ids },
    { ...(answer ?? nobody), timeline: answer?.timeline ?? null },
  );
}

/** What the placeholders stand for in the guidance of what carries this record. */
export function idsOf(
  of: Pick<ChargeRecord, 'charge_id' | 'transaction_id' | 'payout_destination_id' | 'held_by'>,
): Ids {
  const { charge_id, transaction_id, payout_destination_id, held_by: holder } = of;
  return {
    charge_id,
    transaction_id,
    payout_destination_id,
    reference: charge_id.replace(/\.\d+$/, ''),
    // An operation of the terminal, `<terminal_id>/<operation_id>`, is nothing that `kvitt show` knows.
    held_by: holder?.includes('/') === true ? null : holder,
  };
}

export const nobody: Overview = { timeline: [], waiting_for: null, until: null, actions: [] };

const notRecover: Overview['actions'][number] = {
  action: 'recover',
  is_possible: false,
  why_not: 'this charge is followed already; have Dintero read instead',
};

function actionsOfEnded(read: ReadCharge): Overview['actions'] {
  return chargeActionNames.map((action) => {
    const isPossible = action === 'recover';
    return { action, is_possible: isPossible, why_not: isPossible ? null : whyEnded(read) };
  });
}

interface About {
  word: string | null;
  /** What is shown. */
  id: string;
  ids: Ids;
}

export function shown(
  { policy }: { policy: Pick<ChargePolicy, 'runbookUrl'> },
  about: About,
  of: Omit<Overview, 'timeline'> & { timeline: Overview['timeline'] | null },
): Shown {
  const { runbookUrl } = policy;
  const guidance = about.word === null ? null : guidanceFor(about.word, about, of.actions);
  const anchor = guidance?.anchor ?? null;
  return {
    ...of,
    timeline_missing:
      of.timeline === null
        ? 'No worker answers, so what happened cannot be told. What stands here is true all the same.'
        : null,
    guidance,
    runbook_url: anchor === null || runbookUrl === undefined ? null : `${runbookUrl}#${anchor}`,
  };
}

/** The word's guidance, its commands ready to be typed, without those that would be refused now. */
function guidanceFor(
  word: string,
  { id, ids }: About,
  actions: Overview['actions'],
): Explanation | null {
  const found = guidanceOf(word);
  if (found === null) return null;
  const impossible = actions.filter((one) => !one.is_possible);
  const isRefused = ({ run }: Step): boolean =>
    impossible.some(({ action }) => `${run} `.startsWith(`npx kvitt ${action} ${id} `));
  const filled = <Explained extends Pick<Explanation, 'check' | 'press'>>(
    explained: Explained,
  ): Explained => ({
    ...explained,
    check: explained.check.map((text) => aboutThis(text, ids)),
    press: explained.press
      .map(({ when, run }) => ({
        when: aboutThis(when, ids),
        run: run === null ? null : aboutThis(run, ids),
      }))
      .filter((step) => !isRefused(step)),
  });
  return { ...filled(found), also: found.also.map(filled) };
}

/** null: nobody answers. A workflow of an earlier release knows no such question. */
export async function ask(
  { temporal, timings }: OrderDeps,
  workflowId: string,
): Promise<Overview | null> {
  const { connection, client } = temporal;
  try {
    return await connection.withDeadline(Date.now() + timings.query, () =>
      client.workflow.getHandle(workflowId).query(overview, Date.now()),
    );
  } catch (err) {
    const isKnown =
      isTemporalFailure(err) ||
      err instanceof WorkflowNotFoundError ||
      err instanceof QueryNotRegisteredError ||
      err instanceof QueryRejectedError ||
      err instanceof WorkflowFailedError;
    if (!isKnown) throw err;
    return null;
  }
}
