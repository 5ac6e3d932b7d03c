/** Hands an event to `notify/<charge_id>`, which delivers it. */
import type { Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { notifyRetailerType, notifyWorkflowId, searchAttributes } from '../workflows/messages.ts';
import type { Retries } from '../workflows/policy.ts';
import {
  firstMemo,
  somethingHappened,
  type NotifyInput,
  type RetailerEvent,
} from '../workflows/retailer-events.ts';

export interface Tell {
  chargeId: string;
  storeId: string | null;
  event: RetailerEvent;
  retries: Retries;
  taskQueue: string;
}

/** Twice is harmless: the event keeps its id. */
export async function tellRetailer(client: Pick<Client, 'workflow'>, ask: Tell): Promise<void> {
  const { chargeId, storeId, event, retries, taskQueue } = ask;
  const input: NotifyInput = { charge_id: chargeId, retries };
  const { saleReference, storeId: store } = searchAttributes;
  await client.workflow.signalWithStart(notifyRetailerType, {
    workflowId: notifyWorkflowId(chargeId),
    taskQueue,
    args: [input],
    signal: somethingHappened,
    signalArgs: [event],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    memo: { ...firstMemo(chargeId, event) },
    staticSummary: `Tells the retailer's system about charge ${chargeId}`,
    typedSearchAttributes: new TypedSearchAttributes([
      { key: saleReference, value: chargeId.slice(0, chargeId.lastIndexOf('.')) },
      ...(storeId === null ? [] : [{ key: store, value: storeId }]),
    ]),
  });
}
