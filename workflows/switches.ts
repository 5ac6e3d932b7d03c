/** The kill switch as it crosses a process: its record, its two orders, and what they make of the record. Pure. */
import { defineUpdate } from '@temporalio/workflow';
import { problemOfText } from './card-number.ts';

export const switchScopes = ['all', 'store', 'terminal'] as const;
type SwitchScope = (typeof switchScopes)[number];

/** `id` is the store's or the terminal's, and null for all. */
export interface SwitchedOff {
  scope: SwitchScope;
  id: string | null;
  /** For the cashier, as it stands. */
  text: string;
  why: string;
  by: string;
  at: string;
}

interface SwitchEvent {
  at: string;
  by: string;
  why: string;
  did: 'off' | 'on';
  scope: SwitchScope;
  id: string | null;
  text: string | null;
}

/** Memo `switches` of the kill switch; the last run's memo is true also after it has ended, in whatever way. */
export interface SwitchRecord {
  version: 1;
  off: SwitchedOff[];
  /** The newest last. All of it stands in the histories. */
  log: SwitchEvent[];
}

export const nothingOff: SwitchRecord = { version: 1, off: [], log: [] };

export interface SwitchOnOrder {
  scope: SwitchScope;
  /** Of the store or the terminal; not for all. */
  id?: string;
  why: string;
}

export interface SwitchOffOrder extends SwitchOnOrder {
  text: string;
}

/** Refuses new charges; once more replaces the text. Update id: see `operator.ts`. */
export const switchOff = defineUpdate<SwitchRecord, [SwitchOffOrder]>('switchOff');

/** Accepts them again. */
export const switchOn = defineUpdate<SwitchRecord, [SwitchOnOrder]>('switchOn');

/** Enough for whoever looks; the memo of a switch stays some KB. */
const logMax = 20;
/** More single stops than a person oversees; each is some 500 bytes of a memo that is read every second. */
const offMax = 100;

/** What keeps this sale from being charged, the widest first; null: nothing. */
export function offFor(
  { off }: SwitchRecord,
  sale: { store_id?: string; terminal_id: string },
): SwitchedOff | null {
  const ids = { all: null, store: sale.store_id ?? null, terminal: sale.terminal_id };
  const hits = off.filter(({ scope, id }) => id === ids[scope]);
  const widest = switchScopes.map((scope) => hits.find((hit) => hit.scope === scope));
  return widest.find((hit) => hit !== undefined) ?? null;
}

export function withOff(
  record: SwitchRecord,
  order: SwitchOffOrder,
  { by, at }: { by: string; at: string },
): SwitchRecord {
  const { scope, text, why } = order;
  const which = { scope, id: order.id ?? null };
  return {
    ...record,
    off: [...record.off.filter((other) => !isSame(other, which)), { ...which, text, why, by, at }],
    log: [...record.log, { at, by, why, did: 'off' as const, ...which, text }].slice(-logMax),
  };
}

export function withOn(
  record: SwitchRecord,
  order: SwitchOnOrder,
  { by, at }: { by: string; at: string },
): SwitchRecord {
  const { scope, why } = order;
  const which = { scope, id: order.id ?? null };
  return {
    ...record,
    off: record.off.filter((other) => !isSame(other, which)),
    log: [...record.log, { at, by, why, did: 'on' as const, ...which, text: null }].slice(-logMax),
  };
}

/** Why the order cannot be obeyed; null: it can. The UI sends what a person types, so everything is looked at. */
export function whyNotOff(record: SwitchRecord, order: SwitchOffOrder): string | null {
  const problem = problemOfOrder(order, ['scope', 'id', 'text', 'why']);
  if (problem !== null) return problem;
  const text = problemOfText(order.text);
  if (text !== null) return `text: ${text}`;
  const isNew = !record.off.some((other) => isSame(other, order));
  return isNew && record.off.length >= offMax
    ? `${offMax} stores and terminals are switched off: switch off all, or some of them on`
    : null;
}

export function whyNotOn(record: SwitchRecord, order: SwitchOnOrder): string | null {
  const problem = problemOfOrder(order, ['scope', 'id', 'why']);
  if (problem !== null) return problem;
  if (record.off.some((other) => isSame(other, order))) return null;
  const off = record.off.map(nameOf).join(', ');
  return `${nameOf(order)} is not switched off; ${off === '' ? 'nothing is' : `switched off: ${off}`}`;
}

function problemOfOrder(order: unknown, fields: readonly string[]): string | null {
  if (typeof order !== 'object' || order === null)
    return `send one object with ${fields.join(', ')}`;
  const given = order as Partial<Record<keyof SwitchOffOrder, unknown>>;
  const unknown = Object.keys(given).filter((name) => !fields.includes(name));
  if (unknown.length > 0) return `${unknown.join(', ')}: not known; known are ${fields.join(', ')}`;
  const scope = switchScopes.find((known) => known === given.scope);
  if (scope === undefined) return `scope: is one of ${switchScopes.join(', ')}`;
  if (scope === 'all' && given.id !== undefined)
    return 'id: belongs to a store or a terminal, not to all';
  if (scope !== 'all' && (typeof given.id !== 'string' || !/^[\w-]{1,40}$/.test(given.id))) {
    return `id: is missing or no id of a ${scope}`;
  }
  const why = problemOfText(given.why);
  return why === null ? null : `why: ${why}`;
}

type Named = { scope: SwitchScope; id?: string | null };

function isSame(one: Named, other: Named): boolean {
  return one.scope === other.scope && (one.id ?? null) === (other.id ?? null);
}

/** For people: `store bergen-01`. */
export function nameOf({ scope, id }: Named): string {
  return scope === 'all' ? 'all' : `${scope} ${id ?? ''}`;
}
