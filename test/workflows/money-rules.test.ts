/**
 * The judgement and the next step, held against the money rules over every combination of what Dintero may show, what
 * was asked, and how the charge runs: never `captured` without the money, never `not_charged` with a way left for money
 * to move.
 */
import { describe, expect, it } from 'vitest';
import type {
  PendingOperation,
  Reading,
  SessionFacts,
  TransactionFacts,
  TransactionStatus,
} from '../../activities/dintero/facts.ts';
import type { Hold, Word } from '../../workflows/hold.ts';
import { judge } from '../../workflows/judgement.ts';
import { nextStep, type Prompt, type Situation, type Step } from '../../workflows/next-step.ts';
import { asked, policy, session, situation, transaction } from './builders.ts';

const statuses: TransactionStatus[] = [
  'initiated', 'on_hold', 'authorised', 'partly_captured', 'captured', 'partly_refunded',
  'partly_captured_refunded', 'refunded', 'voided', 'declined', 'failed', 'unknown',
]; // prettier-ignore
const pendings: PendingOperation[][] = [[], ['capture'], ['void'], ['refund'], ['capture', 'void']];

const sessions: (SessionFacts | null)[] = [
  null,
  ...[false, true].flatMap((isCancelled) =>
    ([null, 'cancelled', 'declined', 'failed'] as const).flatMap((endedAs) =>
      [null, 'T90001234.transaction'].map((id) =>
        session({ isCancelled, endedAs, transactionId: id }),
      ),
    ),
  ),
  session({ chargeId: 'S-9.1' }),
];

const transactions: (TransactionFacts | null)[] = [
  null,
  ...statuses.flatMap((status) =>
    pendings.flatMap((pending) =>
      [0, 100, 12900, 14000].flatMap((capturedAmount) =>
        [0, 100].flatMap((refundedAmount) =>
          ['S-1.1', 'S-9.1'].map((chargeId) =>
            transaction({ status, pending, capturedAmount, refundedAmount, chargeId }),
          ),
        ),
      ),
    ),
  ),
];

const policies = (['create', 'publish', 'pay'] as const).flatMap((promptMode) =>
  (['auto', 'manual'] as const).flatMap((captureMode) =>
    [true, false].flatMap((cancelEndsPrompt) =>
      [180, null].map((promptLifetimeSeconds) =>
        policy({ promptMode, captureMode, cancelEndsPrompt, promptLifetimeSeconds }),
      ),
    ),
  ),
);
const prompts: Prompt[] = [
  { is: 'sent' },
  { is: 'unanswered' },
  { is: 'lost' },
  { is: 'none', reason: 'cancelled_before_start' },
  { is: 'unpublished' },
  { is: 'withheld', reason: 'rejected' },
];
const base = situation();
const lastAt = base.readAt - 1000;
const hold = (word: Word | null, left: number | null, endsWith: Word = 'void'): Hold => ({
  word,
  endsWith,
  wait: 1,
  until: left === null ? null : base.readAt + left,
});
const circumstances: Partial<Situation>[] = [
  {},
  { isCancelRequested: true },
  { readAt: base.deadlineAt },
  { readAt: base.deadlineAt, cancelledSince: base.deadlineAt - 200_000 },
  { readAt: base.sendBefore + 400_000 },
  { readAt: base.sendBefore + 400_000, heldSince: null },
  { readAt: base.sendBefore + 400_000, heldSince: base.sendBefore + 300_000, isReset: true },
  { seenIdleAt: base.readAt, isCancelRequested: true },
  { seenIdleAt: base.readAt + 1, isCancelRequested: true },
  { seenIdleAt: base.readAt - 60_000 },
  { reportedEnd: 'failed' },
  { isReset: true, isCancelRequested: true },
  { captures: { count: 1, lastAt, isRefused: true } },
  {
    captures: { count: 3, lastAt, isRefused: false },
    voids: { count: 3, lastAt, isRefused: false },
  },
  { authorisedSince: base.readAt - 60_000 },
  { hold: hold(null, null) },
  { hold: hold(null, 1) },
  { hold: hold(null, -1) },
  { hold: hold(null, -1, 'capture') },
  { hold: hold('capture', -1) },
];

/** Held money: what may be sent, if anything. */
function mayBeSent({ hold: held, readAt }: Situation): Word | null {
  if (held === null) return null;
  const isOver = held.until !== null && held.until <= readAt;
  return held.word ?? (isOver ? held.endsWith : null);
}

/** Why closing as `not_charged` would leave a way for money to move; null if design 5 proves that none is left. */
function wayForMoney(reading: Reading, now: Situation): string | null {
  const { transaction: money, session: shown } = reading;
  const { cancelEndsPrompt, durations, promptMode } = now.policy;
  const lifetime = durations.promptLifetime;
  if (money !== null) {
    if (money.chargeId !== asked.chargeId) return 'it is another payment';
    const isDead = ['voided', 'declined', 'failed'].includes(money.status);
    return isDead && money.pending.length === 0 && money.capturedAmount === 0
      ? null
      : 'a payment lives';
  }
  const isOutlived = (since: number): boolean =>
    lifetime !== null && now.readAt >= since + lifetime;
  if (shown === null) {
    const byMode = promptMode === 'pay' && !now.isReset && now.prompt.is === 'lost';
    const { heldSince } = now;
    const proven =
      byMode ||
      now.prompt.is === 'none' ||
      // Whatever queued while another charge held the terminal began to live when we took it.
      (heldSince !== null && isOutlived(Math.max(now.sendBefore, heldSince) + durations.listLag)) ||
      (now.seenIdleAt !== null && now.readAt >= now.seenIdleAt + durations.listLag);
    return proven ? null : 'a lost session may prompt';
  }
  if (shown.chargeId !== asked.chargeId) return 'it is another session';
  if (shown.transactionId !== null) return 'its transaction was not read';
  if (!shown.isCancelled) return 'the session can be paid';
  const neverPrompted = now.prompt.is === 'unpublished' || now.prompt.is === 'withheld';
  const proven =
    neverPrompted ||
    cancelEndsPrompt ||
    (now.cancelledSince !== null && isOutlived(now.cancelledSince)) ||
    (now.seenIdleAt !== null && now.readAt >= now.seenIdleAt);
  return proven ? null : 'the prompt may live';
}

function violation(reading: Reading, now: Situation, step: Step): string | null {
  const money = reading.transaction;
  switch (step.do) {
    case 'close_captured': {
      const isIn = money !== null && money.chargeId === asked.chargeId && money.capturedAmount > 0;
      const isMoving = money?.pending.some((operation) => operation !== 'refund') === true;
      return isIn && !isMoving && step.capturedAmount === money.capturedAmount
        ? null
        : 'captured without the money';
    }
    case 'close_not_charged':
      return wayForMoney(reading, now);
    case 'capture':
      if (now.hold !== null && mayBeSent(now) !== 'capture') return 'captures what is held';
      return now.isCancelRequested || money?.status !== 'authorised'
        ? 'captures what it must not'
        : null;
    case 'void': {
      const isWanted = now.isCancelRequested || now.captures.isRefused || mayBeSent(now) === 'void';
      return isWanted && money?.status === 'authorised' && money.pending.length === 0
        ? null
        : 'voids what it must not';
    }
    case 'cancel':
      return money === null || money.status === 'initiated'
        ? null
        : 'cancels a payment by its session';
    case 'wait':
      return step.state === 'captured' || step.state === 'not_charged' ? 'waits in an end' : null;
  }
}

describe('the money rules', () => {
  it('hold for every reading under every circumstance', () => {
    let checked = 0;
    const violations: string[] = [];
    const endings = new Set<string>();
    for (const ofPolicy of policies) {
      for (const prompt of prompts) {
        for (const circumstance of circumstances) {
          const now = situation({ policy: ofPolicy, prompt, ...circumstance });
          for (const ofSession of sessions) {
            for (const ofTransaction of transactions) {
              const reading = { session: ofSession, transaction: ofTransaction };
              const step = nextStep(judge(reading, asked), now);
              checked += 1;
              endings.add(step.do);
              const wrong = violation(reading, now, step);
              if (wrong !== null)
                violations.push(`${wrong}: ${JSON.stringify({ reading, now, step })}`);
            }
          }
        }
      }
    }
    process.stdout.write(`${checked} combinations checked\n`);
    expect(violations.slice(0, 3)).toEqual([]);
    expect([...endings].toSorted()).toEqual([
      'cancel', 'capture', 'close_captured', 'close_not_charged', 'void', 'wait',
    ]); // prettier-ignore
  });
});
