/** What each route of operators does. Whoever comes here has shown a personal token. */
import type { CaseAction, ChargeAction } from '../workflows/actions.ts';
import {
  caseActionNames,
  caseActionSchemas,
  chargeActionNames,
  chargeActionSchemas,
} from './action-schemas.ts';
import {
  bounded,
  chargeIdOf,
  findCharge,
  preferredWait,
  show,
  wait,
  type Context,
  type Handler,
} from './answering.ts';
import { caseWithOptions, refundCase, type CaseOptions } from './case-refund.ts';
import { findCase } from './cases.ts';
import { explain } from './explain.ts';
import { caseActionKey, chargeActionKey, wordPathSchema, type OpsRouteKey } from './ops-openapi.ts';
import { orderCase, orderCharge, overviewOfCase, overviewOfCharge } from './ops.ts';
import { Problem } from './problems.ts';
import { notificationHandlers } from './notification-routes.ts';
import { refundOpsHandlers } from './refund-ops.ts';
import { reconciliationHandlers } from './report-routes.ts';
import { bodyOf, validate } from './request.ts';
import { casePathSchema } from './schemas.ts';
import { switchHandlers } from './switch-handlers.ts';

export function createOpsHandlers(
  context: Context,
  options: CaseOptions,
): Record<OpsRouteKey, Handler> {
  const onCharges = chargeActionNames.map((name) => [
    chargeActionKey(name),
    onCharge(context, name),
  ]);
  const onCases = caseActionNames.map((name) => [
    caseActionKey(name),
    onCase(context, options, name),
  ]);
  const reads = {
    'GET /ops/charges/{charge_id}': async (req, res) => {
      const read = await findCharge(context, chargeIdOf(req));
      const charge = await show(context, read);
      res.json({ charge, ...(await overviewOfCharge(context, read)) });
    },
    'GET /ops/cases/{transaction_id}': async (req, res) => {
      const { transaction_id } = validate(casePathSchema, req.params, 'path');
      const known = await bounded(context, () => findCase(context.temporal, transaction_id));
      const found = await caseWithOptions(context, options, known);
      res.json({ case: found, ...(await overviewOfCase(context, found)) });
    },
    'GET /ops/explain/{word}': (req, res) => {
      const { word } = validate(wordPathSchema, req.params, 'path');
      const explained = explain(word);
      if (explained === null) {
        throw new Problem('not_found', `${word} is no word of the closed lists: see /docs.`);
      }
      res.json(explained);
    },
  } satisfies Partial<Record<OpsRouteKey, Handler>>;
  return {
    ...reads,
    ...refundOpsHandlers(context),
    ...switchHandlers(context),
    ...notificationHandlers(context),
    ...reconciliationHandlers(context),
    ...Object.fromEntries([...onCharges, ...onCases]),
  } as Record<OpsRouteKey, Handler>;
}

/** An order is answered with what became of it, when that is known soon; `Prefer: wait` asks for longer. */
function onCharge(context: Context, action: ChargeAction): Handler {
  return async (req, res) => {
    const input = bodyOf(req, chargeActionSchemas[action]);
    const by = res.locals.keyName;
    const chargeId = chargeIdOf(req);
    res.locals.log.warn({ action, by }, 'An operator gives an order');
    const read = await orderCharge(context, { chargeId, action, input, by });
    const ms = preferredWait(req, res) ?? (action === 'note' ? 0 : context.timings.orderWait);
    const after = await wait(context, res, { read, wants: 'outcome', ms });
    res.status(after.record.outcome === null ? 202 : 200).json(await show(context, after));
  };
}

function onCase(context: Context, options: CaseOptions, action: CaseAction): Handler {
  return async (req, res) => {
    const { transaction_id: transactionId } = validate(casePathSchema, req.params, 'path');
    const input = bodyOf(req, caseActionSchemas[action]);
    const by = res.locals.keyName;
    res.locals.log.warn(
      { action, by, transaction_id: transactionId },
      'An operator gives an order',
    );
    const { log } = res.locals;
    const ordered =
      action === 'refund'
        ? await refundCase(context, options, { transactionId, input, by, log })
        : await orderCase(context, { transactionId, action, input, by });
    res.json(ordered);
  };
}
