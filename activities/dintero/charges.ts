/** What a charge sends to Dintero: one function per call. */
import { z } from 'zod';
import type { Item } from '../../workflows/messages.ts';
import type { DinteroClient } from './client.ts';
import type { DinteroConfig } from './config.ts';
import { createdSessionAnswer } from './schemas.ts';

export interface CreateSession {
  sale: {
    chargeId: string;
    reference: string;
    amount: number | null;
    currency: string | null;
    terminalId: string | null;
    storeId: string | null;
    payoutDestinationId: string | null;
  };
  items: Item[] | null;
  autoCapture: boolean;
  publishes: boolean;
  /** ISO 8601. */
  expiresAt: string;
  sendBefore: number;
  timeoutMs: number;
}

/** `POST /sessions-profile` (dossier 2). What the profile could decide is always sent explicitly. */
export async function createSession(
  { client, config }: Dintero,
  ask: CreateSession,
): Promise<{ sessionId: string; isPublished: boolean }> {
  const { sale, items } = ask;
  const callbackUrl = callbackUrlOf(config, ask);
  const created = await client.call({
    what: `create the session of ${sale.chargeId}`,
    kind: 'move',
    method: 'POST',
    path: '/sessions-profile',
    body: {
      profile_id: config.profileId,
      url: {
        // Demanded for online payments; a terminal redirects nobody.
        return_url: `${config.publicUrl ?? 'https://kvitt.invalid'}/returned`,
        ...(callbackUrl === null ? {} : { callback_url: callbackUrl }),
      },
      order: {
        amount: sale.amount,
        currency: sale.currency,
        merchant_reference: sale.chargeId,
        merchant_reference_2: sale.reference,
        ...(items === null ? {} : { items }),
        store: {
          id: sale.storeId,
          terminal_id: sale.terminalId,
          payout_destination_id: sale.payoutDestinationId,
        },
      },
      configuration: {
        channel: 'in_store',
        auto_capture: ask.autoCapture,
        publish: ask.publishes ? [{ channel: 'push', type: 'terminal' }] : [],
      },
      expires_at: ask.expiresAt,
      metadata: { ext_kvitt_installation: config.installation },
    },
    answer: createdSessionAnswer,
    timeoutMs: ask.timeoutMs,
    sendBefore: ask.sendBefore,
  });
  return { sessionId: created.sessionId, isPublished: !ask.publishes || created.isPublished };
}

export interface Dintero {
  client: DinteroClient;
  config: DinteroConfig;
}

/**
 * The charge id is in the path: a callback may come before the create's answer (dossier 5.2). Captures are not reported:
 * with auto-capture the callback itself waits for it, and our own is read back by whoever sent it.
 */
function callbackUrlOf({ publicUrl }: DinteroConfig, { sale }: CreateSession): string | null {
  if (publicUrl === null) return null;
  const options = 'method=POST&report_error=true&report_event=VOID&report_event=REFUND';
  return `${publicUrl}/webhooks/dintero/charges/${sale.chargeId}?${options}`;
}

/** `POST /sessions/{id}/pay` (dossier 8.2): starts the terminal for a session that is already recorded. */
export async function paySession(
  { client }: Dintero,
  ask: { chargeId: string; sessionId: string; sendBefore: number; timeoutMs: number },
): Promise<void> {
  await client.call({
    what: `start the terminal for ${ask.chargeId}`,
    kind: 'move',
    method: 'POST',
    path: `/sessions/${encodeURIComponent(ask.sessionId)}/pay`,
    body: { payment_product_type: 'seitatech.in_person' },
    answer: z.unknown(),
    timeoutMs: ask.timeoutMs,
    sendBefore: ask.sendBefore,
  });
}

/** Cancel, capture and void: what became of them is read back, never taken from their answer, so none is parsed. */
export async function postMove(
  { client }: Dintero,
  ask: { what: string; path: string; body?: object; timeoutMs: number },
): Promise<void> {
  await client.call({ ...ask, kind: 'move', method: 'POST', answer: z.unknown() });
}
