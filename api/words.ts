/** What every word of the closed lists means, for `/openapi.json` and whoever writes a till. */
import { attentionGuide, caseGuide, reasonGuide, type Guidance } from '../workflows/guide.ts';
import type { ChargeState } from '../workflows/lists.ts';
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
  table('Problem codes', problemWords),
].join('\n\n');
