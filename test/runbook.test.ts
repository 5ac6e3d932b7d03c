/** The guide, the runbook and the closed lists are held together: no word without its text, no text without its word. */
import { Client, Connection } from '@temporalio/client';
import { Marked } from 'marked';
import { getHeadingList, gfmHeadingId } from 'marked-gfm-heading-id';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { chargeSchema } from '../api/answers.ts';
import { adviceByReason, advices } from '../api/cashier.ts';
import { anchorOf, explain, guides, type GuideList } from '../api/explain.ts';
import { problemCodes, problemKinds } from '../api/problems.ts';
import { chargeRequestSchema } from '../api/schemas.ts';
import { alertGuide } from '../scripts/runbook/alert-guide.ts';
import { runbookText } from '../scripts/runbook/page.ts';
import { attentionViews, views } from '../scripts/runbook/views.ts';
import { caseActions, chargeActions, settlements, type Action } from '../workflows/actions.ts';
import type { Guidance } from '../workflows/guide.ts';
import { refundActions } from '../workflows/refund-actions.ts';
import { refundAttentions, refundReasons, refundStates } from '../workflows/refund-lists.ts';
import { adviceByRefundReason } from '../api/refund-reading.ts';
import { refundSchema } from '../api/refund-schemas.ts';
import { attentions, caseKinds, chargeStates, reasons } from '../workflows/lists.ts';

const lists = {
  needs_attention: attentions,
  case: caseKinds,
  reason: reasons,
  refund_attention: refundAttentions,
  refund_reason: refundReasons,
  code: problemCodes,
};
const entries = Object.entries(guides).flatMap(([list, guide]) =>
  Object.entries<Guidance>(guide).map(([word, row]) => ({ list: list as GuideList, word, row })),
);
const steps = [
  ...entries.flatMap(({ word, row }) => row.press.map((step) => ({ of: word, ...step }))),
  ...Object.entries(alertGuide).flatMap(([name, { press }]) =>
    press.map((step) => ({ of: `alert-${name}`, ...step })),
  ),
];
const text = runbookText();
const html = new Marked(gfmHeadingId()).parse(text, { async: false });
const headings = getHeadingList();

describe('the guide', () => {
  it.each(Object.entries(lists))('has every word of %s, and no other', (list, words) => {
    const explained = entries.filter((entry) => entry.list === list).map(({ word }) => word);
    expect(explained.toSorted()).toEqual([...words].toSorted());
  });

  it.each(entries)('says everything about $list $word', ({ row }) => {
    const texts = [row.means, row.cashier, ...row.check, ...row.press.map(({ when }) => when)];
    expect(row.check.length).toBeGreaterThan(0);
    expect(row.press.length).toBeGreaterThan(0);
    for (const sentence of texts) expect(sentence).toMatch(/^[A-Z`][^]*[.?:)]$/);
    expect(texts.join('')).not.toContain('|');
    expect(row.severity === 'none').toBe(row.escalates_after_minutes === null);
  });

  it.each(Object.entries(adviceByReason))('says what the till says of %s: %s', (reason, advice) => {
    // The one whose advice also depends on what the till had said.
    const other = reason === 'voided' ? ['none'] : [];
    expect(namedAdvices('reason', reason)).toEqual([advice, ...other]);
  });

  it.each(Object.entries(adviceByRefundReason))(
    'says what the till says of %s: %s',
    (reason, advice) => {
      expect(namedAdvices('refund_reason', reason)).toEqual([advice]);
    },
  );

  it.each([...attentions])(
    'says that the till asks for help, and offers nothing else: %s',
    (word) => {
      expect(namedAdvices('needs_attention', word)).toEqual(['ask_for_help']);
      expect(cashierOf('needs_attention', word)).toMatch(/no other payment may be taken/);
    },
  );

  it.each(problemCodes)('says what the till says of %s', (code) => {
    expect(namedAdvices('code', code)).toEqual([problemKinds[code].advice]);
  });

  it('never offers a refund without the customer, nor the hammers of Temporal', () => {
    const all = entries.map(({ row }) => JSON.stringify(row));
    const sentences = all.flatMap((one) => one.split(/[."]/));
    const refunds = sentences.filter((sentence) => /goes back|money back/.test(sentence));
    expect(refunds.length).toBeGreaterThan(3);
    const alone = refunds.filter((one) => !/terminal|not paid any more|one of the two/.test(one));
    expect(alone).toEqual([]);
    expect(steps.filter(({ run }) => /terminate|reset|temporal /i.test(run ?? ''))).toEqual([]);
  });
});

function cashierOf(list: GuideList, word: string): string {
  return entries.find((entry) => entry.list === list && entry.word === word)?.row.cashier ?? '';
}

function namedAdvices(list: GuideList, word: string): string[] {
  return advices.filter((advice) => cashierOf(list, word).includes(`\`${advice}\``));
}

describe('what to press', () => {
  const machine =
    /^(npm start|docker compose (up -d|restart)( worker| api| temporal| --scale worker=3 worker)?)$/;
  const lookups = [
    'charges',
    'charges --reference <reference>',
    'refunds',
    'stuck',
    'show <charge_id>',
    'show <refund_id>',
    'show <transaction_id>',
    'show <held_by>',
    'terminal <terminal_id>',
    'terminals --seller <payout_destination_id> --status active',
    'watch <charge_id>',
    'cases',
    'explain <word>',
    'explain internal',
    'switches',
    'off all --text "<text>" --why "<why>"',
    'off terminal <terminal_id> --text "<text>" --why "<why>"',
    'on all --why "<why>"',
    'on store <store_id> --why "<why>"',
    'on terminal <terminal_id> --why "<why>"',
    'notifications',
    'resend <charge_id>',
    'reconcile',
    'reconcile <date>',
  ];
  const actions = new Set([
    ...Object.entries(chargeActions).flatMap(commandsOf('<charge_id>')),
    ...Object.entries(caseActions).flatMap(commandsOf('<transaction_id>')),
    ...Object.entries(refundActions).flatMap(commandsOf('<refund_id>')),
  ]);

  it.each(steps.filter(({ run }) => run !== null))('exists: $run, of $of', ({ run }) => {
    const command = /^npx kvitt (.*)$/.exec(run ?? '')?.[1];
    const isKnown =
      command === undefined ? machine.test(run ?? '') : isKvitt(command, { lookups, actions });
    expect(isKnown).toBe(true);
  });

  it('settles every word that asks for a person, and every case', () => {
    const asking = entries.filter(({ list }) => list === 'needs_attention' || list === 'case');
    expect(asking.filter(({ row }) => typeof row.press[0]?.run !== 'string')).toEqual([]);
  });
});

function isKvitt(command: string, known: { lookups: string[]; actions: Set<string> }): boolean {
  return known.lookups.includes(command) || known.actions.has(command);
}

/** Every way to write the action with exactly what it needs. */
function commandsOf(id: string) {
  return ([name, { fields }]: [string, Action]): string[] => {
    let commands = [`${name} ${id}`];
    for (const [field, { is, isRequired, choices = [] }] of Object.entries(fields)) {
      if (!isRequired) continue;
      const flag = `--${field.replaceAll('_', '-')}`;
      const values = is === 'choice' ? choices.map((one) => ` ${one}`) : [` "<${field}>"`];
      const written = is === 'true' ? [''] : values;
      commands = commands.flatMap((one) => written.map((value) => `${one} ${flag}${value}`));
    }
    return commands;
  };
}

describe('explain', () => {
  it.each(entries)('knows $list $word', ({ list, word, row }) => {
    const found = explain(word);
    const all = found === null ? [] : [found, ...found.also];
    expect(all).toContainEqual(expect.objectContaining({ list, word, ...row }));
  });

  it('puts what asks for a person before what has ended', () => {
    expect(explain('session_lost')).toMatchObject({
      list: 'needs_attention',
      also: [{ list: 'reason', cashier: expect.stringContaining('`try_again`') as unknown }],
    });
  });

  it.each(['', 'toString', 'paid in full', '__proto__'])('knows nothing of %j', (word) => {
    expect(explain(word)).toBeNull();
  });
});

describe('the runbook', () => {
  it('is as the guide says', async () => {
    await expect(text).toMatchFileSnapshot('../docs/runbook.md');
  });

  it('has one section per word and alert, at its anchor, and none besides', () => {
    const sections = headings.filter(({ level }) => level === 3).map(({ id }) => id);
    const anchors = [
      ...entries.map(({ list, word }) => anchorOf(list, word)),
      ...Object.keys(alertGuide).map((name) => `alert-${name}`),
    ];
    expect(sections).toEqual(anchors);
    expect(new Set(headings.map(({ id }) => id)).size).toBe(headings.length);
  });

  it('leads nowhere that is not there', () => {
    const targets = [...html.matchAll(/href="#([^"]+)"/g)].map(([, target]) => target ?? '');
    expect(targets.length).toBeGreaterThan(20);
    const ids = new Set(headings.map(({ id }) => id));
    expect(targets.filter((target) => !ids.has(target))).toEqual([]);
  });

  it('names only views that are there', () => {
    const named = [...text.matchAll(/views? ((?:"[^"]+"(?:, | and )?)+)/g)].flatMap(([, names]) =>
      [...(names ?? '').matchAll(/"([^"]+)"/g)].map(([, name]) => name),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !views.some((view) => view.name === name))).toEqual([]);
  });

  it('uses no word that is in no list', () => {
    const known = new Set<string>([
      ...Object.values(lists).flat(),
      ...chargeStates,
      ...refundStates,
      ...Object.keys(refundSchema.shape),
      ...advices,
      ...settlements,
      ...Object.keys(lists),
      ...Object.keys(chargeSchema.shape),
      ...Object.keys(chargeRequestSchema.shape),
      // Of a problem.
      'request_id',
    ]);
    const used = [...text.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, word]) => word ?? '');
    expect(used.length).toBeGreaterThan(60);
    expect([...new Set(used)].filter((word) => !known.has(word))).toEqual([]);
  });
});

describe('the views of the Temporal UI', () => {
  let connection: Connection;
  beforeAll(async () => {
    connection = await Connection.connect({ address: inject('temporalAddress') });
  });
  afterAll(async () => await connection.close());

  it.each([...views, ...Object.values(attentionViews)])(
    'can be asked: $name',
    async ({ query }) => {
      const { workflow } = new Client({ connection });
      expect((await workflow.count(query)).count).toBeGreaterThanOrEqual(0);
    },
  );
});
