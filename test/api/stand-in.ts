/**
 * A stand-in for the charge workflow: same type, handlers and memo, and an ending that the test writes into the
 * reference (`pays_1`). It lets the api's tests bring about any state at once, without a Dintero.
 */
import { ApplicationFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  defineQuery,
  ParentClosePolicy,
  setHandler,
  startChild,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import {
  cancel,
  caseWorkflowId,
  prompted,
  searchAttributes,
  searchState,
  transactionReported,
  type CancelOrder,
  type CaseRecord,
  type ChargeInput,
  type ChargeRecord,
  type TransactionReport,
} from '../../workflows/messages.ts';
import { moneyCase } from '../../workflows/money-case.ts';

export { moneyCase };

/** What arrived, in order: the tests' eyes. */
export const arrived = defineQuery<(TransactionReport | CancelOrder)[]>('arrived');

export async function terminalCharge({ record: first }: ChargeInput): Promise<ChargeRecord> {
  let record = first;
  const news: (TransactionReport | CancelOrder)[] = [];
  let report: TransactionReport | null = null;
  let isCancelled = false;
  const script = first.reference.split('_')[0];
  const change = (changes: Partial<ChargeRecord>): void => {
    const now = new Date(Date.now()).toISOString();
    record = { ...record, ...changes, updated_at: now, state_since: now };
    upsertMemo({ charge: record, session_id: 'T90001234.secret-session' });
    upsertSearchAttributes([
      { key: searchAttributes.chargeState, value: searchState(record.state) },
      { key: searchAttributes.needsAttention, value: record.needs_attention },
    ]);
  };
  setHandler(arrived, () => news);
  setHandler(transactionReported, (told) => {
    news.push(told);
    report = told;
  });
  setHandler(prompted, async () => {
    await condition(() => record.state !== 'starting');
    return { charge: record };
  });
  setHandler(
    cancel,
    (order: CancelOrder): ChargeRecord => {
      news.push(order);
      isCancelled = true;
      return record;
    },
    {
      validator: (_order: CancelOrder) => {
        if (script === 'refuses') throw ApplicationFailure.nonRetryable('not now');
      },
    },
  );
  if (record.outcome === null) await play();
  await condition(allHandlersFinished);
  return record;

  async function play(): Promise<void> {
    if (record.terminal_id === null) return notCharged('cancelled_before_start');
    if (script === 'declines') return notCharged('declined');
    if (script === 'second' && record.attempt === 1) return notCharged('declined');
    if (script === 'busy') return notCharged('terminal_busy');
    if (script === 'money') return notCharged('other_attempt_has_money');
    if (script === 'slow') await condition(() => report !== null || isCancelled);
    report = null;
    change({
      state: 'waiting_for_card',
      attention_at: new Date(Date.now() + 60_000).toISOString(),
    });
    if (script === 'pays') return captured();
    await condition(() => report !== null || isCancelled);
    if (!isCancelled) return captured();
    change({ state: 'cancelling' });
    if (script === 'stuck') await condition(() => report !== null);
    if (script === 'race') return await capturedAfterCancel();
    notCharged('cancelled_by_till');
  }

  function notCharged(reason: NonNullable<ChargeRecord['reason']>): void {
    change({ state: 'not_charged', outcome: 'not_charged', reason, attention_at: null });
  }

  function captured(): void {
    change({
      state: 'captured',
      outcome: 'captured',
      captured_amount: record.amount,
      attention_at: null,
      transaction_id: `T90001234.${record.charge_id}`,
    });
  }

  async function capturedAfterCancel(): Promise<void> {
    const transactionId = `T90001234.${record.charge_id}`;
    const opened: CaseRecord = {
      version: 1,
      kind: 'captured_after_cancel',
      charge_id: record.charge_id,
      transaction_id: transactionId,
      amount: record.amount,
      captured_amount: record.amount,
      currency: record.currency,
      terminal_id: record.terminal_id,
      store_id: record.store_id,
      opened_at: new Date(Date.now()).toISOString(),
      settled_at: null,
      settled_as: null,
      settled_by: null,
    };
    await startChild(moneyCase, {
      workflowId: caseWorkflowId(transactionId),
      args: [opened],
      memo: { case: opened },
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
    record = { ...record, case_kind: 'captured_after_cancel', needs_attention: 'case_open' };
    captured();
  }
}
