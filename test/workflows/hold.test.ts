/** Who may still say what becomes of held money, and what becomes of it when nobody does. */
import { describe, expect, it } from 'vitest';
import {
  endOf,
  holdOf,
  isAwaitingWord,
  whyNotSaid,
  type Hold,
  type Word,
} from '../../workflows/hold.ts';

const now = 1_000_000;
const hold = (word: Word | null, left: number | null, endsWith: Word = 'void'): Hold => ({
  word,
  endsWith,
  wait: 900_000,
  until: left === null ? null : now + left,
});

describe(endOf.name, () => {
  it.each<[name: string, of: Hold, end: Word | null]>([
    ['nothing before it is reserved', hold(null, null), null],
    ['nothing while there is time', hold(null, 1), null],
    ['what is configured when the time is over', hold(null, 0, 'capture'), 'capture'],
    ['what was said, in time', hold('capture', 1), 'capture'],
    ['what was said, also when the time is over', hold('capture', -1), 'capture'],
    ['what was said before it is reserved', hold('void', null), 'void'],
  ])('is %s', (_name, of, end) => {
    expect(endOf(of, now)).toBe(end);
  });
});

describe(whyNotSaid.name, () => {
  type Row = [said: Word, of: Hold, isCancelRequested: boolean, wayOut: RegExp];
  it.each<Row>([
    ['capture', hold(null, 1), false, /^it fits$/],
    ['void', hold(null, 1), false, /^it fits$/],
    ['capture', hold('capture', -1), false, /^it fits$/],
    ['void', hold('void', -1), true, /^it fits$/],
    ['void', hold(null, 1), true, /^it fits$/],
    ['void', hold(null, 0), false, /^it fits$/],
    ['capture', hold(null, 0, 'capture'), false, /^it fits$/],
    ['void', hold('capture', 1), false, /POST cancel/],
    ['void', hold(null, 0, 'capture'), false, /time .* is over.*POST cancel/],
    ['capture', hold('void', 1), true, /next attempt/],
    ['capture', hold(null, 1), true, /next attempt/],
    ['capture', hold(null, 0), false, /time .* is over.*next attempt/],
  ])('%s of %j, cancelled %s: %s', (said, of, isCancelRequested, wayOut) => {
    const why = whyNotSaid(said, { hold: of, isCancelRequested }, now);
    expect(why ?? 'it fits').toMatch(wayOut);
  });
});

describe('the record of a hold', () => {
  const held_until = new Date(now).toISOString();
  const held = { capture: 'on_request', state: 'approved', held_until, word: null } as const;

  it('is all that a recovery needs', () => {
    const policy = { wait: 5, endsWith: 'capture' } as const;
    const restored = { ...policy, word: 'void', until: now };
    expect(holdOf({ ...held, word: 'void' }, policy)).toEqual(restored);
    expect(holdOf(held, undefined)).toMatchObject({ wait: 900_000, endsWith: 'void' });
    expect(holdOf({}, policy)).toBeNull();
  });

  it('says whose turn it is', () => {
    expect(isAwaitingWord(held, now - 1)).toBe(true);
    expect(isAwaitingWord(held, now)).toBe(false);
    expect(isAwaitingWord({ ...held, word: 'capture' }, now - 1)).toBe(false);
    expect(isAwaitingWord({ ...held, state: 'checking' }, now - 1)).toBe(false);
    expect(isAwaitingWord({ state: 'approved' }, now - 1)).toBe(false);
  });
});
