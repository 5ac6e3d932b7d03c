/**
 * Who gave an order. The api makes the ids of the updates that come through `/ops`, with the name that the personal token
 * proved; an input may say anything, so no name is ever taken from one. Whoever reaches Temporal itself could make up
 * such an id, and could end the workflow just as well: it guards against an order without a name, not against a forger.
 */

import { currentUpdateInfo } from '@temporalio/workflow';

/** The id of an update that comes through `/ops`; `id` makes it one order, or a repeated one. */
export function operatorUpdateId(order: { name: string; action: string; id: string }): string {
  return `ops/${order.name}/${order.action}/${order.id}`;
}

/** The person behind an update; null: it did not come through `/ops`. */
export function operatorIn(updateId: string | undefined): string | null {
  const [, name] =
    /^ops\/([A-Za-z0-9_.-]{1,60})\/[a-z_-]+\/[0-9a-f-]{36}$/.exec(updateId ?? '') ?? [];
  return name ?? null;
}

/** Inside the handler or the validator of an update: who sent it through `/ops`, if it came that way. */
export function operator(): string | null {
  return operatorIn(currentUpdateInfo()?.id);
}
