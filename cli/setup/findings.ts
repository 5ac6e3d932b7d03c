/** What a step of `kvitt setup` found, and how it is told: what is checked, what was found, what to do. */
import type { Look } from '../views.ts';

/**
 * `ok`; `note`: it works, and something may be missing; `not proven`: it cannot be known from here, and is not guessed;
 * `to do`: a person has to act before a charge can work; `skipped`: something before it has to work first.
 */
export type Verdict = 'ok' | 'note' | 'not proven' | 'to do' | 'skipped';

export interface Finding {
  verdict: Verdict;
  /** One sentence each. */
  found: string[];
  /** What the person can do, in order. */
  todo: string[];
}

export function ok(...found: string[]): Finding {
  return { verdict: 'ok', found, todo: [] };
}

export function finding(verdict: Verdict, found: string, ...todo: string[]): Finding {
  return { verdict, found: [found], todo };
}

/** The worst of several, with all that they say, what matters most first. */
export function together(findings: Finding[]): Finding {
  const byWeight: Verdict[] = ['to do', 'not proven', 'note', 'skipped', 'ok'];
  const sorted = findings.toSorted(
    (a, b) => byWeight.indexOf(a.verdict) - byWeight.indexOf(b.verdict),
  );
  return {
    verdict: sorted[0]?.verdict ?? 'ok',
    found: sorted.flatMap(({ found }) => found),
    todo: [...new Set(sorted.flatMap(({ todo }) => todo))],
  };
}

const indent = '      ';

/** `3/13 Rights of the API client`. */
export function heading(
  { paint }: Look,
  { number, of, title }: { number: number; of: number; title: string },
): string {
  return `\n${paint.heading(`${number}/${of} ${title}`)}`;
}

export function findingText({ paint }: Look, { verdict, found, todo }: Finding): string {
  const isGood = verdict === 'ok';
  const word = (isGood ? paint.good : paint.warning)(verdict.toUpperCase());
  const [first = '', ...rest] = found;
  return [
    `${indent}${word}: ${first}`,
    ...rest.map((line) => `${indent}  ${line}`),
    ...todo.map((line) => `${indent}${paint.heading('do:')} ${line}`),
  ].join('\n');
}
