/** A day's report as the api answers it: by store, with the sums that a person looks at first. */
import * as z from 'zod';
import { differenceKinds, type Report } from '../workflows/books.ts';
import { totalsOf } from '../workflows/books-report.ts';

const sum = z.object({ count: z.int(), amount: z.int() });
const text = z.string().nullable();

const totals = z
  .array(z.object({ currency: z.string(), captured: z.int(), told: z.int(), refunded: z.int() }))
  .meta({ description: 'Minor units, by currency' });

const terminalSchema = z.object({
  terminal_id: z.string(),
  currency: z.string(),
  captured: sum.meta({ description: 'As Dintero shows it' }),
  told: sum.meta({ description: 'As the charges told it' }),
  refunded: sum.meta({ description: 'Given back on this day, also for sales of earlier days' }),
});

const differenceSchema = z
  .object({
    kind: z.enum(differenceKinds),
    charge_id: z.string(),
    transaction_id: z.string(),
    store_id: text,
    terminal_id: text,
    currency: text,
    dintero_amount: z
      .int()
      .nullable()
      .meta({ description: 'What is in at Dintero: captured or reserved, less what went back' }),
    captured_amount: z.int().nullable(),
    refunded_amount: z.int().nullable(),
    told_amount: z.int().nullable(),
    at: z.string(),
    found: z.string(),
    followed_by: text.meta({ description: 'The workflow that follows it' }),
    became: text,
  })
  .meta({ id: 'Difference' });

const correctionSchema = z.object({
  of_date: z.string(),
  store_id: z.string(),
  terminal_id: z.string(),
  currency: z.string(),
  captured: sum,
  refunded: sum,
});

const settlementSchema = z.object({
  settlement_id: z.string(),
  provider_reference: text,
  start_at: text,
  end_at: text,
  settled_at: z.string(),
  store_id: text,
  payout_destination_id: text,
  payment_status: text,
  currency: z.string(),
  amount: z.int(),
  capture: z.int(),
  refund: z.int(),
  fee: z.int(),
  items: z.object({ count: z.int(), capture: z.int(), refund: z.int(), fee: z.int() }),
  agrees: z
    .boolean()
    .nullable()
    .meta({ description: "Whether Dintero's sums are those of its items; null: none name it" }),
});

const itemSchema = z.object({
  settlement_id: z.string(),
  correlation_id: text,
  charge_id: z.string(),
  transaction_id: z.string(),
  store_id: text,
  terminal_id: text,
  currency: z.string(),
  capture: z.int(),
  refund: z.int(),
  fee: z.int(),
  net: z.int(),
});

const endOfDaySchema = z.object({
  terminal_id: z.string(),
  at: z.string(),
  batch_id: text,
  start_of_day_at: text,
  purchases: sum,
  reversals: sum,
  agrees: z.boolean().nullable().meta({
    description:
      'Whether the device counted what Dintero shows, net of what it released or gave back; null: it cannot be said, as when it counted other hours',
  }),
});

export const reportSchema = z
  .object({
    date: z.string(),
    time_zone: z.string(),
    from: z.string(),
    to: z.string(),
    made_at: z.string(),
    is_closed: z.boolean().meta({
      description: 'True when it was made after the day had ended: it never changes any more',
    }),
    totals,
    stores: z.array(z.object({ store_id: z.string(), totals, terminals: z.array(terminalSchema) })),
    differences: z.array(differenceSchema),
    late: z
      .array(differenceSchema.extend({ of_date: z.string() }))
      .meta({ description: 'Found in days whose report was closed before' }),
    corrections: z
      .array(correctionSchema)
      .meta({ description: 'Booked on this day, because they change a day that was closed' }),
    ends_of_day: z.array(endOfDaySchema),
    settlements: z.array(settlementSchema),
    settlement_items: z.array(itemSchema),
    other: z
      .array(
        z.object({
          product: z.string(),
          installation: text,
          currency: z.string(),
          payments: sum,
        }),
      )
      .meta({
        description: 'Payments that are not ours, or not in-person: not judged. Of the chain alone',
      }),
    open: z.int().nullable().meta({
      description: 'Payments that were undecided when they were read; null: of a store alone',
    }),
    read: z.object({
      pages: z.int(),
      payments: z.int(),
      charges: z.int(),
      looks: z.int(),
    }),
    notes: z.array(z.string()),
  })
  .meta({ id: 'Report' });
export type ReportAnswer = z.output<typeof reportSchema>;

/** The stores that a report tells anything of. */
export function storesIn(report: Report): string[] {
  const { terminals, differences, late, corrections, settlements, settlement_items } = report;
  const rows = [
    ...terminals,
    ...differences,
    ...late,
    ...corrections,
    ...settlements,
    ...settlement_items,
  ];
  return [...new Set(rows.flatMap(({ store_id: id }) => id ?? []))].toSorted();
}

/** The report of the chain, or of one of its stores: then without what is of no store. */
export function answerOf(report: Report, storeId?: string): ReportAnswer {
  const { version: _, terminals, ...rest } = report;
  const isAsked = (row: { store_id: string | null }): boolean =>
    storeId === undefined || row.store_id === storeId;
  const asked = terminals.filter(isAsked);
  const stores = [...new Set(asked.map((row) => row.store_id))];
  return {
    ...rest,
    totals: totalsOf({ terminals: asked }),
    stores: stores.map((id) => {
      const own = asked.filter((row) => row.store_id === id);
      return {
        store_id: id,
        totals: totalsOf({ terminals: own }),
        terminals: own.map(({ store_id: _store, ...row }) => row),
      };
    }),
    differences: rest.differences.filter(isAsked),
    late: rest.late.filter(isAsked),
    corrections: rest.corrections.filter(isAsked),
    // One without a sale of the day is of no store here.
    ends_of_day: rest.ends_of_day.filter(
      ({ terminal_id: id }) => storeId === undefined || asked.some((row) => row.terminal_id === id),
    ),
    settlements: rest.settlements.filter(isAsked),
    settlement_items: rest.settlement_items.filter(isAsked),
    other: storeId === undefined ? rest.other : [],
    open: storeId === undefined ? rest.open : null,
  };
}
