/** What to know about a charge that ended as `not_charged`, by its reason. Mostly there is nothing to press. */
import { guidance, lookAtHolder, type Guidance, type Step } from './guidance.ts';
import type { Reason } from './lists.ts';

const tryAgain =
  '`try_again`. Nothing was taken: charge again with `next_attempt`. Another payment only if `safe_to_take_other_payment` is true.';
const askForHelp =
  '`ask_for_help`. Nothing was taken by this charge. Another payment only if `safe_to_take_other_payment` is true.';
const nothing = '`none`. Nothing was taken, and nothing is left to do with this charge.';

const tillGoesOn: Step = {
  when: 'Nothing: the till charges again when the customer wants.',
  run: null,
};
/** Proven is proven by what Dintero showed then: what somebody saw since is worth another reading. */
const readAgain: Step = {
  when: 'Somebody shows a debit for it: have Dintero read again. What it shows counts.',
  run: 'npx kvitt recover <charge_id> --why "<why>"',
};

const ordinary = [
  'Nothing, for one. Many at once on one terminal or in one store: look at that terminal and its network.',
];

export const reasonGuide: Record<Reason, Guidance> = {
  declined: guidance(['none', null], {
    means: 'The card or its bank said no.',
    cashier: tryAgain,
    check: ['Nothing, for one. Many at once: ask Dintero whether the banks are reachable.'],
    press: [tillGoesOn, readAgain],
  }),
  failed: guidance(['none', null], {
    means: 'The payment failed at Dintero or on the terminal.',
    cashier: tryAgain,
    check: ordinary,
    press: [tillGoesOn, readAgain],
  }),
  cancelled_by_customer: guidance(['none', null], {
    means: 'The customer stopped it on the terminal.',
    cashier: tryAgain,
    check: ordinary,
    press: [tillGoesOn, readAgain],
  }),
  cancelled_by_till: guidance(['none', null], {
    means: 'The till, or a person, asked to stop in time.',
    cashier: nothing,
    check: ['`npx kvitt show <charge_id>` names who asked.'],
    press: [{ when: 'Nothing.', run: null }, readAgain],
  }),
  cancelled_before_start: guidance(['none', null], {
    means: 'The till asked to stop before the charge had started. Nothing was sent.',
    cashier: nothing,
    check: ['Nothing. A late request to start it finds it stopped.'],
    press: [{ when: 'Nothing.', run: null }],
  }),
  expired: guidance(['none', null], {
    means: 'Nobody presented a card in time.',
    cashier: tryAgain,
    check: ['Nothing, for one. Many on one terminal: does it show the prompt at all?'],
    press: [tillGoesOn, readAgain],
  }),
  voided: guidance(['none', null], {
    means: 'The money was reserved and has been released.',
    cashier: `${tryAgain} The till itself said \`/void\`: \`none\`, it wanted this ending.`,
    check: [
      'The customer still sees the reservation: the bank takes it away, which may take days. Dintero shows it as voided.',
      'Why was it released? The timeline of `npx kvitt show <charge_id>` says who asked to stop or said void, or that the time of a held sale was over.',
      'None of these: capturing was refused, or somebody released it at Dintero. Its transaction in Dintero Backoffice says why.',
    ],
    press: [tillGoesOn, readAgain],
  }),
  terminal_busy: guidance(['none', null], {
    means:
      'Another charge, a refund or an operation of the terminal holds it; `held_by` names which.',
    cashier: tryAgain,
    check: [
      'Does the holder need a person? `npx kvitt show <held_by>`.',
      'The holder is open and needs nobody: its customer is still paying.',
    ],
    press: lookAtHolder,
  }),
  terminal_unavailable: guidance(['ticket', 240], {
    means: 'Dintero could not reach the terminal.',
    cashier: askForHelp,
    check: [
      'Phone the shop: is the terminal switched on, on the network, and logged in?',
      'Other terminals of the store too? Then it is the store’s network. Of every store? Then it is Dintero.',
    ],
    press: [
      { when: 'Nothing here: when the terminal is back, the till charges again.', run: null },
      {
        when: 'It stays away: stop new charges on it, with a word for the cashier.',
        run: 'npx kvitt off terminal <terminal_id> --text "<text>" --why "<why>"',
      },
    ],
  }),
  rejected: guidance(['ticket', 240], {
    means: 'Dintero refused the request: a wrong terminal, store, seller or amount.',
    cashier: askForHelp,
    check: [
      '`npx kvitt show <charge_id>`: terminal, store and payout destination. Are they as in Dintero Backoffice?',
      'Every charge is rejected: `DINTERO_PROFILE_ID` or `PROMPT_MODE` is wrong for this account.',
    ],
    press: [
      {
        when: 'Nothing here: mend the till’s or the service’s setting, then charge again.',
        run: null,
      },
    ],
  }),
  dintero_refuses_us: guidance(['page', 15], {
    means: "Dintero refused this service's own access (401 or 403). Nothing was prompted.",
    cashier: askForHelp,
    check: [
      'In Dintero Backoffice: does the API client still exist, with its grants, and has its secret been changed?',
      'Are `DINTERO_CLIENT_ID` and `DINTERO_CLIENT_SECRET` in the workers’ environment (`.env`) the same?',
    ],
    press: [
      {
        when: 'The variables are mended: start the workers with them. Then the till charges again.',
        run: 'docker compose up -d worker',
      },
    ],
  }),
  dintero_busy: guidance(['ticket', 60], {
    means:
      'Dintero had too many requests, for longer than a charge may wait. Nothing was prompted.',
    cashier: tryAgain,
    check: [
      'Who else uses this Dintero account? Its limit counts for all of them. Ask Dintero for a higher one.',
    ],
    press: [tillGoesOn],
  }),
  not_started_in_time: guidance(['ticket', 30], {
    means: 'The prompt could not be sent in time, so it was not sent and never will be.',
    cashier: tryAgain,
    check: [
      'Is a worker alive, and is there more than one? `docker compose ps worker`.',
      'Could the workers reach Dintero then? The alert `DinteroFails`, `docker compose logs worker`.',
      'The till gave a `not_after` that was too early, or its clock is wrong.',
    ],
    press: [
      {
        when: 'No worker runs: start it. Then the till charges again.',
        run: 'docker compose up -d worker',
      },
    ],
  }),
  session_lost: guidance(['none', null], {
    means: "Dintero's answer to the prompt was lost, and it is proven that nothing came of it.",
    cashier: tryAgain,
    check: ['Nothing, for one. Many at once: the network between the workers and Dintero.'],
    press: [tillGoesOn, readAgain],
  }),
  other_attempt_has_money: guidance(['ticket', 60], {
    means:
      'Another attempt of the sale has taken money, or may still. This one was stopped before it prompted.',
    cashier:
      '`ask_for_help`. This charge took nothing; another attempt of the sale decides. No other payment may be taken.',
    check: [
      'An attempt that no list has: search the sale in Dintero Backoffice, as merchant reference 2.',
      'The other attempt is captured: the sale is paid. It is open: wait for it, or settle what it needs.',
    ],
    press: [
      {
        when: 'Find the other attempts of the sale, and go on in the section of what the one with the money says.',
        run: 'npx kvitt charges --reference <reference>',
      },
    ],
  }),
  switched_off: guidance(['none', null], {
    means: 'An operator has switched off new charges of the store. Nothing was prompted.',
    cashier: askForHelp,
    check: [
      '`npx kvitt switches`: who switched it off, and why? Their words for the cashier stand in the timeline of the charge.',
      'The till named the terminal only, so its store became known after the start. With `store_id` the refusal comes before.',
    ],
    press: [
      {
        when: 'The store may charge again: switch it on. Then the till charges again.',
        run: 'npx kvitt on store <store_id> --why "<why>"',
      },
    ],
  }),
};
