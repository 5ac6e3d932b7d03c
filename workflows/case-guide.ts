/**
 * What to do about an open case. Captured money of a shop comes back only by a refund on a terminal with the cardholder
 * present (design 1): no text here says otherwise.
 */
import { guidance, type Guidance, type Step } from './guidance.ts';
import type { CaseKind } from './lists.ts';

const moneyIsIn =
  '`ask_for_help`. The money is in; no other payment may be taken while the case is open.';

const findIt =
  'In Dintero Backoffice, open the transaction that the case names: how much was captured, and was any of it refunded?';

const kept = (when: string): Step => ({
  when,
  run: 'npx kvitt settle <transaction_id> --as kept --why "<why>"',
});
const refunded = (when: string): Step => ({
  when,
  run: 'npx kvitt settle <transaction_id> --as refunded --why "<why>"',
});
const refundNow: Step = {
  when: 'The customer is here with the card, and the money is not wanted: refund it on a terminal of the same seller. When nothing is left, the case settles itself. (`npx kvitt show` lists the terminals and the number of the refund; `--amount` refunds a part.)',
  run: 'npx kvitt refund <transaction_id> --refund "<refund>" --terminal-id "<terminal_id>" --why "<why>"',
};
const refundedAtTerminal = refunded(
  'The customer came back, was refunded with the card on a terminal, and Dintero shows all of it refunded. (A part went back, and the rest is wanted: that is `kept`.)',
);
const notNow: Step = {
  when: 'The customer cannot be reached now: leave the case open and write down what you know.',
  run: 'npx kvitt note <transaction_id> --text "<text>"',
};
const writtenOff: Step = {
  when: 'The office has decided that nothing more will come of it.',
  run: 'npx kvitt settle <transaction_id> --as written_off --why "<why>"',
};

const releasedOrWrittenOff =
  'It was only reserved and Dintero shows it released; or the office has decided that nothing more will come of it.';

export const caseGuide: Record<CaseKind, Guidance> = {
  amount_differs: guidance(['ticket', 1440], {
    means: 'Another amount or currency was captured than was asked for.',
    cashier: moneyIsIn,
    check: [
      findIt,
      'Compare it with the receipt and with what the till asked for. A tip, or a sum typed on the terminal, explains most of them.',
      'Too much was taken: the difference goes back only by a refund on a terminal, with the customer and the card.',
      'Too little was taken: the rest of the sale is not paid. The shop decides about it.',
    ],
    press: [
      kept('The amount that Dintero shows is accepted as it is.'),
      refundNow,
      refundedAtTerminal,
      notNow,
      writtenOff,
    ],
  }),
  partly_captured: guidance(['ticket', 1440], {
    means: 'Only a part of the amount was captured. The rest of the sale is not paid.',
    cashier: moneyIsIn,
    check: [
      findIt,
      'Is the rest still reserved? Ask Dintero what becomes of it before anything else is taken for this sale.',
      'Who captured a part? Kvitt always captures the full amount.',
    ],
    press: [
      kept('The part is accepted, or Dintero shows the rest captured too.'),
      refundNow,
      refundedAtTerminal,
      notNow,
      writtenOff,
    ],
  }),
  captured_after_cancel: guidance(['ticket', 480], {
    means: 'Somebody asked to stop, and the payment was faster: the customer has paid.',
    cashier: moneyIsIn,
    check: [
      'Ask the shop: did the customer leave with the goods, or without?',
      'With the goods: the payment is kept.',
      'Without: the customer has the money back only by a refund on a terminal, with the card.',
      'Did the customer pay again in another way? Then one of the two goes back.',
    ],
    press: [
      kept(
        'The sale was completed with this payment. The till may say so itself: `POST /charges/{charge_id}/keep`.',
      ),
      refundNow,
      refundedAtTerminal,
      notNow,
      writtenOff,
    ],
  }),
  captured_unasked: guidance(['ticket', 480], {
    means:
      'The till had the money held (`capture: "on_request"`), and it was captured before anybody said so: by the terminal itself, or by somebody at Dintero.',
    cashier: moneyIsIn,
    check: [
      'Ask the shop: was the sale completed with this payment?',
      'Who captured it? In Dintero Backoffice its CAPTURE event says. Was it the terminal: two-phase sales do not work there, and Dintero must be asked why.',
      'The sale was not made: the customer has the money back only by a refund on a terminal, with the card.',
    ],
    press: [
      kept(
        'The sale was completed with this payment. The till may say so itself: `POST /charges/{charge_id}/capture`, or `keep`.',
      ),
      refundNow,
      refundedAtTerminal,
      notNow,
      writtenOff,
    ],
  }),
  captured_after_not_charged: guidance(['ticket', 240], {
    means:
      'Money turned up after the charge had told that none was taken. The charge now says `captured`.',
    cashier:
      'First, by the reason it ended with, that nothing was taken; since the money was found, `ask_for_help`, and no other payment.',
    check: [
      findIt,
      'How was the sale paid in the end? `npx kvitt charges --reference <reference>` lists its attempts; look at the till’s receipts, too.',
      'It was paid twice: this money goes back only by a refund on a terminal, with the customer and the card.',
      'Tell the office: a device fact in the configuration (`PROMPT_LIFETIME_SECONDS`, `CANCEL_ENDS_PROMPT`) or a person’s evidence was wrong.',
    ],
    press: [
      kept('This payment is the only one of the sale, and the customer has the goods.'),
      refundNow,
      refundedAtTerminal,
      notNow,
      writtenOff,
    ],
  }),
  refunded_outside: guidance(['ticket', 1440], {
    means:
      'Money of this charge was refunded outside of this service, or by a refund that gave back otherwise than was asked for or told.',
    cashier:
      '`ask_for_help`. The sale may not be paid any more; no other payment may be taken while the case is open.',
    check: [
      findIt,
      'Who refunded it: the shop on the terminal, or somebody in Dintero Backoffice?',
      'Is the sale still wanted? Then what went back is not paid any more, and the shop decides about it.',
    ],
    press: [
      refunded('All of it was refunded, and that was meant.'),
      kept('Only a part went back, and the rest is wanted as it is.'),
      notNow,
      writtenOff,
    ],
  }),
  orphan: guidance(['ticket', 480], {
    means: 'Money of this installation that belongs to no charge known here.',
    cashier:
      'Nothing about this money: no charge is known that took it. If the sale has another payment, the till shows that one.',
    check: [
      findIt,
      'Its merchant reference is a charge id: find that sale in the till. Was it sold, and how was it paid?',
      'Nothing was captured, it is only reserved: ask Dintero to release it. Do not capture it.',
      'The sale was paid in another way too, or nothing was sold: it goes back only by a refund on a terminal, with the customer and the card.',
    ],
    press: [
      kept('It pays a sale that was made.'),
      refundNow,
      refundedAtTerminal,
      notNow,
      { ...writtenOff, when: releasedOrWrittenOff },
    ],
  }),
};
