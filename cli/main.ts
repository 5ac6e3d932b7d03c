/** The `kvitt` process: what was typed becomes one request, its answer text, and its exit code. */
import { CommanderError } from 'commander';
import { createProgram, type Perform } from './commands.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { Failure } from './failures.ts';
import { createPaint, printable } from './tables.ts';

/** Ends quietly when nobody reads on: `kvitt charges | head`. */
process.stdout.on('error', (err: NodeJS.ErrnoException) => {
  if (err.code !== 'EPIPE') throw err;
  process.exit();
});

let exitCode: ExitCode = exitCodes.done;

const perform: Perform = async (job) => {
  // Loaded only now: help and usage errors need none of it.
  const [{ readCliConfig }, { createClient }, { jobs }] = await Promise.all([
    import('./config.ts'),
    import('./client.ts'),
    import('./jobs.ts'),
  ]);
  const { json = false } = program.opts<{ json?: boolean }>();
  // `hasColors` knows NO_COLOR.
  const paint = createPaint(process.stdout.isTTY && process.stdout.hasColors());
  const isStream = program.args[0] === 'watch';
  const kvitt = {
    client: createClient(readCliConfig()),
    get look() {
      return { paint, now: Date.now() };
    },
    print: async (answer: unknown, text: () => string | Promise<string>): Promise<void> => {
      const shown = json ? JSON.stringify(answer, null, isStream ? 0 : 2) : await text();
      process.stdout.write(`${shown}\n`);
    },
  };
  exitCode = await job(kvitt, jobs);
};

const program = createProgram(perform);

function tell(err: unknown): ExitCode {
  if (err instanceof CommanderError) return err.exitCode === 0 ? exitCodes.done : exitCodes.invalid;
  if (!(err instanceof Failure)) {
    const title = `kvitt has a fault: ${err instanceof Error ? err.message : String(err)}`;
    process.stderr.write(`${title}\n`);
    return exitCodes.fault;
  }
  const { problem, wayOut } = err;
  const { json = false } = program.opts<{ json?: boolean }>();
  const errors = (problem.errors ?? []).map(
    ({ field, problem: words, hint }) => `  ${field} ${words}. ${hint}`,
  );
  const lines = [problem.title, ...(problem.detail?.split('\n') ?? []), ...errors, wayOut ?? ''];
  const text = lines.filter((line) => line !== '').map(printable);
  process.stderr.write(`${json ? JSON.stringify(problem, null, 2) : text.join('\n')}\n`);
  return err.exitCode;
}

try {
  await program.parseAsync();
} catch (err) {
  exitCode = tell(err);
}
// Not `exit`: what was printed into a pipe must arrive whole.
process.exitCode = exitCode;
