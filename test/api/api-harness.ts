/**
 * Starts what the api's tests need: a Temporal dev server, a worker with the stand-in charge, and apis on free ports.
 * The only file here that knows where these come from.
 */
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { pino, type Logger } from 'pino';
import { inject } from 'vitest';
import { createApi, type Api, type ApiOptions } from '../../api/app.ts';
import { callbackUrl } from '../../api/callbacks.ts';
import {
  chargeWorkflowId,
  recoverChargeType,
  recoveryWorkflowId,
  searchAttributes,
  type ChargeMemo,
  type ChargeRecord,
  type RecoveryInput,
} from '../../workflows/messages.ts';
import { derivePolicy } from '../../workflows/policy.ts';
import { deriveTimings, type Timings } from '../../api/timings.ts';

export const accountId = 'T90001234';
const taskQueue = 'api-tests';

export const policy = derivePolicy({
  promptMode: 'create',
  captureMode: 'auto',
  cancelEndsPrompt: true,
  deadlineSeconds: 180,
  promptLifetimeSeconds: 300,
  attentionSeconds: 120,
});

/** Quick polls; patience that survives a busy machine. */
export const testTimings: Timings = {
  ...deriveTimings(),
  pollMin: 20,
  pollMax: 100,
  watchRetry: 50,
  callback: 20_000,
};

// Before anything else: the first connection would install a talkative one.
Runtime.install({ logger: new DefaultLogger('ERROR') });

/** A dev server, prepared as `npm run namespace` does. */
export async function startTemporal(port?: number): Promise<TestWorkflowEnvironment> {
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: inject('temporalCli') },
      searchAttributes: Object.values(searchAttributes),
      log: { level: 'never', format: 'pretty' },
      ...(port === undefined ? {} : { port }),
    },
  });
  await env.connection.workflowService.updateNamespace({
    namespace: 'default',
    config: { workflowExecutionRetentionTtl: { seconds: 30 * 86_400 } as never },
  });
  return env;
}

/** A person's token, which every api here knows. */
export const opsToken = 'token-of-kari';

export interface TestWorker {
  stop: () => Promise<void>;
}

export async function startWorker(env: TestWorkflowEnvironment): Promise<TestWorker> {
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: { codePath: inject('standInBundle') },
    shutdownGraceTime: '100ms',
  });
  const running = worker.run();
  return {
    stop: async () => {
      worker.shutdown();
      await running;
    },
  };
}

export interface RunningApi extends Api {
  url: string;
  server: Server;
  call: (path: string, init?: Call) => Promise<Answer>;
  /** As {@link call}, with a person's token. */
  ops: (path: string, init?: Call) => Promise<Answer>;
  end: () => Promise<void>;
}

interface Call {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; an empty object if it is none. */
  body: Record<string, unknown>;
}

export async function startApi(
  address: string,
  overrides: Partial<ApiOptions> = {},
): Promise<RunningApi> {
  const api = createApi({
    temporal: { options: { address }, namespace: 'default' },
    taskQueue,
    accountId,
    signatureSecrets: [],
    publicUrl: null,
    apiKeys: [],
    opsTokens: [{ name: 'kari', sha256: createHash('sha256').update(opsToken).digest('hex') }],
    policy,
    log: silentLog(),
    timings: testTimings,
    ...overrides,
  });
  const server = createServer(api.app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...api,
    url,
    server,
    call: (callPath, init = {}) => call(`${url}${callPath}`, init),
    ops: (callPath, init = {}) =>
      call(`${url}${callPath}`, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${opsToken}` },
      }),
    end: async () => {
      api.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await api.close();
    },
  };
}

async function call(url: string, { method, body, headers, signal }: Call): Promise<Answer> {
  const isRaw = typeof body === 'string' || body === undefined;
  const res = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await res.text();
  const isJson = res.headers.get('content-type')?.includes('json') ?? false;
  const parsed = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: res.status, headers: res.headers, text, body: parsed };
}

function silentLog(): Logger {
  return pino({ level: 'silent' });
}

/** A reference that plays `script` in the stand-in, used nowhere else. */
export function newReference(script = 'waits'): string {
  return `${script}_${randomUUID().slice(0, 18)}`;
}

/** A valid request; override the one field that the test is about. */
export function chargeRequest(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    reference: newReference(),
    amount: 12_900,
    currency: 'NOK',
    terminal_id: 'T90001234-T0003',
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
    ...fields,
  };
}

/** A record as the memo holds it; override what the test is about. */
export function chargeRecord(fields: Partial<ChargeRecord> = {}): ChargeRecord {
  const at = '2026-11-22T09:15:11.000Z';
  return {
    version: 1,
    start_id: 'start-1',
    charge_id: 'S-1001.1',
    reference: 'S-1001',
    attempt: 1,
    amount: 12_900,
    currency: 'NOK',
    terminal_id: 'T90001234-T0003',
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
    items: null,
    not_after: null,
    state: 'waiting_for_card',
    outcome: null,
    reason: null,
    captured_amount: null,
    needs_attention: null,
    attention_at: null,
    case_kind: null,
    transaction_id: null,
    card: null,
    held_by: null,
    created_at: at,
    state_since: at,
    updated_at: at,
    ...fields,
  };
}

/** Starts the recovery of a closed charge with the charge's last record: the given one if Temporal has forgotten it. */
export async function startRecovery(
  { client }: TestWorkflowEnvironment,
  chargeId: string,
  of: { taskQueue?: string; forgotten?: ChargeRecord } = {},
): Promise<void> {
  const handle = client.workflow.getHandle(chargeWorkflowId(chargeId));
  const memo =
    of.forgotten === undefined
      ? ((await handle.describe()).memo as unknown as ChargeMemo)
      : { charge: of.forgotten, session_id: null };
  const { charge: record, session_id } = memo;
  const input: RecoveryInput = {
    record,
    because: record.outcome === null ? 'workflow_lost' : 'contradicted',
    former: record.outcome,
    former_case: record.case_kind,
    session_id,
    charge_started_at: Date.parse(record.created_at),
    may_have_prompted: true,
    is_cancel_requested: false,
    policy,
  };
  const { storeId, saleReference } = searchAttributes;
  await client.workflow.start(recoverChargeType, {
    workflowId: recoveryWorkflowId(chargeId),
    taskQueue: of.taskQueue ?? taskQueue,
    args: [input],
    memo: { ...memo },
    typedSearchAttributes: [
      { key: storeId, value: record.store_id ?? '' },
      { key: saleReference, value: record.reference },
    ],
  });
}

const secret = 'whsec-sandbox-7f3a';
// A proxy's prefix and port: the signature knows neither the port nor this process's own address.
const publicUrl = 'https://pay.example.test:8443/kvitt/';
export const callbackSecrets = { signatureSecrets: ['rotated', secret], publicUrl };

interface Callback {
  query?: string;
  method?: 'GET' | 'POST';
  ageSeconds?: number;
  tamper?: (header: string) => string;
  body?: string;
}

/** Sends a callback as Dintero does, signed with the secret of {@link callbackSecrets}. */
export async function deliver(
  api: RunningApi,
  chargeId: string,
  of: Callback = {},
): Promise<Answer> {
  const { query = 'session_id=T90001234.s&time=2026-07-21T09%3A15%3A30Z', method = 'POST' } = of;
  const url = callbackUrl(publicUrl, chargeId);
  const t = Math.floor(Date.now() / 1000) - (of.ageSeconds ?? 0);
  const sorted = new URLSearchParams(query);
  sorted.sort();
  const payload = [t, accountId, method, url.hostname, url.pathname, sorted].join('\n');
  const hex = createHmac('sha256', secret).update(payload).digest('hex');
  const header = (of.tamper ?? ((it) => it))(`t=${t},v0-hmac-sha256=${hex}`);
  const path = url.pathname.replace('/kvitt', '');
  return await api.call(`${path}?${query}`, {
    method,
    headers: { 'dintero-signature': header },
    ...(of.body === undefined ? {} : { body: of.body }),
  });
}

export async function counted(api: RunningApi, kind: string): Promise<number> {
  const { text } = await api.call('/metrics');
  const found = new RegExp(`kvitt_api_callbacks_total\\{kind="${kind}"\\} (\\d+)`).exec(text);
  return Number(found?.[1] ?? 0);
}
