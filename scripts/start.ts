/** `npm start`: the whole of Kvitt on this machine, with an embedded Temporal and the simulator for Dintero. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reasonOf } from './log.ts';
import { portsFrom } from './ports.ts';
import { readyBox } from './ready.ts';
import { startStack, type Stack } from './stack.ts';

const dir = join(fileURLToPath(new URL('..', import.meta.url)), '.kvitt');

/** npm passes on the Ctrl-C that the terminal has sent us already: two within this time are one. */
const sameSignalMs = 1_500;

const parentPollMs = 300;

const say = (line: string): void => console.log(line);

/** Ends everything in order, once; a second order to stop ends it at once. */
function stopOnSignals(current: () => Stack | undefined): (exitCode: number) => Promise<void> {
  let firstAt: number | undefined;
  const stop = async (exitCode: number): Promise<void> => {
    firstAt ??= Date.now();
    const stack = current();
    if (stack !== undefined) {
      const names = stack.children.map(({ name }) => name);
      say(`\nStopping ${inStopOrder(names).join(', ')} (again Ctrl-C: at once) ...`);
      await stack.stop();
    }
    say('Kvitt has stopped. Open charges are kept in .kvitt: npm start goes on with them.');
    process.exit(exitCode);
  };
  const onSignal = (): void => {
    if (firstAt === undefined) stop(0).catch(fail);
    else if (Date.now() - firstAt > sameSignalMs) fail('Stopped at once: the rest is being ended');
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  whenNpmIsGone(onSignal);
  return stop;
}

/** npm passes a SIGTERM to its shell only, which ends and leaves us behind: then the order was meant for us. */
function whenNpmIsGone(stop: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, parentPollMs);
}

function inStopOrder(names: readonly string[]): string[] {
  return ['api', 'worker', 'simulator', 'temporal'].filter((name) => names.includes(name));
}

/** The watchdog ends what still runs. */
function fail(err: unknown): void {
  console.error(reasonOf(err));
  process.exit(1);
}

async function main(): Promise<void> {
  const startedAt = Date.now();
  let stack: Stack | undefined;
  const stop = stopOnSignals(() => stack);
  say('Starting Temporal, simulator, worker and api ...');
  stack = await startStack({
    dir,
    ports: portsFrom(process.env),
    log: say,
    onGiveUp: (problem) => {
      console.error(problem);
      stop(1).catch(fail);
    },
  });
  say(readyBox(stack, { startedAt, env: process.env }));
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
try {
  await main();
} catch (err) {
  fail(err);
}
