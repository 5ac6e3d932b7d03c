/** What happens when Dintero's answers are lost, late, wrong or refused, as rows. */
import { captured, notCharged, status, tap, type Scenario } from '../scenarios.ts';

export const lostAnswers: Scenario[] = [
  ...(['reset_after', 'hang_after', 'garbage'] as const).map((how): Scenario => ({
    name: `create: ${how}, then tapped`,
    shows: [4],
    faults: [{ endpoint: 'create_session', do: how }],
    customer: tap,
    ends: captured,
    asked: { create_session: 1 },
  })),
  ...[500, 502, 409].map((code): Scenario => ({
    name: `create: ${code} though it was created, then tapped`,
    shows: [6],
    faults: [{ endpoint: 'create_session', do: status(code, true) }],
    customer: tap,
    ends: captured,
    asked: { create_session: 1 },
  })),
  {
    name: 'create: 500 and nothing was created',
    waits: true,
    history: 'session-lost',
    shows: [5],
    faults: [{ endpoint: 'create_session', do: status(500) }],
    ends: notCharged('session_lost'),
    asked: { create_session: 1 },
  },
  {
    name: 'create: reset before it was processed',
    waits: true,
    faults: [{ endpoint: 'create_session', do: 'reset_before' }],
    ends: notCharged('session_lost'),
    asked: { create_session: 1 },
  },
  {
    name: 'create: lost, the list lags',
    history: 'session-found',
    shows: [72],
    faults: [
      { endpoint: 'create_session', do: 'reset_after' },
      { endpoint: 'list_transactions', do: { kind: 'list_lag', ms: 1000 }, times: 0 },
    ],
    customer: tap,
    ends: captured,
    asked: { create_session: 1 },
  },
  {
    name: 'create: refused with 400',
    history: 'rejected',
    faults: [{ endpoint: 'create_session', do: status(400) }],
    ends: { ...notCharged('rejected'), advice: 'ask_for_help' },
    asked: { create_session: 1 },
  },
  {
    name: 'create: 403 with a fresh token',
    shows: [8],
    faults: [{ endpoint: 'create_session', do: status(403), times: 0 }],
    ends: notCharged('dintero_refuses_us'),
    asked: { create_session: 2 },
  },
  {
    name: 'create: 401 once',
    shows: [8],
    faults: [{ endpoint: 'create_session', do: status(401) }],
    customer: tap,
    ends: captured,
    asked: { create_session: 2 },
  },
  {
    name: 'create: 429 once',
    shows: [9],
    faults: [
      {
        endpoint: 'create_session',
        do: { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
      },
    ],
    customer: tap,
    ends: captured,
    asked: { create_session: 2 },
  },
  {
    name: 'create: 429 past the window',
    waits: true,
    faults: [
      {
        endpoint: 'create_session',
        do: { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
        times: 0,
      },
    ],
    ends: { ...notCharged('dintero_busy'), advice: 'try_again' },
  },
  {
    name: 'the sale cannot be read',
    waits: true,
    shows: [71],
    faults: [{ endpoint: 'list_transactions', do: status(503), times: 0 }],
    ends: notCharged('not_started_in_time'),
    asked: { create_session: 0 },
  },
  {
    name: 'the sale is unreadable at first',
    faults: [{ endpoint: 'list_transactions', do: 'garbage' }],
    customer: tap,
    ends: captured,
  },
  {
    name: 'the session is unreadable at first',
    history: 'hint-unreadable',
    shows: [47],
    faults: [{ endpoint: 'get_session', do: 'garbage', times: 3 }],
    customer: tap,
    ends: captured,
  },
  {
    name: 'the session is 404 at first',
    shows: [72],
    faults: [{ endpoint: 'get_session', do: status(404), times: 3 }],
    customer: tap,
    ends: captured,
  },
  {
    name: 'a status that nobody knows, at first',
    shows: [47],
    faults: [
      {
        endpoint: 'get_transaction',
        do: { kind: 'rewrite', set: { status: 'BRAND_NEW' } },
        times: 3,
      },
    ],
    customer: tap,
    ends: captured,
  },
  {
    name: 'reads are rate-limited at first',
    shows: [9],
    faults: [
      {
        endpoint: 'get_session',
        do: { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
        times: 2,
      },
    ],
    customer: tap,
    ends: captured,
  },
  {
    name: 'reads hang at first',
    shows: [71],
    faults: [{ endpoint: 'get_session', do: { kind: 'hang_after', ms: 6000 } }],
    customer: tap,
    ends: captured,
  },
  {
    name: 'somebody else’s transaction at first',
    shows: [40],
    faults: [
      {
        endpoint: 'get_transaction',
        do: { kind: 'rewrite', set: { merchant_reference: 'S-other.1' } },
        times: 3,
      },
    ],
    customer: tap,
    ends: captured,
  },
];

/** Lists by the sale's reference show nothing. */
const unlisted = {
  endpoint: 'list_transactions',
  do: { kind: 'list_lag', ms: 3_600_000 },
  times: 0,
};
const lostCreate = { endpoint: 'create_session', do: 'reset_after' };
const noCallback = { endpoint: 'callback', do: 'drop', times: 0 };

/** The create's answer was lost: where else the session is found, and what may happen meanwhile. */
export const lostSessions: Scenario[] = [
  {
    name: 'found by terminal and time, where the reference finds nothing',
    shows: [4],
    faults: [lostCreate, unlisted, noCallback],
    customer: tap,
    ends: captured,
    asked: { create_session: 1 },
  },
  ...(
    [
      ['stopped by the customer', { action: 'stop' }, 'cancelled_by_customer'],
      ['declined without a transaction', { action: 'decline', as: 'none' }, 'declined'],
    ] as const
  ).map(([what, customer, reason]): Scenario => ({
    // No transaction: no list can show it. Only the callback names the session.
    name: `found by the session that a callback names: ${what}`,
    shows: [4, 34],
    faults: [lostCreate],
    customer,
    ends: notCharged(reason),
    asked: { create_session: 1 },
  })),
  {
    name: 'declined, found by the reference alone',
    shows: [4],
    faults: [lostCreate, noCallback],
    customer: { action: 'decline' },
    ends: notCharged('declined'),
    asked: { create_session: 1 },
  },
  {
    name: 'processed after we gave it up, then tapped',
    shows: [4],
    faults: [{ endpoint: 'create_session', do: { kind: 'late', ms: 2600 } }],
    customer: tap,
    ends: captured,
    asked: { create_session: 1 },
  },
  {
    name: 'processed after we gave it up, and nobody taps',
    waits: true,
    faults: [{ endpoint: 'create_session', do: { kind: 'late', ms: 2600 } }],
    ends: notCharged('session_lost'),
    asked: { create_session: 1 },
  },
  {
    name: 'cancelled while it is looked for, then paid',
    shows: [30, 49],
    faults: [lostCreate, noCallback],
    acts: [{ cashier: 'cancel' }, { until: { state: 'cancelling' } }, { press: 'tap' }],
    ends: { outcome: 'captured', captured_amount: 12900, needs_attention: 'case_open' },
    asked: { create_session: 1, cancel_session: 0 },
  },
  {
    name: 'cancelled while it is looked for, then reserved: ours to void',
    shows: [30],
    behaviour: { auto_capture_failing_ms: 60_000 },
    faults: [lostCreate],
    acts: [{ cashier: 'cancel' }, { until: { state: 'cancelling' } }, { press: 'tap' }],
    ends: notCharged('voided'),
    asked: { create_session: 1, void: 1 },
  },
  {
    name: 'cancelled while it is looked for, and nobody taps',
    waits: true,
    shows: [5],
    faults: [lostCreate],
    acts: [{ cashier: 'cancel' }],
    ends: notCharged('session_lost'),
  },
  {
    name: 'on an older deployment, whose lists ignore the terminal',
    shows: [72],
    behaviour: { list_ignores_filters: true },
    faults: [lostCreate, unlisted, noCallback],
    customer: tap,
    ends: captured,
  },
];
