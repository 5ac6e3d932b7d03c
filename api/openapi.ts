/** `/openapi.json`, made of the schemas that validate. The routes of the API are this file's keys, and no others. */
import * as z from 'zod';
import { createDocument, type oas31, type ZodOpenApiOperationObject } from 'zod-openapi';
import { accountOperations, accountRouteKeys } from './account-openapi.ts';
import { caseListSchema, caseSchema, chargeSchema, listSchema, saleSchema } from './answers.ts';
import {
  asItStands,
  common,
  json,
  openRoute,
  preferWait,
  problemResponses,
  text,
  withBody,
} from './openapi-parts.ts';
import { holdOperations, holdRouteKeys } from './hold-openapi.ts';
import { webhookOperations, webhookRouteKeys } from './webhook-openapi.ts';
import { opsOperations, opsRouteKeys } from './ops-openapi.ts';
import { refundOperations, refundRouteKeys } from './refund-openapi.ts';
import { reportOperations, reportRouteKeys } from './report-routes.ts';
import {
  cancelRequestSchema,
  caseListQuerySchema,
  casePathSchema,
  chargePathSchema,
  chargeRequestSchema,
  listQuerySchema,
  salePathSchema,
  waitQuerySchema,
} from './schemas.ts';
import { description } from './words.ts';

export const routeKeys = [
  'POST /charges',
  'GET /charges',
  'GET /charges/{charge_id}',
  'GET /charges/{charge_id}/events',
  'POST /charges/{charge_id}/cancel',
  'POST /charges/{charge_id}/keep',
  ...holdRouteKeys,
  ...refundRouteKeys,
  'GET /sales/{reference}',
  'GET /cases',
  'GET /cases/{transaction_id}',
  ...webhookRouteKeys,
  'POST /webhooks/dintero/charges/{charge_id}',
  'GET /webhooks/dintero/charges/{charge_id}',
  ...reportRouteKeys,
  ...accountRouteKeys,
  ...opsRouteKeys,
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /openapi.json',
  'GET /docs',
  'GET /runbook',
] as const;
export type RouteKey = (typeof routeKeys)[number];

type Operations = Record<RouteKey, ZodOpenApiOperationObject>;

const chargeOperations = {
  'POST /charges': {
    summary: 'Charge a sale on a terminal',
    description:
      'Answers when the terminal asks for the card, or the charge has ended. Sending it again is always safe: the same request gets the same charge. Without `store_id` and `payout_destination_id` both are taken from where Dintero says that the terminal stands.',
    requestParams: { header: preferWait },
    requestBody: { content: { 'application/json': { schema: chargeRequestSchema } } },
    responses: {
      '201': json('Started by this request', chargeSchema),
      '200': json('The same request came before: the same charge', chargeSchema),
      '202': json('Stored, and no worker has taken it yet', chargeSchema),
      ...problemResponses([
        ...withBody,
        'different_request',
        'previous_attempt_open',
        'previous_attempt_captured',
        'previous_attempt_unknown',
        'too_late',
        'switched_off',
      ]),
    },
  },
  'GET /charges': {
    summary: 'List charges',
    description:
      "From Temporal's list, which may lag by seconds and decides nothing: `safe_to_take_other_payment` is always false here. A page may be short or empty while `next_cursor` is set.",
    requestParams: { query: listQuerySchema },
    responses: { '200': json('A page', listSchema), ...problemResponses(common) },
  },
  'GET /charges/{charge_id}': {
    summary: 'Read a charge',
    description:
      '`?wait=<seconds>` answers at the next change, or as it stands when the time is over.',
    requestParams: { path: chargePathSchema, query: waitQuerySchema },
    responses: {
      '200': json('The charge', chargeSchema),
      ...problemResponses([...common, 'unknown_charge']),
    },
  },
  'GET /charges/{charge_id}/events': {
    summary: 'Follow a charge',
    description:
      'Server-sent events: `state` with the charge at once and at each change, then `outcome` with the ended charge, then the stream ends.',
    requestParams: { path: chargePathSchema },
    responses: {
      '200': text('The charge as JSON in each event', 'text/event-stream'),
      '204': { description: 'The outcome was delivered before: do not connect again' },
      ...problemResponses([...common, 'unknown_charge']),
    },
  },
  'POST /charges/{charge_id}/cancel': {
    summary: 'Ask to stop',
    description:
      'Answers with what became true: a payment may win the race. A charge that is not known is started already cancelled. Waits 10 seconds, or as `Prefer` says.',
    requestParams: { path: chargePathSchema, header: preferWait },
    requestBody: { content: { 'application/json': { schema: cancelRequestSchema } } },
    responses: {
      '200': json('It has ended', chargeSchema),
      '202': asItStands,
      ...problemResponses([
        ...withBody,
        'previous_attempt_open',
        'previous_attempt_captured',
        'previous_attempt_unknown',
        'not_possible_now',
      ]),
    },
  },
  'POST /charges/{charge_id}/keep': {
    summary: 'Keep a payment that was captured after its cancel',
    requestParams: { path: chargePathSchema },
    responses: {
      '200': json('Kept: the advice is `paid`', chargeSchema),
      ...problemResponses([...withBody, 'unknown_charge', 'not_possible_now']),
    },
  },
  'GET /sales/{reference}': {
    summary: 'Every attempt of a sale, and one answer',
    requestParams: { path: salePathSchema },
    responses: {
      '200': json('The sale', saleSchema),
      ...problemResponses([...common, 'unknown_charge']),
    },
  },
  'GET /cases': {
    summary: 'List what a person must decide',
    description:
      "The open cases, unless `state` says otherwise. From Temporal's list, which may lag by seconds. A page may be short or empty while `next_cursor` is set.",
    requestParams: { query: caseListQuerySchema },
    responses: { '200': json('A page', caseListSchema), ...problemResponses(common) },
  },
  'GET /cases/{transaction_id}': {
    summary: 'Read a case',
    requestParams: { path: casePathSchema },
    responses: {
      '200': json('The case', caseSchema),
      ...problemResponses([...common, 'not_found']),
    },
  },
} satisfies Partial<Operations>;

const callback: ZodOpenApiOperationObject = {
  ...openRoute,
  summary: "Dintero's session callbacks",
  description:
    'Signed with `Dintero-Signature`. Answered 200 when stored, or when there is nothing to store; never 4xx.',
  requestParams: { path: chargePathSchema },
  responses: {
    '200': text('Stored, or nothing to store', 'text/plain'),
    '503': text('Not stored: send it again', 'text/plain'),
  },
};

const otherOperations = {
  ...webhookOperations,
  'POST /webhooks/dintero/charges/{charge_id}': callback,
  'GET /webhooks/dintero/charges/{charge_id}': callback,
  'GET /healthz': {
    ...openRoute,
    summary: 'The process is alive',
    responses: { '200': json('Alive', z.object({ is_alive: z.literal(true) })) },
  },
  'GET /readyz': {
    ...openRoute,
    summary: 'Temporal is reachable and prepared',
    responses: {
      '200': json('Ready', z.looseObject({})),
      '503': json('Not ready', z.looseObject({})),
    },
  },
  'GET /metrics': {
    summary: 'Prometheus metrics',
    responses: { '200': text('Metrics', 'text/plain'), ...problemResponses(['unauthorized']) },
  },
  'GET /openapi.json': {
    ...openRoute,
    summary: 'This document',
    responses: { '200': json('OpenAPI 3.1', z.looseObject({})) },
  },
  'GET /docs': {
    ...openRoute,
    summary: 'This document, for people',
    responses: { '200': text('A page', 'text/html') },
  },
  'GET /runbook': {
    ...openRoute,
    summary: 'What to do when a payment needs a person',
    responses: { '200': text('A page', 'text/html') },
  },
} satisfies Partial<Operations>;

export function openApiDocument(): oas31.OpenAPIObject {
  const operations: Operations = {
    ...chargeOperations,
    ...holdOperations,
    ...refundOperations,
    ...reportOperations,
    ...accountOperations,
    ...opsOperations,
    ...otherOperations,
  };
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const key of routeKeys) {
    const [method, path] = splitRoute(key);
    paths[path] = { ...paths[path], [method]: operations[key] };
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Kvitt', version: '0.1.0', description },
    security: [{ bearer: [] }],
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            'One of API_KEYS, if there are any. Below `/ops`, and for every GET, one of OPS_TOKENS',
        },
      },
    },
    paths,
  });
}

export function splitRoute(key: RouteKey): ['get' | 'post', string] {
  const [method, path] = key.split(' ');
  return [method === 'POST' ? 'post' : 'get', path ?? ''];
}
