import { z } from 'zod';
import type { World } from './world.ts';

export const milliseconds = z.number().int().min(0);

/** The questions Dintero's documents leave open, each as a switch; a terminal may have its own answers. */
const behaviourSchema = z.strictObject({
  /** What starts the terminal: creating the session, publishing it, or paying it. */
  prompt: z.enum(['create', 'publish', 'pay']),
  /** The device's own time-out. */
  prompt_lifetime_ms: milliseconds,
  /** Whether the session's `expires_at` ends its prompt too. */
  expires_at_ends_prompt: z.boolean(),
  /** What a session, or a refund, gets on a terminal whose prompt is live. */
  second_session: z.enum(['reject', 'queue', 'replace']),
  /** What a published session answers; only `sent` starts the terminal. */
  publish_status: z.enum(['sent', 'skipped', 'failed']),
  /** Whether cancelling a session takes its prompt off the device. */
  cancel_ends_prompt: z.boolean(),
  /** An approval that lands after the cancel is kept instead of voided. */
  paid_anyway: z.boolean(),
  cancel_again: z.union([z.literal(200), z.literal(400)]),
  /** Which keys of a receipt are missing; null: none. */
  receipt_seed: z.number().int().nullable(),
  /** Whether the transaction exists, as INITIATED, while the prompt is up. */
  initiated_visible: z.boolean(),
  /** The profile's answer where the session sends no `auto_capture`. */
  profile_auto_capture: z.boolean(),
  /** The terminal captures whatever was asked for. */
  capture_anyway: z.boolean(),
  auto_capture_delay_ms: milliseconds,
  /** Auto-captures fail until this long after the approval. */
  auto_capture_failing_ms: milliseconds,
  auto_capture_retry_ms: z.number().int().min(1),
  /** An older deployment that does not know `terminal_id` and `channel` on the list. */
  list_ignores_filters: z.boolean(),
  /** Payments younger than this are missing from every list. */
  list_lag_ms: milliseconds,
  /** Whether a retried callback is signed with a new time. */
  retry_timestamp: z.enum(['fresh', 'original']),
  /**
   * How a refund is answered: 202 at once; `held` until the cardholder has acted; 200 with the result at once, as if the
   * cardholder had acted in that moment.
   */
  refund_answer: z.enum(['202', 'held', '200']),
  /** Whether a `held` refund shows its INITIATE_REFUND meanwhile; one that was answered 202 always does. */
  refund_initiated_visible: z.boolean(),
  /** Whether a refund that failed at the terminal shows a failed REFUND, or stays as it was for ever. */
  refund_failure_visible: z.boolean(),
  /** Dintero retries a failed refund by itself, with success, this long afterwards; 0 is never. */
  refund_retried_after_ms: milliseconds,
  /** Whether an operation without its result stands against the next one. */
  pending_counted: z.boolean(),
  /** How long a device takes for an operation, how it ends, and what one that comes meanwhile is told. */
  operation_ms: milliseconds,
  operation_ends: z.enum(['COMPLETED', 'FAILED', 'TIMEOUT', 'never']),
  operation_retry_after_seconds: z.number().int().min(0),
  token_expires_in: z.number().int().min(0),
  /** How far Dintero's clock is ahead of ours; negative, behind. */
  clock_skew_ms: z.number().int(),
  /** Dintero calls https addresses only; a test has none. */
  https_callbacks_only: z.boolean(),
  /** What the client may not: terminals, stores, subscriptions and settlements need other scopes than payments. */
  checkout_scope_only: z.boolean(),
  /** The order of the list is not documented. */
  list_order: z.enum(['newest_first', 'oldest_first']),
  /** A webhook subscription is dropped after this many failed attempts in a row; Dintero names no number. */
  subscription_failures_max: z.number().int().min(1),
  /** Whether `checkout_authorization` names its session beside the transaction, which a cancelled one lacks. */
  event_names_session: z.boolean(),
});

export type Behaviour = z.infer<typeof behaviourSchema>;

export const behaviourChange = behaviourSchema.exactPartial();

/** The switches that hold for a terminal: its own, else the global ones, else the defaults. */
export function behaviourOf(world: World, terminalId?: string): Behaviour {
  const own = terminalId === undefined ? undefined : world.store.tables.terminal.get(terminalId);
  return {
    prompt: world.options.prompt,
    prompt_lifetime_ms: world.options.promptLifetimeMs,
    expires_at_ends_prompt: false,
    second_session: 'reject',
    publish_status: 'sent',
    cancel_ends_prompt: true,
    paid_anyway: false,
    cancel_again: 400,
    receipt_seed: null,
    initiated_visible: false,
    profile_auto_capture: true,
    capture_anyway: false,
    auto_capture_delay_ms: 0,
    auto_capture_failing_ms: 0,
    auto_capture_retry_ms: 500,
    list_ignores_filters: false,
    list_lag_ms: 0,
    retry_timestamp: 'fresh',
    refund_answer: '202',
    refund_initiated_visible: true,
    refund_failure_visible: true,
    refund_retried_after_ms: 0,
    pending_counted: true,
    operation_ms: 0,
    operation_ends: 'COMPLETED',
    operation_retry_after_seconds: 1,
    token_expires_in: 14_400,
    clock_skew_ms: 0,
    https_callbacks_only: false,
    checkout_scope_only: false,
    list_order: 'newest_first',
    subscription_failures_max: 20,
    event_names_session: true,
    ...world.store.tables.setting.get('global')?.behaviour,
    ...own?.behaviour,
  };
}
