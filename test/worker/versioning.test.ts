/** Worker versioning, switched on by the environment: a deploy loses nothing, and an old version can be emptied. */
import { Client } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { createWorkers, runWorkers } from '../../worker/worker.ts';
import { saleOf, startHarness, type Harness } from '../harness.ts';

describe('two versions of the worker', () => {
  let kvitt: Harness;
  let native: NativeConnection;
  const deploymentName = `kvitt-${crypto.randomUUID()}`;
  const running = new Map<string, { charges: Worker; finished: Promise<void> }>();

  beforeAll(async () => {
    kvitt = await startHarness({ deadlineSeconds: 900, promptLifetimeSeconds: 1800 });
    await kvitt.stopWorkers();
    native = await NativeConnection.connect({ address: inject('temporalAddress') });
  });
  afterAll(async () => {
    for (const buildId of running.keys()) await drain(buildId);
    await native.close();
    await kvitt.stop();
  });

  async function deploy(buildId: string): Promise<void> {
    const dinteroUrl = `${kvitt.simulator.url}/v1`;
    const workers = await createWorkers({
      connection: native,
      namespace: 'default',
      taskQueue: kvitt.taskQueue,
      bundle: { codePath: inject('workflowBundle') },
      activities: createActivities({
        config: {
          checkoutUrl: dinteroUrl,
          apiUrl: dinteroUrl,
          accountId: 'T90001234',
          clientId: 'simulator',
          clientSecret: 'simulator',
          profileId: 'default',
          publicUrl: kvitt.url,
          installation: kvitt.taskQueue,
        },
        temporal: new Client({ connection: native }),
      }),
      version: { deploymentName, buildId },
    });
    running.set(buildId, { charges: workers.charges, finished: runWorkers(workers) });
    // The server hears of a version by its first polls.
    await expect.poll(async () => await makeCurrent(buildId), { timeout: 15_000 }).toBe(true);
  }

  /** What `temporal worker deployment set-current-version` does. */
  async function makeCurrent(buildId: string): Promise<boolean> {
    try {
      await kvitt.client.workflowService.setWorkerDeploymentCurrentVersion({
        namespace: 'default',
        deploymentName,
        buildId,
        version: `${deploymentName}.${buildId}`,
      });
      return true;
    } catch {
      return false;
    }
  }

  async function drain(buildId: string): Promise<void> {
    const worker = running.get(buildId);
    running.delete(buildId);
    worker?.charges.shutdown();
    await worker?.finished;
  }

  async function versionOf(reference: string): Promise<string | undefined> {
    const { raw } = await kvitt.client.workflow.getHandle(`charge/${reference}.1`).describe();
    const info = raw.workflowExecutionInfo?.versioningInfo;
    return info?.deploymentVersion?.buildId ?? undefined;
  }

  /** What `temporal workflow update-options --versioning-override-behavior auto_upgrade` does. */
  async function release(reference: string): Promise<void> {
    await kvitt.client.workflowService.updateWorkflowExecutionOptions({
      namespace: 'default',
      workflowExecution: { workflowId: `charge/${reference}.1` },
      workflowExecutionOptions: { versioningOverride: { autoUpgrade: true, behavior: 2 } },
      updateMask: { paths: ['versioning_override'] },
    });
  }

  it(
    'keep the charges that they started, until the old one is emptied',
    { timeout: 60_000 },
    async () => {
      await deploy('v1');
      const [before, forgotten] = [saleOf(kvitt), saleOf(kvitt)];
      await Promise.all([kvitt.post(before), kvitt.post(forgotten)]);
      await deploy('v2');
      const after = saleOf(kvitt);
      await kvitt.post(after);
      await kvitt.simulator.press(before.terminal_id, 'tap');
      await kvitt.simulator.press(after.terminal_id, 'tap');
      const ended = [
        await kvitt.ending(`${before.reference}.1`),
        await kvitt.ending(`${after.reference}.1`),
      ];
      expect(await versionOf(before.reference)).toBe('v1');
      expect(await versionOf(after.reference)).toBe('v2');

      await drain('v1');
      await release(forgotten.reference);
      await kvitt.simulator.press(forgotten.terminal_id, 'tap');
      ended.push(await kvitt.ending(`${forgotten.reference}.1`));
      expect(await versionOf(forgotten.reference)).toBe('v2');
      expect(ended.map(({ outcome }) => outcome)).toEqual(['captured', 'captured', 'captured']);
      expect(await kvitt.audit(ended)).toEqual([]);
    },
  );
});
