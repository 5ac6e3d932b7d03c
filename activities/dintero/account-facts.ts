/** What Dintero shows of an account's stores and terminals, in our words. */

export type RegistrationStatus =
  'pending' | 'action_required' | 'active' | 'inactive' | 'error' | 'deleted' | 'unknown';

export interface TerminalFacts {
  terminalId: string;
  storeId: string | null;
  /** The seller of record of its store: what a refund on it must match. */
  payoutDestinationId: string | null;
  status: RegistrationStatus;
  /** Dintero's own word, such as `CHECK_UPDATE`. */
  statusReason: string | null;
  model: string | null;
  serialNumber: string | null;
}

export interface StoreFacts {
  /** What sales name, not Dintero's own id of it. */
  storeId: string;
  name: string | null;
  payoutDestinationId: string | null;
  status: RegistrationStatus;
}
