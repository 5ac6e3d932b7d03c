/** What to do about a charge that asks for a person. */
import { guidance, type Guidance, type Step } from './guidance.ts';
import type { Attention } from './lists.ts';

const notYet =
  '`ask_for_help`. It is not proven whether the sale is paid: no other payment may be taken.';

const startWorkers: readonly Step[] = [
  {
    when: 'No worker runs: start it. Open charges go on by themselves.',
    run: 'docker compose up -d worker',
  },
  { when: 'A worker runs and does nothing: restart it.', run: 'docker compose restart worker' },
  { when: 'On a trial machine: start everything again.', run: 'npm start' },
];

const readNow: Step = {
  when: 'Dintero answers again, or shows something new: have it read now. Repeat as you like.',
  run: 'npx kvitt read <charge_id>',
};

const close: Step = {
  when: 'Somebody has seen, just now, that this terminal asks for no card.',
  run: 'npx kvitt close <charge_id> --terminal-seen-idle --why "<why>"',
};

const free: Step = {
  when: 'It stays unclear, the terminal was seen idle, and the shop needs it for the next customer. Refused while a session may be open there. The charge is followed further.',
  run: 'npx kvitt free <charge_id> --terminal-seen-idle --why "<why>"',
};

const voidIt: Step = {
  when: 'The sale is off: release the money. Nothing is charged.',
  run: 'npx kvitt void <charge_id> --why "<why>"',
};

const lookAtTerminal = [
  'Phone the shop. Let somebody stand before the terminal that the charge names.',
  'It asks for a card: let nobody present one. Press stop on the terminal, and look again.',
  'It shows a payment that has just been approved: do not close. Have Dintero read, and wait.',
];

export const attentionGuide: Record<Attention, Guidance> = {
  starting_too_long: guidance(['page', 5], {
    means:
      'The charge was stored and nobody works on it: most likely no worker runs. Whether the terminal was prompted is not known.',
    cashier: notYet,
    check: [
      'Is a worker alive? `docker compose ps worker`; in the Temporal UI: Workers, task queue `kvitt`.',
      'Do other charges stand still too? `npx kvitt stuck`.',
      'A worker is alive: open the view "Task failures". What it lists needs a developer; the worker goes on when it is mended.',
    ],
    press: startWorkers,
  }),
  waiting_too_long: guidance(['page', 5], {
    means:
      'The customer had time until the deadline, and nobody has stopped the terminal since: most likely no worker runs. The terminal may still ask for the card.',
    cashier: notYet,
    check: [
      'Is a worker alive? `docker compose ps worker`; in the Temporal UI: Workers, task queue `kvitt`.',
      'A worker is alive: open the view "Task failures". What it lists needs a developer; the worker goes on when it is mended.',
      'Somebody may have paid already. Only a reading tells, and a reading needs a worker.',
    ],
    press: startWorkers,
  }),
  checking_too_long: guidance(['ticket', 30], {
    means:
      'Dintero has given no clear answer for too long. It is read on, at growing intervals; nothing is sent twice.',
    cashier: notYet,
    check: [
      'Is Dintero down? Its status page, and the alert `DinteroFails`. Then wait: the charge goes on by itself.',
      'What does `npx kvitt show <charge_id>` say was read last?',
      'In Dintero Backoffice, search the charge id as merchant reference. Do not capture, void or refund there.',
      'A payment that Dintero holds for review (`ON_HOLD`) may stay so for hours: ask Dintero.',
    ],
    press: [
      readNow,
      {
        when: 'The customer leaves without paying: ask to stop. It ends when Dintero proves that no money was taken.',
        run: 'npx kvitt cancel <charge_id> --why "<why>"',
      },
      free,
    ],
  }),
  approved_too_long: guidance(['ticket', 30], {
    means: 'The money is reserved and not captured. It is not paid.',
    cashier:
      '`ask_for_help`. The card was approved, the sale is not paid yet; no other payment may be taken.',
    check: [
      'In Dintero Backoffice, find the transaction: is it authorised, with nothing pending?',
      'Does the shop still want this sale? Ask it, if in doubt.',
    ],
    press: [
      {
        when: 'The sale is wanted: capture the reserved money.',
        run: 'npx kvitt capture <charge_id> --why "<why>"',
      },
      voidIt,
      readNow,
    ],
  }),
  cancelling_too_long: guidance(['ticket', 30], {
    means:
      'A stop was asked for, or the time was over, and Dintero has not proven it yet. A payment may still land.',
    cashier: notYet,
    check: [
      'Is Dintero down? Its status page, and the alert `DinteroFails`. Then wait: the charge goes on by itself.',
      'What does `npx kvitt show <charge_id>` say was read last?',
      'In Dintero Backoffice, search the charge id as merchant reference. Do not capture, void or refund there.',
    ],
    press: [readNow, free],
  }),
  session_lost: guidance(['ticket', 15], {
    means:
      "Dintero's answer to the prompt was lost and no session was found: nobody knows whether the terminal asks for a card.",
    cashier: notYet,
    check: [
      ...lookAtTerminal,
      'The closing takes about a minute more: a payment may be missing from Dintero’s lists for so long.',
    ],
    press: [
      close,
      {
        when: 'The terminal shows a payment, or Dintero Backoffice shows one with this charge id: have it read.',
        run: 'npx kvitt read <charge_id>',
      },
      free,
    ],
  }),
  prompt_may_live: guidance(['ticket', 15], {
    means:
      'The session is cancelled at Dintero, and nothing proves that the terminal has stopped asking for the card.',
    cashier: notYet,
    check: lookAtTerminal,
    press: [
      close,
      {
        when: 'The terminal shows a payment: have Dintero read.',
        run: 'npx kvitt read <charge_id>',
      },
      free,
    ],
  }),
  capture_refused: guidance(['ticket', 30], {
    means:
      'Dintero did not capture the reserved money in three tries. It is not paid. It is read on.',
    cashier:
      '`ask_for_help`. The card was approved, the sale is not paid; no other payment may be taken.',
    check: [
      'In Dintero Backoffice, find the transaction: its events say why it was refused. Settle that with Dintero first.',
      'Does the shop still want this sale? Ask it, if in doubt.',
    ],
    press: [
      {
        when: 'The cause is gone and the sale is wanted: capture again.',
        run: 'npx kvitt capture <charge_id> --why "<why>"',
      },
      voidIt,
    ],
  }),
  void_refused: guidance(['ticket', 240], {
    means:
      'Dintero did not release the reserved money in three tries. Nothing is charged yet. It is read on.',
    cashier:
      '`ask_for_help`. The money is still reserved on the card; no other payment may be taken.',
    check: [
      'In Dintero Backoffice, find the transaction: its events say why it was refused. Settle that with Dintero first.',
      'Dintero shows it captured: wait for the next reading. It becomes a case.',
    ],
    press: [
      {
        when: 'The cause is gone: release the money again.',
        run: 'npx kvitt void <charge_id> --why "<why>"',
      },
      readNow,
    ],
  }),
  dintero_refuses_us: guidance(['page', 15], {
    means:
      "Dintero answers 401 or 403: it refuses this service's own access. No charge can be started or followed until it is mended; nothing is lost.",
    cashier: notYet,
    check: [
      'In Dintero Backoffice: does the API client still exist, with its grants, and has its secret been changed?',
      'Are `DINTERO_CLIENT_ID` and `DINTERO_CLIENT_SECRET` in the workers’ environment (`.env`) the same?',
      'Meanwhile the shops can charge nothing through Kvitt: tell them.',
    ],
    press: [
      {
        when: 'The variables are mended: start the workers with them. Open charges go on by themselves.',
        run: 'docker compose up -d worker',
      },
      { when: 'Then have Dintero read now.', run: 'npx kvitt read <charge_id>' },
    ],
  }),
  workflow_lost: guidance(['ticket', 5], {
    means:
      'The workflow was ended from outside before an ending was proven. Its recovery begins within a minute by itself; it reads and never prompts.',
    cashier: notYet,
    check: [
      'Who terminated it, and why? In the Temporal UI the last event of the charge tells.',
      'The terminal may still ask for its card: let nobody charge on it before the recovery has it.',
      'It is still lost after a minute: is a worker alive? `docker compose ps worker`.',
    ],
    press: [
      {
        when: 'You do not want to wait for the minute: start the recovery.',
        run: 'npx kvitt recover <charge_id> --why "<why>"',
      },
    ],
  }),
  case_open: guidance(['ticket', 1440], {
    means: 'The money is in, and not as it was asked for. A person decides what becomes of it.',
    cashier:
      '`ask_for_help`. The money is in; no other payment may be taken while the case is open.',
    check: [
      'Which kind of case is it? `npx kvitt cases` names it. Go on in the section of that kind.',
    ],
    press: [{ when: 'Find the case and its transaction.', run: 'npx kvitt cases' }],
  }),
};
