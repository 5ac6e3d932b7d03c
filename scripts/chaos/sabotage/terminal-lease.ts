/** Stands in for `workflows/terminal-lease.ts`: every terminal is always free. */
import { noLease, takeTerminal as take } from '../../../workflows/terminal-lease.ts';
import { partsOfRefundId } from '../../../workflows/refund-ids.ts';
import { isSabotaged } from './switches.ts';

export { noLease, terminalLease } from '../../../workflows/terminal-lease.ts';

export const takeTerminal: typeof take = async (holder) =>
  isFree(holder.record.charge_id) ? { ...noLease, isHeld: true } : await take(holder);

function isFree(id: string): boolean {
  const isRefund = partsOfRefundId(id) !== null;
  return isSabotaged('no-lease') || (isRefund && isSabotaged('refund-without-lease'));
}
