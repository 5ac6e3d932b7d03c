import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Settlement } from './account-records.ts';
import type { Transaction, TransactionEvent } from './records.ts';
import type { Route } from './routes.ts';
import { parseBody } from './sessions.ts';
import { addEvent } from './transactions.ts';
import { now, Refusal, type World } from './world.ts';

/** What a transaction costs; a refund gives no fee back (dossier 10). */
const feeOf = (captured: number): number => Math.round(captured * 0.0075);

/** A refund that nobody gave a correlation id still needs one: it is printed on the report. */
const correlationOf = ({ id }: Transaction, event: TransactionEvent): string =>
  event.metadata?.['payout_correlation_id'] ?? `${id}.${event.id}`;

/** Pays out what was captured and refunded and not settled yet: one settlement per seller and currency. */
export function settle(world: World): Settlement[] {
  const made = new Map<string, Settlement>();
  for (const transaction of world.store.tables.transaction.values()) {
    for (const event of unsettled(transaction)) add(world, made, transaction, event);
  }
  for (const settlement of made.values()) {
    world.store.save('settlement', settlement.id, settlement);
  }
  return [...made.values()];
}

function unsettled({ events, settlements }: Transaction): TransactionEvent[] {
  const settled = new Set(settlements?.events.map((item) => item.event_id));
  return events.filter(
    ({ id, event, success }) =>
      success && (event === 'CAPTURE' || event === 'REFUND') && !settled.has(id),
  );
}

function add(
  world: World,
  made: Map<string, Settlement>,
  transaction: Transaction,
  event: TransactionEvent,
): void {
  const { store, currency, created_at } = transaction;
  const key = `${store.payout_destination_id} ${currency}`;
  const settlement = made.get(key) ?? emptySettlement(transaction);
  made.set(key, settlement);
  const { amount: moved = transaction.amount } = event;
  const [capture, refund] = event.event === 'CAPTURE' ? [moved, 0] : [0, moved];
  const fee = feeOf(capture);
  const amount = capture - refund - fee;
  const [sums] = settlement.amounts;
  sums.capture += capture;
  sums.refund += refund;
  sums.fee += fee;
  sums.amount += amount;
  if (created_at < settlement.start_at) settlement.start_at = created_at;
  const { id: settlement_id, provider_reference } = settlement;
  const item = {
    settlement_id,
    provider_reference,
    event_correlation_id: correlationOf(transaction, event),
    amount,
    capture,
    refund,
    fee,
    event_id: event.id,
  };
  transaction.settlements = { events: [...(transaction.settlements?.events ?? []), item] };
  transaction.settlement_status = 'SETTLED';
  addEvent(world, transaction, {
    event: 'SETTLEMENT',
    success: true,
    amount,
    created_by: 'dintero:settlement',
  });
}

function emptySettlement({ store, currency, created_at }: Transaction): Settlement {
  const at = now();
  const id = randomUUID();
  const attachment = (
    extension: string,
    content_type: string,
  ): Settlement['attachments'][number] => ({
    id: randomUUID(),
    key: `settlements/${id}.${extension}`,
    content_type,
    extension,
    created_by: 'dintero',
  });
  return {
    id,
    start_at: created_at,
    end_at: at,
    created_at: at,
    updated_at: at,
    settled_at: at,
    provider: 'seitatech',
    provider_reference: `P-${id.slice(0, 8)}`,
    attachments: [attachment('csv', 'text/csv'), attachment('pdf', 'application/pdf')],
    amounts: [{ amount: 0, capture: 0, refund: 0, fee: 0, currency }],
    payment_status: 'paid',
    payout_destination_id: store.payout_destination_id,
  };
}

/** The newest first, as the filters ask. `created_at` of the query is `settled_at` (dossier 10). */
function list(world: World, query: URLSearchParams): object {
  const limit = Number(query.get('limit') ?? 10);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new Refusal(400, 'limit must be 1 to 1000');
  }
  const after = query.get('starting_after_id');
  if ((after === null) !== (query.get('starting_after_date') === null)) {
    throw new Refusal(400, 'starting_after_id and starting_after_date belong together');
  }
  const gte = Date.parse(query.get('created_at.gte') ?? '1970-01-01');
  const lte = Date.parse(query.get('created_at.lte') ?? '9999-01-01');
  const sellers = query.getAll('payout_destination_id');
  const rows = [...world.store.tables.settlement.values()].reverse().filter((row) => {
    const at = Date.parse(row.settled_at);
    const isSeller = sellers.length === 0 || sellers.includes(row.payout_destination_id);
    return at >= gte && at <= lte && isSeller;
  });
  const start = rows.findIndex(({ id }) => id === after) + 1;
  const items = rows.slice(start, start + limit);
  const last = items.at(-1);
  const isMore = start + limit < rows.length;
  return {
    items,
    ...(isMore &&
      last !== undefined && {
        last_evaluated_key: {
          id: last.id,
          account_id: world.options.accountId,
          settled_at: last.settled_at,
          created_at: last.created_at,
        },
      }),
  };
}

const testReport = z.looseObject({
  transaction_ids: z.array(z.string()).optional(),
  number_of_transactions: z.number().int().positive().optional(),
  date_range: z.looseObject({ start_date: z.string(), end_date: z.string() }).optional(),
});

const about = (): object => ({});

/** What Dintero has paid out; for tests a settlement is made at will. */
export const settlementRoutes: readonly Route[] = [
  {
    endpoint: 'list_settlements',
    method: 'get',
    path: '/settlements',
    about,
    answer: (world, { query }) => ({ status: 200, body: list(world, query) }),
  },
  {
    endpoint: 'get_settlement_file',
    method: 'get',
    path: '/settlements/:id/attachments/:attachment',
    about,
    answer: (world, { id }) => {
      const settlement = world.store.tables.settlement.get(id);
      if (settlement === undefined) throw new Refusal(404, `no settlement ${id}`);
      const [{ key } = { key: '' }] = settlement.attachments;
      return { status: 200, body: `https://files.example.com/${key}` };
    },
  },
  {
    endpoint: 'make_test_report',
    method: 'post',
    path: '/settlements/reports/generate-test-report',
    about,
    answer: (world, { body }) => {
      if (world.options.accountId.startsWith('P')) throw new Refusal(403, 'FORBIDDEN');
      parseBody(testReport, body);
      return { status: settle(world).length === 0 ? 200 : 201, body: {} };
    },
  },
  {
    endpoint: 'list_reports',
    method: 'get',
    path: '/reports/metadata',
    about,
    answer: () => ({ status: 200, body: { items: [] } }),
  },
];
