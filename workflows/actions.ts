/**
 * What a person may do about a charge or a case: the one table. The workflows' updates, `POST /ops/...`, the command line
 * and the runbook are loops over it. Whether an action fits what is true now is decided by the workflow, in `orders.ts`
 * and `money-case.ts`.
 */

import { problemOfText } from './card-number.ts';
import { refundsMax } from './refund-ids.ts';

/** One member of an action's input, which is one flat JSON object. */
export interface Field {
  /** An `amount` is a whole number of minor units above 0; a `number` counts from 1. */
  is: 'text' | 'true' | 'choice' | 'amount' | 'number';
  isRequired: boolean;
  /** Of a `choice`. */
  choices?: readonly string[];
  means: string;
}

export interface Action {
  /** What it does, in one sentence. */
  does: string;
  /** When it is possible, in one sentence. */
  when: string;
  /** It cannot be taken back, so it needs a name that somebody has proven: it is accepted only through `/ops`. */
  isIrreversible: boolean;
  fields: Readonly<Record<string, Field>>;
}

/** What is wrong with an input, and the way out; null if nothing is. The members are checked, and no other is taken. */
export function problemWith(
  { fields }: Action,
  input: Readonly<Record<string, unknown>>,
): string | null {
  const unknown = Object.keys(input).find((name) => !(name in fields));
  if (unknown !== undefined) {
    const known = Object.keys(fields).join(', ');
    return `${unknown}: is not known; send ${known === '' ? 'an empty object' : known}`;
  }
  for (const [name, field] of Object.entries(fields)) {
    const value = input[name];
    if (value === undefined && !field.isRequired) continue;
    const problem = value === undefined ? 'is missing' : problemOf(field, value);
    if (problem !== null) return `${name}: ${problem}. ${field.means}`;
  }
  return null;
}

/** What is wrong with one value. */
export function problemOf(field: Field, value: unknown): string | null {
  switch (field.is) {
    case 'true':
      return value === true ? null : 'must be true';
    case 'choice':
      return field.choices?.includes(String(value)) === true
        ? null
        : `is none of ${field.choices?.join(', ') ?? ''}`;
    case 'amount':
      return Number.isSafeInteger(value) && Number(value) > 0
        ? null
        : 'is not a whole number of minor units above 0';
    case 'number':
      return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= refundsMax
        ? null
        : `is not a whole number from 1 to ${refundsMax}`;
    case 'text':
      return problemOfText(value);
  }
}

const why: Field = {
  is: 'text',
  isRequired: true,
  means: 'Why, for whoever reads it later: 1 to 200 printable characters, no card number',
};
const text: Field = { ...why, means: 'The note: 1 to 200 printable characters, no card number' };
const terminalSeenIdle: Field = {
  is: 'true',
  isRequired: true,
  means: 'Your evidence: somebody has seen, just now, that the terminal asks for no card',
};

/** How a case may end. */
export const settlements = ['kept', 'refunded', 'written_off'] as const;
export type Settlement = (typeof settlements)[number];

/** About a charge; all but `recover` are updates of its workflow, or of its recovery. */
export const chargeActions = {
  read: {
    does: 'Reads Dintero now instead of at the next poll, and does what follows.',
    when: 'While the charge is open.',
    isIrreversible: false,
    fields: {},
  },
  cancel: {
    does: 'Asks to stop, as the till does: an open session is cancelled, reserved money is released.',
    when: 'While the charge is open. A payment that is faster is `captured`, with a case.',
    isIrreversible: false,
    fields: { why },
  },
  capture: {
    does: 'Captures the reserved money now, also after Dintero has refused it three times.',
    when: 'When the last reading shows the money reserved, and nobody has asked to stop.',
    isIrreversible: true,
    fields: { why },
  },
  void: {
    does: 'Releases the reserved money, also after Dintero has refused it three times. Nothing is charged.',
    when: 'When the last reading shows the money reserved.',
    isIrreversible: true,
    fields: { why },
  },
  close: {
    does: 'Closes the charge as `not_charged` on your evidence, after one more reading that does not contradict it.',
    when: 'Only where a person is asked for: `needs_attention` is `prompt_may_live` or `session_lost`.',
    isIrreversible: true,
    fields: { terminal_seen_idle: terminalSeenIdle, why },
  },
  free: {
    does: 'Lets the next charge have the terminal, while this one is followed further.',
    when: 'When a person is asked for, no session is open at the terminal, and nothing can be sent to it any more.',
    isIrreversible: true,
    fields: { terminal_seen_idle: terminalSeenIdle, why },
  },
  note: {
    does: 'Writes a note into the timeline.',
    when: 'While the charge is open.',
    isIrreversible: false,
    fields: { text },
  },
  recover: {
    does: 'Starts the recovery of a charge that has closed: Dintero is read again, and what it shows counts.',
    when: 'When the charge has closed, with an outcome or without one.',
    isIrreversible: false,
    fields: { why },
  },
} as const satisfies Record<string, Action>;
export type ChargeAction = keyof typeof chargeActions;

/** About a case; updates of its workflow. */
export const caseActions = {
  settle: {
    does: 'Settles the case, after one more reading of its transaction.',
    when: 'While the case is open. `kept`: Dintero shows money that is still in. `refunded`: Dintero shows all of it refunded. `written_off`: always.',
    isIrreversible: true,
    fields: {
      as: {
        is: 'choice',
        isRequired: true,
        choices: settlements,
        means:
          '`kept`: the money is wanted as it is; `refunded`: the customer has it back; `written_off`: nothing more will come of it',
      },
      refund_event: {
        is: 'text',
        isRequired: false,
        means: 'For `refunded`: the id of the REFUND event of the transaction, as Dintero shows it',
      },
      why,
    },
  },
  refund: {
    does: 'Gives the money back on a terminal, with the customer and the card: the terminal asks at once.',
    when: 'While the case is open and Dintero shows money that is still in. `npx kvitt show` lists the terminals that may.',
    isIrreversible: true,
    fields: {
      refund: {
        is: 'number',
        isRequired: true,
        means:
          'Which refund of the charge it is: `next_refund` of the options that `npx kvitt show` lists. The same number again is the same refund, not a second one',
      },
      terminal_id: {
        is: 'text',
        isRequired: true,
        means:
          'Where the customer stands with the card: an active terminal of the seller of the sale',
      },
      amount: {
        is: 'amount',
        isRequired: false,
        means: 'Minor units; without it all that is still in',
      },
      why,
    },
  },
  note: {
    does: 'Writes a note into the timeline.',
    when: 'While the case is open.',
    isIrreversible: false,
    fields: { text },
  },
} as const satisfies Record<string, Action>;
export type CaseAction = keyof typeof caseActions;
