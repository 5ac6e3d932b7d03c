/**
 * The whole of Kvitt in one call, on a Temporal server that runs already: simulator, worker and api in this process,
 * their durations scaled through the input, everything on free ports. `stop()` ends all of it. Tests and seeded fault
 * runs are built on it; its seams (`wrapActivities`, `bundle`, `wrapApi`) switch a protection off to prove that it
 * is missed. The product has no such switch.
 */
import { createHash } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
} from '@temporalio/worker';
import { pino } from 'pino';
import { createActivities, type Activities } from '../activities/index.ts';
import { createApi, type Api } from '../api/app.ts';
import { deriveTimings } from '../api/timings.ts';
import type { WebhookConfig } from '../activities/webhook.ts';
import { createSimulator, type Simulator } from '../simulator/simulator.ts';
import { startKeeper } from '../worker/subscription.ts';
import { createWorkers, runWorkers, type WorkerSetup } from '../worker/worker.ts';
import type { KeeperPace } from '../workflows/subscription.ts';
import {
  derivePolicy,
  type ChargePolicy,
  type Durations,
  type PolicySettings,
  type Retries,
} from '../workflows/policy.ts';
import { audit, type Reported } from './audit.ts';
import type { ReportedRefund } from './audit-refunds.ts';
import { controlSimulator, type LedgerEntry, type SimulatorControl } from './dintero-simulator.ts';
import { createTill, type Till } from './till.ts';

/** What the simulator signs callbacks with. */
export const signatureSecret = 'whsec-test';
/** What it signs the account's webhooks with. */
const webhookSecret = 'webhook-secret-of-the-tests';

export interface InProcessOptions extends Partial<PolicySettings> {
  temporalAddress: string;
  namespace?: string;
  /** The workflow code, as a file or in memory: also one with a module replaced. */
  bundle: NonNullable<WorkerSetup['bundle']>;
  /** How its task queue starts. */
  name?: string;
  /** Another account has other terminals: Kvitts that run side by side do not meet. */
  accountId?: string;
  /** Shortens what a shop waits for; 0.02 makes three minutes 3.6 s. */
  scale?: number;
  apiScale?: number;
  /** What scaling alone does not give; ms. */
  durations?: Partial<Durations>;
  /** False: no callback ever comes, polling finds everything. */
  hasCallbacks?: boolean;
  /** Account webhooks too; how often their subscription is looked at. */
  keeper?: KeeperPace;
  /** Where the shop's business day begins. */
  timeZone?: string;
  /** The retailer's system; `retries` in ms, what scaling alone does not give. */
  webhook?: WebhookConfig & { retries?: Retries };
  wrapActivities?: (activities: Activities) => Activities;
  /** Stands before the api; it hears the till and Dintero's callbacks alike. */
  wrapApi?: (api: RequestListener) => RequestListener;
}

export interface Kvitt extends Till {
  url: string;
  accountId: string;
  client: Client;
  taskQueue: string;
  policy: ChargePolicy;
  simulator: SimulatorControl;
  ledgerOf: (chargeId: string) => Promise<LedgerEntry[]>;
  /** The breaches of the money rules, by the whole ledger of this Kvitt. */
  audit: (charges: Reported[], refunds?: ReportedRefund[]) => Promise<string[]>;
  /** Stops and starts the workers, as a deploy does. */
  stopWorkers: () => Promise<void>;
  startWorkers: () => Promise<void>;
  stop: () => Promise<void>;
}

let isQuiet = false;

/** Temporal's own lines are no news in a test. */
function quietRuntime(): void {
  if (isQuiet) return;
  isQuiet = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
}

/** What the parts of one Kvitt share. */
interface Setup {
  options: InProcessOptions;
  accountId: string;
  namespace: string;
  taskQueue: string;
  policy: ChargePolicy;
  opsToken: string;
}

export async function startInProcess(options: InProcessOptions): Promise<Kvitt> {
  quietRuntime();
  const { accountId = 'T90001234', namespace = 'default', name = 'test', scale = 0.02 } = options;
  const notifies = options.webhook !== undefined;
  const policy = derivePolicy({ ...simulatedShop, notifies, ...options }, scale);
  Object.assign(policy.durations, options.durations);
  if (options.webhook?.retries !== undefined) policy.notifies = options.webhook.retries;
  const taskQueue = `${name}-${crypto.randomUUID()}`;
  const opsToken = crypto.randomUUID();
  const setup: Setup = { options, accountId, namespace, taskQueue, policy, opsToken };
  const simulator = await createSimulator({
    port: 0,
    accountId,
    signatureSecret,
    prompt: policy.promptMode,
    promptLifetimeMs: policy.durations.promptLifetime ?? 3_600_000,
    callbackRetriesMs: [50, 100, 200],
    answerDelayMs: 0,
  });
  const api = await startApi(setup);
  const workers = await connectWorkers(setup, { simulator, apiUrl: api.url });
  const connection = await Connection.connect({ address: options.temporalAddress });
  const client = new Client({ connection, namespace });
  await workers.start();
  if (options.keeper !== undefined) await startKeeper(client, { taskQueue, pace: options.keeper });
  return {
    url: api.url,
    accountId,
    client,
    taskQueue,
    policy,
    ...createTill(api.url, accountId, opsToken),
    ...auditor(controlSimulator(simulator.url)),
    startWorkers: workers.start,
    stopWorkers: workers.stop,
    stop: async () => {
      api.stopListening();
      await workers.stop();
      await api.close();
      await workers.close();
      await connection.close();
      await simulator.close();
    },
  };
}

/** The simulator obeys both device facts, and its terminals are the shop's. */
const simulatedShop: PolicySettings = {
  promptMode: 'create',
  captureMode: 'auto',
  cancelEndsPrompt: true,
  deadlineSeconds: 180,
  promptLifetimeSeconds: 180,
  attentionSeconds: 120,
};

async function startApi({
  options,
  accountId,
  namespace,
  taskQueue,
  policy,
  opsToken,
}: Setup): Promise<{ url: string; stopListening: () => void; close: Api['close'] }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = createApi({
    temporal: { options: { address: options.temporalAddress }, namespace },
    taskQueue,
    accountId,
    signatureSecrets: [signatureSecret],
    webhookSecrets: options.keeper === undefined ? [] : [webhookSecret],
    publicUrl: url,
    installation: taskQueue,
    apiKeys: [],
    opsTokens: [{ name: 'operator', sha256: createHash('sha256').update(opsToken).digest('hex') }],
    policy,
    log: pino({ level: 'silent' }),
    timings: deriveTimings(options.apiScale ?? 1),
    zones: { timeZone: options.timeZone ?? 'Europe/Oslo', storeZones: {} },
  });
  const { wrapApi = (listener) => listener } = options;
  const app: RequestListener = (req, res) => void api.app(req, res);
  server.on('request', wrapApi(app));
  const stopListening = (): void => {
    api.stop();
    server.closeAllConnections();
    server.close();
  };
  return { url, stopListening, close: api.close };
}

async function connectWorkers(
  { options, accountId, namespace, taskQueue }: Setup,
  { simulator, apiUrl }: { simulator: Simulator; apiUrl: string },
): Promise<Record<'start' | 'stop' | 'close', () => Promise<void>>> {
  const native = await NativeConnection.connect({
    address: options.temporalAddress,
    grpcCompression: { codec: 'none' },
  });
  const activities = createActivities({
    config: {
      checkoutUrl: `${simulator.url}/v1`,
      apiUrl: `${simulator.url}/v1`,
      accountId,
      clientId: 'simulator',
      clientSecret: 'simulator',
      profileId: simulator.options.profileId,
      publicUrl: options.hasCallbacks === false ? null : apiUrl,
      webhookSecret: options.keeper === undefined ? null : webhookSecret,
      installation: taskQueue,
    },
    temporal: new Client({ connection: native, namespace }),
    webhook: options.webhook ?? null,
  });
  const { wrapActivities = (real) => real } = options;
  let running: { stop: () => Promise<void> } | null = null;
  return {
    start: async () => {
      if (running !== null) return;
      const workers = await createWorkers({
        connection: native,
        namespace,
        taskQueue,
        bundle: options.bundle,
        activities: wrapActivities(activities),
      });
      const finished = runWorkers(workers);
      running = {
        stop: async () => {
          workers.charges.shutdown();
          await finished;
        },
      };
    },
    stop: async () => {
      await running?.stop();
      running = null;
    },
    close: async () => {
      await native.close();
    },
  };
}

function auditor(simulator: SimulatorControl): Pick<Kvitt, 'simulator' | 'ledgerOf' | 'audit'> {
  return {
    simulator,
    ledgerOf: async (chargeId) => await simulator.ledger({ merchant_reference: chargeId }),
    audit: async (charges, refunds) => audit(await simulator.ledger(), charges, refunds),
  };
}
