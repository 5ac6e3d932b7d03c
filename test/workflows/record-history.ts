/** `npm run histories`: one history per path, for replay. Only what is missing is added: a released one stays. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

export const historiesFolder = fileURLToPath(new URL('../histories/', import.meta.url));

/** Does nothing unless RECORD_HISTORIES is set. What names this machine is taken out: stacks carry paths. */
export async function recordHistory(
  client: Client,
  { workflowId, name }: { workflowId: string; name: string },
): Promise<void> {
  const path = `${historiesFolder}${name}.json`;
  if (process.env['RECORD_HISTORIES'] === undefined || existsSync(path)) return;
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const project = fileURLToPath(new URL('../../', import.meta.url));
  const json = JSON.stringify(JSON.parse(historyToJSON(history)))
    .replaceAll(project, '')
    // They may be a link to a folder elsewhere.
    .replaceAll(/\/(?:[\w.@-]+\/)+?node_modules\//g, 'node_modules/')
    .replaceAll(hostname(), 'recorder');
  await mkdir(historiesFolder, { recursive: true });
  await writeFile(path, `${json}\n`);
}
