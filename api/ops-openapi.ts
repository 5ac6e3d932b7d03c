/** The routes of operators, made of the table of actions. */
import * as z from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { caseActions, chargeActions, type Action } from '../workflows/actions.ts';
import type { CaseAction, ChargeAction } from '../workflows/actions.ts';
import {
  caseActionNames,
  caseActionSchemas,
  chargeActionNames,
  chargeActionSchemas,
  type ActionSchema,
} from './action-schemas.ts';
import { caseSchema, chargeSchema } from './answers.ts';
import {
  asItStands,
  common,
  json,
  preferWait,
  problemResponses,
  withBody,
} from './openapi-parts.ts';
import { notificationOperations, notificationRouteKeys } from './notification-routes.ts';
import { guidanceSchema, shownMembers } from './ops-shown.ts';
import { refundOpsOperations, refundOpsRouteKeys } from './refund-ops.ts';
import { refundSchema } from './refund-schemas.ts';
import { reconciliationOperations, reconciliationRouteKeys } from './report-routes.ts';
import { casePathSchema, chargePathSchema } from './schemas.ts';
import { switchOperations, switchRouteKeys } from './switch-openapi.ts';

type ChargeKey = `POST /ops/charges/{charge_id}/${ChargeAction}`;
type CaseKey = `POST /ops/cases/{transaction_id}/${CaseAction}`;

export const chargeActionKey = (action: ChargeAction): ChargeKey =>
  `POST /ops/charges/{charge_id}/${action}`;
export const caseActionKey = (action: CaseAction): CaseKey =>
  `POST /ops/cases/{transaction_id}/${action}`;

const readKeys = [
  'GET /ops/charges/{charge_id}',
  'GET /ops/cases/{transaction_id}',
  'GET /ops/explain/{word}',
] as const;

export const opsRouteKeys = [
  ...readKeys,
  ...chargeActionNames.map(chargeActionKey),
  ...caseActionNames.map(caseActionKey),
  ...refundOpsRouteKeys,
  ...switchRouteKeys,
  ...notificationRouteKeys,
  ...reconciliationRouteKeys,
] as const;
export type OpsRouteKey = (typeof opsRouteKeys)[number];

export const wordPathSchema = z.object({
  word: z
    .string()
    .regex(/^[a-z_]{1,40}(\.[a-z_]{1,40})?$/, 'is not a word of the closed lists')
    .meta({
      description:
        'Any word of the tables at the top of /docs: a state, advice, reason, needs_attention, kind of case or difference, problem code',
    }),
});

const reads: Record<(typeof readKeys)[number], ZodOpenApiOperationObject> = {
  'GET /ops/charges/{charge_id}': {
    summary: 'A charge, for operators',
    description: 'What is known, what is waited for, what may be done now and why not the rest.',
    requestParams: { path: chargePathSchema },
    responses: {
      '200': json('The charge', z.object({ charge: chargeSchema, ...shownMembers })),
      ...problemResponses([...common, 'forbidden', 'unknown_charge']),
    },
  },
  'GET /ops/cases/{transaction_id}': {
    summary: 'A case, for operators',
    requestParams: { path: casePathSchema },
    responses: {
      '200': json('The case', z.object({ case: caseSchema, ...shownMembers })),
      ...problemResponses([...common, 'forbidden', 'not_found']),
    },
  },
  'GET /ops/explain/{word}': {
    summary: 'What a word means, and what to do',
    requestParams: { path: wordPathSchema },
    responses: {
      '200': json('The word', guidanceSchema),
      ...problemResponses([...common, 'forbidden', 'not_found']),
    },
  },
};

function operation(
  action: Action,
  of: Pick<ZodOpenApiOperationObject, 'requestParams' | 'responses'> & {
    schema: ActionSchema;
    repeating?: string;
  },
): ZodOpenApiOperationObject {
  const { schema, repeating = 'Repeating it is harmless.', ...rest } = of;
  return {
    ...rest,
    summary: action.does,
    description: `${action.when} ${repeating}`,
    requestBody: { content: { 'application/json': { schema } } },
  };
}

const onCharges = chargeActionNames.map((name) => [
  chargeActionKey(name),
  operation(chargeActions[name], {
    schema: chargeActionSchemas[name],
    requestParams: { path: chargePathSchema, header: preferWait },
    responses: {
      '200': json('Taken, and the charge has ended', chargeSchema),
      '202': asItStands,
      ...problemResponses([...withBody, 'unknown_charge', 'not_possible_now']),
    },
  }),
]);

/** A refund that was ordered comes along. */
const caseWithRefundSchema = caseSchema
  .extend({ refund: refundSchema })
  .meta({ id: 'CaseWithRefund' });

const refusalsOfRefund = [
  'different_refund',
  'previous_refund_open',
  'previous_refund_unknown',
] as const;

const onCases = caseActionNames.map((name) => {
  const isRefund = name === 'refund';
  return [
    caseActionKey(name),
    operation(caseActions[name], {
      schema: caseActionSchemas[name],
      ...(isRefund
        ? {
            repeating:
              'The number of the refund is part of the order: the same number with the same content is the same refund, answered as it stands, whoever orders it; with other content it is refused.',
          }
        : {}),
      requestParams: { path: casePathSchema },
      responses: {
        '200': json('The case', isRefund ? caseWithRefundSchema : caseSchema),
        ...problemResponses([
          ...withBody,
          'not_found',
          'not_possible_now',
          ...(isRefund ? refusalsOfRefund : []),
        ]),
      },
    }),
  ];
});

export const opsOperations = {
  ...reads,
  ...refundOpsOperations,
  ...switchOperations,
  ...notificationOperations,
  ...reconciliationOperations,
  ...Object.fromEntries([...onCharges, ...onCases]),
} as Record<OpsRouteKey, ZodOpenApiOperationObject>;
