/** What every word of the closed lists means, for `/openapi.json` and whoever writes a till. */
import type { Settlement } from '../workflows/actions.ts';
import type { DifferenceKind } from '../workflows/books.ts';
import { attentionGuide, caseGuide, reasonGuide, type Guidance } from '../workflows/guide.ts';
import type { ChargeState, EventType } from '../workflows/lists.ts';
import { refundAttentionGuide, refundReasonGuide } from '../workflows/refund-guide.ts';
import type { RefundState } from '../workflows/refund-lists.ts';
import type { Operation, OperationState } from '../workflows/terminal-operations.ts';
import type { RegistrationStatus } from './account-schemas.ts';
import type { Advice } from './cashier.ts';
import { problemCodes, problemKinds } from './problems.ts';

const stateWords: Record<ChargeState, string> = {
  starting: 'The terminal is being taken and the session created. Advice `wait`.',
  waiting_for_card: 'The terminal asks for the card. Advice `wait`.',
  approved:
    'The money is reserved and not captured: not paid yet. Advice `wait`, or `capture_or_void` while it is held for the till.',
  checking: "Dintero's answer is missing or unclear and is read until it is clear. Advice `wait`.",
  cancelling: 'A stop was asked for and is not proven yet. Advice `wait`.',
  captured: 'The money is in. Advice `paid`; with an open case `ask_for_help`.',
  not_charged: 'Proven: no money was or will be taken. Advice by reason.',
};

const adviceWords: Record<Advice, string> = {
  wait: 'It is being worked on: take no other payment, ask again (or use wait, or events).',
  capture_or_void:
    'The money is reserved and held for the till: say what becomes of it by POST capture or void.',
  paid: 'The sale is paid.',
  try_again:
    'Nothing was taken. Charge again with `next_attempt`, or take another payment if that is safe.',
  ask_for_help:
    'A person must look. Take another payment only if `safe_to_take_other_payment` is true.',
  none: 'Nothing is left to do with this charge.',
};

const refundStateWords: Record<RefundState, string> = {
  starting: 'The terminal is being taken and the refund sent. Advice `wait`.',
  waiting_for_card: 'The terminal asks for the card. Advice `wait`.',
  checking:
    'It was sent, and whether money went back is not clear yet: it is read until it is. Advice `wait`; no other refund of the payment starts meanwhile.',
  refunded: "The money has gone back: Dintero's event proves it.",
  not_refunded:
    'No money went back by it, as far as Dintero shows; if Dintero shows otherwise later, it is corrected. Advice by reason.',
};

const operationWords: Record<Operation, string> = {
  end_of_day: 'The terminal closes its day and tells what it has counted since the last time.',
  send_logs: 'The terminal sends its logs to Dintero.',
  check_update: 'The terminal fetches its settings and software.',
  open_menu: 'The terminal opens its menu, for whoever stands before it.',
};

const operationStateWords: Record<OperationState, string> = {
  starting: 'The terminal is being taken, or Dintero cannot be reached.',
  sent: 'Dintero has sent it to the terminal.',
  completed: 'The terminal has done it; an end of day has `totals`.',
  failed: 'The terminal could not do it.',
  timeout: 'The terminal did not answer Dintero: it may be ordered again.',
  refused: 'Dintero said no; `text` has its words.',
  terminal_busy: 'Somebody else has the terminal; `held_by` names it. Nothing was done.',
  unclear: 'Nobody can tell what became of it: look at the terminal, or order it again.',
};

const registrationWords: Record<RegistrationStatus, string> = {
  pending: 'Dintero is still setting it up: wait.',
  action_required:
    'Somebody must act, as `status_reason` says: `CHECK_UPDATE` means connect it and fetch its settings.',
  active: 'It is registered and takes payments. Whether it is switched on, this does not say.',
  inactive: 'It takes no payments now.',
  error: 'Dintero could not set it up: `npx kvitt sync-terminal` has it provisioned again.',
  deleted: 'It is not registered any more.',
  unknown: 'Dintero used a word that this version does not know; `status_reason` may say more.',
};

const differenceWords: Record<DifferenceKind | 'late', string> = {
  orphan:
    'Dintero has money of this installation that no charge knows. It is read again by itself, and a case is opened.',
  missing:
    'A charge told `captured`, and Dintero does not know its payment. Its recovery reads on, and the charge asks for a person.',
  unequal:
    'Amount, currency, status or refunds at Dintero are not what the charge told. The charge is recovered by itself; a correction and a case follow.',
  late: 'A difference that was found in a day whose report was closed before: it stands in the report of the day on which it was found, and is followed in the same way.',
};

const settlementWords: Record<Settlement, string> = {
  kept: 'The case was settled: the money is wanted as it is.',
  refunded: 'The case was settled: the customer has the money back, and Dintero shows it.',
  written_off: 'The case was settled: the office has decided that nothing more will come of it.',
};

const eventWords: Record<EventType, string> = {
  'charge.captured': 'The charge has ended: the money is in.',
  'charge.not_charged': 'The charge has ended: no money was or will be taken.',
  'charge.needs_attention': 'The charge asks for a person.',
  'charge.corrected': 'What was told of the charge was wrong: what this one says counts.',
  'case.opened': 'There is money that a person must decide about.',
  'case.settled': 'Somebody has decided, or a refund has given everything back.',
  'refund.refunded': 'The refund has ended: the money has gone back.',
  'refund.not_refunded': 'The refund has ended: no money went back by it, as far as Dintero shows.',
  'refund.needs_attention': 'The refund asks for a person.',
  'refund.corrected': 'What was told of the refund was wrong: what this one says counts.',
};

/** The lists whose words need no guidance: one sentence each. */
export const plainWords = {
  state: stateWords,
  advice: adviceWords,
  refund_state: refundStateWords,
  operation: operationWords,
  operation_state: operationStateWords,
  terminal_status: registrationWords,
  difference: differenceWords,
  settled_as: settlementWords,
  event: eventWords,
} as const satisfies Record<string, Record<string, string>>;
export type PlainList = keyof typeof plainWords;

/** What a person does about an open case. */
export const caseActions = mapped(caseGuide, ({ press }) =>
  press.map(({ when, run }) => (run === null ? when : `${when} \`${run}\``)).join(' '),
);

function mapped<Word extends string>(
  guide: Record<Word, Guidance>,
  text: (guidance: Guidance) => string,
): Record<Word, string> {
  const entries = Object.entries<Guidance>(guide).map(([word, row]) => [word, text(row)]);
  return Object.fromEntries(entries) as Record<Word, string>;
}

function meanings(guide: Record<string, Guidance>): Record<string, string> {
  return mapped(guide, ({ means }) => means);
}

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
  table('Reasons of not_charged', meanings(reasonGuide)),
  table('needs_attention', meanings(attentionGuide)),
  table('Cases', meanings(caseGuide)),
  table('What to do about a case', caseActions),
  table('What a case was settled as', settlementWords),
  table('States of a refund', refundStateWords),
  table('Reasons of not_refunded', meanings(refundReasonGuide)),
  table('needs_attention of a refund', meanings(refundAttentionGuide)),
  table('Terminals: status', registrationWords),
  table('Terminals: operations', operationWords),
  table('Terminals: states of an operation', operationStateWords),
  table('Differences in a report', differenceWords),
  table('Events of the webhooks', eventWords),
  table('Problem codes', problemWords),
].join('\n\n');
