/** Which events of a transaction count, and as what: of those that Dintero has taken back, and those that do not say. */

interface RawEvent {
  id?: string | null | undefined;
  event: string;
  success?: boolean | null | undefined;
  request_id?: string | null | undefined;
  correlation_request_id?: string | null | undefined;
  correction?: { event_ids?: string[] | null | undefined } | null | undefined;
}

/** Dintero takes a wrong event back by a `correction` that names it (dossier 4): it no longer counts. */
export function withoutCorrected<Event extends Pick<RawEvent, 'id' | 'correction'>>(
  events: Event[],
): Event[] {
  const corrected = new Set(events.flatMap((event) => event.correction?.event_ids ?? []));
  return events.filter((event) => !corrected.has(event.id ?? ''));
}

const results = new Set(['CAPTURE', 'REFUND', 'VOID']);

/**
 * The events that stand. A result that does not say whether it succeeded answers nothing: its request is as open as
 * before, and if that is not shown, the result stands for it.
 */
export function standingEvents<Event extends RawEvent>(events: Event[]): Event[] {
  const standing = withoutCorrected(events);
  const open = standing.filter(
    ({ event, success }) => event.startsWith('INITIATE_') && success !== false,
  );
  const asked = new Set(open.flatMap(({ request_id }) => request_id ?? []));
  return standing.flatMap((event): Event[] => {
    if (!results.has(event.event) || typeof event.success === 'boolean') return [event];
    const { correlation_request_id: answers = null } = event;
    if (answers !== null && asked.has(answers)) return [];
    const request = { request_id: answers, correlation_request_id: null };
    return [{ ...event, event: `INITIATE_${event.event}`, ...request }];
  });
}
