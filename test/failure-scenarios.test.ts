/** `docs/scenarios.md`: every scenario once, every test that it names exists, and it is up to date. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parts } from './failure-scenarios.ts';
import type { Row } from './shown-by.ts';
import { groups } from './workflows/charge-scenarios.ts';

const scenarios = parts.flatMap((part) => part.rows);
const played = groups.flatMap((group) =>
  group.rows.map((row) => ({ title: `${group.name}: ${row.name}`, shows: row.shows ?? [] })),
);

function page(): string {
  const tables = parts.map(
    ({ title, rows }) =>
      `## ${title}\n\n| # | scenario | what Kvitt does | shown by |\n|---|---|---|---|\n${rows.map(line).join('\n')}\n`,
  );
  return `# Failure scenarios

What goes wrong at a till, what Kvitt does, and the tests that show it. Made by \`npx vitest run test/failure-scenarios.test.ts -u\`
from \`test/failure-scenarios.ts\` and the rows of \`test/workflows/charge.test.ts\` (*group: row* below); a test holds it to both.
\`crash-points\` are moments at which \`npm run chaos -- --crash\` kills every process in turn; \`npm test\` kills at three of them.
Each sentence of \`sentences.ts\` is the name of a test.

${tables.join('\n')}`;
}

function line([number, scenario, what, ...shownBy]: Row): string {
  const ofRows = played.filter(({ shows }) => shows.includes(number)).map(({ title }) => title);
  const shown = [...shownBy.map((test) => `\`${test}\``), ...ofRows.map((title) => `*${title}*`)];
  const nothing = what.startsWith('Out of scope') ? '' : 'no test';
  const cell = shown.length === 0 ? nothing : shown.join('<br>');
  return `| ${[String(number), scenario, what, cell].map(escaped).join(' | ')} |`;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}

describe('the failure scenarios', () => {
  it('are all there, once and in order', () => {
    expect(scenarios.map(([number]) => number)).toEqual(
      Array.from({ length: 80 }, (_each, index) => index + 1),
    );
  });

  it('are shown by rows that name one of them', () => {
    const known = new Set(scenarios.map(([number]) => number));
    const strange = played.filter(({ shows }) => shows.some((number) => !known.has(number)));
    expect(strange).toEqual([]);
  });

  it.each([...new Set(scenarios.flatMap(([, , , ...shownBy]) => shownBy))])(
    'name a test: %s',
    (test) => {
      const [file = '', name = ''] = test.split(' > ');
      const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
      const quoted = ["'", '"', '`'].map((quote) => quote + name + quote);
      expect(quoted.some((title) => text.includes(title))).toBe(true);
    },
  );

  it('have their page as it should be', async () => {
    await expect(page()).toMatchFileSnapshot('../docs/scenarios.md');
  });
});
