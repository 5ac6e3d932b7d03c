/**
 * The recovery of a charge whose own workflow is gone, `recovery/<charge_id>`: somebody terminated it before an outcome
 * was proven, or news contradicts the outcome that it told. It reads, judges and acts as the charge would, and never
 * creates: whatever the lost run has sent is taken as sent. What it proves is the charge's outcome from then on.
 */
import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { CaseKind } from './lists.ts';
import type { ChargeRecord, RecoveryInput, RecoveryOrder } from './messages.ts';
import { close, follow, untilProven } from './charge.ts';
import { takeOrders } from './obey.ts';
import { refundedOutside } from './judgement.ts';
import { openCharge, publish, type Changes, type OpenCharge } from './open-charge.ts';
import { takeWord } from './take-word.ts';
import { noLease, takeTerminal, type Lease } from './terminal-lease.ts';
import { escaped, tell } from './timeline.ts';

export async function recoverCharge(input: RecoveryInput): Promise<ChargeRecord> {
  const charge = openCharge({
    record: input.record,
    policy: input.policy,
    chargeStartedAt: input.charge_started_at,
    isCancelRequested: input.is_cancel_requested,
    isReset: true,
  });
  takeOrders(charge);
  takeWord(charge);
  charge.sessionId = input.session_id;
  const unsent =
    input.record.terminal_id === null ? 'cancelled_before_start' : 'not_started_in_time';
  charge.situation.prompt = input.may_have_prompted
    ? { is: 'lost' }
    : { is: 'none', reason: unsent };
  // It had proven that nothing was charged: looking again takes nothing from that proof.
  const { former_reason: reason } = input;
  if (
    input.asked_by !== undefined &&
    input.former === 'not_charged' &&
    typeof reason === 'string'
  ) {
    charge.situation.prompt = { is: input.session_id === null ? 'none' : 'withheld', reason };
  }
  // What the lost run sent may still be on the wire (design 4).
  charge.situation.captures.lastAt = charge.startedAt;
  charge.situation.voids.lastAt = charge.startedAt;
  const { asked_by: askedBy } = input;
  // Whoever ordered it waits.
  if (askedBy !== undefined) charge.news = 'order';
  const told = { source: askedBy === undefined ? ('kvitt' as const) : ('operator' as const) };
  tell(charge.timeline, { ...told, text: askedBy ?? whyRecovered[input.because] });
  publish(charge, {});
  return await untilProven(charge, async () => {
    const lease = await takeIfPromptMayLive(charge, input);
    const ending = await follow(charge, lease, (found) => retold(found, input, charge.transaction));
    return await close(charge, ending, { outcome: input.former, case_kind: input.former_case });
  });
}

/** An operator's order to recover a charge that has closed. The api starts it, and may read no histories itself. */
export async function recoveryOrder(order: RecoveryOrder): Promise<boolean> {
  const { charge_id, asked_by, only_if_lost: onlyIfLost = false } = order;
  setCurrentDetails(`Recovery of **${charge_id}**, ordered by ${escaped(asked_by)}.`);
  const standing = await temporal.readStanding(charge_id);
  const isLost = standing.is === 'closed' && standing.isLost;
  // Somebody was faster.
  if (onlyIfLost && !isLost) return true;
  return await temporal.startRecovery({
    chargeId: charge_id,
    because: isLost ? 'workflow_lost' : 'contradicted',
    sessionId: null,
    ...(onlyIfLost ? {} : { askedBy: asked_by }),
  });
}

const temporal = proxyActivities<Activities>({
  startToCloseTimeout: '10 s',
  retry: { maximumInterval: '10 s' },
});

const whyRecovered = {
  workflow_lost: 'the charge’s own workflow was ended from outside',
  contradicted: 'news contradicts what the charge has told',
} as const;

/** Without the terminal it is read all the same: another charge may hold it, and what is wrong does not wait. */
async function takeIfPromptMayLive(charge: OpenCharge, { because }: RecoveryInput): Promise<Lease> {
  return because === 'workflow_lost' ? await takeTerminal(charge) : noLease;
}

/** An ending that is not the one that was told is a person's matter: somebody has acted upon the first. */
function retold(
  ending: Changes,
  input: RecoveryInput,
  transaction: OpenCharge['transaction'],
): { ending: Changes; isCaseKnown: boolean } {
  const { former, former_case, former_reason: reason, record } = input;
  const isCaptured = ending.outcome === 'captured';
  if (former === 'not_charged') {
    const now = isCaptured ? withCase(ending, 'captured_after_not_charged') : ending;
    return { ending: transaction === null ? asTold(now, reason) : now, isCaseKnown: false };
  }
  if (former === 'captured' && !isCaptured && record.transaction_id !== null) {
    const none = { ...ending, captured_amount: 0 };
    return { ending: withCase(none, 'amount_differs'), isCaseKnown: false };
  }
  const isNews = (ending.case_kind ?? null) !== null && !isSettled(input, transaction);
  if (isCaptured && former_case !== null && !isNews) {
    return { ending: withCase(ending, former_case), isCaseKnown: true };
  }
  return { ending, isCaseKnown: false };
}

/** A person has settled the case by what Dintero still shows. */
function isSettled(
  { settled_by_refund_of: refunded }: RecoveryInput,
  transaction: OpenCharge['transaction'],
): boolean {
  if (refunded === undefined || transaction === null) return false;
  return refundedOutside(transaction).amount === refunded;
}

/** No payment was found. The reason says more than can be read now, such as that another attempt has the money. */
function asTold(ending: Changes, reason: RecoveryInput['former_reason']): Changes {
  return reason === undefined ? ending : { ...ending, reason };
}

function withCase(ending: Changes, kind: CaseKind): Changes {
  return { ...ending, case_kind: kind, needs_attention: 'case_open' };
}
