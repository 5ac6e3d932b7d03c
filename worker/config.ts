/** The worker's configuration: the only place that reads its environment. */
import { z } from 'zod';

const baseUrl = z
  .url({
    protocol: /^https?$/,
    error: 'must be a URL with its prefix, such as https://checkout.dintero.com/v1',
  })
  .transform((url) => url.replace(/\/+$/, ''));

export const workerConfigSchema = z.object({
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
  PUBLIC_URL: baseUrl.optional(),
  KVITT_INSTALLATION: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,40}$/)
    .default('kvitt'),
  WORKFLOW_BUNDLE: z.string().min(1).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
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
