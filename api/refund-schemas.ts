/** What the routes of refunds accept and answer. A field's description doubles as the hint of its error. */
import * as z from 'zod';
import { problemOfText } from '../workflows/card-number.ts';
import { refundsMax } from '../workflows/refund-ids.ts';
import { refundAttentions, refundReasons, refundStates } from '../workflows/refund-lists.ts';
import { advices } from './cashier.ts';
import {
  chargePathSchema,
  chargeRequestSchema,
  pageQuerySchema,
  storeId,
  terminalId,
} from './schemas.ts';

const { amount, currency, reference } = chargeRequestSchema.shape;

export const refundRequestSchema = z
  .strictObject({
    refund: z
      .int()
      .min(1)
      .max(refundsMax)
      .meta({
        description: `Counts the refunds of the charge, 1 to ${refundsMax}: \`next_refund\` of GET /charges/{charge_id}/refunds. The same number again is the same refund`,
      }),
    amount,
    currency,
    terminal_id: terminalId.meta({
      description:
        'Where the cardholder stands with the card: an active terminal of the payout destination of the sale',
    }),
    why: z
      .string()
      .superRefine((text, context) => {
        const message = problemOfText(text);
        if (message !== null) context.addIssue({ code: 'custom', message });
      })
      .exactOptional()
      .meta({ description: 'Why, for whoever reads it later: 1 to 200 printable characters' }),
  })
  .meta({
    id: 'RefundRequest',
    example: {
      refund: 1,
      amount: 4_500,
      currency: 'NOK',
      terminal_id: 'T90001234-T0007',
      why: 'returned item',
    },
  });
export type RefundRequest = z.output<typeof refundRequestSchema>;

const refundId = z
  .string()
  .regex(
    /^[\w-]{1,36}\.[1-9]\d{0,2}\.R[1-9]\d{0,2}$/,
    'is not a charge id, a dot, and R with a number',
  )
  .meta({ description: 'The charge id, a dot, and R with the number', example: 'S-1001.1.R1' });

export const refundPathSchema = z.object({ refund_id: refundId });
export const chargeRefundPathSchema = chargePathSchema.extend({ refund_id: refundId });

export const refundSchema = z
  .object({
    refund_id: z.string(),
    charge_id: z.string(),
    reference: z.string(),
    refund: z.int(),
    next_refund: z.int().nullable().meta({
      description: 'The number that the next refund carries; null while none would be accepted',
    }),
    amount: z.int().meta({ description: 'What was asked for, in minor units' }),
    currency: z.string(),
    terminal_id: z.string(),
    why: z.string().nullable(),
    asked_by: z.string(),
    state: z.enum(refundStates).meta({ id: 'RefundState' }),
    outcome: z.enum(['refunded', 'not_refunded']).nullable().meta({
      description: 'The proven ending; null while neither is proven',
    }),
    reason: z.enum(refundReasons).nullable().meta({ description: 'Why no money went back' }),
    because: z.string().nullable().meta({
      description:
        'What stood against it, or how it is otherwise than was asked for or told, in words',
    }),
    refunded_amount: z.int().nullable().meta({ description: 'What Dintero shows as given back' }),
    refund_event: z
      .string()
      .nullable()
      .meta({ description: 'The event at Dintero that proves it' }),
    needs_attention: z.enum(refundAttentions).nullable(),
    advice: z.enum(advices),
    safe_to_take_other_payment: z.literal(false).meta({
      description: 'A refund says nothing about other payments of the sale: read the charge',
    }),
    transaction_id: z.string().nullable(),
    store_id: z.string().nullable(),
    payout_destination_id: z.string().nullable(),
    held_by: z.string().nullable().meta({
      description: 'Who holds the terminal, for reason refund_terminal_busy',
    }),
    created_at: z.string(),
    state_since: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'Refund' });
export type Refund = z.output<typeof refundSchema>;

export const chargeRefundsSchema = z
  .object({
    charge_id: z.string(),
    currency: z.string().nullable(),
    captured_amount: z.int().nullable().meta({
      description: 'What the charge has captured; null if it is not known here any more',
    }),
    refunded_amount: z.int().meta({ description: 'What went back by the refunds listed here' }),
    open_amount: z.int().meta({ description: 'What refunds without an ending have asked for' }),
    next_refund: z.int().nullable().meta({
      description:
        'The number that the next refund carries, 1 if there is none yet; null while one is open',
    }),
    refunds: z.array(refundSchema).meta({ description: 'Every refund, the first one first' }),
  })
  .meta({ id: 'ChargeRefunds' });
export type ChargeRefunds = z.output<typeof chargeRefundsSchema>;

export const refundListQuerySchema = pageQuerySchema.extend({
  store_id: storeId.exactOptional(),
  terminal_id: terminalId.exactOptional(),
  reference: reference.exactOptional(),
  state: z.enum(refundStates).exactOptional().meta({ description: 'One of the states' }),
  needs_attention: z
    .enum(['true', ...refundAttentions])
    .exactOptional()
    .meta({ description: 'One of the words, or `true` for any' }),
});
export type RefundListQuery = z.output<typeof refundListQuerySchema>;

export const refundListSchema = z
  .object({ refunds: z.array(refundSchema), next_cursor: z.string().nullable() })
  .meta({ id: 'RefundList' });
export type RefundList = z.output<typeof refundListSchema>;
