/** What operators see of a refund, and order of it: the routes, and what they do. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import * as z from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import {
  refundActionNames,
  refundActions,
  type RefundAction,
} from '../workflows/refund-actions.ts';
import { refundRecoveryWorkflowId, refundWorkflowId } from '../workflows/refund-ids.ts';
import { schemaOf } from './action-schemas.ts';
import { bounded, preferredWait, type Context, type Handler } from './answering.ts';
import { common, json, preferWait, problemResponses, withBody } from './openapi-parts.ts';
import { ask, idsOf, nobody, sendUpdate, shown } from './ops.ts';
import { shownMembers } from './ops-shown.ts';
import { refusalOf } from './orders.ts';
import { Problem } from './problems.ts';
import { findRefund, waitForRefund } from './refund-handlers.ts';
import { isRefundFinal, RefundReading } from './refund-reading.ts';
import { refundPathSchema, refundSchema } from './refund-schemas.ts';
import { bodyOf, validate } from './request.ts';
import { unanswered } from './start.ts';

type ActionKey = `POST /ops/refunds/{refund_id}/${RefundAction}`;
const actionKey = (action: RefundAction): ActionKey => `POST /ops/refunds/{refund_id}/${action}`;

export const refundOpsRouteKeys = [
  'GET /ops/refunds/{refund_id}',
  ...refundActionNames.map(actionKey),
] as const;
export type RefundOpsRouteKey = (typeof refundOpsRouteKeys)[number];

const schemas = Object.fromEntries(
  refundActionNames.map((name) => [name, schemaOf(refundActions[name])]),
) as Record<RefundAction, ReturnType<typeof schemaOf>>;

const onActions = refundActionNames.map((name): [ActionKey, ZodOpenApiOperationObject] => [
  actionKey(name),
  {
    summary: refundActions[name].does,
    description: `${refundActions[name].when} Repeating it is harmless.`,
    requestParams: { path: refundPathSchema, header: preferWait },
    requestBody: { content: { 'application/json': { schema: schemas[name] } } },
    responses: {
      '200': json('Taken, and the refund has ended', refundSchema),
      '202': json('As it stands', refundSchema),
      ...problemResponses([...withBody, 'unknown_refund', 'not_possible_now']),
    },
  },
]);

export const refundOpsOperations = {
  'GET /ops/refunds/{refund_id}': {
    summary: 'A refund, for operators',
    description: 'What is known, what is waited for, what may be done now and why not the rest.',
    requestParams: { path: refundPathSchema },
    responses: {
      '200': json('The refund', z.object({ refund: refundSchema, ...shownMembers })),
      ...problemResponses([...common, 'forbidden', 'unknown_refund']),
    },
  },
  ...Object.fromEntries(onActions),
} as unknown as Record<RefundOpsRouteKey, ZodOpenApiOperationObject>;

export function refundOpsHandlers(context: Context): Record<RefundOpsRouteKey, Handler> {
  const onAction = refundActionNames.map((name) => [actionKey(name), order(context, name)]);
  return {
    'GET /ops/refunds/{refund_id}': async (req, res) => {
      const { refund_id: refundId } = validate(refundPathSchema, req.params, 'path');
      const read = await findRefund(context, refundId);
      const { record, workflowId } = read;
      const isRecovered = workflowId === refundRecoveryWorkflowId(refundId);
      const [before, now] = await Promise.all([
        isRecovered ? ask(context, refundWorkflowId(refundId)) : null,
        ask(context, workflowId),
      ]);
      const timeline = now === null ? null : [...(before?.timeline ?? []), ...now.timeline];
      const reading = new RefundReading(context.temporal.client);
      const refund = await bounded(context, async () => await reading.show(read));
      const about = {
        word: record.needs_attention ?? record.reason,
        id: refundId,
        ids: { ...idsOf(record), refund_id: refundId },
      };
      res.json({ refund, ...shown(context, about, { ...(now ?? nobody), timeline }) });
    },
    ...Object.fromEntries(onAction),
  } as Record<RefundOpsRouteKey, Handler>;
}

/** An order is answered with what became of it, when that is known soon; `Prefer: wait` asks for longer. */
function order(context: Context, action: RefundAction): Handler {
  return async (req, res) => {
    const { refund_id: refundId } = validate(refundPathSchema, req.params, 'path');
    const input = bodyOf(req, schemas[action]);
    const by = res.locals.keyName;
    res.locals.log.warn({ action, by, refund_id: refundId }, 'An operator gives an order');
    const read = await findRefund(context, refundId);
    if (isRefundFinal(read)) {
      const why = read.isLost
        ? 'its workflow was ended from outside; its recovery begins within a minute'
        : `the refund has ended as ${read.record.outcome ?? ''}`;
      throw new Problem('not_possible_now', `Refused: ${why}.`);
    }
    const { temporal, timings } = context;
    await temporal.connection
      .withDeadline(Date.now() + timings.answer, async () => {
        await sendUpdate(temporal, { workflowId: read.workflowId, action, input, by });
      })
      .catch((err: unknown) => {
        if (!(err instanceof WorkflowUpdateFailedError)) throw err;
        throw new Problem('not_possible_now', `Refused: ${refusalOf(err)}.`, { cause: err });
      })
      .catch(unanswered(`It is not known whether ${action} of ${refundId} was taken.`));
    const after = await waitForRefund(context, await findRefund(context, refundId), {
      ms: preferredWait(req, res) ?? (action === 'note' ? 0 : timings.orderWait),
      gone: res.locals.gone,
      isEnough: isRefundFinal,
    });
    const reading = new RefundReading(temporal.client);
    res.status(after.record.outcome === null ? 202 : 200);
    res.json(await bounded(context, async () => await reading.show(after)));
  };
}
