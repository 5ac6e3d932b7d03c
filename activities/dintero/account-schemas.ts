/** What Dintero says of an account's stores and terminals, read as tolerantly as the rest: only ids are demanded. */
import { z } from 'zod';
import type { RegistrationStatus } from './account-facts.ts';

const text = z.string().nullish().catch(null);

const storeAnswer = z
  .object({
    store_id: z.string().min(1),
    id: text,
    store_name: text,
    status: text,
    payout_destination: z.object({ payout_destination_id: text }).nullish().catch(null),
  })
  .transform((answer) => ({
    facts: {
      storeId: answer.store_id,
      name: answer.store_name ?? null,
      payoutDestinationId: answer.payout_destination?.payout_destination_id ?? null,
      status: statusOf(answer.status ?? ''),
    },
    /** Dintero's own: an older revision names a terminal's store by it. */
    dinteroId: answer.id ?? null,
  }));
export type StoreAnswer = z.infer<typeof storeAnswer>;

export const terminalAnswer = z
  .object({
    terminal_id: z.string().min(1),
    store_id: text,
    status: text,
    status_reason: text,
    device_model: text,
    device_serial_number: text,
  })
  .transform((answer) => ({
    terminalId: answer.terminal_id,
    storeId: answer.store_id ?? null,
    status: statusOf(answer.status ?? ''),
    statusReason: answer.status_reason ?? null,
    model: answer.device_model ?? null,
    serialNumber: answer.device_serial_number ?? null,
  }));
export type TerminalAnswer = z.infer<typeof terminalAnswer>;

const next = { starting_after: text };

export const storePage = z
  .object({ stores: z.array(storeAnswer), ...next })
  .transform(({ stores, starting_after }) => ({ rows: stores, next: starting_after ?? null }));

export const terminalPage = z
  .object({ terminals: z.array(terminalAnswer), ...next })
  .transform(({ terminals, starting_after }) => ({
    rows: terminals,
    next: starting_after ?? null,
  }));

/** The status of being registered, which says nothing of whether a device is switched on (dossier 8.3). */
function statusOf(status: string): RegistrationStatus {
  switch (status) {
    case 'PENDING':
      return 'pending';
    case 'ACTION_REQUIRED':
      return 'action_required';
    case 'ACTIVE':
      return 'active';
    case 'INACTIVE':
      return 'inactive';
    case 'ERROR':
      return 'error';
    case 'DELETED':
      return 'deleted';
    default:
      return 'unknown';
  }
}
