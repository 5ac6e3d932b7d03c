/** `npm run bundle`: the workflow code as one file, so that a worker starts without bundling. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { isMain } from './is-main.ts';

/** Writes the bundle; throws what webpack says, also when a workflow imports what the sandbox does not have. */
export async function buildWorkflowBundle(
  path: string,
  entry = new URL('../workflows/index.ts', import.meta.url),
): Promise<void> {
  const workflowsPath = fileURLToPath(entry);
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  await mkdir(dirname(path), { recursive: true });
  // A worker that starts meanwhile reads the old file or the new one, never half of one.
  await writeFile(`${path}.${process.pid}`, code);
  await rename(`${path}.${process.pid}`, path);
}

if (isMain(import.meta.url)) {
  const path = fileURLToPath(new URL('../dist/workflow-bundle.js', import.meta.url));
  await buildWorkflowBundle(path);
  console.log(`The workflow bundle is in ${path}`);
}
