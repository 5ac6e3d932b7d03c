/** The inputs of operators' actions, made of the one table. */
import * as z from 'zod';
import {
  caseActions,
  chargeActions,
  problemOf,
  type Action,
  type CaseAction,
  type ChargeAction,
  type Field,
} from '../workflows/actions.ts';
import { refundsMax } from '../workflows/refund-ids.ts';

function fieldSchema(field: Field): z.ZodType<string | true | number> {
  switch (field.is) {
    case 'true':
      return z.literal(true).meta({ description: field.means });
    case 'choice':
      return z.enum(field.choices ?? []).meta({ description: field.means });
    case 'number':
      return z.int().min(1).max(refundsMax).meta({ description: field.means });
    case 'amount':
      return z.int().min(1).max(2_147_483_647).meta({ description: field.means });
    case 'text':
      return z
        .string()
        .superRefine((value, context) => {
          const message = problemOf(field, value);
          if (message !== null) context.addIssue({ code: 'custom', message });
        })
        .meta({ description: field.means });
  }
}

export function schemaOf(action: Action): ActionSchema {
  const fields = Object.entries(action.fields).map(([name, field]) => {
    const schema = fieldSchema(field);
    return [name, field.isRequired ? schema : schema.exactOptional()] as const;
  });
  return z.strictObject(Object.fromEntries(fields));
}
export type ActionSchema = z.ZodObject<
  Record<string, z.ZodType<string | true | number | undefined>>,
  z.core.$strict
>;

export const chargeActionNames = Object.keys(chargeActions) as ChargeAction[];
export const caseActionNames = Object.keys(caseActions) as CaseAction[];

export const chargeActionSchemas = Object.fromEntries(
  chargeActionNames.map((name) => [name, schemaOf(chargeActions[name])]),
) as Record<ChargeAction, ActionSchema>;

export const caseActionSchemas = Object.fromEntries(
  caseActionNames.map((name) => [name, schemaOf(caseActions[name])]),
) as Record<CaseAction, ActionSchema>;
