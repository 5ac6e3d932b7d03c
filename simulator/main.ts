import { pino } from 'pino';
import { readOptions } from './config.ts';
import { createSimulator, type Simulator } from './simulator.ts';

/** The process: Dintero on a local port until it is told to stop. */
async function main(): Promise<void> {
  // At every LOG_LEVEL: whoever starts the process waits for its line.
  const log = pino({ name: 'simulator' });
  let simulator: Simulator;
  try {
    const options = readOptions();
    simulator = await createSimulator(options);
  } catch (error) {
    log.fatal(problem(error));
    process.exitCode = 1;
    return;
  }
  log.info({ url: simulator.url }, 'simulator ready');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      simulator.close().then(
        // A callback in flight is sent again after the restart: no need to wait for its answer.
        () => process.exit(0),
        (error: unknown) => log.error(error),
      );
    });
  }
}

function problem(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as { code?: string; port?: number };
  if (code !== 'EADDRINUSE') return error.message;
  return `port ${port} is in use: stop what listens there, or set SIMULATOR_PORT`;
}

await main();
