/** What the routes of stores, terminals and their operations accept and answer. */
import * as z from 'zod';
import { holdsCardNumber } from '../workflows/card-number.ts';
import { operations, operationStates } from '../workflows/terminal-operations.ts';
import { pageQuerySchema, payoutDestinationId, storeId, terminalId } from './schemas.ts';

/** Of being registered at Dintero; it says nothing of whether a device is switched on. */
export const registrationStatuses = [
  'pending',
  'action_required',
  'active',
  'inactive',
  'error',
  'deleted',
  'unknown',
] as const;
export type RegistrationStatus = (typeof registrationStatuses)[number];

const status = z.enum(registrationStatuses).meta({
  description:
    'Of the registration at Dintero, not whether the device is switched on. Only `active` ones take payments',
});

export const terminalSchema = z
  .object({
    terminal_id: z.string(),
    store_id: z.string().nullable(),
    payout_destination_id: z.string().nullable(),
    status,
    status_reason: z.string().nullable().meta({ description: "Dintero's own word" }),
    model: z.string().nullable(),
    serial_number: z.string().nullable(),
  })
  .meta({ id: 'Terminal' });
export type Terminal = z.output<typeof terminalSchema>;

const storeSchema = z
  .object({
    store_id: z.string(),
    name: z.string().nullable(),
    payout_destination_id: z.string().nullable(),
    status,
  })
  .meta({ id: 'Store' });
export type Store = z.output<typeof storeSchema>;

export const terminalListSchema = z.object({ terminals: z.array(terminalSchema) });
export const storeListSchema = z.object({ stores: z.array(storeSchema) });

export const terminalQuerySchema = z.strictObject({
  store_id: storeId.exactOptional(),
  payout_destination_id: payoutDestinationId.exactOptional(),
  status: status.exactOptional(),
});

export const terminalPathSchema = z.object({ terminal_id: terminalId });
export const storePathSchema = z.object({ store_id: storeId });

const name = z
  .string()
  .regex(/^[^\p{C}]{1,100}$/u, 'is not 1 to 100 printable characters')
  .refine((text) => !holdsCardNumber(text), 'is not stored: it holds what looks like a card number')
  .meta({ description: 'For people: 1 to 100 printable characters', example: 'Bergen' });

export const createStoreSchema = z
  .strictObject({
    store_id: storeId,
    name,
    organization_number: z
      .string()
      .regex(/^[A-Z0-9]{6,20}$/, 'is not 6 to 20 capital letters or digits')
      .meta({ description: 'As it stands in the public register', example: '923663487' }),
    payout_destination_id: payoutDestinationId,
  })
  .meta({ id: 'StoreRequest' });

export const updateStoreSchema = z
  .strictObject({
    name: name.exactOptional(),
    payout_destination_id: payoutDestinationId.exactOptional(),
  })
  .refine((given) => Object.keys(given).length > 0, {
    message: 'is empty: send what is to be changed',
  });

const model = z
  .string()
  .regex(/^\w{1,40}$/, 'is not 1 to 40 letters, digits or _')
  .meta({ description: "Dintero's word for the hardware", example: 'S1MINI2' });

export const createTerminalSchema = z
  .strictObject({
    serial_number: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,60}$/, 'is not 1 to 60 of A-Z a-z 0-9 -')
      .meta({
        description:
          'As printed on the device; on a sandbox account SIMULATED-<account>-001 makes one that Dintero plays',
        example: 'SIMULATED-T90001234-001',
      }),
    store_id: storeId,
    model: model.exactOptional(),
  })
  .meta({ id: 'TerminalRequest' });

export const updateTerminalSchema = z
  .strictObject({ store_id: storeId.exactOptional(), model: model.exactOptional() })
  .refine((given) => Object.keys(given).length > 0, {
    message: 'is empty: send what is to be changed',
  });

export const accountOrderedSchema = z.object({
  outcome: z.enum(['done', 'unclear']).meta({
    description:
      '`unclear`: Dintero did not answer, and does not show it. Ordering it again looks for it first',
  }),
  text: z.string(),
  terminal: terminalSchema.nullable(),
  store: storeSchema.nullable(),
});
export type AccountOrdered = z.output<typeof accountOrderedSchema>;

export const operationRequestSchema = z
  .strictObject({
    operation: z.enum(operations).meta({ description: 'What the device is to do' }),
    // Upper case names the same one.
    key: z.uuid().toLowerCase().exactOptional().meta({
      description: 'A uuid: the same one again is the same operation. Made here if it is left out',
    }),
  })
  .meta({ id: 'OperationRequest', example: { operation: 'end_of_day' } });
export type OperationRequest = z.output<typeof operationRequestSchema>;

export const operationPathSchema = z.object({
  terminal_id: terminalId,
  operation_id: z
    .string()
    .regex(/^[a-z_]{1,20}-[0-9a-f-]{36}$/, 'is not an operation, a dash, and a uuid')
    .meta({ description: "As the order's answer names it" }),
});
export const operationListQuerySchema = pageQuerySchema;

const minor = z.int().nullable();
export const operationSchema = z
  .object({
    operation_id: z.string(),
    terminal_id: z.string(),
    operation: z.enum(operations),
    state: z.enum(operationStates).meta({
      description:
        '`starting` and `sent` are open. `failed` and `timeout` are what the device made of it, `refused` is Dintero’s no, `unclear` means that nobody can tell',
    }),
    text: z.string(),
    totals: z
      .object({
        batch_id: z.string().nullable(),
        start_of_day_at: z.string().nullable(),
        last_end_of_day_at: z.string().nullable(),
        purchases_count: minor,
        purchases_amount: minor,
        reversals_count: minor,
        reversals_amount: minor,
        sale_amount: minor,
        tip_amount: minor,
      })
      .nullable()
      .meta({ description: 'What the device counted, for an end of day; minor units' }),
    held_by: z.string().nullable(),
    dintero_id: z.string().nullable(),
    ordered_by: z.string(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'TerminalOperation' });
export type Operation = z.output<typeof operationSchema>;
export const operationListSchema = z.object({
  operations: z.array(operationSchema),
  next_cursor: z.string().nullable(),
});
