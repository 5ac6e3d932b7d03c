/** What the routes of the kill switch do. Whoever comes here has a name: `res.locals.keyName` is a person's. */
import type { SwitchRecord } from '../workflows/switches.ts';
import type { Context, Handler } from './answering.ts';
import type { SwitchRouteKey } from './switch-openapi.ts';
import {
  switchOffRequestSchema,
  switchOnRequestSchema,
  type SwitchesAnswer,
} from './switch-schemas.ts';
import { assertOwnAccount, bodyOf } from './request.ts';
import { unanswered } from './start.ts';

export function switchHandlers(context: Context): Record<SwitchRouteKey, Handler> {
  const { switches, accountId } = context;
  return {
    'GET /ops/switches': async (_req, res) => {
      res.json(shown(await switches.read()));
    },
    'POST /ops/switch-off': async (req, res) => {
      const order = bodyOf(req, switchOffRequestSchema);
      if (order.scope === 'terminal') assertOwnAccount(order.id ?? '', accountId, 'id');
      const send = (): Promise<SwitchRecord> => switches.switchOff(order, res.locals.keyName);
      res.json(shown(await ordered(context, send)));
    },
    'POST /ops/switch-on': async (req, res) => {
      const order = bodyOf(req, switchOnRequestSchema);
      const send = (): Promise<SwitchRecord> => switches.switchOn(order, res.locals.keyName);
      res.json(shown(await ordered(context, send)));
    },
  };
}

async function ordered(
  { temporal, timings }: Context,
  send: () => Promise<SwitchRecord>,
): Promise<SwitchRecord> {
  return await temporal.connection
    .withDeadline(Date.now() + timings.answer, send)
    .catch(unanswered('It is not known whether a worker has taken the order: see /ops/switches.'));
}

function shown({ off, log }: SwitchRecord): SwitchesAnswer {
  return { off, log };
}
