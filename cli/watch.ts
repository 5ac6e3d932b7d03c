/** `kvitt watch`: one line per change of a charge until its outcome, through every break of the connection. */
import { setTimeout as sleep } from 'node:timers/promises';
import { chargeSchema } from './answers.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { Failure } from './failures.ts';
import type { Kvitt } from './kvitt.ts';
import { parsed } from './refusals.ts';
import { changeLine } from './views.ts';

/** What the API asks for too; used until a stream has said so. */
const retryMs = 2_000;
/** A minute of tries in a row: a deploy is over by then. */
const failuresMax = 30;

export async function watch(kvitt: Kvitt, chargeId: string): Promise<ExitCode> {
  const path = `/charges/${encodeURIComponent(chargeId)}/events`;
  const heard = { last: '', retryMs, failures: 0 };
  for (;;) {
    try {
      const outcome = await nextOutcome(kvitt, { path, heard });
      if (outcome !== null) return outcome === 'captured' ? exitCodes.done : exitCodes.notCharged;
    } catch (err) {
      const isBreak = err instanceof Failure && err.exitCode === exitCodes.unreachable;
      if (!isBreak || heard.last === '' || heard.failures >= failuresMax) throw err;
      if (heard.failures === 0) kvitt.say('The connection is lost; trying again.');
      heard.failures += 1;
    }
    await sleep(heard.retryMs);
  }
}

/** Prints what is new; null: the stream ended before the charge did. */
async function nextOutcome(
  kvitt: Kvitt,
  { path, heard }: { path: string; heard: { last: string; retryMs: number; failures: number } },
): Promise<string | null> {
  for await (const event of kvitt.client.events(path)) {
    heard.failures = 0;
    heard.retryMs = event.retryMs ?? heard.retryMs;
    // A new connection begins with what the last one ended with.
    if (event.data === heard.last) continue;
    heard.last = event.data;
    const charge = parsed({ text: event.data, schema: chargeSchema, what: `GET ${path}` });
    await kvitt.print(charge, () => changeLine(kvitt.look, charge));
    if (charge.outcome !== null) return charge.outcome;
  }
  return null;
}
