/** `npm run size`: lines of code by part, beside what the design aims at. Printed to be looked at; small is a feature. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Lines that are neither blank nor comment, of a file or of a folder's TypeScript. */
function codeLines(path: string): number {
  const full = join(root, path);
  if (statSync(full).isDirectory()) {
    const names = readdirSync(full).filter((name) => !name.includes('.') || name.endsWith('.ts'));
    return names.reduce((sum, name) => sum + codeLines(join(path, name)), 0);
  }
  const lines = readFileSync(full, 'utf8').split('\n');
  return lines.filter((line) => !/^\s*($|\/\/|\/?\*)/.test(line)).length;
}

const product = codeLines('activities') + codeLines('workflows') + codeLines('api');
const rows: [part: string, lines: number, aim: number | null][] = [
  ['charge workflow', codeLines('workflows/charge.ts'), 150],
  ['judgement', codeLines('workflows/judgement.ts'), 150],
  ['next step', codeLines('workflows/next-step.ts'), null],
  ['workflows', codeLines('workflows'), null],
  ['activities', codeLines('activities'), null],
  ['worker', codeLines('worker'), null],
  ['api', codeLines('api'), 800],
  ['cli', codeLines('cli'), null],
  ['simulator', codeLines('simulator'), product],
  ['scripts', codeLines('scripts'), null],
  ['test', codeLines('test'), null],
];
for (const [part, lines, aim] of rows) {
  const beside = aim === null ? '' : `   aim ${aim}${lines > aim ? ', over' : ''}`;
  console.log(`${part.padEnd(16)} ${String(lines).padStart(6)}${beside}`);
}
