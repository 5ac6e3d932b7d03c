/** What each command asks of the API, and what it then prints. */
import * as account from './account.ts';
import {
  anySchema,
  caseSchema,
  chargeSchema,
  explainedSchema,
  shownCaseSchema,
  shownChargeSchema,
  shownSchema,
  switchesSchema,
} from './answers.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { Failure } from './failures.ts';
import type { Kvitt } from './kvitt.ts';
import { listJobs } from './lists.ts';
import { kindOf } from './options.ts';
import { chargeRefundsText, knownRefunds, refundLines, refundSchema } from './refunds.ts';
import { reportJobs } from './reports.ts';
import type { SetupOptions } from './setup/walk.ts';
import { printable } from './tables.ts';
import * as views from './views.ts';
import { watch } from './watch.ts';
import { partsOfRefundId } from '../workflows/refund-ids.ts';

/** A case that a refund was ordered of comes with it. */
const orderedCaseSchema = caseSchema.extend({ refund: refundSchema.optional() });
const shownRefundSchema = shownSchema.extend({ refund: refundSchema });

/** Where the API has what is about this id. */
function opsPath(id: string): string {
  return `/ops/${kindOf(id)}s/${encodeURIComponent(id)}`;
}

async function show(kvitt: Kvitt, id: string): Promise<ExitCode> {
  const { client, look, print } = kvitt;
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
    const refunds = await knownRefunds(kvitt, id);
    const answer = refunds === null ? shown : { ...shown, refunds: refunds.refunds };
    await print(answer, () => {
      const lines = views.chargeLines(look, shown.charge);
      const given = refunds === null ? null : chargeRefundsText(look, refunds);
      return views.shownText(look, { id, lines, refunds: given, shown });
    });
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
    const { refund } = body;
    const lines = refund === undefined ? '' : `\n${refundLines(look, refund)}`;
    await print(body, () => views.caseLines(look, body) + lines);
    // Ordered, and already over: no money goes back by it.
    if (refund?.outcome === 'not_refunded') return exitCodes.refused;
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
  ...listJobs,
  show,
  receipt,
  act,
  explain,
  switches,
  turn,
  resend,
  watch,
  ...reportJobs,
  setup,
  account,
};
export type Jobs = typeof jobs;
