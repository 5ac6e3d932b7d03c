/** The lists of the Temporal UI that whoever is on call opens, as links. A test runs each query on a server. */
import {
  searchAttributes,
  terminalChargeType,
  recoverChargeType,
  moneyCaseType,
  strayNewsType,
  terminalLeaseType,
} from '../../workflows/messages.ts';
import { recoverRefundType, terminalRefundType } from '../../workflows/refund-messages.ts';
import { ageBase } from '../../api/runbook-page.ts';
import { attentions, type Attention } from '../../workflows/lists.ts';

/** Where `npm start` and Compose show it; the api puts its own `TEMPORAL_UI_URL` and namespace in its place. */
const uiUrl = 'http://localhost:8233/namespaces/default/workflows';

export interface View {
  name: string;
  query: string;
  /** What to know of it; what to edit, if it holds an example. */
  shows: string;
  /** It holds an example to be edited, so it is not kept under its name. */
  isExample?: true;
}

const { chargeState, needsAttention, storeId, terminalId, saleReference } = searchAttributes;
const running = `ExecutionStatus = 'Running'`;
const charges = `WorkflowType IN ('${terminalChargeType}', '${recoverChargeType}')`;
const lost = `WorkflowType = '${terminalChargeType}' AND ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut', 'Canceled')`;

const minute = 60_000;

/** Older than this; what stands for a moment so long ago is said in the page that the api serves. */
function olderThan(ageMs: number): string {
  const moment = new Date(ageBase + ageMs).toISOString().replace('.000Z', 'Z');
  return `${charges} AND ${running} AND StartTime < '${moment}'`;
}

const editTheTime =
  'Open for longer. The time in the link is right on the page that the api serves; elsewhere edit it.';

export const views: readonly View[] = [
  {
    name: 'Open now',
    query: `${charges} AND ${running}`,
    shows: 'Every charge without an ending.',
  },
  {
    name: 'Needs attention',
    query: `${needsAttention.name} IS NOT NULL AND ${running}`,
    shows:
      'Every charge, refund and case that asks for a person. While no worker runs it is not complete: `npx kvitt stuck` is.',
  },
  {
    name: 'Cases open',
    query: `WorkflowType = '${moneyCaseType}' AND ${running}`,
    shows: 'Money that a person decides about.',
  },
  {
    name: 'Refunds open',
    query: `WorkflowType IN ('${terminalRefundType}', '${recoverRefundType}') AND ${running}`,
    shows: 'Money that goes back on a terminal, without an ending yet.',
  },
  {
    name: 'Reserved, not captured',
    query: `${charges} AND ${running} AND ${chargeState.name} = 'approved'`,
    shows: 'Approved by the card, not paid yet.',
  },
  {
    name: 'Unclear',
    query: `${charges} AND ${running} AND ${chargeState.name} IN ('checking', 'cancelling')`,
    shows: 'Read at Dintero until it is clear.',
  },
  {
    name: 'Recoveries',
    query: `WorkflowType = '${recoverChargeType}' AND ${running}`,
    shows: 'Charges that are read again, because they were lost or contradicted.',
  },
  {
    name: 'Stray news',
    query: `WorkflowType = '${strayNewsType}' AND ${running}`,
    shows: 'News for charges that are closed or unknown, being read.',
  },
  {
    name: 'Notifications waiting',
    query: `WorkflowType = 'notifyRetailer' AND ${running}`,
    shows: 'What the retailer’s system was not told yet.',
  },
  {
    name: 'Terminals held',
    query: `WorkflowType = '${terminalLeaseType}' AND ${running}`,
    shows:
      'One per terminal in use; its name is the terminal. That finished ones read as terminated is normal.',
  },
  {
    name: 'Kill switch',
    query: `WorkflowType = 'killSwitch' AND ${running}`,
    shows: 'What is switched off, and by whom.',
  },
  {
    name: 'Task failures',
    query: `TemporalReportedProblems IN ('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')`,
    shows: 'Workflows whose code does not get on. They wait for a mended version; nothing is lost.',
  },
  {
    name: 'One store',
    query: `${charges} AND ${storeId.name} = 'bergen-01'`,
    shows: 'Edit the store.',
    isExample: true,
  },
  {
    name: 'One terminal',
    query: `${charges} AND ${terminalId.name} = 'T90001234-T0003'`,
    shows: 'Edit the terminal.',
    isExample: true,
  },
  {
    name: 'One reference',
    query: `${saleReference.name} = 'bergen-S-1001'`,
    shows:
      'Every attempt of a sale, its refunds, its recoveries and its cases. Edit the reference.',
    isExample: true,
  },
  {
    name: 'Older than 10 minutes',
    query: olderThan(10 * minute),
    shows: editTheTime,
    isExample: true,
  },
  {
    name: 'Older than an hour',
    query: olderThan(60 * minute),
    shows: editTheTime,
    isExample: true,
  },
  {
    name: 'Older than a day',
    query: olderThan(24 * 60 * minute),
    shows: editTheTime,
    isExample: true,
  },
];

/** One view per `needs_attention`. Nobody could write it into a workflow that was ended: those are found by their end. */
export const attentionViews: Readonly<Record<Attention, View>> = Object.fromEntries(
  attentions.map((word) => [
    word,
    {
      name: word,
      query: word === 'workflow_lost' ? lost : `${needsAttention.name} = '${word}' AND ${running}`,
      shows: word === 'workflow_lost' ? 'Also those that were recovered since.' : '',
    },
  ]),
) as Record<Attention, View>;

/** Opening it keeps the view in the browser under its name, unless it holds an example. */
export function linkTo({ name, query, isExample }: View): string {
  const kept = isExample === true ? {} : { savedQuery: name };
  // Round brackets would end a Markdown link.
  const search = new URLSearchParams({ query, ...kept })
    .toString()
    .replaceAll('+', '%20')
    .replaceAll('(', '%28')
    .replaceAll(')', '%29');
  return `${uiUrl}?${search}`;
}
