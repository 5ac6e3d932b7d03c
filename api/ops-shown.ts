/** What operators are shown of a charge, a case or a refund, besides itself. */
import * as z from 'zod';

export const guidanceSchema = z.looseObject({
  word: z.string(),
  list: z.string(),
  severity: z.string(),
  escalates_after_minutes: z.int().nullable(),
  means: z.string(),
  cashier: z
    .string()
    .nullable()
    .meta({ description: 'What the cashier was told; null: the word says nothing to a cashier' }),
  check: z.array(z.string()),
  press: z.array(z.object({ when: z.string(), run: z.string().nullable() })),
});

export const shownMembers = {
  timeline: z
    .array(
      z.object({
        at: z.string(),
        source: z.string(),
        text: z.string(),
        times: z.int(),
        last_at: z.string(),
      }),
    )
    .nullable()
    .meta({ description: 'What happened, with time and source; null when no worker answers' }),
  timeline_missing: z.string().nullable(),
  waiting_for: z.string().nullable(),
  until: z.string().nullable(),
  actions: z.array(
    z.object({ action: z.string(), is_possible: z.boolean(), why_not: z.string().nullable() }),
  ),
  guidance: guidanceSchema.nullable(),
  runbook_url: z.string().nullable(),
};
