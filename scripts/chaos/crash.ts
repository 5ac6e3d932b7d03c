/**
 * The crash matrix, `npm run chaos -- --crash`: real processes, killed at named points of a charge. Every cell holds one
 * charge per pair of prompt and capture mode at its point, strikes its victim, lets it come back, and asks the ledger.
 */
import { parseArgs } from 'node:util';
import { isMain } from '../is-main.ts';
import { captureModes, promptModes } from '../../workflows/policy.ts';
import { auditCrashed, playCell, type Cell, type CellResult } from './crash-cell.ts';
import { runLoad } from './crash-load.ts';
import { laterPoints } from './crash-points-later.ts';
import { points as pointsOfCard } from './crash-points.ts';
import { allModes, startCrashStack, type Modes } from './crash-stack.ts';
import { victims } from './crash-victims.ts';

const points = [...pointsOfCard, ...laterPoints];

interface GridOptions {
  short: boolean;
  point: string;
  victim: string;
}

/**
 * Runs what the options ask for; true when nothing is red.
 *
 * - nothing: the whole grid
 * - `--short`: the main points, the three that are killed, one pair of modes for each prompting call
 * - `--point <text>`, `--victim <text>`: only the rows and columns whose name contains the text
 * - `--load <charges>` with `--kills`, `--tills`, `--seed`, `--prompt`, `--capture`: the worker killed under load, in
 *   each prompt mode or the one named
 */
export async function runCrashMatrix(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: optionsOfCrash });
  const { short, point, victim } = values;
  if (values.load === undefined) return await runGrid({ short, point, victim });
  const prompts = promptModes.filter((prompt) => values.prompt === '' || prompt === values.prompt);
  const capture = captureModes.find((mode) => mode === values.capture) ?? 'auto';
  let isGood = true;
  for (const prompt of prompts) {
    const run = {
      modes: { prompt, capture },
      charges: Number(values.load),
      tills: Number(values.tills),
      kills: Number(values.kills),
      seed: Number(values.seed),
    };
    isGood = (await runLoad(run)) && isGood;
  }
  return isGood;
}

const optionsOfCrash = {
  crash: { type: 'boolean', default: true },
  short: { type: 'boolean', default: false },
  point: { type: 'string', default: '' },
  victim: { type: 'string', default: '' },
  load: { type: 'string' },
  kills: { type: 'string', default: '10' },
  tills: { type: 'string', default: '24' },
  seed: { type: 'string', default: '1' },
  prompt: { type: 'string', default: '' },
  capture: { type: 'string', default: 'auto' },
} as const;

const shortModes: readonly Modes[] = [
  { prompt: 'create', capture: 'auto' },
  { prompt: 'pay', capture: 'manual' },
];
const shortPoints = [
  'after it left',
  'answer read',
  'waiting for the card',
  'callback received',
  'void done',
  'closed, unanswered',
  'capture done',
  'refund: sent',
  'refund: waiting',
];
const shortVictims = ['worker', 'api', 'temporal'];

function cellsOf(options: GridOptions): Cell[] {
  const modes = options.short ? shortModes : allModes;
  const isWanted = (name: string, wanted: string, short: string[]): boolean =>
    name.includes(wanted) && (!options.short || short.includes(name));
  return points
    .filter(({ name }) => isWanted(name, options.point, shortPoints))
    .flatMap((point) =>
      victims
        .filter((victim) => isWanted(victim, options.victim, shortVictims))
        .map((victim) => ({ point, victim, modes })),
    );
}

async function runGrid(options: GridOptions): Promise<boolean> {
  const startedAt = Date.now();
  const cells = cellsOf(options);
  const kvitt = await startCrashStack({
    env: process.env,
    modes: options.short ? shortModes : allModes,
    log: (line) => console.log(line),
  });
  try {
    const pending: Promise<CellResult>[] = [];
    for (const [index, cell] of cells.entries()) {
      const { judged } = await playCell(kvitt, { ...cell, name: `CRASH-${index + 1}` });
      pending.push(judged);
      judged.then(tell, () => undefined);
    }
    const results = await Promise.all(pending);
    const charges = results.flatMap((result) => result.charges);
    // Then or later: what ended early in the run is judged once more at its end.
    const ended = charges.filter(({ seen }) => (seen?.outcome ?? null) !== null);
    const late = auditCrashed(await kvitt.simulator.ledger(), ended);
    const red = results.filter(({ problems }) => problems.length > 0);
    printGrid(results);
    for (const problem of late) console.log(`at the end: ${problem}`);
    const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
    console.log(
      `\n${results.length} cells, ${charges.length} charges, ${red.length} red, ${late.length} breaches at the end; ${minutes} minutes.`,
    );
    return red.length === 0 && late.length === 0;
  } finally {
    await kvitt.stop();
  }
}

function tell({ point, victim, problems, took }: CellResult): void {
  console.log(`${mark(problems).padEnd(5)} ${point} / ${victim}: ${took.toFixed(1)} s`);
  for (const problem of problems) console.log(`      ${problem}`);
}

function mark({ length }: string[]): string {
  return length === 0 ? 'ok' : `${length} RED`;
}

function printGrid(results: CellResult[]): void {
  const columns = victims.filter((victim) => results.some((one) => one.victim === victim));
  const rows = points
    .map(({ name }) => name)
    .filter((name) => results.some((one) => one.point === name));
  const width = 14;
  console.log(`\n${''.padEnd(22)}${columns.map((name) => name.padEnd(width)).join('')}`);
  for (const row of rows) {
    const texts = columns.map((column) => {
      const cell = results.find((one) => one.point === row && one.victim === column);
      const said = cell === undefined ? '-' : `${mark(cell.problems)} ${Math.round(cell.took)}s`;
      return said.padEnd(width);
    });
    console.log(`${row.padEnd(22)}${texts.join('')}`);
  }
}

if (isMain(import.meta.url)) {
  if (!(await runCrashMatrix(process.argv.slice(2)))) process.exitCode = 1;
}
