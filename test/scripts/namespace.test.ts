import { Connection } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { prepareNamespace } from '../../scripts/namespace.ts';
import { searchAttributes } from '../../workflows/messages.ts';

let connection: Connection;

beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
});
afterAll(async () => {
  await connection.close();
});

let counter = 0;
const freshName = (): string => `namespace-${process.pid}-${(counter += 1)}`;

async function prepared(namespace: string): Promise<{ result: string; said: string[] }> {
  const said: string[] = [];
  const result = await prepareNamespace({ connection, namespace, log: (line) => said.push(line) });
  return { result, said };
}

async function retentionDays(namespace: string): Promise<number> {
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  return Number(config?.workflowExecutionRetentionTtl?.seconds) / 86_400;
}

const names = Object.values(searchAttributes).map(({ name }) => name);

describe(prepareNamespace.name, () => {
  test('creates what is missing, and a second run changes and says nothing', async () => {
    const namespace = freshName();
    const first = await prepared(namespace);
    expect(first.result).toBe('ready');
    expect(first.said).toEqual([
      `Namespace ${namespace} created: closed charges stay 30 days.`,
      `Search attributes added: ${names.join(', ')}.`,
    ]);
    expect(await retentionDays(namespace)).toBe(30);
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace,
    });
    expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(names));
    expect(await prepared(namespace)).toEqual({ result: 'ready', said: [] });
  });

  test('everything is usable when it returns', async () => {
    const namespace = freshName();
    await prepared(namespace);
    const query = 'ChargeState = "captured"';
    const { count } = await connection.workflowService.countWorkflowExecutions({
      namespace,
      query,
    });
    expect(Number(count)).toBe(0);
  });

  test('two at once both end with a ready namespace', async () => {
    const namespace = freshName();
    const both = await Promise.all([prepared(namespace), prepared(namespace)]);
    expect(both.map(({ result }) => result)).toEqual(['ready', 'ready']);
    expect(await retentionDays(namespace)).toBe(30);
  });

  test.each([
    [1, 30],
    [90, 90],
  ])('a retention of %i days becomes %i', async (before, after) => {
    const namespace = freshName();
    const seconds = before * 86_400;
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: seconds as never },
    });
    await prepared(namespace);
    expect(await retentionDays(namespace)).toBe(after);
  });

  test('an attribute of another type is an error which names both types', async () => {
    const namespace = freshName();
    await prepared(namespace);
    const attributes = [defineSearchAttributeKey('ChargeState', SearchAttributeType.INT)];
    const attempt = prepareNamespace({ connection, namespace, log: () => undefined, attributes });
    await expect(attempt).rejects.toThrow(/ChargeState .* has the type Keyword, Kvitt needs Int/);
  });

  test.each([7, 12])(
    'a server that refuses (status %i) gets one line with what to do by hand',
    async (code) => {
      const said: string[] = [];
      const refusal = Object.assign(new Error('refused'), { code, details: '', metadata: {} });
      const cloud = {
        workflowService: {
          describeNamespace: async () =>
            await Promise.resolve({
              config: { workflowExecutionRetentionTtl: { seconds: 86_400 * 30 } },
            }),
          countWorkflowExecutions: async () => await Promise.resolve({ count: 0 }),
        },
        operatorService: { listSearchAttributes: async () => await Promise.reject(refusal) },
      } as unknown as Connection;
      const result = await prepareNamespace({
        connection: cloud,
        namespace: 'shop.a1b2c',
        log: (line) => said.push(line),
      });
      expect(result).toBe('by-hand');
      expect(said).toHaveLength(1);
      for (const name of names) expect(said[0]).toContain(`${name} (Keyword)`);
      expect(said[0]).toContain('at least 30 days');
    },
  );
});
