/** Server-sent events of one charge: where it stands, each change, then the outcome. */
import type { Request, Response } from 'express';
import { changeKey, isFinal, type ReadCharge } from './cashier.ts';
import type { Context, Locals } from './answering.ts';

/** The id of the last event: a browser that connects again with it has the outcome, and is told to stop (204). */
const outcomeId = 'outcome';

export async function followCharge(
  context: Context,
  { req, res, read }: { req: Request; res: Response<unknown, Locals>; read: ReadCharge },
): Promise<void> {
  if (read.record.outcome !== null && req.get('last-event-id') === outcomeId) {
    res.status(204).end();
    return;
  }
  res.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache, no-transform',
    // nginx holds back a stream otherwise.
    'X-Accel-Buffering': 'no',
  });
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  res.write('retry: 2000\n\n');
  await send(context, res, read);
  if (isFinal(read)) res.end();
  else stream(context, res, read);
}

function stream(context: Context, res: Response<unknown, Locals>, first: ReadCharge): void {
  const { watching, timings } = context;
  let last = changeKey(first);
  // One after the other: an outcome must not overtake the state before it.
  let sending = Promise.resolve();
  const heartbeat = setInterval(() => res.write(': still here\n\n'), timings.heartbeat);
  const end = (): void => {
    clearInterval(heartbeat);
    unsubscribe();
    forget();
    res.end();
  };
  const forget = watching.onStop(end);
  const unsubscribe = watching.subscribe(first, {
    wants: 'change',
    tell: (read) => {
      if (changeKey(read) === last) return;
      last = changeKey(read);
      sending = sending
        .then(() => send(context, res, read))
        .then(() => {
          if (isFinal(read)) end();
        })
        .catch((err: unknown) => {
          // The browser connects again and gets the charge as it stands then.
          res.locals.log.warn({ err }, 'An event could not be sent');
          end();
        });
    },
  });
  if (res.locals.gone.aborted) end();
  else res.locals.gone.addEventListener('abort', end);
}

async function send(context: Context, res: Response, read: ReadCharge): Promise<void> {
  const { temporal, timings, reading } = context;
  const charge = await temporal.connection.withDeadline(Date.now() + timings.read, () =>
    reading.show(read),
  );
  const isOutcome = read.record.outcome !== null;
  const id = isOutcome ? outcomeId : read.record.updated_at;
  const event = isOutcome ? 'outcome' : 'state';
  res.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(charge)}\n\n`);
}
