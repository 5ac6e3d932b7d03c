/** Acceptance tests of the dossier (12.4) about the ways by which Dintero's news comes. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isSignedEvent } from '../../api/event-signature.ts';
import { verifySignature } from '../../api/signature.ts';
import { saleOf, startHarness, type ChargeAnswer, type Harness } from '../harness.ts';
import {
  callbackVectors,
  prettyPrinted,
  webhookVectors,
  webhookVectorSecret,
} from '../signature-vectors.ts';
import { connect } from '../simulator/harness.ts';
import { acceptance } from './sentences.ts';

/** Far longer than a test: whatever is found there was told. */
const neverPolls = { pollMin: 600_000, pollMax: 600_000 };
/** Room for a busy machine. */
const sendWindow = 20_000;
const deadlineSeconds = 300 * 50;

/** Nobody polls here. */
let told: Harness;
/** Nobody calls here. */
let silent: Harness;

beforeAll(async () => {
  const pace = { checkEvery: 500, retryFirst: 100, runFor: 3_600_000 };
  [told, silent] = await Promise.all([
    startHarness({ deadlineSeconds, durations: { ...neverPolls, sendWindow }, keeper: pace }),
    startHarness({ deadlineSeconds, durations: { sendWindow }, hasCallbacks: false }),
  ]);
});

afterAll(async () => {
  await Promise.all([told.stop(), silent.stop()]);
});

type Way = 'callback' | 'webhook';

/** A sale whose customer does `button`; nothing comes by the ways that are closed. */
async function play(
  kvitt: Harness,
  { button, closed = [] }: { button: string; closed?: Way[] },
): Promise<ChargeAnswer> {
  const sale = saleOf(kvitt);
  const match = { merchant_reference: `${sale.reference}.1` };
  for (const endpoint of closed) {
    await kvitt.simulator.fault({ endpoint, do: 'drop', times: 0, match });
  }
  const { body } = await kvitt.post(sale);
  await kvitt.until(body.charge_id, ({ state }) => state === 'waiting_for_card');
  await kvitt.simulator.press(sale.terminal_id, button);
  return await kvitt.ending(body.charge_id);
}

/** What is the same of every sale, however it was learnt. */
function stateOf(charge: ChargeAnswer): Partial<ChargeAnswer> {
  const { state, outcome, reason, captured_amount, advice, needs_attention, case_kind } = charge;
  return { state, outcome, reason, captured_amount, advice, needs_attention, case_kind };
}

it('the account is subscribed', async () => {
  const { call } = await connect(told.simulator.url);
  await vi.waitFor(async () => {
    const { body } = await call<unknown[]>('GET', '/v1/accounts/T90001234/hooks/subscriptions');
    expect(body).toHaveLength(1);
  }, 20_000);
});

describe(acceptance[3], () => {
  const endings = [
    ['tap', { state: 'captured', outcome: 'captured', captured_amount: 12900, advice: 'paid' }],
    ['decline', { state: 'not_charged', reason: 'declined', advice: 'try_again' }],
    ['stop', { state: 'not_charged', reason: 'cancelled_by_customer', advice: 'try_again' }],
  ] as const;

  it.concurrent.each(endings)('lead to the same final state after %s', async (button, ending) => {
    const [callback, webhook, all, polling] = await Promise.all([
      play(told, { button, closed: ['webhook'] }),
      play(told, { button, closed: ['callback'] }),
      play(told, { button }),
      play(silent, { button }),
    ]);
    expect(stateOf(all)).toMatchObject(ending);
    expect([callback, webhook, polling].map(stateOf)).toEqual(Array(3).fill(stateOf(all)));
    expect(await told.audit([callback, webhook, all])).toEqual([]);
    const { body } = await told.ops('GET', `/ops/charges/${webhook.charge_id}`);
    expect(JSON.stringify(body)).toContain('Dintero sent an event');
    expect(JSON.stringify(body)).not.toContain('Dintero called');
  });
});

describe(acceptance[8], () => {
  it.each(callbackVectors)('$name passes', ({ url, t, hex, secret, ...call }) => {
    const { hostname, pathname, search } = new URL(url);
    const header = `t=${t},v0-hmac-sha256=${hex}`;
    const signed = { ...call, hostname, pathname, header, query: search.slice(1), nowSeconds: t };
    expect(verifySignature(signed, [secret])).toBe('good');
  });

  it.each(webhookVectors)('$name passes', ({ hex, body }) => {
    const signed = { header: hex, body: Buffer.from(body) };
    expect(isSignedEvent(signed, [webhookVectorSecret])).toBe(true);
  });

  it('W1 fails when it is pretty-printed', () => {
    const signed = { header: webhookVectors[0].hex, body: Buffer.from(prettyPrinted) };
    expect(isSignedEvent(signed, [webhookVectorSecret])).toBe(false);
  });

  it('a stale timestamp is answered 200 and resolved by a read', async () => {
    const sale = saleOf(told);
    const match = { merchant_reference: `${sale.reference}.1` };
    const { simulator } = told;
    await simulator.fault({ endpoint: 'webhook', do: 'drop', times: 0, match });
    await simulator.fault({ endpoint: 'callback', do: 'stale_timestamp', times: 0, match });
    const { body } = await told.post(sale);
    await told.until(body.charge_id, ({ state }) => state === 'waiting_for_card');
    await simulator.press(sale.terminal_id, 'tap');
    expect(await told.ending(body.charge_id)).toMatchObject({ outcome: 'captured' });
    const { control } = await connect(simulator.url);
    const path = `/deliveries?merchant_reference=${match.merchant_reference}`;
    await vi.waitFor(async () => {
      const { deliveries } = (await control<{ deliveries: { state: string }[] }>('GET', path)).body;
      expect(deliveries.map(({ state }) => state)).toContain('delivered');
    });
    const metrics = await (await fetch(`${told.url}/metrics`)).text();
    expect(metrics).toMatch(/kvitt_api_callbacks_total\{kind="stale"\} [1-9]/);
  });
});
