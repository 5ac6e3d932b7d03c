import { describe, expect, it } from 'vitest';
import type { Word } from '../../workflows/hold.ts';
import type { Judgement } from '../../workflows/judgement.ts';
import { nextStep, triesMax, type Situation, type Step } from '../../workflows/next-step.ts';
import { policy, situation } from './builders.ts';

type Row = [name: string, judgement: Judgement, now: Partial<Situation>, step: Step];

const { readAt, deadlineAt, sendBefore } = situation();
const manual = policy({ captureMode: 'manual' });
const proofless = policy({ cancelEndsPrompt: false, promptLifetimeSeconds: null });
const byLifetime = policy({ cancelEndsPrompt: false });
const captured: Judgement = { is: 'captured', capturedAmount: 12900, caseKind: null };
const cancelled: Judgement = { is: 'session_cancelled', reason: null };
const tried = (count: number, ago: number, isRefused = false): Situation['cancels'] => ({
  count,
  lastAt: readAt - ago,
  isRefused,
});
const held = (
  word: Word | null,
  left: number,
  endsWith: Word = 'void',
): Pick<Situation, 'policy' | 'hold'> => ({
  policy: manual,
  hold: { until: readAt + left, word, wait: 1, endsWith },
});
const wait = (
  state: Extract<Step, { do: 'wait' }>['state'],
  attention: Extract<Step, { do: 'wait' }>['attention'] = null,
): Step => ({ do: 'wait', state, attention });
const notCharged = (reason: Extract<Step, { do: 'close_not_charged' }>['reason']): Step => ({
  do: 'close_not_charged',
  reason,
});

const rows: Row[] = [
  // the story
  ['a prompt waits for the card', { is: 'prompting' }, {}, wait('waiting_for_card')],
  [
    'captured closes',
    captured,
    {},
    { do: 'close_captured', capturedAmount: 12900, caseKind: null },
  ],
  ['declined closes', { is: 'no_money', reason: 'declined' }, {}, notCharged('declined')],
  ['manual mode captures', { is: 'authorised' }, { policy: manual }, { do: 'capture' }],
  [
    'auto mode waits for Dintero’s capture',
    { is: 'authorised' },
    { authorisedSince: readAt },
    wait('approved'),
  ],
  [
    'auto mode captures after a bounded time',
    { is: 'authorised' },
    { authorisedSince: readAt - 30_000 },
    { do: 'capture' },
  ],
  // two-phase
  ['held money waits for the till', { is: 'authorised' }, held(null, 1), wait('approved')],
  ['the till says capture', { is: 'authorised' }, held('capture', 1), { do: 'capture' }],
  ['in time, though it is read late', { is: 'authorised' }, held('capture', 0), { do: 'capture' }],
  [
    'the till says void',
    { is: 'authorised' },
    { ...held('void', 1), isCancelRequested: true },
    { do: 'void' },
  ],
  ['the time is over: void', { is: 'authorised' }, held(null, 0), { do: 'void' }],
  ['the time is over: capture', { is: 'authorised' }, held(null, 0, 'capture'), { do: 'capture' }],
  [
    'a cancel voids, whatever was said',
    { is: 'authorised' },
    { ...held('capture', 1), isCancelRequested: true },
    { do: 'void' },
  ],
  [
    'a void that the deadline sent and that did nothing is repeated',
    { is: 'authorised' },
    { ...held(null, 0), voids: tried(1, 15_001) },
    { do: 'void' },
  ],
  [
    'a capture that the till wants and Dintero refuses: the money goes back',
    { is: 'authorised' },
    { ...held('capture', 1), captures: tried(1, 10, true) },
    { do: 'void' },
  ],
  [
    'held money that somebody else captures is a case',
    captured,
    held(null, 1),
    { do: 'close_captured', capturedAmount: 12900, caseKind: 'captured_unasked' },
  ],
  [
    'captured by the till’s word it is none',
    captured,
    held('capture', 1),
    { do: 'close_captured', capturedAmount: 12900, caseKind: null },
  ],
  [
    'nor by the deadline’s',
    captured,
    held(null, 0, 'capture'),
    { do: 'close_captured', capturedAmount: 12900, caseKind: null },
  ],
  // cancellation
  [
    'a cancel request cancels the session',
    { is: 'prompting' },
    { isCancelRequested: true },
    { do: 'cancel' },
  ],
  [
    'the deadline cancels the session',
    { is: 'prompting' },
    { readAt: deadlineAt },
    { do: 'cancel' },
  ],
  [
    'a reported end cancels the session',
    { is: 'prompting' },
    { reportedEnd: 'failed' },
    { do: 'cancel' },
  ],
  [
    'a failed session is cancelled at once',
    { is: 'session_ended', reason: 'failed' },
    {},
    { do: 'cancel' },
  ],
  [
    'a session published to nobody is cancelled',
    { is: 'prompting' },
    { prompt: { is: 'unpublished' } },
    { do: 'cancel' },
  ],
  [
    'a cancel request voids in auto mode',
    { is: 'authorised' },
    { isCancelRequested: true },
    { do: 'void' },
  ],
  [
    'a cancel request voids in manual mode',
    { is: 'authorised' },
    { isCancelRequested: true, policy: manual },
    { do: 'void' },
  ],
  [
    'a mere deadline neither cancels nor voids an approval',
    { is: 'authorised' },
    { readAt: deadlineAt, authorisedSince: deadlineAt },
    wait('approved'),
  ],
  [
    'a capture that wins against a cancel is a payment and a case',
    captured,
    { isCancelRequested: true },
    { do: 'close_captured', capturedAmount: 12900, caseKind: 'captured_after_cancel' },
  ],
  [
    'an approval voided by the cancel',
    { is: 'no_money', reason: 'voided' },
    { isCancelRequested: true },
    notCharged('voided'),
  ],
  // the proofs
  [
    '(d) a cancelled session where cancel ends the prompt',
    cancelled,
    { isCancelRequested: true },
    notCharged('cancelled_by_till'),
  ],
  ['(d) the same at the deadline', cancelled, { readAt: deadlineAt }, notCharged('expired')],
  [
    '(d) the customer cancelled first',
    cancelled,
    { firstEnd: 'cancelled_by_customer', isCancelRequested: true },
    notCharged('cancelled_by_customer'),
  ],
  [
    '(d) a cancelled session whose prompt may live',
    cancelled,
    { policy: byLifetime, cancelledSince: readAt - 1000 },
    wait('cancelling'),
  ],
  [
    '(d) a cancelled session that outlived its prompt',
    cancelled,
    { policy: byLifetime, cancelledSince: readAt - 180_000, firstEnd: 'failed' },
    notCharged('failed'),
  ],
  [
    '(d) without a proven lifetime a person decides',
    cancelled,
    { policy: proofless, cancelledSince: readAt - 1e9 },
    wait('cancelling', 'prompt_may_live'),
  ],
  [
    '(d) the person saw the terminal idle',
    cancelled,
    { policy: proofless, seenIdleAt: readAt, isCancelRequested: true },
    notCharged('cancelled_by_till'),
  ],
  [
    '(e) a lost create that may be listed yet',
    { is: 'absent' },
    { prompt: { is: 'lost' } },
    wait('checking'),
  ],
  [
    '(e) a lost create, not found until its prompt is dead',
    { is: 'absent' },
    { prompt: { is: 'lost' }, readAt: sendBefore + 240_000 },
    notCharged('session_lost'),
  ],
  [
    '(e) without a proven lifetime a person decides',
    { is: 'absent' },
    { prompt: { is: 'lost' }, policy: proofless, readAt: 9e12 },
    wait('checking', 'session_lost'),
  ],
  [
    '(e) in mode pay a lost create prompted nobody',
    { is: 'absent' },
    { prompt: { is: 'lost' }, policy: policy({ promptMode: 'pay' }) },
    notCharged('session_lost'),
  ],
  [
    '(e) but a run made by reset may have paid',
    { is: 'absent' },
    { prompt: { is: 'lost' }, policy: policy({ promptMode: 'pay' }), isReset: true },
    wait('checking'),
  ],
  [
    '(f) published to nobody, cancelled, read so',
    cancelled,
    { prompt: { is: 'unpublished' }, policy: proofless },
    notCharged('terminal_unavailable'),
  ],
  [
    '(b) mode pay: the pay was refused, the session cancelled',
    cancelled,
    { prompt: { is: 'withheld', reason: 'rejected' }, policy: proofless },
    notCharged('rejected'),
  ],
  // lost answers and refusals
  [
    'a cancel on the wire is not repeated',
    { is: 'prompting' },
    { isCancelRequested: true, cancels: tried(1, 15_000) },
    wait('cancelling'),
  ],
  [
    'a lost cancel is repeated after a fresh read',
    { is: 'prompting' },
    { isCancelRequested: true, cancels: tried(1, 15_001) },
    { do: 'cancel' },
  ],
  [
    'an unsent cancel is repeated, however often',
    { is: 'prompting' },
    { isCancelRequested: true, cancels: tried(0, 15_001) },
    { do: 'cancel' },
  ],
  [
    'a bounded number of times',
    { is: 'authorised' },
    { policy: manual, captures: tried(triesMax, 1e6) },
    wait('approved', 'capture_refused'),
  ],
  [
    'a void, too',
    { is: 'authorised' },
    { isCancelRequested: true, voids: tried(triesMax, 1e6) },
    wait('cancelling', 'void_refused'),
  ],
  [
    'manual mode gives back what Dintero refuses to capture',
    { is: 'authorised' },
    { policy: manual, captures: tried(1, 10, true) },
    { do: 'void' },
  ],
  [
    'auto mode does not',
    { is: 'authorised' },
    { authorisedSince: readAt - 60_000, captures: tried(1, 10, true) },
    wait('approved'),
  ],
  ['an operation under way is waited for', { is: 'moving' }, { policy: manual }, wait('approved')],
  // never by mistake
  [
    'what is unclear is never an end',
    { is: 'unclear', because: 'x' },
    { readAt: 9e12 },
    wait('checking'),
  ],
  [
    'nor is it cancelled',
    { is: 'unclear', because: 'x' },
    { isCancelRequested: true },
    wait('cancelling'),
  ],
  [
    'a Dintero that refuses us asks for a person',
    { is: 'unclear', because: 'x' },
    { isRefusingReads: true },
    wait('checking', 'dintero_refuses_us'),
  ],
];

describe(nextStep.name, () => {
  it.each(rows)('%s', (_name, judgement, now, step) => {
    expect(nextStep(judgement, situation(now))).toEqual(step);
  });
});
