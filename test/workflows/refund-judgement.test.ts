/** What readings mean for a refund, what stands against one, and what follows: tables without a server. */
import { describe, expect, it } from 'vitest';
import type { TerminalFacts } from '../../activities/dintero/account-facts.ts';
import type {
  RefundEvent,
  RefundReading,
  TransactionFacts,
} from '../../activities/dintero/facts.ts';
import { derivePolicy } from '../../workflows/policy.ts';
import type { ToldEnding } from '../../workflows/refund-messages.ts';
import {
  judgeRefund,
  nextRefundStep,
  whyNotAtTerminal,
  whyNotRefund,
  whyOtherwise,
  type RefundJudgement,
  type RefundSituation,
} from '../../workflows/refund-judgement.ts';

const mine = { refundId: 'S-1.1.R1', chargeId: 'S-1.1', requestId: null };

function event(is: RefundEvent['is'], change: Partial<RefundEvent> = {}): RefundEvent {
  return {
    is,
    eventId: '3',
    amount: 4500,
    reference: 'S-1.1.R1',
    requestId: `request-${is}`,
    answersRequestId: is === 'initiated' ? null : 'request-initiated',
    ...change,
  };
}

function transaction(change: Partial<TransactionFacts> = {}): TransactionFacts {
  return {
    transactionId: 'T90001234.5AbC',
    sessionId: 'T90001234.5XyZ',
    chargeId: 'S-1.1',
    isInPerson: true,
    terminalId: 'T90001234-T0003',
    status: 'captured',
    amount: 12900,
    currency: 'NOK',
    capturedAmount: 12900,
    refundedAmount: 0,
    pending: [],
    card: null,
    ...change,
  };
}

function reading(refundEvents: RefundEvent[], of: Partial<TransactionFacts> = {}): RefundReading {
  return { transaction: transaction(of), refundEvents, storeId: null, payoutDestinationId: null };
}

const initiated = event('initiated');
const nobodys = { reference: null };

describe(judgeRefund.name, () => {
  it.each<[name: string, events: RefundEvent[], is: RefundJudgement['is']]>([
    ['nothing is shown', [], 'absent'],
    ['another refund is done', [event('done', { reference: 'S-1.1.R2' })], 'absent'],
    ['the back office refunded', [event('done', { reference: 'S-1.1' })], 'absent'],
    ['it is accepted', [initiated], 'pending'],
    ['its result is done', [initiated, event('done')], 'done'],
    ['its result is done, without a request', [event('done', { answersRequestId: null })], 'done'],
    ['its result failed', [initiated, event('failed')], 'failed'],
    [
      'a failure answers nothing, and it is open',
      [initiated, event('failed', { answersRequestId: 'x' })],
      'pending',
    ],
    ['Dintero retried with success', [initiated, event('failed'), event('done')], 'done'],
    [
      'Dintero asks once more',
      [initiated, event('failed'), event('initiated', { requestId: 'again' })],
      'pending',
    ],
  ])('%s', (_name, events, is) => {
    expect(judgeRefund(reading(events), mine).is).toBe(is);
  });

  it('knows the result by what the answer named, without any reference of ours', () => {
    const events = [event('initiated', nobodys), event('done', { ...nobodys, eventId: '7' })];
    expect(judgeRefund(reading(events), mine).is).toBe('absent');
    const asked = { ...mine, requestId: 'request-initiated' };
    const done = { is: 'done', refundedAmount: 4500, eventId: '7' };
    expect(judgeRefund(reading(events), asked)).toEqual(done);
  });

  it('says nothing of a payment that is another', () => {
    expect(judgeRefund(reading([event('done')], { chargeId: 'S-2.1' }), mine).is).toBe('unclear');
  });
});

describe(whyNotRefund.name, () => {
  const asked = { amount: 4500, currency: 'NOK' };

  it.each<[name: string, of: Partial<TransactionFacts>, reason: string | null]>([
    ['all of it is in', {}, null],
    ['as much as is asked for is left', { refundedAmount: 8400, status: 'partly_refunded' }, null],
    ['less is left', { refundedAmount: 8401, status: 'partly_refunded' }, 'more_than_is_left'],
    ['nothing is left', { refundedAmount: 12900, status: 'refunded' }, 'nothing_to_refund'],
    ['nothing was captured', { capturedAmount: 0, status: 'authorised' }, 'nothing_to_refund'],
    ['another refund is open', { pending: ['refund'] }, 'other_operation_open'],
    ['a capture is open', { pending: ['capture'] }, 'other_operation_open'],
    ['Dintero does not know', { status: 'unknown' }, 'other_operation_open'],
    ['it is in another currency', { currency: 'SEK' }, 'nothing_to_refund'],
    ['it was paid on the web', { isInPerson: false }, 'nothing_to_refund'],
  ])('%s', (_name, of, reason) => {
    const found = whyNotRefund({ ...reading([], of), isOurs: true }, asked);
    expect(found?.reason ?? null).toBe(reason);
  });

  it('refuses what somebody else’s installation has made', () => {
    const found = whyNotRefund({ ...reading([]), isOurs: false }, asked);
    expect(found?.reason).toBe('nothing_to_refund');
  });
});

describe(whyNotAtTerminal.name, () => {
  const active: TerminalFacts = {
    terminalId: 'T90001234-T0003',
    storeId: 'bergen-01',
    payoutDestinationId: 'seller-9',
    status: 'active',
    statusReason: null,
    model: null,
    serialNumber: null,
  };

  it.each<[name: string, terminal: TerminalFacts | null | undefined, isPossible: boolean]>([
    ['an active one of the seller', active, true],
    ['one whose seller is not shown', { ...active, payoutDestinationId: null }, true],
    ['one that cannot be read now: Dintero decides', undefined, true],
    ['one of another seller', { ...active, payoutDestinationId: 'seller-1' }, false],
    ['one that is not active', { ...active, status: 'inactive' }, false],
    ['one that is not known', null, false],
  ])('%s', (_name, terminal, isPossible) => {
    expect(whyNotAtTerminal(terminal, 'seller-9') === null).toBe(isPossible);
  });
});

const policy = derivePolicy({
  promptMode: 'create',
  captureMode: 'auto',
  cancelEndsPrompt: true,
  deadlineSeconds: 180,
  promptLifetimeSeconds: 100,
  attentionSeconds: 120,
});
const unproven = { ...policy, durations: { ...policy.durations, promptLifetime: null } };
const start = 1_000_000;

function situation(change: Partial<RefundSituation> = {}): RefundSituation {
  return {
    policy,
    sending: { is: 'accepted' },
    readAt: start + 2_000,
    sendBefore: start + 30_000,
    heldSince: start,
    isReset: false,
    seenIdleAt: null,
    ...change,
  };
}

/** Sent by 30 s, 150 s on the wire, a prompt of 100 s, a list that lags by 60 s. */
const over = start + 340_000;

describe(nextRefundStep.name, () => {
  const absent = { is: 'absent' } as const;
  const pending = { is: 'pending' } as const;
  const lost = { sending: { is: 'lost' } } as const;

  it.each<[name: string, judgement: RefundJudgement, now: RefundSituation, step: object]>([
    [
      'a failure is shown',
      { is: 'failed' },
      situation(),
      { do: 'close_not_refunded', reason: 'refund_declined' },
    ],
    [
      'the card is asked for',
      pending,
      situation(),
      { do: 'wait', state: 'waiting_for_card', attention: null },
    ],
    [
      'an accepted one is old, and never ends by time',
      pending,
      situation({ readAt: start + 9e9 }),
      { do: 'wait', state: 'checking', attention: 'refund_unresolved', isPromptOver: true },
    ],
    [
      'it is on the wire',
      absent,
      situation({ sending: { is: 'under_way' } }),
      { do: 'wait', state: 'waiting_for_card' },
    ],
    [
      'Dintero said yes and shows nothing',
      absent,
      situation({ readAt: start + 9e9 }),
      { do: 'wait', attention: 'refund_lost' },
    ],
    [
      'a lost one may still prompt',
      absent,
      situation({ ...lost, readAt: over - 1 }),
      { do: 'wait', state: 'checking', attention: null },
    ],
    [
      'a lost one is over',
      absent,
      situation({ ...lost, readAt: over }),
      { do: 'close_not_refunded', reason: 'refund_never_arrived' },
    ],
    [
      'a lost one while another held the terminal',
      absent,
      situation({ ...lost, readAt: start + 9e9, heldSince: null }),
      { do: 'wait', attention: 'refund_lost' },
    ],
    [
      'a lost one, no lifetime proven',
      absent,
      situation({ ...lost, policy: unproven, readAt: start + 9e9 }),
      { do: 'wait', attention: 'refund_lost' },
    ],
    [
      'a person saw the terminal idle',
      absent,
      situation({ ...lost, policy: unproven, readAt: start + 9e9, seenIdleAt: start + 8e9 }),
      { do: 'close_not_refunded', reason: 'refund_never_arrived' },
    ],
    [
      'a person saw it idle, and Dintero has it under way',
      pending,
      situation({ readAt: start + 9e9, seenIdleAt: start + 8e9 }),
      { do: 'wait', attention: 'refund_unresolved' },
    ],
    [
      'the reading is unclear',
      { is: 'unclear', because: 'no answer' },
      situation({ ...lost, readAt: start + 9e9 }),
      { do: 'wait', state: 'checking' },
    ],
    [
      'nothing was sent',
      absent,
      situation({ sending: { is: 'unsent' } }),
      { do: 'close_not_refunded', reason: null },
    ],
  ])('%s', (_name, judgement, now, step) => {
    expect(nextRefundStep(judgement, now)).toMatchObject(step);
  });

  it.each(['under_way', 'accepted', 'lost', 'unsent'] as const)(
    'what is done is done: %s',
    (is) => {
      const done = { is: 'done', refundedAmount: 4500, eventId: '3' } as const;
      const step = nextRefundStep(done, situation({ sending: { is } }));
      expect(step).toEqual({ do: 'close_refunded', refundedAmount: 4500, eventId: '3' });
    },
  );
});

describe(whyOtherwise.name, () => {
  const asked = { amount: 4500, currency: 'NOK' };
  const told = (refunded_amount: number | null): ToldEnding => {
    const outcome = refunded_amount === null ? 'not_refunded' : 'refunded';
    const because = refunded_amount === asked.amount ? null : 'as it was told';
    return { outcome, refunded_amount, reason: null, because };
  };

  it.each<[shown: number, former: ToldEnding | null, because: string | null]>([
    [4500, null, null],
    [4500, told(4500), null],
    [9000, told(9000), 'as it was told'],
    [9000, null, 'Dintero shows NOK 90.00 given back, and NOK 45.00 was asked for'],
    [9000, told(4500), 'Dintero shows NOK 90.00 given back, and NOK 45.00 was asked for'],
    [4500, told(9000), 'Dintero shows NOK 45.00 given back, and NOK 90.00 was told before'],
    [4500, told(null), 'Dintero shows NOK 45.00 given back, and nothing was told before'],
  ])('%i shown, %j told before: %s', (refundedAmount, former, because) => {
    expect(whyOtherwise(asked, { refundedAmount, former })).toBe(because);
  });
});
