/** Every recorded history still replays: a worker with this code can go on with every charge that is open. */
import { readFileSync, readdirSync } from 'node:fs';
import { DefaultLogger, Runtime, Worker, type ReplayError } from '@temporalio/worker';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { historiesFolder } from './record-history.ts';

const files = readdirSync(historiesFolder).filter((name) => name.endsWith('.json'));

function read(file: string): unknown {
  return JSON.parse(readFileSync(historiesFolder + file, 'utf8'));
}

describe('replay', () => {
  const errors = new Map<string, ReplayError | undefined>();
  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    // One worker for all of them: each worker would load the bundle anew.
    const replayed = Worker.runReplayHistories(
      { workflowBundle: { codePath: inject('workflowBundle') } },
      files.map((workflowId) => ({ workflowId, history: read(workflowId) })),
    );
    for await (const { workflowId, error } of replayed) errors.set(workflowId, error);
  });

  it('has the histories of the paths', () => {
    expect(files.length).toBeGreaterThanOrEqual(35);
  });

  it.each(files)('%s names no folder of the machine that recorded it', (file) => {
    const text = readFileSync(historiesFolder + file, 'utf8');
    expect(text.match(/(?:\(|at |async |file:\/\/)\/[\w.-]+\//g)).toBeNull();
  });

  it.each(files)('%s', (file) => {
    expect([...errors.keys()]).toContain(file);
    expect(errors.get(file)).toBeUndefined();
  });
});
