/**
 * The recovery of a charge whose own workflow is gone, `recovery/<charge_id>`: somebody terminated it before an outcome
 * was proven, or news contradicts the outcome that it told. It reads, judges and acts as the charge would, and never
 * creates: whatever the lost run has sent is taken as sent. What it proves is the charge's outcome from then on.
 */
import type { ChargeRecord, RecoveryInput } from './messages.ts';
import { close, follow, untilProven } from './charge.ts';
import { openCharge, publish, type Changes, type OpenCharge } from './open-charge.ts';
import { noLease, takeTerminal, type Lease } from './terminal-lease.ts';

export async function recoverCharge(input: RecoveryInput): Promise<ChargeRecord> {
  const charge = openCharge({
    record: input.record,
    policy: input.policy,
    chargeStartedAt: input.charge_started_at,
    isCancelRequested: input.is_cancel_requested,
    isReset: true,
  });
  charge.sessionId = input.session_id;
  charge.situation.prompt = input.may_have_prompted
    ? { is: 'lost' }
    : { is: 'none', reason: 'not_started_in_time' };
  charge.lastNews = whyRecovered[input.because];
  publish(charge, {});
  return await untilProven(charge, async () => {
    const lease = await takeIfPromptMayLive(charge, input);
    const ending = await follow(charge, lease, (found) => corrected(found, input));
    const record = await close(charge, ending);
    await lease.endAtClose();
    return record;
  });
}

const whyRecovered = {
  workflow_lost: 'the charge’s own workflow was ended from outside',
  contradicted: 'news contradicts what the charge has told',
} as const;

/** Without the terminal it is read all the same: another charge may hold it, and what is wrong does not wait. */
async function takeIfPromptMayLive(charge: OpenCharge, { because }: RecoveryInput): Promise<Lease> {
  return because === 'workflow_lost' ? await takeTerminal(charge) : noLease;
}

/** An ending that is not the one that was told is a person's matter: somebody has acted upon the first. */
function corrected(ending: Changes, { former, record }: RecoveryInput): Changes {
  if (former === 'not_charged' && ending.outcome === 'captured') {
    return { ...ending, case_kind: 'captured_after_not_charged', needs_attention: 'case_open' };
  }
  if (former === 'captured' && ending.outcome === 'not_charged' && record.transaction_id !== null) {
    return {
      ...ending,
      captured_amount: 0,
      case_kind: 'amount_differs',
      needs_attention: 'case_open',
    };
  }
  return ending;
}
