/** The client: a token, a request, and the failure table; the only place that speaks HTTP to Dintero. */
import { Context } from '@temporalio/activity';
import type { z } from 'zod';
import {
  describeAttempt,
  dinteroFailure,
  failureFor,
  type Attempt,
  type CallKind,
} from '../failures.ts';
import type { DinteroConfig } from './config.ts';
import { send } from './http.ts';
import { createTokenSource, parseJson } from './token.ts';

interface Call<T> {
  /** What is done, as the start of a sentence: `Could not <what>`. */
  what: string;
  kind: CallKind;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Sessions and transactions, or the account's own things: terminals, stores, subscriptions, settlements. */
  at?: 'checkout' | 'account';
  /** Below the checkout URL, or below the account's; query included. */
  path: string;
  headers?: Record<string, string>;
  body?: object;
  answer: z.ZodType<T>;
  timeoutMs: number;
  /** Told the id of the event that the answer has accepted, if it names one. */
  onAccepted?: (eventRequestId: string) => void;
  /** Epoch ms: what is certainly unprocessed is sent again until then, and nothing is sent later. */
  sendBefore?: number;
}

export interface DinteroClient {
  call: <T>(call: Call<T>) => Promise<T>;
}

export function createDinteroClient(config: DinteroConfig): DinteroClient {
  const ofCheckout = createTokenSource(config);
  const ofAccount = config.accountClient
    ? createTokenSource({ ...config, ...config.accountClient })
    : ofCheckout;

  async function attemptOnce(call: Call<unknown>): Promise<Attempt> {
    let attempt: Attempt = { is: 'unsent', why: 'not tried' };
    // A 401 or 403 is given before anything is processed: once more with a fresh token (dossier 1).
    const isOfAccount = call.at === 'account';
    const tokens = isOfAccount ? ofAccount : ofCheckout;
    const base = isOfAccount ? `${config.apiUrl}/accounts/${config.accountId}` : config.checkoutUrl;
    for (const isRepeat of [false, true]) {
      const token = await tokens.get(call.timeoutMs);
      if (isTooLate(call)) return { is: 'unsent', why: 'the time to send was over' };
      attempt = await send({
        method: call.method,
        url: base + call.path,
        headers: {
          authorization: `Bearer ${token}`,
          'dintero-system-name': 'kvitt',
          ...call.headers,
          ...(call.method === 'POST' && call.body === undefined ? { 'content-length': '0' } : {}),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        timeoutMs: call.timeoutMs,
      });
      if (isRepeat || failureFor(call.kind, attempt) !== 'DinteroUnauthorized') return attempt;
      tokens.drop(token);
    }
    return attempt;
  }

  async function untilAnswered<T>(call: Call<T>): Promise<T> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, pauseMaxMs)) {
      try {
        return read(call, await attemptOnce(call));
      } catch (error) {
        const waitMs = Math.max(pauseMs, retryAfterOf(error));
        if (!isUnprocessed(error) || !hasTime(call, waitMs)) throw error;
        await pause(waitMs, error);
      }
    }
  }

  return {
    call: async (call) => {
      if (call.kind === 'read') return await untilAnswered(call);
      // Temporal sees that the worker lives while it waits for its window, or for Dintero.
      const context = activityContext();
      const timer = setInterval(() => context?.heartbeat(), heartbeatEveryMs);
      try {
        return await untilAnswered(call);
      } finally {
        clearInterval(timer);
      }
    },
  };
}

/** null: called by a person's command, where nobody waits for a heartbeat. */
function activityContext(): Context | null {
  try {
    return Context.current();
  } catch {
    return null;
  }
}

/** A third of the time after which the worker is taken for dead. */
const heartbeatEveryMs = 3000;

/** Repeats inside the window while Dintero cannot be reached: quick at first, then twice a second at most. */
const firstPauseMs = 100;
const pauseMaxMs = 2000;

function isTooLate(call: Call<unknown>): boolean {
  return call.sendBefore !== undefined && Date.now() >= call.sendBefore;
}

function hasTime(call: Call<unknown>, waitMs: number): boolean {
  return call.sendBefore !== undefined && Date.now() + waitMs < call.sendBefore;
}

/** Turns an attempt into its answer, or throws its failure. */
function read<T>(call: Call<T>, attempt: Attempt): T {
  const type = failureFor(call.kind, attempt);
  if (type !== null || attempt.is !== 'answered') {
    const retryAfterMs = attempt.is === 'answered' ? attempt.retryAfterMs : 0;
    const message = `Could not ${call.what}: ${describeAttempt(attempt)}`;
    throw dinteroFailure(type ?? 'OutcomeUnknown', message, retryAfterMs);
  }
  if (attempt.eventRequestId !== undefined) call.onAccepted?.(attempt.eventRequestId);
  const parsed = call.answer.safeParse(parseJson(attempt.body));
  if (parsed.success) return parsed.data;
  const problem = parsed.error.issues[0];
  throw dinteroFailure(
    'DinteroUnreadable',
    `Could not ${call.what}: the answer ${attempt.status} is unreadable at ${problem?.path.join('.') ?? ''}: ${problem?.message ?? ''}`,
  );
}

function isUnprocessed(error: unknown): boolean {
  const type = typeOf(error);
  return type === 'DinteroUnavailable' || type === 'DinteroRateLimited';
}

function typeOf(error: unknown): unknown {
  return error instanceof Error && 'type' in error ? error.type : undefined;
}

function retryAfterOf(error: unknown): number {
  const details = error instanceof Error && 'details' in error ? error.details : undefined;
  const first: unknown = Array.isArray(details) ? details[0] : undefined;
  if (typeof first !== 'object' || first === null || !('retryAfterMs' in first)) return 0;
  return Number(first.retryAfterMs);
}

/** A worker that is asked to stop does not wait on: what was to be repeated was never processed, and says so. */
async function pause(ms: number, unprocessed: unknown): Promise<void> {
  try {
    await Context.current().sleep(ms);
  } catch {
    throw unprocessed;
  }
}
