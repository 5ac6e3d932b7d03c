/**
 * Stand-ins for the charge's workflow, its recovery and stray news: same types, handlers and memos, and an ending that
 * the test writes into the reference (`pays_1`). They let the api's tests bring about any state at once, without a
 * Dintero.
 */
import { ApplicationFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  defineQuery,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import {
  cancel,
  prompted,
  searchAttributes,
  searchState,
  transactionReported,
  type CancelOrder,
  type ChargeInput,
  type ChargeRecord,
  type RecoveryInput,
  type StrayInput,
  type TransactionReport,
} from '../../workflows/messages.ts';
import { moneyCase, openCaseOf } from '../../workflows/money-case.ts';

export { moneyCase };

/** Nobody here speaks to a Dintero: what is possible is not known. */
export async function refundOptions(): Promise<never> {
  await Promise.resolve();
  throw ApplicationFailure.nonRetryable('no Dintero');
}

/** What arrived, in order: the tests' eyes. */
export const arrived = defineQuery<(TransactionReport | CancelOrder)[]>('arrived');

export async function terminalCharge({ record: first }: ChargeInput): Promise<ChargeRecord> {
  let record = first;
  const news: (TransactionReport | CancelOrder)[] = [];
  let report: TransactionReport | null = null;
  let isCancelled = false;
  const script = first.reference.split('_')[0];
  const change = (changes: Partial<ChargeRecord>): void => {
    record = published(record, changes);
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
    await condition(() => (report !== null && script !== 'deaf') || isCancelled);
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
    record = withMoney(record);
    change({ state: 'captured', outcome: 'captured', attention_at: null });
  }

  async function capturedAfterCancel(): Promise<void> {
    await openCaseOf({ ...withMoney(record), case_kind: 'captured_after_cancel' }, {});
    record = { ...record, case_kind: 'captured_after_cancel', needs_attention: 'case_open' };
    captured();
  }
}

/** The tests start the recovery themselves. */
export async function recoveryOrder(): Promise<boolean> {
  return await Promise.resolve(true);
}

/** Ends as captured when it is told anything, and without money when a person has seen the terminal idle. */
export async function recoverCharge({ record: first }: RecoveryInput): Promise<ChargeRecord> {
  const news: (TransactionReport | CancelOrder)[] = [];
  setHandler(arrived, () => news);
  setHandler(transactionReported, (told) => void news.push(told));
  setHandler(cancel, (order: CancelOrder): ChargeRecord => {
    news.push(order);
    return record;
  });
  let record = published(first, {
    state: 'checking',
    outcome: null,
    reason: null,
    captured_amount: null,
    needs_attention: 'prompt_may_live',
  });
  const isSeenIdle = (told: object): boolean => 'terminal_seen_idle' in told;
  await condition(() => news.some((told) => 'source' in told || isSeenIdle(told)));
  if (news.some(isSeenIdle)) {
    record = published(record, {
      state: 'not_charged',
      outcome: 'not_charged',
      reason: 'session_lost',
      needs_attention: null,
    });
  } else {
    await openCaseOf({ ...withMoney(record), case_kind: 'captured_after_not_charged' }, {});
    record = published(withMoney(record), {
      state: 'captured',
      outcome: 'captured',
      case_kind: 'captured_after_not_charged',
      needs_attention: 'case_open',
    });
  }
  await condition(allHandlersFinished);
  return record;
}

/** Ends at once; what it was told stands in its history. */
export async function strayNews(_input: StrayInput): Promise<void> {
  setHandler(transactionReported, () => undefined);
  await Promise.resolve();
}

function published(before: ChargeRecord, changes: Partial<ChargeRecord>): ChargeRecord {
  const now = new Date(Date.now()).toISOString();
  const record = { ...before, ...changes, updated_at: now, state_since: now };
  upsertMemo({ charge: record, session_id: 'T90001234.secret-session' });
  upsertSearchAttributes([
    { key: searchAttributes.chargeState, value: searchState(record.state) },
    { key: searchAttributes.needsAttention, value: record.needs_attention },
  ]);
  return record;
}

function withMoney(record: ChargeRecord): ChargeRecord {
  const transactionId = `T90001234.${record.charge_id.replace('.', '-')}`;
  return { ...record, captured_amount: record.amount, transaction_id: transactionId };
}
