/** What every word of the closed lists means, for `/openapi.json` and whoever writes a till. */
import type { Attention, CaseKind, ChargeState, Reason } from '../workflows/lists.ts';
import type { Advice } from './cashier.ts';
import { problemCodes, problemKinds } from './problems.ts';

const stateWords: Record<ChargeState, string> = {
  starting: 'The terminal is being taken and the session created. Advice `wait`.',
  waiting_for_card: 'The terminal asks for the card. Advice `wait`.',
  approved: 'The money is reserved and not captured: not paid yet. Advice `wait`.',
  checking: "Dintero's answer is missing or unclear and is read until it is clear. Advice `wait`.",
  cancelling: 'A stop was asked for and is not proven yet. Advice `wait`.',
  captured: 'The money is in. Advice `paid`; with an open case `ask_for_help`.',
  not_charged: 'Proven: no money was or will be taken. Advice by reason.',
};

const adviceWords: Record<Advice, string> = {
  wait: 'It is being worked on: take no other payment, ask again (or use wait, or events).',
  paid: 'The sale is paid.',
  try_again:
    'Nothing was taken. Charge again with `next_attempt`, or take another payment if that is safe.',
  ask_for_help:
    'A person must look. Take another payment only if `safe_to_take_other_payment` is true.',
  none: 'Nothing is left to do with this charge.',
};

const reasonWords: Record<Reason, string> = {
  declined: 'The card was declined.',
  failed: 'The payment failed at Dintero or on the terminal.',
  cancelled_by_customer: 'The customer stopped it on the terminal.',
  cancelled_by_till: 'The till asked to stop, in time.',
  cancelled_before_start: 'The till asked to stop before the charge had started.',
  expired: 'Nobody presented a card in time.',
  voided: 'The money was reserved and has been released.',
  terminal_busy: 'Another charge holds the terminal; `held_by` names it.',
  terminal_unavailable: 'Dintero could not reach the terminal.',
  rejected: 'Dintero refused the request: a terminal, store or seller is wrong.',
  dintero_refuses_us: "Dintero refused this service's own access.",
  dintero_busy: 'Dintero had too many requests.',
  not_started_in_time: 'The prompt could not be sent in time, so it was not sent at all.',
  session_lost:
    'It was unclear whether the terminal was prompted; it is proven that nothing came of it.',
  other_attempt_has_money: 'Another attempt of the sale has taken money, or may still. Never safe.',
};

const attentionWords: Record<Attention, string> = {
  starting_too_long: 'Nobody has prompted yet: are the workers running?',
  waiting_too_long: 'The deadline has passed and the charge still waits for a card.',
  checking_too_long: 'Dintero has given no clear answer for too long.',
  approved_too_long: 'The money is reserved and is not being captured.',
  cancelling_too_long: 'The stop is not proven yet.',
  session_lost: 'It is not known whether the terminal was prompted; look at it.',
  prompt_may_live: 'The terminal may still ask for a card; look at it.',
  capture_refused: 'Dintero refuses to capture.',
  void_refused: 'Dintero refuses to release the reservation.',
  dintero_refuses_us: "Dintero refuses this service's own access.",
  workflow_lost: 'The workflow was closed from outside before an ending was proven.',
  case_open: 'Money that a person must decide about.',
};

const caseWords: Record<CaseKind, string> = {
  amount_differs: 'Another amount or currency was captured than was asked for.',
  partly_captured: 'Only a part was captured.',
  captured_after_cancel:
    'The payment won the race against the cancel: keep it, or refund it with the customer.',
  captured_after_not_charged: 'Money turned up after the charge had ended without any.',
  refunded_outside: 'Somebody refunded outside of this service.',
  orphan: 'Money of ours that belongs to no known charge.',
};

/** What a person does about an open case. */
export const caseActions: Record<CaseKind, string> = {
  amount_differs:
    'Compare the receipt with what was asked for. The difference goes back only with the card at a terminal.',
  partly_captured: 'Compare with Dintero: the rest of the sale is not paid.',
  captured_after_cancel:
    'Keep it (POST /charges/{charge_id}/keep), or give it back with the card at a terminal.',
  captured_after_not_charged:
    'Find out how the sale was paid in the end. If it was paid twice, give this money back with the card at a terminal.',
  refunded_outside: 'Find out who refunded it at Dintero, and whether the sale is still paid.',
  orphan:
    'Find out in the till and at Dintero what was sold. If nothing was, give the money back with the card at a terminal.',
};

function table(title: string, words: Record<string, string>): string {
  const rows = Object.entries(words).map(([word, meaning]) => `| \`${word}\` | ${meaning} |`);
  return [`### ${title}`, '', '| word | meaning |', '|---|---|', ...rows].join('\n');
}

const problemWords = Object.fromEntries(
  problemCodes.map((code) => [code, `${problemKinds[code].status}. ${problemKinds[code].meaning}`]),
);

/** The words of `/openapi.json`, before its routes. */
export const description = [
  'Charges a card on a Dintero terminal and guarantees the outcome. Amounts are whole minor units (12900 is NOK 129.00). Every answer, errors included, says what the cashier does (`advice`) and whether another payment is safe.',
  table('States', stateWords),
  table('Advice', adviceWords),
  table('Reasons of not_charged', reasonWords),
  table('needs_attention', attentionWords),
  table('Cases', caseWords),
  table('What to do about a case', caseActions),
  table('Problem codes', problemWords),
].join('\n\n');
