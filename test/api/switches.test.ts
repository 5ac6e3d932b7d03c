/**
 * The kill switch, in a namespace of its own: it is one per namespace, and other tests must not be stopped by it. Two
 * Kvitts: the order goes to one api, the other hears of it.
 */
import { Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Kvitt } from '../../scripts/in-process.ts';
import { prepareNamespace } from '../../scripts/namespace.ts';
import { killSwitchId } from '../../workflows/messages.ts';
import { operatorUpdateId } from '../../workflows/operator.ts';
import { switchOff, switchOn, type SwitchRecord } from '../../workflows/switches.ts';
import { saleOf, startHarness } from '../harness.ts';
import { recordHistory } from '../workflows/record-history.ts';

const text = 'Card payments are closed. Take cash.';
const why = 'a test';
const namespace = `switches-${process.pid}`;

let kvitt: Kvitt;
/** Its api is the other one, and the one that is started again. */
let other: Kvitt;

beforeAll(async () => {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  await prepareNamespace({ connection, namespace, log: () => undefined });
  await connection.close();
  [kvitt, other] = await Promise.all([start(), start()]);
}, 60_000);

afterEach(async () => {
  const { body } = await kvitt.ops<SwitchRecord>('GET', '/ops/switches');
  for (const { scope, id } of body.off) await on({ scope, ...(id === null ? {} : { id }) });
});

afterAll(async () => {
  await Promise.all([other.stop(), kvitt.stop()]);
});

async function start(): Promise<Kvitt> {
  return await startHarness({ namespace, deadlineSeconds: 900, promptLifetimeSeconds: 1800 });
}

async function off(target: object, change: object = {}) {
  return await kvitt.ops<SwitchRecord>('POST', '/ops/switch-off', {
    ...target,
    text,
    why,
    ...change,
  });
}

async function on(target: object) {
  return await kvitt.ops<SwitchRecord>('POST', '/ops/switch-on', { ...target, why });
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 20_000;
  while (!(await isTrue())) if (Date.now() > giveUpAt) throw new Error('it never became true');
}

/** The other api has heard of it: within a second, by its next look. */
async function otherRefuses(): Promise<void> {
  await until(async () => (await other.post()).status === 503);
}

async function isKnown({ reference }: { reference: string }): Promise<boolean> {
  return (await kvitt.call('GET', `/charges/${reference}.1`)).status === 200;
}

function problemOf({ status, body }: { status: number; body: object }): unknown[] {
  const { code } = body as { code?: string };
  return [status, code];
}

const killSwitch = () => kvitt.client.workflow.getHandle(killSwitchId);

describe('while all is switched off', () => {
  test('new charges are refused at both apis, leave nothing, and open ones end as they should', async () => {
    const sales = Array.from({ length: 3 }, () => saleOf(kvitt));
    const [paid, declined, cancelled] = sales;
    await Promise.all(sales.map((sale) => kvitt.post(sale)));
    const { status, body } = await off({ scope: 'all' });
    expect([status, body.off]).toMatchObject([
      200,
      [{ scope: 'all', id: null, text, why, by: 'operator' }],
    ]);

    const refused = [saleOf(kvitt), saleOf(kvitt)];
    const first = await fetch(`${kvitt.url}/charges`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(refused[0]),
    });
    expect(Number(first.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await first.json()).toMatchObject({
      status: 503,
      code: 'switched_off',
      detail: text,
      advice: 'ask_for_help',
      safe_to_take_other_payment: false,
    });
    await otherRefuses();
    expect(problemOf(await other.post(refused[1]))).toEqual([503, 'switched_off']);
    expect(await Promise.all(refused.map(isKnown))).toEqual([false, false]);

    await kvitt.simulator.press(paid?.terminal_id ?? '', 'tap');
    await kvitt.simulator.press(declined?.terminal_id ?? '', 'decline');
    await kvitt.call('POST', `/charges/${cancelled?.reference}.1/cancel`);
    const endings = await Promise.all(
      sales.map(async ({ reference }) => await kvitt.ending(`${reference}.1`)),
    );
    expect(endings.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['captured', null],
      ['not_charged', 'declined'],
      ['not_charged', 'cancelled_by_till'],
    ]);
    expect(await kvitt.audit(endings)).toEqual([]);

    expect((await on({ scope: 'all' })).body.off).toEqual([]);
    expect((await kvitt.post(refused[0])).status).toBe(201);
    await until(async () => (await other.post(refused[1])).status === 201);
  });

  test('a request that came before gets its charge, and another request under its id a 422', async () => {
    const sale = saleOf(kvitt);
    const { body } = await kvitt.post(sale);
    await off({ scope: 'all' });
    const again = await kvitt.post(sale);
    expect([again.status, again.body.charge_id]).toEqual([200, body.charge_id]);
    expect((await kvitt.post({ ...sale, amount: 1 })).status).toBe(422);
  });

  test('a cancel that overtakes its start still counts', async () => {
    await off({ scope: 'all' });
    const sale = saleOf(kvitt);
    expect((await kvitt.call('POST', `/charges/${sale.reference}.1/cancel`)).status).toBe(200);
    expect((await kvitt.post(sale)).status).toBe(200);
    expect(await kvitt.ending(`${sale.reference}.1`)).toMatchObject({
      reason: 'cancelled_before_start',
    });
  });

  test('another payment is safe when the attempt before proves it', async () => {
    const sale = saleOf(kvitt);
    await kvitt.post(sale);
    await kvitt.simulator.press(sale.terminal_id, 'decline');
    await kvitt.ending(`${sale.reference}.1`);
    await off({ scope: 'all' });
    const { status, body } = await kvitt.post({ ...sale, attempt: 2 });
    expect([status, body]).toMatchObject([
      503,
      {
        code: 'switched_off',
        safe_to_take_other_payment: true,
        charge: { charge_id: `${sale.reference}.1`, outcome: 'not_charged' },
      },
    ]);
  });

  test('it is counted', async () => {
    const { store_id: id } = saleOf(kvitt);
    await off({ scope: 'store', id });
    const metrics = async (): Promise<string> => await (await fetch(`${other.url}/metrics`)).text();
    await until(async () => (await metrics()).includes('kvitt_switches_off{scope="store"} 1'));
    expect(await metrics()).toContain('kvitt_switches_off{scope="all"} 0');
  });
});

describe('a store or a terminal that is switched off', () => {
  test.each([['store'], ['terminal']] as const)('stops only its own charges: %s', async (scope) => {
    const sale = { ...saleOf(kvitt), store_id: `oslo-${scope}` };
    const id = scope === 'store' ? sale.store_id : sale.terminal_id;
    await off({ scope, id });
    expect(problemOf(await kvitt.post(sale))).toEqual([503, 'switched_off']);
    expect((await kvitt.post()).status).toBe(201);
    expect(problemOf(await on({ scope: 'all' }))).toEqual([409, 'not_possible_now']);
    await on({ scope, id });
    expect((await kvitt.post(sale)).status).toBe(201);
  });

  test('a store that only Dintero could name is stopped before its terminal asks', async () => {
    const { store_id: id, payout_destination_id: _seller, ...sale } = saleOf(kvitt);
    await off({ scope: 'store', id });
    await kvitt.call('POST', '/charges', sale);
    expect(await kvitt.ending(`${sale.reference}.1`)).toMatchObject({ reason: 'switched_off' });
    const { body } = await kvitt.ops('GET', `/ops/charges/${sale.reference}.1`);
    expect(JSON.stringify(body['timeline'])).toContain(text);
    expect(await kvitt.ledgerOf(`${sale.reference}.1`)).toEqual([]);
  });

  test('the widest text is told, and going on step by step is possible', async () => {
    const sale = { ...saleOf(kvitt), store_id: 'stavanger-01' };
    const refusal = async (): Promise<unknown> =>
      ((await kvitt.post(sale)).body as object as { detail: string }).detail;
    await off({ scope: 'terminal', id: sale.terminal_id }, { text: 'the terminal' });
    await off({ scope: 'store', id: sale.store_id }, { text: 'the store' });
    await off({ scope: 'all' }, { text: 'everything' });
    expect(await refusal()).toBe('everything');
    await on({ scope: 'all' });
    expect(await refusal()).toBe('the store');
    await on({ scope: 'store', id: sale.store_id });
    expect(await refusal()).toBe('the terminal');
  });
});

describe('an order', () => {
  test('once more replaces the text; on of what is not off is refused', async () => {
    await off({ scope: 'store', id: 'bergen-02' });
    const { body } = await off({ scope: 'store', id: 'bergen-02' }, { text: 'Back at 14:00.' });
    expect(body.off).toMatchObject([{ id: 'bergen-02', text: 'Back at 14:00.' }]);
    const refusal = await on({ scope: 'store', id: 'bergen-03' });
    expect(problemOf(refusal)).toEqual([409, 'not_possible_now']);
    expect(JSON.stringify(refusal.body)).toContain('store bergen-02');
  });

  test('is on record with name and reason, over the end of the run', async () => {
    await off({ scope: 'all' }, { why: 'fraud' });
    await on({ scope: 'all' });
    expect((await killSwitch().describe()).status.name).toBe('COMPLETED');
    await recordHistory(kvitt.client, { workflowId: killSwitchId, name: 'kill-switch' });
    await until(async () => (await other.post()).status === 201);
    await other.ops('POST', '/ops/switch-off', { scope: 'store', id: 'x', text, why });
    const { body } = await kvitt.ops<SwitchRecord>('GET', '/ops/switches');
    expect(body.log.slice(-3)).toMatchObject([
      { did: 'off', scope: 'all', by: 'operator', why: 'fraud', text },
      { did: 'on', scope: 'all', by: 'operator', text: null },
      { did: 'off', scope: 'store', id: 'x', by: 'operator' },
    ]);
    expect(body.log.length).toBeLessThanOrEqual(20);
  });

  test('stands in the Temporal UI: what is off, since when, by whom and why', async () => {
    await off({ scope: 'store', id: 'bergen-02' }, { why: '[fraud](http://x) | *' });
    const details = await killSwitch().query<{ currentDetails: string }>(
      '__temporal_workflow_metadata',
    );
    const since = /\| store bergen-02 \| \d{4}-[\d-]+T[\d:.]+Z \| operator \|/;
    expect(details.currentDetails).toMatch(since);
    expect(details.currentDetails).toContain(`| \\[fraud\\](http://x) \\| \\* | ${text} |`);
  });

  test.each([
    ['an unknown scope', { scope: 'shop' }, 'scope'],
    ['a store without id', { scope: 'store' }, 'id'],
    ['all with an id', { scope: 'all', id: 'bergen-01' }, 'id'],
    ['a terminal of no form', { scope: 'terminal', id: 'T0003' }, 'id'],
    ['a terminal of another account', { scope: 'terminal', id: 'P90001234-T0003' }, 'id'],
    ['no text', { scope: 'all', text: undefined }, 'text'],
    ['an empty text', { scope: 'all', text: ' ' }, 'text'],
    ['a text of two lines', { scope: 'all', text: 'a\nb' }, 'text'],
    ['a long reason', { scope: 'all', why: 'x'.repeat(201) }, 'why'],
    ['a card number', { scope: 'all', text: 'card 4111 1111 1111 1111' }, 'text'],
    ['a name', { scope: 'all', by: 'kari' }, 'by'],
  ])('with %s is refused', async (_name, order, field) => {
    const answer = await kvitt.ops('POST', '/ops/switch-off', { text, why, ...order });
    expect([answer.status, answer.body]).toMatchObject([400, { errors: [{ field }] }]);
    expect(JSON.stringify(answer.body)).not.toContain('4111');
  });

  test('of two persons at once are both obeyed', async () => {
    const ids = ['a', 'b', 'c', 'd'];
    const answers = await Promise.all(ids.map((id) => off({ scope: 'store', id })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const again = await Promise.all(ids.map((id) => on({ scope: 'store', id })));
    expect(again.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });
});

describe('the switch lives on', () => {
  test('when the workers and an api were stopped and started', async () => {
    await off({ scope: 'all' });
    await kvitt.stopWorkers();
    await other.stop();
    other = await start();
    // No worker is needed to refuse.
    expect(problemOf(await other.post())).toEqual([503, 'switched_off']);
    await kvitt.startWorkers();
    expect((await on({ scope: 'all' })).body.off).toEqual([]);
  });

  test('when somebody terminates it: it stays off, and runs again', async () => {
    await off({ scope: 'all' });
    await killSwitch().terminate('a test');
    await other.stop();
    other = await start();
    expect(problemOf(await other.post())).toEqual([503, 'switched_off']);
    await until(async () => (await killSwitch().describe()).status.name === 'RUNNING');
    expect((await on({ scope: 'all' })).body.off).toEqual([]);
  });

  test('when it is switched on right after its end by hand', async () => {
    await off({ scope: 'all' });
    await off({ scope: 'store', id: 'bergen-01' });
    await killSwitch().terminate('a test');
    expect((await on({ scope: 'all' })).body.off).toMatchObject([{ id: 'bergen-01' }]);
  });
});

describe('an update that comes straight from Temporal', () => {
  const order = { scope: 'all', why } as const;

  async function refusalOf(sent: Promise<unknown>): Promise<string> {
    const err = await sent.then(
      () => null,
      (refusal: unknown) => refusal,
    );
    const { cause } = (err ?? {}) as { cause?: Error };
    return cause?.message ?? '';
  }

  test('cannot switch on, whatever it says of itself', async () => {
    await off({ scope: 'all' });
    const handle = killSwitch();
    expect(await refusalOf(handle.executeUpdate(switchOn, { args: [order] }))).toContain('/ops');
    const named = { ...order, by: 'kari' };
    expect(await refusalOf(handle.executeUpdate(switchOn, { args: [named] }))).toContain('/ops');
    const updateId = operatorUpdateId({ name: 'kari', action: 'switch-on', id: 'x' });
    const sent = handle.executeUpdate(switchOn, { updateId, args: [order] });
    expect(await refusalOf(sent)).toContain('/ops');
    expect(problemOf(await kvitt.post())).toEqual([503, 'switched_off']);
  });

  test('can switch off, without a name', async () => {
    await off({ scope: 'store', id: 'x' });
    await killSwitch().executeUpdate(switchOff, { args: [{ ...order, text }] });
    const { body } = await kvitt.ops<SwitchRecord>('GET', '/ops/switches');
    expect(body.off[1]).toMatchObject({ scope: 'all', by: 'the Temporal UI, no name' });
  });

  test.each([
    ['an unknown field', { ...order, text, by: 'kari' }, 'by'],
    ['no text', { ...order, text: '' }, 'text'],
    ['no reason', { ...order, text, why: undefined }, 'why'],
    ['no id', { ...order, text, scope: 'store' }, 'id'],
    ['a scope of no kind', { ...order, text, scope: 'shop' }, 'scope'],
    ['a card number', { ...order, text: '4111-1111-1111-1111' }, 'card number'],
    ['nothing', null, 'object'],
  ])('is refused with %s', async (_name, sent, said) => {
    await off({ scope: 'store', id: 'x' });
    const update = killSwitch().executeUpdate<unknown, [unknown]>('switchOff', { args: [sent] });
    expect(await refusalOf(update)).toContain(said);
  });
});
