/** Stands in for `workflows/terminal-lease.ts`: every terminal is always free. */
import { noLease, takeTerminal as take } from '../../../workflows/terminal-lease.ts';
import { partsOfRefundId } from '../../../workflows/refund-ids.ts';
import { isSabotaged } from './switches.ts';

export { noLease, terminalLease } from '../../../workflows/terminal-lease.ts';

export const takeTerminal: typeof take = async (holder) =>
  isSabotaged(switchOf(holder.record.charge_id))
    ? { ...noLease, isHeld: true }
    : await take(holder);

/** Charges, refunds and operations take the same lease, under names of their own. */
function switchOf(id: string): string {
  if (id.includes('/')) return 'operation-without-lease';
  return partsOfRefundId(id) === null ? 'no-lease' : 'refund-without-lease';
}
