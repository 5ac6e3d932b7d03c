/** The Express application: middleware, routes, and the one place where errors become answers. */
import { randomUUID } from 'node:crypto';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { guard, isCallback } from './access.ts';
import { AccountWebhooks } from './account-webhooks.ts';
import { keepSchedule } from './books-schedule.ts';
import { Callbacks } from './callbacks.ts';
import type { ApiConfig } from './config.ts';
import { mountDocsFiles } from './docs-page.ts';
import type { Context, Handler, Locals } from './answering.ts';
import { createHandlers } from './handlers.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { routeKeys, splitRoute, type RouteKey } from './openapi.ts';
import { Problem, problemBody, problemKinds, temporalUnavailable } from './problems.ts';
import { mountRunbookStyle } from './runbook-page.ts';
import { Reading } from './reading.ts';
import { exportStanding } from './standing-metrics.ts';
import { StandingSource } from './standing-source.ts';
import { countSubscription, SubscriptionStanding } from './subscription.ts';
import { countSwitches, Switches } from './switches.ts';
import { withSilent } from './silence.ts';
import { connectTemporal, isTemporalFailure, type Temporal } from './temporal.ts';
import { deriveTimings, type Timings } from './timings.ts';
import { Watching } from './watch.ts';

export type ApiOptions = Pick<
  ApiConfig,
  | 'temporal'
  | 'taskQueue'
  | 'accountId'
  | 'signatureSecrets'
  | 'publicUrl'
  | 'apiKeys'
  | 'opsTokens'
  | 'policy'
> &
  Partial<Pick<ApiConfig, 'temporalUiUrl' | 'webhookSecrets' | 'installation' | 'zones'>> & {
    log: Logger;
    timings?: Timings;
  };

export interface Api {
  app: Express;
  /** Sees to it that the books are made each night; ends with `stop`. */
  keepSchedule: () => Promise<void>;
  /** Ends all waiting, so that requests can finish. */
  stop: () => void;
  /** Closes the connections to Temporal; call it when no request runs any more. */
  close: () => Promise<void>;
}

/** Larger than 100 order lines need. */
const bodyLimit = '64kb';
/** Asked every few seconds by machines: not worth a line each. */
const quietRoutes = new Set<RouteKey>(['GET /healthz', 'GET /readyz', 'GET /metrics']);

export function createApi(options: ApiOptions): Api {
  const { log, timings = deriveTimings() } = options;
  const zones = options.zones ?? norwegian;
  const temporal = connectTemporal(options.temporal.options, options.temporal.namespace);
  const watching = new Watching({
    temporal,
    reading: new Reading(temporal.waiting.client),
    timings,
    log,
  });
  const metrics = createMetrics(() => watching.size);
  const standing = new StandingSource(temporal, {
    log,
    timeZone: zones.timeZone,
    taskQueue: options.taskQueue,
  });
  exportStanding(metrics.registry, async () => await standing.latest());
  const reading = new Reading(temporal.client);
  const switches = new Switches({ temporal, taskQueue: options.taskQueue, timings, log });
  countSwitches(metrics.registry, switches);
  const context: Context = {
    temporal,
    reading,
    policy: options.policy,
    taskQueue: options.taskQueue,
    timings,
    switches,
    watching,
    metrics,
    ...hearDintero(options, { temporal, reading, timings, metrics }),
    accountId: options.accountId,
    zones,
    temporalUi: temporalUiOf(options),
  };
  const stopped = new AbortController();
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(prepare(log));
  mountRoutes(app, { handlers: createHandlers(context), options, metrics });
  mountDocsFiles(app);
  mountRunbookStyle(app);
  app.use((req) => {
    throw new Problem('not_found', `There is no route ${req.path}: see /openapi.json.`);
  });
  app.use(answerError(metrics, temporal));
  return {
    app,
    keepSchedule: async () => await keepSchedule(context, { log, signal: stopped.signal }),
    stop: () => {
      stopped.abort();
      watching.stop();
    },
    close: async () => {
      await standing.close();
      await temporal.close();
    },
  };
}

/** Dintero's two ways to tell what has happened. */
function hearDintero(
  options: ApiOptions,
  of: Pick<Context, 'temporal' | 'reading' | 'timings' | 'metrics'>,
): Pick<Context, 'callbacks' | 'accountWebhooks' | 'subscription'> {
  const { webhookSecrets: secrets = [], accountId, publicUrl, taskQueue } = options;
  const { installation = null } = options;
  const { registry } = of.metrics;
  const callbacks = new Callbacks({ ...options, ...of });
  const isWanted = publicUrl !== null && secrets.length > 0;
  const subscription = new SubscriptionStanding({ ...of, taskQueue, isWanted });
  countSubscription(registry, subscription);
  return {
    callbacks,
    accountWebhooks: new AccountWebhooks({ callbacks, accountId, installation, secrets, registry }),
    subscription,
  };
}

const norwegian: Context['zones'] = { timeZone: 'Europe/Oslo', storeZones: {} };

function temporalUiOf({ temporalUiUrl, temporal }: ApiOptions): Context['temporalUi'] {
  return {
    temporalUiUrl: temporalUiUrl ?? 'http://localhost:8233',
    namespace: temporal.namespace,
  };
}

function prepare(log: Logger): RequestHandler {
  return (req, res, next) => {
    const given = req.get('x-request-id') ?? '';
    const requestId = /^[\w-]{1,64}$/.test(given) ? given : randomUUID();
    const controller = new AbortController();
    const locals: Locals = {
      requestId,
      keyName: 'a till without a key',
      log: log.child({ request_id: requestId }),
      gone: controller.signal,
    };
    Object.assign(res.locals, locals);
    res.on('close', () => controller.abort());
    res.set({
      'X-Request-Id': requestId,
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
      'Cache-Control': 'no-store',
    });
    next();
  };
}

interface Mounting {
  handlers: Record<RouteKey, Handler>;
  options: ApiOptions;
  metrics: Metrics;
}

function mountRoutes(app: Express, { handlers, options, metrics }: Mounting): void {
  const readText = express.text({ type: () => true, limit: bodyLimit });
  const methods = new Map<string, string[]>();
  for (const key of routeKeys) {
    const [method, route] = splitRoute(key);
    const path = route.replaceAll(/\{(\w+)\}/g, ':$1');
    const steps: RequestHandler[] = [measure(key, metrics)];
    const guarded = guard(key, options);
    if (guarded !== null) steps.push(guarded);
    if (method === 'post' && !isCallback(key)) steps.push(readText);
    steps.push(run(handlers[key]));
    app[method](path, ...steps);
    methods.set(path, [
      ...(methods.get(path) ?? []),
      ...(method === 'get' ? ['GET', 'HEAD'] : ['POST']),
    ]);
  }
  for (const [path, allowed] of methods) {
    app.all(path, (req) => {
      const allow = allowed.join(', ');
      throw new Problem(
        'method_not_allowed',
        `${req.method} is not possible here, only ${allow}.`,
        {
          headers: { Allow: allow },
        },
      );
    });
  }
}

function run(handler: Handler): RequestHandler {
  return async (req, res) => {
    await handler(req, res as Parameters<Handler>[1]);
  };
}

/** The route's template, never its query: callbacks carry session ids there. */
function measure(key: RouteKey, metrics: Metrics): RequestHandler {
  const [, route] = splitRoute(key);
  return (req, res, next) => {
    const locals = res.locals as Locals;
    const chargeId = req.params['charge_id'];
    if (typeof chargeId === 'string' && chargeId.length <= 40) {
      locals.log = locals.log.child({ charge_id: chargeId });
    }
    const stopTimer = metrics.requests.startTimer();
    const startedAt = Date.now();
    res.on('close', () => {
      const status = res.writableFinished ? String(res.statusCode) : 'client left';
      stopTimer({ method: req.method, route, status });
      const line = {
        method: req.method,
        route,
        status,
        ms: Date.now() - startedAt,
        key: locals.keyName,
      };
      if (quietRoutes.has(key)) locals.log.debug(line, 'Request');
      else locals.log.info(line, 'Request');
    });
    next();
  };
}

function answerError(metrics: Metrics, temporal: Temporal): ErrorRequestHandler {
  return async (err: unknown, _req, res, _next) => {
    const locals = res.locals as Locals;
    const problem = await withSilent(problemFor(err), temporal);
    metrics.problems.inc({ code: problem.code });
    const { status } = problemKinds[problem.code];
    if (status >= 500) locals.log.error({ err, code: problem.code }, 'Request failed');
    if (res.headersSent) {
      res.destroy();
      return;
    }
    res
      .status(status)
      .set(problem.extras.headers ?? {})
      .type('application/problem+json')
      .send(JSON.stringify(problemBody(problem, locals.requestId)));
  };
}

function problemFor(err: unknown): Problem {
  if (err instanceof Problem) return err;
  if (isTemporalFailure(err)) return temporalUnavailable('No answer came in time.', { cause: err });
  const { type, status } = (err ?? {}) as { type?: string; status?: number };
  if (type === 'entity.too.large') return new Problem('too_large', `A body may have ${bodyLimit}.`);
  if (status === 415) {
    return new Problem(
      'unsupported_media_type',
      'The body is not readable: send UTF-8 JSON, plain or gzip.',
    );
  }
  // Express and its body parser say 400 for an unreadable path, a wrong length, an aborted body.
  if (status === 400) {
    return new Problem(
      'invalid_request',
      'The request is not readable HTTP: check its path and body length.',
    );
  }
  return new Problem('internal', 'The service has a fault; the log has more under the request id.');
}
