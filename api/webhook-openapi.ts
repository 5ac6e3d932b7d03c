/** The route of the account's webhooks. */
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { openRoute, text } from './openapi-parts.ts';

export const webhookRouteKeys = ['POST /webhooks/dintero/events'] as const;

export const webhookOperations: Record<
  (typeof webhookRouteKeys)[number],
  ZodOpenApiOperationObject
> = {
  'POST /webhooks/dintero/events': {
    ...openRoute,
    summary: "Dintero's account webhooks",
    description:
      'Signed with `event-signature`, over the bytes of the body. Answered 200 when stored, or when there is nothing to store; never 4xx.',
    responses: {
      '200': text('Stored, or nothing to store', 'text/plain'),
      '503': text('Not stored: send it again', 'text/plain'),
    },
  },
};
