import { describe, expect, it } from 'vitest';
import { newTerminal, paid, press, prompt, startDintero, transactionOf } from './harness.ts';

/** The keys of the receipts of three payments on one terminal. */
async function keysOf(terminal: string, receipt_seed: number | null): Promise<string[][]> {
  const dintero = await startDintero();
  await dintero.control('PUT', `/terminals/${terminal}`, { behaviour: { receipt_seed } });
  const keys: string[][] = [];
  for (let n = 0; n < 3; n += 1) {
    const { events } = await paid(dintero, { terminal, autoCapture: false });
    keys.push(Object.keys(events[1]?.metadata ?? {}));
  }
  return keys;
}

describe('a receipt', () => {
  it('has every key, or as many as its seed leaves: the same for the same seed', async () => {
    const terminal = newTerminal();
    const [all, ...rest] = await keysOf(terminal, null);
    expect(rest).toEqual([all, all]);
    const some = await keysOf(terminal, 7);
    expect(some.flat().length).toBeLessThan((all ?? []).length * 3);
    expect(some).toEqual(await keysOf(terminal, 7));
    expect(some).not.toEqual(await keysOf(terminal, 8));
  });

  it('comes with a card that was declined, too', async () => {
    const dintero = await startDintero();
    const { id, terminal } = await prompt(dintero);
    await press(dintero, terminal, 'decline');
    const declined = (await transactionOf(dintero, id))?.events.at(-1);
    expect(declined).toMatchObject({
      success: false,
      metadata: { 'seitatech:outcome': 'DECLINED', 'seitatech:receiptNumber': '000001' },
    });
  });
});
