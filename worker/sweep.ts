/** The worker's sweep: it looks for charges that ended without an outcome, and has them recovered. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { sweepLostRefunds } from '../activities/refund-recovery.ts';
import { sweepLostCharges } from '../activities/sweep.ts';

/**
 * One list query, and two looks for each charge that was ever ended from outside and is still retained. Every worker
 * sweeps; doing it twice is harmless.
 */
const intervalMs = 30_000;

/** Sweeps until the signal aborts. Whatever goes wrong is logged, and the next sweep tries again. */
export async function sweepUntil(
  signal: AbortSignal,
  { temporal, taskQueue, log }: { temporal: Client; taskQueue: string; log: Logger },
): Promise<void> {
  while (!signal.aborted) {
    try {
      const charges = await sweepLostCharges(temporal, taskQueue);
      const refunds = await sweepLostRefunds(temporal, taskQueue);
      const lost = charges.lost + refunds.lost;
      const failures = [...charges.failures, ...refunds.failures];
      if (lost > 0)
        log.warn({ lost }, 'charges or refunds ended without an outcome: they are being recovered');
      for (const { chargeId, error } of failures) {
        log.error({ charge_id: chargeId, err: error }, 'a lost charge could not be recovered');
      }
    } catch (err) {
      log.warn({ err }, 'could not look for charges that ended without an outcome');
    }
    await pause(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}
