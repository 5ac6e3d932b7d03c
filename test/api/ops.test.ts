/** What operators may order of charges and cases, what is refused and why, and what is recorded of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caseActions, chargeActions } from '../../workflows/actions.ts';
import { unwatched, startCharge, until, type Stage } from '../../scripts/drill/stage.ts';
import { saleOf, startHarness, type ChargeAnswer, type Harness } from '../harness.ts';

const runbookUrl = 'http://localhost:8080/runbook';
let kvitt: Harness;
let stage: Stage;

beforeAll(async () => {
  kvitt = await startHarness({ promptLifetimeSeconds: 36_000, runbookUrl });
  const { client, taskQueue, simulator, stopWorkers } = kvitt;
  stage = { till: kvitt, client, taskQueue, simulator, runbookUrl, stopWorkers };
});
afterAll(async () => {
  await kvitt.stop();
});

interface Refusal {
  code: string;
  detail: string;
  charge?: ChargeAnswer;
  errors?: { field: string }[];
}

interface Shown {
  charge: ChargeAnswer;
  timeline: { source: string; text: string; times: number }[] | null;
  waiting_for: string | null;
  until: string | null;
  actions: { action: string; is_possible: boolean; why_not: string | null }[];
  guidance: { word: string; press: { run: string | null }[] } | null;
  runbook_url: string | null;
}

const why = 'the shop asked';

async function order<Body = ChargeAnswer>(
  chargeId: string,
  action: string,
  input: object = {},
  headers: Record<string, string> = {},
) {
  return await kvitt.ops<Body>('POST', `/ops/charges/${chargeId}/${action}`, input, headers);
}

/** An order that ends its charge, on a machine that may be busy. */
const patiently = { prefer: 'wait=20' };

async function refused(chargeId: string, action: string, input: object = {}): Promise<string> {
  const { status, body } = await order<Refusal>(chargeId, action, input);
  expect({ status, code: body.code }).toEqual({ status: 409, code: 'not_possible_now' });
  return body.detail;
}

async function show(chargeId: string): Promise<Shown> {
  return (await kvitt.ops<Shown>('GET', `/ops/charges/${chargeId}`)).body;
}

/** Approved, and Dintero does not capture by itself. */
async function approved(change: object = {}) {
  const charge = await startCharge(stage, {
    behaviour: { auto_capture_delay_ms: 3_600_000 },
    ...change,
  });
  await until(stage, charge, { state: 'waiting_for_card' });
  await kvitt.simulator.press(charge.terminalId, 'tap');
  await until(stage, charge, { state: 'approved' });
  return charge;
}

async function waiting(asked: Parameters<typeof startCharge>[1] = {}) {
  const charge = await startCharge(stage, asked);
  await until(stage, charge, { state: 'waiting_for_card' });
  return charge;
}

describe('what an operator sees', { concurrent: true }, () => {
  it('is the timeline with its sources, what is waited for, what may be done and why not the rest', async ({
    expect,
  }) => {
    const { chargeId } = await waiting({ durations: unwatched });
    const patience = { timeout: 10_000 };
    await expect.poll(async () => (await show(chargeId)).waiting_for, patience).toBe('the card');
    const shown = await show(chargeId);
    expect(shown.timeline?.map(({ source, text }) => `${source}: ${text}`)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^till: asked for NOK 129\.00 at T90001234-T\d{4}$/) as string,
        'kvitt: the session was created, the terminal asks',
      ]),
    );
    expect(Date.parse(shown.until ?? '')).toBeGreaterThan(Date.now() - 5_000);
    const possible = shown.actions.filter((one) => one.is_possible).map(({ action }) => action);
    expect(possible).toEqual(['read', 'cancel', 'note']);
    const all = shown.actions.map(({ action }) => action).toSorted();
    expect(all).toEqual(Object.keys(chargeActions).toSorted());
    const unexplained = shown.actions.filter((one) => !one.is_possible && one.why_not === null);
    expect(unexplained).toEqual([]);
  });

  it('is true without a worker, and says that the timeline is missing', async () => {
    const lonely = await startHarness();
    const sale = saleOf(lonely);
    await lonely.post(sale);
    await lonely.stopWorkers();
    const { status, body } = await lonely.ops<Shown & { timeline_missing: string }>(
      'GET',
      `/ops/charges/${sale.reference}.1`,
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ charge: { state: 'waiting_for_card' }, timeline: null });
    expect(body.timeline_missing).toContain('No worker answers');
    await lonely.stop();
  });

  it('names the section of the runbook, with commands that can be typed', async () => {
    const { chargeId } = await startCharge(stage, {
      settings: { deadlineSeconds: 600, attentionSeconds: 1, promptLifetimeSeconds: null },
      faults: [{ endpoint: 'create_session', do: 'reset_before' }],
    });
    await until(stage, { chargeId, terminalId: '' }, { needs_attention: 'session_lost' });
    const { guidance, runbook_url } = await show(chargeId);
    expect(guidance?.word).toBe('session_lost');
    expect(runbook_url).toBe(`${runbookUrl}#session_lost`);
    const runs = guidance?.press.map(({ run }) => run) ?? [];
    expect(runs[0]).toBe(`npx kvitt close ${chargeId} --terminal-seen-idle --why "<why>"`);
  });
});

describe('orders', { concurrent: true }, () => {
  it('capture takes reserved money at once, and is recorded with name and reason', async () => {
    const { chargeId } = await approved();
    const { status, body } = await order(chargeId, 'capture', { why }, patiently);
    expect({ status, outcome: body.outcome }).toEqual({ status: 200, outcome: 'captured' });
    const told = (await show(chargeId)).timeline?.map(({ source, text }) => `${source}: ${text}`);
    expect(told).toContain(`operator: operator: capture, "${why}"`);
    expect(await kvitt.audit([body])).toEqual([]);
  });

  it('void releases reserved money: nothing is charged', async () => {
    const { chargeId } = await approved();
    const { body } = await order(chargeId, 'void', { why }, patiently);
    expect(body).toMatchObject({ outcome: 'not_charged', reason: 'voided' });
    const kinds = (await kvitt.ledgerOf(chargeId)).map(({ kind }) => kind);
    expect(kinds).not.toContain('capture');
  });

  it('cancel stops a prompt', async () => {
    const { chargeId } = await waiting();
    const { body } = await order(chargeId, 'cancel', { why }, patiently);
    expect(body).toMatchObject({ outcome: 'not_charged', reason: 'cancelled_by_till' });
  });

  it('free lets the next charge have the terminal, and this one is followed further', async () => {
    const charge = await startCharge(stage, {
      settings: { promptLifetimeSeconds: null, cancelEndsPrompt: false },
      faults: [{ endpoint: 'create_session', do: 'reset_before' }],
    });
    await until(stage, charge, { needs_attention: 'session_lost' });
    const next = { ...saleOf(kvitt), terminal_id: charge.terminalId };
    const busy = await kvitt.post(next, { prefer: 'wait=5' });
    expect(busy.body).toMatchObject({ reason: 'terminal_busy', held_by: charge.chargeId });
    await order(charge.chargeId, 'free', { terminal_seen_idle: true, why });
    const free = await kvitt.post({ ...next, reference: kvitt.freshReference() });
    expect(free.body.state).toBe('waiting_for_card');
    const { body } = await kvitt.call('GET', `/charges/${charge.chargeId}`);
    expect(body).toMatchObject({ state: 'checking', needs_attention: 'session_lost' });
    expect(await refused(charge.chargeId, 'free', { terminal_seen_idle: true, why })).toContain(
      'does not hold the terminal',
    );
  });

  it('note is written down, and a card number in it is not', async () => {
    const { chargeId } = await waiting();
    await order(chargeId, 'note', { text: 'phoned the shop' });
    const bad = await order<Refusal>(chargeId, 'note', { text: 'card 4111 1111 1111 1111' });
    expect(bad).toMatchObject({ status: 400, body: { errors: [{ field: 'text' }] } });
    const history = await kvitt.client.workflow.getHandle(`charge/${chargeId}`).fetchHistory();
    expect(JSON.stringify(history)).not.toContain('4111 1111 1111 1111');
    const told = (await show(chargeId)).timeline?.map(({ text }) => text);
    expect(told).toContain('operator: note, "phoned the shop"');
  });

  it('recover follows a lost charge at once', async () => {
    const { chargeId, terminalId } = await waiting();
    await kvitt.client.workflow.getHandle(`charge/${chargeId}`).terminate('a test');
    await until(stage, { chargeId, terminalId }, { needs_attention: 'workflow_lost' });
    expect(await refused(chargeId, 'read')).toContain('recover it first');
    const { body } = await order(chargeId, 'recover', { why });
    expect(body.needs_attention).toBeNull();
    await kvitt.simulator.press(terminalId, 'tap');
    expect(await kvitt.ending(chargeId)).toMatchObject({ outcome: 'captured' });
    const told = (await show(chargeId)).timeline?.map(({ text }) => text) ?? [];
    expect(told).toContain(`operator: recover, "${why}"`);
    // By the till, once.
    expect(told.filter((text) => text.startsWith('asked for'))).toHaveLength(1);
  });

  it('recover reads an ended charge again: what Dintero shows counts', async () => {
    const { chargeId, terminalId } = await waiting();
    await kvitt.simulator.press(terminalId, 'tap');
    const { transaction_id: transactionId } = await kvitt.ending(chargeId);
    // Nobody is told of what happens in the Backoffice.
    const silent = { endpoint: 'callback', do: 'drop', times: 0 };
    await kvitt.simulator.fault({ ...silent, match: { merchant_reference: chargeId } });
    await kvitt.simulator.backoffice(transactionId ?? '', 'refund', 100);
    await order(chargeId, 'recover', { why });
    const found = await until(
      stage,
      { chargeId, terminalId },
      { needs_attention: 'case_open', outcome: 'captured' },
    );
    expect(found.case_kind).toBe('refunded_outside');
  });
});

describe('what the money rules forbid is refused, with the way out', { concurrent: true }, () => {
  it('capture of what nobody wants any more', async () => {
    const { chargeId } = await approved({
      faults: [{ endpoint: 'void', do: { kind: 'status', status: 422 }, times: 3 }],
    });
    await kvitt.call('POST', `/charges/${chargeId}/cancel`, {}, { prefer: 'wait=0' });
    expect(await refused(chargeId, 'capture', { why })).toContain('void it');
  });

  it.each(['capture', 'void'])('%s where no money is reserved', async (action) => {
    const { chargeId } = await waiting();
    expect(await refused(chargeId, action, { why })).toContain('no reserved money');
  });

  it('close and free while the terminal asks for the card', async () => {
    const { chargeId } = await waiting();
    const evidence = { terminal_seen_idle: true, why };
    expect(await refused(chargeId, 'close', evidence)).toContain('cancel it');
    expect(await refused(chargeId, 'free', evidence)).toContain('cancel');
  });

  it('close on evidence that Dintero contradicts leaves the charge open', async () => {
    const charge = await startCharge(stage, {
      settings: { promptLifetimeSeconds: null, cancelEndsPrompt: false },
      faults: [{ endpoint: 'create_session', do: 'reset_after' }, listEmpty],
      behaviour: { auto_capture_delay_ms: 3_600_000 },
    });
    await until(stage, charge, { needs_attention: 'session_lost' });
    // The customer pays while the operator says that nothing is there.
    await kvitt.simulator.press(charge.terminalId, 'tap');
    const { body } = await order(charge.chargeId, 'close', { terminal_seen_idle: true, why });
    expect(body.outcome).not.toBe('not_charged');
    await until(stage, charge, { state: 'approved' });
    await order(charge.chargeId, 'capture', { why });
    expect(await kvitt.ending(charge.chargeId)).toMatchObject({ outcome: 'captured' });
  });

  it('anything about a charge that has ended', async () => {
    const { chargeId } = await waiting();
    await order(chargeId, 'cancel', { why }, patiently);
    const { status, body } = await order<Refusal>(chargeId, 'read');
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'not_possible_now' });
    expect(body.detail).toContain('has ended as not_charged');
    expect(body.charge).toMatchObject({ charge_id: chargeId, safe_to_take_other_payment: true });
  });

  it.each([
    ['capture', {}, 'why'],
    ['capture', { why: '' }, 'why'],
    ['capture', { why, amount: 5 }, 'amount'],
    ['close', { why, terminal_seen_idle: false }, 'terminal_seen_idle'],
    ['close', { why }, 'terminal_seen_idle'],
    ['read', { why }, 'why'],
    ['note', { text: 'x'.repeat(201) }, 'text'],
  ])('%s with %o names the field %s', async (action, input, field) => {
    const { status, body } = await order<Refusal>('S-nobody.1', action, input);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' });
    expect(body.errors?.map((error) => error.field)).toContain(field);
  });

  it('an unknown charge is not known, and an unknown action is no route', async () => {
    expect((await order('S-nobody.1', 'read')).status).toBe(404);
    expect((await order('S-nobody.1', 'terminate')).status).toBe(404);
  });
});

/** The lost create's session is in no list while this holds. */
const listEmpty = {
  endpoint: 'list_transactions',
  do: { kind: 'list_lag', ms: 3_600_000 },
  times: 0,
};

describe('an order that did not come through /ops', { concurrent: true }, () => {
  const direct = async (chargeId: string, name: string, input: object, updateId?: string) =>
    await kvitt.client.workflow
      .getHandle(`charge/${chargeId}`)
      .executeUpdate(name, { args: [input], ...(updateId === undefined ? {} : { updateId }) });

  it.each(['capture', 'void', 'close', 'free'])('%s is refused: it needs a name', async (name) => {
    const { chargeId } = await waiting();
    const input = { why, by: 'somebody', terminal_seen_idle: true };
    await expect(direct(chargeId, name, input)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('needs your name') as string },
    });
  });

  it('is taken without a name where nothing is lost by it', async () => {
    const { chargeId } = await waiting();
    await direct(chargeId, 'read', {});
    await direct(chargeId, 'note', { text: 'from the Temporal UI' });
    const told = (await show(chargeId)).timeline?.map(({ source, text }) => `${source}: ${text}`);
    expect(told).toContain('Temporal: somebody in the Temporal UI: note, "from the Temporal UI"');
    await direct(chargeId, 'cancel', {});
    expect(await kvitt.ending(chargeId)).toMatchObject({ reason: 'cancelled_by_till' });
  });

  it('brings no evidence by a cancel either', async () => {
    const { chargeId } = await waiting();
    const evidence = { by: 'somebody', terminal_seen_idle: true };
    await expect(direct(chargeId, 'cancel', evidence)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('evidence needs a name') as string },
    });
  });

  it('with garbage parks nothing', async () => {
    const { chargeId } = await waiting({ durations: unwatched });
    for (const input of [null, 7, 'x', [], { text: 4 }]) {
      await expect(direct(chargeId, 'note', input as object)).rejects.toThrow(
        /failed|printable|not known|missing/i,
      );
    }
    await order(chargeId, 'cancel', { why });
    expect(await kvitt.ending(chargeId)).toMatchObject({ outcome: 'not_charged' });
  });
});

describe('a case', { concurrent: true }, () => {
  /** A payment that was faster than its cancel. */
  async function raced(): Promise<{ chargeId: string; transactionId: string }> {
    const silent = [{ endpoint: 'callback', do: 'drop', times: 0 }];
    const charge = await waiting({ durations: unwatched, faults: silent });
    await kvitt.simulator.press(charge.terminalId, 'tap');
    await kvitt.call('POST', `/charges/${charge.chargeId}/cancel`, {});
    const { transaction_id } = await until(stage, charge, { needs_attention: 'case_open' });
    return { chargeId: charge.chargeId, transactionId: transaction_id ?? '' };
  }

  async function settle(transactionId: string, input: object) {
    return await kvitt.ops<Refusal & Record<string, unknown>>(
      'POST',
      `/ops/cases/${transactionId}/settle`,
      input,
    );
  }

  it('is kept, and the charge is paid', async () => {
    const { chargeId, transactionId } = await raced();
    const { status, body } = await settle(transactionId, { as: 'kept', why });
    expect(status).toBe(200);
    expect(body).toMatchObject({ settled_as: 'kept', settled_by: 'operator', settled_why: why });
    expect((await kvitt.call('GET', `/charges/${chargeId}`)).body.advice).toBe('paid');
    expect(await settle(transactionId, { as: 'kept', why })).toMatchObject({ status: 409 });
  });

  it('is refunded only by a refund that Dintero shows, and all of it', async () => {
    const { chargeId, transactionId } = await raced();
    const early = await settle(transactionId, { as: 'refunded', why });
    expect(early).toMatchObject({ status: 409, body: { code: 'not_possible_now' } });
    expect(early.body.detail).toContain('Dintero shows no refund');
    await kvitt.simulator.backoffice(transactionId, 'refund', 900);
    expect((await settle(transactionId, { as: 'refunded', why })).body.detail).toContain(
      'NOK 120.00 still in',
    );
    await kvitt.simulator.backoffice(transactionId, 'refund', 12_000);
    expect((await settle(transactionId, { as: 'kept', why })).body.detail).toContain(
      'all of it refunded',
    );
    const unknown = await settle(transactionId, { as: 'refunded', refund_event: 'none', why });
    expect(unknown.body.detail).toContain('Dintero shows no refund none');
    const { status, body } = await settle(transactionId, { as: 'refunded', why });
    expect(status).toBe(200);
    expect(body).toMatchObject({ settled_as: 'refunded', refunded_amount: 12_900 });
    expect(body['refund_event']).toEqual(expect.any(String));
    const charge = (await kvitt.call('GET', `/charges/${chargeId}`)).body;
    expect(charge).toMatchObject({ outcome: 'captured', advice: 'none', needs_attention: null });
  });

  it('is not settled while Dintero cannot be read, unless it is written off', async () => {
    const { transactionId } = await raced();
    const down = { endpoint: 'get_transaction', do: { kind: 'status', status: 503 }, times: 2 };
    await kvitt.simulator.fault({ ...down, match: { transaction_id: transactionId } });
    expect((await settle(transactionId, { as: 'kept', why })).body.detail).toContain(
      'no readable answer',
    );
    expect((await settle(transactionId, { as: 'written_off', why })).status).toBe(200);
  });

  it('tells its timeline, with every order and refusal', async () => {
    const { transactionId } = await raced();
    await kvitt.ops('POST', `/ops/cases/${transactionId}/note`, { text: 'called the customer' });
    await settle(transactionId, { as: 'refunded', why });
    const { body } = await kvitt.ops<Shown>('GET', `/ops/cases/${transactionId}`);
    expect(body.timeline?.map(({ text }) => text)).toEqual([
      'opened: captured_after_cancel',
      'operator: "called the customer"',
      expect.stringContaining('operator: settle as refunded, refused: Dintero shows no refund'),
    ]);
    const actions = body.actions.map(({ action }) => action).toSorted();
    expect(actions).toEqual(Object.keys(caseActions).toSorted());
  });

  it('is settled by one of two who settle it at once', async () => {
    const { transactionId } = await raced();
    const both = await Promise.all([
      settle(transactionId, { as: 'kept', why }),
      settle(transactionId, { as: 'written_off', why }),
    ]);
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 409]));
  });

  it('is settled by nobody without a name', async () => {
    const { transactionId } = await raced();
    const handle = kvitt.client.workflow.getHandle(`case/${transactionId}`);
    await expect(
      handle.executeUpdate('settle', { args: [{ as: 'kept', why }] }),
    ).rejects.toMatchObject({
      cause: { message: expect.stringContaining('needs your name') as string },
    });
  });
});

describe('no card data', () => {
  it('is in what the Temporal UI shows of a paid charge', async () => {
    const { chargeId, terminalId } = await waiting();
    await kvitt.simulator.press(terminalId, 'tap');
    await kvitt.ending(chargeId);
    const handle = kvitt.client.workflow.getHandle(`charge/${chargeId}`);
    const metadata = JSON.stringify(await handle.query('__temporal_workflow_metadata'));
    const { staticSummary, staticDetails } = await handle.describe();
    const { card } = (
      await kvitt.call<{ card: { masked_pan: string; brand: string } }>(
        'GET',
        `/charges/${chargeId}`,
      )
    ).body;
    const shown = [metadata, staticSummary ?? '', staticDetails ?? ''].join(' ');
    expect(shown).toContain(chargeId);
    expect(shown).not.toContain(card.masked_pan);
    expect(shown).not.toContain(card.brand);
  });
});
