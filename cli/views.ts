/** What people read: each answer of the API as text. Words of the closed lists stay as they are, `kvitt explain` tells them. */
import type { Case, Charge, Explained, Notifications, Shown, Switches } from './answers.ts';
import { actionsOf, kindOf, usageOf } from './options.ts';
import { age, cell, instant, money, printable, table, type Paint } from './tables.ts';

/** How a text is painted, and from when ages count. */
export interface Look {
  paint: Paint;
  now: number;
}

function stateOf(paint: Paint, { state, needs_attention: attention }: Charge): string {
  if (attention !== null) return paint.warning(cell(state));
  return state === 'captured' ? paint.good(state) : cell(state);
}

function amountOf({ state, amount, captured_amount: captured, currency }: Charge): string {
  return money(state === 'captured' ? (captured ?? amount) : amount, currency);
}

export function chargeTable({ paint, now }: Look, charges: Charge[]): string {
  const heads = ['CHARGE', 'STATE', 'AGE', 'AMOUNT', 'TERMINAL', 'STORE', 'REASON', 'ATTENTION'];
  const rows = charges.map((charge) => [
    cell(charge.charge_id),
    stateOf(paint, charge),
    age(charge.created_at, now),
    amountOf(charge),
    cell(charge.terminal_id),
    cell(charge.store_id),
    cell(charge.reason),
    paint.warning(cell(charge.needs_attention)),
  ]);
  return table(paint, { heads, rows });
}

/** A charge that asks for a person, and how much that word is known to press. */
export interface Stuck {
  charge: Charge;
  severity: string | null;
}

export function stuckTable({ paint, now }: Look, stuck: Stuck[]): string {
  const heads = ['CHARGE', 'AGE', 'ATTENTION', 'SEVERITY', 'ADVICE', 'TERMINAL', 'STORE', 'AMOUNT'];
  const rows = stuck.map(({ charge, severity }) => [
    cell(charge.charge_id),
    age(charge.state_since, now),
    paint.warning(cell(charge.needs_attention)),
    cell(severity),
    cell(charge.advice),
    cell(charge.terminal_id),
    cell(charge.store_id),
    amountOf(charge),
  ]);
  return table(paint, { heads, rows });
}

export function caseTable({ paint, now }: Look, cases: Case[]): string {
  const heads = ['TRANSACTION', 'KIND', 'STATE', 'AGE', 'CHARGE', 'ASKED', 'CAPTURED', 'STORE'];
  const rows = cases.map((one) => [
    cell(one.transaction_id),
    one.state === 'open' ? paint.warning(cell(one.kind)) : cell(one.kind),
    one.settled_as === null ? cell(one.state) : `${cell(one.state)} (${cell(one.settled_as)})`,
    age(one.opened_at, now),
    cell(one.charge_id),
    money(one.amount, one.currency),
    money(one.captured_amount, one.currency),
    cell(one.store_id),
  ]);
  return table(paint, { heads, rows });
}

/** The charge in one line, and a second one with what it is about. */
export function chargeLines({ paint, now }: Look, charge: Charge): string {
  const { reason, needs_attention: attention, case_kind: kind, held_by: holder } = charge;
  const first = [
    paint.heading(printable(charge.charge_id)),
    stateOf(paint, charge) + (reason === null ? '' : ` (${cell(reason)})`),
    `for ${age(charge.state_since, now)}`,
    amountOf(charge),
    ...(attention === null ? [] : [paint.warning(`needs attention: ${cell(attention)}`)]),
    `advice: ${cell(charge.advice)}`,
    charge.safe_to_take_other_payment
      ? 'another payment is safe'
      : 'take no other payment on this answer',
  ];
  const second = [
    `terminal ${cell(charge.terminal_id)}`,
    `store ${cell(charge.store_id)}`,
    ...(holder === null ? [] : [`terminal held by ${cell(holder)}`]),
    ...(kind === null ? [] : [`case ${cell(kind)}`]),
    ...(charge.transaction_id === null ? [] : [`transaction ${cell(charge.transaction_id)}`]),
    `started ${instant(charge.created_at)}`,
  ];
  return `${first.join(' | ')}\n${second.join(' | ')}`;
}

export function caseLines({ paint, now }: Look, one: Case): string {
  const first = [
    paint.heading(printable(one.transaction_id)),
    one.state === 'open' ? paint.warning(cell(one.kind)) : cell(one.kind),
    one.settled_at === null
      ? `${cell(one.state)} for ${age(one.opened_at, now)}`
      : `${cell(one.state)} as ${cell(one.settled_as)} by ${cell(one.settled_by)} ${instant(one.settled_at)}`,
    `asked ${money(one.amount, one.currency)}`,
    `captured ${money(one.captured_amount, one.currency)}`,
  ];
  const second = [
    `charge ${cell(one.charge_id)}`,
    `terminal ${cell(one.terminal_id)}`,
    `store ${cell(one.store_id)}`,
    `opened ${instant(one.opened_at)}`,
  ];
  const options = (one.options ?? []).map((option) => `- ${printable(option.text)}`);
  return [first.join(' | '), second.join(' | '), ...options].join('\n');
}

function section(paint: Paint, { title, lines }: { title: string; lines: string[] }): string[] {
  const body = lines
    .flatMap((line) => line.split('\n'))
    .map((line) => (line === '' ? '' : `  ${line}`));
  return lines.length === 0 ? [] : [`\n${paint.heading(title)}`, ...body];
}

function timelineLines({ paint }: Look, { timeline, timeline_missing: missing }: Shown): string[] {
  if (timeline === null) return [paint.warning(printable(missing ?? 'It is not known now.'))];
  const rows = timeline.map(({ at, source, text, times }) => [
    instant(at),
    cell(source),
    cell(text) + (times > 1 ? ` (${times} times)` : ''),
  ]);
  return rows.length === 0 ? ['Empty.'] : [table(paint, { heads: ['AT', 'SOURCE', 'WHAT'], rows })];
}

function actionLines(
  { paint }: Look,
  { id, actions }: { id: string; actions: Shown['actions'] },
): {
  possible: string[];
  not: string[];
} {
  const known = actionsOf[kindOf(id)];
  const possible = actions.filter((one) => one.is_possible);
  const not = actions.filter((one) => !one.is_possible);
  return {
    possible: possible.flatMap(({ action: name }) => {
      const action = known[name];
      if (action === undefined) return [printable(name)];
      const last = action.isIrreversible ? ' It cannot be taken back.' : '';
      return [usageOf(name, { action, id }), paint.faint(`    ${action.does}${last}`)];
    }),
    not: whyNot(not),
  };
}

/** What one reason forbids stands on one line. */
function whyNot(actions: Shown['actions']): string[] {
  const reasons = [...new Set(actions.map((one) => cell(one.why_not)))];
  return reasons.map((reason) => {
    const forbidden = actions.filter((one) => cell(one.why_not) === reason);
    return `${forbidden.map(({ action }) => printable(action)).join(', ')}: ${reason}`;
  });
}

/** Everything about one charge or case, under its own lines. */
export function shownText(
  look: Look,
  {
    id,
    lines,
    refunds = null,
    shown,
  }: { id: string; lines: string; refunds?: string | null; shown: Shown },
): string {
  const { paint } = look;
  const { waiting_for: waiting, until, guidance, runbook_url: runbook } = shown;
  const waits =
    waiting === null
      ? []
      : [printable(waiting) + (until === null ? '' : `; next look ${instant(until)}`)];
  const { possible, not } = actionLines(look, { id, actions: shown.actions });
  return [
    lines,
    ...section(paint, { title: 'Refunds', lines: refunds === null ? [] : [refunds] }),
    ...section(paint, { title: 'Timeline', lines: timelineLines(look, shown) }),
    ...section(paint, { title: 'Waits for', lines: waits }),
    ...section(paint, { title: 'What you may do now', lines: possible }),
    ...section(paint, { title: 'Not now', lines: not }),
    ...(guidance === null
      ? []
      : section(paint, { title: 'Guidance', lines: [explainedText(look, guidance)] })),
    ...section(paint, { title: 'Runbook', lines: runbook === null ? [] : [printable(runbook)] }),
  ].join('\n');
}

/** A word of two lists has two explanations, one under the other. */
export function explainedText(look: Look, { also, ...explained }: Explained): string {
  return [explained, ...also].map((one) => explainedOnce(look, one)).join('\n\n');
}

function explainedOnce({ paint }: Look, explained: Explained['also'][number]): string {
  const { word, list, severity, escalates_after_minutes: minutes, means, cashier } = explained;
  const pressing = [
    ...(severity === null || severity === 'none' ? [] : [`severity ${cell(severity)}`]),
    ...(minutes === null ? [] : [`escalates after ${minutes} min`]),
  ];
  const press = explained.press.map(({ when, run }) =>
    run === null ? printable(when) : `${printable(when)}\n    ${printable(run)}`,
  );
  return [
    [paint.heading(printable(word)), cell(list), ...pressing].join(' | '),
    printable(means),
    ...(cashier === null ? [] : [`The cashier: ${printable(cashier)}`]),
    ...section(paint, {
      title: 'Check',
      lines: explained.check.map((one) => `- ${printable(one)}`),
    }),
    ...section(paint, { title: 'Press', lines: press }),
  ].join('\n');
}

export function switchesText({ paint }: Look, { off, log }: Switches): string {
  const where = (one: Switches['off'][number] | Switches['log'][number]): string =>
    [one.scope, ...(one.id === null ? [] : [one.id])].join(' ');
  const offTable = table(paint, {
    heads: ['OFF', 'SINCE', 'BY', 'WHY', 'TEXT FOR THE CASHIER'],
    rows: off.map((one) => [where(one), instant(one.at), one.by, one.why, one.text].map(cell)),
  });
  const logTable = table(paint, {
    heads: ['AT', 'SWITCHED', 'BY', 'WHY', 'TEXT FOR THE CASHIER'],
    rows: log.map((one) =>
      [instant(one.at), `${one.did} ${where(one)}`, one.by, one.why, one.text].map(cell),
    ),
  });
  return [
    off.length === 0 ? 'Nothing is switched off.' : offTable,
    ...section(paint, { title: 'Log', lines: log.length === 0 ? [] : [logTable] }),
  ].join('\n');
}

export function notificationTable({ paint, now }: Look, notifications: Notifications): string {
  const rows = notifications.map((one) => [
    cell(one.charge_id),
    String(one.waiting),
    one.oldest === null ? '-' : age(one.oldest.timestamp, now),
    cell(one.oldest?.type),
    cell(one.last_failure),
  ]);
  const heads = ['CHARGE', 'WAITING', 'OLDEST', 'TYPE', 'LAST ERROR'];
  return table(paint, { heads, rows });
}

/** One line per change. */
export function changeLine({ paint }: Look, charge: Charge): string {
  const { reason, needs_attention: attention } = charge;
  return [
    instant(charge.updated_at),
    stateOf(paint, charge) + (reason === null ? '' : ` (${cell(reason)})`),
    ...(charge.state === 'captured' ? [amountOf(charge)] : []),
    ...(attention === null ? [] : [paint.warning(`needs attention: ${cell(attention)}`)]),
  ].join('  ');
}
