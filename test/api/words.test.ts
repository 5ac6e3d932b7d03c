/** Every closed list is held to `/docs` and to `kvitt explain`: no word is shown that nobody explains. */
import { describe, expect, it } from 'vitest';
import { registrationStatuses } from '../../api/account-schemas.ts';
import { advices } from '../../api/cashier.ts';
import { explain } from '../../api/explain.ts';
import { openApiDocument } from '../../api/openapi.ts';
import { wordPathSchema } from '../../api/ops-openapi.ts';
import { problemCodes } from '../../api/problems.ts';
import { settlements } from '../../workflows/actions.ts';
import { differenceKinds } from '../../workflows/books.ts';
import { attentions, caseKinds, chargeStates, eventTypes, reasons } from '../../workflows/lists.ts';
import { refundAttentions, refundReasons, refundStates } from '../../workflows/refund-lists.ts';
import { operations, operationStates } from '../../workflows/terminal-operations.ts';

/** The name of the list in an explanation, the title of its table in /docs, and its words. */
const lists: [list: string, title: string, words: readonly string[]][] = [
  ['state', 'States', chargeStates],
  ['advice', 'Advice', advices],
  ['reason', 'Reasons of not_charged', reasons],
  ['needs_attention', 'needs_attention', attentions],
  ['case', 'Cases', caseKinds],
  ['settled_as', 'What a case was settled as', settlements],
  ['refund_state', 'States of a refund', refundStates],
  ['refund_reason', 'Reasons of not_refunded', refundReasons],
  ['refund_attention', 'needs_attention of a refund', refundAttentions],
  ['terminal_status', 'Terminals: status', registrationStatuses],
  ['operation', 'Terminals: operations', operations],
  ['operation_state', 'Terminals: states of an operation', operationStates],
  ['difference', 'Differences in a report', [...differenceKinds, 'late']],
  ['event', 'Events of the webhooks', eventTypes],
  ['code', 'Problem codes', problemCodes],
];
const rows = lists.flatMap(([list, , words]) => words.map((word) => ({ list, word })));

const document = openApiDocument();
const description = document.info.description ?? '';

function tableOf(title: string): string[] {
  const [, after = ''] = description.split(`### ${title}\n`);
  const [table = ''] = after.split('\n### ');
  return [...table.matchAll(/^\| `([a-z_.]+)` \| [^|]{10,} \|$/gm)].map(([, word]) => word ?? '');
}

describe('/docs', () => {
  it.each(lists)('has every word of %s in its table, and no other', (_list, title, words) => {
    expect(tableOf(title).toSorted()).toEqual([...words].toSorted());
  });

  it('points at nothing that is not there', () => {
    expect(JSON.stringify(document)).not.toContain('x-reasons');
  });

  it('lists what POST /charges answers while charges are switched off', () => {
    const responses = document.paths?.['/charges']?.post?.responses ?? {};
    expect(JSON.stringify(responses['503'])).toContain('switched_off');
  });
});

describe('kvitt explain', () => {
  it.each(rows)('knows $list $word', ({ list, word }) => {
    expect(wordPathSchema.safeParse({ word }).success).toBe(true);
    const found = explain(word);
    const all = found === null ? [] : [found, ...found.also];
    const means = expect.stringMatching(/^[A-Z`][^]*\.$/) as string;
    expect(all).toContainEqual(expect.objectContaining({ list, word, means }));
  });
});
