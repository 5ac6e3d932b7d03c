#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

// Our own settings, not those of the folder it is called in.
register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) });
const { runKvitt } = await import('../cli/main.ts');

const { env: environment, stdin, stdout, stderr } = process;
// Ends quietly when nobody reads on: `kvitt charges | head`.
stdout.on('error', (/** @type {NodeJS.ErrnoException} */ err) => {
  if (err.code !== 'EPIPE') throw err;
  process.exit();
});
// Not `exit`: what was printed into a pipe must arrive whole.
process.exitCode = await runKvitt({
  args: process.argv.slice(2),
  environment,
  ...(stdin.isTTY ? { stdin } : {}),
  stdout,
  stderr,
  // Once: a second Ctrl-C ends it as ever.
  onInterrupt: (listener) => void process.once('SIGINT', listener).once('SIGTERM', listener),
});
