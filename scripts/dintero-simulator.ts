/** The simulator's control API as seen from outside: who plays the customer, bad luck, and the auditor. */

/** A line of the simulator's ledger, as far as an auditor needs it. Amounts are minor units. */
export interface LedgerEntry {
  seq: number;
  at: string;
  kind: string;
  session_id: string | null;
  transaction_id: string | null;
  merchant_reference: string;
  merchant_reference_2: string | null;
  terminal_id: string;
  amount: number;
  currency: string;
  why?: string;
}

/** A call that Dintero received. `status` is null when its answer was lost. */
interface DinteroCall {
  endpoint: string;
  status: number | null;
  processed: boolean;
  merchant_reference?: string;
  amount?: number;
}

export interface SimulatorControl {
  url: string;
  /** Presses a button on the terminal: `tap`, `decline`, `stop`, `hold`, `offline`, or `resolve`. */
  press: (terminalId: string, button: string, body?: object) => Promise<void>;
  /** What customers do by themselves when prompted, everywhere or at one terminal. */
  customer: (body: object) => Promise<void>;
  /** Sets up one terminal: status, customer, and the switches that hold for it alone. */
  terminal: (terminalId: string, body: object) => Promise<void>;
  fault: (body: object) => Promise<void>;
  clearFaults: () => Promise<void>;
  behaviour: (body: object) => Promise<void>;
  ledger: (by?: Record<string, string>) => Promise<LedgerEntry[]>;
  calls: (by?: Record<string, string>) => Promise<DinteroCall[]>;
  /** Somebody acts in Dintero's Backoffice. */
  backoffice: (transactionId: string, operation: 'capture' | 'void' | 'refund') => Promise<void>;
}

export function controlSimulator(url: string): SimulatorControl {
  async function ask(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${url}/simulator${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) {
      throw new Error(`simulator: ${method} ${path} ${response.status} ${await response.text()}`);
    }
    return response.status === 204 ? undefined : await response.json();
  }
  const query = (by: Record<string, string>): string => new URLSearchParams(by).toString();
  return {
    url,
    press: async (terminalId, button, body = {}) => {
      await ask('POST', `/terminals/${terminalId}/${button}`, body);
    },
    customer: async (body) => {
      await ask('PUT', '/customer', body);
    },
    terminal: async (terminalId, body) => {
      await ask('PUT', `/terminals/${terminalId}`, body);
    },
    fault: async (body) => {
      await ask('POST', '/faults', body);
    },
    clearFaults: async () => {
      await ask('DELETE', '/faults');
    },
    behaviour: async (body) => {
      await ask('PUT', '/behaviour', body);
    },
    ledger: async (by = {}) => {
      const answer = (await ask('GET', `/ledger?${query(by)}`)) as { entries: LedgerEntry[] };
      return answer.entries;
    },
    calls: async (by = {}) => {
      const answer = (await ask('GET', `/calls?${query(by)}`)) as { calls: DinteroCall[] };
      return answer.calls;
    },
    backoffice: async (transactionId, operation) => {
      await ask('POST', `/transactions/${encodeURIComponent(transactionId)}/${operation}`, {});
    },
  };
}
