/** The settings of the command line: the only reader of its environment. */
import * as z from 'zod';
import { exitCodes } from './exit-codes.ts';
import { Failure } from './failures.ts';

export const defaultUrl = 'http://localhost:8080';

/** The messages never show the value: one of them is a secret. */
const cliConfigSchema = z.object({
  KVITT_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL', abort: true })
    .refine((url) => {
      const { username, password, search, hash } = new URL(url);
      return username + password + search + hash === '';
    }, 'must have no password, no ? and no #: the token goes into KVITT_TOKEN')
    .default(defaultUrl),
  KVITT_TOKEN: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]+$/, 'must be one word of printable ASCII')
    .optional(),
});

export interface CliConfig {
  readonly url: string;
  readonly token: string | null;
}

/** Throws one failure that lists every problem. */
export function readCliConfig({
  KVITT_URL,
  KVITT_TOKEN,
}: Record<string, string | undefined>): CliConfig {
  const parsed = cliConfigSchema.safeParse({
    ...(KVITT_URL === undefined || KVITT_URL === '' ? {} : { KVITT_URL }),
    ...(KVITT_TOKEN === undefined || KVITT_TOKEN === '' ? {} : { KVITT_TOKEN }),
  });
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    throw new Failure(exitCodes.invalid, {
      problem: { title: 'The environment is not valid', detail: problems.join('\n') },
      wayOut: 'Set it right and try again.',
    });
  }
  return Object.freeze({
    url: parsed.data.KVITT_URL.replace(/\/+$/, ''),
    token: parsed.data.KVITT_TOKEN ?? null,
  });
}
