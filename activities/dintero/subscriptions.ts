/** Dintero's webhook subscriptions (dossier 5.4): ours is found, or made. */
import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { subscribedEvents } from '../../workflows/subscription.ts';
import type { Dintero } from './charges.ts';

const row = z.object({
  id: z.string().min(1),
  active: z.boolean().optional(),
  config: z.object({ url: z.string() }).catch({ url: '' }),
});
type Row = z.output<typeof row>;

/** The answer's shape is not documented: a bare array, or one in an object. Anything else is unreadable, not empty. */
const listAnswer = z.union([
  z.array(row),
  z
    .record(z.string(), z.unknown())
    .transform((body) => Object.values(body).find((value) => Array.isArray(value)))
    .pipe(z.array(row)),
]);

const path = '/hooks/subscriptions';

/**
 * Lists first, so a subscription that is there is never made twice, and one that an answer got lost of is found by the
 * next look. Of several for our address one is left: those that an earlier secret has made go when the new one is there.
 */
export async function keepSubscription(
  dintero: Dintero,
  { timeoutMs }: { timeoutMs: number },
): Promise<'found' | 'made' | 'not_wanted'> {
  const { client, config } = dintero;
  const { publicUrl, webhookSecret = null } = config;
  if (publicUrl === null || webhookSecret === null) return 'not_wanted';
  const url = addressOf(publicUrl, webhookSecret);
  const call = { at: 'account', timeoutMs } as const;
  const listed = await client.call({
    ...call,
    what: 'list the webhook subscriptions',
    kind: 'read',
    method: 'GET',
    path,
    answer: listAnswer,
  });
  const live = listed.filter((one) => one.config.url === url && one.active !== false);
  const [kept] = live;
  if (kept === undefined) {
    await client.call({
      ...call,
      what: 'make the webhook subscription',
      kind: 'move',
      method: 'POST',
      path,
      body: {
        config: { url, content_type: 'application/json', secret: webhookSecret },
        events: [...subscribedEvents],
      },
      answer: z.unknown(),
    });
  }
  const isOurs = ({ config: { url: other } }: Row): boolean => isMadeFor(publicUrl, other);
  for (const { id } of listed.filter((one) => one !== kept && isOurs(one))) {
    await remove(dintero, id, timeoutMs);
  }
  return kept === undefined ? 'made' : 'found';
}

async function remove({ client }: Dintero, id: string, timeoutMs: number): Promise<void> {
  try {
    await client.call({
      at: 'account',
      timeoutMs,
      what: 'delete an old webhook subscription',
      kind: 'move',
      method: 'DELETE',
      path: `${path}/${encodeURIComponent(id)}`,
      answer: z.unknown(),
    });
  } catch (error) {
    const isGone = error instanceof ApplicationFailure && error.type === 'DinteroRejected';
    if (!isGone) throw error;
  }
}

const eventsAddress = (publicUrl: string): string =>
  `${publicUrl.replace(/\/+$/, '')}/webhooks/dintero/events`;

/**
 * Dintero does not tell which secret a subscription has. Its address does, by some characters of a digest: a new secret
 * is a new address, so that it is made anew, and no state of our own can be wrong about it.
 */
function addressOf(publicUrl: string, secret: string): string {
  const digest = createHash('sha256').update(`kvitt webhook ${secret}`).digest('hex');
  return `${eventsAddress(publicUrl)}?secret=${digest.slice(0, 8)}`;
}

/** By Kvitt, with whatever secret. What a person has made for the same address stays. */
function isMadeFor(publicUrl: string, url: string): boolean {
  const [address, query = ''] = url.split('?');
  return address === eventsAddress(publicUrl) && /^secret=[0-9a-f]{8}$/.test(query);
}
