/** A till, as the api knows it: it posts charges, and waits for what becomes of them. */
import type { Reported } from './audit.ts';

/** The charge as the api answers it, as far as the tests look. */
export interface ChargeAnswer extends Reported {
  state: string;
  reason: string | null;
  needs_attention: string | null;
  case_kind: string | null;
  advice: string;
  safe_to_take_other_payment: boolean;
  next_attempt: number | null;
  transaction_id: string | null;
  held_by: string | null;
}

interface Answer<Body = ChargeAnswer> {
  status: number;
  body: Body;
}

export interface Till {
  /** A terminal that nobody else in this process uses, until some thousands later. */
  freshTerminal: () => string;
  freshReference: () => string;
  call: <Body = ChargeAnswer>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer<Body>>;
  post: (change?: object, headers?: Record<string, string>) => Promise<Answer>;
  /** Waits for the ending, by the api's own long poll. */
  ending: (chargeId: string) => Promise<ChargeAnswer>;
  until: (chargeId: string, isReached: (charge: ChargeAnswer) => boolean) => Promise<ChargeAnswer>;
  /** A person's token, and an order or a look with it. */
  opsToken: string;
  ops: <Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer<Body>>;
}

/** Processes of one test run share a Temporal server, where `terminal/<id>` is one workflow for all: each has its own quarter. */
let terminals =
  (Number(process.env['VITEST_POOL_ID'] ?? 0) % 4) * 2500 + Math.floor(Math.random() * 500);

export function createTill(url: string, accountId: string, opsToken: string): Till {
  let references = 0;
  const run = crypto.randomUUID().slice(0, 8);
  const self: Till = {
    freshTerminal: () => {
      terminals = (terminals + 1) % 10_000;
      return `${accountId}-T${String(terminals).padStart(4, '0')}`;
    },
    freshReference: () => `S-${run}-${(references += 1)}`,
    call: async <Body>(
      method: string,
      path: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ): Promise<Answer<Body>> => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await fetch(url + path, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: text }),
      });
      return { status: response.status, body: (await response.json()) as Body };
    },
    post: async (change = {}, headers = {}) =>
      await self.call('POST', '/charges', { ...saleOf(self), ...change }, headers),
    ending: async (chargeId) => await self.until(chargeId, ({ outcome }) => outcome !== null),
    until: async (chargeId, isReached) => {
      const giveUpAt = Date.now() + 45_000;
      for (let query = ''; ; query = '?wait=5') {
        const { body } = await self.call('GET', `/charges/${chargeId}${query}`);
        if (isReached(body)) return body;
        if (Date.now() > giveUpAt) throw new Error(`not reached: ${JSON.stringify(body)}`);
      }
    },
    opsToken,
    ops: async (method, path, body, headers = {}) =>
      await self.call(method, path, body, { authorization: `Bearer ${opsToken}`, ...headers }),
  };
  return self;
}

/** A valid sale on its own terminal. */
export function saleOf(till: Pick<Till, 'freshReference' | 'freshTerminal'>): {
  reference: string;
  amount: number;
  currency: string;
  terminal_id: string;
  store_id: string;
  payout_destination_id: string;
} {
  return {
    reference: till.freshReference(),
    amount: 12900,
    currency: 'NOK',
    terminal_id: till.freshTerminal(),
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
  };
}
