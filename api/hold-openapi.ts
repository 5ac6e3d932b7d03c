/** The routes of two-phase sales and receipts. */
import * as z from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { receiptCopies } from '../workflows/receipts.ts';
import { chargeSchema } from './answers.ts';
import {
  asItStands,
  common,
  json,
  preferWait,
  problemResponses,
  text,
  withBody,
} from './openapi-parts.ts';
import { chargePathSchema } from './schemas.ts';

export const holdRouteKeys = [
  'POST /charges/{charge_id}/capture',
  'POST /charges/{charge_id}/void',
  'GET /charges/{charge_id}/receipt',
] as const;
type HoldRouteKey = (typeof holdRouteKeys)[number];

export const receiptQuerySchema = z.strictObject({
  copy: z
    .enum(receiptCopies)
    .default('customer')
    .meta({ description: 'Whose copy: `customer` (the default) or `merchant`' }),
});

const says = (summary: string, description: string): ZodOpenApiOperationObject => ({
  summary,
  description: `${description} For a charge started with \`capture: "on_request"\`. Sending it again is safe. Waits 10 seconds, or as \`Prefer\` says.`,
  requestParams: { path: chargePathSchema, header: preferWait },
  responses: {
    '200': json('It has ended', chargeSchema),
    '202': asItStands,
    ...problemResponses([...withBody, 'unknown_charge', 'not_possible_now']),
  },
});

export const holdOperations: Record<HoldRouteKey, ZodOpenApiOperationObject> = {
  'POST /charges/{charge_id}/capture': says(
    'Capture held money',
    'The sale stands: the reserved money is captured.',
  ),
  'POST /charges/{charge_id}/void': says(
    'Release held money',
    'The sale is off: the reserved money is released, nothing is charged.',
  ),
  'GET /charges/{charge_id}/receipt': {
    summary: 'The receipt, for printing',
    description:
      'Of a charge that has ended. The terminal’s own text if Dintero has it, else a plain one of what is known; the header `Receipt-From` says `terminal` or `kvitt`. A card number is never in full.',
    requestParams: { path: chargePathSchema, query: receiptQuerySchema },
    responses: {
      '200': text('The receipt', 'text/plain'),
      ...problemResponses([...common, 'unknown_charge', 'not_possible_now']),
    },
  },
};
