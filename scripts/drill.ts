/**
 * `npm run drill`: on the stack that `npm start` runs, one charge of every `needs_attention` and one case of every kind,
 * each printed with its section of the runbook. Whoever follows only that text settles each; `npx kvitt stuck` and
 * `npx kvitt cases` say what is left. The last two stop the worker of that stack (SIGSTOP), as a night would.
 */
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { controlSimulator } from './dintero-simulator.ts';
import { stories, type Story } from './drill/stories.ts';
import { caseOf, type Stage, type Started } from './drill/stage.ts';
import { reasonOf } from './log.ts';
import { orElse } from './stack-env.ts';
import { createTill } from './till.ts';
import { caseKinds } from '../workflows/lists.ts';

const fromRoot = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The account of the simulated shop. */
const accountId = 'T90001234';
const env = process.env;
const apiUrl = orElse(env['KVITT_URL'], 'http://127.0.0.1:8080');
const simulatorUrl = `http://127.0.0.1:${orElse(env['SIMULATOR_PORT'], '8090')}`;
const taskQueue = orElse(env['TEMPORAL_TASK_QUEUE'], 'kvitt');

async function connectStage(): Promise<{ stage: Stage; close: () => Promise<void> }> {
  const tokenFile = fromRoot('.kvitt/ops-token');
  const kept = existsSync(tokenFile) ? readFileSync(tokenFile, 'utf8').trim() : '';
  const till = createTill(apiUrl, accountId, orElse(env['KVITT_TOKEN'], kept));
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const { grpcCompression: _, ...options } = connectionOptions;
  const connection = await Connection.connect(options);
  const client = new Client({ connection, namespace });
  const simulator = controlSimulator(simulatorUrl);
  await simulator.faultsHit();
  const stage: Stage = {
    till,
    client,
    taskQueue,
    simulator,
    runbookUrl: `${apiUrl}/runbook`,
    stopWorkers: async () => await freezeWorkers(client),
  };
  return { stage, close: async () => await connection.close() };
}

/** Temporal knows who polls: `<pid>@<host>` is what a worker calls itself. They hang from now on, until they are ended. */
async function freezeWorkers(client: Client): Promise<void> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: 1,
  });
  const pids = new Set((pollers ?? []).map(({ identity }) => pidHere(identity ?? '')));
  for (const pid of pids) if (pid !== null) process.kill(pid, 'SIGSTOP');
}

function pidHere(identity: string): number | null {
  const [pid, host] = identity.split('@');
  return host === hostname() && /^\d+$/.test(pid ?? '') ? Number(pid) : null;
}

const runbook = readFileSync(fromRoot('docs/runbook.md'), 'utf8');
const caseWords = new Set<string>(caseKinds);

/** The section of a word, ready to be followed. */
function sectionOf(word: string, ids: { chargeId: string; transactionId: string }): string {
  const heading = `### \`${word}\`\n`;
  const from = runbook.indexOf(heading);
  if (from < 0) throw new Error(`docs/runbook.md has no section ${word}`);
  const rest = runbook.slice(from + heading.length);
  const length = rest.search(/^##/m);
  return rest
    .slice(0, length < 0 ? undefined : length)
    .trim()
    .replaceAll('<charge_id>', ids.chargeId)
    .replaceAll('<transaction_id>', ids.transactionId);
}

async function play(stage: Stage, { word, happens, make }: Story): Promise<void> {
  const started: Started = await make(stage);
  const { chargeId, terminalId } = started;
  const isCase = caseWords.has(word);
  const transactionId = isCase ? await caseOf(stage, started) : '<transaction_id>';
  const about = isCase
    ? `case of transaction ${transactionId}, charge ${chargeId}`
    : `charge ${chargeId}`;
  const rule = '-'.repeat(100);
  console.log(
    [
      rule,
      `${word}: ${happens}`,
      `${about}, terminal ${terminalId}`,
      rule,
      '',
      sectionOf(word, { chargeId, transactionId }),
      '',
    ].join('\n'),
  );
}

async function main(): Promise<void> {
  const { stage, close } = await connectStage();
  try {
    for (const story of stories) await play(stage, story);
  } finally {
    await close();
  }
  console.log(
    `${stories.length} made; each case is a charge of case_open, too. What is left: npx kvitt stuck; npx kvitt cases`,
  );
  console.log(
    'The worker of the running stack hangs now: until it is started again, nothing can be settled.',
  );
}

try {
  await main();
} catch (err) {
  console.error(`The drill needs a running stack (npm start): ${reasonOf(err)}`);
  process.exitCode = 1;
}
