/** What to do about a refusal of the api, by its code. Its meaning and its advice are those of `problems.ts`. */
import type { Guidance, Severity, Step } from '../workflows/guide.ts';
import type { Advice } from './cashier.ts';
import { problemCodes, problemKinds, type ProblemCode } from './problems.ts';

interface Row {
  weight: readonly [Severity, number | null];
  check: readonly string[];
  press: readonly Step[];
  /** What the till says besides the advice, where the code says more. */
  told?: string;
}

const nothing: Step = { when: 'Nothing: whoever sent the request mends it.', run: null };
const mendTill: Step = { when: 'Nothing here: the till’s developer mends the request.', run: null };
const showCharge: Step = {
  when: 'Look at the charge that the refusal names.',
  run: 'npx kvitt show <charge_id>',
};

const programming = (check: string): Row => ({
  weight: ['none', null],
  check: [check],
  press: [mendTill],
});

const rows: Record<ProblemCode, Row> = {
  invalid_request: programming('`errors` names each field, what is wrong with it and the way out.'),
  unauthorized: {
    weight: ['ticket', 240],
    check: [
      'Which till is it, and does it send the key that it was given?',
      'Was the key removed from `API_KEYS`, or the api started without it?',
    ],
    press: [
      {
        when: 'The key is missing in `API_KEYS`: add its SHA-256 to `.env`, then start the api with it.',
        run: 'docker compose up -d api',
      },
    ],
  },
  forbidden: {
    weight: ['none', null],
    check: ['What cannot be taken back needs a personal token: is `KVITT_TOKEN` yours?'],
    press: [nothing],
  },
  unknown_charge: {
    weight: ['none', null],
    check: [
      'Is the charge id right? `<reference>.<attempt>`, as the till made it.',
      'It may be older than Temporal remembers. In Dintero Backoffice, search it as merchant reference.',
    ],
    press: [
      { when: 'Find it in the list of charges.', run: 'npx kvitt charges' },
      { when: 'Otherwise the till sends its request again: it never charges twice.', run: null },
    ],
  },
  unknown_refund: {
    weight: ['none', null],
    check: [
      'Is the refund id right? `<charge_id>.R<number>`, as the till made it.',
      'It may be older than Temporal remembers. In Dintero Backoffice, open the payment: its refunds carry the id as reference.',
    ],
    press: [
      { when: 'Find it in the list of refunds.', run: 'npx kvitt refunds' },
      { when: 'Otherwise the till sends its request again: it never refunds twice.', run: null },
    ],
  },
  not_found: programming(
    'Is the path right? `/openapi.json` lists them. A case is named by its transaction.',
  ),
  unknown_report: {
    weight: ['none', null],
    check: [
      'Is the date right, and is it over? The report of a day is made in the night after it.',
      'Was a store asked for? `detail` lists those that the report has.',
      'Do the nights’ runs end? The alert `BooksNotClosed`.',
    ],
    press: [{ when: 'Have the day reconciled now.', run: 'npx kvitt reconcile <date>' }],
  },
  method_not_allowed: programming('The header `Allow` lists what is possible.'),
  previous_attempt_open: {
    weight: ['none', null],
    check: ['The attempt before this one is still open. What does it need?'],
    press: [showCharge],
  },
  previous_attempt_captured: {
    weight: ['none', null],
    check: ['The sale is paid by the attempt before this one: does the till know?'],
    press: [showCharge],
  },
  previous_attempt_unknown: {
    weight: ['ticket', 240],
    check: [
      'Did the till skip a number? The sale’s attempts: the view "One reference".',
      'The attempt before is older than Temporal remembers: in Dintero Backoffice, search the sale as merchant reference 2.',
    ],
    press: [{ when: 'Nothing here: attempts are numbered without gaps.', run: null }],
  },
  previous_refund_open: {
    weight: ['none', null],
    check: ['The refund before this one is still open. What does it need?'],
    press: [
      { when: 'Look at the refund that the refusal names.', run: 'npx kvitt show <refund_id>' },
    ],
  },
  previous_refund_unknown: {
    weight: ['none', null],
    check: [
      'Did the till skip a number? `GET /charges/{charge_id}/refunds` lists its refunds and tells the next one.',
    ],
    press: [{ when: 'Nothing here: refunds are numbered without gaps.', run: null }],
  },
  not_possible_now: {
    weight: ['none', null],
    check: [
      '`detail` says why it is refused and what would make it possible. Do not repeat it blindly.',
    ],
    press: [showCharge],
  },
  too_large: programming('A body may have 64 KB: are there too many order lines?'),
  unsupported_media_type: programming(
    'Is it JSON in UTF-8, with `Content-Type: application/json`?',
  ),
  different_request: {
    weight: ['ticket', 240],
    check: [
      'Did the till use one reference for two sales? Then every sale needs its own.',
      'Did it change the amount of a sale that it had sent before? Then the sale needs a new attempt, or a new reference.',
    ],
    press: [showCharge, mendTill],
  },
  different_refund: {
    weight: ['none', null],
    check: [
      'Somebody else has ordered the refund of this number: look at it before another one is asked for.',
      'Another refund is wanted all the same: it carries `next_refund` of `GET /charges/{charge_id}/refunds`; of a case, `npx kvitt show <transaction_id>` tells it.',
    ],
    press: [
      { when: 'Look at the refund that the refusal names.', run: 'npx kvitt show <refund_id>' },
      mendTill,
    ],
  },
  too_late: {
    weight: ['none', null],
    check: ['Is the till’s clock right? Was the network between till and api slow?'],
    press: [{ when: 'Nothing: the till sends it again with a later `not_after`.', run: null }],
  },
  rate_limited: {
    weight: ['ticket', 60],
    check: ['Which till sends so much? A till that asks in a loop should use `wait`, or events.'],
    press: [nothing],
  },
  internal: {
    weight: ['ticket', 60],
    told: 'It is not known what became of the request: the till reads the charge again.',
    check: [
      '`docker compose logs api`: the line with the `request_id` of the refusal says what broke.',
      'Charges that were started go on by themselves.',
    ],
    press: [
      showCharge,
      { when: 'It comes again and again: restart the api.', run: 'docker compose restart api' },
    ],
  },
  switched_off: {
    weight: ['ticket', 240],
    told: 'New charges are stopped; the text of whoever stopped them says what to do instead.',
    check: [
      'Who switched it off, and why? `npx kvitt switches` says both, and what the cashier is told.',
    ],
    press: [
      { when: 'See what is off.', run: 'npx kvitt switches' },
      {
        when: 'The cause is gone: switch everything on again.',
        run: 'npx kvitt on all --why "<why>"',
      },
      {
        when: 'Only a store was off: switch it on again.',
        run: 'npx kvitt on store <store_id> --why "<why>"',
      },
      {
        when: 'Only a terminal was off: switch it on again.',
        run: 'npx kvitt on terminal <terminal_id> --why "<why>"',
      },
    ],
  },
  dintero_unavailable: {
    weight: ['ticket', 60],
    check: [
      '`detail` names what was asked and what came back. A 401 or 403: does the API client have the scope for terminals and stores?',
      'Can the workers reach Dintero? The alert `DinteroFails`, `docker compose logs worker`.',
    ],
    press: [
      {
        when: 'The credentials are mended: start the workers with them.',
        run: 'docker compose up -d worker',
      },
    ],
  },
  temporal_unavailable: {
    weight: ['page', 10],
    check: [
      '`detail` says who was silent: Temporal, or the workers while Temporal answers.',
      'Is Temporal alive? `docker compose ps`, and `curl localhost:8080/readyz`.',
      'Temporal answers: do the workers run, and do they reach Dintero? `docker compose logs worker`.',
      'Is its database alive, and has the disk room? `df -h`.',
      'Nothing is lost: terminals that ask for a card go on, and Kvitt reads what became of them.',
    ],
    press: [
      {
        when: 'Something of it, or a worker, does not run: start it.',
        run: 'docker compose up -d',
      },
      {
        when: 'Temporal runs and does not answer: restart it.',
        run: 'docker compose restart temporal',
      },
      {
        when: 'Temporal answers and the workers do not: restart them. Open charges go on where they stood.',
        run: 'docker compose restart worker',
      },
    ],
  },
};

const words: Record<Advice, string> = {
  wait: 'The till asks again. No other payment may be taken.',
  ask_for_help: 'The request was refused; the sale may still have another attempt.',
  try_again: 'Nothing was started by this request.',
  capture_or_void: 'The till says what becomes of the reserved money.',
  paid: 'The sale is paid.',
  none: 'Nothing is left to do.',
};

function cashierOf(code: ProblemCode): string {
  const kind: { advice: Advice; isChargeAdvice?: true } = problemKinds[code];
  const said = rows[code].told ?? words[kind.advice];
  const own =
    kind.isChargeAdvice === true ? ' If a charge comes along, its own advice counts.' : '';
  const other = ' Another payment only if `safe_to_take_other_payment` is true.';
  return `\`${kind.advice}\`. ${said}${own}${kind.advice === 'wait' ? '' : other}`;
}

function guidanceOf(code: ProblemCode): Guidance {
  const { weight, check, press } = rows[code];
  const [severity, escalates_after_minutes] = weight;
  const means = problemKinds[code].meaning;
  return { severity, escalates_after_minutes, means, cashier: cashierOf(code), check, press };
}

export const codeGuide = Object.fromEntries(
  problemCodes.map((code) => [code, guidanceOf(code)]),
) as Record<ProblemCode, Guidance>;
