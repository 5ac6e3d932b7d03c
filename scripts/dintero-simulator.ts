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
  /** Of a refund: its reference, or the id of the request that was accepted. */
  refund_reference?: string;
}

/** A call that Dintero received. `status` is null when its answer was lost. */
interface DinteroCall {
  endpoint: string;
  status: number | null;
  processed: boolean;
  merchant_reference?: string;
  amount?: number;
}

/** How often a kind of fault struck an endpoint since the simulator's ledger began. */
interface FaultHits {
  endpoint: string;
  kind: string;
  times: number;
}

/** A payment that Kvitt knows nothing of. What is absent is an in-person sale of 129.00 NOK, captured by Dintero. */
interface Ghost {
  merchant_reference: string;
  merchant_reference_2?: string;
  terminal_id: string;
  amount?: number;
  store_id?: string;
  auto_capture?: boolean;
  /** Such as `swish.swish`: somebody's payment on the web under the same reference. */
  payment_product_type?: string;
  /** Whose it says it is. */
  installation?: string;
  /** What the customer does; null leaves the prompt open. */
  button?: 'tap' | 'decline' | 'stop' | 'hold' | null;
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
  /** Somebody acts in Dintero's Backoffice; without an amount on all of it. */
  backoffice: (
    transactionId: string,
    operation: 'capture' | 'void' | 'refund',
    amount?: number,
  ) => Promise<void>;
  /** Nobody had told Dintero how a refund went; now somebody does. */
  resolveRefund: (refundReference: string, isDone: boolean) => Promise<void>;
  /** Dintero finds that a transaction's status was wrong. */
  correct: (transactionId: string, status: string) => Promise<void>;
  /** Makes somebody else's payment at Dintero; answers with its session. */
  ghost: (ghost: Ghost) => Promise<string>;
  faultsHit: () => Promise<FaultHits[]>;
  /** Dintero pays out what was captured and refunded until now. */
  settle: () => Promise<void>;
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
    fault: async (body) => void (await ask('POST', '/faults', body)),
    clearFaults: async () => void (await ask('DELETE', '/faults')),
    behaviour: async (body) => void (await ask('PUT', '/behaviour', body)),
    ledger: async (by = {}) => {
      const answer = (await ask('GET', `/ledger?${query(by)}`)) as { entries: LedgerEntry[] };
      return answer.entries;
    },
    calls: async (by = {}) => {
      const answer = (await ask('GET', `/calls?${query(by)}`)) as { calls: DinteroCall[] };
      return answer.calls;
    },
    ...behindTheScenes(ask),
    ghost: async ({ button = 'tap', ...ghost }) => {
      const id = await createGhost(url, ghost);
      if (button !== null) await ask('POST', `/terminals/${ghost.terminal_id}/${button}`, {});
      return id;
    },
    faultsHit: async () => {
      const answer = (await ask('GET', '/faults/hit')) as { hits: FaultHits[] };
      return answer.hits;
    },
  };
}

type Ask = (method: string, path: string, body?: object) => Promise<unknown>;

/** What Dintero, or somebody in its Backoffice, does by itself. */
function behindTheScenes(
  ask: Ask,
): Pick<SimulatorControl, 'backoffice' | 'resolveRefund' | 'correct' | 'settle'> {
  return {
    backoffice: async (transactionId, operation, amount) => {
      const body = amount === undefined ? {} : { amount };
      await ask('POST', `/transactions/${encodeURIComponent(transactionId)}/${operation}`, body);
    },
    resolveRefund: async (refundReference, success) => {
      await ask('POST', `/refunds/${refundReference}/resolve`, { success });
    },
    correct: async (transactionId, status) => {
      await ask('POST', `/transactions/${encodeURIComponent(transactionId)}/correct`, { status });
    },
    settle: async () => void (await ask('POST', '/settlements')),
  };
}

/** Through Dintero's own face, as whoever made it would. */
async function createGhost(url: string, ghost: Ghost): Promise<string> {
  async function post<T>(path: string, authorization: string, body: object): Promise<T> {
    const headers = { authorization, 'content-type': 'application/json' };
    const sent = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(url + path, sent);
    if (!response.ok) throw new Error(`dintero: POST ${path} ${response.status}`);
    return (await response.json()) as T;
  }
  const account = ghost.terminal_id.split('-', 1)[0] ?? '';
  const { access_token } = await post<{ access_token: string }>(
    `/v1/accounts/${account}/auth/token`,
    `Basic ${Buffer.from('simulator:simulator').toString('base64')}`,
    {
      grant_type: 'client_credentials',
      audience: `https://api.dintero.com/v1/accounts/${account}`,
    },
  );
  const created = post<{ id: string }>(
    '/v1/sessions-profile',
    `Bearer ${access_token}`,
    sessionOf(ghost),
  );
  return (await created).id;
}

function sessionOf(ghost: Ghost): object {
  const { merchant_reference, merchant_reference_2, terminal_id, installation } = ghost;
  return {
    profile_id: 'default',
    url: { return_url: 'https://example.com/returned' },
    order: {
      amount: ghost.amount ?? 12900,
      currency: 'NOK',
      merchant_reference,
      merchant_reference_2,
      store: {
        id: ghost.store_id ?? 'bergen-01',
        terminal_id,
        payout_destination_id: 'seller-9',
      },
    },
    configuration: {
      auto_capture: ghost.auto_capture ?? true,
      default_payment_type: ghost.payment_product_type,
    },
    ...(installation === undefined ? {} : { metadata: { ext_kvitt_installation: installation } }),
  };
}
