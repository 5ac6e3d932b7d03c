import { z } from 'zod';
import { milliseconds } from './behaviour.ts';

/** The bodies of the buttons a person can press at a terminal. */
export const buttons = {
  tap: z.strictObject({
    /** Another amount than asked: a tip, or a partial approval. */
    amount: z.number().int().positive().exactOptional(),
    currency: z.string().length(3).exactOptional(),
    entry_method: z.enum(['chip', 'contactless', 'magstripe']).default('contactless'),
    brand: z.string().min(1).default('Visa'),
  }),
  decline: z.strictObject({
    error_type: z.string().min(1).default('DECLINED'),
    /** How Dintero shows it; `none` leaves no transaction, `ask_again` keeps the prompt. */
    as: z.enum(['DECLINED', 'FAILED', 'none', 'ask_again']).default('DECLINED'),
  }),
  stop: z.strictObject({
    as: z.enum(['CANCELLED_EVENT', 'FAILED', 'none']).default('CANCELLED_EVENT'),
  }),
  offline: z.strictObject({ phase: z.enum(['at_start', 'after_approval']) }),
  hold: z.strictObject({}),
};

export type Tap = z.infer<typeof buttons.tap>;
export type Decline = z.infer<typeof buttons.decline>;
export type Stop = z.infer<typeof buttons.stop>;

const pace = { delay_ms: milliseconds.exactOptional() };

/** What a customer does when prompted; `none` waits for the buttons, `walk_away` for the time-out. */
export const customerSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('none'), ...pace }),
  z.strictObject({ action: z.literal('walk_away'), ...pace }),
  buttons.tap.extend({ action: z.literal('tap'), ...pace }),
  buttons.decline.extend({ action: z.literal('decline'), ...pace }),
  buttons.stop.extend({ action: z.literal('stop'), ...pace }),
  buttons.offline.extend({ action: z.literal('offline'), ...pace }),
  buttons.hold.extend({ action: z.literal('hold'), ...pace }),
]);

export type Customer = z.infer<typeof customerSchema>;
