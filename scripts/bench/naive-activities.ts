/** The two calls of the naive charge, as short as a tutorial has them. */
import type { NaiveCharge } from './naive-workflow.ts';

export interface NaiveSettings {
  dinteroUrl: string;
  accountId: string;
  clientId: string;
  clientSecret: string;
  profileId: string;
  publicUrl: string;
}

export interface NaiveActivities {
  createSession: (charge: NaiveCharge) => Promise<string>;
  verify: (sessionId: string) => Promise<{ status: string; captured: number }>;
}

export async function createNaiveActivities(settings: NaiveSettings): Promise<NaiveActivities> {
  const { dinteroUrl, accountId, clientId, clientSecret, profileId, publicUrl } = settings;
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const audience = `https://api.dintero.com/v1/accounts/${accountId}`;
  const answer = await fetch(`${dinteroUrl}/accounts/${accountId}/auth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/json' },
    body: JSON.stringify({ grant_type: 'client_credentials', audience }),
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };

  async function read<T>(path: string): Promise<T> {
    const response = await fetch(dinteroUrl + path, { headers });
    if (!response.ok) throw new Error(`Dintero answered ${response.status}`);
    return (await response.json()) as T;
  }

  return {
    createSession: async ({ reference, amount, currency, terminalId }) => {
      const response = await fetch(`${dinteroUrl}/sessions-profile`, {
        method: 'POST',
        headers,
        body: JSON.stringify({
          profile_id: profileId,
          url: {
            return_url: 'https://kvitt.invalid/returned',
            callback_url: `${publicUrl}/callbacks/${reference}?method=POST`,
          },
          order: {
            amount,
            currency,
            merchant_reference: reference,
            store: { id: 'bergen-01', terminal_id: terminalId, payout_destination_id: 'seller-9' },
          },
          configuration: { channel: 'in_store', auto_capture: true },
        }),
      });
      if (!response.ok) throw new Error(`Dintero answered ${response.status}`);
      return ((await response.json()) as { id: string }).id;
    },
    verify: async (sessionId) => {
      const session = await read<{ transaction_id?: string }>(`/sessions/${sessionId}`);
      if (session.transaction_id === undefined) return { status: 'FAILED', captured: 0 };
      const { status, amount } = await read<{ status: string; amount: number }>(
        `/transactions/${session.transaction_id}`,
      );
      return { status, captured: status === 'CAPTURED' ? amount : 0 };
    },
  };
}
