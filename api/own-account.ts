/** Sandbox and production never meet: an id that carries an account must carry ours (dossier 1). */
import { simulatedSerialPrefix } from '../workflows/account-orders.ts';
import { assertOwnAccount, invalidRequest } from './request.ts';

/** What Dintero has made begins with its account; an id that a retailer has chosen carries none. */
const carriesAccount = /^[PT]\d{8}-/;

/** Of the ids that a request names, none may be another account's. */
export function assertOwnIds(
  request: { store_id?: string; payout_destination_id?: string },
  accountId: string,
): void {
  for (const field of ['store_id', 'payout_destination_id'] as const) {
    const id = request[field];
    if (id !== undefined && carriesAccount.test(id)) assertOwnAccount(id, accountId, field);
  }
}

/** Devices that Dintero plays exist on sandbox accounts only, and name theirs. */
export function assertOwnSerial(serialNumber: string, accountId: string): void {
  if (!serialNumber.toUpperCase().startsWith(simulatedSerialPrefix)) return;
  const isSandbox = accountId.startsWith('T');
  const own = `${simulatedSerialPrefix}${accountId}-`;
  if (isSandbox && new RegExp(`^${own}\\d{3}$`).test(serialNumber)) return;
  throw invalidRequest([
    {
      field: 'serial_number',
      problem: isSandbox
        ? `is no simulated terminal of ${accountId} (got ${serialNumber})`
        : `is a simulated terminal, and ${accountId} is a production account`,
      hint: isSandbox
        ? `Send ${own} and three digits, or the number printed on a device`
        : 'Send the number printed on the device',
    },
  ]);
}
