/**
 * Telling the retailer's system: a charge, its recovery or a case hands an event to `notify/<charge_id>`, which delivers
 * it in its own time. Nothing here waits for the retailer. One activity each, and no local one: Temporal stores what the
 * workflow shows before the activity begins, so nothing is told that the api does not say yet.
 */
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { EventType } from './lists.ts';
import type { CaseRecord, ChargeRecord } from './messages.ts';
import { isUnclear, type OpenCharge } from './open-charge.ts';
import type { Retries } from './policy.ts';
import { caseData, chargeData, type RetailerEvent } from './retailer-events.ts';

/** A person is asked, or asked for a reason that was not told since the charge got on. */
export async function tellAttention({ record, situation, told }: OpenCharge): Promise<void> {
  const { notifies } = situation.policy;
  const { needs_attention: attention, state } = record;
  if (notifies === undefined) return;
  // Unclear readings come and go, and with them what is asked: no news until the charge gets on.
  if (!isUnclear(state)) told.attentions = told.attentions.filter((one) => one === attention);
  if (attention === null || told.attentions.includes(attention)) return;
  told.attentions.push(attention);
  told.count += 1;
  await tell(notifies, {
    chargeId: record.charge_id,
    event: eventOf('charge.needs_attention', chargeData(record), told.count),
  });
}

/** The outcome that a recovery's charge had told before, if it had one. */
export type ToldBefore = Pick<ChargeRecord, 'case_kind' | 'outcome'> | null;

/** The ending; of a recovery only if it is not what was told before. False: nothing was told. */
export async function tellOutcome(
  { record, situation, told }: OpenCharge,
  before: ToldBefore,
): Promise<boolean> {
  const { notifies } = situation.policy;
  if (notifies === undefined || record.outcome === null) return false;
  const former = before === null || before.outcome === null ? null : before;
  const isAsTold = former?.outcome === record.outcome && former.case_kind === record.case_kind;
  if (isAsTold) return false;
  const data = chargeData(record);
  told.count += 1;
  await tell(notifies, {
    chargeId: record.charge_id,
    event:
      former === null
        ? eventOf(`charge.${record.outcome}`, data, told.count)
        : eventOf('charge.corrected', { ...data, former }, told.count),
  });
  return true;
}

/** A case has been opened or settled. */
export async function tellCase(record: CaseRecord, notifies: Retries | undefined): Promise<void> {
  if (notifies === undefined) return;
  const event =
    record.settled_at === null
      ? eventOf('case.opened', caseData(record), 1)
      : eventOf('case.settled', caseData(record), 2);
  await tell(notifies, { chargeId: record.charge_id, event });
}

function eventOf(
  type: EventType,
  data: RetailerEvent['body']['data'],
  count: number,
): RetailerEvent {
  return {
    id: `msg_${workflowInfo().runId}_${count}`,
    body: { type, timestamp: new Date().toISOString(), data },
  };
}

const { tellRetailer } = proxyActivities<Activities>({
  startToCloseTimeout: '10 s',
  retry: { maximumInterval: '1 min' },
  summary: 'Hand an event to notify/<charge_id>',
});

async function tell(
  retries: Retries,
  what: { chargeId: string; event: RetailerEvent },
): Promise<void> {
  await tellRetailer({ ...what, retries, taskQueue: workflowInfo().taskQueue });
}
