import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { answerOf, endpointOf, measured } from '../../activities/dintero/measure.ts';
import type { Attempt } from '../../activities/failures.ts';
import { countLeaseRefusal } from '../../workflows/metrics.ts';

const dintero = 'https://checkout.dintero.com/v1';
const answered = (status: number): Attempt => ({
  is: 'answered',
  status,
  body: '',
  retryAfterMs: 0,
});

describe(endpointOf.name, () => {
  test.each([
    ['POST', '/accounts/T90001234/auth/token', 'get_token'],
    ['POST', '/sessions-profile', 'create_session'],
    ['GET', '/sessions/T90001234.abc', 'read_session'],
    ['POST', '/sessions/T90001234.abc/pay', 'pay_session'],
    ['POST', '/sessions/T90001234.abc/cancel', 'cancel_session'],
    ['GET', '/transactions?session_id=T90001234.abc&limit=100', 'list_transactions'],
    ['GET', '/transactions/T90001234.abc', 'read_transaction'],
    ['POST', '/transactions/T90001234.abc/capture', 'capture_transaction'],
    ['POST', '/transactions/T90001234.abc/void', 'void_transaction'],
    ['POST', '/transactions/T90001234.abc/refund', 'refund_transaction'],
    ['GET', '/accounts/T90001234/terminals?starting_after=x', 'list_terminals'],
    ['GET', '/accounts/T90001234/terminals/T90001234-T0003', 'read_terminal'],
    ['GET', '/accounts/T90001234/stores', 'list_stores'],
    ['PUT', '/accounts/T90001234/stores/bergen-01', 'change_account'],
    ['POST', '/accounts/T90001234/terminals/T90001234-T0003/sync', 'change_account'],
    ['POST', '/admin/terminals/operations', 'start_operation'],
    ['GET', '/admin/terminals/operations?operation_id=x', 'read_operation'],
    ['GET', '/something/T90001234.abc', 'other'],
  ] as const)('%s %s: %s', (method, path, endpoint) => {
    expect(endpointOf({ method, url: dintero + path })).toBe(endpoint);
  });
});

describe(answerOf.name, () => {
  test.each([
    [answered(201), '2xx'],
    [answered(302), '3xx'],
    [answered(404), '404'],
    [answered(429), '429'],
    [answered(503), '5xx'],
    [{ is: 'lost', why: 'time-out' }, 'lost'],
    [{ is: 'unsent', why: 'ECONNREFUSED' }, 'unsent'],
  ] as const)('%j: %s', (attempt, answer) => {
    expect(answerOf(attempt)).toBe(answer);
  });
});

describe('a number that cannot be told', () => {
  const request = { method: 'GET', url: 'no url', headers: {}, timeoutMs: 1 } as const;
  const send = async (): Promise<Attempt> => await Promise.resolve(answered(200));

  test('costs no call its answer', async () => {
    const answers = [
      await measured(request, send),
      await new MockActivityEnvironment().run(async () => await measured(request, send)),
    ];
    expect(answers).toEqual([answered(200), answered(200)]);
  });

  test('does not park a charge', () => {
    // Outside of a workflow the SDK's meter throws.
    expect(countLeaseRefusal()).toBeUndefined();
  });
});
