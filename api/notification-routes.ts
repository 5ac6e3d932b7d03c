/** The routes of what the retailer's system is told. */
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import * as z from 'zod';
import { bounded, chargeIdOf, type Context, type Handler } from './answering.ts';
import {
  listNotifications,
  notificationListSchema,
  notificationSchema,
  resendNotifications,
} from './notifications.ts';
import { common, json, problemResponses, withBody } from './openapi-parts.ts';
import { bodyOf, validate } from './request.ts';
import { chargePathSchema, pageQuerySchema } from './schemas.ts';
import { unanswered } from './start.ts';

export const notificationRouteKeys = [
  'GET /ops/notifications',
  'POST /ops/notifications/{charge_id}/resend',
] as const;
export type NotificationRouteKey = (typeof notificationRouteKeys)[number];

const resendRequestSchema = z.strictObject({
  event_id: z.string().min(1).max(200).exactOptional().meta({
    description: 'One event, by its `webhook-id`; leave out to send again what waits',
  }),
});

export const notificationOperations: Record<NotificationRouteKey, ZodOpenApiOperationObject> = {
  'GET /ops/notifications': {
    summary: "What the retailer's system has not taken yet",
    requestParams: { query: pageQuerySchema },
    responses: {
      '200': json('A page', notificationListSchema),
      ...problemResponses([...common, 'forbidden']),
    },
  },
  'POST /ops/notifications/{charge_id}/resend': {
    summary: 'Send again what a charge has told',
    description:
      'Tries now what waits. When nothing waits, what Temporal still knows to have been told is told again, in order and under its old ids.',
    requestParams: { path: chargePathSchema },
    requestBody: { content: { 'application/json': { schema: resendRequestSchema } } },
    responses: {
      '200': json('On its way', notificationSchema),
      ...problemResponses([...withBody, 'not_found']),
    },
  },
};

export function notificationHandlers(context: Context): Record<NotificationRouteKey, Handler> {
  const { temporal, timings } = context;
  return {
    'GET /ops/notifications': async (req, res) => {
      const page = validate(pageQuerySchema, req.query, 'query');
      res.json(await bounded(context, async () => await listNotifications(temporal, page)));
    },
    'POST /ops/notifications/{charge_id}/resend': async (req, res) => {
      const chargeId = chargeIdOf(req);
      const { event_id: eventId } = bodyOf(req, resendRequestSchema);
      const ask = { chargeId, ...(eventId === undefined ? {} : { eventId }) };
      const sent = temporal.connection.withDeadline(
        Date.now() + timings.answer,
        async () => await resendNotifications(temporal, ask),
      );
      res.json(await sent.catch(unanswered('It is not known whether it is sent again.')));
    },
  };
}
