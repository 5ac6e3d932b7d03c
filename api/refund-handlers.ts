/** What the routes of refunds do. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Request } from 'express';
import { refundIdOf } from '../workflows/refund-ids.ts';
import { bounded, chargeIdOf, preferredWait, type Context, type Handler } from './answering.ts';
import { receiptQuerySchema } from './hold-openapi.ts';
import { listRefunds } from './refund-list.ts';
import type { RefundRouteKey } from './refund-openapi.ts';
import {
  isRefundFinal,
  nextRefundAfter,
  RefundReading,
  viewOfRefund,
  type ReadRefund,
} from './refund-reading.ts';
import {
  chargeRefundPathSchema,
  refundListQuerySchema,
  refundRequestSchema,
  type ChargeRefunds,
} from './refund-schemas.ts';
import { receiptOfRefund } from './refund-receipt.ts';
import { startRefund } from './refund-start.ts';
import { Problem } from './problems.ts';
import { assertOwnAccount, bodyOf, validate } from './request.ts';
import { waitQuerySchema } from './schemas.ts';
import { isTemporalFailure } from './temporal.ts';

export function refundHandlers(context: Context): Record<RefundRouteKey, Handler> {
  const reading = new RefundReading(context.temporal.client);
  return {
    'POST /charges/{charge_id}/refunds': async (req, res) => {
      const chargeId = chargeIdOf(req);
      const request = bodyOf(req, refundRequestSchema);
      assertOwnAccount(request.terminal_id, context.accountId);
      const refundId = refundIdOf(chargeId, request.refund);
      const log = res.locals.log.child({ refund_id: refundId });
      const order = { chargeId, request, by: res.locals.keyName };
      const { isNew, isAnswered, read } = await startRefund(context, order, log);
      const ms = preferredWait(req, res) ?? 0;
      const after = await waitForRefund(context, read, {
        ms,
        gone: res.locals.gone,
        isEnough: isRefundFinal,
      });
      const isUnanswered = !isAnswered && after.record.state === 'starting';
      if (isUnanswered) res.set('Retry-After', '1');
      res.location(`/charges/${chargeId}/refunds/${refundId}`);
      res.status(isUnanswered ? 202 : isNew ? 201 : 200);
      res.json(await bounded(context, async () => await reading.show(after)));
    },
    'GET /charges/{charge_id}/refunds': async (req, res) => {
      const chargeId = chargeIdOf(req);
      res.json(await bounded(context, async () => await refundsOf(context, reading, chargeId)));
    },
    'GET /charges/{charge_id}/refunds/{refund_id}': async (req, res) => {
      const { wait: seconds = 0 } = validate(waitQuerySchema, req.query, 'query');
      const read = await findRefund(context, refundIdIn(req));
      const before = changeKeyOf(read);
      const after = await waitForRefund(context, read, {
        ms: seconds * 1000,
        gone: res.locals.gone,
        isEnough: (now) => isRefundFinal(now) || changeKeyOf(now) !== before,
      });
      res.json(await bounded(context, async () => await reading.show(after)));
    },
    'GET /charges/{charge_id}/refunds/{refund_id}/receipt': async (req, res) => {
      const { copy } = validate(receiptQuerySchema, req.query, 'query');
      const read = await findRefund(context, refundIdIn(req));
      const { text, from } = await receiptOfRefund(context, read, copy);
      res.set('Receipt-From', from).type('text/plain').send(text);
    },
    'GET /refunds': async (req, res) => {
      const query = validate(refundListQuerySchema, req.query, 'query');
      res.json(await bounded(context, async () => await listRefunds(context.temporal, query)));
    },
  };
}

/** The refund that the path names, of the charge that it names. */
function refundIdIn(req: Request): string {
  const path = validate(chargeRefundPathSchema, req.params, 'path');
  if (path.refund_id.startsWith(`${path.charge_id}.R`)) return path.refund_id;
  throw new Problem(
    'unknown_refund',
    `Refund ${path.refund_id} is none of charge ${path.charge_id}.`,
  );
}

export async function findRefund(context: Context, refundId: string): Promise<ReadRefund> {
  const reading = new RefundReading(context.temporal.client);
  const read = await bounded(context, async () => await reading.find(refundId));
  if (read !== null) return read;
  throw new Problem(
    'unknown_refund',
    `Refund ${refundId} is not known. Send its POST again to find out: it never refunds twice.`,
  );
}

async function refundsOf(
  { reading: charges }: Context,
  reading: RefundReading,
  chargeId: string,
): Promise<ChargeRefunds> {
  const [charge, refunds] = await Promise.all([charges.find(chargeId), reading.all(chargeId)]);
  if (charge === null && refunds.length === 0) {
    throw new Problem(
      'unknown_charge',
      `Charge ${chargeId} is not known here, nor any refund of it. If it is older than this service remembers, POST a refund: Dintero is asked.`,
    );
  }
  const next = nextRefundAfter(refunds);
  const open = refunds.filter(({ record }) => record.outcome === null);
  return {
    charge_id: chargeId,
    currency: charge?.record.currency ?? refunds[0]?.record.currency ?? null,
    captured_amount: charge?.record.captured_amount ?? null,
    refunded_amount: refunds.reduce((sum, { record }) => sum + (record.refunded_amount ?? 0), 0),
    open_amount: open.reduce((sum, { record }) => sum + record.amount, 0),
    next_refund: next,
    refunds: refunds.map((read, index) =>
      viewOfRefund(read, index === refunds.length - 1 ? next : null),
    ),
  };
}

function changeKeyOf({ record }: ReadRefund): string {
  return [record.updated_at, record.state, record.needs_attention].join(' ');
}

/** Few refunds are waited for at a time, so each who waits looks for himself. */
export async function waitForRefund(
  context: Context,
  read: ReadRefund,
  of: { ms: number; gone: AbortSignal; isEnough: (read: ReadRefund) => boolean },
): Promise<ReadRefund> {
  const { temporal, timings, watching } = context;
  const reading = new RefundReading(temporal.waiting.client);
  const stopped = new AbortController();
  const forget = watching.onStop(() => stopped.abort());
  const signal = AbortSignal.any([of.gone, stopped.signal]);
  const until = Date.now() + of.ms;
  let latest = read;
  let intervalMs = timings.pollMin;
  try {
    while (!isRefundFinal(latest) && Date.now() < until) {
      await pause(Math.min(intervalMs, until - Date.now()), undefined, { signal });
      const deadline = Date.now() + timings.read;
      latest = await temporal.waiting.connection.withDeadline(
        deadline,
        async () => (await reading.find(read.record.refund_id)) ?? latest,
      );
      if (of.isEnough(latest)) break;
      intervalMs = Math.min(intervalMs * 1.25, timings.pollMax);
    }
  } catch (err) {
    // What was true before is true enough for who has left, and when Temporal is away for a moment.
    if (!signal.aborted && !isTemporalFailure(err)) throw err;
  } finally {
    forget();
  }
  return latest;
}
