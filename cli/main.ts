/** The command line in one call: what was typed becomes one request, its answer text, and its exit code. */
import { CommanderError, type Command } from 'commander';
import { createProgram, type Perform } from './commands.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { Failure } from './failures.ts';
import type { Surroundings } from './kvitt.ts';
import { createPaint, printable } from './tables.ts';

/** Never throws: whatever goes wrong is told on `stderr`, and the exit code says which kind it is. */
export async function runKvitt({
  args,
  environment,
  stdout,
  stderr,
  ...rest
}: Surroundings): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done;
  const perform: Perform = async (job) => {
    // Loaded only now: help and usage errors need none of it.
    const [{ readCliConfig }, { createClient }, { jobs }] = await Promise.all([
      import('./config.ts'),
      import('./client.ts'),
      import('./jobs.ts'),
    ]);
    const paint = createPaint(stdout.hasColors?.() ?? false);
    const isStream = program.args[0] === 'watch';
    const kvitt = {
      client: createClient(readCliConfig(environment)),
      get look() {
        return { paint, now: Date.now() };
      },
      print: async (answer: unknown, text: () => string | Promise<string>): Promise<void> => {
        const json = (): string => JSON.stringify(answer, null, isStream ? 0 : 2);
        stdout.write(`${wantsJson(program) ? json() : await text()}\n`);
      },
      say: (news: string): void => void stderr.write(`${news}\n`),
      around: { environment, stderr, ...rest },
    };
    exitCode = await job(kvitt, jobs);
  };
  const program = createProgram(perform, { stdout, stderr });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (err) {
    const { text, exitCode: failed } = told(err, wantsJson(program));
    stderr.write(text);
    return failed;
  }
}

function wantsJson(program: Command): boolean {
  return program.opts<{ json?: boolean }>().json ?? false;
}

function told(err: unknown, json: boolean): { text: string; exitCode: ExitCode } {
  if (err instanceof CommanderError) {
    // It has told it itself.
    return { text: '', exitCode: err.exitCode === 0 ? exitCodes.done : exitCodes.invalid };
  }
  if (!(err instanceof Failure)) {
    const words = err instanceof Error ? err.message : String(err);
    return { text: `kvitt has a fault: ${words}\n`, exitCode: exitCodes.fault };
  }
  const { problem, wayOut, exitCode } = err;
  const errors = (problem.errors ?? []).map(
    ({ field, problem: words, hint }) => `  ${field} ${words}. ${hint}`,
  );
  const lines = [problem.title, ...(problem.detail?.split('\n') ?? []), ...errors, wayOut ?? ''];
  const text = lines.filter((line) => line !== '').map(printable);
  return { text: `${json ? JSON.stringify(problem, null, 2) : text.join('\n')}\n`, exitCode };
}
