/** The table of actions as commands: its names, options and how one is typed. Nothing here knows a single action. */
import { caseActions, chargeActions, type Action, type Field } from '../workflows/actions.ts';
import { refundActions } from '../workflows/refund-actions.ts';
import { partsOfRefundId } from '../workflows/refund-ids.ts';

/** Dintero's transaction ids name a case; a charge id ends with the number of its attempt. */
function isTransactionId(id: string): boolean {
  return /^[PT]\d{8}\.(?![1-9]\d{0,2}$)/.test(id);
}

export type Kind = 'charge' | 'refund' | 'case';

/** What an id names. */
export function kindOf(id: string): Kind {
  if (partsOfRefundId(id) !== null) return 'refund';
  return isTransactionId(id) ? 'case' : 'charge';
}

export const actionsOf: Record<Kind, Readonly<Record<string, Action>>> = {
  charge: chargeActions,
  refund: refundActions,
  case: caseActions,
};

export interface ActionCommand {
  name: string;
  charge: Action | undefined;
  refund: Action | undefined;
  case: Action | undefined;
}

/** Every action once, also if it exists for charges, refunds and cases. */
export const actionCommands: ActionCommand[] = [
  ...new Set(Object.values(actionsOf).flatMap((actions) => Object.keys(actions))),
].map((name) => ({
  name,
  charge: actionsOf.charge[name],
  refund: actionsOf.refund[name],
  case: actionsOf.case[name],
}));

/** The fields of a command: of an action that several have, those of all. */
export function fieldsOf(command: ActionCommand): [name: string, field: Field][] {
  return Object.entries({
    ...command.case?.fields,
    ...command.refund?.fields,
    ...command.charge?.fields,
  });
}

const valueWords = { text: 'text', choice: 'text', amount: 'minor units', number: 'number' };

/** `refund_event` is typed `--refund-event <text>`. */
export function flagsOf(name: string, field: Field): string {
  const flag = `--${name.replaceAll('_', '-')}`;
  if (field.is === 'true') return flag;
  return `${flag} <${field.choices?.join('|') ?? valueWords[field.is]}>`;
}

/** The line to type, as the runbook writes it: quoted, so that a shell neither redirects nor pipes what is left as it is. */
export function usageOf(name: string, { action, id }: { action: Action; id: string }): string {
  const options = Object.entries(action.fields).map(([fieldName, field]) => {
    const [flag = ''] = flagsOf(fieldName, field).split(' ');
    const value = `"<${field.choices?.join('|') ?? fieldName}>"`;
    const typed = field.is === 'true' ? flag : `${flag} ${value}`;
    return field.isRequired ? typed : `[${typed}]`;
  });
  return ['npx kvitt', name, id, ...options].join(' ');
}
