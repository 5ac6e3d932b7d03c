/** Two things at once, in both orders, and money that moves without us, as rows. */
import { captured, notCharged, status, tap, type Scenario } from '../scenarios.ts';

// Polls alone find what happens, so that nothing is read between two acts.
const noCallback = { endpoint: 'callback', do: 'drop', times: 0 };
/** The payment may not be read for a while: what happens meanwhile is first seen when it has happened. */
const unseen = [
  noCallback,
  {
    endpoint: 'get_transaction',
    do: { kind: 'status', status: 429, headers: { 'retry-after': '3' } },
  },
];
/** Dintero's own capture does not come: the money stays reserved. */
const reserved = { auto_capture_failing_ms: 60_000 };
const keptAfterCancel: Scenario['ends'] = {
  outcome: 'captured',
  captured_amount: 12900,
  needs_attention: 'case_open',
  advice: 'ask_for_help',
};
/** Processed well within the time that a call may take. */
const late = (ms: number): { kind: string; ms: number } => ({ kind: 'late', ms });
/** The client has given up by then (after two seconds, in these rows). */
const tooLate = late(2600);

export const races: Scenario[] = [
  {
    name: 'the payment is faster than the cancel on its way',
    shows: [49],
    faults: [noCallback, { endpoint: 'cancel_session', do: late(1800) }],
    acts: [{ cashier: 'cancel' }, { press: 'tap' }],
    ends: keptAfterCancel,
  },
  {
    name: 'the approval is faster than the cancel on its way: Dintero voids it',
    shows: [49],
    behaviour: reserved,
    faults: [noCallback, { endpoint: 'cancel_session', do: late(1800) }],
    acts: [{ cashier: 'cancel' }, { press: 'tap' }],
    ends: notCharged('voided'),
  },
  {
    name: 'the payment is faster than the deadline’s cancel',
    waits: true,
    shows: [48],
    behaviour: { prompt_lifetime_ms: 30_000 },
    faults: [noCallback, { endpoint: 'cancel_session', do: late(9000), times: 3 }],
    acts: [{ until: { state: 'cancelling' } }, { press: 'tap' }],
    ends: captured,
  },
  {
    name: 'the approval is faster than the deadline’s cancel: Dintero voids it, or we capture',
    waits: true,
    shows: [48],
    behaviour: { ...reserved, prompt_lifetime_ms: 30_000 },
    faults: [noCallback, { endpoint: 'cancel_session', do: late(9000), times: 3 }],
    acts: [{ until: { state: 'cancelling' } }, { press: 'tap' }],
    ends: {},
  },
  {
    name: 'the deadline’s cancel is faster than the customer',
    waits: true,
    shows: [48],
    behaviour: { prompt_lifetime_ms: 20_000 },
    customer: { action: 'tap', delay_ms: 12_000 },
    ends: notCharged('expired'),
    asked: { cancel_session: 1 },
  },
  {
    // Either order: the ledger alone says which ending is the true one.
    name: 'a tap at the very deadline',
    waits: true,
    shows: [48],
    behaviour: { prompt_lifetime_ms: 20_000 },
    customer: { action: 'tap', delay_ms: 8900 },
    ends: {},
  },
  {
    name: 'the deadline passes while the money is reserved and nobody can capture it',
    waits: true,
    shows: [52],
    behaviour: { auto_capture_delay_ms: 10_500 },
    faults: [{ endpoint: 'capture', do: status(503), times: 0 }],
    customer: tap,
    ends: captured,
    asked: { cancel_session: 0, void: 0 },
  },
  {
    name: 'cancelled while the create is on its way',
    faults: [{ endpoint: 'create_session', do: { kind: 'slow', ms: 500 } }],
    acts: [{ cashier: 'cancel' }],
    ends: notCharged('cancelled_by_till'),
    asked: { create_session: 1 },
  },
  {
    name: 'Dintero’s capture and ours at once',
    shows: [54],
    behaviour: { auto_capture_delay_ms: 3020 },
    customer: tap,
    ends: captured,
  },
  {
    name: 'captured in Backoffice while our void is on its way',
    shows: [56],
    behaviour: reserved,
    faults: [{ endpoint: 'void', do: late(1800) }],
    customer: tap,
    acts: [{ until: { state: 'approved' } }, { cashier: 'cancel' }, { press: 'capture' }],
    ends: keptAfterCancel,
  },
  {
    name: 'captured in Backoffice while Dintero’s capture fails',
    shows: [54],
    behaviour: reserved,
    customer: tap,
    acts: [{ until: { state: 'approved' } }, { press: 'capture' }],
    ends: captured,
  },
  {
    name: 'voided in Backoffice',
    behaviour: reserved,
    customer: tap,
    acts: [{ until: { state: 'approved' } }, { press: 'void' }],
    ends: notCharged('voided'),
  },
  {
    name: 'captured in parts in Backoffice',
    shows: [55],
    behaviour: reserved,
    customer: tap,
    acts: [{ until: { state: 'approved' } }, { press: 'capture', with: { amount: 900 } }],
    ends: { outcome: 'captured', captured_amount: 900, needs_attention: 'case_open' },
  },
  {
    name: 'refunded in Backoffice before the capture could be read',
    shows: [63],
    faults: unseen,
    acts: [{ press: 'tap' }, { press: 'refund', with: { amount: 900 } }],
    ends: keptAfterCancel,
  },
  {
    name: 'approved, corrected to failed',
    behaviour: reserved,
    customer: tap,
    acts: [{ until: { state: 'approved' } }, { press: 'correct', with: { status: 'FAILED' } }],
    ends: notCharged('failed'),
  },
  {
    name: 'failed, corrected to captured before it could be read',
    faults: unseen,
    acts: [
      { press: 'decline', with: { as: 'FAILED' } },
      { press: 'correct', with: { status: 'CAPTURED' } },
    ],
    ends: captured,
  },
  {
    name: 'unknown, corrected to approved: ours to capture',
    shows: [28],
    behaviour: reserved,
    customer: { action: 'offline', phase: 'after_approval' },
    acts: [{ until: { state: 'checking' } }, { press: 'correct', with: { status: 'AUTHORIZED' } }],
    ends: captured,
    asked: { capture: 1 },
  },
  {
    name: 'unknown when the cashier cancels, captured later',
    shows: [30],
    customer: { action: 'offline', phase: 'after_approval' },
    acts: [
      { until: { state: 'checking' } },
      { cashier: 'cancel' },
      { until: { state: 'cancelling' } },
      { press: 'resolve', with: { status: 'CAPTURED' } },
    ],
    ends: keptAfterCancel,
  },
  {
    name: 'unknown when the cashier cancels, voided later',
    shows: [30],
    customer: { action: 'offline', phase: 'after_approval' },
    acts: [
      { until: { state: 'checking' } },
      { cashier: 'cancel' },
      { press: 'resolve', with: { status: 'AUTHORIZATION_VOIDED' } },
    ],
    ends: notCharged('voided'),
  },
  {
    name: 'the line is lost before the card, resolved as captured',
    shows: [27],
    customer: { action: 'offline', phase: 'at_start' },
    acts: [
      { until: { state: 'waiting_for_card' } },
      { press: 'resolve', with: { status: 'CAPTURED' } },
    ],
    ends: captured,
  },
  {
    name: 'the line is lost before the card, and nobody comes back',
    waits: true,
    shows: [13, 27],
    customer: { action: 'offline', phase: 'at_start' },
    ends: notCharged('expired'),
    asked: { cancel_session: 1 },
  },
  {
    name: 'on hold, then failed',
    customer: { action: 'hold' },
    acts: [{ until: { state: 'checking' } }, { press: 'resolve', with: { status: 'FAILED' } }],
    ends: notCharged('failed'),
  },
  {
    name: 'on hold when the cashier cancels, approved later: ours to void',
    shows: [30],
    behaviour: reserved,
    customer: { action: 'hold' },
    acts: [
      { until: { state: 'checking' } },
      { cashier: 'cancel' },
      { until: { state: 'cancelling' } },
      { press: 'resolve', with: { status: 'AUTHORIZED' } },
    ],
    ends: notCharged('voided'),
    asked: { void: 1 },
  },
  {
    name: 'another currency than asked',
    shows: [55],
    customer: { ...tap, currency: 'SEK' },
    ends: { outcome: 'captured', captured_amount: 12900, needs_attention: 'case_open' },
  },
];

/** Reads that show another state than the true one, for a while. */
export const staleReads: Scenario[] = [
  ...(
    [
      ['as initiated', 72, 'get_transaction', { status: 'INITIATED', events: [] }],
      ['as reserved only', 72, 'get_transaction', { status: 'AUTHORIZED', events: [] }],
      ['without its events', 72, 'get_transaction', { events: [] }],
      ['on another terminal', 40, 'get_transaction', { store: { terminal_id: 'T90001234-T9999' } }],
      ['as one on the web', 40, 'get_transaction', { payment_product_type: 'swish.swish' }],
      ['of another session', 40, 'get_transaction', { session_id: 'T90001234.other' }],
      ['of another charge’s session', 40, 'get_session', { order: { merchant_reference: 'X' } }],
    ] as const
  ).map(([how, number, endpoint, set]): Scenario => ({
    name: `a payment, read ${how} at first`,
    shows: [number],
    faults: [{ endpoint, do: { kind: 'rewrite', set }, times: 3 }],
    customer: tap,
    ends: captured,
    asked: { cancel_session: 0, void: 0 },
  })),
  {
    name: 'a payment, read as initiated when the cashier cancels',
    shows: [72],
    faults: [
      noCallback,
      {
        endpoint: 'get_transaction',
        do: { kind: 'rewrite', set: { status: 'INITIATED', events: [] } },
        times: 2,
      },
    ],
    acts: [{ press: 'tap' }, { cashier: 'cancel' }],
    ends: { outcome: 'captured', captured_amount: 12900 },
  },
];

/** Races of a capture that is ours. */
export const manualRaces: Scenario[] = [
  {
    name: 'cancelled while the capture is on its way: one ending',
    shows: [49],
    faults: [{ endpoint: 'capture', do: late(1800) }],
    acts: [{ press: 'tap' }, { cashier: 'cancel' }],
    ends: {},
  },
  {
    name: 'a capture that comes through after we gave it up, and the void after it: one wins',
    shows: [54],
    faults: [{ endpoint: 'capture', do: tooLate }],
    acts: [{ press: 'tap' }, { cashier: 'cancel' }],
    ends: {},
  },
  {
    name: 'a void that comes through after we gave it up',
    shows: [51],
    faults: [
      { endpoint: 'capture', do: status(400), times: 0 },
      { endpoint: 'void', do: tooLate },
    ],
    customer: tap,
    ends: notCharged('voided'),
  },
  {
    name: 'a capture that comes through after we gave it up, and ours once more',
    shows: [53],
    faults: [{ endpoint: 'capture', do: tooLate }],
    customer: tap,
    ends: captured,
  },
  {
    name: 'the capture answers 202 and fails: once more',
    shows: [53],
    faults: [
      { endpoint: 'capture', do: { kind: 'accept_202', complete_after_ms: 200, success: false } },
    ],
    customer: tap,
    ends: captured,
    asked: { capture: 2 },
  },
  {
    name: 'the capture answers 202 and is told twice',
    shows: [36],
    faults: [{ endpoint: 'capture', do: { kind: 'accept_202', success: 'twice' } }],
    customer: tap,
    ends: captured,
    asked: { capture: 1 },
  },
  {
    name: 'cancelled while a capture answers 202: nothing is sent beside it',
    shows: [54],
    faults: [{ endpoint: 'capture', do: { kind: 'accept_202', complete_after_ms: 4000 } }],
    customer: tap,
    acts: [{ until: { state: 'approved' } }, { cashier: 'cancel' }],
    ends: { outcome: 'captured', needs_attention: 'case_open' },
    asked: { capture: 1, void: 0 },
  },
  {
    name: 'the void answers 202 and ends later',
    faults: [
      { endpoint: 'capture', do: status(400), times: 0 },
      { endpoint: 'void', do: { kind: 'accept_202', complete_after_ms: 300 } },
    ],
    customer: tap,
    ends: notCharged('voided'),
    asked: { void: 1 },
  },
  {
    name: 'an approval that is corrected to failed before the capture',
    faults: [{ endpoint: 'capture', do: status(503), times: 0 }],
    customer: tap,
    acts: [{ until: { state: 'approved' } }, { press: 'correct', with: { status: 'FAILED' } }],
    ends: notCharged('failed'),
  },
  {
    name: 'captured by Dintero all the same, when the cashier has cancelled',
    shows: [54],
    behaviour: { capture_anyway: true },
    faults: [{ endpoint: 'cancel_session', do: late(1800) }],
    acts: [{ cashier: 'cancel' }, { press: 'tap' }],
    ends: keptAfterCancel,
  },
];

/** A device that does not obey: the cancelled session is paid all the same, and stays paid. */
export const deafDevice: Scenario[] = [
  {
    name: 'cancelled with 200, and the device takes the card all the same',
    shows: [49],
    behaviour: { cancel_ends_prompt: false, paid_anyway: true },
    acts: [{ cashier: 'cancel' }, { until: { state: 'cancelling' } }, { press: 'tap' }],
    ends: keptAfterCancel,
  },
  {
    name: 'expired, and the device takes the card all the same',
    waits: true,
    shows: [48],
    behaviour: { cancel_ends_prompt: false, paid_anyway: true, prompt_lifetime_ms: 20_000 },
    customer: { action: 'tap', delay_ms: 12_000 },
    ends: captured,
  },
  {
    name: 'cancelled with 200, and the device reserves the money: ours to void',
    shows: [49],
    behaviour: { cancel_ends_prompt: false, paid_anyway: true, ...reserved },
    acts: [{ cashier: 'cancel' }, { until: { state: 'cancelling' } }, { press: 'tap' }],
    ends: notCharged('voided'),
    asked: { void: 1 },
  },
];
