/** The routes of the kill switch. */
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { common, json, problemResponses, withBody } from './openapi-parts.ts';
import { switchesSchema, switchOffRequestSchema, switchOnRequestSchema } from './switch-schemas.ts';

export const switchRouteKeys = [
  'GET /ops/switches',
  'POST /ops/switch-off',
  'POST /ops/switch-on',
] as const;
export type SwitchRouteKey = (typeof switchRouteKeys)[number];

export const switchOperations = {
  'GET /ops/switches': {
    summary: 'What is switched off, and who did it',
    responses: {
      '200': json('What is off now, and the last orders', switchesSchema),
      ...problemResponses([...common, 'forbidden']),
    },
  },
  'POST /ops/switch-off': {
    summary: 'Refuse new charges: all, of a store, of a terminal',
    description:
      'New charges get `switched_off` with your text for the cashier; open charges go on, and a request that came before gets its charge. Other apis follow within a second. Once more replaces the text.',
    requestBody: { content: { 'application/json': { schema: switchOffRequestSchema } } },
    responses: {
      '200': json('It is off', switchesSchema),
      ...problemResponses([...withBody, 'not_possible_now']),
    },
  },
  'POST /ops/switch-on': {
    summary: 'Accept new charges again',
    requestBody: { content: { 'application/json': { schema: switchOnRequestSchema } } },
    responses: {
      '200': json('It is on', switchesSchema),
      ...problemResponses([...withBody, 'not_possible_now']),
    },
  },
} satisfies Record<SwitchRouteKey, ZodOpenApiOperationObject>;
