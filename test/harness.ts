/**
 * The whole of Kvitt in one call, on the suite's Temporal server: simulator, worker and api in this process, their
 * durations scaled through the input, everything on free ports. `stop()` ends all of it.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { inject } from 'vitest';
import { createActivities } from '../activities/index.ts';
import { createApi } from '../api/app.ts';
import { deriveTimings } from '../api/timings.ts';
import { audit, type Reported } from '../scripts/audit.ts';
import {
  controlSimulator,
  type LedgerEntry,
  type SimulatorControl,
} from '../scripts/dintero-simulator.ts';
import { createSimulator } from '../simulator/simulator.ts';
import { createWorkers, runWorkers } from '../worker/worker.ts';
import { derivePolicy, type PolicySettings } from '../workflows/policy.ts';

export const accountId = 'T90001234';
const signatureSecret = 'whsec-test';

export interface HarnessOptions extends Partial<PolicySettings> {
  /** Shortens what a shop waits for; 0.02 makes three minutes 3.6 s. */
  scale?: number;
  /** False: no callback ever comes, polling finds everything. */
  hasCallbacks?: boolean;
  apiScale?: number;
}

/** The charge as the api answers it, as far as the tests look. */
export interface ChargeAnswer extends Reported {
  state: string;
  reason: string | null;
  needs_attention: string | null;
  advice: string;
  safe_to_take_other_payment: boolean;
  next_attempt: number | null;
  transaction_id: string | null;
  held_by: string | null;
}

interface Answer<Body = ChargeAnswer> {
  status: number;
  body: Body;
}

export interface Harness {
  url: string;
  client: Client;
  taskQueue: string;
  simulator: SimulatorControl;
  /** A terminal that no other test uses. */
  freshTerminal: () => string;
  freshReference: () => string;
  call: <Body = ChargeAnswer>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer<Body>>;
  post: (change?: object, headers?: Record<string, string>) => Promise<Answer>;
  /** Waits for the ending, by the api's own long poll. */
  ending: (chargeId: string) => Promise<ChargeAnswer>;
  until: (chargeId: string, isReached: (charge: ChargeAnswer) => boolean) => Promise<ChargeAnswer>;
  ledgerOf: (chargeId: string) => Promise<LedgerEntry[]>;
  /** The breaches of the money rules, by the ledger; of all charges of this harness unless named. */
  audit: (charges: Reported[]) => Promise<string[]>;
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
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}

export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  quietRuntime();
  const { scale = 0.02, hasCallbacks = true, apiScale = 1, ...settings } = options;
  const taskQueue = `test-${crypto.randomUUID()}`;
  const policy = derivePolicy(
    {
      promptMode: 'create',
      captureMode: 'auto',
      cancelEndsPrompt: true,
      deadlineSeconds: 180,
      promptLifetimeSeconds: 180,
      attentionSeconds: 120,
      ...settings,
    },
    scale,
  );
  const simulator = await createSimulator({
    port: 0,
    accountId,
    signatureSecret,
    prompt: policy.promptMode,
    promptLifetimeMs: policy.durations.promptLifetime ?? 3_600_000,
    callbackRetriesMs: [50, 100, 200],
    answerDelayMs: 0,
  });
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const address = inject('temporalAddress');
  const api = createApi({
    temporal: { options: { address }, namespace: 'default' },
    taskQueue,
    accountId,
    signatureSecrets: [signatureSecret],
    publicUrl: url,
    apiKeys: [],
    policy,
    log: pino({ level: 'silent' }),
    timings: deriveTimings(apiScale),
  });
  server.on('request', api.app);

  const native = await NativeConnection.connect({ address, grpcCompression: { codec: 'none' } });
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  let running: { stop: () => Promise<void> } | null = null;
  async function startWorkers(): Promise<void> {
    const workers = await createWorkers({
      connection: native,
      namespace: 'default',
      taskQueue,
      bundle: { codePath: inject('workflowBundle') },
      activities: createActivities({
        config: {
          checkoutUrl: `${simulator.url}/v1`,
          apiUrl: `${simulator.url}/v1`,
          accountId,
          clientId: 'simulator',
          clientSecret: 'simulator',
          profileId: simulator.options.profileId,
          publicUrl: hasCallbacks ? url : null,
          installation: taskQueue,
        },
        temporal: new Client({ connection: native }),
      }),
    });
    const finished = runWorkers(workers);
    running = {
      stop: async () => {
        workers.charges.shutdown();
        await finished;
      },
    };
  }
  async function stopWorkers(): Promise<void> {
    await running?.stop();
    running = null;
  }
  await startWorkers();

  const control = controlSimulator(simulator.url);
  let count = 0;
  const call: Harness['call'] = async <Body>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> => {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Body };
  };
  const run = crypto.randomUUID().slice(0, 8);
  const harness: Harness = {
    url,
    client,
    taskQueue,
    simulator: control,
    freshTerminal: () => `${accountId}-T${String((count += 1)).padStart(4, '0')}`,
    freshReference: () => `S-${run}-${(count += 1)}`,
    call,
    post: async (change = {}, headers = {}) =>
      await call('POST', '/charges', { ...saleOf(harness), ...change }, headers),
    ending: async (chargeId) => await harness.until(chargeId, ({ outcome }) => outcome !== null),
    until: async (chargeId, isReached) => {
      const giveUpAt = Date.now() + 45_000;
      for (let query = ''; ; query = '?wait=5') {
        const { body } = await call('GET', `/charges/${chargeId}${query}`);
        if (isReached(body)) return body;
        if (Date.now() > giveUpAt) throw new Error(`not reached: ${JSON.stringify(body)}`);
      }
    },
    ledgerOf: async (chargeId) => await control.ledger({ merchant_reference: chargeId }),
    audit: async (charges) => audit(await control.ledger(), charges),
    startWorkers,
    stopWorkers,
    stop: async () => {
      api.stop();
      server.closeAllConnections();
      server.close();
      await stopWorkers();
      await api.close();
      await native.close();
      await connection.close();
      await simulator.close();
    },
  };
  return harness;
}

/** A valid sale on its own terminal. */
export function saleOf(harness: Pick<Harness, 'freshReference' | 'freshTerminal'>): {
  reference: string;
  amount: number;
  currency: string;
  terminal_id: string;
  store_id: string;
  payout_destination_id: string;
} {
  return {
    reference: harness.freshReference(),
    amount: 12900,
    currency: 'NOK',
    terminal_id: harness.freshTerminal(),
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
  };
}
