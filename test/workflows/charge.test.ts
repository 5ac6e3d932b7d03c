import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHarness, type Harness } from '../harness.ts';

describe('terminalCharge', () => {
  let kvitt: Harness;
  beforeAll(async () => {
    kvitt = await startHarness();
  });
  afterAll(async () => {
    await kvitt.stop();
  });

  it('captures when the customer taps', async () => {
    const terminal_id = kvitt.freshTerminal();
    const started = await kvitt.post({ terminal_id });
    expect(started).toMatchObject({ status: 201, body: { state: 'waiting_for_card' } });
    await kvitt.simulator.press(terminal_id, 'tap');
    const ended = await kvitt.ending(started.body.charge_id);
    expect(ended).toMatchObject({ outcome: 'captured', captured_amount: 12900, advice: 'paid' });
    expect(await kvitt.audit([ended])).toEqual([]);
  });
});
