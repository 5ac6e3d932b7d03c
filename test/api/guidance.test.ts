/** The guidance that comes with a charge, a refund or a case: about this one, and nothing that would be refused. */
import { describe, expect, it } from 'vitest';
import { idsOf, shown } from '../../api/ops.ts';
import type { Overview } from '../../workflows/messages.ts';

const record = {
  charge_id: 'H-1.1',
  transaction_id: 'T90001234.5AbC',
  payout_destination_id: 'seller-9',
  held_by: 'B-1.1',
};

/** What is to be checked and pressed, as one text. */
function told(
  word: string,
  {
    id = 'H-1.1',
    refund_id = null,
    actions = [],
    ...change
  }: Partial<typeof record> & {
    id?: string;
    refund_id?: string | null;
    actions?: Overview['actions'];
  } = {},
): string {
  const ids = { ...idsOf({ ...record, ...change }), refund_id };
  const of = { timeline: [], waiting_for: null, until: null, actions };
  const { guidance } = shown({ policy: {} }, { word, id, ids }, of);
  return JSON.stringify([guidance?.check, guidance?.press]);
}

describe('what is told of this one', () => {
  it.each(['terminal_busy', 'refund_terminal_busy'])('%s leads to who has the terminal', (word) => {
    expect(told(word)).toContain('npx kvitt show B-1.1"');
    expect(told(word)).not.toContain('npx kvitt show H-1.1');
    const operation = told(word, { held_by: 'T90001234-T0003/end_of_day-1' });
    expect(operation).not.toContain('npx kvitt show T90001234');
    expect(operation).toContain('npx kvitt terminal <terminal_id>');
  });

  it('a refund refused by its terminal leads to the terminals of the seller', () => {
    expect(told('refund_terminal_unavailable')).toContain(
      'npx kvitt terminals --seller seller-9 --status active',
    );
  });

  it('another attempt with the money is found by the sale', () => {
    const text = told('other_attempt_has_money', { charge_id: 'H-1.12' });
    expect(text).toContain('npx kvitt charges --reference H-1"');
  });
});

describe('what is pressed', () => {
  const free = 'npx kvitt free H-1.1.R1 ';
  const read = 'npx kvitt read H-1.1.R1';
  const refund = { id: 'H-1.1.R1', refund_id: 'H-1.1.R1' };
  const freed = (is_possible: boolean): Overview['actions'] => [
    { action: 'free', is_possible, why_not: is_possible ? null : 'it does not hold the terminal' },
    { action: 'read', is_possible: true, why_not: null },
  ];

  it('is nothing that would be refused: a refund that has freed its terminal', () => {
    expect(told('refund_unresolved', { ...refund, actions: freed(true) })).toContain(free);
    const after = told('refund_unresolved', { ...refund, actions: freed(false) });
    expect(after).not.toContain(free);
    expect(after).toContain(read);
  });

  it('is what another one needs, whatever is refused of this one', () => {
    const note = { action: 'note' as const, is_possible: false, why_not: 'the charge has ended' };
    const text = told('captured_unasked', { actions: [note] });
    expect(text).toContain('npx kvitt note T90001234.5AbC ');
    expect(text).toContain('npx kvitt refund T90001234.5AbC ');
  });
});
