/** A request that got no answer in time: did Temporal not give it, or a worker behind it? */
import { Problem } from './problems.ts';
import { isTemporalFailure, type Temporal } from './temporal.ts';

/** Beside the ten seconds that the request has waited, nobody minds. Milliseconds. */
const lookFor = 1_000;

/** The same problem, and who was silent. */
export async function withSilent(problem: Problem, temporal: Temporal): Promise<Problem> {
  const { code, message, extras } = problem;
  if (code !== 'temporal_unavailable') return problem;
  const who = (await answers(temporal))
    ? 'Temporal itself answers, so no worker did in time: do the workers run, and does Dintero answer them?'
    : 'Temporal does not answer.';
  return new Problem(code, `${message} ${who}`, extras);
}

async function answers({ connection, namespace }: Temporal): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + lookFor, async () => {
      await connection.workflowService.describeNamespace({ namespace });
    });
    return true;
  } catch (err) {
    if (!isTemporalFailure(err)) throw err;
    return false;
  }
}
