/** Every way in which the API, or what stands before it, says no: one table from an HTTP status to a `Failure`. */
import type * as z from 'zod';
import { problemSchema } from './answers.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { Failure } from './failures.ts';

/** Also for what comes inside a stream. */
export function parsed<Body>({
  text,
  schema,
  what,
}: {
  text: string;
  schema: z.ZodType<Body>;
  what: string;
}): Body {
  const result = schema.safeParse(jsonIn(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue === undefined ? '' : ` (${issue.path.join('.') || 'body'}: ${issue.message})`;
  throw unexpected(`${what} answered with something else than this version knows${where}.`);
}

/** undefined: it is no JSON, which no schema of ours accepts. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function exitCodeOf(status: number): ExitCode {
  if (status === 400 || status === 422) return exitCodes.invalid;
  if (status === 401 || status === 403 || status === 409) return exitCodes.refused;
  if (status === 404) return exitCodes.unknown;
  if (status === 429 || status >= 500) return exitCodes.unreachable;
  return exitCodes.fault;
}

const tryAgain = 'Nothing is known to have changed. Try again.';

/** Where what is known is listed, by the start of the path that nothing was found at. */
const listed: [start: string, wayOut: string][] = [
  ['/ops/cases/', '`kvitt cases --state all` lists the cases that are known.'],
  ['/ops/explain/', 'The runbook has every word: /runbook at KVITT_URL.'],
  ['/ops/notifications/', '`kvitt notifications` lists what waits.'],
  ['/terminals/', '`kvitt terminals` lists the terminals.'],
];

/** A 404 whose own words say what to do has no other way out. */
function whereListed(code: string | undefined, path: string): string | null {
  if (code === 'unknown_charge') return '`kvitt charges` lists the charges that are known.';
  if (code === 'unknown_refund') return '`kvitt refunds` lists the refunds that are known.';
  if (code !== 'not_found') return null;
  return listed.find(([start]) => path.startsWith(start))?.[1] ?? null;
}

/** Only what `kvitt show` knows has an id here; stores, terminals and switches say themselves what is possible. */
function shownIn(path: string): string | null {
  const id = /^\/(?:ops\/)?(?:charges\/[^/]+\/refunds|charges|refunds|cases)\/([^/?]+)/.exec(
    path,
  )?.[1];
  return id === undefined
    ? null
    : `\`kvitt show ${decodeURIComponent(id)}\` says what is possible now.`;
}

interface Refusal {
  status: number;
  path: string;
  hasToken: boolean;
}

function wayOutOf({ status, path, hasToken }: Refusal, code?: string): string | null {
  if (status === 401) {
    return hasToken
      ? 'Check KVITT_TOKEN: it must be your personal token for this service.'
      : 'Set KVITT_TOKEN to your personal token.';
  }
  if (status === 403) return 'Ask for a personal token that may do this.';
  if (status === 409) return shownIn(path);
  if (status === 404) return whereListed(code, path);
  return exitCodeOf(status) === exitCodes.unreachable ? tryAgain : null;
}

export function failureOf(answer: Refusal & { text: string; what: string }): Failure {
  const { status, text, what } = answer;
  const { success, data } = problemSchema.safeParse(jsonIn(text));
  const wayOut = wayOutOf(answer, data?.code);
  if (success) return new Failure(exitCodeOf(status), { problem: data, wayOut });
  const detail = `${what} answered ${status}, and not as the service does.`;
  const isProxy = status === 401 || status === 403 || status >= 500;
  if (!isProxy) return unexpected(detail);
  const title = status >= 500 ? 'The service cannot answer' : 'The request was refused';
  return new Failure(exitCodeOf(status), { problem: { title, detail }, wayOut });
}

export function unexpected(detail: string): Failure {
  return new Failure(exitCodes.fault, {
    problem: { title: 'The answer is not understood', detail },
    wayOut: 'Check that KVITT_URL is the address of the service, and that kvitt is as new as it.',
  });
}

export function unreachable(url: string, cause: unknown): Failure {
  const { code, message } = rootOf(cause);
  const why = typeof code === 'string' ? code : message;
  const detail = `${url} gives no answer: ${why}.`;
  return new Failure(exitCodes.unreachable, {
    problem: { title: 'The service cannot be reached', detail },
    wayOut: `${tryAgain} KVITT_URL says where the service is.`,
    cause,
  });
}

/** `fetch failed` says nothing; its cause does. */
function rootOf(err: unknown): { code?: unknown; message: string } {
  if (!(err instanceof Error)) return { message: String(err) };
  return err.cause instanceof Error ? rootOf(err.cause) : err;
}
