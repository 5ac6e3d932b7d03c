/**
 * What the API accepts: the schemas that validate are the ones that `/openapi.json` shows. A field's description doubles
 * as the hint of its error, so it says how to do it right.
 */
import * as z from 'zod';
import { attentions, caseKinds, chargeStates } from '../workflows/lists.ts';
import { attemptsMax } from './cashier.ts';

// The largest amount that Dintero's int32 holds.
const amountMax = 2_147_483_647;
const currencies = new Set(Intl.supportedValuesOf('currency'));
/** More lines than a receipt has; also keeps the workflow's input small. */
const itemsMax = 100;
/** Longer waits meet the time-outs of proxies; the till asks again. */
export const waitSecondsMax = 60;

/** Only with CAPTURE_MODE=manual, see `start.ts`. */
const captureMeans =
  '`on_request` holds the approved money until POST capture or void says what becomes of it; leave it out to have it captured at once';

const referencePattern = /^[A-Za-z0-9_-]{1,36}$/;
const chargeIdPattern = /^[A-Za-z0-9_-]{1,36}\.[1-9]\d{0,2}$/;

const reference = z.string().regex(referencePattern, 'is not 1 to 36 of A-Z a-z 0-9 _ -').meta({
  description: 'Names the sale, unique per Dintero account for ever: 1 to 36 of A-Z a-z 0-9 _ -',
  example: 'S-1001',
});
const dinteroId = z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, 'is not 1 to 40 of A-Z a-z 0-9 _ -');
export const storeId = dinteroId.meta({
  description:
    "Your own store id at Dintero, 1 to 40 of A-Z a-z 0-9 _ - (not Dintero's generated id)",
  example: 'bergen-01',
});
export const payoutDestinationId = dinteroId.meta({
  description:
    'The seller of record, as linked to the store: 1 to 40 of A-Z a-z 0-9 _ -. Send it and store_id, or neither',
  example: 'seller-9',
});
export const terminalId = z
  .string()
  .regex(/^[PT]\d{8}-T\d{4}$/, 'is not an account id, a dash, and T with four digits')
  .meta({
    description:
      "Dintero's system id of the terminal, of this service's account: like T90001234-T0003",
    example: 'T90001234-T0003',
  });
const minorUnits = z.int().min(-amountMax).max(amountMax);

const item = z.strictObject({
  id: z.string().min(1).max(100).meta({ description: 'The article, 1 to 100 characters' }),
  line_id: z
    .string()
    .min(1)
    .max(100)
    .meta({ description: 'Unique among the items, 1 to 100 characters' }),
  description: z.string().min(1).max(200).meta({ description: 'For people, 1 to 200 characters' }),
  quantity: z.number().positive().max(1_000_000).meta({ description: 'Above 0, may be decimal' }),
  amount: minorUnits.meta({
    description:
      "The line's total in minor units, with VAT and discount; negative for a discount line",
  }),
  vat_amount: minorUnits.exactOptional().meta({ description: 'Of it VAT, in minor units' }),
  vat: z.number().min(0).max(100).exactOptional().meta({ description: 'Per cent: 25, not 0.25' }),
});

export const chargeRequestSchema = z
  .strictObject({
    reference,
    attempt: z
      .int()
      .min(1)
      .max(attemptsMax)
      .default(1)
      .meta({
        description: `Counts the attempts to charge the sale, 1 to ${attemptsMax}; the answer's next_attempt says which`,
      }),
    amount: z.int().min(1).max(amountMax).meta({
      description: 'A whole JSON number of minor units above 0: 12900 is NOK 129.00',
      example: 12_900,
    }),
    currency: z
      .string()
      .refine((code) => currencies.has(code), 'is not a known currency')
      .meta({ description: 'ISO 4217, three capital letters', example: 'NOK' }),
    terminal_id: terminalId,
    store_id: storeId.exactOptional(),
    payout_destination_id: payoutDestinationId.exactOptional(),
    items: z
      .array(item)
      .min(1)
      .max(itemsMax)
      .exactOptional()
      .meta({
        description: `1 to ${itemsMax} order lines whose amounts add up to the charge's amount; leave out if there are none`,
      }),
    not_after: z.iso.datetime({ offset: true }).exactOptional().meta({
      description: 'Nothing is prompted later: ISO 8601 with a zone, like 2026-11-22T09:15:11Z',
    }),
    capture: z.literal('on_request').exactOptional().meta({ description: captureMeans }),
  })
  .superRefine((request, context) => {
    const [missing, given] =
      request.store_id === undefined
        ? (['store_id', 'payout_destination_id'] as const)
        : (['payout_destination_id', 'store_id'] as const);
    // Half of it would leave open which of the two is right.
    if (request[missing] === undefined && request[given] !== undefined) {
      context.addIssue({ code: 'custom', path: [missing], message: `is missing beside ${given}` });
    }
  })
  .superRefine(({ items, amount }, context) => {
    if (items === undefined) return;
    const sum = items.reduce((total, line) => total + line.amount, 0);
    if (sum !== amount) {
      const message = `add up to ${sum}, while amount is ${amount}`;
      context.addIssue({ code: 'custom', path: ['items'], message });
    }
    if (new Set(items.map((line) => line.line_id)).size !== items.length) {
      context.addIssue({ code: 'custom', path: ['items'], message: 'repeat a line_id' });
    }
  })
  .meta({
    id: 'ChargeRequest',
    example: {
      reference: 'bergen-S-1001',
      amount: 12_900,
      currency: 'NOK',
      terminal_id: 'T90001234-T0003',
      store_id: 'bergen-01',
      payout_destination_id: 'seller-9',
    },
  });
export type ChargeRequest = z.output<typeof chargeRequestSchema>;

const cashierName = z
  .string()
  .regex(/^[^\p{C}]{1,60}$/u, 'is not 1 to 60 printable characters')
  .meta({ description: 'Who asks, for the record: 1 to 60 printable characters' });

export const cancelRequestSchema = z
  .strictObject({
    terminal_seen_idle: z.literal(true).exactOptional().meta({
      description:
        "A person's evidence: true when somebody saw that the terminal asks for no card; leave out otherwise",
    }),
    by: cashierName.exactOptional(),
  })
  .superRefine(({ terminal_seen_idle, by }, context) => {
    if (terminal_seen_idle === true && by === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['by'],
        message: 'is missing beside terminal_seen_idle',
      });
    }
  })
  .meta({ id: 'CancelRequest' });
export type CancelRequest = z.output<typeof cancelRequestSchema>;

export const emptyRequestSchema = z.strictObject({});

const waitSeconds = z
  .string()
  .regex(/^\d{1,4}$/, 'is not a whole number of seconds')
  .transform((text) => Math.min(Number(text), waitSecondsMax))
  .meta({ description: `Whole seconds; more than ${waitSecondsMax} means ${waitSecondsMax}` });

export const chargePathSchema = z.object({
  charge_id: z.string().regex(chargeIdPattern, 'is not a reference, a dot, and the attempt').meta({
    description: 'The reference, a dot, and the attempt from 1 to 999',
    example: 'S-1001.1',
  }),
});
export const salePathSchema = z.object({ reference });
export const waitQuerySchema = z.strictObject({ wait: waitSeconds.exactOptional() });

const instant = z.iso.datetime({ offset: true }).meta({ description: 'ISO 8601 with a zone' });

const paged = {
  limit: z
    .string()
    .regex(/^([1-9]\d?|1\d\d|200)$/, 'is not 1 to 200')
    .default('50')
    .transform(Number)
    .meta({ description: '1 to 200' }),
  cursor: z.base64url().max(2_000).exactOptional().meta({
    description: "The last answer's next_cursor, with the same filters",
  }),
};
export const pageQuerySchema = z.strictObject(paged);

/** What charges and cases are listed by alike. */
const listed = {
  store_id: storeId.exactOptional(),
  terminal_id: terminalId.exactOptional(),
  reference: reference.exactOptional(),
  ...paged,
};

export const listQuerySchema = z.strictObject({
  ...listed,
  state: z.enum(chargeStates).exactOptional().meta({ description: 'One of the states' }),
  needs_attention: z
    .enum(['true', ...attentions])
    .exactOptional()
    .meta({
      description: 'One of the words, or `true` for any',
    }),
  created_after: instant.exactOptional(),
  created_before: instant.exactOptional(),
});
export type ListQuery = z.output<typeof listQuerySchema>;

export const casePathSchema = z.object({
  transaction_id: z
    .string()
    .regex(/^[PT]\d{8}\.[\w-]{1,64}$/, 'is not an account id, a dot, and letters or digits')
    .meta({ description: "Dintero's transaction id, as in the charge: like T90001234.5AbC" }),
});

export const caseListQuerySchema = z.strictObject({
  ...listed,
  state: z
    .enum(['open', 'settled', 'all'])
    .default('open')
    .meta({ description: '`open` (the default), `settled` or `all`' }),
  kind: z.enum(caseKinds).exactOptional().meta({ description: 'One of the kinds of case' }),
  opened_after: instant.exactOptional(),
  opened_before: instant.exactOptional(),
});
export type CaseListQuery = z.output<typeof caseListQuerySchema>;
