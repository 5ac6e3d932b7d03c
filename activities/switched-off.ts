/** Whether an operator has switched off new charges of a store that only Dintero could name. */
import type { Client } from '@temporalio/client';
import { killSwitchId } from '../workflows/messages.ts';
import { offFor, type SwitchRecord } from '../workflows/switches.ts';
import { describe } from './temporal.ts';

/** The operator's words for the cashier; null: nothing is switched off. */
export async function switchedOffFor(
  client: Client,
  sale: { store_id: string; terminal_id: string },
): Promise<string | null> {
  const memo = (await describe(client, killSwitchId))?.memo;
  const record = memo?.['switches'] as SwitchRecord | undefined;
  return record === undefined ? null : (offFor(record, sale)?.text ?? null);
}
