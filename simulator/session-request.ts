import { z } from 'zod';

const text = z.string().min(1);

/** Dintero's limit for an amount: a positive int32 of minor units. */
export const amount = z
  .number()
  .int()
  .positive()
  .max(2 ** 31 - 1);

const publication = z.looseObject({
  channel: z.enum(['sms', 'push']),
  type: z.enum(['checkout-link', 'app', 'terminal']),
  id: text.optional(),
  status: text.optional(),
});

export type Publication = z.infer<typeof publication>;

/** The body of POST /sessions-profile; what Dintero does not check passes through. */
export const sessionRequest = z.looseObject({
  profile_id: text,
  url: z.looseObject({ return_url: z.url(), callback_url: z.url().optional() }),
  order: z.looseObject({
    amount,
    currency: z.string().regex(/^[A-Z]{3}$/),
    merchant_reference: text,
    merchant_reference_2: z.string().optional(),
    event_reference: z.string().optional(),
    items: z.array(z.looseObject({ amount: z.number().int() })).optional(),
    shipping_option: z.looseObject({ amount: z.number().int() }).optional(),
    // Optional for online sessions; every session here is in-person.
    store: z.looseObject({ id: text, terminal_id: text, payout_destination_id: text }),
  }),
  configuration: z
    .looseObject({
      auto_capture: z.boolean().optional(),
      channel: z.enum(['ecommerce', 'in_app', 'in_store']).optional(),
      publish: z.array(publication).optional(),
      default_payment_type: text.optional(),
    })
    .optional(),
  customer: z.looseObject({}).optional(),
  expires_at: z.iso.datetime({ offset: true }).optional(),
  metadata: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

export type SessionRequest = z.infer<typeof sessionRequest>;
