import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { milliseconds } from './behaviour.ts';
import type { Subject } from './records.ts';
import { keysIn } from './row-keys.ts';
import type { World } from './world.ts';

const kind = <Name extends string>(name: Name): z.ZodObject<{ kind: z.ZodLiteral<Name> }> =>
  z.strictObject({ kind: z.literal(name) });

/** What becomes of an operation that was accepted. */
export const acceptance = z.strictObject({
  complete_after_ms: milliseconds.default(0),
  success: z.union([z.boolean(), z.literal('never'), z.literal('twice')]).default(true),
});
export type Acceptance = z.infer<typeof acceptance>;

const requestFault = z.discriminatedUnion('kind', [
  // Before: not processed. After: processed, and the answer lost.
  kind('reset_before'),
  kind('reset_after'),
  kind('hang_before').extend({ ms: milliseconds.exactOptional() }),
  kind('hang_after').extend({ ms: milliseconds.exactOptional() }),
  /** Processed only this much later, also if the client has given up by then. */
  kind('late').extend({ ms: milliseconds }),
  /** Processed at once, answered this much later. */
  kind('slow').extend({ ms: milliseconds }),
  kind('status').extend({
    status: z.number().int().min(100).max(599),
    processed: z.boolean().default(false),
    /** A string is sent as it is, anything else as JSON; absent, the error envelope. */
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).default({}),
  }),
  /** Processed, then 200 with a body that is not what was promised. */
  kind('garbage').extend({ body: z.unknown().default('<html>bad gateway</html>') }),
  /** Merged into the JSON answer, and into each row of a list. */
  kind('rewrite').extend({ set: z.record(z.string(), z.unknown()) }),
  /** For capture, void and refund; a refund's result waits for the cardholder too. */
  kind('accept_202').extend(acceptance.shape),
  /** Transactions younger than this are missing from the list. */
  kind('list_lag').extend({ ms: milliseconds }),
  /** So many payments of others begin right after this page of the list. */
  kind('insert').extend({ count: z.number().int().min(1).default(1) }),
]);

const callbackFault = z.discriminatedUnion('kind', [
  kind('drop'),
  kind('duplicate').extend({ same_delivery: z.boolean().default(true) }),
  kind('delay').extend({ ms: milliseconds }),
  /** The answer to the create waits until the session's first callback was attempted, at most this long. */
  kind('before_response').extend({ ms: milliseconds.default(10_000) }),
  kind('stale_timestamp').extend({ seconds: z.number().int().default(3600) }),
  kind('bad_signature'),
  kind('rewrite').extend({ set: z.record(z.string(), z.unknown()) }),
]);

/** What may happen to an event on its way to a subscription. */
const webhookFault = z.discriminatedUnion('kind', [
  kind('drop'),
  kind('duplicate').extend({ same_delivery: z.boolean().default(true) }),
  kind('delay').extend({ ms: milliseconds }),
  kind('bad_signature'),
  /** Changed on the way, with the signature of what was sent. */
  kind('rewrite').extend({ set: z.record(z.string(), z.unknown()) }),
  /** The subscription is gone, and nobody is told. */
  kind('unsubscribe'),
]);

/** `"reset_after"` is short for `{"kind": "reset_after"}`. */
const short = (value: unknown): unknown => (typeof value === 'string' ? { kind: value } : value);

export const endpoints = [
  'token',
  'create_session',
  'get_session',
  'cancel_session',
  'pay_session',
  'get_transaction',
  'list_transactions',
  'update_transaction',
  'capture',
  'void',
  'refund',
  'get_profile',
  'list_terminals',
  'create_terminal',
  'get_terminal',
  'update_terminal',
  'sync_terminal',
  'list_stores',
  'create_store',
  'update_store',
  'create_operation',
  'list_operations',
  'get_operation',
  'list_subscriptions',
  'create_subscription',
  'get_subscription',
  'delete_subscription',
  'ping_subscription',
  'create_signature_secret',
  'list_settlements',
  'get_settlement_file',
  'make_test_report',
  'list_reports',
] as const;

export type Endpoint = (typeof endpoints)[number];
export type RequestFault = z.infer<typeof requestFault>;
type CallbackFault = z.infer<typeof callbackFault>;
type WebhookFault = z.infer<typeof webhookFault>;

const common = {
  match: z
    .strictObject({
      merchant_reference: z.string().exactOptional(),
      merchant_reference_2: z.string().exactOptional(),
      session_id: z.string().exactOptional(),
      transaction_id: z.string().exactOptional(),
      terminal_id: z.string().exactOptional(),
      /** For callbacks: what it reports, such as `result`, `cancelled` or `CAPTURE`. */
      event: z.string().exactOptional(),
    })
    .default({}),
  /** How often; 0 is until it is removed. */
  times: z.number().int().min(0).default(1),
};

export const faultSchema = z.discriminatedUnion('endpoint', [
  z.strictObject({
    ...common,
    endpoint: z.enum(endpoints),
    do: z.preprocess(short, requestFault),
  }),
  z.strictObject({
    ...common,
    endpoint: z.literal('callback'),
    do: z.preprocess(short, callbackFault),
  }),
  z.strictObject({
    ...common,
    endpoint: z.literal('webhook'),
    do: z.preprocess(short, webhookFault),
  }),
]);

export type Fault = z.infer<typeof faultSchema> & { id: string; seq: number };

/** Plants a fault; the oldest matching one strikes first. */
export function addFault(world: World, fault: z.infer<typeof faultSchema>): Fault {
  const last = [...world.store.tables.fault.values()].at(-1);
  const planted: Fault = { ...fault, id: randomUUID(), seq: (last?.seq ?? 0) + 1 };
  world.store.save('fault', planted.id, planted);
  return planted;
}

/** The fault that strikes this request, used up by one. */
export function takeFault(
  world: World,
  endpoint: Endpoint,
  subject: Subject,
): RequestFault | undefined {
  return take(world, endpoint, subject)?.do as RequestFault | undefined;
}

/** The fault that strikes this callback, or, `atCreate`, the create that it must overtake. */
export function takeCallbackFault(
  world: World,
  subject: Subject,
  atCreate = false,
): CallbackFault | undefined {
  const fits = (fault: Fault): boolean => (fault.do.kind === 'before_response') === atCreate;
  return take(world, 'callback', subject, fits)?.do as CallbackFault | undefined;
}

/** The fault that strikes this event of the account. */
export function takeWebhookFault(world: World, subject: Subject): WebhookFault | undefined {
  return take(world, 'webhook', subject)?.do as WebhookFault | undefined;
}

function take(
  world: World,
  endpoint: Fault['endpoint'],
  subject: Subject,
  fits: (fault: Fault) => boolean = () => true,
): Fault | undefined {
  const { store } = world;
  // Only what may match: in a long run the faults of sales that have ended lie about unused.
  const fault = ['', ...keysIn(subject)]
    .flatMap((key) => store.rowsOf('fault', `${endpoint} ${key}`))
    .toSorted((a, b) => a.seq - b.seq)
    .find((planted) => fits(planted) && matches(planted.match, subject));
  if (fault === undefined) return undefined;
  const { kind } = fault.do;
  const { times } = store.tables.hit.get(`${endpoint} ${kind}`) ?? { times: 0 };
  store.save('hit', `${endpoint} ${kind}`, { endpoint, kind, times: times + 1 });
  if (fault.times === 1) store.remove('fault', fault.id);
  else if (fault.times > 1)
    store.save('fault', fault.id, Object.assign(fault, { times: fault.times - 1 }));
  return fault;
}

/** Whether every key of `wanted` is given with the same value. */
export function matches(wanted: object, given: object): boolean {
  const values = given as Record<string, unknown>;
  return Object.entries(wanted).every(([name, value]) => String(values[name]) === value);
}
