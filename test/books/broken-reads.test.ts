/**
 * The books against the ledger, with everything that should have kept them in order broken on purpose: no callback
 * comes, and what a charge reads of its own payment is a lie. What then differs is known from the simulator's ledger
 * and the api's own words alone; the books must find exactly that.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reading } from '../../activities/dintero/facts.ts';
import type { Activities } from '../../activities/index.ts';
import type { LedgerEntry } from '../../scripts/dintero-simulator.ts';
import type { BooksInput, Report } from '../../workflows/books.ts';
import { createRandom } from '../../scripts/chaos/random.ts';
import { saleOf, startHarness, type ChargeAnswer, type Harness } from '../harness.ts';
import { noonZone, today } from './noon.ts';

/** Another run: `BOOKS_SEED=7 BOOKS_SALES=200 npx vitest run test/books/broken-reads.test.ts`. */
const seed = Number(process.env['BOOKS_SEED'] ?? 20_261_123);
const salesMax = Number(process.env['BOOKS_SALES'] ?? 18);

/** What a charge is made to see of its own payment. */
const lies = ['none', 'none', 'declined', 'more', 'captured', 'invented'] as const;
type Lie = (typeof lies)[number];

const told = new Map<string, Lie>();
let isLying = true;

function lieAbout(chargeId: string, { session, transaction }: Reading): Reading {
  const lie = isLying ? (told.get(chargeId) ?? 'none') : 'none';
  if (lie === 'none') return { session, transaction };
  if (lie === 'invented') {
    const isOver = session !== null && session.endedAs !== null;
    return { session, transaction: isOver ? invented(chargeId, session.sessionId) : null };
  }
  if (transaction === null) return { session, transaction };
  switch (lie) {
    case 'declined':
      return { session, transaction: { ...transaction, status: 'declined', capturedAmount: 0 } };
    case 'more':
      return { session, transaction: { ...transaction, capturedAmount: 13_900 } };
    case 'captured':
      return {
        session,
        transaction: { ...transaction, status: 'captured', capturedAmount: transaction.amount },
      };
  }
}

function invented(chargeId: string, sessionId: string): NonNullable<Reading['transaction']> {
  return {
    transactionId: `T90001234.${chargeId.replaceAll(/[^\w]/g, '')}`,
    sessionId,
    chargeId,
    isInPerson: true,
    terminalId: null,
    status: 'captured',
    amount: 12_900,
    currency: 'NOK',
    capturedAmount: 12_900,
    refundedAmount: 0,
    pending: [],
    card: null,
  };
}

const lying = (real: Activities): Activities => ({
  ...real,
  readCharge: async (ask) => lieAbout(ask.chargeId, await real.readCharge(ask)),
});

let kvitt: Harness;

beforeAll(async () => {
  kvitt = await startHarness({
    deadlineSeconds: 300,
    durations: { sendWindow: 5_000 },
    hasCallbacks: false,
    timeZone: noonZone,
    wrapActivities: lying,
  });
});

afterAll(async () => {
  await kvitt.stop();
});

interface Sale {
  lie: Lie;
  /** What else befalls it. */
  afterwards: 'nothing' | 'refund' | 'second payment';
}

/** A charge that ends, and what is done behind its back afterwards. */
async function play({ lie, afterwards }: Sale): Promise<ChargeAnswer> {
  const sale = saleOf(kvitt);
  const chargeId = `${sale.reference}.1`;
  told.set(chargeId, lie);
  const isDeclined = lie === 'captured' || lie === 'invented';
  const as = lie === 'invented' ? 'none' : 'DECLINED';
  const customer = isDeclined ? { action: 'decline', as } : { action: 'tap' };
  await kvitt.simulator.terminal(sale.terminal_id, { customer });
  await kvitt.post(sale);
  const charge = await kvitt.ending(chargeId);
  const captured = (await kvitt.ledgerOf(chargeId)).find(({ kind }) => kind === 'captured');
  const transactionId = captured?.transaction_id ?? null;
  if (afterwards === 'refund' && transactionId !== null) {
    await kvitt.simulator.backoffice(transactionId, 'refund', 900);
  }
  if (afterwards === 'second payment') await ghost(chargeId);
  return charge;
}

async function ghost(chargeId: string): Promise<void> {
  const terminal_id = kvitt.freshTerminal();
  await kvitt.simulator.ghost({
    merchant_reference: chargeId,
    merchant_reference_2: chargeId.replace(/\.1$/, ''),
    terminal_id,
    installation: kvitt.taskQueue,
  });
}

/** What the ledger and the api's words say of each payment; it knows nothing of the lies. */
function differencesKnown(
  ledger: readonly LedgerEntry[],
  charges: readonly ChargeAnswer[],
): string[] {
  const money = new Map<string, { chargeId: string; captured: number; refunded: number }>();
  for (const { transaction_id: id, merchant_reference: chargeId, kind, amount } of ledger) {
    if (id === null) continue;
    const sum = money.get(id) ?? { chargeId, captured: 0, refunded: 0 };
    if (kind === 'captured') sum.captured += amount;
    if (kind === 'refunded') sum.refunded += amount;
    money.set(id, sum);
  }
  const keys = new Set<string>();
  for (const [id, { chargeId, captured, refunded }] of money) {
    const charge = charges.find((one) => one.charge_id === chargeId);
    const isOwn = charge?.outcome === 'captured' && charge.transaction_id === id;
    const toldAmount = isOwn ? (charge.captured_amount ?? 0) : 0;
    if (toldAmount !== captured || refunded > 0) keys.add(`${chargeId} ${id}`);
  }
  for (const charge of charges) {
    const { charge_id, transaction_id: id, outcome, captured_amount } = charge;
    if (outcome !== 'captured' || id === null) continue;
    if ((money.get(id)?.captured ?? 0) !== captured_amount) keys.add(`${charge_id} ${id}`);
  }
  return [...keys].toSorted();
}

describe(`broken reads, seed ${seed}`, () => {
  it('with callbacks and the charge’s own reads broken on purpose, reconciliation finds every difference that the ledger knows', async () => {
    const { pick } = createRandom(seed);
    const sales = Array.from({ length: salesMax }, () => ({
      lie: pick(lies),
      afterwards: pick(['nothing', 'nothing', 'refund', 'second payment'] as const),
    }));
    const charges = await Promise.all(sales.map(play));
    await Promise.all([ghost(`${kvitt.freshReference()}.1`), ghost(`${kvitt.freshReference()}.7`)]);

    isLying = false;
    const known = differencesKnown(await kvitt.simulator.ledger(), charges);
    expect(known.length).toBeGreaterThan(salesMax / 2);
    const input: BooksInput = {
      date: today(),
      zones: { timeZone: noonZone, storeZones: {} },
      policy: kvitt.policy,
      by: 'test',
    };
    const report = (await kvitt.client.workflow.execute('dayReconciliation', {
      workflowId: `books-${crypto.randomUUID()}`,
      taskQueue: kvitt.taskQueue,
      args: [input],
    })) as Report;

    const { differences } = report;
    const found = differences.map((one) => `${one.charge_id} ${one.transaction_id}`);
    expect(found.toSorted()).toEqual(known);
    expect(new Set(differences.map(({ kind }) => kind))).toEqual(
      new Set(['orphan', 'missing', 'unequal']),
    );
    // Each is followed, by a workflow that there is; money that is in ends as a case.
    const ends = await Promise.all(
      differences.map(async ({ followed_by: id }) => {
        const { status } = await kvitt.client.workflow.getHandle(id ?? '').describe();
        return status.name;
      }),
    );
    expect(ends).not.toContain('FAILED');
    const inMoney = differences.filter(({ dintero_amount: amount }) => (amount ?? 0) > 0);
    const withoutCase = async (): Promise<typeof differences> => {
      const cases = new Set(await openCases());
      return inMoney.filter((one) => !cases.has(one.transaction_id));
    };
    await expect.poll(withoutCase, { timeout: 40_000 }).toEqual([]);
  });
});

async function openCases(): Promise<string[]> {
  const query = `TaskQueue = '${kvitt.taskQueue}' AND WorkflowType = 'moneyCase' AND ExecutionStatus = 'Running'`;
  const ids: string[] = [];
  for await (const { workflowId } of kvitt.client.workflow.list({ query })) {
    ids.push(workflowId.slice('case/'.length));
  }
  return ids;
}
