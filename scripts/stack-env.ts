/** The environment of each process of the embedded stack. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ports } from './ports.ts';
import type { Secrets } from './stack-state.ts';

export interface EnvOptions {
  /** The person's own: product settings such as CAPTURE_MODE win, addresses and credentials never do. */
  env: NodeJS.ProcessEnv;
  dir: string;
  ports: Ports;
  secrets: Secrets;
  /** Undefined when TEMPORAL_ADDRESS names a server: then all of TEMPORAL_* is the person's. */
  embedded: { address: string; namespace: string } | undefined;
}

export interface StackEnv {
  simulator: NodeJS.ProcessEnv;
  worker: NodeJS.ProcessEnv;
  api: NodeJS.ProcessEnv;
}

const accountId = 'T90001234';
const profileId = 'T90001234.4TerminalProfileAbCdEf';
const clientId = 'kvitt';

/** The worker's readiness is a line of level info; everything goes to a file, so more lines do no harm. */
const levelsThatShowReady = ['trace', 'debug', 'info'];

export function stackEnv(options: EnvOptions): StackEnv {
  const { env, dir, ports, secrets } = options;
  // A real Dintero of the person's environment is never used here: this stack plays with the simulator's money only.
  const dintero = `http://127.0.0.1:${ports.simulator}/v1`;
  const lifetime = orElse(env['PROMPT_LIFETIME_SECONDS'], '180');
  const product = {
    ...env,
    ...temporalEnv(options),
    DINTERO_CHECKOUT_URL: dintero,
    DINTERO_API_URL: dintero,
    DINTERO_ACCOUNT_ID: accountId,
    DINTERO_CLIENT_ID: clientId,
    DINTERO_CLIENT_SECRET: secrets.client,
    DINTERO_PROFILE_ID: profileId,
    DINTERO_SIGNATURE_SECRET: secrets.signature,
    PUBLIC_URL: `http://127.0.0.1:${ports.api}`,
    PORT: `${ports.api}`,
    TEMPORAL_UI_URL: orElse(env['TEMPORAL_UI_URL'], `http://localhost:${ports.temporalUi}`),
    CANCEL_ENDS_PROMPT: orElse(env['CANCEL_ENDS_PROMPT'], 'true'),
    PROMPT_LIFETIME_SECONDS: lifetime,
  };
  const level = orElse(env['LOG_LEVEL'], 'info');
  const ownToken = `operator:${createHash('sha256').update(secrets.ops).digest('hex')}`;
  return {
    api: { ...product, OPS_TOKENS: orElse(env['OPS_TOKENS'], ownToken) },
    worker: { ...product, LOG_LEVEL: levelsThatShowReady.includes(level) ? level : 'info' },
    simulator: {
      ...env,
      SIMULATOR_PORT: `${ports.simulator}`,
      SIMULATOR_DATA: join(dir, 'simulator'),
      SIMULATOR_ACCOUNT_ID: accountId,
      SIMULATOR_PROFILE_ID: profileId,
      SIMULATOR_CLIENT_ID: clientId,
      SIMULATOR_CLIENT_SECRET: secrets.client,
      SIMULATOR_SIGNATURE_SECRET: secrets.signature,
      SIMULATOR_PROMPT: orElse(env['PROMPT_MODE'], 'create'),
      SIMULATOR_PROMPT_LIFETIME_SECONDS: lifetime,
    },
  };
}

/** A profile, key or certificate for some other Temporal must not be mixed with our server's address. */
function temporalEnv({ env, dir, embedded }: EnvOptions): NodeJS.ProcessEnv {
  const taskQueue = { TEMPORAL_TASK_QUEUE: orElse(env['TEMPORAL_TASK_QUEUE'], 'kvitt') };
  if (embedded === undefined) return taskQueue;
  const others = Object.keys(env).filter((name) => name.startsWith('TEMPORAL_'));
  const configFile = join(dir, 'temporal.toml');
  writeFileSync(configFile, '[profile.default]\n');
  return {
    ...Object.fromEntries(others.map((name) => [name, undefined])),
    TEMPORAL_CONFIG_FILE: configFile,
    TEMPORAL_ADDRESS: embedded.address,
    TEMPORAL_NAMESPACE: embedded.namespace,
    ...taskQueue,
  };
}

/** An empty value in an env file means "not set". */
export function orElse(value: string | undefined, fallback: string): string {
  return value === undefined || value === '' ? fallback : value;
}
