/** A day's books, end to end: simulator, worker and api. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportAnswer } from '../../api/report-answers.ts';
import { startHarness, type Harness } from '../harness.ts';
import { noonZone, today } from './noon.ts';

let kvitt: Harness;

beforeAll(async () => {
  kvitt = await startHarness({
    deadlineSeconds: 300,
    durations: { sendWindow: 5_000 },
    timeZone: noonZone,
  });
  await kvitt.simulator.customer({ action: 'tap' });
});

afterAll(async () => {
  await kvitt.stop();
});

async function reconcile(): Promise<ReportAnswer> {
  const ordered = await kvitt.call<{ report: ReportAnswer }>(
    'POST',
    '/ops/reconciliations',
    { date: today() },
    { authorization: `Bearer ${kvitt.opsToken}`, prefer: 'wait=50' },
  );
  expect(ordered.status).toBe(200);
  return ordered.body.report;
}

describe('the books of a day', () => {
  // Acceptance 10 of the dossier.
  it('find an orphan charge created by a ghost session; it ends as an open case, since nothing can be refunded without the cardholder', async () => {
    const paid = await kvitt.post({}, { prefer: 'wait=30' });
    expect(paid.body.outcome).toBe('captured');
    const reference = kvitt.freshReference();
    const terminal_id = kvitt.freshTerminal();
    await kvitt.simulator.ghost({
      merchant_reference: `${reference}.1`,
      merchant_reference_2: reference,
      terminal_id,
      installation: kvitt.taskQueue,
      amount: 4500,
      button: null,
    });
    await expect
      .poll(async () => await kvitt.simulator.ledger({ merchant_reference: `${reference}.1` }))
      .toContainEqual(expect.objectContaining({ kind: 'captured' }));
    const report = await reconcile();
    const [orphan] = report.differences;
    expect(report.differences).toHaveLength(1);
    expect(orphan).toMatchObject({
      kind: 'orphan',
      charge_id: `${reference}.1`,
      terminal_id,
      dintero_amount: 4500,
      told_amount: null,
      followed_by: `case/${orphan?.transaction_id ?? ''}`,
    });
    expect(report.totals).toEqual([
      { currency: 'NOK', captured: 17_400, told: 12_900, refunded: 0 },
    ]);
    const found = await kvitt.call<{ kind: string; state: string }>(
      'GET',
      `/cases/${orphan?.transaction_id ?? ''}`,
    );
    expect(found.body).toMatchObject({ kind: 'orphan', state: 'open' });
  });
});
