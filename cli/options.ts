/** The table of actions as commands: its names, options and how one is typed. Nothing here knows a single action. */
import { caseActions, chargeActions, type Action, type Field } from '../workflows/actions.ts';

/** Dintero's transaction ids name a case; a charge id ends with the number of its attempt. */
export function isTransactionId(id: string): boolean {
  return /^[PT]\d{8}\.(?![1-9]\d{0,2}$)/.test(id);
}

export const actionsOf = {
  charge: chargeActions as Readonly<Record<string, Action>>,
  case: caseActions as Readonly<Record<string, Action>>,
};

export interface ActionCommand {
  name: string;
  charge: Action | undefined;
  case: Action | undefined;
}

/** Every action once, also if it exists for charges and for cases. */
export const actionCommands: ActionCommand[] = [
  ...new Set([...Object.keys(chargeActions), ...Object.keys(caseActions)]),
].map((name) => ({ name, charge: actionsOf.charge[name], case: actionsOf.case[name] }));

/** The fields of a command: of an action that both have, those of both. */
export function fieldsOf(command: ActionCommand): [name: string, field: Field][] {
  return Object.entries({ ...command.case?.fields, ...command.charge?.fields });
}

/** `refund_event` is typed `--refund-event <text>`. */
export function flagsOf(name: string, field: Field): string {
  const flag = `--${name.replaceAll('_', '-')}`;
  return field.is === 'true' ? flag : `${flag} <${field.choices?.join('|') ?? 'text'}>`;
}

/** The line to type, as the runbook writes it. */
export function usageOf(name: string, { action, id }: { action: Action; id: string }): string {
  const options = Object.entries(action.fields).map(([fieldName, field]) => {
    const flags = flagsOf(fieldName, field);
    return field.isRequired ? flags : `[${flags}]`;
  });
  return ['npx kvitt', name, id, ...options].join(' ');
}
