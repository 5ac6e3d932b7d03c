import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

const environment = z.object({
  SIMULATOR_PORT: port.default(8090),
  SIMULATOR_HOST: z.string().min(1).default('127.0.0.1'),
  SIMULATOR_DATA: z.string().min(1).optional(),
  SIMULATOR_ACCOUNT_ID: z
    .string()
    .regex(/^[PT]\d{8}$/, 'must be P or T and eight digits')
    .default('T90001234'),
  SIMULATOR_CLIENT_ID: z.string().min(1).default('simulator'),
  SIMULATOR_CLIENT_SECRET: z.string().min(1).default('simulator'),
  SIMULATOR_API_KEY: z.string().min(1).default('simulator'),
  SIMULATOR_SIGNATURE_SECRET: z.string().min(1).optional(),
  SIMULATOR_PROFILE_ID: z.string().min(1).default('T90001234.4TerminalProfileAbCdEf'),
  SIMULATOR_PROMPT: z.enum(['create', 'publish', 'pay']).default('create'),
  SIMULATOR_PROMPT_LIFETIME_SECONDS: z.coerce.number().positive().default(180),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

export interface SimulatorOptions {
  port: number;
  host: string;
  /** Folder of the journal; without it everything is lost with the process. */
  data?: string;
  accountId: string;
  clientId: string;
  clientSecret: string;
  /** Whoever has it makes the secret of callbacks. */
  apiKey: string;
  /** Without it callbacks carry no signature. */
  signatureSecret?: string;
  profileId: string;
  /** What starts the terminal's prompt. */
  prompt: 'create' | 'publish' | 'pay';
  promptLifetimeMs: number;
  /** Waits before each retry of a callback; the last one repeats. */
  callbackRetriesMs: readonly number[];
  callbackTimeoutMs: number;
  /** How long a customer without a `delay_ms` takes. */
  answerDelayMs: number;
  logLevel: string;
}

/** Reads the options from the environment, or throws one error that names every problem. */
export function readOptions(
  env: Record<string, string | undefined> = process.env,
): SimulatorOptions {
  // An empty value in an env file means "not set".
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.path.join('.')}: ${issue.message}`,
    );
    throw new Error(`The environment is not usable: ${problems.join('; ')}`);
  }
  const values = parsed.data;
  return {
    port: values.SIMULATOR_PORT,
    host: values.SIMULATOR_HOST,
    ...(values.SIMULATOR_DATA !== undefined && { data: values.SIMULATOR_DATA }),
    accountId: values.SIMULATOR_ACCOUNT_ID,
    clientId: values.SIMULATOR_CLIENT_ID,
    clientSecret: values.SIMULATOR_CLIENT_SECRET,
    apiKey: values.SIMULATOR_API_KEY,
    ...(values.SIMULATOR_SIGNATURE_SECRET !== undefined && {
      signatureSecret: values.SIMULATOR_SIGNATURE_SECRET,
    }),
    profileId: values.SIMULATOR_PROFILE_ID,
    prompt: values.SIMULATOR_PROMPT,
    promptLifetimeMs: values.SIMULATOR_PROMPT_LIFETIME_SECONDS * 1000,
    // Dintero publishes no spacing, only that there are 20 retries.
    callbackRetriesMs: [1000, 2000, 5000, 10_000, 30_000, 60_000],
    // Dintero gives the receiver ten seconds ("session callback" of its API reference).
    callbackTimeoutMs: 10_000,
    answerDelayMs: 1000,
    logLevel: values.LOG_LEVEL,
  };
}
