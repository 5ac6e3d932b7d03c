import { describe, expect, it } from 'vitest';
import { escaped, tell, timelineTable, type Fact } from '../../workflows/timeline.ts';

function told(count: number): Fact[] {
  const timeline: Fact[] = [];
  for (let index = 1; index <= count; index += 1) {
    tell(timeline, { source: 'poll', text: `look ${index}` });
  }
  return timeline;
}

describe('the timeline', () => {
  it('counts what is told again in a row, also with one other fact between', () => {
    const timeline: Fact[] = [];
    for (const text of ['open', 'open', 'open']) tell(timeline, { source: 'poll', text });
    tell(timeline, { source: 'till', text: 'cancel' });
    tell(timeline, { source: 'poll', text: 'open' });
    tell(timeline, { source: 'kvitt', text: 'cancelled' });
    tell(timeline, { source: 'till', text: 'again' });
    tell(timeline, { source: 'poll', text: 'open' });
    expect(timeline.map(({ text, times }) => `${text} ${times}`)).toEqual([
      'open 4',
      'cancel 1',
      'cancelled 1',
      'again 1',
      'open 1',
    ]);
  });

  it.each([31, 100, 2_000])(
    'of %i facts keeps the first and the last, and says how many it left out',
    (count) => {
      const timeline = told(count);
      expect(timeline.slice(0, 10).map(({ text }) => text)).toEqual(
        told(10).map(({ text }) => text),
      );
      expect(timeline.at(-1)?.text).toBe(`look ${count}`);
      expect(timeline.length).toBeLessThanOrEqual(31);
      const gap = timeline[10];
      expect(gap?.text).toBe('facts left out here');
      // Every fact is shown, or counted as left out.
      expect(timeline.length - 1 + (gap?.times ?? 0)).toBe(count);
      expect(timelineTable(timeline).length).toBeLessThan(20_000);
    },
  );

  it('lets nobody write columns, links or markup of their own', () => {
    expect(escaped('a|b [x](https://evil.example) **c** ![p](q)\nd')).not.toMatch(
      /(?<!\\)[|[\]*!]|:\/\/|\n/,
    );
  });
});
