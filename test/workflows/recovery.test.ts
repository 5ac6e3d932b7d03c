/** Charges whose own workflow is gone, and news that nobody waits for: what becomes of the money, by the ledger. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepLostCharges } from '../../activities/sweep.ts';
import {
  caseWorkflowId,
  chargeWorkflowId,
  recoveryWorkflowId,
  strayNewsType,
  strayWorkflowId,
  terminalWorkflowId,
  transactionReported,
  type CaseRecord,
  type ChargeRecord,
  type StrayInput,
} from '../../workflows/messages.ts';
import { verdictOn, type StrayEnding, type Verdict } from '../../workflows/stray.ts';
import { saleOf, startHarness, type Harness } from '../harness.ts';
import { recordHistory } from './record-history.ts';
import { asked, policy, record, transaction } from './builders.ts';

describe('a charge whose workflow was ended from outside', { concurrent: true }, () => {
  let kvitt: Harness;
  beforeAll(async () => {
    // Time enough to be ended from outside first, also on a busy machine.
    kvitt = await startHarness({ deadlineSeconds: 600, promptLifetimeSeconds: 1200 });
  });
  afterAll(async () => {
    await kvitt.stop();
  });

  type Sale = ReturnType<typeof saleOf>;

  async function until(isTrue: () => Promise<boolean>): Promise<void> {
    const giveUpAt = Date.now() + 15_000;
    while (!(await isTrue())) if (Date.now() > giveUpAt) throw new Error('it never became true');
  }

  /** Terminates the charge in the middle, lets life go on, and a sweep find it. */
  async function lose(
    { reference }: Sale,
    meanwhile: () => Promise<void> = async () => {},
  ): Promise<ChargeRecord> {
    const chargeId = `${reference}.1`;
    await kvitt.client.workflow.getHandle(chargeWorkflowId(chargeId)).terminate('a test');
    await meanwhile();
    const handle = kvitt.client.workflow.getHandle<() => Promise<ChargeRecord>>(
      recoveryWorkflowId(chargeId),
    );
    // The list may lag.
    await until(async () => {
      await sweepLostCharges(kvitt.client, kvitt.taskQueue);
      return (await statusOf(handle.workflowId)) !== null;
    });
    return await handle.result();
  }

  async function statusOf(workflowId: string): Promise<string | null> {
    try {
      return (await kvitt.client.workflow.getHandle(workflowId).describe()).status.name;
    } catch {
      return null;
    }
  }

  async function auditOf(record: ChargeRecord): Promise<string[]> {
    const breaches = await kvitt.audit([record]);
    return breaches.filter((breach) => breach.includes(record.reference));
  }

  it('that waits for its card is followed to its payment', async () => {
    const sale = saleOf(kvitt);
    await kvitt.post(sale);
    const found = await lose(sale, async () => {
      await kvitt.simulator.press(sale.terminal_id, 'tap');
    });
    expect(found).toMatchObject({ outcome: 'captured', captured_amount: 12900, case_kind: null });
    await recordHistory(kvitt.client, {
      workflowId: recoveryWorkflowId(found.charge_id),
      name: 'recovered-captured',
    });
    expect(await auditOf(found)).toEqual([]);
  });

  it('that nobody pays is cancelled at its deadline, and its terminal is free again', async () => {
    const sale = saleOf(kvitt);
    await kvitt.post(sale);
    const found = await lose(sale);
    expect(found).toMatchObject({ outcome: 'not_charged', reason: 'expired' });
    await recordHistory(kvitt.client, {
      workflowId: recoveryWorkflowId(found.charge_id),
      name: 'recovered-expired',
    });
    expect(await auditOf(found)).toEqual([]);
    await until(
      async () => (await statusOf(terminalWorkflowId(sale.terminal_id))) === 'TERMINATED',
    );
  });

  it('that had not been sent is proven so by its history', async () => {
    const sale = saleOf(kvitt);
    await kvitt.simulator.fault({
      endpoint: 'list_transactions',
      match: { merchant_reference_2: sale.reference },
      do: { kind: 'hang_before' },
    });
    const posted = kvitt.post(sale);
    await until(
      async () => (await statusOf(chargeWorkflowId(`${sale.reference}.1`))) === 'RUNNING',
    );
    const found = await lose(sale);
    await posted;
    expect(found).toMatchObject({ outcome: 'not_charged', reason: 'not_started_in_time' });
    await recordHistory(kvitt.client, {
      workflowId: recoveryWorkflowId(found.charge_id),
      name: 'recovered-unsent',
    });
    expect(await kvitt.ledgerOf(found.charge_id)).toEqual([]);
  });

  it('whose create was lost is found by its payment', async () => {
    const sale = saleOf(kvitt);
    await kvitt.simulator.fault({
      endpoint: 'create_session',
      match: { merchant_reference: `${sale.reference}.1` },
      do: 'reset_after',
    });
    await kvitt.post(sale);
    const found = await lose(sale, async () => {
      await kvitt.simulator.press(sale.terminal_id, 'tap');
    });
    expect(found).toMatchObject({ outcome: 'captured', captured_amount: 12900 });
    expect(await auditOf(found)).toEqual([]);
  });

  it('that was to be cancelled still is', async () => {
    const sale = saleOf(kvitt);
    await kvitt.post(sale);
    await kvitt.simulator.fault({
      endpoint: 'cancel_session',
      times: 5,
      match: { merchant_reference: `${sale.reference}.1` },
      do: { kind: 'status', status: 503 },
    });
    await kvitt.call('POST', `/charges/${sale.reference}.1/cancel`, {}, { prefer: 'wait=0' });
    const found = await lose(sale);
    expect(found).toMatchObject({ outcome: 'not_charged', reason: 'cancelled_by_till' });
    expect(await auditOf(found)).toEqual([]);
  });

  /** What the api does with a callback for a charge that has ended. */
  async function stray(transactionId: string, chargeId: string): Promise<StrayEnding> {
    const input: StrayInput = {
      transaction_id: transactionId,
      charge_id: chargeId,
      is_proven: true,
      policy: policy(),
    };
    const handle = await kvitt.client.workflow.signalWithStart(strayNewsType, {
      workflowId: strayWorkflowId(transactionId),
      taskQueue: kvitt.taskQueue,
      args: [input],
      signal: transactionReported,
      signalArgs: [{ error: null, source: 'a test' }],
    });
    return (await handle.result()) as StrayEnding;
  }

  async function recovered(chargeId: string): Promise<ChargeRecord> {
    return await kvitt.client.workflow
      .getHandle<() => Promise<ChargeRecord>>(recoveryWorkflowId(chargeId))
      .result();
  }

  async function caseOf(transactionId: string): Promise<CaseRecord> {
    const { memo } = await kvitt.client.workflow
      .getHandle(caseWorkflowId(transactionId))
      .describe();
    return memo?.['case'] as CaseRecord;
  }

  async function transactionOf(chargeId: string): Promise<string> {
    const ids = (await kvitt.ledgerOf(chargeId)).map(({ transaction_id }) => transaction_id);
    return ids.find((id) => id !== null) ?? '';
  }

  /** Cancelled and told so, while the device goes on: the facts of design 8 are broken. */
  async function paidAfterAll(behaviour: object): Promise<{ sale: Sale; transactionId: string }> {
    const sale = saleOf(kvitt);
    await kvitt.simulator.terminal(sale.terminal_id, {
      behaviour: { cancel_ends_prompt: false, paid_anyway: true, ...behaviour },
    });
    await kvitt.simulator.fault({
      endpoint: 'callback',
      times: 0,
      match: { merchant_reference: `${sale.reference}.1` },
      do: 'drop',
    });
    await kvitt.post(sale);
    await kvitt.call('POST', `/charges/${sale.reference}.1/cancel`);
    expect(await kvitt.ending(`${sale.reference}.1`)).toMatchObject({ outcome: 'not_charged' });
    await kvitt.simulator.press(sale.terminal_id, 'tap');
    return { sale, transactionId: await transactionOf(`${sale.reference}.1`) };
  }

  it('told of no money, and is paid after all: a case, and the charge says captured', async () => {
    const { sale, transactionId } = await paidAfterAll({});
    const chargeId = `${sale.reference}.1`;
    expect(await stray(transactionId, chargeId)).toBe('followed');
    expect(await recovered(chargeId)).toMatchObject({
      outcome: 'captured',
      captured_amount: 12900,
      case_kind: 'captured_after_not_charged',
    });
    await recordHistory(kvitt.client, {
      workflowId: recoveryWorkflowId(chargeId),
      name: 'recovered-after-not-charged',
    });
    await recordHistory(kvitt.client, {
      workflowId: strayWorkflowId(transactionId),
      name: 'stray-followed',
    });
    await recordHistory(kvitt.client, {
      workflowId: caseWorkflowId(transactionId),
      name: 'case-open',
    });
    expect(await caseOf(transactionId)).toMatchObject({
      kind: 'captured_after_not_charged',
      charge_id: chargeId,
      settled_at: null,
    });
    // The same news again agrees with what is told now.
    expect(await stray(transactionId, chargeId)).toBe('agrees');
  });

  it('told of no money, is paid, and its recovery is ended from outside, too: still a case', async () => {
    const { sale, transactionId } = await paidAfterAll({});
    const chargeId = `${sale.reference}.1`;
    await kvitt.simulator.fault({
      endpoint: 'get_session',
      times: 3,
      match: { merchant_reference: chargeId },
      do: { kind: 'status', status: 503 },
    });
    expect(await stray(transactionId, chargeId)).toBe('followed');
    await kvitt.client.workflow.getHandle(recoveryWorkflowId(chargeId)).terminate('a test');
    await until(async () => {
      await sweepLostCharges(kvitt.client, kvitt.taskQueue);
      return (await statusOf(recoveryWorkflowId(chargeId))) !== 'TERMINATED';
    });
    expect(await recovered(chargeId)).toMatchObject({
      outcome: 'captured',
      case_kind: 'captured_after_not_charged',
    });
  });

  it('told of no money, and money is reserved after all: it is given back', async () => {
    const { sale, transactionId } = await paidAfterAll({ auto_capture_delay_ms: 60_000 });
    const chargeId = `${sale.reference}.1`;
    expect(await stray(transactionId, chargeId)).toBe('followed');
    const found = await recovered(chargeId);
    expect(found).toMatchObject({ outcome: 'not_charged', reason: 'voided', case_kind: null });
    await recordHistory(kvitt.client, {
      workflowId: recoveryWorkflowId(chargeId),
      name: 'recovered-voided',
    });
    expect(await auditOf(found)).toEqual([]);
  });

  it('told of a payment that is refunded outside: a case, and the payment stands', async () => {
    const sale = saleOf(kvitt);
    const chargeId = `${sale.reference}.1`;
    await kvitt.simulator.terminal(sale.terminal_id, { customer: { action: 'tap' } });
    await kvitt.post(sale);
    const { transaction_id } = await kvitt.ending(chargeId);
    const transactionId = transaction_id ?? '';
    expect(await stray(transactionId, chargeId)).toBe('agrees');
    await kvitt.simulator.backoffice(transactionId, 'refund');
    expect(await stray(transactionId, chargeId)).toBe('followed');
    expect(await recovered(chargeId)).toMatchObject({
      outcome: 'captured',
      captured_amount: 12900,
      case_kind: 'refunded_outside',
    });
    expect(await caseOf(transactionId)).toMatchObject({ kind: 'refunded_outside' });
  });
});

describe('the verdict on stray news', () => {
  const told = (change: Partial<ChargeRecord>): ChargeRecord =>
    record({ charge_id: asked.chargeId, transaction_id: 'T90001234.transaction', ...change });
  const captured = told({ outcome: 'captured', captured_amount: 12900 });
  const notCharged = told({ outcome: 'not_charged' });
  const closed = (of: ChargeRecord) => ({ is: 'closed', record: of, isLost: false }) as const;
  const unknown = { is: 'unknown' } as const;
  const voided = transaction({ status: 'voided', capturedAmount: 0 });
  const reserved = transaction({ status: 'authorised', capturedAmount: 0 });
  const second = { transactionId: 'T90001234.second' };
  const following = (transactionId: string | null) =>
    ({ is: 'running', workflowId: 'charge/S-1.1', transactionId }) as const;

  const rows: [string, Parameters<typeof verdictOn>[0], Parameters<typeof verdictOn>[1], Verdict][] =
    [
      ['somebody else’s', { transaction: transaction(), isOurs: false }, unknown, 'not_ours'],
      ['not a charge id', ours({ chargeId: 'order 7' }), unknown, 'not_ours'],
      ['an open charge that follows it', ours(), following('T90001234.transaction'), 'contradicted'],
      ['an open charge that follows another', ours(), following('T90001234.second'), 'wait'],
      ['an open charge that has seen none', ours(), following(null), 'wait'],
      ['a lost charge', ours(), { is: 'closed', record: told({}), isLost: true }, 'lost'],
      ['as told: captured', ours(), closed(captured), 'agrees'],
      ['as told: none', { transaction: voided, isOurs: true }, closed(notCharged), 'agrees'],
      ['paid after all', ours(), closed(notCharged), 'contradicted'],
      ['reserved after all', { transaction: reserved, isOurs: true }, closed(notCharged), 'contradicted'],
      ['prompting after all', ours({ status: 'initiated', capturedAmount: 0 }), closed(notCharged), 'contradicted'],
      ['another transaction after all', ours(second), closed(notCharged), 'contradicted'],
      ['another one at another terminal', ours({ ...second, terminalId: 'T90001234-T0009' }), closed(notCharged), 'orphan'],
      ['another one of no known terminal', ours({ ...second, terminalId: null }), closed(notCharged), 'contradicted'],
      ['not captured any more', { transaction: reserved, isOurs: true }, closed(captured), 'contradicted'],
      ['voided after all', { transaction: voided, isOurs: true }, closed(captured), 'contradicted'],
      ['refunded', ours({ refundedAmount: 100 }), closed(captured), 'contradicted'],
      ['another amount', ours({ capturedAmount: 100 }), closed(captured), 'contradicted'],
      ['a second payment', ours(second), closed(captured), 'orphan'],
      ['a second one, declined', ours({ ...second, status: 'declined', capturedAmount: 0 }), closed(captured), 'no_money'],
      ['money of an unknown charge', ours(), unknown, 'orphan'],
      ['reserved by an unknown charge', { transaction: reserved, isOurs: true }, unknown, 'orphan'],
      ['nothing of an unknown charge', { transaction: voided, isOurs: true }, unknown, 'no_money'],
      ['undecided of an unknown charge', ours({ status: 'unknown' }), unknown, 'wait'],
    ]; // prettier-ignore

  function ours(change: Parameters<typeof transaction>[0] = {}): Parameters<typeof verdictOn>[0] {
    return { transaction: transaction(change), isOurs: true };
  }

  it.each(rows)('%s', (_name, found, standing, verdict) => {
    expect(verdictOn(found, standing)).toBe(verdict);
  });
});
