/**
 * A case: money that a person must decide about, `case/<transaction_id>`. Captured in-person money comes back only with
 * the cardholder at a terminal, so nothing here acts by itself: the case stays open and counted until it is settled.
 */
import { ApplicationFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { caseWorkflowId, keep, searchAttributes } from './messages.ts';
import type { CaseRecord, ChargeRecord } from './messages.ts';

export async function moneyCase(opened: CaseRecord): Promise<CaseRecord> {
  let record = opened;
  setCurrentDetails(describeCase(opened));
  setHandler(
    keep,
    ({ by }) => {
      if (record.settled_at !== null) return record;
      record = {
        ...record,
        settled_at: new Date().toISOString(),
        settled_as: 'kept',
        settled_by: by,
      };
      upsertMemo({ case: record });
      upsertSearchAttributes([{ key: searchAttributes.needsAttention, value: null }]);
      return record;
    },
    {
      description: 'The till accepts a payment that was captured after its cancel: {"by": "<who>"}',
      validator: ({ by }) => {
        if (record.kind !== 'captured_after_cancel') {
          throw ApplicationFailure.nonRetryable(`a case of kind ${record.kind} cannot be kept`);
        }
        if (typeof by !== 'string' || by === '') {
          throw ApplicationFailure.nonRetryable('by: say who keeps the payment');
        }
      },
    },
  );
  await condition(() => record.settled_at !== null);
  await condition(allHandlersFinished);
  return record;
}

function describeCase(record: CaseRecord): string {
  const { kind, charge_id, transaction_id, amount, captured_amount, currency } = record;
  const whatToDo =
    kind === 'captured_after_cancel'
      ? 'The till keeps it (`POST /charges/{id}/keep`), or the customer gets it back at a terminal.'
      : 'Compare with Dintero. The money comes back only with the card at a terminal.';
  return `| Case | **${kind}** |
|---|---|
| Charge | ${charge_id} |
| Transaction | ${transaction_id} |
| Asked | ${amount ?? '?'} ${currency ?? ''} (minor units) |
| Captured | ${captured_amount ?? '?'} ${currency ?? ''} (minor units) |
| Terminal | ${record.terminal_id ?? '?'}, ${record.store_id ?? '?'} |
| What to do | ${whatToDo} |`;
}

/** The case that an ending asks for, if it does. */
export async function openCaseOf(record: ChargeRecord): Promise<void> {
  const { charge_id, transaction_id, amount, captured_amount, currency, terminal_id, store_id } =
    record;
  const { case_kind: kind } = record;
  if (kind === null) return;
  if (transaction_id === null) throw new Error('money without a transaction');
  const of = {
    charge_id,
    transaction_id,
    amount,
    captured_amount,
    currency,
    terminal_id,
    store_id,
  };
  await openCase({ kind, ...of });
}

type Opened = Omit<
  CaseRecord,
  'version' | 'opened_at' | 'settled_at' | 'settled_as' | 'settled_by'
>;

/** Opens a case; it lives on when whoever opened it has closed. The same money has one case at a time. */
export async function openCase(of: Opened): Promise<void> {
  const opened: CaseRecord = {
    version: 1,
    ...of,
    opened_at: new Date().toISOString(),
    settled_at: null,
    settled_as: null,
    settled_by: null,
  };
  const { kind, charge_id, captured_amount, amount, currency } = of;
  const { needsAttention, storeId, terminalId, saleReference } = searchAttributes;
  try {
    await startChild(moneyCase, {
      workflowId: caseWorkflowId(of.transaction_id),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      args: [opened],
      memo: { case: opened },
      staticSummary: `${kind}: ${captured_amount ?? 0} of ${amount ?? 0} ${currency ?? ''} (minor units), ${charge_id}`,
      typedSearchAttributes: [
        { key: needsAttention, value: 'case_open' },
        { key: storeId, value: of.store_id ?? '' },
        { key: terminalId, value: of.terminal_id ?? '' },
        { key: saleReference, value: charge_id.slice(0, charge_id.lastIndexOf('.')) },
      ],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
