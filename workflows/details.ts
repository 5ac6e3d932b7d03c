/** What a person reads in the Temporal UI: what is known, what is waited for and until when, what may be done. Pure. */
import type { ChargeState } from './lists.ts';
import type { ChargeRecord } from './messages.ts';
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

const advice: Partial<Record<string, string>> = {
  prompt_may_live:
    'Look at the terminal. When it is idle, send the update `cancel` with `{"terminal_seen_idle": true, "by": "<you>"}`.',
  session_lost:
    'Nobody knows whether the terminal prompts. When you see it idle, send `cancel` with `{"terminal_seen_idle": true, "by": "<you>"}`.',
  dintero_refuses_us:
    'Dintero answers 401 or 403: mend the API client; the charge goes on by itself.',
};

export function describeCharge(charge: {
  record: ChargeRecord;
  situation: Situation;
  lastNews: string;
}): string {
  const { record, situation, lastNews } = charge;
  const deadline = new Date(situation.deadlineAt).toISOString();
  const rows: [string, string | number | null][] = [
    ['State', `**${record.state}** since ${record.state_since}`],
    ['Means', meaning[record.state]],
    ['Outcome', record.outcome === null ? 'open' : `**${record.outcome}** ${record.reason ?? ''}`],
    ['Asked', `${record.amount ?? '?'} ${record.currency ?? ''} (minor units)`],
    ['Captured', record.captured_amount],
    ['Terminal', record.terminal_id],
    ['Held by', record.held_by],
    ['Transaction', record.transaction_id],
    ['Last news', lastNews],
    ['Next', next[record.state]],
    ['Deadline', record.outcome === null ? deadline : null],
    ['Needs a person', record.needs_attention],
    [
      'What to do',
      record.needs_attention === null ? null : (advice[record.needs_attention] ?? null),
    ],
    ['Case', record.case_kind],
  ];
  const lines = rows
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `| ${key} | ${value} |`);
  return `| Charge | ${record.charge_id} |\n|---|---|\n${lines.join('\n')}`;
}
