/** The worker process: `npm run worker`. Needs nothing but its environment (design 8). */
import { Client } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { pino, type Logger } from 'pino';
import type { DinteroConfig } from '../activities/dintero/config.ts';
import type { WebhookConfig } from '../activities/webhook.ts';
import { createActivities } from '../activities/index.ts';
import { readWorkerConfig, type WorkerConfig } from './config.ts';
import { countFromNought, telemetryOptions } from './metrics.ts';
import { sweepUntil } from './sweep.ts';
import { keepKeeper } from './subscription.ts';
import { createWorkers, runWorkers } from './worker.ts';

/** Temporal's own lines and the workflows' through pino, so that one format carries the charge id everywhere. */
function installRuntime(log: Logger, metricsAddress: string | undefined): void {
  const levels = {
    TRACE: 'trace',
    DEBUG: 'debug',
    INFO: 'info',
    WARN: 'warn',
    ERROR: 'error',
  } as const;
  const logger = new DefaultLogger('DEBUG', ({ level, message, meta }) => {
    const workflowId: unknown = meta?.['workflowId'];
    const isCharge = typeof workflowId === 'string' && workflowId.startsWith('charge/');
    const chargeId = isCharge ? { charge_id: workflowId.slice('charge/'.length) } : {};
    // The polls' worker has no workflows on purpose.
    const isNews = !message.startsWith('No workflows registered');
    log[isNews ? levels[level] : 'debug']({ ...meta, ...chargeId }, message);
  });
  Runtime.install({
    logger,
    shutdownSignals: ['SIGTERM', 'SIGINT'],
    ...telemetryOptions(metricsAddress),
  });
}

async function main(): Promise<void> {
  const config = readWorkerConfig(process.env);
  const log = pino({ name: 'worker', level: config.LOG_LEVEL });
  installRuntime(log, config.METRICS_ADDRESS);
  const temporal = loadClientConnectConfig();
  const namespace = temporal.namespace ?? 'default';
  const connection = await NativeConnection.connect({
    ...temporal.connectionOptions,
    // Compression costs 6 ms of CPU a charge and saves nothing on small messages (measured).
    grpcCompression: { codec: 'none' },
  });
  const client = new Client({ connection, namespace });
  const taskQueue = config.TEMPORAL_TASK_QUEUE;
  const stopped = new AbortController();
  let errands: Promise<unknown> | null = null;
  try {
    const workers = await createWorkers({
      connection,
      namespace,
      taskQueue,
      activities: createActivities({
        config: dinteroConfig(config),
        temporal: client,
        webhook: webhookConfig(config),
      }),
      ...(config.TEMPORAL_WORKER_BUILD_ID === undefined
        ? {}
        : {
            version: {
              deploymentName: config.TEMPORAL_DEPLOYMENT_NAME,
              buildId: config.TEMPORAL_WORKER_BUILD_ID,
            },
          }),
      ...(config.WORKFLOW_BUNDLE === undefined
        ? {}
        : { bundle: { codePath: config.WORKFLOW_BUNDLE } }),
    });
    countFromNought(Runtime.instance().metricMeter, { namespace, taskQueue });
    const running = runWorkers(workers);
    const errand = { temporal: client, taskQueue, log };
    errands = Promise.all([
      sweepUntil(stopped.signal, errand),
      keepsSubscription(config) ? keepKeeper(stopped.signal, errand) : null,
    ]);
    log.info({ namespace, taskQueue }, 'worker ready');
    await running;
    log.info('worker drained');
  } finally {
    stopped.abort();
    await errands;
    await connection.close();
  }
}

function dinteroConfig(config: WorkerConfig): DinteroConfig {
  return {
    checkoutUrl: config.DINTERO_CHECKOUT_URL,
    apiUrl: config.DINTERO_API_URL,
    accountId: config.DINTERO_ACCOUNT_ID,
    clientId: config.DINTERO_CLIENT_ID,
    clientSecret: config.DINTERO_CLIENT_SECRET,
    profileId: config.DINTERO_PROFILE_ID,
    accountClient: accountClientOf(config),
    publicUrl: config.PUBLIC_URL ?? null,
    // The first one is the new one, while it is replaced.
    webhookSecret: config.DINTERO_WEBHOOK_SECRET[0] ?? null,
    installation: config.KVITT_INSTALLATION,
  };
}

/** Without both Dintero has nowhere to call, or nothing to sign with. */
function keepsSubscription(config: WorkerConfig): boolean {
  return config.PUBLIC_URL !== undefined && config.DINTERO_WEBHOOK_SECRET.length > 0;
}

function webhookConfig(config: WorkerConfig): WebhookConfig | null {
  if (config.WEBHOOK_URL === undefined) return null;
  return {
    url: config.WEBHOOK_URL,
    secrets: config.WEBHOOK_SECRET,
    allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
  };
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** Both or neither: the configuration has checked it. */
function accountClientOf({
  DINTERO_ACCOUNT_CLIENT_ID: clientId,
  DINTERO_ACCOUNT_CLIENT_SECRET: clientSecret,
}: WorkerConfig): NonNullable<DinteroConfig['accountClient']> | null {
  return clientId === undefined || clientSecret === undefined ? null : { clientId, clientSecret };
}
