/** What a person reads in the Temporal UI of a refund. Markdown; pure. */
import { moneyText } from './money.ts';
import type { OpenRefund } from './open-refund.ts';
import { possibleRefundOrders } from './refund-actions.ts';
import { refundAttentionGuide } from './refund-guide.ts';
import type { RefundState } from './refund-lists.ts';
import type { RefundRecord } from './refund-messages.ts';
import { clock, escaped, timelineTable } from './timeline.ts';

const meaning: Record<RefundState, string> = {
  starting: 'The terminal is being taken and the sale read.',
  waiting_for_card: 'The terminal asks for the card.',
  checking: 'Dintero shows no result. It is read until it does; nothing is sent twice.',
  refunded: 'The money has gone back, read back from Dintero.',
  not_refunded: 'No money went back by this refund, as far as Dintero shows.',
};

/** Everything about a refund on one page, what matters most on top. */
export function describeRefund(refund: OpenRefund): string {
  const { record, timeline, waiting } = refund;
  const isOpen = record.outcome === null;
  const until = waiting === null ? 'Now being worked on' : `Next look ${clock(waiting.until)} UTC`;
  const possible = possibleRefundOrders(refund, Date.now()).filter((order) => order.is_possible);
  const commands = possible.map(({ action }) => `\`${action}\``).join(', ');
  return [
    oneLine(record),
    isOpen ? whatToDo(record, refund.situation.policy.runbookUrl) : '',
    isOpen ? `**${until}**.` : '',
    isOpen
      ? `May be done now: ${commands}, by \`npx kvitt <action> ${record.refund_id}\`. A refund cannot be stopped: the customer declines, or walks away.`
      : '',
    timelineTable(timeline),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function oneLine(record: RefundRecord): string {
  const { refund_id, state, reason, because, amount, currency, terminal_id, held_by } = record;
  const why = reason === null ? '' : ` (${reason})`;
  const said = because === null ? '' : ` ${escaped(because)}.`;
  const holder = held_by === null ? '' : ` The terminal is held by ${held_by}.`;
  return `**${refund_id}: ${state}${why}** since ${clock(record.state_since)} UTC, ${moneyText(amount, currency)} of charge ${record.charge_id}, terminal ${terminal_id}. ${meaning[state]}${said}${holder}`;
}

function whatToDo(
  { needs_attention: word, refund_id }: RefundRecord,
  runbookUrl: string | undefined,
): string {
  if (word === null) return '';
  const { severity, means, press } = refundAttentionGuide[word];
  const section =
    runbookUrl === undefined
      ? `section \`${word}\` of docs/runbook.md`
      : `[${word}](${runbookUrl}#${word})`;
  const steps = press.map(({ when, run }) => {
    const command = run?.replaceAll('<refund_id>', refund_id);
    return `- ${when}${command === undefined ? '' : ` \`${command}\``}`;
  });
  return [
    `**Needs a person: ${word}** (${severity}). ${means} Runbook: ${section}.`,
    ...steps,
  ].join('\n');
}
