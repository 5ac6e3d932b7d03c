/** Two-phase sales: the money is held for the till's word, which is never lost and done exactly once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chargeWorkflowId, recoveryWorkflowId } from '../../workflows/messages.ts';
import { saleOf, startHarness, type ChargeAnswer, type Harness } from '../harness.ts';
import { recordHistory } from '../workflows/record-history.ts';
import { acceptance } from './sentences.ts';

type Sale = ReturnType<typeof saleOf>;
type Answer = ChargeAnswer & {
  held_until: string | null;
  word: string | null;
  receipt: { number: string } | null;
};
interface Problem {
  code: string;
  detail: string;
  charge?: ChargeAnswer;
}

let kvitt: Harness;

const idOf = ({ reference }: Sale): string => `${reference}.1`;
const own = (sale: Sale): string => chargeWorkflowId(idOf(sale));
const recovery = (sale: Sale): string => recoveryWorkflowId(idOf(sale));

async function say<Body = Answer>(sale: Sale, word: 'capture' | 'void', prefer = 'wait=30') {
  return await kvitt.call<Body>('POST', `/charges/${idOf(sale)}/${word}`, undefined, { prefer });
}

async function receipt(sale: Sale, copy = 'customer'): Promise<[number, string | null, string]> {
  const answer = await fetch(`${kvitt.url}/charges/${idOf(sale)}/receipt?copy=${copy}`);
  return [answer.status, answer.headers.get('receipt-from'), await answer.text()];
}

/** A two-phase sale whose customer taps at once. */
async function tapped(behaviour: object = {}): Promise<Sale> {
  const sale = saleOf(kvitt);
  await kvitt.simulator.terminal(sale.terminal_id, { customer: { action: 'tap' }, behaviour });
  await kvitt.post({ ...sale, capture: 'on_request' });
  return sale;
}

/** And its money waits for the till. */
async function approve(): Promise<{ sale: Sale; held: Answer }> {
  const sale = await tapped();
  const held = await kvitt.until(idOf(sale), ({ state }) => state === 'approved');
  return { sale, held: held as Answer };
}

async function kindsOf(sale: Sale): Promise<string[]> {
  const kinds = (await kvitt.ledgerOf(idOf(sale))).map(({ kind }) => kind);
  return kinds.filter((kind) => ['authorised', 'captured', 'voided'].includes(kind));
}

async function ended(sale: Sale): Promise<ChargeAnswer> {
  const charge = await kvitt.ending(idOf(sale));
  const breaches = await kvitt.audit([charge]);
  expect(breaches.filter((breach) => breach.includes(sale.reference))).toEqual([]);
  return charge;
}

/** The next reading of this charge's transaction takes so long that what happens meanwhile comes before the sending. */
async function slowDown(sale: Sale): Promise<void> {
  const match = { merchant_reference: idOf(sale) };
  const slow = { kind: 'slow', ms: 1000 };
  await kvitt.simulator.fault({ endpoint: 'get_transaction', match, do: slow });
}

async function terminate(sale: Sale): Promise<void> {
  await kvitt.client.workflow.getHandle(own(sale)).terminate('a test');
}

async function recover(sale: Sale): Promise<void> {
  const order = { why: 'a test' };
  await kvitt.ops('POST', `/ops/charges/${idOf(sale)}/recover`, order);
}

/** A run that has forgotten everything but its start; what was ordered is given to it again. */
async function reset(sale: Sale): Promise<void> {
  const handle = kvitt.client.workflow.getHandle(own(sale));
  const [{ runId }, { events }] = await Promise.all([handle.describe(), handle.fetchHistory()]);
  const first = events?.find((event) => event.workflowTaskCompletedEventAttributes);
  await kvitt.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId },
    reason: 'a test',
    workflowTaskFinishEventId: first?.eventId ?? null,
    requestId: crypto.randomUUID(),
  });
}

const captured = { outcome: 'captured', captured_amount: 12900, advice: 'paid' };
const voided = { outcome: 'not_charged', reason: 'voided', safe_to_take_other_payment: true };

describe(acceptance[13], () => {
  beforeAll(async () => {
    kvitt = await startHarness({
      captureMode: 'manual',
      deadlineSeconds: 600,
      holdSeconds: 3000,
      durations: { sendWindow: 20_000 },
    });
  });
  afterAll(async () => {
    await kvitt.stop();
  });

  describe.concurrent(
    'ledger commit fails after approval -> automatic void, no customer action',
    () => {
      it.concurrent(
        'the till says void: the money is released, and another payment is safe',
        async () => {
          const { sale, held } = await approve();
          expect(held).toMatchObject({
            advice: 'capture_or_void',
            safe_to_take_other_payment: false,
            capture: 'on_request',
            word: null,
          });
          expect(Date.parse(held.held_until ?? '')).toBeGreaterThan(Date.now());
          expect(await kindsOf(sale)).toEqual(['authorised']);
          expect((await receipt(sale))[0]).toBe(409);
          expect(await say(sale, 'void')).toMatchObject({
            status: 200,
            body: { ...voided, word: 'void' },
          });
          expect(await kindsOf(sale)).toEqual(['authorised', 'voided']);
          // The terminal's text says that the customer has paid.
          expect(await receipt(sale)).toEqual([
            200,
            'kvitt',
            expect.stringContaining('NOT CHARGED'),
          ]);
          await recordHistory(kvitt.client, { workflowId: own(sale), name: 'held-voided' });
        },
      );

      it.concurrent('the till cancels instead: it is voided, too', async () => {
        const { sale } = await approve();
        await kvitt.call('POST', `/charges/${idOf(sale)}/cancel`, {});
        expect(await ended(sale)).toMatchObject(voided);
        expect(await kindsOf(sale)).toEqual(['authorised', 'voided']);
      });

      it.concurrent(
        'the till has lost its own memory: the same request gets the held charge',
        async () => {
          const { sale } = await approve();
          const again = await kvitt.post({ ...sale, capture: 'on_request' });
          expect(again).toMatchObject({ status: 200, body: { advice: 'capture_or_void' } });
          const other = await kvitt.call<Problem>('POST', '/charges', sale);
          expect(other).toMatchObject({ status: 422, body: { code: 'different_request' } });
          await say(sale, 'void');
        },
      );
    },
  );

  describe.concurrent('ledger commit succeeds', () => {
    it.concurrent('the till says capture: captured once, however often it says so', async () => {
      const { sale } = await approve();
      const [first, second] = await Promise.all([say(sale, 'capture'), say(sale, 'capture')]);
      for (const answer of [first, second, await say(sale, 'capture')]) {
        expect(answer).toMatchObject({ status: 200, body: { ...captured, word: 'capture' } });
      }
      const late = await say<Problem>(sale, 'void');
      expect(late).toMatchObject({ status: 409, body: { code: 'not_possible_now' } });
      expect(late.body.detail).toContain('refund it there');
      expect(await kindsOf(sale)).toEqual(['authorised', 'captured']);
      expect(first.body.receipt?.number).toMatch(/^\d{6}$/);
      const printed = /^CUSTOMER\n[^]*APPROVED[^]*\nKeep this receipt\n$/;
      expect(await receipt(sale)).toEqual([200, 'terminal', expect.stringMatching(printed)]);
      const merchant = await receipt(sale, 'merchant');
      expect(merchant).toEqual([200, 'terminal', expect.stringContaining('MERCHANT')]);
      const match = { merchant_reference: idOf(sale) };
      const away = { endpoint: 'get_transaction', match, do: { kind: 'status', status: 503 } };
      await kvitt.simulator.fault({ ...away, times: 0 });
      expect(await receipt(sale)).toEqual([
        200,
        'kvitt',
        expect.stringContaining('NOK 129.00\nPAID'),
      ]);
      await recordHistory(kvitt.client, { workflowId: own(sale), name: 'held-captured' });
    });

    it.concurrent('only one of capture and void is accepted, whichever is first', async () => {
      const { sale } = await approve();
      const answers = await Promise.all([say(sale, 'capture'), say(sale, 'void')]);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
      const { outcome } = await ended(sale);
      const isCaptured = answers[0].status === 200;
      expect(outcome).toBe(isCaptured ? 'captured' : 'not_charged');
      expect(await kindsOf(sale)).toEqual(['authorised', isCaptured ? 'captured' : 'voided']);
    });

    it.concurrent('an operator may say it in the till’s place', async () => {
      const { sale } = await approve();
      await kvitt.ops('POST', `/ops/charges/${idOf(sale)}/capture`, { why: 'the till is broken' });
      expect(await ended(sale)).toMatchObject({ ...captured, word: 'capture' });
    });
  });

  it.concurrent(
    'money that the terminal takes without a word is a case, until the till wants it',
    async () => {
      const sale = await tapped({ capture_anyway: true });
      const unasked = { case_kind: 'captured_unasked', advice: 'ask_for_help' };
      expect(await ended(sale)).toMatchObject({ ...captured, ...unasked });
      expect(await say(sale, 'void')).toMatchObject({ status: 409 });
      expect(await say(sale, 'capture')).toMatchObject({ status: 200, body: { advice: 'paid' } });
      await recordHistory(kvitt.client, { workflowId: own(sale), name: 'held-captured-unasked' });
    },
  );

  describe.concurrent('a word that does not fit', () => {
    it.concurrent('before the approval capture waits, and void is a cancel', async () => {
      const sale = saleOf(kvitt);
      await kvitt.post({ ...sale, capture: 'on_request' });
      const [capture, release] = [
        await say<Problem>(sale, 'capture'),
        await say<Problem>(sale, 'void'),
      ];
      expect(capture).toMatchObject({ status: 409, body: { charge: { advice: 'wait' } } });
      expect(capture.body.detail).toContain('wait until its state is approved');
      expect(release.body.detail).toContain('POST cancel');
      await kvitt.call('POST', `/charges/${idOf(sale)}/cancel`, {});
      const ends = await say<Problem>(sale, 'capture');
      expect(ends).toMatchObject({
        status: 409,
        body: { charge: { safe_to_take_other_payment: true } },
      });
      expect(await say(sale, 'void')).toMatchObject({ status: 200 });
    });

    it.concurrent('a charge that captures by itself takes none', async () => {
      const sale = saleOf(kvitt);
      await kvitt.post(sale);
      const refused = await say<Problem>(sale, 'capture');
      expect(refused.status).toBe(409);
      expect(refused.body.detail).toContain('without capture: "on_request"');
      await kvitt.call('POST', `/charges/${idOf(sale)}/cancel`, {});
      expect(await kvitt.call('POST', '/charges/S-nobody.1/capture')).toMatchObject({
        status: 404,
      });
    });
  });

  describe.concurrent(
    'crash between approval and capture -> resumed, captured or voided exactly once',
    () => {
      it.concurrent(
        'the workflow is ended while the money is held: its recovery waits for the word',
        async () => {
          const { sale, held } = await approve();
          await terminate(sale);
          await recover(sale);
          const found = await kvitt.until(idOf(sale), ({ advice }) => advice === 'capture_or_void');
          expect(found).toMatchObject({ held_until: held.held_until });
          expect(await say(sale, 'capture')).toMatchObject({ status: 200, body: captured });
          expect(await kindsOf(sale)).toEqual(['authorised', 'captured']);
          await recordHistory(kvitt.client, { workflowId: recovery(sale), name: 'held-recovered' });
        },
      );

      it.concurrent.each(['capture', 'void'] as const)(
        '%s of a charge whose workflow was ended is refused with "wait", and taken when it is sent again',
        async (word) => {
          const { sale } = await approve();
          await terminate(sale);
          const refused = await say<Problem & { advice: string }>(sale, word);
          expect(refused).toMatchObject({
            status: 409,
            body: {
              code: 'not_possible_now',
              advice: 'wait',
              detail: expect.stringContaining('Send the order again') as string,
              charge: { needs_attention: 'workflow_lost' },
            },
          });
          // No sweep, and nobody who orders it: the refused word has started the recovery.
          await expect
            .poll(async () => (await say(sale, word)).status, { timeout: 20_000, interval: 500 })
            .toBe(200);
          expect(await ended(sale)).toMatchObject(word === 'capture' ? captured : voided);
          expect(await kindsOf(sale)).toHaveLength(2);
        },
      );

      it.concurrent.each(['capture', 'void'] as const)(
        '%s was acknowledged, and the workflow is ended: its recovery does it',
        async (word) => {
          const { sale } = await approve();
          await slowDown(sale);
          expect(await say(sale, word, 'wait=0')).toMatchObject({ status: 202, body: { word } });
          await terminate(sale);
          await recover(sale);
          expect(await ended(sale)).toMatchObject(word === 'capture' ? captured : voided);
          expect(await kindsOf(sale)).toHaveLength(2);
        },
      );

      it.concurrent.each(['capture', 'void'] as const)(
        '%s was acknowledged, and the workflow is reset to its start: the new run does it',
        async (word) => {
          const { sale } = await approve();
          await slowDown(sale);
          expect(await say(sale, word, 'wait=0')).toMatchObject({ status: 202, body: { word } });
          await reset(sale);
          expect(await ended(sale)).toMatchObject(word === 'capture' ? captured : voided);
          expect(await kindsOf(sale)).toHaveLength(2);
        },
      );
    },
  );

  it('all workers die: what was held is held, what was said is done once, also if its answer is lost', async () => {
    const held = (await approve()).sale;
    const said = async (lost: string | null): Promise<Sale> => {
      const { sale } = await approve();
      const match = { merchant_reference: idOf(sale) };
      if (lost !== null) await kvitt.simulator.fault({ endpoint: 'capture', match, do: lost });
      await slowDown(sale);
      await say(sale, 'capture', 'wait=0');
      return sale;
    };
    const [before, after, forgotten] = await Promise.all([
      said('reset_before'),
      said('reset_after'),
      said(null),
    ]);
    await kvitt.stopWorkers();
    // Reset, and ended before any worker has seen that.
    await reset(forgotten);
    await terminate(forgotten);
    await kvitt.startWorkers();
    await recover(forgotten);
    expect(await say(held, 'capture')).toMatchObject({ status: 200, body: captured });
    for (const sale of [held, before, after, forgotten]) {
      expect(await ended(sale)).toMatchObject({ ...captured, word: 'capture' });
      expect(await kindsOf(sale)).toEqual(['authorised', 'captured']);
    }
  });

  describe('the word never comes', () => {
    const sales: Partial<Record<'void' | 'capture' | 'late' | 'lost', Sale>> = {};
    let heldUntil: string | null;
    const saleNamed = (name: keyof typeof sales): Sale => {
      const sale = sales[name];
      if (sale === undefined) throw new Error(`no sale ${name}`);
      return sale;
    };
    // The policy is the whole api's: one after the other, and then they are waited for together.
    beforeAll(async () => {
      kvitt.policy.hold = { wait: 3000, endsWith: 'void' };
      const { sale, held } = await approve();
      sales.lost = sale;
      heldUntil = held.held_until;
      await terminate(sale);
      await recover(sale);
      for (const endsWith of ['void', 'capture'] as const) {
        kvitt.policy.hold = { wait: 400, endsWith };
        sales[endsWith] = await tapped();
      }
      kvitt.policy.hold = { wait: 1, endsWith: 'void' };
      sales.late = await tapped();
    });

    it.concurrent.each([
      ['void', voided],
      ['capture', captured],
    ] as const)('the deadline decides: %s', async (endsWith, ending) => {
      const sale = saleNamed(endsWith);
      expect(await ended(sale)).toMatchObject(ending);
      const calls = await kvitt.simulator.calls({ merchant_reference: idOf(sale) });
      expect(calls.filter(({ endpoint }) => endpoint === endsWith)).toHaveLength(1);
      const name = `hold-ended-by-${endsWith}`;
      await recordHistory(kvitt.client, { workflowId: own(sale), name });
    });

    it.concurrent(
      'also when its workflow was ended: the recovery does not begin to wait anew',
      async () => {
        const charge = await ended(saleNamed('lost'));
        expect(charge).toMatchObject({ ...voided, held_until: heldUntil, word: null });
      },
    );

    it.concurrent('and what comes after it is refused with the way out', async () => {
      const sale = saleNamed('late');
      await kvitt.until(idOf(sale), ({ state }) => state !== 'waiting_for_card');
      const late = await say<Problem>(sale, 'capture');
      expect(late).toMatchObject({ status: 409, body: { code: 'not_possible_now' } });
      expect(late.body.detail).toMatch(/next attempt/);
      expect(await ended(sale)).toMatchObject(voided);
    });
  });

  it('is refused where Dintero captures by itself, and a charge that is held already stays known', async () => {
    kvitt.policy.hold = { wait: 60_000, endsWith: 'void' };
    const { sale } = await approve();
    kvitt.policy.captureMode = 'auto';
    const refused = await kvitt.call<Problem>('POST', '/charges', {
      ...saleOf(kvitt),
      capture: 'on_request',
    });
    const hint = expect.stringContaining('CAPTURE_MODE=manual') as string;
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ field: 'capture', hint }] } });
    const known = await kvitt.post({ ...sale, capture: 'on_request' });
    expect(known).toMatchObject({ status: 200, body: { advice: 'capture_or_void' } });
    expect(await say(sale, 'void')).toMatchObject({ status: 200, body: voided });
  });
});
