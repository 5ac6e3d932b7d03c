/** The access token among many callers, against an endpoint that answers when it is told to. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTokenSource, type TokenSource } from '../../activities/dintero/token.ts';

const lifeSeconds = 3600;
const muchMs = 60_000;

describe('the token source', () => {
  let server: Server;
  let asked: ServerResponse[];
  let tokens: TokenSource;

  beforeEach(async () => {
    asked = [];
    server = createServer((_req, res) => {
      asked.push(res);
      server.emit('asked');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    tokens = createTokenSource({
      checkoutUrl: url,
      apiUrl: url,
      accountId: 'T90001234',
      clientId: 'a',
      clientSecret: 'b',
      profileId: 'p',
      publicUrl: null,
      installation: 'test',
    });
  });

  afterEach(async () => {
    vi.useRealTimers();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });

  function answer(value: string): void {
    asked.pop()?.end(JSON.stringify({ access_token: value, expires_in: lifeSeconds }));
  }

  it('lets nobody wait longer than his own time, whoever asked first', async () => {
    const isAsked = once(server, 'asked');
    const patient = tokens.get(muchMs);
    await isAsked;
    await expect(tokens.get(20)).rejects.toMatchObject({
      type: 'DinteroUnavailable',
      message: 'Could not get an access token: no answer in 20 ms',
    });
    answer('one');
    expect(await patient).toBe('one');
    expect(await tokens.get(20)).toBe('one');
  });

  it('gives the old one while it is renewed early, and then the new one', async () => {
    const isAsked = once(server, 'asked');
    const first = tokens.get(muchMs);
    await isAsked;
    answer('one');
    expect(await first).toBe('one');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + (lifeSeconds * 1000) / 2 });
    const isRenewing = once(server, 'asked');
    expect(await tokens.get(20)).toBe('one');
    await isRenewing;
    expect(await tokens.get(20)).toBe('one');
    answer('two');
    await vi.waitUntil(async () => (await tokens.get(20)) === 'two');
    expect(asked).toEqual([]);
  });
});
