/** What each command asks of the API, and what it then prints. */
import * as account from './account.ts';
import {
  anySchema,
  caseSchema,
  casesSchema,
  chargeSchema,
  chargesSchema,
  explainedSchema,
  notificationsSchema,
  shownCaseSchema,
  shownChargeSchema,
  shownSchema,
  switchesSchema,
  type Charge,
} from './answers.ts';
import { getPages, type Query } from './client.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { Failure } from './failures.ts';
import type { Kvitt } from './kvitt.ts';
import { kindOf } from './options.ts';
import { refundLines, refundSchema, refundTable, stuckRefunds } from './refunds.ts';
import { reportJobs } from './reports.ts';
import type { SetupOptions } from './setup/walk.ts';
import { printable } from './tables.ts';
import * as views from './views.ts';
import { watch } from './watch.ts';
import { partsOfRefundId } from '../workflows/refund-ids.ts';

/** A case that a refund was ordered of comes with it. */
const orderedCaseSchema = caseSchema.extend({ refund: refundSchema.optional() });
const shownRefundSchema = shownSchema.extend({ refund: refundSchema });

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
      ...(refunds.length === 0 ? [] : [refundTable(kvitt.look, refunds)]),
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

/** Where the API has what is about this id. */
function opsPath(id: string): string {
  return `/ops/${kindOf(id)}s/${encodeURIComponent(id)}`;
}

async function show({ client, look, print }: Kvitt, id: string): Promise<ExitCode> {
  if (kindOf(id) === 'refund') {
    const shown = await client.get(opsPath(id), shownRefundSchema);
    await print(shown, () =>
      views.shownText(look, { id, lines: refundLines(look, shown.refund), shown }),
    );
  } else if (kindOf(id) === 'case') {
    const shown = await client.get(opsPath(id), shownCaseSchema);
    await print(shown, () =>
      views.shownText(look, { id, lines: views.caseLines(look, shown.case), shown }),
    );
  } else {
    const shown = await client.get(opsPath(id), shownChargeSchema);
    await print(shown, () =>
      views.shownText(look, { id, lines: views.chargeLines(look, shown.charge), shown }),
    );
  }
  return exitCodes.done;
}

async function receipt(
  { client, print }: Kvitt,
  { id, copy }: { id: string; copy: string },
): Promise<ExitCode> {
  const parts = partsOfRefundId(id);
  const refund = parts === null ? '' : `/refunds/${encodeURIComponent(id)}`;
  const charge = encodeURIComponent(parts?.chargeId ?? id);
  const text = await client.text(`/charges/${charge}${refund}/receipt`, { copy });
  await print(text, () => text.trimEnd().split(/\r?\n/).map(printable).join('\n'));
  return exitCodes.done;
}

async function act(
  { client, look, print }: Kvitt,
  { id, action, input }: { id: string; action: string; input: object },
): Promise<ExitCode> {
  const path = `${opsPath(id)}/${action}`;
  if (kindOf(id) === 'refund') {
    const { body } = await client.post(path, refundSchema, input);
    await print(body, () => refundLines(look, body));
  } else if (kindOf(id) === 'case') {
    const { body } = await client.post(path, orderedCaseSchema, input);
    const refund = body.refund === undefined ? '' : `\n${refundLines(look, body.refund)}`;
    await print(body, () => views.caseLines(look, body) + refund);
  } else {
    const { status, body } = await client.post(path, chargeSchema, input);
    const open = status === 202 ? `\nIt has no outcome yet: \`kvitt watch ${id}\` follows it.` : '';
    await print(body, () => views.chargeLines(look, body) + open);
  }
  return exitCodes.done;
}

async function explain({ client, look, print }: Kvitt, word: string): Promise<ExitCode> {
  const path = `/ops/explain/${encodeURIComponent(word)}`;
  const explained = await client.get(path, explainedSchema);
  await print(explained, () => views.explainedText(look, explained));
  return exitCodes.done;
}

async function switches({ client, look, print }: Kvitt): Promise<ExitCode> {
  const answer = await client.get('/ops/switches', switchesSchema);
  await print(answer, () => views.switchesText(look, answer));
  return exitCodes.done;
}

async function turn(
  { client, print }: Kvitt,
  { to, input }: { to: 'off' | 'on'; input: { scope: string; id?: string | undefined } },
): Promise<ExitCode> {
  const { body } = await client.post(`/ops/switch-${to}`, switchesSchema, input);
  const isOff = body.off.some(
    ({ scope, id }) => scope === input.scope && (id ?? undefined) === input.id,
  );
  if (isOff !== (to === 'off')) {
    throw new Failure(exitCodes.fault, {
      problem: { title: `The answer does not show it switched ${to}` },
      wayOut: 'Look with kvitt switches, and at KVITT_URL.',
    });
  }
  const what = [input.scope, ...(input.id === undefined ? [] : [input.id])].join(' ');
  await print(
    body,
    () => `New charges are switched ${to}: ${what}. \`kvitt switches\` shows all that is off.`,
  );
  return exitCodes.done;
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

async function resend({ client, print }: Kvitt, chargeId: string): Promise<ExitCode> {
  const path = `/ops/notifications/${encodeURIComponent(chargeId)}/resend`;
  const { body } = await client.post(path, anySchema, {});
  await print(body, () => `The notifications of ${chargeId} are sent again.`);
  return exitCodes.done;
}

/** Loaded only now: it is the one command that speaks to Dintero itself. */
async function setup(kvitt: Kvitt, options: SetupOptions): Promise<ExitCode> {
  const { setUp } = await import('./setup/setup.ts');
  return await setUp(kvitt, options);
}

/** One per command, but for the actions: they are all `act`. */
export const jobs = {
  charges,
  stuck,
  cases,
  show,
  receipt,
  act,
  explain,
  switches,
  turn,
  notifications,
  resend,
  watch,
  ...reportJobs,
  setup,
  account,
};
export type Jobs = typeof jobs;
