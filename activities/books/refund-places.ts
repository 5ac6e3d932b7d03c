/** Where a refund was given: its own record names the terminal, which need not be the sale's. */
import type { Client } from '@temporalio/client';
import { refundRecoveryWorkflowId, refundWorkflowId } from '../../workflows/refund-ids.ts';
import type { RefundMemo } from '../../workflows/refund-messages.ts';
import type { BookedRefund, Payment } from '../dintero/payment.ts';
import { describe } from '../temporal.ts';

export interface GivenRefund extends BookedRefund {
  storeId: string | null;
  terminalId: string | null;
  /** False: nobody here knows on which device it was given, if on any. It is booked at the sale's. */
  isPlaced: boolean;
}

/** The store in which a terminal stands; null: it cannot be told. */
export type StoreOf = (terminalId: string) => Promise<string | null>;

export class RefundPlaces {
  readonly #client: Client;
  readonly #storeOf: StoreOf;
  readonly #terminals = new Map<string, Promise<string | null>>();
  readonly #stores = new Map<string, Promise<string | null>>();

  constructor(client: Client, storeOf: StoreOf) {
    this.#client = client;
    this.#storeOf = storeOf;
  }

  async of({ facts, storeId, refunds }: Payment): Promise<GivenRefund[]> {
    return await Promise.all(
      refunds.map(async (refund): Promise<GivenRefund> => {
        const terminalId = await this.#terminalOf(refund);
        const ofSale = { ...refund, storeId, terminalId: facts.terminalId };
        if (terminalId === null) return { ...ofSale, isPlaced: false };
        if (terminalId === facts.terminalId) return { ...ofSale, isPlaced: true };
        const store = await once(this.#stores, terminalId, this.#storeOf);
        return { ...refund, terminalId, storeId: store, isPlaced: true };
      }),
    );
  }

  async #terminalOf({ reference }: BookedRefund): Promise<string | null> {
    if (reference === null) return null;
    return await once(this.#terminals, reference, async (refundId) => {
      const found =
        (await describe(this.#client, refundWorkflowId(refundId))) ??
        (await describe(this.#client, refundRecoveryWorkflowId(refundId)));
      const memo = found?.memo as unknown as RefundMemo | undefined;
      return memo?.refund.terminal_id ?? null;
    });
  }
}

async function once<Value>(
  known: Map<string, Promise<Value>>,
  key: string,
  read: (key: string) => Promise<Value>,
): Promise<Value> {
  const value = known.get(key) ?? read(key);
  known.set(key, value);
  return await value;
}
