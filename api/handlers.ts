/** What each route does: read the request, give the order or read, wait if asked, answer. */
import type { Request, Response } from 'express';
import { accountHandlers } from './account-handlers.ts';
import type { Sale } from './answers.ts';
import {
  bounded,
  chargeIdOf,
  findCharge,
  preferredWait,
  show,
  wait,
  type Context,
  type Handler,
  type Locals,
} from './answering.ts';
import { decidingAttempt, viewOf } from './cashier.ts';
import { CaseOptions, caseWithOptions } from './case-refund.ts';
import { findCase, listCases } from './cases.ts';
import { cancelCharge, keepCharge } from './orders.ts';
import { startCharge } from './start.ts';
import { sendDocsPage } from './docs-page.ts';
import { followCharge } from './events.ts';
import { createHoldHandlers } from './hold-handlers.ts';
import { listCharges } from './list.ts';
import { openApiDocument, type RouteKey } from './openapi.ts';
import { createWebhookHandlers } from './webhook-handlers.ts';
import { createOpsHandlers } from './ops-handlers.ts';
import { assertOwnIds } from './own-account.ts';
import { Problem } from './problems.ts';
import { checkReadiness } from './ready.ts';
import { refundHandlers } from './refund-handlers.ts';
import { createRunbookPage } from './runbook-page.ts';
import { reportHandlers } from './report-routes.ts';
import { assertOwnAccount, bodyOf, validate } from './request.ts';
import {
  cancelRequestSchema,
  caseListQuerySchema,
  casePathSchema,
  chargeRequestSchema,
  emptyRequestSchema,
  listQuerySchema,
  salePathSchema,
  waitQuerySchema,
} from './schemas.ts';

export function createHandlers(context: Context): Record<RouteKey, Handler> {
  const document = openApiDocument();
  const { metrics } = context;
  const options = new CaseOptions();
  const sendRunbook = createRunbookPage(context.temporalUi);
  return {
    ...createHoldHandlers(context),
    ...createOpsHandlers(context, options),
    ...refundHandlers(context),
    ...reportHandlers(context),
    ...accountHandlers(context),
    'POST /charges': (req, res) => postCharge(context, req, res),
    'GET /charges': async (req, res) => {
      const query = validate(listQuerySchema, req.query, 'query');
      res.json(await bounded(context, () => listCharges(context, query)));
    },
    'GET /charges/{charge_id}': (req, res) => getCharge(context, req, res),
    'GET /charges/{charge_id}/events': async (req, res) => {
      const chargeId = chargeIdOf(req);
      await followCharge(context, { req, res, read: await findCharge(context, chargeId) });
    },
    'POST /charges/{charge_id}/cancel': (req, res) => postCancel(context, req, res),
    'POST /charges/{charge_id}/keep': async (req, res) => {
      const chargeId = chargeIdOf(req);
      bodyOf(req, emptyRequestSchema);
      const read = await keepCharge(context, { chargeId, by: res.locals.keyName });
      res.json(await show(context, read));
    },
    'GET /sales/{reference}': (req, res) => getSale(context, req, res),
    ...caseHandlers(context, options),
    ...createWebhookHandlers(context),
    'GET /healthz': (_req, res) => {
      res.json({ is_alive: true });
    },
    'GET /readyz': async (_req, res) => await getReadiness(context, res),
    'GET /metrics': async (_req, res) => {
      res.type(metrics.registry.contentType).send(await metrics.registry.metrics());
    },
    'GET /openapi.json': (_req, res) => {
      res.json(document);
    },
    'GET /docs': (_req, res) => sendDocsPage(res),
    'GET /runbook': (_req, res) => sendRunbook(res),
  };
}

function caseHandlers(
  context: Context,
  options: CaseOptions,
): Record<'GET /cases' | 'GET /cases/{transaction_id}', Handler> {
  return {
    'GET /cases': async (req, res) => {
      const query = validate(caseListQuerySchema, req.query, 'query');
      res.json(await bounded(context, () => listCases(context.temporal, query)));
    },
    'GET /cases/{transaction_id}': async (req, res) => {
      const { transaction_id } = validate(casePathSchema, req.params, 'path');
      const found = await bounded(context, () => findCase(context.temporal, transaction_id));
      res.json(await caseWithOptions(context, options, found));
    },
  };
}

type Answer = Response<unknown, Locals>;

async function getReadiness(context: Context, res: Answer): Promise<void> {
  const checks = [
    ...(await checkReadiness(context.temporal, context.timings.ready)),
    ...(await context.subscription.check().catch(() => [])),
  ];
  const isReady = checks.every((check) => check.is_ok !== false);
  res.status(isReady ? 200 : 503).json({ is_ready: isReady, checks });
}

async function postCharge(context: Context, req: Request, res: Answer): Promise<void> {
  const request = bodyOf(req, chargeRequestSchema);
  assertOwnAccount(request.terminal_id, context.accountId);
  assertOwnIds(request, context.accountId);
  const chargeId = `${request.reference}.${request.attempt}`;
  res.locals.log = res.locals.log.child({ charge_id: chargeId });
  const { isNew, isAnswered, read } = await startCharge(context, request, res.locals.log);
  const after = await wait(context, res, {
    read,
    wants: 'outcome',
    ms: preferredWait(req, res) ?? 0,
  });
  const isUnanswered = !isAnswered && after.record.state === 'starting';
  const answer = isUnanswered ? 'unanswered' : isNew ? 'started' : 'repeated';
  context.metrics.charges.inc({ answer });
  const charge = await show(context, after);
  if (isUnanswered) res.set('Retry-After', '1');
  res.location(`/charges/${chargeId}`);
  res.status(isUnanswered ? 202 : isNew ? 201 : 200).json(charge);
}

async function getCharge(context: Context, req: Request, res: Answer): Promise<void> {
  const chargeId = chargeIdOf(req);
  const { wait: seconds } = validate(waitQuerySchema, req.query, 'query');
  const read = await findCharge(context, chargeId);
  const after = await wait(context, res, { read, wants: 'change', ms: (seconds ?? 0) * 1000 });
  res.json(await show(context, after));
}

async function postCancel(context: Context, req: Request, res: Answer): Promise<void> {
  const chargeId = chargeIdOf(req);
  const request = bodyOf(req, cancelRequestSchema);
  const read = await cancelCharge(context, { chargeId, request, by: res.locals.keyName });
  const ms = preferredWait(req, res) ?? context.timings.cancelWait;
  const after = await wait(context, res, { read, wants: 'outcome', ms });
  const isEnded = after.record.outcome !== null;
  if (!isEnded) res.set('Retry-After', '2');
  res.status(isEnded ? 200 : 202).json(await show(context, after));
}

async function getSale(context: Context, req: Request, res: Answer): Promise<void> {
  const { reference } = validate(salePathSchema, req.params, 'path');
  const attempts = await bounded(context, () => context.reading.sale(reference));
  const deciding = decidingAttempt(attempts.map(({ read }) => read));
  const answer = attempts.find(({ read }) => read === deciding)?.answer;
  if (deciding === undefined || answer === undefined) {
    throw new Problem(
      'unknown_charge',
      `Sale ${reference} is not known here. That does not prove that nothing was paid: POST /charges with attempt 1 finds out, it never charges twice.`,
    );
  }
  const charges = attempts.map((attempt) => viewOf(attempt.read, attempt.answer));
  const sale: Sale = { reference, state: deciding.record.state, ...answer, charges };
  res.json(sale);
}
