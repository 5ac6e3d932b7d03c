/** The routes of stores, terminals and their operations. */
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import {
  accountOrderedSchema,
  createStoreSchema,
  createTerminalSchema,
  operationListQuerySchema,
  operationListSchema,
  operationPathSchema,
  operationRequestSchema,
  operationSchema,
  storeListSchema,
  storePathSchema,
  terminalListSchema,
  terminalPathSchema,
  terminalQuerySchema,
  terminalSchema,
  updateStoreSchema,
  updateTerminalSchema,
} from './account-schemas.ts';
import { common, json, problemResponses, withBody } from './openapi-parts.ts';

export const accountRouteKeys = [
  'GET /terminals',
  'GET /terminals/{terminal_id}',
  'GET /terminals/{terminal_id}/operations',
  'GET /terminals/{terminal_id}/operations/{operation_id}',
  'GET /stores',
  'POST /ops/stores',
  'POST /ops/stores/{store_id}',
  'POST /ops/terminals',
  'POST /ops/terminals/{terminal_id}',
  'POST /ops/terminals/{terminal_id}/sync',
  'POST /ops/terminals/{terminal_id}/operations',
] as const;
export type AccountRouteKey = (typeof accountRouteKeys)[number];

const ordered = {
  '200': json('Done, as Dintero shows it', accountOrderedSchema),
  '202': json('Not known whether it is done', accountOrderedSchema),
  ...problemResponses([...withBody, 'not_possible_now']),
};
const orderedSlowly =
  'Looked for first, sent once, and read back: ordering it again is safe, and makes no second one.';
const terminalPath = { path: terminalPathSchema };

export const accountOperations = {
  'GET /terminals': {
    summary: 'List the terminals, as Dintero shows them now',
    requestParams: { query: terminalQuerySchema },
    responses: {
      '200': json('All that fit', terminalListSchema),
      ...problemResponses([...common, 'dintero_unavailable']),
    },
  },
  'GET /terminals/{terminal_id}': {
    summary: 'Read a terminal, as Dintero shows it now',
    requestParams: terminalPath,
    responses: {
      '200': json('The terminal', terminalSchema),
      ...problemResponses([...common, 'not_found', 'dintero_unavailable']),
    },
  },
  'GET /terminals/{terminal_id}/operations': {
    summary: 'List the operations of a terminal, the newest first',
    description: "From Temporal's list, which may lag by seconds.",
    requestParams: { ...terminalPath, query: operationListQuerySchema },
    responses: { '200': json('A page', operationListSchema), ...problemResponses(common) },
  },
  'GET /terminals/{terminal_id}/operations/{operation_id}': {
    summary: 'Read an operation of a terminal',
    requestParams: { path: operationPathSchema },
    responses: {
      '200': json('The operation', operationSchema),
      ...problemResponses([...common, 'not_found']),
    },
  },
  'GET /stores': {
    summary: 'List the stores, as Dintero shows them now',
    responses: {
      '200': json('All', storeListSchema),
      ...problemResponses([...common, 'dintero_unavailable']),
    },
  },
  'POST /ops/stores': {
    summary: 'Create a store at Dintero',
    description: orderedSlowly,
    requestBody: { content: { 'application/json': { schema: createStoreSchema } } },
    responses: ordered,
  },
  'POST /ops/stores/{store_id}': {
    summary: 'Change a store at Dintero',
    description: orderedSlowly,
    requestParams: { path: storePathSchema },
    requestBody: { content: { 'application/json': { schema: updateStoreSchema } } },
    responses: ordered,
  },
  'POST /ops/terminals': {
    summary: 'Register a terminal at Dintero',
    description: `${orderedSlowly} A device is provisioned afterwards: read it until it is \`active\`.`,
    requestBody: { content: { 'application/json': { schema: createTerminalSchema } } },
    responses: ordered,
  },
  'POST /ops/terminals/{terminal_id}': {
    summary: 'Move a terminal to another store, or correct its model',
    description: orderedSlowly,
    requestParams: terminalPath,
    requestBody: { content: { 'application/json': { schema: updateTerminalSchema } } },
    responses: ordered,
  },
  'POST /ops/terminals/{terminal_id}/sync': {
    summary: 'Have Dintero provision a terminal again',
    description: 'Only after an error, or when it has been adding for ten minutes.',
    requestParams: terminalPath,
    responses: ordered,
  },
  'POST /ops/terminals/{terminal_id}/operations': {
    summary: 'Have a terminal do something',
    description:
      'Takes the terminal for itself, so it is refused while a sale or a refund has it, and they while it runs. The same `key` again is the same operation.',
    requestParams: terminalPath,
    requestBody: { content: { 'application/json': { schema: operationRequestSchema } } },
    responses: {
      '200': json('It has ended', operationSchema),
      '202': json('As it stands', operationSchema),
      ...problemResponses(withBody),
    },
  },
} satisfies Record<AccountRouteKey, ZodOpenApiOperationObject>;
