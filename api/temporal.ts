/** The api's two lines to Temporal: one for orders and reads, one for whoever waits. */
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  isGrpcServiceError,
  makeGrpcRetryInterceptor,
  ServiceError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type ConnectionOptions,
} from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';

export interface Temporal {
  connection: Connection;
  client: Client;
  /** Long polls and the watchers' reads: a thousand waiting tills must not queue in front of a new charge. */
  waiting: { connection: Connection; client: Client };
  namespace: string;
  close: () => Promise<void>;
}

/**
 * The SDK retries a call ten times with up to five seconds between: a till whose Temporal is down would stare at
 * nothing for the whole deadline. Four attempts take about a second and ride out a server's restart.
 */
const attemptsPerCall = 4;

/** Lazy: the api starts while Temporal is down, and the connection heals by itself. */
export function connectTemporal(options: ConnectionOptions, namespace: string): Temporal {
  const main = line(options, namespace, {});
  // grpc-js shares one socket among connections with equal settings; the local pool makes this one its own.
  const waiting = line(options, namespace, { 'grpc.use_local_subchannel_pool': 1 });
  return {
    ...main,
    waiting,
    namespace,
    close: async () => {
      await Promise.all([main.connection.close(), waiting.connection.close()]);
    },
  };
}

function line(
  options: ConnectionOptions,
  namespace: string,
  channelArgs: NonNullable<ConnectionOptions['channelArgs']>,
): { connection: Connection; client: Client } {
  const connection = Connection.lazy({
    ...options,
    interceptors: [
      makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: attemptsPerCall })),
    ],
    channelArgs: {
      // By default grpc-js waits up to two minutes before it looks again for a server that went away.
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 2_000,
      ...options.channelArgs,
      ...channelArgs,
    },
  });
  return { connection, client: new Client({ connection, namespace }) };
}

/** Temporal did not do what was asked: not reachable, too slow, overloaded or misconfigured. Never an answer. */
export function isTemporalFailure(err: unknown): boolean {
  return (
    err instanceof ServiceError ||
    err instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    err instanceof NamespaceNotFoundError ||
    isGrpcServiceError(err)
  );
}
