/** The routes of refunds. */
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { receiptQuerySchema } from './hold-openapi.ts';
import { common, json, preferWait, problemResponses, text, withBody } from './openapi-parts.ts';
import {
  chargeRefundPathSchema,
  chargeRefundsSchema,
  refundListQuerySchema,
  refundListSchema,
  refundRequestSchema,
  refundSchema,
} from './refund-schemas.ts';
import { chargePathSchema, waitQuerySchema } from './schemas.ts';

export const refundRouteKeys = [
  'POST /charges/{charge_id}/refunds',
  'GET /charges/{charge_id}/refunds',
  'GET /charges/{charge_id}/refunds/{refund_id}',
  'GET /charges/{charge_id}/refunds/{refund_id}/receipt',
  'GET /refunds',
] as const;
export type RefundRouteKey = (typeof refundRouteKeys)[number];

export const refundOperations = {
  'POST /charges/{charge_id}/refunds': {
    summary: 'Give money back on a terminal, with the customer and the card',
    description:
      'Answers when the terminal asks for the card, or the refund has ended. Sending it again is always safe: the same request gets the same refund. A charge that this service has forgotten is found at Dintero.',
    requestParams: { path: chargePathSchema, header: preferWait },
    requestBody: { content: { 'application/json': { schema: refundRequestSchema } } },
    responses: {
      '201': json('Started by this request', refundSchema),
      '200': json('The same request came before: the same refund', refundSchema),
      '202': json('Stored, and no worker has taken it yet', refundSchema),
      ...problemResponses([
        ...withBody,
        'different_refund',
        'previous_refund_open',
        'previous_refund_unknown',
        'not_possible_now',
      ]),
    },
  },
  'GET /charges/{charge_id}/refunds': {
    summary: 'The refunds of a charge, with their sums',
    requestParams: { path: chargePathSchema },
    responses: {
      '200': json('The refunds', chargeRefundsSchema),
      ...problemResponses([...common, 'unknown_charge']),
    },
  },
  'GET /charges/{charge_id}/refunds/{refund_id}': {
    summary: 'Read a refund',
    description:
      '`?wait=<seconds>` answers at the next change, or as it stands when the time is over.',
    requestParams: { path: chargeRefundPathSchema, query: waitQuerySchema },
    responses: {
      '200': json('The refund', refundSchema),
      ...problemResponses([...common, 'unknown_refund']),
    },
  },
  'GET /charges/{charge_id}/refunds/{refund_id}/receipt': {
    summary: 'The receipt of a refund, for printing',
    description: 'As the receipt of a charge. Of a refund that has ended.',
    requestParams: { path: chargeRefundPathSchema, query: receiptQuerySchema },
    responses: {
      '200': text('The receipt', 'text/plain'),
      ...problemResponses([...common, 'unknown_refund', 'not_possible_now']),
    },
  },
  'GET /refunds': {
    summary: 'List refunds',
    description:
      "From Temporal's list, which may lag by seconds and decides nothing. A page may be short or empty while `next_cursor` is set.",
    requestParams: { query: refundListQuerySchema },
    responses: { '200': json('A page', refundListSchema), ...problemResponses(common) },
  },
} satisfies Record<RefundRouteKey, ZodOpenApiOperationObject>;
