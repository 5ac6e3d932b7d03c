/** One delivery to the retailer's system: what is signed, what counts as taken, and where it never goes. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApplicationFailure } from '@temporalio/common';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDelivery, type WebhookConfig } from '../../activities/webhook.ts';
import type { RetailerEvent } from '../../workflows/retailer-events.ts';
import { startReceiver, type Receiver } from '../receiver.ts';

const secret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const secrets = [secret(), secret()];
const event: RetailerEvent = {
  id: 'msg_run_1_0badcafe',
  body: {
    type: 'charge.captured',
    timestamp: '2026-11-22T09:15:11.000Z',
    data: { charge_id: 'Blåbær-1.1', captured_amount: 12900, currency: 'NOK' },
  },
};

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
beforeEach(() => {
  receiver.asked = [];
  receiver.answer = { status: 200 };
});
afterAll(async () => {
  await receiver.kill();
});

/** Delivers once; the failure, or null when it was taken. */
async function failureOf(change: Partial<WebhookConfig> = {}): Promise<ApplicationFailure | null> {
  const config = { url: receiver.url, secrets, allowPrivate: true, ...change };
  try {
    await createDelivery(config)(event);
    return null;
  } catch (error) {
    if (error instanceof ApplicationFailure) return error;
    throw error;
  }
}

describe('a delivery', () => {
  it('is signed with every live secret, and its body is what was signed', async () => {
    expect(await failureOf()).toBeNull();
    const [request] = receiver.asked;
    const headers = request?.headers as Record<string, string>;
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const one of secrets) {
      expect(new Webhook(one).verify(request?.text ?? '', headers)).toEqual(event.body);
    }
    expect(() => new Webhook(secret()).verify(request?.text ?? '', headers)).toThrow(/signature/);
    expect(headers).toMatchObject({
      'webhook-id': event.id,
      'content-type': 'application/json',
      'user-agent': 'kvitt',
    });
  });

  it.each([200, 201, 204])('is taken by %i', async (status) => {
    receiver.answer = { status };
    expect(await failureOf()).toBeNull();
  });

  it.each([400, 401, 404, 410, 429, 500, 503])('is tried again after %i', async (status) => {
    receiver.answer = { status };
    const failure = await failureOf();
    expect(failure).toMatchObject({ type: 'WebhookNotDelivered', nonRetryable: false });
    expect(failure?.message).toContain(`it answered ${status}`);
  });

  it('does not follow a redirect', async () => {
    receiver.answer = { status: 307, headers: { location: `${receiver.url}/elsewhere` } };
    expect((await failureOf())?.message).toContain('it answered 307');
    expect(receiver.asked.map(({ path }) => path)).toEqual(['/hooks/kvitt']);
  });

  it('waits for an answer only so long', async () => {
    receiver.answer = 'hang';
    expect((await failureOf({ timeoutMs: 50 }))?.message).toContain('no answer in time');
  });

  it('says that nobody listens', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    expect((await failureOf({ url: `http://127.0.0.1:${port}/` }))?.message).toContain(
      'no answer (ECONNREFUSED)',
    );
  });

  it('tells nothing of the secret, the address or the answer', async () => {
    receiver.answer = { status: 500 };
    const failure = await failureOf({ url: `${receiver.url}?token=quiet` });
    const told = JSON.stringify([failure?.message, failure?.details, failure?.cause]);
    for (const unsaid of [...secrets, 'quiet', '127.0.0.1', 'nobody reads']) {
      expect(told).not.toContain(unsaid);
    }
  });

  it('waits when nothing is configured any more', async () => {
    await expect(createDelivery(null)(event)).rejects.toMatchObject({
      type: 'WebhookNotDelivered',
      nonRetryable: false,
      message: expect.stringContaining('WEBHOOK_URL') as string,
    });
  });

  it('makes room: a receiver that hangs holds so many slots and no more', async () => {
    receiver.answer = 'hang';
    const deliver = createDelivery({
      url: receiver.url,
      secrets,
      allowPrivate: true,
      timeoutMs: 1000,
    });
    const all = await Promise.allSettled(Array.from({ length: 103 }, () => deliver(event)));
    const reasons = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []));
    const crowded = reasons.filter(({ message }) => message.includes('100 other deliveries'));
    expect([reasons.length, crowded.length]).toEqual([103, 3]);
    expect(crowded[0]).toMatchObject({ nextRetryDelay: 10_000 });
    receiver.answer = { status: 200 };
    await expect(deliver(event)).resolves.toBeUndefined();
  });
});

describe('an address that is not public', () => {
  const hosts = [
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '[fe80::1]',
    '2130706433',
  ];

  it.each(hosts)('%s is refused', async (host) => {
    const { port } = new URL(receiver.url);
    const failures = await Promise.all(
      ['http', 'https'].map(
        async (scheme) =>
          await failureOf({ url: `${scheme}://${host}:${port}/`, allowPrivate: false }),
      ),
    );
    for (const failure of failures) {
      expect(failure?.message).toContain('private or reserved');
      expect(failure?.nonRetryable).toBe(false);
    }
    expect(receiver.asked).toEqual([]);
  });
});
