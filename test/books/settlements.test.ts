/** Dintero's list of settlements: what cannot be read of one is told, and hides no other. */
import { describe, expect, it } from 'vitest';
import type { Dintero } from '../../activities/dintero/charges.ts';
import { listSettlements } from '../../activities/dintero/settlements.ts';

const day = { from: Date.parse('2026-11-22T00:00:00Z'), to: Date.parse('2026-11-23T00:00:00Z') };
const amounts = [{ amount: 99, capture: 100, refund: 0, fee: 1, currency: 'NOK' }];

function accountOf(items: object[]): Dintero {
  const config = { accountId: 'T90001234', profileId: '', publicUrl: null, installation: 'kvitt' };
  const addresses = { checkoutUrl: '', apiUrl: '', clientId: '', clientSecret: '' };
  return {
    client: { call: async ({ answer }) => await Promise.resolve(answer.parse({ items })) },
    config: { ...config, ...addresses },
  };
}

describe(listSettlements, () => {
  it('takes a time without a zone as UTC', async () => {
    const items = [
      { id: 'P1', settled_at: '2026-11-22T00:00:00', start_at: '2026-11-20T10:00:00', amounts },
      { id: 'P2', settled_at: '2026-11-23T00:00:00', amounts },
    ];
    const found = await listSettlements(accountOf(items), day);
    expect(found?.settlements).toMatchObject([
      {
        settlement_id: 'P1',
        settled_at: '2026-11-22T00:00:00.000Z',
        start_at: '2026-11-20T10:00:00.000Z',
        end_at: null,
      },
    ]);
  });

  it('names those that cannot be read, and lists the others', async () => {
    const items = [
      { id: 'P1', settled_at: 'some day', amounts },
      { id: 'P2', settled_at: '2026-11-22T10:00:00Z', amounts: [{ amount: 'a lot' }] },
      { id: 'P3', settled_at: '2026-11-22T10:00:00Z', amounts },
    ];
    const found = await listSettlements(accountOf(items), day);
    expect(found?.unreadable).toEqual(['P1', 'P2']);
    expect(found?.settlements.map((one) => one.settlement_id)).toEqual(['P3']);
  });
});
