import { describe, expect, test } from 'vitest';
import { eventIn, type AccountEvent } from '../../api/event-news.ts';
import { isAgreeing, type News } from '../../api/news.ts';
import { webhookVectors } from '../signature-vectors.ts';
import { chargeRecord } from './api-harness.ts';

const accountId = 'T90001234';
const transaction = {
  id: 'T90001234.t',
  session_id: 'T90001234.s',
  merchant_reference: 'S-1001.1',
  payment_product_type: 'seitatech.in_person',
  status: 'CAPTURED',
};

function read(body: object | string, verdict: News['verdict'] = 'good'): AccountEvent {
  return eventIn(typeof body === 'string' ? body : JSON.stringify(body), {
    verdict,
    accountId,
    installation: 'kvitt',
  });
}

function newsOf(change: object = {}, verdict: News['verdict'] = 'good'): News {
  const event = read(
    {
      account_id: accountId,
      event: 'checkout_transaction',
      event_delivery: 'd-1',
      transaction: { ...transaction, ...change },
    },
    verdict,
  );
  if (event.is !== 'news') throw new Error(`no news: ${event.is}`);
  return event.news;
}

describe('an event', () => {
  test.each([
    ['a ping', { event: 'ping' }, 'ping'],
    ['a settlement', { event: 'settlement_add', settlement: {} }, 'settlement'],
    ['a type that is not known', { event: 'account_store_update' }, 'ignored'],
    ['another account', { event: 'ping', account_id: 'P90001234' }, 'not_ours'],
    [
      'a payment of the web shop',
      {
        event: 'checkout_transaction',
        transaction: { ...transaction, payment_product_type: 'bambora.creditcard' },
      },
      'not_ours',
    ],
    [
      'a payment of another installation',
      {
        event: 'checkout_transaction',
        transaction: { ...transaction, metadata: { ext_kvitt_installation: 'kvitt-2' } },
      },
      'not_ours',
    ],
    ['a reference that is no charge id', webhookVectors[0].body, 'not_ours'],
    ['a payment without a name', { event: 'checkout_authorization' }, 'nameless'],
    ['no type', { account_id: accountId }, 'malformed'],
    ['a list', '[]', 'malformed'],
    ['no JSON', '<html>', 'malformed'],
    ['nothing', '', 'malformed'],
  ])('%s is %s', (_name, body, kind) => {
    expect(read(body).is).toBe(kind);
  });

  test('about a transaction is news of its charge, and no more than a reason to look', () => {
    const { query, ...news } = newsOf();
    expect(news).toEqual({
      chargeId: 'S-1001.1',
      transactionId: 'T90001234.t',
      verdict: 'good',
      report: {
        error: null,
        source: 'webhook',
        session_id: 'T90001234.s',
        transaction_id: 'T90001234.t',
      },
    });
    expect(query.toString()).toBe('transaction_id=T90001234.t');
  });

  test('without a transaction is news by the reference beside it, with its word if it is signed', () => {
    const left = {
      event: 'checkout_authorization',
      session_id: 'T90001234.s',
      merchant_reference: 'S-1001.1',
      error: 'cancelled',
    };
    const report = { error: 'cancelled', source: 'webhook', session_id: 'T90001234.s' };
    expect(read(left)).toMatchObject({ is: 'news', news: { transactionId: null, report } });
    const unsigned = { ...report, error: null, source: 'webhook (unsigned)' };
    expect(read(left, 'unsigned')).toMatchObject({ is: 'news', news: { report: unsigned } });
  });

  test('of this installation, or of one that is not named, is news', () => {
    expect(newsOf({ metadata: { ext_kvitt_installation: 'kvitt' } }).chargeId).toBe('S-1001.1');
    expect(newsOf({ metadata: {} }).chargeId).toBe('S-1001.1');
  });

  test.each([
    ['of another account', { id: 'P90001234.t' }],
    ['that is no text', { id: 7 }],
    ['that is too long', { id: `T90001234.${'t'.repeat(65)}` }],
  ])('names no transaction %s', (_name, change) => {
    expect(newsOf(change).transactionId).toBeNull();
  });

  test('is also about the refund of ours that came last', () => {
    const of = (event_reference: string, event = 'REFUND'): string | undefined =>
      newsOf({ events: [{ event: 'CAPTURE' }, { event, event_reference }] }).refundId;
    expect(of('S-1001.1.R2')).toBe('S-1001.1.R2');
    expect(of('S-1001.1.R2', 'INITIATE_REFUND')).toBe('S-1001.1.R2');
    expect(of('S-1001.1.R2', 'CAPTURE')).toBeUndefined();
    expect(of('S-1001.2.R2')).toBeUndefined();
    expect(of('S-1001.1.R0/x')).toBeUndefined();
    expect(newsOf({ events: 'none' }).refundId).toBeUndefined();
  });
});

describe('an event about a closed charge', () => {
  const updated_at = '2026-11-22T09:15:11.000Z';
  const now = Date.parse(updated_at) + 1000;
  const captured = chargeRecord({ outcome: 'captured', transaction_id: 'T90001234.t', updated_at });
  const notCharged = chargeRecord({ outcome: 'not_charged', updated_at });

  test.each([
    ['INITIATED', true, false],
    ['AUTHORIZED', true, false],
    ['ON_HOLD', true, false],
    ['CAPTURED', true, false],
    ['PARTIALLY_CAPTURED', false, false],
    ['PARTIALLY_REFUNDED', false, false],
    ['REFUNDED', false, false],
    ['AUTHORIZATION_VOIDED', false, true],
    ['DECLINED', false, true],
    ['FAILED', false, true],
    ['UNKNOWN', false, false],
    ['BRAND_NEW', false, false],
  ])('%s agrees with captured: %s, with not_charged: %s', (status, ofCaptured, ofNotCharged) => {
    const news = newsOf({ status });
    expect(isAgreeing(captured, news, now)).toBe(ofCaptured);
    expect(isAgreeing(notCharged, news, now)).toBe(ofNotCharged);
    expect(isAgreeing(captured, news, now + 60_000)).toBe(false);
  });

  test('by another transaction never agrees', () => {
    expect(isAgreeing(captured, newsOf({ id: 'T90001234.u' }), now)).toBe(false);
  });
});
