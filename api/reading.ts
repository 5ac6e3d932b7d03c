/**
 * The one way to read a charge. `describe()` shows the memo that the charge publishes and whether its workflow runs; it
 * needs no worker, and it is current, which lists are not. What follows from it is decided in `cashier.ts`.
 */
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import {
  caseWorkflowId,
  chargeWorkflowId,
  type CaseRecord,
  type ChargeMemo,
  type ChargeRecord,
} from '../workflows/messages.ts';
import {
  answerFor,
  attemptsMax,
  readingOf,
  viewOf,
  type CashierAnswer,
  type ReadCharge,
} from './cashier.ts';
import type { Charge } from './schemas.ts';

/** A workflow that reads so will write nothing any more; `PAUSED` and what is yet unknown may still. */
const closedStatuses = new Set([
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TERMINATED',
  'CONTINUED_AS_NEW',
  'TIMED_OUT',
]);

export class Reading {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** null: no such charge is known, which proves nothing about money. */
  async find(chargeId: string): Promise<ReadCharge | null> {
    const info = await this.#describe(chargeWorkflowId(chargeId));
    if (info === null) return null;
    return await this.read(recordIn(info.memo), info.status.name);
  }

  /** From a record and its workflow's status; looks at the case if there is one. */
  async read(record: ChargeRecord, statusName: string): Promise<ReadCharge> {
    return readingOf({
      record,
      isClosed: closedStatuses.has(statusName),
      case: await this.#caseOf(record),
      now: Date.now(),
    });
  }

  /** The charge as the till sees it: for a sale's last word the later attempts are looked at. */
  async show(read: ReadCharge): Promise<Charge> {
    const later = read.record.outcome === 'not_charged' ? await this.#after(read) : [];
    return viewOf(read, answerFor(read, later));
  }

  /** Every attempt of a sale with its answer, the first one first; empty if the sale is not known. */
  async sale(reference: string): Promise<{ read: ReadCharge; answer: CashierAnswer }[]> {
    const first = await this.find(`${reference}.1`);
    if (first === null) return [];
    const attempts = [first, ...(await this.#after(first))];
    return attempts.map((read, index) => ({
      read,
      answer: answerFor(read, attempts.slice(index + 1)),
    }));
  }

  /** Attempts are numbered without gaps, so the first unknown one ends the look: usually one describe. */
  async #after({ record }: ReadCharge): Promise<ReadCharge[]> {
    const later: ReadCharge[] = [];
    for (let attempt = record.attempt + 1; attempt <= attemptsMax; attempt += 1) {
      const next = await this.find(`${record.reference}.${attempt}`);
      if (next === null) break;
      later.push(next);
    }
    return later;
  }

  async #caseOf(record: ChargeRecord): Promise<ReadCharge['case']> {
    if (record.case_kind === null) return 'none';
    if (record.transaction_id === null) return 'open';
    const info = await this.#describe(caseWorkflowId(record.transaction_id));
    // Right after the charge closed its case may not be there yet, and a terminated case was settled by nobody.
    const opened = info?.memo?.['case'] as CaseRecord | undefined;
    return typeof opened?.settled_at === 'string' ? 'settled' : 'open';
  }

  async #describe(workflowId: string) {
    try {
      return await this.#client.workflow.getHandle(workflowId).describe();
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return null;
      throw err;
    }
  }
}

export function recordIn(memo: Record<string, unknown> | undefined): ChargeRecord {
  const { charge } = (memo ?? {}) as Partial<ChargeMemo>;
  if (charge?.version !== 1) {
    throw new Error('Could not read the charge: its memo has no record of version 1');
  }
  return charge;
}
