/** The api process. It starts while Temporal is down, says where it listens, and stops without dropping an answer. */
import { createServer, type Server } from 'node:http';
import { pino, stdTimeFunctions, type Logger } from 'pino';
import { createApi, type Api } from './app.ts';
import { readApiConfig, type ApiConfig } from './config.ts';

/** The longest answer without a wait takes 20 s (start, then cancel's wait); then the platform's own kill is near. */
const stopWithinMs = 25_000;
/** A till sends its few hundred bytes at once; whoever takes longer only holds a socket. */
const requestWithinMs = 15_000;
/** Longer than the minute after which proxies drop idle connections: who closes first must not be us. */
const idleMs = 75_000;

function main(): void {
  let config: ApiConfig;
  try {
    config = readApiConfig();
  } catch (err) {
    process.stderr.write(`${err instanceof Error ? err.message : String(err)}\n`);
    process.exitCode = 1;
    return;
  }
  const log = pino({
    level: config.logLevel,
    timestamp: stdTimeFunctions.isoTime,
    redact: ['authorization', '*.authorization', 'session_id', '*.session_id'],
  });
  const api = createApi({ ...config, log });
  const server = createServer(
    { requestTimeout: requestWithinMs, keepAliveTimeout: idleMs },
    api.app,
  );
  server.on('error', (err: NodeJS.ErrnoException) => {
    const isBusy = err.code === 'EADDRINUSE';
    log.fatal(
      isBusy ? {} : { err },
      isBusy
        ? `Port ${config.port} is in use: stop what listens there, or set PORT to another one`
        : `Could not listen on port ${config.port}`,
    );
    process.exitCode = 1;
    process.exit();
  });
  server.listen(config.port, config.host, () => {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : config.port;
    log.info({ port, host: config.host }, `The api listens on http://${config.host}:${port}`);
    if (config.apiKeys.length === 0) {
      log.warn('API_KEYS is not set: only this machine is let in (127.0.0.1), without a key');
    }
    if (config.signatureSecrets.length === 0) {
      log.warn('DINTERO_SIGNATURE_SECRET is not set: callbacks are hints only');
    }
  });
  const scheduling = api.keepSchedule();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => stop({ server, api, scheduling, log }));
  }
}

interface Running {
  server: Server;
  api: Api;
  scheduling: Promise<void>;
  log: Logger;
}

function stop({ server, api, scheduling, log }: Running): void {
  log.info('Stopping: no new requests, the open ones are answered');
  const force = setTimeout(() => server.closeAllConnections(), stopWithinMs);
  server.close(() => {
    clearTimeout(force);
    scheduling.then(api.close).then(
      () => log.info('Stopped'),
      (err: unknown) => log.error({ err }, 'The connection to Temporal did not close'),
    );
  });
  // Waiting tills are answered with what is true now; streams end, browsers connect again elsewhere.
  api.stop();
}

main();
