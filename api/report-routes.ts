/** The routes of the books. */
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import * as z from 'zod';
import { reconciliationWorkflowId, type LaterLook, type Report } from '../workflows/books.ts';
import { bounded, preferredWait, type Context, type Handler } from './answering.ts';
import { common, json, preferWait, problemResponses, withBody } from './openapi-parts.ts';
import { Problem } from './problems.ts';
import { answerOf, reportSchema, storesIn, type ReportAnswer } from './report-answers.ts';
import { csvOf } from './report-csv.ts';
import { awaitBooks, orderBooks, readBooks, type Ordered } from './reports.ts';
import { bodyOf, validate } from './request.ts';
import { storeId } from './schemas.ts';
import { unanswered } from './start.ts';

export const reportRouteKeys = ['GET /reports/{date}'] as const;
export const reconciliationRouteKeys = ['POST /ops/reconciliations'] as const;

const date = z.iso
  .date('is not a date like 2026-11-22')
  .meta({ description: 'The business day', example: '2026-11-22' });

const pathSchema = z.object({
  date: z
    .string()
    .refine((text) => date.safeParse(text.replace(/\.csv$/, '')).success, {
      message: 'is not a date like 2026-11-22',
    })
    .meta({ description: 'The business day; with `.csv` behind it as CSV', example: '2026-11-22' }),
});
const querySchema = z.strictObject({ store_id: storeId.exactOptional() });

const orderSchema = z
  .strictObject({ date: date.exactOptional() })
  .meta({ id: 'ReconciliationRequest', example: { date: '2026-11-22' } });

const beingMade = z
  .object({
    date: z.string(),
    state: z.literal('being_made'),
    workflow_id: z.string(),
    of: z.enum(['report', 'later_look']),
  })
  .meta({ id: 'ReportBeingMade' });

const madeSchema = z
  .object({
    date: z.string(),
    state: z.literal('made'),
    workflow_id: z.string(),
    report: reportSchema.nullable(),
    later_look: z.looseObject({}).nullable().meta({
      description:
        'The report of this day is closed, and stays as it is: what was found now is booked in the next report',
    }),
  })
  .meta({ id: 'Reconciliation' });

export const reportOperations: Record<(typeof reportRouteKeys)[number], ZodOpenApiOperationObject> =
  {
    'GET /reports/{date}': {
      summary: 'The books of a business day',
      description:
        "Dintero's payments and our charges, compared both ways. JSON; CSV with `Accept: text/csv`, or `.csv` behind the date. Needs no worker.",
      requestParams: { path: pathSchema, query: querySchema },
      responses: {
        '200': {
          description: 'The report',
          content: {
            'application/json': { schema: reportSchema },
            'text/csv': { schema: z.string() },
          },
        },
        '202': json('It is being made: ask again after `Retry-After`', beingMade),
        ...problemResponses([...common, 'unknown_report']),
      },
    },
  };

export const reconciliationOperations: Record<
  (typeof reconciliationRouteKeys)[number],
  ZodOpenApiOperationObject
> = {
  'POST /ops/reconciliations': {
    summary: 'Reconcile a business day now',
    description:
      'Yesterday, unless a date is given. A day that has not ended is reconciled so far. What differs is followed at once; a closed report stays as it is.',
    requestParams: { header: preferWait },
    requestBody: { content: { 'application/json': { schema: orderSchema } } },
    responses: {
      '200': json('It is made', madeSchema),
      '202': json('It is being made', beingMade),
      ...problemResponses(withBody),
    },
  },
};

export function reportHandlers(
  context: Context,
): Record<(typeof reportRouteKeys)[number], Handler> {
  return {
    'GET /reports/{date}': async (req, res) => {
      const { date: asked } = validate(pathSchema, req.params, 'path');
      const { store_id } = validate(querySchema, req.query, 'query');
      const day = asked.slice(0, 10);
      const books = await bounded(context, async () => await readBooks(context, day));
      if (books.is === 'being_made') {
        return answerLater(res, {
          date: day,
          workflowId: reconciliationWorkflowId(context.taskQueue, day),
          of: 'report',
        });
      }
      if (books.is !== 'made') throw notMade(day, books.is);
      if (store_id !== undefined) assertStore(books.report, store_id);
      const report = answerOf(books.report, store_id);
      const wantsCsv = asked.endsWith('.csv') || req.accepts(['json', 'csv']) === 'csv';
      if (wantsCsv) sendCsv(res, report, store_id);
      else res.json(report);
    },
  };
}

export function reconciliationHandlers(
  context: Context,
): Record<(typeof reconciliationRouteKeys)[number], Handler> {
  const { temporal, timings } = context;
  return {
    'POST /ops/reconciliations': async (req, res) => {
      const order = bodyOf(req, orderSchema);
      const by = res.locals.keyName;
      const ordered = await temporal.connection
        .withDeadline(
          Date.now() + timings.answer,
          async () => await orderBooks(context, { ...order, by }),
        )
        .catch(unanswered('It is not known whether the reconciliation was started.'));
      const made = await awaitBooks(context, ordered, preferredWait(req, res) ?? 0);
      if (made === null) return answerLater(res, ordered);
      res.json(madeOf(ordered, made));
    },
  };
}

function answerLater(res: Parameters<Handler>[1], { date: day, workflowId, of }: Ordered): void {
  const body = { date: day, state: 'being_made', workflow_id: workflowId, of };
  res.status(202).set('Retry-After', '5').json(body);
}

function madeOf({ date: day, workflowId, of }: Ordered, made: Report | LaterLook): object {
  const isReport = of === 'report';
  return {
    date: day,
    state: 'made',
    workflow_id: workflowId,
    report: isReport ? answerOf(made as Report) : null,
    later_look: isReport ? null : made,
  };
}

function notMade(day: string, is: 'unknown' | 'broken'): Problem {
  const why =
    is === 'broken' ? 'the run that made it was ended from outside' : 'nobody has made it yet';
  return new Problem(
    'unknown_report',
    `There is no report of ${day}: ${why}. Make it with POST /ops/reconciliations, or kvitt reconcile ${day}.`,
  );
}

/** So many stores are named; a chain has more. */
const namedMax = 20;

/** No row is no proof that all is well: the name may be wrong. */
function assertStore(report: Report, storeId: string): void {
  const known = storesIn(report);
  if (known.includes(storeId)) return;
  const more = known.length > namedMax ? `, and ${known.length - namedMax} more` : '';
  const named = known.length === 0 ? 'none' : known.slice(0, namedMax).join(', ') + more;
  throw new Problem(
    'unknown_report',
    `The report of ${report.date} has nothing of a store ${storeId}. It has: ${named}.`,
  );
}

function sendCsv(
  res: Parameters<Handler>[1],
  report: ReportAnswer,
  store: string | undefined,
): void {
  const name = ['kvitt', report.date, ...(store === undefined ? [] : [store])].join('-');
  res
    .type('text/csv')
    .set('Content-Disposition', `attachment; filename="${name}.csv"`)
    .send(csvOf(report));
}
