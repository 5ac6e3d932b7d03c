/** Is this api able to do its work? Each thing it depends on is a named check with a text that an operator can act on. */
import { searchAttributes } from '../workflows/messages.ts';
import type { Temporal } from './temporal.ts';

export interface Check {
  name: 'temporal' | 'retention' | 'search_attributes' | 'account_webhooks';
  /** null: could not be judged, and does not count. */
  is_ok: boolean | null;
  text: string;
}

/** A charge id answers for itself this long; afterwards Dintero's list of the sale alone does (design 8). */
const retentionDaysMin = 30;

export async function checkReadiness(temporal: Temporal, withinMs: number): Promise<Check[]> {
  const { connection, namespace } = temporal;
  return await connection.withDeadline(Date.now() + withinMs, async () => {
    try {
      return [...(await checkNamespace(temporal)), await checkSearchAttributes(temporal)];
    } catch (err) {
      const text = `Temporal does not answer for namespace ${namespace}: ${messageOf(err)}. Check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.`;
      return [{ name: 'temporal', is_ok: false, text }];
    }
  });
}

async function checkNamespace({ connection, namespace }: Temporal): Promise<Check[]> {
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  const seconds = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  const days = Math.floor(seconds / 86_400);
  const isOk = days >= retentionDaysMin;
  return [
    { name: 'temporal', is_ok: true, text: `Namespace ${namespace} answers.` },
    {
      name: 'retention',
      is_ok: isOk,
      text: isOk
        ? `Closed charges are kept ${days} days.`
        : `Closed charges are kept ${days} days, at least ${retentionDaysMin} are needed: npm run namespace.`,
    },
  ];
}

async function checkSearchAttributes({ connection, namespace }: Temporal): Promise<Check> {
  const answer = await connection.operatorService
    .listSearchAttributes({ namespace })
    .catch((err: unknown) => ({ refusal: messageOf(err) }));
  if ('refusal' in answer) {
    const text = `Not judged: the operator service refuses, as on Temporal Cloud (${answer.refusal}).`;
    return { name: 'search_attributes', is_ok: null, text };
  }
  const { customAttributes } = answer;
  const wanted = Object.values(searchAttributes).map(({ name }) => name);
  const missing = wanted.filter((name) => customAttributes[name] === undefined);
  return {
    name: 'search_attributes',
    is_ok: missing.length === 0,
    text:
      missing.length === 0
        ? 'All search attributes are registered.'
        : `Missing search attributes, no charge can start: ${missing.join(', ')}. Run npm run namespace.`,
  };
}

function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
