/** No sentence of the acceptance list is without a test that carries it as its name. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { acceptance } from './sentences.ts';

const folder = new URL('..', import.meta.url);
const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts') && name !== 'acceptance/all.test.ts')
  .map((name) => readFileSync(new URL(name, folder), 'utf8'))
  .join('\n');

describe('the acceptance list', () => {
  it.each(Object.entries(acceptance))('%s is the name of a test: %s', (number) => {
    expect(tests).toContain(`acceptance[${number}]`);
  });
});
