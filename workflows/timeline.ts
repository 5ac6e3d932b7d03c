/** What happened to a charge or a case, for people: facts with their time and source, few enough to be read. Pure. */

export type Source = 'kvitt' | 'callback' | 'poll' | 'till' | 'operator' | 'Temporal';

export interface Fact {
  /** ISO 8601; of the first one, when it was told several times in a row. */
  at: string;
  source: Source;
  text: string;
  times: number;
  /** When it was told last. */
  last_at: string;
}

/** How a charge began, and what happened lately; between the two a year of polls may lie. */
const firstMax = 10;
const lastMax = 20;

/** Adds a fact. What is told again in a row is counted; what is in the middle is left out, and that is said. */
export function tell(timeline: Fact[], { source, text }: { source: Source; text: string }): void {
  const at = new Date().toISOString();
  const same = timeline.findLast((fact) => fact.source === source);
  const isAgain =
    same !== undefined && same.text === text && timeline.indexOf(same) >= timeline.length - 2;
  if (isAgain) {
    same.times += 1;
    same.last_at = at;
    return;
  }
  timeline.push({ at, source, text, times: 1, last_at: at });
  if (timeline.length <= firstMax + lastMax) return;
  const [gone] = timeline.splice(firstMax + (timeline[firstMax]?.text === leftOut ? 1 : 0), 1);
  const gap = timeline[firstMax];
  if (gone === undefined) return;
  if (gap?.text === leftOut) {
    gap.times += gone.times;
    gap.last_at = gone.last_at;
  } else {
    timeline.splice(firstMax, 0, { ...gone, source: 'kvitt', text: leftOut });
  }
}

const leftOut = 'facts left out here';

/** The timeline as a Markdown table. */
export function timelineTable(timeline: readonly Fact[]): string {
  const rows = timeline.map(({ at, source, text, times, last_at }) => {
    const again = times === 1 ? '' : ` (${times} times, last ${clock(last_at)})`;
    return `| ${clock(at)}\u00A0\u00A0 | ${source}\u00A0\u00A0 | ${escaped(text)}${again} |`;
  });
  return ['| UTC | source | |', '|---|---|---|', ...rows].join('\n');
}

/** `23 Nov 09:15:11`. */
export function clock(at: string | number): string {
  const [, month = '', day = '', time = ''] =
    /^\d+-(\d\d)-(\d\d)T([\d:]{8})/.exec(new Date(at).toISOString()) ?? [];
  // No line break inside.
  return `${day}\u00A0${monthNames[Number(month) - 1] ?? ''}\u00A0${time}`;
}

const monthNames = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** People's words must not make columns, links or markup of their own. */
export function escaped(text: string): string {
  // A bare address becomes a link: a zero-width space in it does not.
  const unlinked = text.replaceAll('://', ':\u200B//').replaceAll('www.', 'www\u200B.');
  return unlinked.replaceAll(/[\\|[\]<>*_`#!]/g, '\\$&').replaceAll('\n', ' ');
}
