/**
 * Telling the retailer's system: a charge, its recovery or a case hands an event to `notify/<charge_id>`, which delivers
 * it in its own time. Nothing here waits for the retailer. One local activity each: a marker in the history, some 10 ms.
 */
import { TemporalFailure } from '@temporalio/common';
import { proxyActivities, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { EventType } from './lists.ts';
import type { CaseRecord, ChargeRecord } from './messages.ts';
import type { OpenCharge } from './open-charge.ts';
import type { Retries } from './policy.ts';
import { caseData, chargeData, type RetailerEvent } from './retailer-events.ts';

/** A person is asked, or asked for another reason than before. */
export async function tellAttention({ record, situation, told }: OpenCharge): Promise<void> {
  const { notifies } = situation.policy;
  if (notifies === undefined || record.needs_attention === told.attention) return;
  told.attention = record.needs_attention;
  if (told.attention === null) return;
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
  const type = record.settled_at === null ? 'case.opened' : 'case.settled';
  await tell(notifies, {
    chargeId: record.charge_id,
    event: eventOf(type, caseData(record), 1),
  });
}

/**
 * The id is made of what is said, not only of who says it: a workflow task that is repeated may have learned more, and
 * what the receiver takes for a repetition must be one.
 */
function eventOf(
  type: EventType,
  data: RetailerEvent['body']['data'],
  count: number,
): RetailerEvent {
  return {
    id: `msg_${workflowInfo().runId}_${count}_${fingerprint({ type, data })}`,
    body: { type, timestamp: new Date().toISOString(), data },
  };
}

/** FNV-1a over everything but times, which differ when a task is repeated. */
function fingerprint(of: object): string {
  const text = JSON.stringify(of, (member, value: unknown) =>
    /_(at|since)$/.test(member) ? undefined : value,
  );
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, '0');
}

/** Over before a workflow task would need a heartbeat (8 s): a Temporal that stalls must not hold task slots. */
const quick = proxyLocalActivities<Activities>({
  startToCloseTimeout: '2 s',
  retry: { maximumAttempts: 3, initialInterval: '100 ms' },
});
const patient = proxyActivities<Activities>({
  startToCloseTimeout: '10 s',
  retry: { maximumInterval: '1 min' },
  summary: 'Hand an event to notify/<charge_id>',
});

async function tell(
  retries: Retries,
  what: { chargeId: string; event: RetailerEvent },
): Promise<void> {
  const ask = { ...what, retries, taskQueue: workflowInfo().taskQueue };
  try {
    await quick.tellRetailer(ask);
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    await patient.tellRetailer(ask);
  }
}
