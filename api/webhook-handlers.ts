/** What Dintero calls: session callbacks, and the account's webhooks. */
import type { Response } from 'express';
import type { Context, Handler, Locals } from './answering.ts';
import type { RouteKey } from './openapi.ts';

type WebhookKey = Extract<RouteKey, `${string} /webhooks/${string}`>;

export function createWebhookHandlers(context: Context): Record<WebhookKey, Handler> {
  const callback: Handler = async (req, res) => {
    answer(res, await context.callbacks.receive(req, res.locals.log));
  };
  return {
    'POST /webhooks/dintero/events': async (req, res) => {
      answer(res, await context.accountWebhooks.receive(req, res.locals.log));
    },
    'POST /webhooks/dintero/charges/{charge_id}': callback,
    'GET /webhooks/dintero/charges/{charge_id}': callback,
  };
}

function answer(res: Response<unknown, Locals>, status: 200 | 503): void {
  const text = status === 200 ? 'stored\n' : 'not stored\n';
  res.status(status).type('text').send(text);
}
