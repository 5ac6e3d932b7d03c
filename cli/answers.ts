/**
 * What of the API's answers is shown to people. Loose on purpose: a newer service may say more, and a word that this
 * version has never heard is shown as it is.
 */
import * as z from 'zod';

const text = z.string().nullable();

export const chargeSchema = z.looseObject({
  charge_id: z.string(),
  amount: z.int().nullable(),
  captured_amount: z.int().nullable(),
  currency: text,
  terminal_id: text,
  store_id: text,
  state: z.string(),
  outcome: text,
  reason: text,
  needs_attention: text,
  case_kind: text,
  advice: z.string(),
  safe_to_take_other_payment: z.boolean(),
  transaction_id: text,
  held_by: text,
  created_at: z.string(),
  state_since: z.string(),
  updated_at: z.string(),
});
export type Charge = z.output<typeof chargeSchema>;

export const caseSchema = z.looseObject({
  transaction_id: z.string(),
  charge_id: z.string(),
  kind: z.string(),
  state: z.string(),
  amount: z.int().nullable(),
  captured_amount: z.int().nullable(),
  currency: text,
  terminal_id: text,
  store_id: text,
  opened_at: z.string(),
  settled_at: text,
  settled_as: text,
  settled_by: text,
  options: z.array(z.looseObject({ text: z.string() })).nullish(),
});
export type Case = z.output<typeof caseSchema>;

const next = { next_cursor: text };
export const chargesSchema = z.looseObject({ charges: z.array(chargeSchema), ...next });
export const casesSchema = z.looseObject({ cases: z.array(caseSchema), ...next });

const explanationSchema = z.looseObject({
  word: z.string(),
  list: z.string(),
  severity: text,
  escalates_after_minutes: z.number().nullable(),
  means: z.string(),
  cashier: text,
  check: z.array(z.string()),
  press: z.array(z.looseObject({ when: z.string(), run: z.string().nullable() })),
});
export const explainedSchema = explanationSchema.extend({ also: z.array(explanationSchema) });
export type Explained = z.output<typeof explainedSchema>;

export const shownSchema = z.looseObject({
  timeline: z
    .array(z.looseObject({ at: z.string(), source: z.string(), text: z.string(), times: z.int() }))
    .nullable(),
  timeline_missing: text.optional(),
  waiting_for: text,
  until: text,
  actions: z.array(
    z.looseObject({ action: z.string(), is_possible: z.boolean(), why_not: text.optional() }),
  ),
  guidance: explainedSchema.nullable(),
  runbook_url: text,
});
export type Shown = z.output<typeof shownSchema>;
export const shownChargeSchema = shownSchema.extend({ charge: chargeSchema });
export const shownCaseSchema = shownSchema.extend({ case: caseSchema });

const switchSchema = z.looseObject({
  scope: z.string(),
  id: text,
  text,
  why: z.string(),
  by: z.string(),
  at: z.string(),
});
export const switchesSchema = z.looseObject({
  off: z.array(switchSchema),
  log: z.array(switchSchema.extend({ did: z.string() })),
});
export type Switches = z.output<typeof switchesSchema>;

export const notificationsSchema = z.looseObject({
  notifications: z.array(
    z.looseObject({
      charge_id: z.string(),
      waiting: z.int(),
      oldest: z.looseObject({ type: z.string(), timestamp: z.string() }).nullable(),
      last_failure: text,
    }),
  ),
  ...next,
});
export type Notifications = z.output<typeof notificationsSchema>['notifications'];

/** An answer of which nothing is shown but that it came. */
export const anySchema = z.looseObject({});

export const problemSchema = z.looseObject({
  title: z.string(),
  status: z.int(),
  code: z.string().optional(),
  detail: z.string().optional(),
  errors: z
    .array(z.looseObject({ field: z.string(), problem: z.string(), hint: z.string() }))
    .optional(),
});
