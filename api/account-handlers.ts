/** What the routes of stores, terminals and their operations do. */
import type { Response } from 'express';
import { type AccountOrder } from '../workflows/account-orders.ts';
import { isEnded } from '../workflows/terminal-operations.ts';
import type { AccountRouteKey } from './account-openapi.ts';
import {
  createStoreSchema,
  createTerminalSchema,
  operationListQuerySchema,
  operationPathSchema,
  operationRequestSchema,
  storePathSchema,
  terminalPathSchema,
  terminalQuerySchema,
  updateStoreSchema,
  updateTerminalSchema,
} from './account-schemas.ts';
import { askAccount, orderAccount } from './account.ts';
import { bounded, preferredWait, type Context, type Handler, type Locals } from './answering.ts';
import { findOperation, listOperations, orderOperation } from './operations.ts';
import { assertOwnIds, assertOwnSerial } from './own-account.ts';
import { Problem } from './problems.ts';
import { assertOwnAccount, bodyOf, validate } from './request.ts';
import { emptyRequestSchema } from './schemas.ts';

type Request = Parameters<Handler>[0];

export function accountHandlers(context: Context): Record<AccountRouteKey, Handler> {
  const terminalIdOf = (req: Request): string => {
    const { terminal_id } = validate(terminalPathSchema, req.params, 'path');
    assertOwnAccount(terminal_id, context.accountId);
    return terminal_id;
  };
  const order = async (res: Response<unknown, Locals>, ordered: AccountOrder): Promise<void> => {
    const by = res.locals.keyName;
    res.locals.log.warn({ order: ordered.do, by }, 'An operator gives an order');
    const answer = await orderAccount(context, { order: ordered, by });
    res.status(answer.outcome === 'done' ? 200 : 202).json(answer);
  };
  return {
    ...reads(context, terminalIdOf),
    'POST /ops/stores': async (req, res) => {
      const request = bodyOf(req, createStoreSchema);
      assertOwnIds(request, context.accountId);
      await order(res, { do: 'create_store', ...request });
    },
    'POST /ops/stores/{store_id}': async (req, res) => {
      const path = validate(storePathSchema, req.params, 'path');
      const request = bodyOf(req, updateStoreSchema);
      assertOwnIds({ ...path, ...request }, context.accountId);
      await order(res, { do: 'update_store', ...path, ...request });
    },
    'POST /ops/terminals': async (req, res) => {
      const request = bodyOf(req, createTerminalSchema);
      assertOwnIds(request, context.accountId);
      assertOwnSerial(request.serial_number, context.accountId);
      await order(res, { do: 'create_terminal', ...request });
    },
    'POST /ops/terminals/{terminal_id}': async (req, res) => {
      const terminal_id = terminalIdOf(req);
      const request = bodyOf(req, updateTerminalSchema);
      assertOwnIds(request, context.accountId);
      await order(res, { do: 'update_terminal', terminal_id, ...request });
    },
    'POST /ops/terminals/{terminal_id}/sync': async (req, res) => {
      const terminal_id = terminalIdOf(req);
      bodyOf(req, emptyRequestSchema);
      await order(res, { do: 'sync_terminal', terminal_id });
    },
    'POST /ops/terminals/{terminal_id}/operations': async (req, res) => {
      const terminalId = terminalIdOf(req);
      const request = bodyOf(req, operationRequestSchema);
      const by = res.locals.keyName;
      const { operation } = request;
      res.locals.log.warn({ operation, by, terminal_id: terminalId }, 'An operator gives an order');
      const waitMs = preferredWait(req, res) ?? context.timings.orderWait;
      const shown = await orderOperation(context, { terminalId, request, by, waitMs });
      res.status(isEnded(shown) ? 200 : 202).json(shown);
    },
  };
}

type ReadKey = Extract<AccountRouteKey, `GET ${string}`>;

function reads(context: Context, terminalIdOf: (req: Request) => string): Record<ReadKey, Handler> {
  return {
    'GET /terminals': async (req, res) => {
      const query = validate(terminalQuerySchema, req.query, 'query');
      const { terminals } = await askAccount(context, { read: 'terminals', ...query });
      res.json({ terminals });
    },
    'GET /terminals/{terminal_id}': async (req, res) => {
      const terminal_id = terminalIdOf(req);
      const { terminals } = await askAccount(context, { read: 'terminal', terminal_id });
      const [terminal] = terminals;
      if (terminal === undefined) {
        throw new Problem('not_found', `Dintero knows no terminal ${terminal_id}.`);
      }
      res.json(terminal);
    },
    'GET /terminals/{terminal_id}/operations': async (req, res) => {
      const terminalId = terminalIdOf(req);
      const page = validate(operationListQuerySchema, req.query, 'query');
      res.json(await bounded(context, () => listOperations(context, { terminalId, ...page })));
    },
    'GET /terminals/{terminal_id}/operations/{operation_id}': async (req, res) => {
      const terminalId = terminalIdOf(req);
      const { operation_id } = validate(operationPathSchema, req.params, 'path');
      res.json(await findOperation(context, { terminalId, operationId: operation_id }));
    },
    'GET /stores': async (_req, res) => {
      const { stores } = await askAccount(context, { read: 'stores' });
      res.json({ stores });
    },
  };
}
