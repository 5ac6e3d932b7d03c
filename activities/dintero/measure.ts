/** Every request to Dintero as a number: which call it was, what became of it, how long it took. */
import { Context } from '@temporalio/activity';
import type { Attempt } from '../failures.ts';
import type { HttpRequest } from './http.ts';

/** The calls that we know, by method and path: ids never become labels, and a new call without a row is `other`. */
const endpoints: [name: string, pattern: RegExp][] = [
  ['get_token', /^POST .*\/auth\/token$/],
  ['create_session', /^POST .*\/sessions-profile$/],
  ['read_session', /^GET .*\/sessions\/[^/]+$/],
  ['pay_session', /^POST .*\/sessions\/[^/]+\/pay$/],
  ['cancel_session', /^POST .*\/sessions\/[^/]+\/cancel$/],
  ['list_transactions', /^GET .*\/transactions$/],
  ['read_transaction', /^GET .*\/transactions\/[^/]+$/],
  ['capture_transaction', /^POST .*\/transactions\/[^/]+\/capture$/],
  ['void_transaction', /^POST .*\/transactions\/[^/]+\/void$/],
  ['list_subscriptions', /^GET .*\/hooks\/subscriptions$/],
  ['create_subscription', /^POST .*\/hooks\/subscriptions$/],
  ['delete_subscription', /^DELETE .*\/hooks\/subscriptions\/[^/]+$/],
  ['refund_transaction', /^POST .*\/transactions\/[^/]+\/refund$/],
  ['start_operation', /^POST .*\/admin\/terminals\/operations$/],
  ['read_operation', /^GET .*\/admin\/terminals\/operations$/],
  ['list_terminals', /^GET .*\/terminals$/],
  ['read_terminal', /^GET .*\/terminals\/[^/]+$/],
  ['list_stores', /^GET .*\/stores$/],
  ['change_account', /^(POST|PUT) .*\/(stores|terminals)(\/[^/]+)?(\/sync)?$/],
];

/** The call's name. */
export function endpointOf({ method, url }: Pick<HttpRequest, 'method' | 'url'>): string {
  const call = `${method} ${new URL(url).pathname}`;
  return endpoints.find(([, pattern]) => pattern.test(call))?.[0] ?? 'other';
}

/** What became of it: a refusal by its status, the rest by its class. */
export function answerOf(attempt: Attempt): string {
  if (attempt.is !== 'answered') return attempt.is;
  const { status } = attempt;
  return status >= 400 && status < 500 ? String(status) : `${Math.floor(status / 100)}xx`;
}

/** Sends it and counts it. A number is never worth a call: outside of an activity, or without a meter, nothing is counted. */
export async function measured(
  request: HttpRequest,
  send: (request: HttpRequest) => Promise<Attempt>,
): Promise<Attempt> {
  const startedAt = performance.now();
  const attempt = await send(request);
  try {
    Context.current()
      .metricMeter.createHistogram(
        'kvitt_dintero_call',
        'float',
        'seconds',
        'Requests to Dintero by call and answer; `lost` had no answer, `unsent` never left',
      )
      .record((performance.now() - startedAt) / 1000, {
        endpoint: endpointOf(request),
        answer: answerOf(attempt),
      });
  } catch {
    // What became of the request counts, not its number.
    return attempt;
  }
  return attempt;
}
