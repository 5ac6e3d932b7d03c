import { EventEmitter, once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { pino } from 'pino';
import { readOptions, type SimulatorOptions } from './config.ts';
import { createControlApi } from './control-api.ts';
import { createDinteroApi, envelope } from './dintero-api.ts';
import { deliver } from './callbacks.ts';
import { sendEvent } from './hooks.ts';
import { createJobs } from './jobs.ts';
import type { Job } from './records.ts';
import { retryRefund } from './refund-results.ts';
import { createStore } from './store.ts';
import { endOperation } from './terminal-operations.ts';
import { answer, timeOut } from './terminals.ts';
import { autoCapture, complete } from './transactions.ts';
import { Refusal, type World } from './world.ts';

/** A running simulator. */
export interface Simulator {
  readonly url: string;
  readonly port: number;
  readonly options: SimulatorOptions;
  close(): Promise<void>;
}

/** Starts Dintero, its terminals and its ledger on a local port, going on from the journal if there is one. */
export async function createSimulator(
  overrides: Partial<SimulatorOptions> = {},
): Promise<Simulator> {
  const options = { ...readOptions({}), port: 0, logLevel: 'warn', ...overrides };
  const world = createWorld(options);
  const server = createServer(createApp(world));
  try {
    server.listen(options.port, options.host);
    await once(server, 'listening');
  } catch (error) {
    world.store.close();
    throw error;
  }
  world.jobs.start((job) => work(world, job));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}`,
    port,
    options,
    close: async () => await close(world, server),
  };
}

function createWorld(options: SimulatorOptions): World {
  const store = createStore(options.data);
  const world: World = {
    options,
    store,
    jobs: createJobs(store),
    log: pino({ level: options.logLevel }),
    events: new EventEmitter(),
    closed: false,
  };
  return world;
}

function createApp(world: World): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use(express.json({ limit: '1mb' }));
  app.use('/simulator', createControlApi(world));
  app.use(createDinteroApi(world));
  app.use((req, res) => {
    res.status(404).json(envelope(`no such address: ${req.method} ${req.path}`));
  });
  // Express knows an error handler by its four parameters.
  const onError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
    const status = statusOf(error);
    if (status === 500) world.log.error(error);
    const errors = error instanceof Refusal ? error.errors : [];
    res.status(status).json(envelope(error instanceof Error ? error.message : 'failed', errors));
  };
  app.use(onError);
  return app;
}

/** Refusals and Express's own errors, such as JSON that cannot be read, carry their status. */
function statusOf(error: unknown): number {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === 'number' ? status : 500;
}

function work(world: World, job: Job): void | Promise<void> {
  switch (job.kind) {
    case 'prompt_timeout':
      return timeOut(world, job);
    case 'customer':
      return answer(world, job, job.customer);
    case 'retry_refund':
      return retryRefund(world, job.refund_id);
    case 'auto_capture':
      return autoCapture(world, job.transaction_id);
    case 'complete':
      return complete(world, job);
    case 'end_operation':
      return endOperation(world, job);
    case 'deliver':
      return deliver(world, job.delivery_id);
    case 'send_event':
      return sendEvent(world, job.hook_id);
  }
}

async function close(world: World, server: Server): Promise<void> {
  world.jobs.stop();
  world.closed = true;
  const closed = once(server, 'close');
  server.close();
  // Requests left hanging by a fault would hold the server for ever.
  server.closeAllConnections();
  await closed;
  world.store.close();
}
