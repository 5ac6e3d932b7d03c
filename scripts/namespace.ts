/**
 * Makes a namespace ready for Kvitt: it exists, keeps closed charges long enough, and knows our search attributes.
 * Safe to run again and beside itself: every step looks, then changes only what is missing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { SearchAttributeType, type defineSearchAttributeKey } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time.js';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { searchAttributes } from '../workflows/messages.ts';
import { isMain } from './is-main.ts';
import { reasonOf, type Log } from './log.ts';

type AttributeKey = ReturnType<typeof defineSearchAttributeKey<SearchAttributeType>>;

/** Closed charges answer "what became of it" and hold the numbers of attempts: design, section 8. */
const retentionDays = 30;
const retentionSeconds = retentionDays * 24 * 60 * 60;

/** A server learns of a new namespace when it refreshes its caches: 2 to 10 s, a minute for search attributes. */
const usableTimeoutMs = 120_000;
const usablePollMs = 250;

/** Two that prepare at once, or a server that has just started: the next look finds what the other one did. */
const attemptsMax = 8;
const attemptPauseMs = 500;

/** How long `npm run namespace` waits for a server that starts beside it. */
const serverTimeoutMs = 60_000;

// The number on the wire and the name people read, from temporal.api.enums.v1.IndexedValueType.
const wireTypes: Record<SearchAttributeType, { code: number; name: string }> = {
  [SearchAttributeType.TEXT]: { code: 1, name: 'Text' },
  [SearchAttributeType.KEYWORD]: { code: 2, name: 'Keyword' },
  [SearchAttributeType.INT]: { code: 3, name: 'Int' },
  [SearchAttributeType.DOUBLE]: { code: 4, name: 'Double' },
  [SearchAttributeType.BOOL]: { code: 5, name: 'Bool' },
  [SearchAttributeType.DATETIME]: { code: 6, name: 'Datetime' },
  [SearchAttributeType.KEYWORD_LIST]: { code: 7, name: 'KeywordList' },
};

const grpcStatus = {
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  unimplemented: 12,
};

export interface PrepareOptions {
  connection: Connection;
  namespace: string;
  log: Log;
  attributes?: readonly AttributeKey[];
}

/**
 * Answers `by-hand` where the server lets nobody do this over the API (Temporal Cloud): it has said what to create,
 * and the caller goes on. Anything else that does not work is thrown.
 */
export async function prepareNamespace(options: PrepareOptions): Promise<'ready' | 'by-hand'> {
  const attributes = options.attributes ?? Object.values(searchAttributes);
  try {
    await ensureNamespace(options);
    await ensureAttributes(options, attributes);
  } catch (err) {
    if (!hasStatus(err, grpcStatus.permissionDenied) && !hasStatus(err, grpcStatus.unimplemented)) {
      throw err;
    }
    options.log(byHand(options.namespace, attributes));
    return 'by-hand';
  }
  return 'ready';
}

async function ensureNamespace({ connection, namespace, log }: PrepareOptions): Promise<void> {
  const { workflowService } = connection;
  const retention = msToTs(retentionSeconds * 1_000);
  await untilDone(async () => {
    const found = await workflowService.describeNamespace({ namespace }).catch((err: unknown) => {
      if (hasStatus(err, grpcStatus.notFound)) return undefined;
      throw err;
    });
    if (found === undefined) {
      await workflowService.registerNamespace({
        namespace,
        workflowExecutionRetentionPeriod: retention,
      });
      log(`Namespace ${namespace} created: closed charges stay ${retentionDays} days.`);
      return;
    }
    const kept = Number(found.config?.workflowExecutionRetentionTtl?.seconds ?? 0);
    if (kept >= retentionSeconds) return;
    await workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: retention },
    });
    log(`Namespace ${namespace}: closed charges now stay ${retentionDays} days.`);
  });
  await untilUsable(connection, namespace, '');
}

async function ensureAttributes(
  { connection, namespace, log }: PrepareOptions,
  attributes: readonly AttributeKey[],
): Promise<void> {
  const { operatorService } = connection;
  await untilDone(async () => {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const missing = attributes.filter(({ name }) => !(name in customAttributes));
    assertTypes(customAttributes, attributes, namespace);
    if (missing.length === 0) return;
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(
        missing.map(({ name, type }) => [name, wireTypes[type].code]),
      ),
    });
    log(`Search attributes added: ${missing.map(({ name }) => name).join(', ')}.`);
    // The server skips a name that somebody else has just added with another type, and does not say so.
    const after = await operatorService.listSearchAttributes({ namespace });
    assertTypes(after.customAttributes, attributes, namespace);
  });
  const everyName = attributes.map(({ name }) => `${name} IS NULL`).join(' AND ');
  await untilUsable(connection, namespace, everyName);
}

class WrongTypeError extends Error {}

function assertTypes(
  registered: Record<string, number>,
  attributes: readonly AttributeKey[],
  namespace: string,
): void {
  for (const { name, type } of attributes) {
    const code = registered[name];
    const wanted = wireTypes[type];
    if (code === undefined || code === wanted.code) continue;
    const actual = Object.values(wireTypes).find((wireType) => wireType.code === code);
    throw new WrongTypeError(
      `Search attribute ${name} of namespace ${namespace} has the type ${actual?.name ?? code}, Kvitt needs ${wanted.name}: remove it there, or use another namespace`,
    );
  }
}

/** Runs a step that looks before it changes. Again when somebody else was faster, or the server was not ready. */
async function untilDone(step: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await step();
      return;
    } catch (err) {
      if (err instanceof WrongTypeError || isRefusal(err) || attempt === attemptsMax) throw err;
      await sleep(attemptPauseMs * attempt * (0.5 + Math.random()));
    }
  }
}

/** Counting is the cheapest call that goes through the caches that a charge's start and list go through. */
async function untilUsable(
  connection: Connection,
  namespace: string,
  query: string,
): Promise<void> {
  const deadlineAt = Date.now() + usableTimeoutMs;
  for (;;) {
    try {
      await connection.workflowService.countWorkflowExecutions({ namespace, query });
      return;
    } catch (err) {
      const late = Date.now() > deadlineAt;
      if (late || hasStatus(err, grpcStatus.permissionDenied)) throw err;
      await sleep(usablePollMs);
    }
  }
}

/** Trying again does not help. */
function isRefusal(err: unknown): boolean {
  const { permissionDenied, unimplemented, invalidArgument } = grpcStatus;
  return [permissionDenied, unimplemented, invalidArgument].some((code) => hasStatus(err, code));
}

function hasStatus(err: unknown, code: number): boolean {
  return isGrpcServiceError(err) && Number(err.code) === code;
}

function byHand(namespace: string, attributes: readonly AttributeKey[]): string {
  const list = attributes.map(({ name, type }) => `${name} (${wireTypes[type].name})`).join(', ');
  return `Temporal does not let Kvitt set up namespace ${namespace} here (Temporal Cloud?). Make sure by hand that it exists, keeps closed workflows at least ${retentionDays} days, and has the search attributes ${list}.`;
}

/** In docker compose the server may need a moment more than its health check says. */
async function connect(): Promise<{ connection: Connection; namespace: string }> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const { grpcCompression: _, ...options } = connectionOptions;
  const deadlineAt = Date.now() + serverTimeoutMs;
  for (;;) {
    try {
      const connection = await Connection.connect(options);
      return { connection, namespace: namespace ?? 'default' };
    } catch (err) {
      if (Date.now() > deadlineAt) throw err;
      await sleep(attemptPauseMs);
    }
  }
}

async function main(): Promise<void> {
  const log: Log = (line) => console.log(line);
  const { connection, namespace } = await connect();
  try {
    const result = await prepareNamespace({ connection, namespace, log });
    if (result === 'ready') log(`Namespace ${namespace} is ready.`);
  } finally {
    await connection.close();
  }
}

if (isMain(import.meta.url)) {
  try {
    await main();
  } catch (err) {
    console.error(`Could not prepare the namespace: ${reasonOf(err)}`);
    process.exitCode = 1;
  }
}
