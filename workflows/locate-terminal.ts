/**
 * A till may name the terminal only. Then the charge asks Dintero's own list where it stands, while it takes the lease and
 * reads the sale; store and seller stand in the record from then on.
 */
import { proxyActivities, upsertSearchAttributes } from '@temporalio/workflow';
import type { Activities, Located } from '../activities/index.ts';
import { certainRefusal, failureOf } from './dintero-calls.ts';
import { readStartToClose, readTimeoutMs } from './dintero-reads.ts';
import type { Reason } from './lists.ts';
import { searchAttributes } from './messages.ts';
import { publish, type OpenCharge } from './open-charge.ts';
import { tell } from './timeline.ts';

/** Why nothing can be prompted there; null: nothing stands against it, or the till has named the store itself. */
export async function locateTerminal(charge: OpenCharge): Promise<Reason | null> {
  const { terminal_id: terminalId, store_id: storeId } = charge.record;
  // A charge that was cancelled before it started has no terminal either.
  if (terminalId === null || storeId !== null) return null;
  try {
    const located = await ask(charge, terminalId);
    return located.is === 'at_store' ? standAt(charge, located) : refuse(charge, located.why);
  } catch (error) {
    const failed = failureOf(error);
    tell(charge.timeline, { source: 'kvitt', text: failed.message });
    return certainRefusal(failed) ?? 'not_started_in_time';
  }
}

async function ask(charge: OpenCharge, terminalId: string): Promise<Located> {
  const { locateTerminal: locate } = proxyActivities<Activities>({
    startToCloseTimeout: readStartToClose,
    scheduleToCloseTimeout: Math.max(1000, charge.situation.sendBefore - Date.now()),
    // A cashier waits: quick first repeats, and never slower than a second.
    retry: { initialInterval: 200, maximumInterval: 1000 },
    summary: 'Where does the terminal stand?',
  });
  return await locate({ terminalId, timeoutMs: readTimeoutMs });
}

function standAt(charge: OpenCharge, located: Extract<Located, { is: 'at_store' }>): Reason | null {
  const { storeId, payoutDestinationId, switchedOff } = located;
  upsertSearchAttributes([{ key: searchAttributes.storeId, value: storeId }]);
  publish(charge, { store_id: storeId, payout_destination_id: payoutDestinationId });
  if (switchedOff === null) return null;
  tell(charge.timeline, { source: 'operator', text: `store ${storeId}: ${switchedOff}` });
  return 'switched_off';
}

function refuse({ timeline }: OpenCharge, why: string): Reason {
  tell(timeline, { source: 'kvitt', text: why });
  return 'terminal_unavailable';
}
