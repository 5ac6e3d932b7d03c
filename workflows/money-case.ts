/**
 * A case: money that a person must decide about, `case/<transaction_id>`. Captured in-person money comes back only with
 * the cardholder at a terminal, so nothing here acts by itself: the case stays open and counted until it is settled, and
 * what it is settled as is read back from Dintero first.
 */
import { ApplicationFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  defineUpdate,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { MoneyFacts } from '../activities/dintero/facts.ts';
import { caseActions, problemWith, type CaseAction, type Settlement } from './actions.ts';
import { problemOfText } from './card-number.ts';
import { describeCase } from './details.ts';
import { caseWorkflowId, keep, overview, searchAttributes } from './messages.ts';
import type { ActionInput, CaseRecord, ChargeRecord, Overview } from './messages.ts';
import { operator } from './operator.ts';
import { keepableCases } from './lists.ts';
import { moneyText } from './money.ts';
import type { ChargePolicy } from './policy.ts';
import { refundEnded, type RefundRecord } from './refund-messages.ts';
import { evidence, readMoney, whyNotAs, type Asked } from './case-evidence.ts';
import { whyNotSettle, wordsOfRefund } from './settlement.ts';
import { tellCase } from './tell-retailer.ts';
import { tell, type Fact } from './timeline.ts';

/** What a case takes over from the charge; cases of the first release have none of it. */
type CaseSettings = Pick<ChargePolicy, 'notifies' | 'runbookUrl'>;

interface OpenCase {
  record: CaseRecord;
  timeline: Fact[];
  settings: CaseSettings;
  /** Refunds of this money that have ended since it was looked at last. */
  refunds: { refund: RefundRecord; former: RefundRecord['outcome'] }[];
}

export async function moneyCase(
  opened: CaseRecord,
  settings: CaseSettings = {},
): Promise<CaseRecord> {
  const open: OpenCase = { record: opened, timeline: [], settings, refunds: [] };
  tellAndShow(open, { source: 'kvitt', text: `opened: ${opened.kind}` });
  setHandler(overview, () => overviewOf(open));
  takeKeep(open);
  setHandler(refundEnded, (refund, former = null) => void open.refunds.push({ refund, former }), {
    description: 'Sent by a refund of this money that has ended.',
  });
  for (const name of Object.keys(caseActions) as CaseAction[]) takeOrder(open, name);
  await tellCase(opened, settings.notifies);
  await untilSettled(open);
  await tellCase(open.record, settings.notifies);
  await condition(allHandlersFinished);
  return open.record;
}

/** A refund that has ended may have given everything back: then the case settles itself. */
async function untilSettled(open: OpenCase): Promise<void> {
  for (;;) {
    await condition(() => open.record.settled_at !== null || open.refunds.length > 0);
    const ended = open.refunds.shift();
    if (open.record.settled_at !== null || ended === undefined) return;
    const { refund, former } = ended;
    tellAndShow(open, { source: 'kvitt', text: wordsOfRefund(refund, former) });
    // Who was told otherwise may have paid in another way; and what went back outside is a person's matter.
    const isForPerson = former !== null || open.record.kind === 'refunded_outside';
    if (refund.outcome !== 'refunded' || isForPerson) continue;
    const found = await readUntilAnswered(open);
    const asked: Asked = { as: 'refunded', refundEvent: refund.refund_event };
    // More or less than was asked for went back: somebody has to see that.
    const isAsAsked = refund.refunded_amount === refund.amount;
    if (found === null || !isAsAsked || whyNotSettle(asked, found) !== null) continue;
    const why = `refund ${refund.refund_id}: nothing is left`;
    open.record = { ...open.record, ...evidence(asked, found), settled_why: why };
    settle(open, { as: 'refunded', by: refund.asked_by, source: 'kvitt' });
  }
}

/** null: somebody settled it while Dintero gave no answer. */
async function readUntilAnswered(open: OpenCase): Promise<MoneyFacts | null> {
  for (;;) {
    const found = await readMoney(open.record);
    if (open.record.settled_at !== null) return null;
    if (found !== null) return found;
    await condition(() => open.record.settled_at !== null, 30_000, {
      summary: 'Dintero gives no answer: one more look',
    });
  }
}

function tellAndShow(open: OpenCase, fact: Pick<Fact, 'source' | 'text'>): void {
  tell(open.timeline, fact);
  setCurrentDetails(describeCase(open.record, open.timeline, open.settings.runbookUrl));
}

function overviewOf({ record, timeline }: OpenCase): Overview {
  const isOpen = record.settled_at === null;
  const whyNot = isOpen ? null : 'the case is settled';
  const names = Object.keys(caseActions) as CaseAction[];
  return {
    timeline,
    waiting_for: isOpen ? 'a person who settles it' : null,
    until: null,
    actions: names.map((action) => ({ action, is_possible: isOpen, why_not: whyNot })),
  };
}

/** The till's word on a payment that was faster than its cancel, or than its word. */
function takeKeep(open: OpenCase): void {
  setHandler(
    keep,
    ({ by }) => {
      if (open.record.settled_at === null) settle(open, { as: 'kept', by, source: 'till' });
      return open.record;
    },
    {
      description: 'The till accepts a payment that it had not asked for: {"by": "<who>"}',
      validator: ({ by }) => {
        if (!keepableCases.has(open.record.kind)) {
          throw ApplicationFailure.nonRetryable(
            `a case of kind ${open.record.kind} cannot be kept by the till`,
          );
        }
        const problem = problemOfText(by);
        if (problem !== null) throw ApplicationFailure.nonRetryable(`by: ${problem}`);
      },
    },
  );
}

function takeOrder(open: OpenCase, name: CaseAction): void {
  const { does, when, isIrreversible } = caseActions[name];
  setHandler(
    defineUpdate<CaseRecord, [ActionInput | undefined]>(name),
    async (given) => {
      await obey[name](open, given ?? {}, operator());
      return open.record;
    },
    {
      description: `${does} ${when}${isIrreversible ? ' Only by `npx kvitt` or POST /ops.' : ''}`,
      validator: (given: ActionInput | undefined) => {
        const problem = problemWith(caseActions[name], given ?? {}) ?? whyNotNow(open, name);
        if (problem !== null) throw ApplicationFailure.nonRetryable(problem);
      },
    },
  );
}

function whyNotNow({ record }: OpenCase, name: CaseAction): string | null {
  if (record.settled_as !== null) return `the case is settled as ${record.settled_as} already`;
  if (!caseActions[name].isIrreversible || operator() !== null) return null;
  return `${name} cannot be taken back, so it needs your name: send it by npx kvitt ${name}, or POST /ops/cases/${record.transaction_id}/${name}`;
}

type Obey = (open: OpenCase, input: ActionInput, by: string | null) => Promise<void> | void;

const obey: Record<CaseAction, Obey> = {
  note: (open, { text }, by) => {
    const source = by === null ? 'Temporal' : 'operator';
    tellAndShow(open, {
      source,
      text: `${by ?? 'somebody in the Temporal UI'}: "${String(text)}"`,
    });
  },
  refund: (open, { refund, terminal_id: terminal, amount, why }, by) => {
    const money = amount === undefined ? 'all' : moneyText(Number(amount), open.record.currency);
    const text = `${by ?? ''}: refund ${String(refund)}, of ${money}, at ${String(terminal)}, "${String(why)}"`;
    tellAndShow(open, { source: 'operator', text });
  },
  settle: async (open, { as: asGiven, why, refund_event: event }, by) => {
    const asked: Asked = {
      as: asGiven as Settlement,
      refundEvent: typeof event === 'string' ? event : null,
    };
    const found = await readMoney(open.record);
    const name = by ?? '';
    // Somebody may have been faster while Dintero was read.
    const problem = whyNotNow(open, 'settle') ?? whyNotAs(asked, found);
    if (problem !== null) {
      const text = `${name}: settle as ${asked.as}, refused: ${problem}`;
      tellAndShow(open, { source: 'operator', text });
      throw ApplicationFailure.nonRetryable(problem);
    }
    open.record = { ...open.record, ...evidence(asked, found), settled_why: String(why) };
    settle(open, { as: asked.as, by: name, source: 'operator' });
  },
};

function settle(
  open: OpenCase,
  { as, by, source }: { as: Settlement; by: string; source: 'till' | 'operator' | 'kvitt' },
): void {
  open.record = {
    ...open.record,
    settled_at: new Date().toISOString(),
    settled_as: as,
    settled_by: by,
  };
  upsertMemo({ case: open.record });
  upsertSearchAttributes([{ key: searchAttributes.needsAttention, value: null }]);
  const why = typeof open.record.settled_why === 'string' ? `, "${open.record.settled_why}"` : '';
  tellAndShow(open, { source, text: `${by}: settled as ${as}${why}` });
}

/** The case that an ending asks for, if it does. */
export async function openCaseOf(record: ChargeRecord, settings: CaseSettings): Promise<void> {
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
  await openCase({ kind, ...of }, settings);
}

/** Of a charge's whole policy only what a case needs. */
function taken({ notifies, runbookUrl }: CaseSettings): CaseSettings {
  return {
    ...(notifies === undefined ? {} : { notifies }),
    ...(runbookUrl === undefined ? {} : { runbookUrl }),
  };
}

type Opened = Omit<
  CaseRecord,
  | 'version'
  | 'opened_at'
  | 'settled_at'
  | 'settled_as'
  | 'settled_by'
  | 'settled_why'
  | 'refund_event'
  | 'refunded_amount'
  | 'settled_captured_amount'
  | 'refunded_outside_amount'
>;

/** Opens a case; it lives on when whoever opened it has closed. The same money has one case at a time. */
export async function openCase(of: Opened, settings: CaseSettings): Promise<void> {
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
      args: [opened, taken(settings)],
      memo: { case: opened },
      staticSummary: `${kind}: ${moneyText(captured_amount, currency)} of ${moneyText(amount, currency)}, ${charge_id}`,
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
