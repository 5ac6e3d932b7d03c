/** Every recorded history still replays: a worker with this code can go on with every charge that is open. */
import { readFileSync, readdirSync } from 'node:fs';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { historiesFolder } from './record-history.ts';

const files = readdirSync(historiesFolder).filter((name) => name.endsWith('.json'));

describe('replay', () => {
  beforeAll(() => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
  });

  it('has the histories of the paths', () => {
    expect(files.length).toBeGreaterThanOrEqual(35);
  });

  it.each(files)('%s', async (file) => {
    const history: unknown = JSON.parse(readFileSync(historiesFolder + file, 'utf8'));
    const replayed = Worker.runReplayHistory(
      { workflowBundle: { codePath: inject('workflowBundle') } },
      history,
      'charge/replayed',
    );
    await expect(replayed).resolves.toBeUndefined();
  });
});
