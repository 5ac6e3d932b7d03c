/** Dintero's webhook subscription is kept, whatever becomes of it. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Subscription } from '../../simulator/account-records.ts';
import { startKeeper } from '../../worker/subscription.ts';
import { subscriptionWorkflowId, type SubscriptionRecord } from '../../workflows/subscription.ts';
import { startHarness, type Harness } from '../harness.ts';
import { connect, type Dintero } from '../simulator/harness.ts';

const path = '/v1/accounts/T90001234/hooks/subscriptions';
const pace = { checkEvery: 150, retryFirst: 50, runFor: 3_600_000 };

let kvitt: Harness;
let dintero: Dintero;

beforeAll(async () => {
  kvitt = await startHarness({ keeper: pace });
  dintero = await connect(kvitt.simulator.url);
});

afterAll(async () => {
  await kvitt.stop();
});

async function list(): Promise<Subscription[]> {
  return (await dintero.call<Subscription[]>('GET', path)).body;
}

async function eventually(check: () => Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 20_000, interval: 50 });
}

/** What the keeper has published. */
async function published(): Promise<SubscriptionRecord | undefined> {
  const handle = kvitt.client.workflow.getHandle(subscriptionWorkflowId(kvitt.taskQueue));
  const { memo } = await handle.describe();
  return memo?.['subscription'] as SubscriptionRecord | undefined;
}

async function makes(): Promise<number> {
  return (await kvitt.simulator.calls({ endpoint: 'create_subscription' })).length;
}

/** What the api says of it: the check of /readyz, and the gauge. */
async function said(): Promise<{ isOk: unknown; text: string; gauge: string }> {
  const { body } = await kvitt.call<{ checks: Record<string, unknown>[] }>('GET', '/readyz');
  const check = body.checks.find(({ name }) => name === 'account_webhooks');
  const metrics = await (await fetch(`${kvitt.url}/metrics`)).text();
  const [, gauge = ''] = /^kvitt_webhook_subscription_is_kept (\d)$/m.exec(metrics) ?? [];
  return { isOk: check?.['is_ok'], text: String(check?.['text']), gauge };
}

const ours = (): unknown => ({
  id: expect.any(String) as unknown,
  created_at: expect.any(String) as unknown,
  config: {
    url: expect.stringMatching(
      new RegExp(`^${kvitt.url}/webhooks/dintero/events\\?secret=[0-9a-f]{8}$`),
    ) as unknown,
    content_type: 'application/json',
  },
  events: ['checkout_transaction', 'checkout_authorization', 'settlement_add'],
});

describe('the subscription', () => {
  it('is made once, its ping is good, and /readyz and the metric say that it is there', async () => {
    await eventually(async () => expect(await list()).toEqual([ours()]));
    await eventually(async () => expect(await published()).toBeDefined());
    expect(await published()).toMatchObject({ is_kept: true, problem: null });
    expect(await said()).toMatchObject({ isOk: true, gauge: '1' });
    const metrics = await (await fetch(`${kvitt.url}/metrics`)).text();
    expect(metrics).toContain('kvitt_api_webhooks_total{kind="ping"} 1');
    expect(await makes()).toBe(1);
  });

  it('is made again when Dintero has dropped it', async () => {
    const [{ id } = { id: '' }] = await list();
    await dintero.call('DELETE', `${path}/${id}`);
    await eventually(async () => expect(await list()).toEqual([ours()]));
    expect(await makes()).toBe(2);
  });

  it('that may not be made is told, with the way out, and made when it may', async () => {
    const refused = { kind: 'status', status: 403 };
    await kvitt.simulator.fault({ endpoint: 'list_subscriptions', times: 0, do: refused });
    await eventually(async () =>
      expect(await said()).toMatchObject({
        isOk: null,
        text: expect.stringMatching(/403[^]*DINTERO_ACCOUNT_CLIENT_ID/) as unknown,
        gauge: '0',
      }),
    );
    await kvitt.simulator.clearFaults();
    await eventually(async () => expect(await said()).toMatchObject({ isOk: true, gauge: '1' }));
  });

  it('has a keeper at a time, and another when its run is over', async () => {
    const { taskQueue, client } = kvitt;
    const handle = client.workflow.getHandle(subscriptionWorkflowId(taskQueue));
    const { runId } = await handle.describe();
    await startKeeper(client, { taskQueue, pace });
    expect((await handle.describe()).runId).toBe(runId);
    await handle.terminate();
    await startKeeper(client, { taskQueue, pace: { ...pace, runFor: 0 } });
    await eventually(async () => expect((await handle.describe()).status.name).toBe('COMPLETED'));
    expect(await published()).toMatchObject({ is_kept: true });
    expect(await said()).toMatchObject({ isOk: true });
  });
});
