import { describe, expect, it } from 'vitest';
import { failureFor, type Attempt, type DinteroFailureType } from '../../activities/failures.ts';

const envelope = '{"error":{"message":"BAD_REQUEST","errors":[]}}';
const answered = (status: number, body = envelope): Attempt => ({
  is: 'answered',
  status,
  body,
  retryAfterMs: 0,
});

type Row = [Attempt, read: DinteroFailureType | null, move: DinteroFailureType | null];

const rows: Row[] = [
  [{ is: 'unsent', why: 'ECONNREFUSED' }, 'DinteroUnavailable', 'DinteroUnavailable'],
  [{ is: 'lost', why: 'time-out' }, 'DinteroUnavailable', 'OutcomeUnknown'],
  [{ is: 'lost', why: 'ECONNRESET' }, 'DinteroUnavailable', 'OutcomeUnknown'],
  [answered(200, '{}'), null, null],
  [answered(202, '{}'), null, null],
  [answered(302, ''), 'DinteroUnavailable', 'OutcomeUnknown'],
  [answered(400), 'DinteroRejected', 'DinteroRejected'],
  [answered(400, '<html>'), 'DinteroUnavailable', 'OutcomeUnknown'],
  [answered(401), 'DinteroUnauthorized', 'DinteroUnauthorized'],
  [answered(403), 'DinteroUnauthorized', 'DinteroUnauthorized'],
  [answered(404), 'DinteroNotFound', 'DinteroRejected'],
  [answered(404, 'no such host'), 'DinteroUnavailable', 'OutcomeUnknown'],
  [answered(408), 'DinteroUnavailable', 'OutcomeUnknown'],
  [answered(409), 'DinteroUnavailable', 'OutcomeUnknown'],
  [answered(422), 'DinteroUnavailable', 'DinteroRejected'],
  [answered(422, '{"error":"text"}'), 'DinteroUnavailable', 'OutcomeUnknown'],
  [answered(429), 'DinteroRateLimited', 'DinteroRateLimited'],
  [answered(500), 'DinteroUnavailable', 'OutcomeUnknown'],
  [answered(502, 'Bad Gateway'), 'DinteroUnavailable', 'OutcomeUnknown'],
  [answered(503), 'DinteroUnavailable', 'OutcomeUnknown'],
];

describe('an order to the account', () => {
  const busy: Attempt = { is: 'answered', status: 409, body: envelope, retryAfterMs: 5000 };
  it.each([
    [answered(200, '{}'), null],
    [answered(400), 'DinteroRejected'],
    [answered(409), 'DinteroRejected'],
    [busy, 'DinteroRateLimited'],
    [answered(409, '<html>'), 'OutcomeUnknown'],
    [answered(500), 'OutcomeUnknown'],
    [{ is: 'lost', why: 'time-out' } as const, 'OutcomeUnknown'],
    [{ is: 'unsent', why: 'ECONNREFUSED' } as const, 'DinteroUnavailable'],
  ])('%j: %s', (attempt, type) => {
    expect(failureFor('order', attempt)).toBe(type);
  });
});

describe(failureFor.name, () => {
  it.each(rows)('%j', (attempt, read, move) => {
    expect({ read: failureFor('read', attempt), move: failureFor('move', attempt) }).toEqual({
      read,
      move,
    });
  });
});
