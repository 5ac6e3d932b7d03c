/** The keeper of Dintero's webhook subscription, as it crosses a process. */

/** Type name of the workflow, equal to its exported function's. */
export const keepSubscriptionType = 'keepSubscription';

/** One per installation: each has its own address for Dintero to call. */
export function subscriptionWorkflowId(taskQueue: string): string {
  return `dintero-subscription/${taskQueue}`;
}

/** What is subscribed to; the rest of the account's life is nothing to Kvitt. */
export const subscribedEvents = [
  'checkout_transaction',
  'checkout_authorization',
  'settlement_add',
] as const;

/** Long enough that the few characters of its digest, which the address carries, tell nothing about it. */
export const webhookSecretMin = 24;

/** In ms. */
export interface KeeperPace {
  /** Between two looks while all is well. */
  checkEvery: number;
  /** After a look that failed, doubling up to `checkEvery`. */
  retryFirst: number;
  /** A run ends after this, and the workers start the next one: its history stays short, and new code takes over. */
  runFor: number;
}

/** Dintero drops a subscription without a word: ten minutes without webhooks cost nothing, callbacks and polls go on. */
export const keeperPace: KeeperPace = {
  checkEvery: 10 * 60_000,
  retryFirst: 30_000,
  runFor: 24 * 3_600_000,
};

/** Memo `subscription` of the keeper. */
export interface SubscriptionRecord {
  version: 1;
  /** Whether the last look ended with a subscription that is there. */
  is_kept: boolean;
  /** In words with the way out; null when it is kept. */
  problem: string | null;
  checked_at: string;
  /** Later than this without another look: nobody looks any more. */
  next_check_at: string;
  /** When this run last had to make it; null: it was there. */
  made_at: string | null;
}
