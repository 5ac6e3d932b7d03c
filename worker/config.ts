/** The worker's configuration: the only place that reads its environment. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { webhookSecretMin } from '../workflows/subscription.ts';

const baseUrl = z
  .url({
    protocol: /^https?$/,
    error: 'must be a URL with its prefix, such as https://checkout.dintero.com/v1',
  })
  .transform((url) => url.replace(/\/+$/, ''));

/** Temporal's core resolves no names here. */
function isAddress(text: string): boolean {
  const [, ip = '', port = ''] = /^\[?([0-9a-fA-F.:]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  return isIP(ip) !== 0 && Number(port) > 0 && Number(port) < 65_536;
}

/** `whsec_` and the base64 of 24 to 64 bytes, as the Standard Webhooks convention has it. */
function isWebhookSecret(text: string): boolean {
  const [, encoded = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const key = Buffer.from(encoded, 'base64');
  return key.length >= 24 && key.length <= 64 && key.toString('base64') === encoded;
}

const webhookSecrets = z
  .string()
  .transform((text) => text.split(',').map((secret) => secret.trim()))
  .refine((secrets) => secrets.every(isWebhookSecret), {
    error:
      'must be whsec_ and the base64 of 24 to 64 bytes; several, comma-separated, while one is replaced. Make one: echo "whsec_$(openssl rand -base64 32)"',
  });

const dinteroWebhookSecrets = z
  .string()
  .transform((text) => text.split(',').map((secret) => secret.trim()))
  .refine((secrets) => secrets.every((secret) => secret.length >= webhookSecretMin), {
    error: `must have at least ${webhookSecretMin} characters; several, comma-separated, the new one first, while it is replaced. Make one: openssl rand -hex 32`,
  });

const webhookUrl = z
  .url({ protocol: /^https?$/, error: 'must be the https URL of your receiver' })
  .refine((text) => isWithoutCredentials(text), {
    error: 'must not carry a user or password: the signature says who is calling',
  })
  // `HTTP://` is plain http: what follows compares the prefix.
  .transform((text) => new URL(text).href);

function isWithoutCredentials(text: string): boolean {
  if (!URL.canParse(text)) return true; // told already
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

const workerVariables = z.object({
  TEMPORAL_TASK_QUEUE: z.string().min(1).default('kvitt'),
  TEMPORAL_DEPLOYMENT_NAME: z.string().min(1).default('kvitt'),
  TEMPORAL_WORKER_BUILD_ID: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,60}$/, 'must be letters, digits, dots, dashes, at most 60')
    .optional(),
  DINTERO_CHECKOUT_URL: baseUrl,
  DINTERO_API_URL: baseUrl,
  DINTERO_ACCOUNT_ID: z.string().regex(/^[PT]\d{8}$/, 'must be P or T and 8 digits'),
  DINTERO_CLIENT_ID: z.string().min(1),
  DINTERO_CLIENT_SECRET: z.string().min(1),
  DINTERO_PROFILE_ID: z.string().min(1),
  DINTERO_ACCOUNT_CLIENT_ID: z.string().min(1).optional(),
  DINTERO_ACCOUNT_CLIENT_SECRET: z.string().min(1).optional(),
  PUBLIC_URL: baseUrl.optional(),
  DINTERO_WEBHOOK_SECRET: dinteroWebhookSecrets.default([]),
  KVITT_INSTALLATION: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,40}$/)
    .default('kvitt'),
  METRICS_ADDRESS: z
    .string()
    .refine(isAddress, 'must be an IP address with a port, such as 127.0.0.1:9464')
    .optional(),
  WORKFLOW_BUNDLE: z.string().min(1).optional(),
  WEBHOOK_URL: webhookUrl.optional(),
  WEBHOOK_SECRET: webhookSecrets.default([]),
  WEBHOOK_ALLOW_PRIVATE: z.stringbool().default(false),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
});

export const workerConfigSchema = workerVariables
  .refine(
    (env) =>
      (env.DINTERO_ACCOUNT_CLIENT_ID === undefined) ===
      (env.DINTERO_ACCOUNT_CLIENT_SECRET === undefined),
    {
      path: ['DINTERO_ACCOUNT_CLIENT_ID'],
      error: 'and DINTERO_ACCOUNT_CLIENT_SECRET belong together: set both, or neither',
    },
  )
  .refine((env) => env.WEBHOOK_URL === undefined || env.WEBHOOK_SECRET.length > 0, {
    path: ['WEBHOOK_SECRET'],
    error:
      'is missing: what goes to WEBHOOK_URL is signed. Make one: echo "whsec_$(openssl rand -base64 32)"',
  })
  .refine((env) => env.WEBHOOK_ALLOW_PRIVATE || env.WEBHOOK_URL?.startsWith('http:') !== true, {
    path: ['WEBHOOK_URL'],
    error: 'must be https (WEBHOOK_ALLOW_PRIVATE=true permits http inside your own network)',
  });
export type WorkerConfig = Readonly<z.infer<typeof workerConfigSchema>>;

/** Reads the environment. All problems are in the one error, each with its variable; an empty value is an absent one. */
export function readWorkerConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = workerConfigSchema.safeParse(present);
  if (parsed.success) return Object.freeze(parsed.data);
  const problems = parsed.error.issues.map(
    (issue) => `  ${issue.path.join('.')}: ${issue.message}`,
  );
  throw new Error(`The worker's configuration has problems:\n${problems.join('\n')}`);
}
