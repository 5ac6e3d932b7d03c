/** What was ordered of a charge before its workflow ended, as its history tells it. */
import type { WorkflowHandle } from '@temporalio/client';
import { arrayFromPayloads, defaultPayloadConverter } from '@temporalio/common';
import type { ChargeAction } from '../workflows/actions.ts';
import { words, type Word } from '../workflows/hold.ts';
import { cancel, word } from '../workflows/messages.ts';

export type History = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

export function decoded(payloads: Parameters<typeof arrayFromPayloads>[1]): unknown[] {
  return arrayFromPayloads(defaultPayloadConverter, payloads);
}

/** The updates that were taken, the first one first. */
function ordersIn(events: History) {
  return events.flatMap(
    ({
      workflowExecutionUpdateAcceptedEventAttributes: accepted,
      // A reset carries an order over to the new run in this form, and the acceptance does not repeat it.
      workflowExecutionUpdateAdmittedEventAttributes: admitted,
    }) => accepted?.acceptedRequest?.input ?? admitted?.request?.input ?? [],
  );
}

/** Either says that the money is not wanted. */
const stops = new Set<string | null | undefined>([cancel.name, 'void' satisfies ChargeAction]);

export function isCancelOrdered(events: History): boolean {
  const isCancelled = events.some(
    ({ workflowExecutionCancelRequestedEventAttributes: cancelled }) =>
      cancelled !== null && cancelled !== undefined,
  );
  return isCancelled || ordersIn(events).some(({ name }) => stops.has(name));
}

/** The till's word, or an operator's, who may still take back what the till has said: the last one holds. */
export function wordIn(events: History): Word | null {
  for (const { name, args } of ordersIn(events).toReversed()) {
    const said = name === word.name ? wordOf(decoded(args?.payloads)[0]) : name;
    const known = words.find((one) => one === said);
    if (known !== undefined) return known;
  }
  return null;
}

function wordOf(order: unknown): unknown {
  return typeof order === 'object' && order !== null && 'word' in order ? order.word : null;
}
