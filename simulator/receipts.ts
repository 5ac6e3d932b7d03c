import { createHash, randomUUID } from 'node:crypto';
import { behaviourOf } from './behaviour.ts';
import type { Session, Terminal, Transaction } from './records.ts';
import { now, type World } from './world.ts';

interface Slip {
  kind: 'PURCHASE' | 'REFUND';
  amount: number;
  isApproved: boolean;
}

/**
 * What the terminal reports with a payment, all strings. Any key may be absent in life: with `receipt_seed` each is left
 * out one time in four, the same ones again for the same seed.
 */
export function receiptOf(
  world: World,
  terminal: Terminal,
  transaction: Transaction,
  slip: Slip,
): Record<string, string> {
  terminal.receipts += 1;
  const number = String(terminal.receipts).padStart(6, '0');
  const { receipt_seed: seed } = behaviourOf(world, terminal.id);
  const all = reportOf(terminal, transaction, { ...slip, number });
  if (seed === null) return all;
  const stays = (key: string): boolean => draw(`${seed} ${terminal.id} ${number} ${key}`) % 4 !== 0;
  return Object.fromEntries(Object.entries(all).filter(([key]) => stays(key)));
}

/** What the device of a session reports when the card said no. */
export function declineReport(
  world: World,
  session: Session,
  transaction: Transaction,
): Record<string, string> {
  const terminal = world.store.tables.terminal.get(session.order.store.terminal_id);
  if (terminal === undefined) return {};
  const { amount } = transaction;
  return receiptOf(world, terminal, transaction, { kind: 'PURCHASE', amount, isApproved: false });
}

function draw(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}

function reportOf(
  terminal: Terminal,
  transaction: Transaction,
  { kind, amount, isApproved, number }: Slip & { number: string },
): Record<string, string> {
  const unique = randomUUID().slice(0, 8);
  const { currency, card } = transaction;
  const outcome = isApproved ? 'APPROVED' : 'DECLINED';
  const text = [
    terminal.id,
    now().slice(0, 16).replace('T', ' '),
    ...(card === undefined ? [] : [`${card['brand']} ${card['masked_pan']}`, card['entry_method']]),
    kind,
    `${currency} ${(amount / 100).toFixed(2)}`,
    outcome,
    `Receipt ${number}`,
  ].join('\n');
  return {
    'seitatech:customerReceipt': `CUSTOMER\n${text}`,
    'seitatech:customerReceiptPart2': 'Keep this receipt',
    'seitatech:merchantReceipt': `MERCHANT\n${text}`,
    'seitatech:merchantReceiptPart2': 'Signature not required',
    'seitatech:uniqueId': `U-${unique}`,
    'seitatech:receiptNumber': number,
    'seitatech:posReferenceData': `M3-${unique}`,
    // Of a sale its capture carries it.
    ...(kind === 'REFUND' && { payout_correlation_id: `M3-${unique}` }),
    'seitatech:saleAmount': String(amount),
    'seitatech:transactionType': kind,
    'seitatech:outcome': outcome,
    'seitatech:responseCode': isApproved ? '00' : '05',
    'seitatech:terminalSerialNumber': `SIMULATED-${terminal.id}`,
    'seitatech:batchId': '1',
    'seitatech:acquirer': 'Simulated',
    'seitatech:applicationIdentifier': 'A0000000031010',
    'seitatech:cvm': 'NONE',
    'seitatech:field41': terminal.id,
    'seitatech:field42': '000000000000042',
  };
}
