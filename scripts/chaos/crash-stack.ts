/**
 * The stack that is crashed: the real processes, with brakes on every wire between them. One api per pair of prompt and
 * capture mode, because the policy of a charge comes from the api that started it; one worker and one Temporal for all.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { captureModes, promptModes } from '../../workflows/policy.ts';
import { buildWorkflowBundle } from '../bundle.ts';
import { controlSimulator, type SimulatorControl } from '../dintero-simulator.ts';
import { freePorts } from '../ports.ts';
import type { Child } from '../processes.ts';
import { nodeChild } from '../stack-children.ts';
import { stackEnv } from '../stack-env.ts';
import { keptSecrets } from '../stack-state.ts';
import { startStack, type Stack } from '../stack.ts';
import { startWatchdog } from '../watchdog.ts';
import { startBrake, type Brake, type Call } from './crash-brake.ts';
import { startWire, type Wire } from './crash-wire.ts';

export interface Modes {
  prompt: (typeof promptModes)[number];
  capture: (typeof captureModes)[number];
}

export const allModes: readonly Modes[] = promptModes.flatMap((prompt) =>
  captureModes.map((capture) => ({ prompt, capture })),
);

export function nameOf({ prompt, capture }: Modes): string {
  return `${prompt}-${capture}`;
}

export interface CrashStack {
  simulator: SimulatorControl;
  temporal: Client;
  /** Where tills and Dintero's callbacks arrive: each goes to the api of its charge. */
  front: Brake;
  /** Between the worker and Dintero. */
  dintero: Brake;
  wires: { worker: Wire; api: Wire };
  worker: Child;
  apis: Child[];
  temporalServer: Child;
  dinteroServer: Child;
  /** Names the api that a charge belongs to; before its first request. */
  assign: (chargeId: string, modes: Modes) => void;
  stop: () => Promise<void>;
}

export interface CrashStackOptions {
  env: NodeJS.ProcessEnv;
  modes: readonly Modes[];
  log: (line: string) => void;
}

export async function startCrashStack(options: CrashStackOptions): Promise<CrashStack> {
  const dir = await mkdtemp(join(tmpdir(), 'kvitt-crash-'));
  const undo: (() => Promise<void>)[] = [
    async () => await rm(dir, { recursive: true, force: true }),
  ];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    return { ...(await start({ ...options, dir, undo })), stop };
  } catch (err) {
    await stop();
    throw err;
  }
}

type Starting = CrashStackOptions & { dir: string; undo: (() => Promise<void>)[] };

async function start(options: Starting): Promise<Omit<CrashStack, 'stop'>> {
  const { dir, undo, log } = options;
  // A server of one's own is no place for this: its charges would stay there.
  const { TEMPORAL_ADDRESS: _none, ...given } = options.env;
  // Short, so that what was lost and never paid is proven so while somebody waits for it (design 5 d and e).
  const env = { ...given, PROMPT_LIFETIME_SECONDS: '45', CHARGE_DEADLINE_SECONDS: '60' };
  const bundle = join(dir, 'workflow-bundle.js');
  await buildWorkflowBundle(bundle);
  const stack = await startStack({
    dir,
    ports: 'free',
    env,
    log,
    which: ['temporal', 'simulator'],
  });
  undo.push(stack.stop);
  const temporalPort = Number(stack.temporalAddress.split(':').at(-1));
  const wires = { worker: await startWire(temporalPort), api: await startWire(temporalPort) };
  undo.push(wires.worker.close, wires.api.close);
  const apiUrls = new Map<string, string>();
  const modesOf = new Map<string, string>();
  const front = await startBrake({
    chargeOf: chargeOfTill,
    targetOf: (call) => apiUrls.get(modesOf.get(chargeOfTill(call) ?? '') ?? '') ?? null,
  });
  const dintero = await startDinteroBrake(stack.simulatorUrl);
  undo.push(front.close, dintero.close);
  const setup = { ...options, env, stack, bundle, front, dintero, wires, apiUrls };
  const children = await startChildren(setup);
  const connection = await Connection.connect({ address: stack.temporalAddress });
  undo.push(async () => await connection.close());
  return {
    simulator: controlSimulator(stack.simulatorUrl),
    temporal: new Client({ connection, namespace: stack.namespace }),
    front,
    dintero,
    wires,
    ...children,
    temporalServer: stack.child('temporal'),
    dinteroServer: stack.child('simulator'),
    assign: (chargeId, modes) => modesOf.set(chargeId, nameOf(modes)),
  };
}

interface Setup extends Starting {
  stack: Stack;
  bundle: string;
  front: Brake;
  dintero: Brake;
  wires: CrashStack['wires'];
  apiUrls: Map<string, string>;
}

/** Worker and apis, as the stack would start them, with the brakes' addresses instead of the real ones. */
async function startChildren(setup: Setup): Promise<Pick<CrashStack, 'worker' | 'apis'>> {
  const { dir, undo, log, modes, front, stack } = setup;
  const watchdog = startWatchdog();
  undo.push(async () => await Promise.resolve(watchdog.close()));
  const make = async (name: 'worker' | 'api', of: Modes): Promise<Child> => {
    const ports = await freePorts();
    const apiUrl = `http://127.0.0.1:${ports.api}`;
    const { wires, bundle } = setup;
    const envs = stackEnv({
      env: { ...setup.env, PROMPT_MODE: of.prompt, CAPTURE_MODE: of.capture },
      dir,
      ports,
      secrets: keptSecrets(stack.dir),
      embedded: { address: wires[name].address, namespace: stack.namespace },
    });
    const home = join(dir, name === 'api' ? nameOf(of) : name);
    await mkdir(join(home, 'logs'), { recursive: true });
    const brakes = {
      PUBLIC_URL: front.url,
      DINTERO_CHECKOUT_URL: `${setup.dintero.url}/v1`,
      DINTERO_API_URL: `${setup.dintero.url}/v1`,
      WORKFLOW_BUNDLE: bundle,
    };
    const child = nodeChild({
      name,
      env: { ...envs[name], ...brakes },
      dir: home,
      apiUrl,
      log: () => undefined,
      watchdog,
      onGiveUp: log,
    });
    undo.push(child.close);
    if (name === 'api') setup.apiUrls.set(nameOf(of), apiUrl);
    return child;
  };
  const worker = await make('worker', { prompt: 'create', capture: 'auto' });
  const apis: Child[] = [];
  for (const of of modes) apis.push(await make('api', of));
  await Promise.all([worker, ...apis].map(async (child) => await child.start()));
  return { worker, apis };
}

const byPath = /\/charges\/([^/?]+)/;

/** Of a till's request, or of a callback. */
function chargeOfTill({ path, body }: Call): string | null {
  const named = byPath.exec(path)?.[1];
  if (named !== undefined) return decodeURIComponent(named);
  const reference = (parse(body) as { reference?: unknown } | null)?.reference;
  return typeof reference === 'string' ? `${reference}.1` : null;
}

/** Sessions and transactions are known by what passed before. */
async function startDinteroBrake(simulatorUrl: string): Promise<Brake> {
  const chargeIds = new Map<string, string>();
  const chargeOf = ({ path, body }: Call): string | null => {
    const { pathname, searchParams } = new URL(path, simulatorUrl);
    const sale = searchParams.get('merchant_reference_2');
    if (sale !== null) return `${sale}.1`;
    const id = /\/(?:sessions|transactions)\/([^/]+)/.exec(pathname)?.[1];
    if (id !== undefined) return chargeIds.get(decodeURIComponent(id)) ?? null;
    return (parse(body) as Named | null)?.order?.merchant_reference ?? null;
  };
  return await startBrake({
    targetOf: () => simulatorUrl,
    chargeOf,
    learn: (call, answer) => {
      const told = parse(answer) as Named | null;
      const chargeId =
        told?.merchant_reference ?? told?.order?.merchant_reference ?? chargeOf(call);
      if (typeof chargeId !== 'string') return;
      for (const id of [told?.id, told?.transaction_id]) {
        if (typeof id === 'string') chargeIds.set(id, chargeId);
      }
    },
  });
}

interface Named {
  id?: unknown;
  transaction_id?: unknown;
  merchant_reference?: string;
  order?: { merchant_reference?: string };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
