/**
 * The keeper of Dintero's webhook subscription, `dintero-subscription/<task queue>`: it looks every ten minutes whether
 * the subscription is there, and makes it when it is not. Dintero drops one whose deliveries fail, and tells nobody.
 * Webhooks are a second way to learn of news: without them everything works, and a person is told.
 */
import {
  proxyActivities,
  setCurrentDetails,
  sleep,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { failureOf } from './dintero-calls.ts';
import type { KeeperPace, SubscriptionRecord } from './subscription.ts';

const timeoutMs = 15_000;

const dintero = proxyActivities<Pick<Activities, 'keepSubscription'>>({
  // Four calls at most: list, make, and take the old ones away.
  startToCloseTimeout: 5 * timeoutMs,
  heartbeatTimeout: '10 s',
  // Making it is not idempotent: the next look lists first.
  retry: { maximumAttempts: 1 },
  summary: 'Look for the webhook subscription, make it if it is missing',
});

export async function keepSubscription(pace: KeeperPace): Promise<SubscriptionRecord | null> {
  const endsAt = workflowInfo().startTime.getTime() + pace.runFor;
  let madeAt: string | null = null;
  for (let failures = 0; ;) {
    const look = await lookOnce();
    if (look.is === 'not_wanted') return null;
    failures = look.is === 'failed' ? failures + 1 : 0;
    const now = Date.now();
    if (look.is === 'made') madeAt = at(now);
    const waitMs = look.is === 'failed' ? waitAfter(failures, look, pace) : pace.checkEvery;
    const record: SubscriptionRecord = {
      version: 1,
      is_kept: look.is !== 'failed',
      problem: look.is === 'failed' ? look.problem : null,
      checked_at: at(now),
      next_check_at: at(now + waitMs),
      made_at: madeAt,
    };
    upsertMemo({ subscription: record });
    setCurrentDetails(describe(record));
    if (now >= endsAt) return record;
    await sleep(waitMs, { summary: 'Until the next look' });
  }
}

type Look =
  { is: 'found' | 'made' | 'not_wanted' } | { is: 'failed'; problem: string; isRefused: boolean };

async function lookOnce(): Promise<Look> {
  try {
    return { is: await dintero.keepSubscription({ timeoutMs }) };
  } catch (error) {
    const { type, message } = failureOf(error);
    const isRefused = type === 'DinteroUnauthorized';
    const problem = isRefused
      ? `${message}. The API client needs the right to webhook subscriptions: grant it, or set DINTERO_ACCOUNT_CLIENT_ID to one that has it`
      : message;
    return { is: 'failed', problem, isRefused };
  }
}

/** A missing right is granted by a person: asking often would only look like an attack. */
function waitAfter(
  failures: number,
  { isRefused }: { isRefused: boolean },
  { checkEvery, retryFirst }: KeeperPace,
): number {
  return isRefused ? checkEvery : Math.min(checkEvery, retryFirst * 2 ** (failures - 1));
}

const at = (ms: number): string => new Date(ms).toISOString();

/** What a person reads in the Temporal UI. */
function describe({
  is_kept,
  problem,
  checked_at,
  next_check_at,
  made_at,
}: SubscriptionRecord): string {
  const state = is_kept
    ? `Dintero's webhook subscription is there${made_at === null ? '' : `, made at ${made_at}`}.`
    : `Dintero's webhook subscription is **not** known to be there: ${problem ?? ''}.`;
  return `${state} Looked at ${checked_at}, again at ${next_check_at}. Without it callbacks and polls tell the same.`;
}
