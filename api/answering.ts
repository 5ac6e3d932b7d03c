/** What every handler is given, and how it waits and answers. */
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { AccountWebhooks } from './account-webhooks.ts';
import type { Charge } from './answers.ts';
import type { Callbacks } from './callbacks.ts';
import { changeKey, isFinal, type ReadCharge } from './cashier.ts';
import type { Metrics } from './metrics.ts';
import { unknownCharge } from './orders.ts';
import { validate } from './request.ts';
import type { TemporalUi } from './runbook-page.ts';
import type { SubscriptionStanding } from './subscription.ts';
import type { Zones } from '../workflows/books.ts';
import { chargePathSchema, waitSecondsMax } from './schemas.ts';
import type { OrderDeps } from './start.ts';
import { isTemporalFailure } from './temporal.ts';
import type { Watching } from './watch.ts';

export interface Context extends OrderDeps {
  watching: Watching;
  callbacks: Callbacks;
  accountWebhooks: AccountWebhooks;
  subscription: SubscriptionStanding;
  metrics: Metrics;
  accountId: string;
  temporalUi: TemporalUi;
  zones: Zones;
}

/** What the middleware has learned of a request. */
export interface Locals {
  requestId: string;
  keyName: string;
  log: Logger;
  /** Aborted when the client has gone: nobody waits any more. */
  gone: AbortSignal;
}

export type Handler = (req: Request, res: Response<unknown, Locals>) => Promise<void> | void;

export function chargeIdOf(req: Request): string {
  return validate(chargePathSchema, req.params, 'path').charge_id;
}

export async function bounded<T>(
  { temporal, timings }: Context,
  read: () => Promise<T>,
): Promise<T> {
  return await temporal.connection.withDeadline(Date.now() + timings.read, read);
}

export async function findCharge(context: Context, chargeId: string): Promise<ReadCharge> {
  const read = await bounded(context, () => context.reading.find(chargeId));
  if (read === null) throw unknownCharge(chargeId);
  return read;
}

export async function show(context: Context, read: ReadCharge): Promise<Charge> {
  return await bounded(context, () => context.reading.show(read));
}

/** The charge after the wait; who waited in vain reads once more, and has at least what was true before. */
export async function wait(
  context: Context,
  res: Response<unknown, Locals>,
  of: { read: ReadCharge; wants: 'change' | 'outcome'; ms: number },
): Promise<ReadCharge> {
  const { read, wants, ms } = of;
  if (isFinal(read) || ms === 0) return read;
  const before = changeKey(read);
  const enough = await context.watching.until({
    read,
    wants,
    ms,
    signal: res.locals.gone,
    isEnough: (now) => isFinal(now) || (wants === 'change' && changeKey(now) !== before),
  });
  if (enough !== null || res.locals.gone.aborted) return enough ?? read;
  try {
    return (await bounded(context, () => context.reading.find(read.record.charge_id))) ?? read;
  } catch (err) {
    if (!isTemporalFailure(err)) throw err;
    return read;
  }
}

/** RFC 7240; a preference that cannot be read is no preference. Milliseconds. */
export function preferredWait(req: Request, res: Response<unknown, Locals>): number | null {
  const [, seconds] =
    /(?:^|[\s,;])wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(req.get('prefer') ?? '') ?? [];
  if (seconds === undefined) return null;
  const capped = Math.min(Number(seconds), waitSecondsMax);
  res.set('Preference-Applied', `wait=${capped}`);
  return capped * 1000;
}
