/** What the API answers, as `/openapi.json` shows it. */
import * as z from 'zod';
import { settlements } from '../workflows/actions.ts';
import { words } from '../workflows/hold.ts';
import { attentions, caseKinds, chargeStates, reasons } from '../workflows/lists.ts';
import { advices } from './cashier.ts';

const card = z
  .object({
    brand: z.string().nullable(),
    masked_pan: z.string().nullable(),
    entry_method: z.string().nullable(),
  })
  .meta({ id: 'Card', description: 'What of the card may be shown: never a full number' });

const receipt = z
  .object({
    number: z.string().nullable().meta({ description: 'Unique per terminal only' }),
    unique_id: z.string().nullable(),
    correlation_id: z.string().nullable().meta({ description: 'On the settlement report' }),
  })
  .meta({ id: 'Receipt', description: 'The terminal’s own numbers of the payment' });

/** The charge in every answer. */
export const chargeSchema = z
  .object({
    charge_id: z.string(),
    reference: z.string(),
    attempt: z.int(),
    next_attempt: z.int().nullable().meta({
      description: 'The number that the next attempt carries; null while none would be accepted',
    }),
    amount: z
      .int()
      .nullable()
      .meta({ description: 'Minor units; null if cancelled before it started' }),
    currency: z.string().nullable(),
    captured_amount: z.int().nullable().meta({ description: 'What Dintero shows as captured' }),
    terminal_id: z.string().nullable(),
    store_id: z.string().nullable(),
    payout_destination_id: z.string().nullable(),
    items: z.object({ count: z.int(), sha256: z.string() }).nullable().meta({
      description: 'The order lines that were sent: how many, and the SHA-256 of their JSON',
    }),
    not_after: z.string().nullable(),
    capture: z.literal('on_request').nullable().meta({
      description: 'Its money waits for POST capture or void; null: it is captured at once',
    }),
    held_until: z.string().nullable().meta({ description: 'Until when, once it is reserved' }),
    word: z.enum(words).nullable().meta({ description: 'What was said of held money' }),
    state: z.enum(chargeStates).meta({ id: 'State' }),
    outcome: z.enum(['captured', 'not_charged']).nullable().meta({
      description: 'The proven ending; null while neither is proven. There is no third.',
    }),
    reason: z
      .enum(reasons)
      .nullable()
      .meta({ description: 'Why nothing was charged: one of the reasons of not_charged, above' }),
    needs_attention: z.enum(attentions).nullable().meta({ description: 'Why a person is asked' }),
    case_kind: z.enum(caseKinds).nullable().meta({ description: 'What a person must decide' }),
    advice: z.enum(advices).meta({ id: 'Advice' }),
    safe_to_take_other_payment: z.boolean().meta({
      description: 'True only if it is proven that no attempt of the sale took money or still may',
    }),
    transaction_id: z.string().nullable(),
    card: card.nullable(),
    receipt: receipt.nullable(),
    held_by: z.string().nullable().meta({
      description: 'The charge that holds the terminal, for reason terminal_busy',
    }),
    created_at: z.string(),
    state_since: z.string(),
    updated_at: z.string(),
  })
  .meta({
    id: 'Charge',
    example: {
      charge_id: 'bergen-S-1001.1',
      reference: 'bergen-S-1001',
      attempt: 1,
      next_attempt: null,
      amount: 12_900,
      currency: 'NOK',
      captured_amount: null,
      terminal_id: 'T90001234-T0003',
      store_id: 'bergen-01',
      state: 'waiting_for_card',
      outcome: null,
      reason: null,
      needs_attention: null,
      advice: 'wait',
      safe_to_take_other_payment: false,
      transaction_id: null,
      card: null,
      created_at: '2026-11-22T09:15:11.000Z',
      state_since: '2026-11-22T09:15:11.000Z',
      updated_at: '2026-11-22T09:15:11.000Z',
    },
  });
export type Charge = z.output<typeof chargeSchema>;

export const saleSchema = z
  .object({
    reference: z.string(),
    state: z.enum(chargeStates),
    advice: z.enum(advices),
    safe_to_take_other_payment: z.boolean(),
    next_attempt: z.int().nullable(),
    charges: z.array(chargeSchema).meta({ description: 'Every attempt, the first one first' }),
  })
  .meta({ id: 'Sale' });
export type Sale = z.output<typeof saleSchema>;

const nextCursor = z.string().nullable().meta({ description: 'null: this was the last page' });

export const listSchema = z
  .object({
    charges: z.array(chargeSchema),
    next_cursor: nextCursor,
  })
  .meta({ id: 'ChargeList' });
export type ChargeList = z.output<typeof listSchema>;

/** Money that a person must decide about. */
export const caseSchema = z
  .object({
    transaction_id: z.string(),
    charge_id: z.string(),
    kind: z.enum(caseKinds).meta({ description: 'What must be decided' }),
    state: z.enum(['open', 'settled']),
    what_to_do: z.string().nullable().meta({ description: 'For a person; null once settled' }),
    amount: z.int().nullable().meta({ description: 'What was asked for, in minor units' }),
    captured_amount: z.int().nullable().meta({ description: 'What Dintero shows as captured' }),
    currency: z.string().nullable(),
    terminal_id: z.string().nullable(),
    store_id: z.string().nullable(),
    opened_at: z.string(),
    settled_at: z.string().nullable(),
    settled_as: z.enum(settlements).nullable(),
    settled_by: z.string().nullable(),
    settled_why: z.string().nullable(),
    refund_event: z.string().nullable().meta({ description: 'The refund that it was settled by' }),
    refunded_amount: z.int().nullable().meta({ description: 'What Dintero showed as given back' }),
    options: z
      .array(
        z.object({
          action: z.enum(['refund', 'wait', 'settle', 'none']),
          terminal_id: z.string().nullable(),
          next_refund: z.int().nullable().meta({
            description: 'Of a refund that is possible: the number that its order carries',
          }),
          text: z.string(),
        }),
      )
      .nullable()
      .meta({
        description:
          'What is possible now, for a person: only of one open case that is read by itself, null in lists',
      }),
  })
  .meta({ id: 'Case' });
export type Case = z.output<typeof caseSchema>;

export const caseListSchema = z
  .object({ cases: z.array(caseSchema), next_cursor: nextCursor })
  .meta({ id: 'CaseList' });
export type CaseList = z.output<typeof caseListSchema>;
