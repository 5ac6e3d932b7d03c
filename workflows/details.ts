/** What a person reads in the Temporal UI: what is known, what is waited for and until when, what may be done. Pure. */
import type { Attention, ChargeState } from './lists.ts';
import { caseWorkflowId, type ChargeRecord } from './messages.ts';
import type { Situation } from './next-step.ts';

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

const leaveIt = 'Nothing, unless Dintero is down. Leave it running: it is read until it is clear.';
const lookAtTerminal =
  'Look at the terminal. When it is idle, send the update `cancel` with `{"terminal_seen_idle": true, "by": "<you>"}`.';

const whatToDo: Record<Attention, string> = {
  starting_too_long: 'Look whether workers are alive.',
  waiting_too_long: 'Look whether workers are alive: the session should have been cancelled.',
  checking_too_long: leaveIt,
  approved_too_long: 'The money is reserved, not captured. Look in Dintero why it is not captured.',
  cancelling_too_long: leaveIt,
  session_lost: `Nobody knows whether the terminal prompts. ${lookAtTerminal}`,
  prompt_may_live: lookAtTerminal,
  capture_refused: 'Dintero does not capture. Look at the transaction in Dintero.',
  void_refused: 'Dintero does not release the money. Look at the transaction in Dintero.',
  dintero_refuses_us:
    'Dintero answers 401 or 403: mend the API client; the charge goes on by itself.',
  workflow_lost: 'This workflow was ended by hand. Look at the transaction in Dintero.',
  case_open: 'Open the case named below.',
};

export function describeCharge(charge: {
  record: ChargeRecord;
  situation: Situation;
  lastNews: string;
}): string {
  const { record, situation, lastNews } = charge;
  const { needs_attention: attention, case_kind: kind } = record;
  const isOpen = record.outcome === null;
  const deadline = new Date(situation.deadlineAt).toISOString();
  const hasPassed = situation.readAt >= situation.deadlineAt ? ' (passed)' : '';
  const rows: [string, string | number | null][] = [
    ['State', `**${record.state}** since ${record.state_since}`],
    ['Means', meaning[record.state]],
    ['Outcome', isOpen ? 'open' : `**${record.outcome}** ${record.reason ?? ''}`],
    ['Asked', `${record.amount ?? '?'} ${record.currency ?? ''} (minor units)`],
    ['Captured', record.captured_amount],
    ['Terminal', record.terminal_id],
    ['Held by', record.held_by],
    ['Transaction', record.transaction_id],
    ['Last news', lastNews],
    ['Next', kind === null ? next[record.state] : 'A person settles the case.'],
    ['Deadline', isOpen ? deadline + hasPassed : null],
    ['Needs a person', attention],
    ['What to do', attention === null ? null : whatToDo[attention]],
    ['Case', kind === null ? null : `${kind}: \`${caseWorkflowId(record.transaction_id ?? '')}\``],
  ];
  const lines = rows
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `| ${key} | ${value} |`);
  return `| Charge | ${record.charge_id} |\n|---|---|\n${lines.join('\n')}`;
}
