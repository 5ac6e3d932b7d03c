/** Stands in for `workflows/terminal-lease.ts`: every terminal is always free. */
import { noLease, takeTerminal as take } from '../../../workflows/terminal-lease.ts';
import { isSabotaged } from './switches.ts';

export { noLease, terminalLease } from '../../../workflows/terminal-lease.ts';

export const takeTerminal: typeof take = async (charge) =>
  isSabotaged('no-lease') ? { ...noLease, isHeld: true } : await take(charge);
