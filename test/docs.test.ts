/** The README is held to the code: every word of the closed lists, every variable, every command. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { apiConfigSchema } from '../api/config.ts';
import { chargeRequestSchema } from '../api/schemas.ts';
import { workerConfigSchema } from '../worker/config.ts';
import { chargeStates, eventTypes } from '../workflows/lists.ts';
import { operations, operationStates } from '../workflows/terminal-operations.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const readme = read('README.md');
const rows = readme.split('\n').filter((line) => line.startsWith('| `'));
/** The words in the first cells of all tables. */
const explained = rows.flatMap((row) =>
  [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, word]) => word),
);

describe('the api reference', () => {
  it('shows a request that is accepted as it stands', () => {
    const { example } = chargeRequestSchema.meta() ?? {};
    expect(chargeRequestSchema.safeParse(example)).toMatchObject({ success: true });
  });
});

describe('the page about webhooks', () => {
  it('has a row for each event, and no other', () => {
    const named = [...read('docs/webhooks.md').matchAll(/^\| `([a-z._]+)` \|/gm)];
    expect(named.map(([, name]) => name)).toEqual(eventTypes);
  });
});

describe('the page about terminals', () => {
  it('has a row for each operation and each state, and no other', () => {
    const named = [...read('docs/terminals.md').matchAll(/^\| `([a-z_]+)` \|/gm)];
    expect(named.map(([, name]) => name)).toEqual([...operations, ...operationStates]);
  });
});

describe('the README', () => {
  it.each(chargeStates)('explains %s', (word) => {
    expect(explained).toContain(word);
  });

  it('explains every variable', () => {
    const names = [...Object.keys(apiConfigSchema.shape), ...Object.keys(workerConfigSchema.shape)];
    // The image sets it; a person has no use for it.
    const missing = names.filter((name) => name !== 'WORKFLOW_BUNDLE' && !explained.includes(name));
    expect(missing).toEqual([]);
  });

  it('opens with the two commands, and CI runs the second as it stands there', () => {
    expect(readme.indexOf('npm ci && npm start')).toBeLessThan(1500);
    expect(readme).toContain('npm ci && npm test ');
    expect(read('.ci/run')).toMatch(/^ {2}npm ci && npm test /m);
  });

  it('names only commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/npm run ([a-z]+)/g)].map(([, name]) => name ?? '');
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});
