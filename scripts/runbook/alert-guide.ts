/**
 * What to do when an alert about the service rings: one section per rule, at the anchor `alert-<name>`, its name in
 * lower case with hyphens. Alerts about charges, refunds and cases lead to the section of their word.
 */
import type { Step } from '../../workflows/guide.ts';

export interface AlertGuidance {
  means: string;
  check: readonly string[];
  press: readonly Step[];
}

const stuck: Step = { when: 'See which charges wait for a person.', run: 'npx kvitt stuck' };
const startWorkers: Step = {
  when: 'No worker runs: start it. Open charges go on by themselves.',
  run: 'docker compose up -d worker',
};
const restartWorkers: Step = {
  when: 'A worker runs and does nothing: restart it.',
  run: 'docker compose restart worker',
};
const startAll: Step = {
  when: 'Something of it does not run: start it.',
  run: 'docker compose up -d',
};
const switchOff: Step = {
  when: 'It will last, and cashiers wait in vain: stop new charges, with a word for them. Open ones are followed further.',
  run: 'npx kvitt off all --text "<text>" --why "<why>"',
};
const switchOn: Step = {
  when: 'The cause is gone: see what is off, and switch each on again as it stands there (`npx kvitt on <scope> [id]`).',
  run: 'npx kvitt switches',
};
const nothing = (when: string): Step => ({ when, run: null });

const isWorkerAlive =
  'Is a worker alive? `docker compose ps worker`, `docker compose logs worker`.';
const isTemporalAlive =
  'Is Temporal alive? `docker compose ps`, and `curl localhost:8080/readyz`. Has the disk room? `df -h`.';
const isDinteroAlive =
  'Dintero’s status page. Does this machine reach it: `curl -sI https://checkout.dintero.com`?';
const tellShops =
  'Tell the shops: what the till says counts, and no other payment unless it says that it is safe.';

const workers: Record<'worker-down' | 'no-worker-polls' | 'no-reads-polled', AlertGuidance> = {
  'worker-down': {
    means:
      'No worker answers: charges are stored, and nobody works on them. Terminals may ask for cards meanwhile.',
    check: [
      isWorkerAlive,
      'It does not start: its log names what is wrong in the configuration.',
      `${tellShops} The kill switch needs a worker too.`,
    ],
    press: [startWorkers, restartWorkers],
  },
  'no-worker-polls': {
    means:
      'No worker asks Temporal for work: charges stand still. Terminals may ask for cards meanwhile.',
    check: [
      isWorkerAlive,
      'It is alive: does it reach Temporal, in the same namespace and task queue as the api?',
      'Worker versioning is on: is a version the current one? README, "Worker versioning".',
    ],
    press: [startWorkers, restartWorkers],
  },
  'no-reads-polled': {
    means:
      'No worker asks for the reads of Dintero: what has no callback stands still, and nothing unclear becomes clear.',
    check: [isWorkerAlive],
    press: [startWorkers, restartWorkers],
  },
};

const processes = {
  'api-down': {
    means: 'No api answers: tills can start nothing and read nothing. Open charges go on.',
    check: [
      'Is it alive? `docker compose ps api`, `curl localhost:8080/healthz`, `docker compose logs api`.',
      'It is alive and not ready: `curl localhost:8080/readyz` names what is missing.',
    ],
    press: [
      { when: 'It does not run: start it.', run: 'docker compose up -d api' },
      { when: 'It runs and does not answer: restart it.', run: 'docker compose restart api' },
    ],
  },
  ...workers,
  'instance-down': {
    means: 'One api or worker of several does not answer. The others do its work.',
    check: ['`docker compose ps`; its log says why it stopped.'],
    press: [startAll],
  },
  'workflow-task-fails': {
    means:
      'The code of some workflows does not get on: mostly a version that does not fit open charges. They wait, nothing is lost.',
    check: [
      'The view "Task failures": open one, its last event holds the error.',
      'Was a version deployed just before? Then go back to the one before.',
      'Otherwise wake a developer.',
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
    means: 'The numbers about open charges cannot be read: no alert about charges can come.',
    check: [isTemporalAlive, 'Does the view "Open now" open?'],
    press: [startAll, stuck],
  },
  'standing-truncated': {
    means: 'More is open than is counted: the numbers are too low.',
    check: ['Why is so much open? Is Dintero down, or no worker alive?'],
    press: [stuck],
  },
  'api-faults': {
    means: 'The api has answered 500: a fault of ours. Charges that were started go on.',
    check: [
      '`docker compose logs api`: the line with the `request_id` says what broke.',
      'The section [internal](#internal).',
    ],
    press: [{ when: 'Have the code explained.', run: 'npx kvitt explain internal' }],
  },
  'temporal-unavailable': {
    means:
      'Temporal does not answer the api: it is not known whether requests were stored. Tills ask again.',
    check: [isTemporalAlive, tellShops],
    press: [
      startAll,
      { when: 'It runs and does not answer: restart it.', run: 'docker compose restart temporal' },
    ],
  },
} as const satisfies Record<string, AlertGuidance>;

const dintero = {
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
  'dintero-fails': {
    means:
      'Many calls to Dintero have no answer, or no useful one. What is unclear is read until it is clear; nothing that moves money is sent twice.',
    check: [
      isDinteroAlive,
      'Only one kind of call fails: the metric names it, `docker compose logs worker` says how.',
      tellShops,
    ],
    press: [switchOff, stuck],
  },
  'dintero-slow': {
    means: 'Dintero answers slowly: terminals prompt late, and outcomes come late.',
    check: [isDinteroAlive, 'The network of this machine: are other hosts slow too?'],
    press: [nothing('Nothing, while it is only slow.'), switchOff],
  },
  'prompts-slow': {
    means:
      'Terminals ask for the card late. What cannot prompt in time ends as `not_started_in_time`.',
    check: ['Is Dintero slow too? Its alert says so.', 'Are there enough workers? `docker stats`.'],
    press: [
      {
        when: 'More workers are needed: three, for example.',
        run: 'docker compose up -d --scale worker=3 worker',
      },
    ],
  },
  'callbacks-badly-signed': {
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
  'callbacks-not-stored': {
    means: 'Callbacks could not be stored. Dintero sends them again, and polling finds everything.',
    check: [isTemporalAlive, 'Too many for one charge: somebody may invent them.'],
    press: [startAll],
  },
  'webhooks-badly-signed': {
    means:
      'Webhooks of the account arrive whose signature is wrong. They are ignored; callbacks and polls tell the same.',
    check: [
      'Have the api and the worker the same `DINTERO_WEBHOOK_SECRET`? It may hold several while it is replaced, the new one first.',
      'Has a person made a subscription for this address at Dintero, with another secret? Delete it there.',
      'Neither: somebody invents webhooks. They can do no harm; find out who.',
    ],
    press: [
      {
        when: 'The variable is mended: start the api and the worker with it.',
        run: 'docker compose up -d',
      },
    ],
  },
  'webhooks-not-stored': {
    means:
      'Webhooks of the account could not be stored. Dintero sends each a few times, and drops a subscription that fails; it is made again, and polls find everything.',
    check: [isTemporalAlive, 'Too many in a second: somebody may invent them.'],
    press: [startAll],
  },
  'webhook-subscription-missing': {
    means:
      'Dintero’s webhook subscription is not known to be there, and could not be made. Callbacks and polls tell the same.',
    check: [
      'Why? `/readyz` says it, and in the Temporal UI the workflow `dintero-subscription/<task queue>`.',
      'Dintero answers 403: the API client needs the right to webhook subscriptions, or `DINTERO_ACCOUNT_CLIENT_ID` must name one that has it.',
      `Nobody looks any more: ${isWorkerAlive}`,
    ],
    press: [
      {
        when: 'The variables are mended: start the worker with them.',
        run: 'docker compose up -d worker',
      },
      nothing('The right was granted at Dintero: the next look, within ten minutes, makes it.'),
    ],
  },
  'callbacks-missing': {
    means: 'Payments are found by polls, not by callbacks: tills learn of them later.',
    check: [
      'Does Dintero reach us? Open `PUBLIC_URL` + `/healthz` from outside.',
      'A certificate that has expired, a firewall, a proxy that was changed?',
    ],
    press: [nothing('Nothing here: mend the way from Dintero to the api.')],
  },
} as const satisfies Record<string, AlertGuidance>;

const others = {
  'money-at-risk-for-long': {
    means: 'Money is approved and not captured, or nobody knows where it is, for too long.',
    check: ['Which charges? The views "Reserved, not captured" and "Unclear".'],
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
  'notifications-waiting': {
    means:
      'The retailer’s system has not taken what it was told. It is told again for days, in order.',
    check: [
      'What does it answer? `npx kvitt notifications` shows the last error of each charge.',
      'Is its address right, and is its certificate valid?',
    ],
    press: [
      { when: 'See what waits.', run: 'npx kvitt notifications' },
      {
        when: 'Its system works again: send those of a charge now, instead of at their next try.',
        run: 'npx kvitt resend <charge_id>',
      },
    ],
  },
  'books-not-closed': {
    means:
      'The report of yesterday, or of a day before it, is not closed: nobody has compared its money with Dintero. What is unclear is followed all the same. A day that was skipped is made up for by the next night’s run.',
    check: [
      'Which day is it? `npx kvitt report <date>` says whether a day’s report is closed.',
      'In the Temporal UI: does the schedule `reconciliation/<task queue>` run, or has somebody paused it?',
      'Does the workflow `reconciliation/<task queue>/<date>` run? What it waits for, and the last error, stand there.',
      isWorkerAlive,
    ],
    press: [
      {
        when: 'No run of that day goes on: order it now. It follows what it finds by itself.',
        run: 'npx kvitt reconcile <date>',
      },
    ],
  },
  'switched-off-for-long': {
    means:
      'New charges are switched off, for everything, a store or a terminal, and have been for long.',
    check: ['Who switched it off, and why? Is the cause gone?'],
    press: [{ when: 'See what is off.', run: 'npx kvitt switches' }, switchOn],
  },
} as const satisfies Record<string, AlertGuidance>;

export const alertGuide = { ...processes, ...dintero, ...others };
