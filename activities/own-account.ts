/**
 * Sandbox terminals never meet production credentials, nor the reverse (dossier 1). The api looks first; a worker that was
 * started with another account than its api must refuse, too.
 */
import type { DinteroConfig } from './dintero/config.ts';
import { dinteroFailure } from './failures.ts';

/** Refuses, with nothing sent, a terminal that is not of the account whose credentials would be used. */
export function assertOwnTerminal(
  { accountId }: Pick<DinteroConfig, 'accountId'>,
  terminalId: string | null,
): void {
  if (terminalId === null || terminalId.startsWith(`${accountId}-`)) return;
  throw dinteroFailure(
    'DinteroRejected',
    `Nothing was sent: terminal ${terminalId} is not of ${accountId}, the Dintero account of this worker`,
  );
}
