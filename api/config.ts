/** The api's settings: the only reader of its environment. All problems are told together, with the variable's name. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ConnectionOptions } from '@temporalio/client';
import * as z from 'zod';
import { words } from '../workflows/hold.ts';
import { webhookSecretMin } from '../workflows/subscription.ts';
import { captureModes, derivePolicy, promptModes, type ChargePolicy } from '../workflows/policy.ts';
import type { Zones } from '../workflows/books.ts';
import type { ApiKey } from './keys.ts';
import { storeZones, timeZone } from './time-zones.ts';

const secondsMax = 7 * 24 * 3600;
const wholeSeconds = z.coerce.number<string>().int().min(1).max(secondsMax);

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });

const apiKeys = z.string().transform((text, context): ApiKey[] => {
  const keys = text.split(',').map((entry) => {
    const [, name, sha256] = /^([A-Za-z0-9_.-]{1,60}):([0-9a-f]{64})$/.exec(entry.trim()) ?? [];
    return name === undefined || sha256 === undefined ? null : { name, sha256 };
  });
  const isRepeated = new Set(keys.map((key) => key?.name)).size !== keys.length;
  if (keys.includes(null) || isRepeated) {
    const message =
      'must be name:sha256-hex,... with each name once. Make one: printf %s "$KEY" | sha256sum';
    context.addIssue({ code: 'custom', message });
  }
  return keys.filter((key) => key !== null);
});

const commaSeparated = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

/** Part of it is told to Dintero's address of us (see `subscriptions.ts`): it must not be one that could be guessed. */
const webhookSecrets = commaSeparated.refine(
  (secrets) => secrets.every((secret) => secret.length >= webhookSecretMin),
  `must have at least ${webhookSecretMin} characters; several, comma-separated, the new one first, while it is replaced. Make one: openssl rand -hex 32`,
);

/** One member per variable: a test holds `.env.example` to it. TEMPORAL_TLS_* are Temporal's own too. */
export const apiConfigSchema = z
  .object({
    TEMPORAL_ADDRESS: z.string().optional(),
    TEMPORAL_NAMESPACE: z.string().optional(),
    TEMPORAL_API_KEY: z.string().optional(),
    TEMPORAL_PROFILE: z.string().optional(),
    TEMPORAL_TASK_QUEUE: z.string().default('kvitt'),
    DINTERO_ACCOUNT_ID: z
      .string({ error: 'is missing: the account, like T90001234' })
      .regex(/^[PT]\d{8}$/, 'must be P or T and eight digits'),
    DINTERO_SIGNATURE_SECRET: commaSeparated.default([]),
    DINTERO_WEBHOOK_SECRET: webhookSecrets.default([]),
    PUBLIC_URL: httpUrl.optional(),
    // The worker writes it on every transaction, and says what is wrong with it.
    KVITT_INSTALLATION: z.string().default('kvitt'),
    API_KEYS: apiKeys.default([]),
    OPS_TOKENS: apiKeys.default([]),
    PROMPT_MODE: z.enum(promptModes).default('create'),
    CAPTURE_MODE: z.enum(captureModes).default('auto'),
    CHARGE_DEADLINE_SECONDS: wholeSeconds.default(180),
    PROMPT_LIFETIME_SECONDS: wholeSeconds.optional(),
    CANCEL_ENDS_PROMPT: z.stringbool().default(false),
    ATTENTION_AFTER_SECONDS: wholeSeconds.default(120),
    HOLD_SECONDS: wholeSeconds.default(900),
    HOLD_ENDS_WITH: z.enum(words).default('void'),
    TEMPORAL_UI_URL: httpUrl.default('http://localhost:8233'),
    TIME_ZONE: timeZone.default('Europe/Oslo'),
    STORE_TIME_ZONES: storeZones.default({}),
    RUNBOOK_URL: httpUrl.optional(),
    // The worker calls it and says what is wrong with it; here it only counts that there is one.
    WEBHOOK_URL: z.string().optional(),
    PORT: z.coerce.number<string>().int().min(0).max(65_535).default(8080),
    LOG_LEVEL: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
      .default('info'),
  })
  .refine((env) => env.DINTERO_SIGNATURE_SECRET.length === 0 || env.PUBLIC_URL !== undefined, {
    path: ['PUBLIC_URL'],
    error: 'is missing: callbacks are signed for this URL (DINTERO_SIGNATURE_SECRET is set)',
  })
  .refine((env) => !env.OPS_TOKENS.some(({ sha256 }) => isAmong(env.API_KEYS, sha256)), {
    path: ['OPS_TOKENS'],
    error: "has a till's key of API_KEYS: whoever holds a till would act in a person's name",
  });

function isAmong(keys: readonly ApiKey[], digest: string): boolean {
  return keys.some(({ sha256 }) => sha256 === digest);
}

export interface ApiConfig {
  readonly temporal: { readonly options: ConnectionOptions; readonly namespace: string };
  readonly taskQueue: string;
  readonly accountId: string;
  readonly signatureSecrets: readonly string[];
  /** Of the account's webhooks. Without any they are hints only. */
  readonly webhookSecrets: readonly string[];
  readonly publicUrl: string | null;
  /** The account's webhooks tell of payments of other installations too. */
  readonly installation: string;
  readonly apiKeys: readonly ApiKey[];
  /** Personal tokens; their names are persons. Without any, nothing below `/ops` is possible. */
  readonly opsTokens: readonly ApiKey[];
  readonly policy: ChargePolicy;
  /** Where people open the Temporal UI: the runbook's links lead there. */
  readonly temporalUiUrl: string;
  /** Where business days begin. */
  readonly zones: Zones;
  /** Without keys nobody but this machine is let in. */
  readonly host: '0.0.0.0' | '127.0.0.1';
  readonly port: number;
  readonly logLevel: string;
}

/** Throws one error that lists every problem. */
export function readApiConfig(environment: NodeJS.ProcessEnv = process.env): ApiConfig {
  // Compose files pass variables that nobody set as empty strings.
  const env = Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
    ),
  );
  const temporal = readTemporal(env);
  const parsed = apiConfigSchema.safeParse(env);
  const problems = [
    ...(parsed.success
      ? []
      : parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`)),
    ...('problem' in temporal ? [temporal.problem] : []),
  ];
  if (!parsed.success || 'problem' in temporal) {
    throw new Error(`The api cannot start:\n${problems.map((line) => `  ${line}`).join('\n')}`);
  }
  return Object.freeze(configOf(parsed.data, temporal));
}

function configOf(
  env: z.output<typeof apiConfigSchema>,
  temporal: ApiConfig['temporal'],
): ApiConfig {
  return {
    temporal,
    taskQueue: env.TEMPORAL_TASK_QUEUE,
    accountId: env.DINTERO_ACCOUNT_ID,
    signatureSecrets: env.DINTERO_SIGNATURE_SECRET,
    webhookSecrets: env.DINTERO_WEBHOOK_SECRET,
    publicUrl: env.PUBLIC_URL ?? null,
    installation: env.KVITT_INSTALLATION,
    apiKeys: env.API_KEYS,
    opsTokens: env.OPS_TOKENS,
    policy: derivePolicy({
      promptMode: env.PROMPT_MODE,
      captureMode: env.CAPTURE_MODE,
      cancelEndsPrompt: env.CANCEL_ENDS_PROMPT,
      deadlineSeconds: env.CHARGE_DEADLINE_SECONDS,
      promptLifetimeSeconds: env.PROMPT_LIFETIME_SECONDS ?? null,
      attentionSeconds: env.ATTENTION_AFTER_SECONDS,
      holdSeconds: env.HOLD_SECONDS,
      holdEndsWith: env.HOLD_ENDS_WITH,
      runbookUrl: env.RUNBOOK_URL ?? `http://localhost:${env.PORT}/runbook`,
      notifies: env.WEBHOOK_URL !== undefined,
    }),
    temporalUiUrl: env.TEMPORAL_UI_URL,
    zones: { timeZone: env.TIME_ZONE, storeZones: env.STORE_TIME_ZONES },
    host: env.API_KEYS.length === 0 ? '127.0.0.1' : '0.0.0.0',
    port: env.PORT,
    logLevel: env.LOG_LEVEL,
  };
}

function readTemporal(env: Record<string, string>): ApiConfig['temporal'] | { problem: string } {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: env });
    // Shared with the worker's native connection; the api's needs only what both know.
    const { address, tls, apiKey, metadata } = connectionOptions;
    const options: ConnectionOptions = {
      ...(address === undefined ? {} : { address }),
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
    };
    return { options, namespace: namespace ?? 'default' };
  } catch (err) {
    return { problem: `TEMPORAL_* ${err instanceof Error ? err.message : String(err)}` };
  }
}
