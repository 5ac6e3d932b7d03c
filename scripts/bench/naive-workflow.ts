/**
 * The yardstick: a charge as a Temporal tutorial writes it. Start, create the session, await the webhook's signal, verify
 * by reading. No lease, no sale reading, no proof, creates retried by default: it loses money, and it is what Kvitt's cost
 * is measured against.
 */
import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { NaiveActivities } from './naive-activities.ts';

export const webhook = defineSignal('webhook');

export interface NaiveCharge {
  reference: string;
  amount: number;
  currency: string;
  terminalId: string;
}

const { createSession, verify } = proxyActivities<NaiveActivities>({ startToCloseTimeout: '10 s' });

export async function naiveCharge(
  charge: NaiveCharge,
): Promise<{ status: string; captured: number }> {
  let isReported = false;
  setHandler(webhook, () => {
    isReported = true;
  });
  const sessionId = await createSession(charge);
  await condition(() => isReported, '3 minutes');
  return await verify(sessionId);
}
