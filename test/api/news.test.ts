import { describe, expect, test } from 'vitest';
import { PerSecond } from '../../api/callbacks.ts';
import { isAgreeing, newsIn } from '../../api/news.ts';
import { accountId, chargeRecord } from './api-harness.ts';

const own = 'transaction_id=T90001234.tx';

describe('isAgreeing', () => {
  const endings = {
    captured: chargeRecord({ outcome: 'captured', transaction_id: 'T90001234.tx' }),
    not_charged: chargeRecord({ outcome: 'not_charged', reason: 'expired' }),
    nothing: chargeRecord({ state: 'checking' }),
  };

  test.each([
    ['captured', own, true],
    ['captured', `${own}&event=CAPTURE&event_id=2`, true],
    ['captured', `${own}&event=REFUND`, false],
    ['captured', `${own}&event=VOID`, false],
    ['captured', `${own}&event=`, false],
    ['captured', `${own}&error=failed`, false],
    ['captured', `${own}&error=capture`, false],
    ['captured', 'transaction_id=T90001234.other', false],
    ['captured', 'transaction_id=P90001234.tx', false],
    ['captured', 'session_id=T90001234.s', false],
    ['not_charged', own, false],
    ['not_charged', `${own}&event=CAPTURE`, false],
    ['not_charged', `${own}&event=REFUND`, false],
    ['not_charged', `${own}&event=VOID`, true],
    ['not_charged', `${own}&error=cancelled`, true],
    ['not_charged', `${own}&error=authorization`, true],
    ['not_charged', 'error=failed', true],
    // An approval whose capture failed: money may be reserved.
    ['not_charged', `${own}&error=capture`, false],
    ['not_charged', `${own}&error=failed&event=CAPTURE`, false],
    ['not_charged', 'session_id=T90001234.s', true],
    ['not_charged', 'transaction_id=of%20no%20form', false],
    ['nothing', own, false],
    ['nothing', 'error=cancelled', false],
  ] as const)('%s is told by %s: %s', (ending, query, isAgreed) => {
    const news = newsIn({ chargeId: 'S-1001.1', query, verdict: 'good', accountId });
    const justNow = Date.parse(endings[ending].updated_at) + 1000;
    expect(isAgreeing(endings[ending], news, justNow)).toBe(isAgreed);
  });

  test('a payment that is told again much later may be a correction', () => {
    const news = newsIn({ chargeId: 'S-1001.1', query: own, verdict: 'good', accountId });
    const later = Date.parse(endings.captured.updated_at) + 3_600_000;
    expect(isAgreeing(endings.captured, news, later)).toBe(false);
  });
});

describe('PerSecond', () => {
  test('lets no more than its number through in any second', () => {
    const perSecond = new PerSecond(2);
    const taken = [0, 400, 999, 1000, 1200, 1400, 1401, 5000].filter((at) => perSecond.take(at));
    expect(taken).toEqual([0, 400, 1000, 1400, 5000]);
  });
});
