/**
 * What a person reads in the Temporal UI: what is known, what is not, what happens next and when, what may safely be
 * done. Markdown; pure. No card data: what is shown here is no secret to anybody who may see Temporal.
 */
import { attentionGuide, caseGuide, type Guidance } from './guide.ts';
import { isAwaitingWord } from './hold.ts';
import type { Attention, CaseKind, ChargeState } from './lists.ts';
import { caseWorkflowId, type CaseRecord, type ChargeRecord, type StrayInput } from './messages.ts';
import { moneyText } from './money.ts';
import type { OpenCharge } from './open-charge.ts';
import { possibleOrders } from './orders.ts';
import { clock, escaped, timelineTable, type Fact } from './timeline.ts';

const meaning: Record<ChargeState, string> = {
  starting: 'The terminal is being taken and the session created.',
  waiting_for_card: 'The terminal asks for the card.',
  approved: 'The money is reserved, not captured yet. It is not paid.',
  checking: 'Dintero gives no clear answer. It is read until it is clear; nothing is sent twice.',
  cancelling: 'Stop was asked, and is not proven yet. A payment may still land.',
  captured: 'The money is in, read back from Dintero.',
  not_charged: 'Proven: no money was or will be taken.',
};

const next: Record<ChargeState, string> = {
  starting: 'The terminal prompts, or the charge ends without having asked for a card.',
  waiting_for_card: 'A callback or the next poll; at the deadline the session is cancelled.',
  approved: "The capture: Dintero's own, or ours after a bounded time.",
  checking: 'The next poll. Leave it running: ending it by hand loses the proof, not the money.',
  cancelling: 'The next poll, until Dintero shows that the session is dead or the money is in.',
  captured: 'Nothing.',
  not_charged: 'Nothing.',
};

/** Everything about an open charge on one page, what matters most on top. */
export function describeCharge(charge: OpenCharge): string {
  const { record, timeline } = charge;
  const { needs_attention: attention, case_kind: kind } = record;
  const isOpen = record.outcome === null;
  return [
    oneLine(record),
    isOpen && attention !== null
      ? whatToDo(attention, attentionGuide[attention], {
          chargeId: record.charge_id,
          runbookUrl: charge.situation.policy.runbookUrl,
        })
      : '',
    kind === null
      ? ''
      : `A person settles the case \`${caseWorkflowId(record.transaction_id ?? '')}\` (${kind}).`,
    isOpen ? nextLook(charge) : '',
    isOpen ? mayBeDone(charge) : '',
    timelineTable(timeline),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The charge in one line, and what its state means. */
function oneLine(record: ChargeRecord): string {
  const { amount, currency, terminal_id, store_id, held_by, captured_amount } = record;
  const asked = moneyText(amount, currency);
  const where = `terminal ${terminal_id ?? 'not known'}, store ${store_id ?? 'not known'}`;
  const captured =
    captured_amount === null ? '' : `, captured ${moneyText(captured_amount, currency)}`;
  const holder = held_by === null ? '' : ` The terminal is held by ${held_by}.`;
  const reason = record.reason === null ? '' : ` (${record.reason})`;
  return `**${record.charge_id}: ${record.state}${reason}** since ${clock(record.state_since)} UTC, ${asked}${captured}, ${where}. ${meaning[record.state]}${holder}`;
}

function nextLook({ record, waiting, situation }: OpenCharge): string {
  const deadline = `the customer has time until ${clock(situation.deadlineAt)} UTC`;
  const until = waiting === null ? 'Now being worked on' : `Next look ${clock(waiting.until)} UTC`;
  const isBefore = record.state === 'waiting_for_card';
  const follows = heldUntil(record, situation) ?? next[record.state];
  return `**${until}**${isBefore ? `; ${deadline}` : ''}. ${follows}`;
}

/** What a two-phase sale waits for. */
function heldUntil(record: ChargeRecord, { hold }: OpenCharge['situation']): string | null {
  if (hold === null || hold.until === null || !isAwaitingWord(record, Date.now())) return null;
  const after = hold.endsWith === 'void' ? 'released' : 'captured';
  return `The till says what becomes of the money (POST capture or void); without its word it is ${after} at ${clock(hold.until)} UTC.`;
}

function mayBeDone(charge: OpenCharge): string {
  const possible = possibleOrders(charge, Date.now()).filter((order) => order.is_possible);
  const commands = possible.map(({ action }) => `\`${action}\``).join(', ');
  return `May be done now: ${commands}, by \`npx kvitt <action> ${charge.record.charge_id}\`.`;
}

/** What the runbook says of a word, short, and the way to its section. */
function whatToDo(
  word: Attention | CaseKind,
  { severity, means, press }: Guidance,
  of: { chargeId: string; runbookUrl: string | null | undefined; transactionId?: string },
): string {
  const section =
    of.runbookUrl === null || of.runbookUrl === undefined
      ? `section \`${word}\` of docs/runbook.md`
      : `[${word}](${of.runbookUrl}#${word})`;
  const steps = press.map(({ when, run }) => {
    const command = run
      ?.replaceAll('<charge_id>', of.chargeId)
      .replaceAll('<transaction_id>', of.transactionId ?? '<transaction_id>');
    return `- ${when}${command === undefined ? '' : ` \`${command}\``}`;
  });
  return [
    `**Needs a person: ${word}** (${severity}). ${means} Runbook: ${section}.`,
    ...steps,
  ].join('\n');
}

/** Everything about a case on one page. */
export function describeCase(
  record: CaseRecord,
  timeline: readonly Fact[],
  runbookUrl: string | undefined,
): string {
  const { kind, charge_id, transaction_id, amount, captured_amount, currency } = record;
  const where = `terminal ${record.terminal_id ?? 'not known'}, store ${record.store_id ?? 'not known'}`;
  const money = `asked ${moneyText(amount, currency)}, captured ${moneyText(captured_amount, currency)}`;
  const ending =
    record.settled_as === null
      ? whatToDo(kind, caseGuide[kind], {
          chargeId: charge_id,
          transactionId: transaction_id,
          runbookUrl,
        })
      : `**Settled as ${record.settled_as}** by ${escaped(record.settled_by ?? 'nobody named')}.`;
  return [
    `**${kind}** of charge ${charge_id}, transaction ${transaction_id}: ${money}, ${where}. Open since ${clock(record.opened_at)} UTC.`,
    ending,
    timelineTable(timeline),
  ].join('\n\n');
}

/** News that nobody waited for, and what was found of it. */
export function describeStray(
  { transaction_id, charge_id, is_proven }: StrayInput,
  timeline: readonly Fact[],
): string {
  const from = is_proven ? 'Dintero' : 'somebody whose signature proves nothing';
  return [
    `**News of transaction ${transaction_id}** for charge ${charge_id}, from ${from}. Only what Dintero shows of it counts. Nothing is to be pressed here; leave it running until it ends.`,
    timelineTable(timeline),
  ].join('\n\n');
}
