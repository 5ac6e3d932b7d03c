/** The command line on the real service. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { saleOf, startHarness, type Harness } from '../harness.ts';
import { kvitt as run, startKvitt, type Ended } from './kvitt.ts';

let service: Harness;
beforeAll(async () => {
  service = await startHarness({ name: 'cli', deadlineSeconds: 3_000 });
});
afterAll(async () => {
  await service.stop();
});

async function kvitt(...args: string[]): Promise<Ended> {
  return await run(service.url, args);
}

/** A charge that waits for its card, and how it is listed. */
async function waiting(): Promise<{ chargeId: string; terminal: string; only: string[] }> {
  const sale = saleOf(service);
  const { body } = await service.post(sale);
  const only = ['--reference', sale.reference];
  return { chargeId: body.charge_id, terminal: sale.terminal_id, only };
}

describe('kvitt', () => {
  test('lists a charge, and watches it until it is captured', async () => {
    const { chargeId, terminal, only } = await waiting();
    const listed = async (): Promise<string> => (await kvitt('charges', ...only)).stdout;
    await expect
      .poll(listed, { timeout: 20_000 })
      .toMatch(new RegExp(`${chargeId} .*waiting_for_card .*NOK 129\\.00 .*${terminal}`));
    const watching = startKvitt(service.url, ['watch', chargeId]);
    await expect.poll(watching.stdout, { timeout: 20_000 }).toMatch(/waiting_for_card\n/);
    await service.simulator.press(terminal, 'tap');
    const { code, stdout } = await watching.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/captured {2}NOK 129\.00\n$/);
  });

  test('ends a watch with 7 for a charge that was declined', async () => {
    const { chargeId, terminal } = await waiting();
    await service.simulator.press(terminal, 'decline');
    const { code, stdout } = await kvitt('watch', chargeId);
    expect(code).toBe(7);
    expect(stdout).toMatch(/not_charged \(declined\)\n$/);
  });

  test('finds a charge that is stuck, and its case', async () => {
    const { chargeId, terminal, only } = await waiting();
    expect(await kvitt('stuck', ...only)).toMatchObject({ code: 0 });
    expect(await kvitt('cases', ...only)).toMatchObject({ code: 0 });
    // The payment wins the race against the cancel.
    const match = { merchant_reference: chargeId };
    await service.simulator.fault({ endpoint: 'callback', match, times: 0, do: 'drop' });
    await service.simulator.terminal(terminal, { behaviour: { auto_capture_delay_ms: 0 } });
    const late = { kind: 'late', ms: 2_000 };
    await service.simulator.fault({ endpoint: 'cancel_session', match, do: late });
    const cancelled = service.call('POST', `/charges/${chargeId}/cancel`);
    // Dintero has been asked, and takes its time.
    const hit = { endpoint: 'cancel_session', kind: 'late', times: 1 };
    await expect.poll(service.simulator.faultsHit).toContainEqual(hit);
    await service.simulator.press(terminal, 'tap');
    await cancelled;
    await service.ending(chargeId);
    const cases = async (): Promise<Ended> => await kvitt('cases', ...only);
    await expect.poll(cases, { timeout: 20_000 }).toMatchObject({
      code: 6,
      stdout: expect.stringMatching(/captured_after_cancel +open .*NOK 129\.00/) as string,
    });
    const stuck = await kvitt('stuck', ...only);
    expect(stuck.code).toBe(6);
    expect(stuck.stdout).toMatch(new RegExp(`${chargeId} .*case_open .*ask_for_help`));
  });

  test('passes on what the service refuses', async () => {
    const wrong = await kvitt('charges', '--state', 'maybe');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(/^ {2}state /m);
    expect(await kvitt('watch', 'S-unknown.1')).toMatchObject({ code: 4, stdout: '' });
    expect(await kvitt('watch', 'no-attempt')).toMatchObject({ code: 2, stdout: '' });
  });
});
