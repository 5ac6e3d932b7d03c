import { z } from 'zod';
import { behaviourOf } from './behaviour.ts';
import type { Endpoint, RequestFault } from './faults.ts';
import type { Operation, Subject } from './records.ts';
import { profileRoutes } from './profiles.ts';
import { cancelSession, createSession, parseBody, paySession } from './sessions.ts';
import { refundRoutes } from './refunds.ts';
import { terminalOperationRoutes } from './terminal-operations.ts';
import { makeSignatureSecret } from './secrets.ts';
import { insertPayments, listTransactions } from './transaction-list.ts';
import { captureRequest, operate } from './transactions.ts';
import {
  aboutTransaction,
  transactionView,
  findSession,
  findTransaction,
  now,
  subjectOf,
  type World,
} from './world.ts';

export interface DinteroRequest {
  id: string;
  query: URLSearchParams;
  body: unknown;
  header: (name: string) => string;
}

export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
  /** The answer leaves only when this has come true. */
  held?: Promise<Answer>;
}

/** One endpoint of Dintero's payments API. */
export interface Route {
  endpoint: Endpoint;
  method: 'get' | 'post' | 'put' | 'delete';
  path: string;
  /** What the request names, for faults and the list of calls. */
  about(world: World, request: DinteroRequest): Subject;
  answer(world: World, request: DinteroRequest, fault: RequestFault | undefined): Answer;
}

const aboutSession: Route['about'] = (world, { id }) => {
  const session = world.store.tables.session.get(id);
  return session === undefined ? { session_id: id } : subjectOf(session);
};

const text = z.string().optional().catch(undefined);
const named = z.looseObject({
  order: z.looseObject({
    merchant_reference: text,
    merchant_reference_2: text,
    store: z.looseObject({ terminal_id: text }).optional().catch(undefined),
  }),
});

/** What a create names, read leniently: also a refused one is listed. */
const aboutCreate: Route['about'] = (_world, { body }) => {
  const order = named.safeParse(body).data?.order;
  return subject({ ...order, terminal_id: order?.store?.terminal_id });
};

const aboutList: Route['about'] = (_world, { query }) => subject(Object.fromEntries(query));

function subject(values: Record<string, unknown>): Subject {
  const names = ['merchant_reference', 'merchant_reference_2', 'session_id', 'terminal_id'];
  return Object.fromEntries(
    names.map((name) => [name, values[name]]).filter(([, value]) => typeof value === 'string'),
  ) as Subject;
}

const ok = (body: unknown): Answer => ({ status: 200, body });

function operation(
  world: World,
  id: string,
  wanted: Omit<Operation, 'by'>,
  fault: RequestFault | undefined,
): Answer {
  const by = world.options.clientId;
  const accept = fault?.kind === 'accept_202' ? fault : undefined;
  const { status, requestId } = operate(world, id, { ...wanted, by }, accept);
  return {
    status,
    body: transactionView(findTransaction(world, id)),
    ...(requestId !== undefined && { headers: { 'event-request-id': requestId } }),
  };
}

/** Everything a charge or a refund needs of Dintero; the table is mounted under both families of addresses. */
export const routes: readonly Route[] = [
  ...refundRoutes,
  {
    endpoint: 'create_session',
    method: 'post',
    path: '/sessions-profile',
    about: aboutCreate,
    answer: (world, { query, body, header }) =>
      ok(
        createSession(world, body, {
          withSession: query.get('include_session') === 'true',
          strictAmounts: header('dintero-feature-toggles').includes('strict-session-amounts'),
        }),
      ),
  },
  {
    endpoint: 'get_session',
    method: 'get',
    path: '/sessions/:id',
    about: aboutSession,
    answer: (world, { id }) => ok(findSession(world, id)),
  },
  {
    endpoint: 'cancel_session',
    method: 'post',
    path: '/sessions/:id/cancel',
    about: aboutSession,
    answer: (world, { id }) => ok(cancelSession(world, id, world.options.clientId)),
  },
  {
    endpoint: 'pay_session',
    method: 'post',
    path: '/sessions/:id/pay',
    about: aboutSession,
    answer: (world, { id, body }) => ok(paySession(world, id, body)),
  },
  {
    endpoint: 'list_transactions',
    method: 'get',
    path: '/transactions',
    about: aboutList,
    answer: (world, { query }, fault) => {
      const rows = listTransactions(world, query, {
        ignore: behaviourOf(world).list_ignores_filters ? ['terminal_id', 'channel'] : [],
        youngestMs: fault?.kind === 'list_lag' ? fault.ms : 0,
      });
      const page = ok(rows.map(transactionView));
      if (fault?.kind === 'insert') insertPayments(world, fault.count);
      return page;
    },
  },
  {
    endpoint: 'get_transaction',
    method: 'get',
    path: '/transactions/:id',
    about: aboutTransaction,
    answer: (world, { id, query }) => {
      const transaction = findTransaction(world, id);
      const withSession = query.getAll('includes').includes('session');
      return ok({
        ...transactionView(transaction),
        ...(withSession && { session: findSession(world, transaction.session_id) }),
      });
    },
  },
  {
    endpoint: 'create_signature_secret',
    method: 'post',
    path: '/admin/signature',
    about: () => ({}),
    answer: (world) => ok(makeSignatureSecret(world)),
  },
  {
    endpoint: 'update_transaction',
    method: 'put',
    path: '/transactions/:id',
    about: aboutTransaction,
    answer: (world, { id, body }) => {
      const transaction = findTransaction(world, id);
      const wanted = parseBody(z.strictObject({ merchant_reference_2: z.string() }), body);
      Object.assign(transaction, wanted, { updated_at: now() });
      world.store.save('transaction', id, transaction);
      return ok(transactionView(transaction));
    },
  },
  {
    endpoint: 'capture',
    method: 'post',
    path: '/transactions/:id/capture',
    about: aboutTransaction,
    answer: (world, { id, body }, fault) => {
      findTransaction(world, id);
      const { amount, capture_reference, metadata } = parseBody(captureRequest, body);
      const wanted = {
        name: 'CAPTURE' as const,
        amount,
        ...(capture_reference !== undefined && { reference: capture_reference }),
        ...(metadata !== undefined && { metadata }),
      };
      return operation(world, id, wanted, fault);
    },
  },
  {
    endpoint: 'void',
    method: 'post',
    path: '/transactions/:id/void',
    about: aboutTransaction,
    answer: (world, { id }, fault) => {
      const { amount } = findTransaction(world, id);
      return operation(world, id, { name: 'VOID', amount }, fault);
    },
  },
  ...terminalOperationRoutes,
  ...profileRoutes,
];
