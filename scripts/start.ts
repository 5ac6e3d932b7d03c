/** `npm start`: the whole of Kvitt on this machine, with an embedded Temporal and the simulator for Dintero. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reasonOf } from './log.ts';
import { portsFrom } from './ports.ts';
import { startStack, type Stack } from './stack.ts';
import { orElse } from './stack-env.ts';

const dir = join(fileURLToPath(new URL('..', import.meta.url)), '.kvitt');
const terminalId = 'T90001234-T0003';

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

function readyBox(stack: Stack, startedAt: number): string {
  const { apiUrl, simulatorUrl, temporalUiUrl, temporalAddress } = stack;
  const pids = stack.children.map(({ name, pid }) => `${name} ${pid}`).join(', ');
  const key = orElse(process.env['API_KEYS'], '') === '' ? '' : ` -H "authorization: Bearer $KEY"`;
  const token =
    orElse(process.env['OPS_TOKENS'], '') === '' ? '$(cat .kvitt/ops-token)' : '<your token>';
  const lines = [
    `Kvitt is ready after ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`,
    '',
    `  API        ${apiUrl}   (try it: ${apiUrl}/docs)`,
    `  Temporal   ${temporalUiUrl ?? `${temporalAddress} (TEMPORAL_ADDRESS)`}`,
    `  Simulator  ${simulatorUrl}   (plays Dintero and its terminals: no real money)`,
    `  Operate    KVITT_TOKEN=${token} npx kvitt stuck`,
    `  Processes  ${pids}`,
    `  Logs       ${join(stack.dir, 'logs')}`,
    '',
    'Charge a card:',
    `  curl -X POST ${apiUrl}/charges -H 'content-type: application/json'${key} -d '${firstCharge()}'`,
    'Tap the card:',
    `  curl -X POST ${simulatorUrl}/simulator/terminals/${terminalId}/tap`,
    '',
    'Ctrl-C stops everything. Open charges go on at the next start.',
  ];
  const rule = '-'.repeat(72);
  return ['', rule, ...lines, rule].join('\n');
}

/** A reference is good once for ever: the time makes it work again on the next start. */
function firstCharge(): string {
  const [date = '', time = ''] = new Date().toISOString().replaceAll(/[-:]/g, '').split('T');
  return JSON.stringify({
    reference: `S-${date.slice(2)}-${time.slice(0, 6)}`,
    amount: 12900,
    currency: 'NOK',
    terminal_id: terminalId,
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
  });
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
  say(readyBox(stack, startedAt));
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
try {
  await main();
} catch (err) {
  fail(err);
}
