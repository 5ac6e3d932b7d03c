import { describe, expect, it } from 'vitest';
import type { Reading, SessionFacts, TransactionFacts } from '../../activities/dintero/facts.ts';
import { judge, type Judgement } from '../../workflows/judgement.ts';
import { asked, session, transaction } from './builders.ts';

type Row = [
  name: string,
  session: SessionFacts | null,
  transaction: TransactionFacts | null,
  means: Judgement['is'],
  detail?: Partial<Judgement>,
];

const none = { capturedAmount: 0 };

const rows: Row[] = [
  ['nothing found', null, null, 'absent'],
  ['a live session', session(), null, 'prompting'],
  ['a session of another charge', session({ chargeId: 'S-2.1' }), null, 'unclear'],
  ['a session whose transaction was not read', session({ transactionId: 'T.x' }), null, 'unclear'],
  [
    'a cancelled session',
    session({ isCancelled: true }),
    null,
    'session_cancelled',
    { reason: null },
  ],
  [
    'a session that the customer cancelled',
    session({ isCancelled: true, endedAs: 'cancelled' }),
    null,
    'session_cancelled',
    { reason: 'cancelled_by_customer' },
  ],
  ['a failed session', session({ endedAs: 'failed' }), null, 'session_ended', { reason: 'failed' }],
  [
    'a declined session',
    session({ endedAs: 'declined' }),
    null,
    'session_ended',
    { reason: 'declined' },
  ],
  [
    'captured as asked',
    session(),
    transaction(),
    'captured',
    { capturedAmount: 12900, caseKind: null },
  ],
  ['captured, session unread', null, transaction(), 'captured', { capturedAmount: 12900 }],
  [
    'another amount',
    session(),
    transaction({ amount: 5, capturedAmount: 5 }),
    'captured',
    { caseKind: 'amount_differs' },
  ],
  [
    'a tip',
    session(),
    transaction({ amount: 14000, capturedAmount: 14000 }),
    'captured',
    { capturedAmount: 14000, caseKind: 'amount_differs' },
  ],
  [
    'another currency',
    session(),
    transaction({ currency: 'SEK' }),
    'captured',
    { caseKind: 'amount_differs' },
  ],
  [
    'captured in part',
    session(),
    transaction({ status: 'partly_captured', capturedAmount: 100 }),
    'captured',
    { capturedAmount: 100, caseKind: 'partly_captured' },
  ],
  [
    'refunded',
    session(),
    transaction({ status: 'refunded', refundedAmount: 12900 }),
    'captured',
    { caseKind: 'refunded_outside' },
  ],
  [
    'refunded in part',
    session(),
    transaction({ status: 'partly_refunded', refundedAmount: 1 }),
    'captured',
    { caseKind: 'refunded_outside' },
  ],
  [
    'captured and refunded in part',
    session(),
    transaction({ status: 'partly_captured_refunded', refundedAmount: 1 }),
    'captured',
    { caseKind: 'refunded_outside' },
  ],
  [
    'captured, a refund under way',
    session(),
    transaction({ pending: ['refund'] }),
    'captured',
    { caseKind: 'refunded_outside' },
  ],
  ['captured, a void under way', session(), transaction({ pending: ['void'] }), 'moving'],
  [
    'captured in part, a capture under way',
    session(),
    transaction({ status: 'partly_captured', pending: ['capture'] }),
    'moving',
  ],
  ['captured without a capture event', session(), transaction(none), 'unclear'],
  ['authorised', session(), transaction({ status: 'authorised', ...none }), 'authorised'],
  [
    'authorised, a capture under way',
    session(),
    transaction({ status: 'authorised', ...none, pending: ['capture'] }),
    'moving',
  ],
  ['authorised with a capture event', session(), transaction({ status: 'authorised' }), 'unclear'],
  [
    'voided',
    session(),
    transaction({ status: 'voided', ...none }),
    'no_money',
    { reason: 'voided' },
  ],
  [
    'voided, a void under way',
    session(),
    transaction({ status: 'voided', ...none, pending: ['void'] }),
    'moving',
  ],
  ['voided with a capture event', session(), transaction({ status: 'voided' }), 'unclear'],
  [
    'declined',
    session(),
    transaction({ status: 'declined', ...none }),
    'no_money',
    { reason: 'declined' },
  ],
  [
    'failed',
    session(),
    transaction({ status: 'failed', ...none }),
    'no_money',
    { reason: 'failed' },
  ],
  [
    'failed because the customer cancelled',
    session({ endedAs: 'cancelled' }),
    transaction({ status: 'failed', ...none }),
    'no_money',
    { reason: 'cancelled_by_customer' },
  ],
  ['initiated', session(), transaction({ status: 'initiated', ...none }), 'prompting'],
  ['on hold', session(), transaction({ status: 'on_hold', ...none }), 'unclear'],
  ['unknown', session(), transaction({ status: 'unknown', ...none }), 'unclear'],
  ['another charge’s transaction', session(), transaction({ chargeId: 'S-2.1' }), 'unclear'],
  ['another session’s transaction', session(), transaction({ sessionId: 'T.other' }), 'unclear'],
  [
    'another terminal’s transaction',
    session(),
    transaction({ terminalId: 'T90001234-T0009' }),
    'unclear',
  ],
  ['an online payment', session(), transaction({ isInPerson: false }), 'unclear'],
];

describe(judge.name, () => {
  it.each(rows)('%s', (_name, sessionFacts, transactionFacts, is, detail) => {
    const reading: Reading = { session: sessionFacts, transaction: transactionFacts };
    expect(judge(reading, asked)).toMatchObject({ is, ...detail });
  });
});
