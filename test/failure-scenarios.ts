/**
 * The 80 failure scenarios: what Kvitt does, and which tests show it. `docs/scenarios.md` is made of this and of the
 * rows of `test/workflows/charge.test.ts`, which name the scenarios they show themselves.
 */
import {
  promise,
  charges,
  callbacks,
  strays,
  switches,
  reading,
  strangers,
  http,
  recovery,
  killed,
  rules,
  sentence,
  refunds,
  refundsAttacked,
  refundJudgement,
  notify,
  type Row,
  ops,
} from './shown-by.ts';
import { starting } from './starting-scenarios.ts';

const atTheDevice: Row[] = [
  [
    19,
    'Declined',
    'Seen by the callback, or by a poll within seconds without one; the till is offered the next attempt.',
    promise('the next attempt follows a decline, and none follows a payment'),
  ],
  [
    20,
    'Declined, device itself asks for another card',
    'A failed attempt is no end of the session: the charge goes on waiting.',
  ],
  [
    21,
    'Customer cancels on device',
    '`cancelled_by_customer`, after the session was read as cancelled.',
  ],
  [
    22,
    'Card removed early after approval -> automatic reversal',
    'A status that goes backwards is judged anew while the charge is open. After it closed, a callback that contradicts what was told reopens it (`recovery/<charge_id>`).',
    strangers('a capture that turns out to be voided is not charged'),
    recovery('voided after all'),
  ],
  [
    23,
    'Customer walks away',
    'The deadline cancels the session; it is read again before the charge ends as `expired`.',
  ],
  [
    24,
    'Wrong PIN loops to the device’s own limit',
    'The device decides; the charge ends with the decline that Dintero shows, or at its own deadline.',
  ],
  [
    25,
    'Partial approval',
    '`captured` with the amount that was captured, and a case: never simply paid.',
  ],
  [
    26,
    'Tip added on device',
    '`captured` with amount and tip as `captured_amount`, beside the amount asked; a case, because tips are not expected yet.',
  ],
  [
    27,
    'Device reboots mid-payment (daily restart, power loss)',
    'Unclear until Dintero says what became of it; the terminal stays held.',
  ],
  [
    28,
    'Network drops after approval, before report',
    'Read until it is clear; then captured, or given back as the till ordered.',
  ],
  [
    29,
    'Cashier closes the tab or POS crashes',
    'The workflow goes on; the till asks by the charge id, or for the sale.',
    charges('answers a repeated request with the charge as it is now, also after it closed'),
    reading('answers for the sale with the attempt that decides'),
  ],
  [
    30,
    'Cashier takes cash instead while approval is in flight',
    'A cancel: what is only reserved is voided and proven; what was captured before is a case for a person.',
  ],
  [
    31,
    'Cashier presses “force done” / validates early',
    'There is no such call: paid means captured. A person can only give evidence that a terminal is idle, which closes as `not_charged` once Dintero shows no payment, with the name on record. One person, not two.',
    charges('carries evidence with the name of who saw it, each time anew'),
    charges('keep is refused for everything else, with the reason'),
  ],
  [
    32,
    'Two terminals paying at once in one POS',
    'Callbacks are addressed to a charge id, and what is read must name it; there is no “pending one”.',
    callbacks('a good %s tells the charge'),
  ],
  [
    33,
    'Another command overwrites the prompt',
    'Not seen as such: the charge waits until its deadline, cancels, and proves that nothing was paid. A payment of somebody else on the terminal is not taken for its own.',
    strangers('on our terminal is not taken for the one whose create was lost'),
  ],
];

const webhooks: Row[] = [
  [
    34,
    'Webhook arrives before create returns',
    'The workflow listens before it creates; a session that the callback names is looked at.',
  ],
  [
    35,
    'Webhook never arrives',
    'Polling finds everything; the group “no callback at all” plays the whole story so. The alert `CallbacksMissing` flags that they stay away.',
    'test/prometheus/alerts.test.ts > has a case that fires for every alert',
  ],
  [
    36,
    'Duplicate webhook, seconds or hours apart',
    'A callback is a hint to read. After the charge closed, one that agrees is only counted.',
    strays('%s%s is only counted'),
  ],
  [
    37,
    'Success arrives after cancel/failed was reported',
    'The charge is reopened by `stray/` and `recovery/`; money that is in is a case. The retailer’s system is told by `charge.corrected` what counts now and what was told before.',
    notify('is told of a correction what was told before'),
    strangers('by a correction reopens the charge, and is a case'),
    strangers('from a device that takes the card after its cancel, too'),
    recovery('told of no money, and money is reserved after all: it is given back'),
  ],
  [
    38,
    'Out of order (CAPTURE before AUTH, REFUND before CAPTURE)',
    'What a callback says changes nothing: the present state is read.',
    callbacks('the body is not looked at'),
    rules,
  ],
  [
    39,
    'Forged or replayed webhook',
    'A bad signature is acknowledged, counted and ignored; an old one is a hint, at most one in ten seconds.',
    callbacks('a bad signature is acknowledged, counted, and tells the charge nothing'),
    callbacks('a stale one is a hint without its words, once in a while'),
  ],
  [
    40,
    'Correct signature, other tenant’s transaction',
    'What is read must carry the charge’s reference, session, terminal and product; else it is unclear. There are no tenants.',
  ],
  [
    41,
    'Our endpoint returns 4xx by mistake (bug, WAF, auth)',
    'Never for a fault of ours: what could not be stored is 503. Without any callback polling finds the outcome.',
    callbacks('what could not be stored is answered 503, each time'),
    callbacks('garbage is acknowledged and counted'),
  ],
  [
    42,
    'We answer 200 then crash before acting',
    'The signal is stored by Temporal before the 200.',
    killed('callback stored'),
  ],
  [
    43,
    'Endpoint slower than 10 s',
    'A callback costs a signature and one signal, with a deadline of its own. An alarm on its duration is not built yet.',
  ],
  [
    44,
    'Secret rotated while retries are in flight',
    'Several secrets are accepted at a time.',
    'test/api/signature.test.ts > $name is good while the secret is rotated, in either order',
  ],
  [
    45,
    'Webhook for a charge we do not know',
    '`stray/<transaction_id>` reads the transaction until it is clear: money of ours without a charge becomes a case, what is not ours is left alone.',
    strays('of %s is followed in a workflow of its own'),
    recovery('money of an unknown charge'),
  ],
  [
    46,
    'Webhook storm / 48 h backlog after outage',
    'Reads of one charge keep their distance, unproven hints are coalesced, polls have a rate-limited queue.',
    callbacks('callbacks are hints only'),
    strays('above five a second is refused, so that Dintero sends it again; proven news is not'),
  ],
  [
    47,
    'Payload has unknown field or status',
    'Unknown fields are ignored, an unknown status is `unknown`: not final, read on.',
  ],
];

const moneyAndTime: Row[] = [
  [
    48,
    'Deadline fires as approval lands',
    'A fresh read decides, before the cancel and after it; both orders are rows.',
  ],
  [
    49,
    'Cancel accepted but payment completes',
    'Captured is a payment, with a case after a cancel by the till; what is only reserved is voided.',
  ],
  [
    50,
    'Cancel stuck for hours',
    'The cancel is sent again at the pace of the polls, the charge stays open and asks for a person; nothing is told before it is proven.',
  ],
  [
    51,
    'Cancel call times out',
    'Inconclusive: read, and sent again only later than the first can still arrive.',
  ],
  [
    52,
    'Authorised but capture delayed by the PSP up to 48 h',
    '`approved`, never paid. After a bounded time we capture ourselves; a mere deadline neither cancels nor voids.',
  ],
  [
    53,
    'Capture fails after approval, POS already said paid',
    'Not paid until captured. A definite refusal in manual mode is given back, everything else is read and tried again a bounded number of times.',
  ],
  [
    54,
    'Manual capture races auto-capture',
    'Dintero’s state guards it: a capture over the amount is refused, nothing is sent beside a pending operation, and the ledger shows one capture.',
  ],
  [55, 'Captured amount differs', '`captured` with what was captured, and a case.'],
  [
    56,
    'Void sent, already captured',
    'The refusal is read back as captured: a payment with a case, whose money goes back at a terminal, with the customer and the card.',
    refunds('that a person orders from its case gives all back, and the case settles itself'),
  ],
  [
    57,
    'Refund call times out',
    'It is sent once, and never again. What Dintero shows under its reference is followed to its end; where nothing shows, it ends as `refund_never_arrived` once its prompt must be dead, and has the terminal until then. Without a proven lifetime of prompts a person decides (`refund_lost`).',
    sentence(4),
    refunds(
      'that never arrived ends when its prompt can no longer be alive, and holds the terminal until then',
    ),
    refundJudgement('a lost one, no lifetime proven'),
  ],
  [
    58,
    'Refund accepted, later fails or is returned',
    'Accepted is not done: it is open until Dintero’s event shows an end. One that failed is `not_refunded`, its case stays open, and the next number may be asked for. If Dintero retries it by itself and it succeeds, that is a correction (`refund.corrected`) and a case. What a bank returns after Dintero’s event is not followed.',
    sentence(9),
    sentence(11),
    refunds('that failed and that Dintero retried by itself is corrected, and is a case'),
  ],
  [
    59,
    'Refund needs terminal/card, customer has left',
    'The case stays open, counted and told, until the money goes back on an active terminal of the seller, with the customer and the card, or a person settles it otherwise, with name and reason. `kvitt show` lists what is possible now, `kvitt note` keeps what is known of the customer. There is no other way back, and no task for calling the customer.',
    sentence(6),
    sentence(12),
    refunds('that a person orders from its case gives all back, and the case settles itself'),
  ],
  [
    60,
    'Refund retried twice by two workers or an operator',
    'One workflow per number: the same request is the same refund, other content is refused with 422, and number n starts only after n-1 has ended. What is left is read from Dintero before it is sent; nothing is sent beside an operation that may still succeed.',
    refunds('is the same when it is asked for again, and refused with other content'),
    sentence(9),
    refundsAttacked('is not made a second time by the next one'),
  ],
  [
    61,
    'Undo keeps failing for days',
    'The charge stays open, visible with its age, asks for a person (`void_refused`, `cancelling_too_long`), and reads on. Each word has a severity and an age at which it escalates: an alert, and then a page.',
    'test/workflows/next-step.test.ts > a void, too',
  ],
  [
    62,
    'Partial refund then full cancel',
    'A cancel of a charge that has ended changes nothing: it is answered with the charge. The rest goes back by a refund of its own, from a case without an amount all that is left; more than that is refused as `more_than_is_left`, whoever gave back the first part.',
    refunds('never gives back more than is left, the back office’s refunds among it'),
  ],
  [
    63,
    'Operator refunds in the PSP back office at the same time',
    'Seen while the charge is open, by the REFUND callback afterwards, or by the night’s reconciliation: a case `refunded_outside`. Before a refund of ours is sent, what went back there counts as gone, and one that is pending there ends ours as `other_operation_open`.',
    refunds('never gives back more than is left, the back office’s refunds among it'),
    recovery('told of a payment that is refunded outside: a case, and the payment stands'),
  ],
  [
    64,
    'Same order paid by two attempts',
    'Prevented: the next attempt starts only when the one before is proven `not_charged`, and money of another attempt stops a charge before it prompts. Nothing is refunded by itself.',
    promise('money of another attempt stops the charge before it prompts'),
    promise(
      'attempts keep their order: S.1 waits, S.2 is cancelled unstarted, S.3 is posted: one prompt',
    ),
  ],
];

const platform: Row[] = [
  [
    65,
    'All workers die for an hour',
    'Nothing is sent later than the window of sending; what was sent is judged by what Dintero shows.',
    promise('nobody is prompted when they return, and the till is told so'),
    charges('asks for a person when nobody works on it, though no worker lives to say so'),
  ],
  [
    66,
    'Deploy changes workflow code with charges running',
    'Every recorded history is replayed by the present code.',
    'test/workflows/replay.test.ts > has the histories of the paths',
  ],
  [
    67,
    'Non-determinism or bug blocks workflows',
    'A fault parks the workflow task until a mended worker goes on; the age of the state asks for a person meanwhile.',
    charges('asks for a person when nobody works on it, though no worker lives to say so'),
  ],
  [
    68,
    'Temporal history or retention lost, region lost',
    'What Temporal has forgotten is found at Dintero before anybody is prompted. What no charge knows is found by reconciling its day, up to 28 days back, and becomes a case. Open charges themselves are not rebuilt from Dintero’s lists.',
    sentence(10),
    promise(
      'a payment of this very charge that Temporal has forgotten is found before anybody is prompted',
    ),
    promise(
      'so is it by a cancel of the forgotten charge: a payment for a person to look at, never "not charged"',
    ),
    'test/api/recovery.test.ts > lives on in its recovery',
  ],
  [
    69,
    'Database behind the read model lags',
    'Money is decided by reading Dintero; lists never say that another payment is safe.',
    reading('filters, and never says that another payment is safe'),
  ],
  [
    70,
    'Clock skew',
    'Time is Temporal’s in the workflow; Dintero’s times order nothing. The search for a lost session uses them, with a minute on either side, and so does the business day to which a payment belongs.',
    'test/api/signature.test.ts > %i seconds from now it is %s',
  ],
  [
    71,
    'PSP outage for hours',
    'A new charge is refused when the sale cannot be read in time; open ones read on. There is no circuit breaker: an operator stops new charges by the kill switch, with a text for the cashiers.',
    switches(
      'new charges are refused at both apis, leave nothing, and open ones end as they should',
    ),
  ],
  [
    72,
    'PSP serves stale or 404 reads for a fresh transaction',
    'A 404 or a list without it is no proof; a stale state is read again.',
  ],
  [
    73,
    'One noisy tenant floods',
    'Out of scope: an installation serves one retailer. Polls have a rate-limited queue of their own.',
  ],
  [
    74,
    'Kill switch used during traffic',
    'New charges of all, of a store or of a terminal are refused with the operator’s text, at every api within a second; what is open never asks. It lives in a workflow of its own, with name and reason; ended by hand it stays off.',
    switches(
      'new charges are refused at both apis, leave nothing, and open ones end as they should',
    ),
    switches('a request that came before gets its charge, and another request under its id a 422'),
    switches('when the workers and an api were stopped and started'),
    switches('when somebody terminates it: it stays off, and runs again'),
    switches('cannot switch on, whatever it says of itself'),
  ],
  [
    75,
    'Card number appears in a payload or note',
    'A number that is not masked is dropped where Dintero’s answer is read. A text that an operator writes for others is refused when it holds one, and not repeated. There is no security event.',
    'test/activities/schemas.test.ts > that is not masked stops at the edge: %s',
    'test/workflows/card-number.test.ts > finds one in %s',
    switches('with %s is refused'),
  ],
  [
    76,
    'Operator marks a case resolved wrongly',
    'What Dintero contradicts cannot be declared: kept needs money that is in, refunded needs the refund there. Name and reason are on record; news that says otherwise opens the case again. One person, not two.',
    ops('is refunded only by a refund that Dintero shows, and all of it'),
    ops('tells its timeline, with every order and refusal'),
  ],
  [
    77,
    'Reconciliation finds PSP capture with no charge',
    'Each night, and by `kvitt reconcile`, the day is compared both ways; what no charge knows is read again and becomes a case `orphan`, as does what a callback or webhook names. It is kept, or goes back at a terminal; never ignored.',
    sentence(10),
    'test/books/broken-reads.test.ts > with callbacks and the charge’s own reads broken on purpose, reconciliation finds every difference that the ledger knows',
    recovery('money of an unknown charge'),
  ],
  [
    78,
    'Terminal end-of-day sum differs from ledger',
    'The day’s report has what the device counted beside the sums of its terminal, and whether they agree, for each end of day that was ordered here and can be compared. Nothing follows by itself: no case is opened, and no payment is named.',
    'test/books/devices.test.ts > it counted another sum',
  ],
  [
    79,
    'Terminal replaced or re-assigned while a case is open',
    'A case belongs to its transaction, not to a terminal: its refund takes any active terminal of the seller of the sale, and says so when there is none.',
    sentence(12),
    'test/api/cases.test.ts > says what happened and what a person may do, until it is settled',
  ],
  [
    80,
    'Simulated/test terminal used with live keys, or reverse',
    'A terminal of another account, test or live, is refused before anything is asked.',
    http('terminal of another account'),
  ],
];

export const parts: { title: string; rows: Row[] }[] = [
  { title: 'Starting the charge', rows: starting },
  { title: 'While the customer is at the device', rows: atTheDevice },
  { title: 'Webhooks', rows: webhooks },
  { title: 'Time-outs, capture, undoing', rows: moneyAndTime },
  { title: 'Platform', rows: platform },
];
