import { behaviourOf } from './behaviour.ts';
import type { Session, Transaction } from './records.ts';
import { keysIn } from './row-keys.ts';
import { ensureTransaction } from './transactions.ts';
import { newId, now, Refusal, type World } from './world.ts';

type Test = (transaction: Transaction, values: string[]) => boolean;

const equals =
  (read: (transaction: Transaction) => unknown): Test =>
  (transaction, values) =>
    values.includes(String(read(transaction)));

const number = (values: string[]): number => {
  const value = Number(values[0]);
  if (!Number.isInteger(value)) throw new Refusal(400, `not an amount: ${values[0] ?? ''}`);
  return value;
};

const moment = (values: string[]): number => {
  const text = values[0] ?? '';
  // Dintero reads a time without a zone as UTC, JavaScript as local time.
  const isZoned = /(Z|[+-]\d\d:?\d\d)$/i.test(text) || !text.includes('T');
  const at = Date.parse(isZoned ? text : `${text}Z`);
  if (Number.isNaN(at)) throw new Refusal(400, `not a time: ${text}`);
  return at;
};

const times = (transaction: Transaction, name: string): number[] =>
  transaction.events
    .filter((event) => event.event === name && event.success)
    .map((event) => Date.parse(event.created_at));

const after =
  (name: string): Test =>
  (transaction, values) =>
    times(transaction, name).some((at) => at >= moment(values));

const before =
  (name: string): Test =>
  (transaction, values) =>
    times(transaction, name).some((at) => at <= moment(values));

const correlations = (transaction: Transaction): (string | undefined)[] =>
  transaction.events.map((event) => event.metadata?.['payout_correlation_id']);

/** The filters of GET /transactions. What the simulator has no data for matches nothing. */
const filters: Record<string, Test> = {
  id: equals((row) => row.id),
  status: equals((row) => row.status),
  payment_product: equals((row) => row.payment_product),
  payment_product_type: equals((row) => row.payment_product_type),
  card_brand: equals((row) => row.card?.['brand']),
  merchant_reference: equals((row) => row.merchant_reference),
  merchant_reference_2: equals((row) => row.merchant_reference_2),
  session_id: equals((row) => row.session_id),
  store_id: equals((row) => row.store.id),
  payout_destination_id: equals((row) => row.store.payout_destination_id),
  terminal_id: equals((row) => row.store.terminal_id),
  channel: equals((row) => row.channel),
  currency: equals((row) => row.currency),
  payout_correlation_id: (row, values) => {
    const wanted = values.flatMap((value) => value.split(','));
    return correlations(row).some((id) => id !== undefined && wanted.includes(id));
  },
  amount: (row, values) => row.amount === number(values),
  'amount.gte': (row, values) => row.amount >= number(values),
  'amount.lte': (row, values) => row.amount <= number(values),
  'created_at.gte': (row, values) => Date.parse(row.created_at) >= moment(values),
  'created_at.lte': (row, values) => Date.parse(row.created_at) <= moment(values),
  'captured_at.gte': after('CAPTURE'),
  'captured_at.lte': before('CAPTURE'),
  'refunded_at.gte': after('REFUND'),
  'refunded_at.lte': before('REFUND'),
  search: (row, values) =>
    [row.id, row.session_id, row.merchant_reference, row.merchant_reference_2].some(
      (text) => text !== undefined && values.includes(text),
    ),
  payment_operation: () => false,
  customer_id: () => false,
  token_id: () => false,
};

/** One page of transactions. */
export function listTransactions(
  world: World,
  asked: URLSearchParams,
  options: { ignore: readonly string[]; youngestMs: number },
): Transaction[] {
  const limit = Number(asked.get('limit') ?? 10);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    throw new Refusal(400, 'limit must be 1 to 100');
  }
  const query = onOurClock(world, asked);
  const tests = [...new Set(query.keys())].flatMap((name) => {
    const test = filters[name];
    return test === undefined || options.ignore.includes(name)
      ? []
      : [(row: Transaction) => test(row, query.getAll(name))];
  });
  const present = Date.now();
  const isListed = ({ created_at, store }: Transaction): boolean => {
    const { list_lag_ms } = behaviourOf(world, store.terminal_id);
    return Date.parse(created_at) <= present - Math.max(options.youngestMs, list_lag_ms);
  };
  let rest = candidates(world, query, options.ignore);
  if (behaviourOf(world).list_order === 'oldest_first') rest.reverse();
  const start = query.get('starting_after');
  if (start !== null) {
    const position = rest.findIndex((row) => row.id === start);
    if (position === -1) throw new Refusal(400, `starting_after: no transaction ${start}`);
    rest = rest.slice(position + 1);
  }
  const page: Transaction[] = [];
  for (const row of rest) {
    if (tests.every((test) => test(row)) && isListed(row)) page.push(row);
    if (page.length === limit) break;
  }
  return page;
}

/** The times of a query are Dintero's. */
function onOurClock(world: World, asked: URLSearchParams): URLSearchParams {
  const { clock_skew_ms } = behaviourOf(world);
  if (clock_skew_ms === 0) return asked;
  return new URLSearchParams(
    [...asked].map(([name, value]): [string, string] => [
      name,
      /_at\.[gl]te$/.test(name) ? new Date(moment([value]) - clock_skew_ms).toISOString() : value,
    ]),
  );
}

/** Payments of somebody else begin: whoever turns the pages meanwhile meets them, or not. */
export function insertPayments(world: World, count: number): void {
  const { accountId } = world.options;
  for (let left = count; left > 0; left -= 1) {
    const at = now();
    const id = newId(world);
    const store = {
      id: 'elsewhere',
      terminal_id: `${accountId}-T9999`,
      payout_destination_id: 'elsewhere',
    };
    const order = {
      amount: 100,
      currency: 'NOK',
      merchant_reference: `inserted-${id.slice(-8)}`,
      store,
    };
    const session: Session = {
      profile_id: world.options.profileId,
      url: { return_url: 'https://elsewhere.example.test/' },
      order,
      id,
      created_at: at,
      updated_at: at,
      metadata: {},
      events: [],
    };
    world.store.save('session', id, session);
    ensureTransaction(world, session);
  }
}

/** The rows of one sale or terminal where the query names it, else all; newest first, unless it is told otherwise. */
function candidates(
  { store }: World,
  query: URLSearchParams,
  ignore: readonly string[],
): Transaction[] {
  const named = [...new Set(query.keys())].filter(
    (name) => name in filters && query.getAll(name).length === 1 && !ignore.includes(name),
  );
  const key = keysIn(Object.fromEntries(named.map((name) => [name, query.get(name)])))[0];
  const rows =
    key === undefined ? store.tables.transaction.values() : store.rowsOf('transaction', key);
  return [...rows].reverse();
}
