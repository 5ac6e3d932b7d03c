import { describe, expect, it } from 'vitest';
import type { Session } from '../../simulator/records.ts';
import {
  aString,
  callsTo,
  eventually,
  ledgerOf,
  newTerminal,
  paid,
  press,
  prompt,
  request,
  requestToken,
  sessionBody,
  sessionOf,
  startDintero,
  startReceiver,
  transactionOf,
  type Json,
} from './harness.ts';

const terminalPush = { channel: 'push' as const, type: 'terminal' as const };

describe('token', () => {
  it('is a bearer token that says when it ends', async () => {
    const { url } = await startDintero();
    const { status, body } = await requestToken(url);
    expect([status, body['token_type'], body['expires_in']]).toEqual([200, 'Bearer', 14_400]);
  });

  it.each([
    ['401 for a wrong secret', { secret: 'wrong' }, 401],
    ['403 for an audience of another account', { body: { audience: 'x/v1/accounts/T1' } }, 403],
    ['403 for an address of another account', { account: 'T90001235' }, 403],
    ['400 for another grant', { body: { grant_type: 'password' } }, 400],
  ])('answers %s', async (_name, change, status) => {
    const { url } = await startDintero();
    expect((await requestToken(url, change)).status).toBe(status);
  });

  it('is refused with 401 once it has expired, when it is missing or made up', async () => {
    const dintero = await startDintero();
    await dintero.control('PUT', '/behaviour', { token_expires_in: 0 });
    const expired = String((await requestToken(dintero.url)).body['access_token']);
    for (const authorization of ['', `Bearer ${expired}`, 'Bearer x.y.z', dintero.token]) {
      const { status } = await dintero.call('GET', '/v1/sessions/x', undefined, { authorization });
      expect(status).toBe(401);
    }
  });
});

describe('create', () => {
  it('answers with an id and an address, and prompts the terminal', async () => {
    const dintero = await startDintero();
    const body = sessionBody();
    const { status, body: answer } = await dintero.call('POST', '/v1/sessions-profile', body);
    expect(status).toBe(200);
    expect(answer).toEqual({
      id: expect.stringMatching(/^T90001234\.[0-9A-Za-z]{22}$/) as unknown,
      url: expect.stringContaining('/v1/view/T90001234.') as unknown,
    });
    const terminal = await dintero.control('GET', `/terminals/${body.order.store.terminal_id}`);
    expect(terminal.body['prompt']).toMatchObject({
      session_id: answer['id'],
      merchant_reference: body.order.merchant_reference,
      amount: 12900,
      since: aString,
    });
  });

  it('has the same face under both families of addresses', async () => {
    const dintero = await startDintero();
    const v2 = '/v1/accounts/T90001234/payments';
    const { body } = await dintero.call<Session>('POST', `${v2}/sessions-profile`, sessionBody());
    expect(await sessionOf(dintero, body.id)).toMatchObject({ id: body.id });
    expect((await dintero.call('GET', `${v2}/sessions/${body.id}`)).status).toBe(200);
    const other = await dintero.call('GET', `/v1/accounts/T90001235/payments/sessions/${body.id}`);
    expect(other.status).toBe(403);
  });

  it('shows everything sent, and no status', async () => {
    const dintero = await startDintero();
    const body = sessionBody({ autoCapture: false });
    const created = await dintero.call<{ session: Session }>(
      'POST',
      '/v1/sessions-profile?include_session=true',
      body,
    );
    const session = await sessionOf(dintero, created.body.session.id);
    expect(session).toEqual(created.body.session);
    expect(session.order).toEqual(body.order);
    expect(session.metadata['session:profile_id']).toBe(body.profile_id);
    expect(session.events.map((event) => event.name)).toEqual(['INITIATED', 'PAY_LOCK_START']);
    expect(session).not.toHaveProperty('status');
  });

  it.each([
    ['profile_id'],
    ['url.return_url'],
    ['order.amount'],
    ['order.currency'],
    ['order.merchant_reference'],
    ['order.store.id'],
    ['order.store.terminal_id'],
    ['order.store.payout_destination_id'],
  ])('refuses a body without %s, naming it', async (path) => {
    const dintero = await startDintero();
    const body = sessionBody();
    const names = path.split('.');
    const last = names.pop() ?? '';
    let parent = body as unknown as Json;
    for (const name of names) parent = parent[name] as Json;
    Reflect.deleteProperty(parent, last);
    const answer = await dintero.call('POST', '/v1/sessions-profile', body);
    expect(answer.status).toBe(400);
    expect(answer.body['error']).toMatchObject({
      message: 'BAD_REQUEST',
      errors: [{ path, message: aString }],
    });
  });

  it.each([0, -1, 1.5, 2 ** 31])('refuses the amount %s', async (amount) => {
    const dintero = await startDintero();
    const answer = await dintero.call('POST', '/v1/sessions-profile', sessionBody({ amount }));
    expect(answer.status).toBe(400);
  });

  it('refuses JSON that cannot be read, in the envelope', async () => {
    const { url } = await startDintero();
    const answer = await fetch(`${url}/v1/sessions-profile`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"order":',
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { message: aString } });
  });

  it('accepts a reference that was used before, and ignores an Idempotency-Key', async () => {
    const dintero = await startDintero();
    const headers = { 'idempotency-key': 'one' };
    const ids = await Promise.all(
      [newTerminal(), newTerminal()].map(async (terminal) => {
        const body = sessionBody({ reference: 'S-1', terminal });
        return (await dintero.call('POST', '/v1/sessions-profile', body, headers)).body['id'];
      }),
    );
    expect(new Set(ids).size).toBe(2);
  });

  it('checks the sum of the items only where strict-session-amounts is on', async () => {
    const dintero = await startDintero();
    const loose = sessionBody();
    loose.order.items = [{ amount: 1 }];
    const strict = { 'dintero-feature-toggles': 'strict-session-amounts' };
    const refused = await dintero.call('POST', '/v1/sessions-profile', loose, strict);
    const accepted = await dintero.call('POST', '/v1/sessions-profile', loose);
    expect([refused.status, accepted.status]).toEqual([400, 200]);
  });

  it.each([
    ['is unknown', 'T90001234-X1', {}],
    ['is INACTIVE', newTerminal(), { status: 'INACTIVE' }],
    ['is of another store', newTerminal(), { store_id: 'oslo-01' }],
    ['is of another seller', newTerminal(), { payout_destination_id: 'seller-1' }],
  ])('refuses a terminal that %s', async (_name, terminal, settings) => {
    const dintero = await startDintero();
    await dintero.control('PUT', `/terminals/${terminal}`, settings);
    const answer = await dintero.call('POST', '/v1/sessions-profile', sessionBody({ terminal }));
    expect(answer.status).toBe(400);
  });
});

describe('prompt', () => {
  it.each([
    ['create', undefined, true],
    ['create', [], true],
    ['publish', undefined, false],
    ['publish', [terminalPush], true],
    ['pay', [terminalPush], false],
  ] as const)('in mode %s with publish %j is live at creation: %s', async (mode, publish, live) => {
    const dintero = await startDintero({ prompt: mode });
    const { terminal } = await prompt(dintero, {
      ...(publish !== undefined && { publish: [...publish] }),
    });
    const { body } = await dintero.control('GET', `/terminals/${terminal}`);
    expect(body['prompt'] !== null).toBe(live);
  });

  it.each(['skipped', 'failed'])('is not started when publishing is %s', async (status) => {
    const dintero = await startDintero({ prompt: 'publish' });
    await dintero.control('PUT', '/behaviour', { publish_status: status });
    const body = sessionBody({ publish: [terminalPush] });
    const answer = await dintero.call('POST', '/v1/sessions-profile', body);
    expect(answer.body['publish']).toEqual([{ ...terminalPush, id: aString, status }]);
    const terminal = await dintero.control('GET', `/terminals/${body.order.store.terminal_id}`);
    expect(terminal.body['prompt']).toBeNull();
  });

  it('is started once by pay, which is refused while it is live and after a payment', async () => {
    const dintero = await startDintero({ prompt: 'pay' });
    const { id, terminal } = await prompt(dintero);
    const pay = async (): Promise<number> => {
      const body = { payment_product_type: 'seitatech.in_person' };
      return (await dintero.call('POST', `/v1/sessions/${id}/pay`, body)).status;
    };
    expect(await pay()).toBe(200);
    expect(await pay()).toBe(400);
    await press(dintero, terminal, 'tap');
    expect(await pay()).toBe(400);
  });

  it.each([
    ['reject', 400, ['session_created', 'prompt_started'], ['session_refused:terminal_busy']],
    [
      'queue',
      200,
      ['session_created', 'prompt_started', 'prompt_ended:cancelled_by_api', 'cancelled'],
      ['session_created', 'prompt_queued', 'prompt_started'],
    ],
    [
      'replace',
      200,
      ['session_created', 'prompt_started', 'prompt_ended:replaced', 'cancelled'],
      ['session_created', 'prompt_started'],
    ],
  ])('on a terminal in use, in mode %s', async (mode, status, first, second) => {
    const dintero = await startDintero();
    await dintero.control('PUT', '/behaviour', { second_session: mode });
    const { id, terminal, reference } = await prompt(dintero);
    const body = sessionBody({ terminal });
    const answer = await dintero.call('POST', '/v1/sessions-profile', body);
    if (status === 200) await dintero.call('POST', `/v1/sessions/${id}/cancel`);
    expect(answer.status).toBe(status);
    expect((await ledgerOf(dintero, reference)).toSorted()).toEqual(first.toSorted());
    expect(await ledgerOf(dintero, body.order.merchant_reference)).toEqual(second);
  });
});

describe('cancel', () => {
  it('takes the prompt off the terminal and shows who did it', async () => {
    const dintero = await startDintero();
    const { id, terminal, reference } = await prompt(dintero);
    const { status, body } = await dintero.call<Session>('POST', `/v1/sessions/${id}/cancel`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ cancelled_at: aString, cancelled_by: 'simulator' });
    expect(body.events.map((event) => event.name)).toContain('CANCELLED');
    expect((await press(dintero, terminal, 'tap')).status).toBe(409);
    expect(await ledgerOf(dintero, reference)).toEqual([
      'session_created',
      'prompt_started',
      'cancelled',
      'prompt_ended:cancelled_by_api',
    ]);
  });

  it('voids what is authorised', async () => {
    const dintero = await startDintero();
    const { session_id, id } = await paid(dintero, { autoCapture: false });
    await dintero.call('POST', `/v1/sessions/${session_id}/cancel`);
    const { body } = await dintero.call('GET', `/v1/transactions/${id}`);
    expect(body['status']).toBe('AUTHORIZATION_VOIDED');
  });

  it('voids what is only initiated', async () => {
    const dintero = await startDintero();
    await dintero.control('PUT', '/behaviour', { initiated_visible: true });
    const { id } = await prompt(dintero);
    expect(await transactionOf(dintero, id)).toMatchObject({ status: 'INITIATED' });
    await dintero.call('POST', `/v1/sessions/${id}/cancel`);
    expect(await transactionOf(dintero, id)).toMatchObject({ status: 'AUTHORIZATION_VOIDED' });
  });

  it('is refused with 400 when the money is captured', async () => {
    const dintero = await startDintero();
    const { session_id } = await paid(dintero, { autoCapture: true });
    const answer = await dintero.call('POST', `/v1/sessions/${session_id}/cancel`);
    expect(answer.status).toBe(400);
    expect(await sessionOf(dintero, session_id)).not.toHaveProperty('cancelled_at');
  });

  it.each([200, 400])('of a cancelled session answers %s as the behaviour says', async (status) => {
    const dintero = await startDintero();
    await dintero.control('PUT', '/behaviour', { cancel_again: status });
    const { id } = await prompt(dintero);
    await dintero.call('POST', `/v1/sessions/${id}/cancel`);
    expect((await dintero.call('POST', `/v1/sessions/${id}/cancel`)).status).toBe(status);
  });

  it.each([
    [false, 'AUTHORIZATION_VOIDED', ['authorised', 'voided:dintero:cancelled-session'], 'VOID'],
    [true, 'CAPTURED', ['authorised', 'captured:dintero:auto-capture'], null],
  ])(
    'leaves a deaf device prompting; an approval then (paid anyway: %s) ends %s, and is called back',
    async (paidAnyway, status, money, news) => {
      const dintero = await startDintero();
      const receiver = await startReceiver();
      const behaviour = { cancel_ends_prompt: false, paid_anyway: paidAnyway };
      await dintero.control('PUT', '/behaviour', behaviour);
      const callback = `${receiver.url}/?report_event=VOID`;
      const { id, terminal, reference } = await prompt(dintero, { callback });
      await dintero.call('POST', `/v1/sessions/${id}/cancel`);
      expect((await press(dintero, terminal, 'tap')).status).toBe(200);
      expect(await transactionOf(dintero, id)).toMatchObject({ status });
      expect((await ledgerOf(dintero, reference)).slice(-2)).toEqual(money);
      await eventually(() => expect(receiver.received).toHaveLength(1));
      expect(receiver.received[0]?.url.searchParams.get('event')).toBe(news);
    },
  );

  it('after the approval is refused, or voids it: either order leaves one ending', async () => {
    const dintero = await startDintero();
    await dintero.control('PUT', '/behaviour', { cancel_ends_prompt: false });
    const captured = await paid(dintero, { autoCapture: true });
    const reserved = await paid(dintero, { autoCapture: false });
    const statuses = [];
    for (const { session_id, store } of [captured, reserved]) {
      statuses.push((await dintero.call('POST', `/v1/sessions/${session_id}/cancel`)).status);
      expect((await press(dintero, store.terminal_id, 'tap')).status).toBe(409);
    }
    expect(statuses).toEqual([400, 200]);
    expect((await ledgerOf(dintero, captured.merchant_reference)).at(-1)).toMatch(/^captured/);
    expect((await ledgerOf(dintero, reserved.merchant_reference)).at(-1)).toMatch(/^voided/);
  });

  it('answers 404 for a session nobody made, in the envelope', async () => {
    const dintero = await startDintero();
    const { status, body } = await dintero.call('POST', '/v1/sessions/T90001234.x/cancel');
    expect([status, body]).toEqual([404, { error: { message: aString, errors: [] } }]);
  });
});

it('answers 404 in the envelope for an address Dintero does not have', async () => {
  const { url } = await startDintero();
  const { status, body } = await request<Json>(`${url}/v1/nothing`, 'GET');
  expect([status, body]).toEqual([404, { error: { message: aString, errors: [] } }]);
});

it('lists every call with what it named and what it was answered', async () => {
  const dintero = await startDintero();
  const { id, reference, terminal } = await prompt(dintero);
  await dintero.call('POST', `/v1/accounts/T90001234/payments/sessions/${id}/cancel`);
  expect(await callsTo(dintero, 'create_session')).toMatchObject([
    { method: 'POST', path: '/v1/sessions-profile', session_id: id, terminal_id: terminal },
  ]);
  expect(await callsTo(dintero, 'cancel_session')).toMatchObject([
    {
      path: '/v1/accounts/{account_id}/payments/sessions/{id}/cancel',
      merchant_reference: reference,
      status: 200,
      fault: null,
    },
  ]);
});
