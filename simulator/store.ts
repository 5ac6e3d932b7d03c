import {
  appendFileSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  closeSync,
} from 'node:fs';
import { join } from 'node:path';
import { keysOf } from './row-keys.ts';
import type { Tables } from './records.ts';

type TableName = keyof Tables;
type Change = [table: TableName, id: string, row: unknown];
type Maps = { [Name in TableName]: Map<string, Tables[Name]> };

/** The tables, and the journal that lets a killed simulator go on where it was. */
export interface Store {
  readonly tables: Maps;
  /** The rows under a key of `row-keys.ts`, oldest first: one sale of a long run is found without reading all of them. */
  rowsOf<Name extends TableName>(table: Name, key: string): Tables[Name][];
  save<Name extends TableName>(table: Name, id: string, row: Tables[Name]): void;
  remove(table: TableName, id: string): void;
  /** Writes what changed since the last call; must precede every answer. */
  commit(): void;
  reset(): void;
  close(): void;
}

/** Opens the journal in `folder` and replays it; without a folder everything is memory only. */
export function createStore(folder?: string): Store {
  const tables = emptyTables();
  const index = new Map<string, Set<unknown>>();
  const list = (table: TableName, row: object): void => {
    for (const key of keysOf(table, row)) {
      const rows = index.get(`${table} ${key}`);
      if (rows === undefined) index.set(`${table} ${key}`, new Set([row]));
      else rows.add(row);
    }
  };
  const journal = folder === undefined ? undefined : openJournal(folder, tables);
  for (const [table, rows] of Object.entries(tables)) {
    for (const row of rows.values()) list(table as TableName, row);
  }
  const changes = new Map<string, Change>();
  const note = (table: TableName, id: string, row: unknown): void => {
    if (journal !== undefined) changes.set(`${table}/${id}`, [table, id, row]);
  };
  return {
    tables,
    rowsOf: <Name extends TableName>(table: Name, key: string) =>
      [...(index.get(`${table} ${key}`) ?? [])] as Tables[Name][],
    save(table, id, row) {
      tables[table].set(id, row);
      list(table, row);
      note(table, id, row);
    },
    remove(table, id) {
      const row = tables[table].get(id);
      if (row === undefined) return;
      tables[table].delete(id);
      for (const key of keysOf(table, row)) index.get(`${table} ${key}`)?.delete(row);
      note(table, id, null);
    },
    commit() {
      if (journal === undefined || changes.size === 0) return;
      // One line for everything that happened at once: a torn line loses all of it or nothing.
      appendFileSync(journal, `${JSON.stringify([...changes.values()])}\n`);
      changes.clear();
    },
    reset() {
      for (const table of Object.values(tables)) table.clear();
      index.clear();
      changes.clear();
      if (journal !== undefined) ftruncateSync(journal);
    },
    close() {
      if (journal !== undefined) closeSync(journal);
    },
  };
}

function emptyTables(): Maps {
  return {
    session: new Map(),
    transaction: new Map(),
    terminal: new Map(),
    delivery: new Map(),
    subscription: new Map(),
    hook: new Map(),
    job: new Map(),
    fault: new Map(),
    hit: new Map(),
    call: new Map(),
    entry: new Map(),
    setting: new Map(),
    refund: new Map(),
    shop: new Map(),
    operation: new Map(),
    settlement: new Map(),
  };
}

function openJournal(folder: string, tables: Maps): number {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'journal.jsonl');
  if (existsSync(path)) {
    replay(path, tables);
    compact(path, tables);
  }
  return openSync(path, 'a');
}

function replay(path: string, tables: Maps): void {
  const bytes = readFileSync(path);
  let start = 0;
  // What follows the last line feed was torn by a kill: its answer never left.
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    const changes = JSON.parse(bytes.toString('utf8', start, end)) as Change[];
    for (const [table, id, row] of changes) {
      if (row === null) tables[table].delete(id);
      else (tables[table] as Map<string, unknown>).set(id, row);
    }
    start = end + 1;
  }
}

/** A journal holds every version of every row: keep the last ones only, or each start gets slower. */
function compact(path: string, tables: Maps): void {
  const fresh = `${path}.new`;
  const file = openSync(fresh, 'w');
  for (const [name, table] of Object.entries(tables)) {
    for (const [id, row] of table) appendFileSync(file, `${JSON.stringify([[name, id, row]])}\n`);
  }
  closeSync(file);
  renameSync(fresh, path);
}
