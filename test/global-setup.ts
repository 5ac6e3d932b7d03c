/** Once per suite: a Temporal dev server as `npm start` uses it, and the workflow bundles. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { TestProject } from 'vitest/node';
import { buildWorkflowBundle } from '../scripts/bundle.ts';
import { resolveTemporalCli } from '../scripts/temporal-cli.ts';
import { searchAttributes } from '../workflows/messages.ts';

declare module 'vitest' {
  interface ProvidedContext {
    temporalAddress: string;
    temporalCli: string;
    workflowBundle: string;
    /** What the api's own tests run in place of the charge. */
    standInBundle: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'kvitt-test-'));
  const workflowBundle = join(folder, 'workflow-bundle.js');
  const standInBundle = join(folder, 'stand-in-bundle.js');
  const temporalCli = await resolveTemporalCli({
    projectDir: fileURLToPath(new URL('..', import.meta.url)),
    env: process.env,
    log: (line) => process.stdout.write(`${line}\n`),
  });
  await buildWorkflowBundle(workflowBundle);
  await buildWorkflowBundle(standInBundle, new URL('api/stand-in.ts', import.meta.url));
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalCli },
      searchAttributes: Object.values(searchAttributes),
      log: { level: 'error', format: 'pretty' },
      extraArgs: ['--dynamic-config-value', 'system.forceSearchAttributesCacheRefreshOnRead=true'],
    },
  });
  project.provide('temporalAddress', env.address);
  project.provide('temporalCli', temporalCli);
  project.provide('workflowBundle', workflowBundle);
  project.provide('standInBundle', standInBundle);
  return async () => {
    await env.teardown();
    await rm(folder, { recursive: true, force: true });
  };
}
