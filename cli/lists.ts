/** What the commands that list ask of the API: all pages up to the limit, as one table. */
import {
  casesSchema,
  chargesSchema,
  explainedSchema,
  notificationsSchema,
  type Charge,
} from './answers.ts';
import { getPages, type Query } from './client.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { Failure } from './failures.ts';
import type { Kvitt } from './kvitt.ts';
import {
  chargeRefundsSchema,
  chargeRefundsText,
  readRefunds,
  refundsPath,
  refundTable,
  stuckRefunds,
  stuckRefundTable,
} from './refunds.ts';
import * as views from './views.ts';

interface ListOptions {
  query: Query;
  limit: number;
}

const chargePages = { path: '/charges', schema: chargesSchema };

async function readCharges(
  { client }: Kvitt,
  { query, limit }: ListOptions,
): Promise<{ charges: Charge[]; next_cursor: string | null }> {
  const sizeOf = ({ charges }: { charges: Charge[] }): number => charges.length;
  const pages = await getPages(client, { ...chargePages, query, limit, sizeOf });
  const charges = pages.flatMap((page) => page.charges);
  return { charges, next_cursor: pages.at(-1)?.next_cursor ?? null };
}

function listText(table: string, { next_cursor: next }: { next_cursor: string | null }): string {
  return next === null ? table : `${table}\nThere may be more: raise --limit.`;
}

async function charges(kvitt: Kvitt, options: ListOptions): Promise<ExitCode> {
  const list = await readCharges(kvitt, options);
  await kvitt.print(list, () =>
    list.charges.length === 0
      ? listText('No such charge.', list)
      : listText(views.chargeTable(kvitt.look, list.charges), list),
  );
  return exitCodes.done;
}

async function refunds(kvitt: Kvitt, options: ListOptions): Promise<ExitCode> {
  const list = await readRefunds(kvitt.client, options);
  await kvitt.print(list, () =>
    list.refunds.length === 0
      ? listText('No such refund.', list)
      : listText(refundTable(kvitt.look, list.refunds), list),
  );
  return exitCodes.done;
}

async function refundsOfCharge(kvitt: Kvitt, chargeId: string): Promise<ExitCode> {
  const answer = await kvitt.client.get(refundsPath(chargeId), chargeRefundsSchema);
  await kvitt.print(answer, () => chargeRefundsText(kvitt.look, answer));
  return exitCodes.done;
}

/** Every charge and refund that needs a person. */
async function stuck(kvitt: Kvitt, options: ListOptions): Promise<ExitCode> {
  const query = { ...options.query, needs_attention: 'true' };
  const list = await readCharges(kvitt, { ...options, query });
  const refunds = await stuckRefunds(kvitt.client, options);
  const found = list.charges.length + refunds.length;
  await kvitt.print(refunds.length === 0 ? list : { ...list, refunds }, async () => {
    if (found === 0) return listText('No charge needs attention.', list);
    const charges =
      list.charges.length === 0
        ? []
        : [views.stuckTable(kvitt.look, await mostUrgentFirst(kvitt, list.charges))];
    const tables = [
      ...charges,
      ...(refunds.length === 0 ? [] : [stuckRefundTable(kvitt.look, refunds)]),
    ];
    return `${listText(tables.join('\n\n'), list)}\n\n\`kvitt show CHARGE\` says what to do.`;
  });
  return found === 0 ? exitCodes.done : exitCodes.found;
}

/** The one whose word escalates first, by what the API says of it, comes first. */
async function mostUrgentFirst(kvitt: Kvitt, list: Charge[]): Promise<views.Stuck[]> {
  const pressing = await pressingOf(kvitt, list);
  return list
    .map((charge) => {
      const { severity = null, minutes = null } = pressing.get(charge.needs_attention) ?? {};
      const escalatesAt = Date.parse(charge.state_since) + (minutes ?? 0) * 60_000;
      return { charge, severity, escalatesAt };
    })
    .toSorted((a, b) => a.escalatesAt - b.escalatesAt);
}

/** What the API says of each word that occurs: a dozen at most. */
async function pressingOf(
  { client }: Kvitt,
  list: Charge[],
): Promise<Map<string | null, { severity: string | null; minutes: number | null }>> {
  const words = [...new Set(list.flatMap((charge) => charge.needs_attention ?? []))];
  const known = await Promise.all(
    words.map(async (word) => {
      try {
        const path = `/ops/explain/${encodeURIComponent(word)}`;
        const { severity, escalates_after_minutes: minutes } = await client.get(
          path,
          explainedSchema,
        );
        return [[word, { severity, minutes }] as const];
      } catch (err) {
        // The list is what matters at night: without this it is sorted by age alone.
        if (err instanceof Failure) return [];
        throw err;
      }
    }),
  );
  return new Map(known.flat());
}

async function cases(kvitt: Kvitt, { query, limit }: ListOptions): Promise<ExitCode> {
  const pages = await getPages(kvitt.client, {
    path: '/cases',
    schema: casesSchema,
    query,
    limit,
    sizeOf: (page) => page.cases.length,
  });
  const list = {
    cases: pages.flatMap((page) => page.cases),
    next_cursor: pages.at(-1)?.next_cursor ?? null,
  };
  await kvitt.print(list, () =>
    list.cases.length === 0
      ? listText('No such case.', list)
      : listText(views.caseTable(kvitt.look, list.cases), list),
  );
  return list.cases.length === 0 ? exitCodes.done : exitCodes.found;
}

async function notifications(
  { client, look, print }: Kvitt,
  { query, limit }: ListOptions,
): Promise<ExitCode> {
  const pages = await getPages(client, {
    path: '/ops/notifications',
    schema: notificationsSchema,
    query,
    limit,
    sizeOf: (page) => page.notifications.length,
  });
  const list = {
    notifications: pages.flatMap((page) => page.notifications),
    next_cursor: pages.at(-1)?.next_cursor ?? null,
  };
  await print(list, () =>
    list.notifications.length === 0
      ? listText('No notification waits.', list)
      : listText(views.notificationTable(look, list.notifications), list),
  );
  return exitCodes.done;
}

export const listJobs = { charges, refunds, refundsOfCharge, stuck, cases, notifications };
