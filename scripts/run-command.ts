import { spawn } from 'node:child_process';

export interface CommandResult {
  ok: boolean;
  stdout: string;
  /** Why it is not ok, in one line; empty when it is. */
  reason: string;
}

interface Command {
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  cwd?: string;
}

/** Runs a short command to its end. Never throws: a missing program and a time-out are results too. */
export async function runCommand(options: Command): Promise<CommandResult> {
  const { command, args, env, timeoutMs, cwd } = options;
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  let timedOut = false;
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
    // A grandchild may hold the pipes open: "close" would then never come.
    child.stdout.destroy();
    child.stderr.destroy();
  }, timeoutMs);
  const reason = await new Promise<string>((resolve) => {
    child.once('error', (err) => {
      resolve('code' in err && err.code === 'ENOENT' ? 'not found' : err.message);
    });
    child.once('close', (code, signal) => {
      if (timedOut) resolve(`no answer within ${timeoutMs / 1_000} s`);
      else if (code === 0) resolve('');
      else resolve(`${lastLine(stderr, stdout)} (${signal ?? `exit ${code}`})`);
    });
  });
  clearTimeout(timer);
  return { ok: reason === '', stdout, reason };
}

/** The last line is where programs say why; a limit, because it becomes part of one message. */
function lastLine(...outputs: string[]): string {
  for (const output of outputs) {
    const line = output.trim().split('\n').at(-1)?.trim() ?? '';
    if (line !== '') return line.slice(0, 200);
  }
  return 'it said nothing';
}
