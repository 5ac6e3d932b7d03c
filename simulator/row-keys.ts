import type { Fault } from './faults.ts';
import type { Subject, Tables, Transaction } from './records.ts';

/** By what a row can be found; the first that is given finds the fewest. */
const fields = [
  'session_id',
  'transaction_id',
  'merchant_reference',
  'merchant_reference_2',
  'terminal_id',
] as const;

/** `<field>=<value>` for each field that is given. */
export function keysIn(given: Subject): string[] {
  return fields.flatMap((field) => {
    const value = given[field];
    return typeof value === 'string' ? [`${field}=${value}`] : [];
  });
}

/** The keys under which a row of a table is found. A row is saved as the same object for as long as it lives. */
export function keysOf(table: keyof Tables, row: object): string[] {
  switch (table) {
    case 'call':
    case 'delivery':
    case 'operation':
    case 'hook':
    case 'entry':
      return keysIn(row);
    case 'transaction': {
      const { store } = row as Transaction;
      return keysIn({ ...row, terminal_id: store.terminal_id });
    }
    case 'fault': {
      const { endpoint, match } = row as Fault;
      return [`${endpoint} ${keysIn(match)[0] ?? ''}`];
    }
    case 'session':
    case 'terminal':
    case 'subscription':
    case 'job':
    case 'hit':
    case 'setting':
    case 'refund':
    case 'shop':
    case 'settlement':
      return [];
  }
}
