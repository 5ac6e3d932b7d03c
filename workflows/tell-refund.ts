/** Telling of a refund: the retailer's system, and the case about its money. */
import { getExternalWorkflowHandle, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { EventType } from './lists.ts';
import { caseWorkflowId } from './messages.ts';
import type { OpenRefund } from './open-refund.ts';
import { isAsTold } from './refund-ending.ts';
import { refundEnded, type RefundRecord, type ToldEnding } from './refund-messages.ts';

const members = [
  'refund_id',
  'charge_id',
  'reference',
  'refund',
  'amount',
  'currency',
  'terminal_id',
  'store_id',
  'why',
  'state',
  'outcome',
  'reason',
  'because',
  'refunded_amount',
  'refund_event',
  'needs_attention',
  'transaction_id',
  'created_at',
  'updated_at',
] as const satisfies (keyof RefundRecord)[];

const { tellRetailer } = proxyActivities<Activities>({
  startToCloseTimeout: '10 s',
  retry: { maximumInterval: '1 min' },
  summary: 'Hand an event to notify/<charge_id>',
});

const { reportRefunds } = proxyActivities<Activities>({
  startToCloseTimeout: '10 s',
  retry: { maximumInterval: '10 s' },
  summary: 'Do the earlier refunds say what Dintero shows?',
});

/** A person is asked, or for another reason than the last time. */
export async function tellRefundAttention(refund: OpenRefund): Promise<void> {
  const { told, record } = refund;
  if (record.needs_attention === null || told.attention === record.needs_attention) return;
  told.attention = record.needs_attention;
  await tellEvent(refund, 'refund.needs_attention');
}

/** The ending; one that was told otherwise before is a correction. */
export async function tellRefundOutcome(
  refund: OpenRefund,
  former: ToldEnding | null,
): Promise<void> {
  const { outcome } = refund.record;
  if (outcome === null || isAsTold(refund.record, former)) return;
  await tellEvent(refund, former === null ? `refund.${outcome}` : 'refund.corrected', former);
}

async function tellEvent(
  { record, situation, told }: OpenRefund,
  type: EventType,
  former: ToldEnding | null = null,
): Promise<void> {
  const { notifies } = situation.policy;
  if (notifies === undefined) return;
  told.count += 1;
  const data = Object.fromEntries(members.map((member) => [member, record[member]]));
  await tellRetailer({
    chargeId: record.charge_id,
    event: {
      id: `msg_${workflowInfo().runId}_${told.count}`,
      body: {
        type,
        timestamp: new Date().toISOString(),
        data: former === null ? data : { ...data, ...formerly(former) },
      },
    },
    retries: notifies,
    taskQueue: workflowInfo().taskQueue,
  });
}

function formerly({ outcome, refunded_amount }: ToldEnding): Record<string, unknown> {
  return { former: outcome, former_refunded_amount: refunded_amount };
}

/** The case about this money, if there is one, looks whether anything of it is left. */
export async function tellCaseOfRefund(
  { record }: OpenRefund,
  former: ToldEnding | null,
): Promise<void> {
  if (record.transaction_id === null) return;
  const about = getExternalWorkflowHandle(caseWorkflowId(record.transaction_id));
  // There is mostly none, and one that is settled needs to know nothing.
  await about.signal(refundEnded, record, former?.outcome ?? null).catch(() => undefined);
}

/** An earlier refund may have told otherwise than Dintero showed when this one was asked for: it is followed then. */
export async function tellOtherRefunds({ others }: OpenRefund): Promise<string[]> {
  return others.length > 0 ? await reportRefunds(others) : [];
}
