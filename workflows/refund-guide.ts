/**
 * What to know about a refund: why it ended without money, and what to do when it needs a person. Money of a shop goes
 * back only on a terminal with the cardholder present (design 1): no text here says otherwise.
 */
import { guidance, lookAtHolder, type Guidance, type Step } from './guidance.ts';
import type { RefundAttention, RefundReason } from './refund-lists.ts';

const tryAgain =
  '`try_again`. No money went back: ask again with `next_refund`, at any terminal that the case or the charge offers.';
const askForHelp = '`ask_for_help`. No money went back by this refund.';
const tillGoesOn: Step = {
  when: 'Nothing: the till asks again when the customer is ready.',
  run: null,
};
const look: Step = { when: 'Look at what happened.', run: 'npx kvitt show <refund_id>' };

export const refundReasonGuide: Record<RefundReason, Guidance> = {
  refund_declined: guidance(['none', null], {
    means:
      'The cardholder, the card or its bank said no at the terminal. Dintero may still retry by itself: if it then succeeds, the refund says so.',
    cashier: tryAgain,
    check: ['Is it the card that paid? Another card is mostly refused.'],
    press: [tillGoesOn, look],
  }),
  refund_terminal_busy: guidance(['none', null], {
    means:
      'The terminal is held by another payment, a refund or an operation of the terminal; `held_by` names it.',
    cashier: tryAgain,
    check: ['Does that payment or refund end? `npx kvitt show <held_by>`.'],
    press: [tillGoesOn, ...lookAtHolder],
  }),
  refund_terminal_unavailable: guidance(['none', null], {
    means:
      'The terminal is not active, or it belongs to another seller (payout destination) than the sale. Nothing was sent.',
    cashier: askForHelp,
    check: ['What does `because` say: another seller, or not active?'],
    press: [
      {
        when: 'Choose another terminal, one that is active and of the seller of the sale.',
        run: 'npx kvitt terminals --seller <payout_destination_id> --status active',
      },
    ],
  }),
  refund_rejected: guidance(['ticket', 480], {
    means: 'Dintero refused the refund before anybody was asked; `because` holds its words.',
    cashier: askForHelp,
    check: ['What does `because` say? Is the payment still refundable in Dintero Backoffice?'],
    press: [look],
  }),
  dintero_refused_the_refund: guidance(['ticket', 60], {
    means: 'Dintero does not let us in, or asked us to come later. Nothing was sent.',
    cashier: askForHelp,
    check: ['Do payments work? Then the credentials lack the right to refund: ask Dintero.'],
    press: [look],
  }),
  refund_not_started_in_time: guidance(['none', null], {
    means: 'Nothing could be sent in time, so nothing was sent.',
    cashier: tryAgain,
    check: ['Is Dintero reachable? Do other payments work?'],
    press: [tillGoesOn],
  }),
  nothing_to_refund: guidance(['none', null], {
    means: 'Dintero shows no money of this charge that could go back.',
    cashier: askForHelp,
    check: [
      'Was it refunded already? `npx kvitt show <charge_id>` lists its refunds, Dintero Backoffice also those that were made there.',
    ],
    press: [{ when: 'Nothing: there is no money of this charge left.', run: null }],
  }),
  more_than_is_left: guidance(['none', null], {
    means: 'More was asked for than is still in: what was captured, less what has gone back.',
    cashier: askForHelp,
    check: ['How much is left? `because` says it; refunds in Dintero Backoffice count too.'],
    press: [{ when: 'Nothing here: the till asks for less, with `next_refund`.', run: null }],
  }),
  other_operation_open: guidance(['ticket', 480], {
    means:
      'Dintero is still working on another refund of this payment, ours or of the back office. It may still succeed, so none was sent beside it.',
    cashier: askForHelp,
    check: [
      'Which one is it? `npx kvitt show <charge_id>` lists ours, Dintero Backoffice also those that were made there.',
    ],
    press: [{ when: 'Nothing now: ask again when that one has ended.', run: null }],
  }),
  refund_never_arrived: guidance(['none', null], {
    means:
      'The answer of Dintero was lost, and it showed nothing of the refund until its prompt could no longer be alive, or a person saw the terminal idle.',
    cashier: tryAgain,
    check: ['Did the customer present a card? Then look again before another refund is asked for.'],
    press: [tillGoesOn, look],
  }),
};

const openCashier =
  '`ask_for_help`. Whether money went back is not known yet: no other refund of this payment may be asked for.';

const readNow: Step = {
  when: 'Have Dintero read now.',
  run: 'npx kvitt read <refund_id>',
};
const freeIt: Step = {
  when: 'The next customer waits and somebody has seen, just now, that the terminal asks for no card: free it.',
  run: 'npx kvitt free <refund_id> --terminal-seen-idle --why "<why>"',
};

export const refundAttentionGuide: Record<RefundAttention, Guidance> = {
  refund_too_long: guidance(['ticket', 60], {
    means: 'The refund has been in one state for longer than it should.',
    cashier: openCashier,
    check: [
      'Is the customer still at the terminal? What does it show?',
      'Do other payments work, and do the workers run?',
    ],
    press: [readNow, freeIt],
  }),
  refund_unresolved: guidance(['ticket', 240], {
    means:
      'Dintero has accepted the refund and shows no result. It may still succeed: Dintero asks the terminal’s side again by itself.',
    cashier: openCashier,
    check: [
      'Does the customer’s receipt, or the terminal, say that it was approved?',
      'Ask Dintero what became of it: they can resolve it. Kvitt follows by itself.',
    ],
    press: [readNow, freeIt],
  }),
  refund_lost: guidance(['ticket', 30], {
    means:
      'It was sent, the answer was lost, and Dintero shows nothing of it. The terminal may still ask for the card.',
    cashier: openCashier,
    check: [
      'What does the terminal show now? Ask somebody who stands there.',
      'Did the customer present a card? Then wait: Dintero will show it.',
    ],
    press: [
      {
        when: 'Somebody has seen, just now, that the terminal asks for no card, and no card was presented: close it.',
        run: 'npx kvitt close <refund_id> --terminal-seen-idle --why "<why>"',
      },
      readNow,
    ],
  }),
  refund_workflow_lost: guidance(['ticket', 60], {
    means:
      'Its workflow was ended from outside before an ending was proven. Its recovery begins within a minute.',
    cashier: openCashier,
    check: ['Who ended it? Terminating frees the terminal while it may still ask for a card.'],
    press: [look],
  }),
};
