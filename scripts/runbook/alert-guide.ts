/** What to do when an alert rings: one section per rule, at the anchor `alert-<name>`. */
import type { Step } from '../../workflows/guide.ts';

export interface AlertGuidance {
  means: string;
  check: readonly string[];
  press: readonly Step[];
}

const stuck: Step = { when: 'See which charges wait for a person.', run: 'npx kvitt stuck' };
const startWorkers: Step = {
  when: 'No worker runs: start it.',
  run: 'docker compose up -d worker',
};
const restartWorkers: Step = {
  when: 'A worker runs and does nothing: restart it.',
  run: 'docker compose restart worker',
};
const switchOff: Step = {
  when: 'It will last, and cashiers wait in vain: stop new charges, with a word for them. Open ones are followed further.',
  run: 'npx kvitt off all --text "<text>" --why "<why>"',
};

export const alertGuide = {
  'workers-down': {
    means:
      'No worker answers: charges are stored, and nobody works on them. Terminals may ask for cards meanwhile.',
    check: [
      'Is a worker alive? `docker compose ps worker`, `docker compose logs worker`.',
      'It does not start: the log names what is wrong in its configuration.',
    ],
    press: [startWorkers, restartWorkers, switchOff],
  },
  'api-down': {
    means: 'The api does not answer: tills can start nothing and read nothing. Open charges go on.',
    check: [
      'Is it alive? `docker compose ps api`, `curl localhost:8080/healthz`, `docker compose logs api`.',
      'It is alive and not ready: `curl localhost:8080/readyz` names what is missing.',
    ],
    press: [
      { when: 'It does not run: start it.', run: 'docker compose up -d api' },
      { when: 'It runs and does not answer: restart it.', run: 'docker compose restart api' },
    ],
  },
  'dintero-failing': {
    means:
      'Many calls to Dintero fail. What is unclear is read until it is clear; nothing that moves money is sent twice.',
    check: [
      'Dintero’s status page. Can this machine reach it: `curl -sI https://checkout.dintero.com`?',
      'Only one kind of call fails: the metric names it, `docker compose logs worker` says how.',
    ],
    press: [switchOff, stuck],
  },
  'dintero-slow': {
    means:
      'Dintero answers slowly: terminals prompt late, and some charges end as `not_started_in_time`.',
    check: ['Dintero’s status page.', 'The network of this machine: are other hosts slow too?'],
    press: [{ when: 'Nothing, while it is only slow.', run: null }, switchOff],
  },
  'dintero-refuses-us': {
    means:
      'Dintero answers 401 or 403: our own access is refused. No charge can start, none can be followed.',
    check: [
      'In Dintero Backoffice: does the API client still exist, with its grants, and has its secret been changed?',
      'The section [dintero_refuses_us](#dintero_refuses_us) has the rest.',
    ],
    press: [
      {
        when: 'The variables are mended: start the workers with them.',
        run: 'docker compose up -d worker',
      },
      switchOff,
    ],
  },
  'bad-signatures': {
    means:
      'Callbacks arrive whose signature is wrong. They are ignored; polling finds everything, slower.',
    check: [
      'Was the signature secret changed at Dintero? `DINTERO_SIGNATURE_SECRET` may hold both while it is changed.',
      'Does `PUBLIC_URL` say exactly the address that Dintero calls? The signature covers it.',
      'Neither: somebody invents callbacks. They can do no harm; find out who.',
    ],
    press: [
      { when: 'The variable is mended: start the api with it.', run: 'docker compose up -d api' },
    ],
  },
  'callbacks-missing': {
    means: 'Charges end, and no callback comes. Polling finds everything, slower.',
    check: [
      'Does Dintero reach us? Open `PUBLIC_URL` + `/healthz` from outside.',
      'A certificate that has expired, a firewall, a proxy that was changed?',
    ],
    press: [{ when: 'Nothing here: mend the way from Dintero to the api.', run: null }],
  },
  'notifications-waiting': {
    means:
      'The retailer’s system has not taken what it was told. It is told again for days, in order.',
    check: [
      'What does it answer? `npx kvitt notifications` shows the last answer of each.',
      'Is its address right, and is its certificate valid?',
    ],
    press: [
      { when: 'See what waits.', run: 'npx kvitt notifications' },
      {
        when: 'Its system works again: send one now, instead of at its next try.',
        run: 'npx kvitt resend <charge_id>',
      },
    ],
  },
  'workflow-task-failures': {
    means:
      'The code of some workflows does not get on: mostly a version that does not fit open charges. They wait, nothing is lost.',
    check: [
      'The view "Task failures": open one, its last event holds the error.',
      'Was a version deployed just before? Then go back to the one before.',
    ],
    press: [
      {
        when: 'The version before is set again: start the workers with it.',
        run: 'docker compose up -d worker',
      },
      stuck,
    ],
  },
  'standing-unknown': {
    means: 'The numbers about open charges could not be read: the other alerts may be blind.',
    check: [
      'Is Temporal alive? `docker compose ps`, `curl localhost:8080/readyz`.',
      'Its visibility may lag: does the view "Open now" open?',
    ],
    press: [
      { when: 'Something of it does not run: start it.', run: 'docker compose up -d' },
      stuck,
    ],
  },
  'switched-off-long': {
    means:
      'New charges are switched off, for everything, a store or a terminal, and have been for long.',
    check: ['Who switched it off, and why? Is the cause gone?'],
    press: [
      { when: 'See what is off.', run: 'npx kvitt switches' },
      {
        when: 'The cause is gone: switch everything on again.',
        run: 'npx kvitt on all --why "<why>"',
      },
    ],
  },
  'money-at-risk': {
    means: 'Much money is approved and not captured, captured and not wanted, or unknown.',
    check: ['Which charges? The views "Reserved, not captured", "Unclear" and "Cases open".'],
    press: [
      {
        when: 'See which charges wait for a person, and go on in the section of each word.',
        run: 'npx kvitt stuck',
      },
      {
        when: 'See the open cases, and go on in the section of each kind.',
        run: 'npx kvitt cases',
      },
    ],
  },
  problems: {
    means: 'The api refuses many requests, or answers many with a fault.',
    check: [
      'Which code? The metric names it, and every code has a section here.',
      '`docker compose logs api`: which till is it?',
    ],
    press: [{ when: 'Have the code explained.', run: 'npx kvitt explain <word>' }],
  },
} as const satisfies Record<string, AlertGuidance>;

export type AlertName = keyof typeof alertGuide;
