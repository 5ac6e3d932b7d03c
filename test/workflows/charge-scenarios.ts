/** Every way a charge can go, as rows. */
import {
  captured,
  notCharged,
  status,
  tap,
  type Scenario,
  type ScenarioGroup,
} from '../scenarios.ts';
import { lostAnswers, lostSessions } from './lost-answers.ts';
import { deafDevice, manualRaces, races, staleReads } from './races.ts';

const story: Scenario[] = [
  {
    name: 'tapped',
    history: 'captured',
    customer: tap,
    ends: captured,
    asked: { create_session: 1 },
  },
  {
    name: 'declined',
    history: 'declined',
    shows: [19],
    customer: { action: 'decline' },
    ends: notCharged('declined'),
  },
  {
    name: 'declined, shown as FAILED',
    customer: { action: 'decline', as: 'FAILED' },
    ends: notCharged('failed'),
  },
  {
    name: 'declined without a transaction',
    customer: { action: 'decline', as: 'none' },
    ends: notCharged('declined'),
  },
  {
    name: 'declined, the device asks for another card',
    shows: [20],
    customer: { action: 'decline', as: 'ask_again' },
    acts: [{ until: { state: 'waiting_for_card' } }, { press: 'tap' }],
    ends: captured,
  },
  {
    name: 'stopped by the customer',
    shows: [21],
    customer: { action: 'stop' },
    ends: notCharged('cancelled_by_customer'),
  },
  {
    name: 'stopped, shown as FAILED',
    customer: { action: 'stop', as: 'FAILED' },
    ends: notCharged('failed'),
  },
  {
    name: 'the customer walks away',
    waits: true,
    history: 'expired',
    shows: [23],
    customer: { action: 'walk_away' },
    ends: notCharged('expired'),
  },
  {
    name: 'a tip',
    history: 'amount-differs',
    shows: [26, 55],
    customer: { ...tap, amount: 14000 },
    ends: {
      outcome: 'captured',
      captured_amount: 14000,
      needs_attention: 'case_open',
      advice: 'ask_for_help',
    },
  },
  {
    name: 'a partial approval',
    shows: [25],
    customer: { ...tap, amount: 100 },
    ends: { outcome: 'captured', captured_amount: 100, needs_attention: 'case_open' },
  },
  {
    name: 'a terminal that is not active',
    shows: [10],
    terminal: { status: 'INACTIVE' },
    ends: notCharged('rejected'),
    asked: { create_session: 1 },
  },
  {
    name: 'offline after the approval, captured later',
    history: 'unknown-then-captured',
    shows: [27, 28],
    customer: { action: 'offline', phase: 'after_approval' },
    acts: [{ until: { state: 'checking' } }, { press: 'resolve', with: { status: 'CAPTURED' } }],
    ends: captured,
  },
  {
    name: 'offline after the approval, failed later',
    customer: { action: 'offline', phase: 'after_approval' },
    acts: [{ until: { state: 'checking' } }, { press: 'resolve', with: { status: 'FAILED' } }],
    ends: notCharged('failed'),
  },
  {
    name: 'on hold, then captured',
    customer: { action: 'hold' },
    acts: [{ until: { state: 'checking' } }, { press: 'resolve', with: { status: 'CAPTURED' } }],
    ends: captured,
  },
];

const cancellation: Scenario[] = [
  {
    name: 'cancelled by the cashier',
    history: 'cancelled',
    shows: [14, 30],
    acts: [{ cashier: 'cancel' }],
    ends: { ...notCharged('cancelled_by_till'), safe_to_take_other_payment: true },
    asked: { cancel_session: 1 },
  },
  {
    name: 'cancelled, the answer lost',
    shows: [51],
    faults: [{ endpoint: 'cancel_session', do: 'reset_after' }],
    acts: [{ cashier: 'cancel' }],
    ends: notCharged('cancelled_by_till'),
    asked: { cancel_session: 1 },
  },
  {
    name: 'cancelled, a 500 that did nothing',
    history: 'cancel-sent-twice',
    faults: [{ endpoint: 'cancel_session', do: status(500) }],
    acts: [{ cashier: 'cancel' }],
    ends: notCharged('cancelled_by_till'),
    asked: { cancel_session: 2 },
  },
  {
    name: 'cancelled, rate-limited at first',
    shows: [9],
    faults: [
      {
        endpoint: 'cancel_session',
        do: { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
      },
    ],
    acts: [{ cashier: 'cancel' }],
    ends: notCharged('cancelled_by_till'),
  },
  {
    name: 'cancelled, and the cancel is lost four times',
    shows: [50],
    faults: [{ endpoint: 'cancel_session', do: status(500), times: 4 }],
    acts: [{ cashier: 'cancel' }],
    ends: notCharged('cancelled_by_till'),
    asked: { cancel_session: 5 },
  },
  {
    name: 'the deadline passes, the cancel is lost',
    waits: true,
    faults: [{ endpoint: 'cancel_session', do: 'reset_before' }],
    customer: { action: 'none' },
    ends: notCharged('expired'),
  },
  {
    name: 'a payment that lands before the cancel is read',
    faults: [{ endpoint: 'callback', do: 'drop', times: 0 }],
    acts: [{ press: 'tap' }, { cashier: 'cancel' }],
    ends: { outcome: 'captured', captured_amount: 12900 },
  },
];

const callbacks: Scenario[] = [
  {
    name: 'the callback is lost',
    history: 'polled',
    shows: [35],
    faults: [{ endpoint: 'callback', do: 'drop', times: 0 }],
    customer: tap,
    ends: captured,
  },
  {
    name: 'the callback comes twice',
    shows: [36],
    faults: [{ endpoint: 'callback', do: 'duplicate' }],
    customer: tap,
    ends: captured,
  },
  {
    name: 'the callback is forged',
    shows: [39],
    faults: [{ endpoint: 'callback', do: 'bad_signature', times: 0 }],
    customer: tap,
    ends: captured,
  },
  {
    name: 'the callback is old',
    faults: [{ endpoint: 'callback', do: 'stale_timestamp', times: 0 }],
    customer: tap,
    ends: captured,
  },
  {
    name: 'the callback comes before the create’s answer',
    shows: [34],
    faults: [{ endpoint: 'callback', do: { kind: 'before_response', ms: 2000 } }],
    customer: { action: 'tap', delay_ms: 0 },
    ends: captured,
  },
];

const capture: Scenario[] = [
  {
    name: 'Dintero’s capture is late',
    shows: [52],
    behaviour: { auto_capture_delay_ms: 300 },
    customer: tap,
    ends: captured,
  },
  {
    name: 'Dintero’s capture fails for long: ours',
    history: 'captured-by-us',
    shows: [52, 54],
    behaviour: { auto_capture_failing_ms: 60_000 },
    customer: tap,
    ends: captured,
    asked: { capture: 1 },
  },
  {
    name: 'approved, then cancelled',
    history: 'voided',
    shows: [30],
    behaviour: { auto_capture_failing_ms: 60_000 },
    customer: tap,
    acts: [{ until: { state: 'approved' } }, { cashier: 'cancel' }],
    ends: notCharged('voided'),
  },
];

const manual: Scenario[] = [
  {
    name: 'tapped',
    history: 'manual-captured',
    customer: tap,
    ends: captured,
    asked: { capture: 1 },
  },
  {
    name: 'the capture answers 202 and ends later',
    shows: [52],
    faults: [{ endpoint: 'capture', do: { kind: 'accept_202', complete_after_ms: 300 } }],
    customer: tap,
    ends: captured,
    asked: { capture: 1 },
  },
  {
    name: 'the capture’s answer is lost',
    faults: [{ endpoint: 'capture', do: 'reset_after' }],
    customer: tap,
    ends: captured,
    asked: { capture: 1 },
  },
  {
    name: 'the capture fails with 503 and did nothing',
    shows: [53],
    faults: [{ endpoint: 'capture', do: status(503) }],
    customer: tap,
    ends: captured,
    asked: { capture: 2 },
  },
  {
    name: 'the capture is refused: the money goes back',
    history: 'capture-refused',
    shows: [53],
    faults: [{ endpoint: 'capture', do: status(400), times: 0 }],
    customer: tap,
    ends: notCharged('voided'),
    asked: { capture: 1, void: 1 },
  },
  {
    name: 'the void’s answer is lost',
    shows: [51],
    faults: [
      { endpoint: 'capture', do: status(400), times: 0 },
      { endpoint: 'void', do: 'reset_after' },
    ],
    customer: tap,
    ends: notCharged('voided'),
    asked: { void: 1 },
  },
  {
    name: 'the terminal captures anyway',
    shows: [54],
    behaviour: { capture_anyway: true },
    customer: tap,
    ends: captured,
    asked: { capture: 0 },
  },
];

const publish: Scenario[] = [
  { name: 'tapped', customer: tap, ends: captured },
  {
    name: 'published to nobody',
    history: 'terminal-unavailable',
    shows: [12],
    behaviour: { publish_status: 'failed' },
    ends: { ...notCharged('terminal_unavailable'), advice: 'ask_for_help' },
    asked: { create_session: 1 },
  },
  {
    name: 'skipped',
    shows: [12],
    behaviour: { publish_status: 'skipped' },
    ends: notCharged('terminal_unavailable'),
  },
];

const pay: Scenario[] = [
  {
    name: 'tapped',
    history: 'pay-captured',
    customer: tap,
    ends: captured,
    asked: { create_session: 1, pay_session: 1 },
  },
  {
    name: 'the create is lost: nobody was prompted',
    shows: [4, 5],
    faults: [{ endpoint: 'create_session', do: 'reset_after' }],
    ends: { ...notCharged('session_lost'), advice: 'try_again' },
    asked: { create_session: 1, pay_session: 0 },
  },
  {
    name: 'the pay is lost: the recorded session tells',
    shows: [4],
    faults: [{ endpoint: 'pay_session', do: 'reset_after' }],
    customer: tap,
    ends: captured,
    asked: { pay_session: 1 },
  },
  {
    name: 'the pay is lost and did nothing',
    waits: true,
    faults: [{ endpoint: 'pay_session', do: 'reset_before' }],
    ends: notCharged('expired'),
    asked: { pay_session: 1 },
  },
  {
    name: 'the pay is refused',
    history: 'pay-refused',
    faults: [{ endpoint: 'pay_session', do: status(400) }],
    ends: notCharged('rejected'),
    asked: { pay_session: 1 },
  },
];

const noProof: Scenario[] = [
  {
    name: 'a cancelled session needs a person, who saw the terminal idle',
    history: 'seen-idle',
    shows: [31],
    acts: [
      { cashier: 'cancel' },
      { until: { needs_attention: 'prompt_may_live' } },
      { cashier: 'cancel', body: { terminal_seen_idle: true, by: 'Kari' } },
    ],
    ends: notCharged('cancelled_by_till'),
  },
  {
    name: 'a lost session needs a person, too',
    waits: true,
    faults: [{ endpoint: 'create_session', do: 'reset_before' }],
    acts: [
      { until: { needs_attention: 'session_lost', advice: 'ask_for_help' } },
      { cashier: 'cancel', body: { terminal_seen_idle: true, by: 'Kari' } },
    ],
    ends: notCharged('session_lost'),
  },
];

const lostWithoutProof: Scenario[] = [
  {
    name: 'an idle terminal is no proof while the payment may be missing from the list',
    waits: true,
    behaviour: { list_lag_ms: 2000 },
    faults: [
      { endpoint: 'create_session', do: 'reset_after' },
      { endpoint: 'callback', do: 'drop', times: 0 },
    ],
    customer: { action: 'tap', delay_ms: 7500 },
    acts: [
      { until: { needs_attention: 'session_lost' } },
      { cashier: 'cancel', body: { terminal_seen_idle: true, by: 'Kari' } },
    ],
    ends: { outcome: 'captured', captured_amount: 12900, needs_attention: 'case_open' },
  },
  {
    name: 'a refused cancel does not hide that a person is needed',
    faults: [{ endpoint: 'cancel_session', do: status(403), times: 0 }],
    acts: [
      { cashier: 'cancel' },
      { until: { needs_attention: 'dintero_refuses_us' } },
      { press: 'stop' },
      { until: { needs_attention: 'prompt_may_live' } },
      { cashier: 'cancel', body: { terminal_seen_idle: true, by: 'Kari' } },
    ],
    ends: notCharged('cancelled_by_customer'),
  },
];

const byLifetime: Scenario[] = [
  {
    name: 'a cancelled session is proven dead by the prompt’s lifetime',
    waits: true,
    shows: [50],
    acts: [{ cashier: 'cancel' }],
    ends: notCharged('cancelled_by_till'),
  },
  {
    name: 'an approval that lands after the cancel is voided by Dintero',
    shows: [49],
    behaviour: { cancel_ends_prompt: false },
    acts: [{ cashier: 'cancel' }, { until: { state: 'cancelling' } }, { press: 'tap' }],
    ends: notCharged('voided'),
  },
];

export const groups: ScenarioGroup[] = [
  { name: 'story', settings: {}, rows: story },
  { name: 'cancellation', settings: {}, rows: cancellation },
  { name: 'lost answers', settings: {}, rows: lostAnswers },
  { name: 'lost sessions', settings: {}, rows: lostSessions },
  { name: 'races', settings: {}, rows: races },
  { name: 'stale reads', settings: {}, rows: staleReads },
  { name: 'callbacks', settings: {}, rows: callbacks },
  { name: 'no callback at all', settings: {}, hasCallbacks: false, rows: story },
  { name: 'auto-capture', settings: {}, rows: capture },
  {
    name: 'manual capture',
    settings: { captureMode: 'manual' },
    rows: [...manual, ...manualRaces],
  },
  { name: 'prompt by publish', settings: { promptMode: 'publish' }, rows: publish },
  { name: 'prompt by pay', settings: { promptMode: 'pay' }, rows: pay },
  {
    name: 'without a device fact',
    settings: { cancelEndsPrompt: false, promptLifetimeSeconds: null },
    durations: { listLag: 3_000 },
    rows: [...noProof, ...lostWithoutProof],
  },
  {
    name: 'by the prompt’s lifetime',
    settings: { cancelEndsPrompt: false },
    rows: [...byLifetime, ...deafDevice],
  },
];
