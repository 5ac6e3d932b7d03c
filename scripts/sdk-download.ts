/**
 * Lets the Temporal SDK fetch the CLI into the folder given as argument. The SDK downloads only when it starts a
 * server, and its download knows no time-out: a process of its own can be ended from outside.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { reasonOf } from './log.ts';

const [downloadDir] = process.argv.slice(2);
if (downloadDir === undefined) throw new Error('sdk-download needs a folder');
try {
  const server = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir, version: 'default' } },
  });
  await server.teardown();
} catch (err) {
  // One line: it becomes the reason in the resolver's message.
  console.error(reasonOf(err));
  process.exitCode = 1;
}
