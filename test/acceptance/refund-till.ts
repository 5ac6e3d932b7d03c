/** A till that gives money back: what the acceptance tests of refunds share. */
import type { Harness, ChargeAnswer } from '../harness.ts';
import type { ReportedRefund } from '../../scripts/audit-refunds.ts';

interface RefundAnswer extends ReportedRefund {
  charge_id: string;
  state: string;
  reason: string | null;
  because: string | null;
  advice: string;
  next_refund: number | null;
  held_by: string | null;
  code?: string;
  detail?: string;
}

interface Answer {
  status: number;
  body: RefundAnswer;
}

export interface RefundTill {
  /** A sale that was paid as asked, or with another amount. */
  paid: (change?: object, tap?: object) => Promise<ChargeAnswer & { terminal_id: string }>;
  refund: (chargeId: string, request: object) => Promise<Answer>;
  ending: (refundId: string) => Promise<RefundAnswer>;
  until: (refundId: string, isReached: (refund: RefundAnswer) => boolean) => Promise<RefundAnswer>;
  /** Everything that was told, for the auditor. */
  told: () => Promise<{ charges: ChargeAnswer[]; refunds: RefundAnswer[] }>;
}

export function createRefundTill(kvitt: Harness): RefundTill {
  const charges = new Set<string>();
  const refunds = new Set<string>();
  const read = async (refundId: string, query = ''): Promise<RefundAnswer> => {
    const chargeId = refundId.slice(0, refundId.lastIndexOf('.'));
    const path = `/charges/${chargeId}/refunds/${refundId}${query}`;
    return (await kvitt.call<RefundAnswer>('GET', path)).body;
  };
  const until: RefundTill['until'] = async (refundId, isReached) => {
    const giveUpAt = Date.now() + 45_000;
    for (let query = ''; ; query = '?wait=3') {
      const refund = await read(refundId, query);
      if (isReached(refund)) return refund;
      if (Date.now() > giveUpAt) throw new Error(`not reached: ${JSON.stringify(refund)}`);
    }
  };
  return {
    paid: async (change = {}, tap = {}) => {
      const terminal = kvitt.freshTerminal();
      const { body } = await kvitt.post({ terminal_id: terminal, ...change });
      // On a busy machine it may be answered before the terminal asks.
      for (let { state } = body; state === 'starting';) {
        const path = `/charges/${body.charge_id}?wait=5`;
        state = (await kvitt.call<ChargeAnswer>('GET', path)).body.state;
      }
      await kvitt.simulator.press(terminal, 'tap', tap);
      charges.add(body.charge_id);
      return { ...(await kvitt.ending(body.charge_id)), terminal_id: terminal };
    },
    refund: async (chargeId, request) => {
      const answer = await kvitt.call<RefundAnswer>('POST', `/charges/${chargeId}/refunds`, {
        refund: 1,
        amount: 4500,
        currency: 'NOK',
        ...request,
      });
      if (answer.status < 300) refunds.add(answer.body.refund_id);
      return answer;
    },
    ending: async (refundId) => await until(refundId, ({ outcome }) => outcome !== null),
    until,
    told: async () => ({
      charges: await Promise.all([...charges].map(async (id) => await kvitt.ending(id))),
      refunds: await Promise.all([...refunds].map(async (id) => await read(id))),
    }),
  };
}
