import type { LedgerEntry, Session } from './records.ts';
import { now, type World } from './world.ts';

type Fact = Partial<
  Pick<
    LedgerEntry,
    'amount' | 'currency' | 'why' | 'transaction_id' | 'terminal_id' | 'refund_reference'
  >
>;
type Sale = Pick<Session, 'order'> & { id?: string; transaction_id?: string };

/** Adds a fact about a sale to the ledger. Entries are never changed; only a reset forgets them. */
export function record(world: World, kind: LedgerEntry['kind'], sale: Sale, fact: Fact = {}): void {
  const { order } = sale;
  const seq = world.store.tables.entry.size + 1;
  world.store.save('entry', String(seq), {
    seq,
    at: now(),
    kind,
    session_id: sale.id ?? null,
    transaction_id: sale.transaction_id ?? null,
    merchant_reference: order.merchant_reference,
    merchant_reference_2: order.merchant_reference_2 ?? null,
    terminal_id: order.store.terminal_id,
    amount: order.amount,
    currency: order.currency,
    ...fact,
  });
}
