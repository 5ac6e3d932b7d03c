/** The shape of the guide for people: what a word means, what the cashier reads, what to check, what to press. */

/**
 * `page`: the phone rings at once. `ticket`: it waits for the shop or the office. `none`: it is normal.
 */
export type Severity = 'page' | 'ticket' | 'none';

export interface Step {
  /** When to press it, in one sentence. */
  when: string;
  /** An exact command, with placeholders in angle brackets; null: there is nothing to press. */
  run: string | null;
}

export interface Guidance {
  severity: Severity;
  /** Still there after this long: a ticket becomes a page, a page goes to the next person. Null: never. */
  escalates_after_minutes: number | null;
  means: string;
  /** What the till shows: the advice, and what it says about another payment. */
  cashier: string;
  check: readonly string[];
  /** In the order in which they are tried. */
  press: readonly Step[];
}

/** A table of guidance; its rows say what they are without repeating the names of the members. */
export function guidance(
  [severity, escalates_after_minutes]: readonly [Severity, number | null],
  row: Omit<Guidance, 'severity' | 'escalates_after_minutes'>,
): Guidance {
  return { severity, escalates_after_minutes, ...row };
}

/** The terminal is busy: who has it. An operation is named by its terminal, a slash and itself. */
export const lookAtHolder: readonly Step[] = [
  {
    when: 'Look at the charge or the refund that `held_by` names, and go on in the section of its `needs_attention`.',
    run: 'npx kvitt show <held_by>',
  },
  {
    when: 'It is an operation, whose name begins with the terminal: see how it stands.',
    run: 'npx kvitt terminal <terminal_id>',
  },
];
