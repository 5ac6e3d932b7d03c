/** What the simulator has recorded of one Kvitt: the ledger, every call that Dintero received, every callback it sent. */
import type { LedgerEntry } from '../dintero-simulator.ts';
import type { Kvitt } from '../in-process.ts';
import type { DinteroOperation } from './operations.ts';
import { strangersReference } from './play-sale.ts';

interface Call {
  at: string;
  endpoint: string;
  fault: string | null;
  merchant_reference?: string;
  merchant_reference_2?: string;
}

export interface Delivery {
  merchant_reference: string;
  state: string;
  attempts: { at: string; status?: number }[];
  fault?: { kind: string };
}

export interface Evidence {
  /** Without what strangers did: they have no part in the rules. */
  ledger: LedgerEntry[];
  calls: Call[];
  deliveries: Delivery[];
  operations: DinteroOperation[];
}

/** One read of each table: thousands of reads by sale would take longer than the run. */
export async function gather({ simulator }: Kvitt): Promise<Evidence> {
  const read = async (table: string): Promise<Record<string, unknown>> => {
    const response = await fetch(`${simulator.url}/simulator/${table}`);
    return (await response.json()) as Record<string, unknown>;
  };
  const [{ calls }, { deliveries }, { operations }, ledger] = await Promise.all([
    read('calls') as unknown as Promise<Pick<Evidence, 'calls'>>,
    read('deliveries') as unknown as Promise<Pick<Evidence, 'deliveries'>>,
    read('operations') as unknown as Promise<Pick<Evidence, 'operations'>>,
    simulator.ledger(),
  ]);
  const isOurs = ({ merchant_reference }: LedgerEntry): boolean =>
    !merchant_reference.startsWith(strangersReference);
  return { ledger: ledger.filter(isOurs), calls, deliveries, operations };
}
