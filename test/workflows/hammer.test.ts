/** When Temporal itself is used as a hammer, or Dintero shows what cannot be: nothing is forgotten (design 3). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepLostCharges } from '../../activities/sweep.ts';
import {
  chargeWorkflowId,
  recoveryWorkflowId,
  terminalChargeType,
  transactionReported,
} from '../../workflows/messages.ts';
import { saleOf, startHarness, type ChargeAnswer, type Harness } from '../harness.ts';

type Sale = ReturnType<typeof saleOf>;

describe('a charge under the hammer', { concurrent: true }, () => {
  let kvitt: Harness;
  beforeAll(async () => {
    kvitt = await startHarness({ deadlineSeconds: 900, promptLifetimeSeconds: 1800 });
  });
  afterAll(async () => {
    await kvitt.stop();
  });

  async function until(isTrue: () => Promise<boolean>): Promise<void> {
    const giveUpAt = Date.now() + 20_000;
    while (!(await isTrue())) if (Date.now() > giveUpAt) throw new Error('it never became true');
  }

  async function statusOf(workflowId: string): Promise<string | null> {
    try {
      return (await kvitt.client.workflow.getHandle(workflowId).describe()).status.name;
    } catch {
      return null;
    }
  }

  async function open(): Promise<{ sale: Sale; chargeId: string }> {
    const sale = saleOf(kvitt);
    await kvitt.post(sale);
    return { sale, chargeId: `${sale.reference}.1` };
  }

  async function terminate(workflowId: string): Promise<void> {
    await kvitt.client.workflow.getHandle(workflowId).terminate('a test');
  }

  async function sweep(chargeId: string): Promise<void> {
    await until(async () => {
      await sweepLostCharges(kvitt.client, kvitt.taskQueue);
      const status = await statusOf(recoveryWorkflowId(chargeId));
      return status !== null && status !== 'TERMINATED';
    });
  }

  /** To the end of the first workflow task: everything after it is forgotten. */
  async function reset(chargeId: string): Promise<void> {
    const handle = kvitt.client.workflow.getHandle(chargeWorkflowId(chargeId));
    const { runId } = await handle.describe();
    const { events } = await handle.fetchHistory();
    const completed = events?.find((event) => event.workflowTaskCompletedEventAttributes);
    await kvitt.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: chargeWorkflowId(chargeId), runId },
      reason: 'a test',
      workflowTaskFinishEventId: completed?.eventId ?? null,
      requestId: crypto.randomUUID(),
    });
  }

  const tap = async ({ terminal_id }: Sale): Promise<void> => {
    await kvitt.simulator.press(terminal_id, 'tap');
  };

  async function casesOf({ reference }: Sale): Promise<string[]> {
    const { body } = await kvitt.call<{ cases: { kind: string }[] }>(
      'GET',
      `/cases?reference=${reference}`,
    );
    return body.cases.map(({ kind }) => kind);
  }

  it('that a second payment carries too is paid once, and the second is a case', async () => {
    const { sale, chargeId } = await open();
    await kvitt.simulator.ghost({
      merchant_reference: chargeId,
      merchant_reference_2: sale.reference,
      terminal_id: kvitt.freshTerminal(),
      store_id: 'bergen-01',
      installation: kvitt.taskQueue,
    });
    const ids = (await kvitt.ledgerOf(chargeId)).map(({ transaction_id }) => transaction_id);
    const second = ids.find((id) => id !== null) ?? '';
    await kvitt.client.workflow
      .getHandle(chargeWorkflowId(chargeId))
      .signal(transactionReported, { error: null, source: 'a test', transaction_id: second });
    await tap(sale);
    const ended = await kvitt.ending(chargeId);
    expect(ended).toMatchObject({ outcome: 'captured' });
    expect(ended.transaction_id).not.toBe(second);
    await until(async () => (await casesOf(sale)).includes('orphan'));
  });

  it('that is lost takes no order that would reach nobody', async () => {
    const { sale, chargeId } = await open();
    await terminate(chargeWorkflowId(chargeId));
    const cancel = async (): Promise<{ status: number; body: ChargeAnswer }> =>
      await kvitt.call('POST', `/charges/${chargeId}/cancel`, {}, { prefer: 'wait=0' });
    expect(await cancel()).toMatchObject({ status: 409, body: { code: 'not_possible_now' } });
    await sweep(chargeId);
    expect((await cancel()).status).toBeLessThan(300);
    expect(await kvitt.ending(chargeId)).toMatchObject({ reason: 'cancelled_by_till' });
    expect(await kvitt.ledgerOf(chargeId)).not.toContainEqual(
      expect.objectContaining({ kind: 'authorised' }),
    );
    expect(sale.terminal_id).toBeTruthy();
  });

  it('keeps its terminal through a reset, a termination and its recovery', async () => {
    const { sale, chargeId } = await open();
    await reset(chargeId);
    await kvitt.until(chargeId, ({ state }) => state === 'checking');
    await terminate(chargeWorkflowId(chargeId));
    const other = { ...saleOf(kvitt), terminal_id: sale.terminal_id };
    expect((await kvitt.post(other)).body).toMatchObject({
      reason: 'terminal_busy',
      held_by: chargeId,
    });
    await sweep(chargeId);
    const another = { ...saleOf(kvitt), terminal_id: sale.terminal_id };
    expect((await kvitt.post(another)).body).toMatchObject({ reason: 'terminal_busy' });
    await tap(sale);
    expect(await kvitt.ending(chargeId)).toMatchObject({ outcome: 'captured' });
  });

  it('is still cancelled when the recovery that was asked to is ended, too', async () => {
    const { chargeId } = await open();
    await terminate(chargeWorkflowId(chargeId));
    await sweep(chargeId);
    await kvitt.simulator.fault({
      endpoint: 'cancel_session',
      times: 5,
      match: { merchant_reference: chargeId },
      do: { kind: 'status', status: 503 },
    });
    await kvitt.call('POST', `/charges/${chargeId}/cancel`, {}, { prefer: 'wait=0' });
    await terminate(recoveryWorkflowId(chargeId));
    await sweep(chargeId);
    expect(await kvitt.ending(chargeId)).toMatchObject({ reason: 'cancelled_by_till' });
  });

  it('that is reset after its recovery says what the newer run found', async () => {
    const { sale, chargeId } = await open();
    await kvitt.simulator.terminal(sale.terminal_id, {
      behaviour: { cancel_ends_prompt: false, paid_anyway: true },
    });
    await kvitt.simulator.fault({
      endpoint: 'callback',
      times: 0,
      match: { merchant_reference: chargeId },
      do: 'drop',
    });
    await terminate(chargeWorkflowId(chargeId));
    await sweep(chargeId);
    await kvitt.call('POST', `/charges/${chargeId}/cancel`);
    expect(await kvitt.ending(chargeId)).toMatchObject({ outcome: 'not_charged' });
    await tap(sale);
    await reset(chargeId);
    await until(async () => (await kvitt.ending(chargeId)).outcome === 'captured');
    expect(await kvitt.call('POST', '/charges', { ...sale, attempt: 2 })).toMatchObject({
      status: 409,
    });
  });

  it('is recovered, whatever else was started under such an id and ended', async () => {
    const strange = chargeWorkflowId(`${kvitt.freshReference()}.1`);
    await kvitt.client.workflow.start(terminalChargeType, {
      workflowId: strange,
      taskQueue: kvitt.taskQueue,
      args: [{}],
    });
    await terminate(strange);
    const { sale, chargeId } = await open();
    await terminate(chargeWorkflowId(chargeId));
    await sweep(chargeId);
    await tap(sale);
    expect(await kvitt.ending(chargeId)).toMatchObject({ outcome: 'captured' });
  });
});
