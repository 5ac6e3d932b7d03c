import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { accountRoutes } from './account-routes.ts';
import { behaviourOf } from './behaviour.ts';
import { withDinterosTimes } from './clock.ts';
import { assertApiKey } from './secrets.ts';
import { firstDelivery } from './callbacks.ts';
import { takeCallbackFault, takeFault, type RequestFault } from './faults.ts';
import type { Subject } from './records.ts';
import { merge } from './rewrite.ts';
import { routes, type Answer, type DinteroRequest, type Route } from './routes.ts';
import { assertToken, issueToken } from './token.ts';
import { now, Refusal, type World } from './world.ts';

/** Dintero's face: one table of routes at both families of addresses, with faults in front. */
export function createDinteroApi(world: World): Router {
  const router = express.Router();
  const token: Route = {
    endpoint: 'token',
    method: 'post',
    path: '/accounts/:id/auth/token',
    about: () => ({}),
    answer: (_world, { id, body, header }) => ({
      status: 200,
      body: issueToken(world, { accountId: id, authorization: header('authorization'), body }),
    }),
  };
  router.post(`/v1${token.path}`, handle(world, token, '/v1'));
  for (const family of ['/v1', '/v1/accounts/:account/payments']) {
    for (const route of routes) {
      router[route.method](family + route.path, handle(world, route, family));
    }
  }
  for (const route of accountRoutes) {
    router[route.method](`/v1/accounts/:account${route.path}`, handle(world, route, '/v1'));
  }
  return router;
}

/** Dintero's error envelope. */
export function envelope(message: string, errors: object[] = []): object {
  return { error: { message, errors } };
}

function handle(world: World, route: Route, family: string): RequestHandler {
  return async (req, res) => {
    const request = readRequest(req);
    const about = route.about(world, request);
    const fault = takeFault(world, route.endpoint, about);
    if (fault?.kind === 'late') await sleep(fault.ms);

    const processed = isProcessed(fault);
    const answered = processed ? answerOf(world, route, req, request, fault) : undefined;
    const answer = faulty(answered, fault);
    // Now, not when it leaves: a slow answer tells how things were.
    const text = JSON.stringify(answer?.body);
    const shown = text === undefined ? text : withDinterosTimes(world, text);
    const sessionId = createdSession(route, answered);
    const subject = { ...about, ...(sessionId !== undefined && { session_id: sessionId }) };
    note(world, route, family, { request, subject, processed, fault, answer });
    world.store.commit();

    if (sessionId !== undefined) await overtaken(world, sessionId, subject);
    res.set('date', new Date(Date.now() + behaviourOf(world).clock_skew_ms).toUTCString());
    const held = answer === answered ? await answer?.held : undefined;
    const leaving =
      held === undefined ? shown : withDinterosTimes(world, JSON.stringify(held.body));
    await respond(res, fault, held ?? answer, leaving);
  };
}

function readRequest(req: Request): DinteroRequest {
  const { id } = req.params;
  return {
    id: typeof id === 'string' ? id : '',
    query: new URL(req.originalUrl, 'http://simulator').searchParams,
    body: req.body,
    header: (name) => req.get(name) ?? '',
  };
}

function answerOf(
  world: World,
  route: Route,
  req: Request,
  request: DinteroRequest,
  fault: RequestFault | undefined,
): Answer {
  try {
    if (route.endpoint === 'create_signature_secret') assertApiKey(world, request);
    else if (route.endpoint !== 'token') assertToken(world, request.header('authorization'));
    if (behaviourOf(world).checkout_scope_only && accountRoutes.includes(route)) {
      throw new Refusal(403, 'FORBIDDEN');
    }
    const { account } = req.params;
    if (account !== undefined && account !== world.options.accountId) {
      throw new Refusal(403, 'FORBIDDEN');
    }
    return route.answer(world, request, fault);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: error.status, body: envelope(error.message, error.errors) };
  }
}

function isProcessed(fault: RequestFault | undefined): boolean {
  if (fault?.kind === 'status') return fault.processed;
  return fault === undefined || !fault.kind.endsWith('_before');
}

/** The answer that leaves, or undefined where none does. */
function faulty(answer: Answer | undefined, fault: RequestFault | undefined): Answer | undefined {
  if (fault?.kind === 'status') {
    const { status, headers, body = envelope(`simulated ${status}`) } = fault;
    return { status, headers, body };
  }
  if (fault?.kind === 'garbage') return { status: 200, body: fault.body };
  if (fault?.kind === 'rewrite') {
    return answer && { ...answer, body: merge(answer.body, fault.set) };
  }
  return fault !== undefined && /^(reset|hang)_/.test(fault.kind) ? undefined : answer;
}

/** The session a create has made, which the request could not name. */
function createdSession(route: Route, answer: Answer | undefined): string | undefined {
  if (route.endpoint !== 'create_session' || answer?.status !== 200) return undefined;
  return (answer.body as { id: string }).id;
}

/** With that fault, holds the create's answer back until its first callback was attempted. */
async function overtaken(world: World, sessionId: string, subject: Subject): Promise<void> {
  const fault = takeCallbackFault(world, subject, true);
  if (fault?.kind === 'before_response') await firstDelivery(world, sessionId, fault.ms);
}

function note(
  world: World,
  route: Route,
  family: string,
  call: {
    request: DinteroRequest;
    subject: Subject;
    processed: boolean;
    fault: RequestFault | undefined;
    answer: Answer | undefined;
  },
): void {
  const seq = world.store.tables.call.size + 1;
  const path = (family + route.path)
    .replace(':account', '{account_id}')
    .replace(':id', route.endpoint === 'token' ? '{account_id}' : '{id}');
  const { amount } = (call.request.body ?? {}) as { amount?: unknown };
  world.store.save('call', String(seq), {
    seq,
    at: now(),
    endpoint: route.endpoint,
    method: route.method.toUpperCase(),
    path,
    ...call.subject,
    ...(typeof amount === 'number' && { amount }),
    status: call.answer?.status ?? null,
    processed: call.processed,
    fault: call.fault?.kind ?? null,
  });
}

async function respond(
  res: Response,
  fault: RequestFault | undefined,
  answer: Answer | undefined,
  text: string | undefined,
): Promise<void> {
  if (fault?.kind === 'slow') await sleep(fault.ms);
  if (fault?.kind === 'hang_before' || fault?.kind === 'hang_after') {
    const gone = once(res, 'close');
    await (fault.ms === undefined ? gone : Promise.race([gone, sleep(fault.ms)]));
  }
  if (answer === undefined) {
    res.socket?.resetAndDestroy();
    return;
  }
  res.status(answer.status).set(answer.headers ?? {});
  if (typeof answer.body === 'string') res.type('text/html').send(answer.body);
  else res.type('application/json').send(text);
}
