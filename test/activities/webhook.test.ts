/** One delivery to the retailer's system: what is signed, what counts as taken, and where it never goes. */
import { randomBytes } from 'node:crypto';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo, LookupFunction } from 'node:net';
import { ApplicationFailure } from '@temporalio/common';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDelivery, type WebhookConfig } from '../../activities/webhook.ts';
import type { RetailerEvent } from '../../workflows/retailer-events.ts';
import { startReceiver, type Receiver } from '../receiver.ts';

const secret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const secrets = [secret(), secret()];
const event: RetailerEvent = {
  id: 'msg_run_1',
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

describe('a receiver that misbehaves', () => {
  it('is read no further than its status', async () => {
    const endless = createServer((_req, res) => {
      const more = (): void => {
        while (!res.destroyed && res.write(Buffer.alloc(65_536)));
      };
      res.writeHead(200).on('drain', more).on('error', more);
      more();
    }).listen(0, '127.0.0.1');
    await once(endless, 'listening');
    const { port } = endless.address() as AddressInfo;
    const config = { secrets, allowPrivate: true, timeoutMs: 60_000 };
    const deliver = createDelivery({ ...config, url: `http://127.0.0.1:${port}/` });
    try {
      // The second one finds nothing that the first one has left.
      for (let count = 0; count < 2; count += 1) {
        const asked = once(endless, 'request') as Promise<[unknown, ServerResponse]>;
        const delivered = deliver(event);
        const [, res] = await asked;
        const closed = once(res, 'close');
        await expect(delivered).resolves.toBeUndefined();
        await closed;
      }
    } finally {
      endless.closeAllConnections();
      endless.close();
    }
  });

  it('whose DNS hangs is looked up once at a time, by whichever deliveries', async () => {
    const asked: Parameters<LookupFunction>[] = [];
    const lookup = vi.spyOn(dns, 'lookup');
    lookup.mockImplementation(((...of: Parameters<LookupFunction>) => asked.push(of)) as never);
    syncBuiltinESMExports();
    try {
      const url = receiver.url.replace('127.0.0.1', 'hooks.retailer.test');
      const config = { url, secrets, allowPrivate: true };
      const deliver = createDelivery({ ...config, timeoutMs: 2_000 });
      const impatient = await Promise.allSettled(Array.from({ length: 5 }, () => deliver(event)));
      expect(impatient.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
      expect(asked).toHaveLength(1);
      const delivered = deliver(event);
      expect(asked).toHaveLength(1);
      const address = { address: '127.0.0.1', family: 4 };
      asked[0]?.[2](null, [address]);
      await expect(delivered).resolves.toBeUndefined();
      expect(receiver.asked).toHaveLength(1);

      // An answer holds for those who waited for it.
      const next = deliver(event);
      await expect.poll(() => asked.length).toBe(2);
      asked[1]?.[2](null, [address]);
      await expect(next).resolves.toBeUndefined();
    } finally {
      lookup.mockRestore();
      syncBuiltinESMExports();
    }
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
