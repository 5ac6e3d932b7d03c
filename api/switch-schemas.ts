/** What `/ops` accepts and answers. */
import * as z from 'zod';
import { problemOfText } from '../workflows/card-number.ts';
import { switchScopes } from '../workflows/switches.ts';
import { storeId, terminalId } from './schemas.ts';

/** What a person writes for others to read. */
function plainText(what: string): z.ZodString {
  return z
    .string()
    .superRefine((text, context) => {
      const message = problemOfText(text);
      if (message !== null) context.addIssue({ code: 'custom', message });
    })
    .meta({ description: `${what}: 1 to 200 printable characters, no card number` });
}

const ids = { store: storeId, terminal: terminalId };

const target = {
  scope: z.enum(switchScopes).meta({ description: '`all`, `store` or `terminal`' }),
  id: z.string().exactOptional().meta({
    description: "The store's or the terminal's id, as charges carry it; none for `all`",
    example: 'bergen-01',
  }),
};
const why = plainText('Why, for whoever reads it later');

function checkId(
  { scope, id }: { scope: (typeof switchScopes)[number]; id?: string },
  context: z.RefinementCtx,
): void {
  const add = (message: string): void => {
    context.addIssue({ code: 'custom', path: ['id'], message });
  };
  if (scope === 'all') {
    if (id !== undefined) add('belongs to a store or a terminal, not to all');
    return;
  }
  if (id === undefined) add(`is missing beside scope ${scope}`);
  else if (!ids[scope].safeParse(id).success) add(`is no id of a ${scope}`);
}

export const switchOffRequestSchema = z
  .strictObject({ ...target, text: plainText('What the cashier is told'), why })
  .superRefine(checkId)
  .meta({
    id: 'SwitchOffRequest',
    example: {
      scope: 'store',
      id: 'bergen-01',
      text: 'Card payments are closed until 14:00. Take cash.',
      why: 'The network in the store is being rebuilt',
    },
  });

export const switchOnRequestSchema = z
  .strictObject({ ...target, why })
  .superRefine(checkId)
  .meta({ id: 'SwitchOnRequest' });

const scope = z.enum(switchScopes);
const by = z.string().meta({ description: 'Who, by the personal token' });

export const switchesSchema = z
  .object({
    off: z
      .array(
        z.object({
          scope,
          id: z.string().nullable(),
          text: z.string(),
          why: z.string(),
          by,
          at: z.string(),
        }),
      )
      .meta({ description: 'What is switched off now' }),
    log: z
      .array(
        z.object({
          at: z.string(),
          by,
          why: z.string(),
          did: z.enum(['off', 'on']),
          scope,
          id: z.string().nullable(),
          text: z.string().nullable(),
        }),
      )
      .meta({ description: 'The last 20 orders, the newest last' }),
  })
  .meta({ id: 'Switches' });
export type SwitchesAnswer = z.output<typeof switchesSchema>;
