/** What can go wrong on the way to Dintero and back (dossier 12.3), drawn for one edge. Durations in milliseconds. */
import type { Do, PlannedFault } from '../scenario.ts';
import type { Random } from './random.ts';

export type Edge =
  | 'token'
  | 'create_session'
  | 'pay_session'
  | 'get_session'
  | 'get_transaction'
  | 'list_transactions'
  | 'cancel_session'
  | 'capture'
  | 'void'
  | 'refund'
  | 'create_operation'
  | 'get_operation'
  | 'callback';

type Kind = (random: Random, edge: Edge) => Do;

/**
 * Delays stay below what the policy rests on at the scale of these runs: a call that arrives after the send window (8 s), or a transaction that is missing from the list for longer than the list lag (1.2 s), would break a fact of
 * Dintero, and those are broken on purpose only in the plan of lying devices.
 */
const requestKinds: Record<string, Kind> = {
  reset_before: () => 'reset_before',
  reset_after: () => 'reset_after',
  hang_before: (random, edge) => ({ kind: 'hang_before', ms: random.int(300, longest(edge)) }),
  hang_after: (random, edge) => ({ kind: 'hang_after', ms: random.int(300, longest(edge)) }),
  late: (random) => ({ kind: 'late', ms: random.int(50, 1500) }),
  slow: (random, edge) => ({ kind: 'slow', ms: random.int(50, longest(edge)) }),
  status: (random) => random.pick([unclear, unclear, refusing])(random),
  garbage: () => 'garbage',
  rewrite: (random, edge) => ({ kind: 'rewrite', set: random.pick(rewrites(edge)) }),
};

/** Longer than any time-out of the edge; what is asked before the card may not eat up the send window each time. */
function longest(edge: Edge): number {
  return edge === 'list_transactions' || edge === 'token' ? 900 : 2500;
}

/** Says nothing about whether it was processed. */
function unclear(random: Random): Do {
  const status = random.pick([500, 502, 503, 504, 409]);
  const body = random.chance(0.3) ? { body: '<html>upstream</html>' } : {};
  return { kind: 'status', status, processed: random.chance(0.5), ...body };
}

/** Says no, and means it: nothing was processed. */
function refusing(random: Random): Do {
  const status = random.pick([429, 401, 403, 400, 404, 422]);
  const headers = status === 429 ? { headers: { 'retry-after': '1' } } : {};
  return { kind: 'status', status, processed: false, ...headers };
}

/** Words and shapes that nobody has documented; never a lie about money. */
function rewrites(edge: Edge): Record<string, unknown>[] {
  switch (edge) {
    case 'token':
      return [{ access_token: '' }, { expires_in: 'soon' }];
    case 'create_session':
      return [{ id: '' }, { id: null }];
    case 'get_session':
      return [{ events: 'none' }, { order: { merchant_reference: 'S-other.1' } }];
    case 'get_transaction':
      return [{ status: 'BRAND_NEW' }, { merchant_reference: 'S-other.1' }, { amount: '129.00' }];
    case 'list_transactions':
      return [{ status: 'BRAND_NEW' }];
    case 'callback':
      return [{ status: 'BRAND_NEW', amount: 1 }, { merchant_reference: 'S-other.1' }];
    case 'pay_session':
    case 'cancel_session':
    case 'capture':
    case 'void':
    case 'refund':
    case 'create_operation':
    case 'get_operation':
      return [{ status: 'BRAND_NEW' }];
  }
}

const callbackKinds: Record<string, Kind> = {
  drop: () => 'drop',
  duplicate: (random) => ({ kind: 'duplicate', same_delivery: random.chance(0.5) }),
  delay: (random) => ({ kind: 'delay', ms: random.int(50, 3000) }),
  before_response: () => ({ kind: 'before_response', ms: 800 }),
  stale_timestamp: () => 'stale_timestamp',
  bad_signature: () => 'bad_signature',
  rewrite: requestKinds['rewrite'] ?? ((): Do => 'drop'),
};

/** Accepted with 202: completes late, as failed, or twice. One that never completes is a story of its own. */
function accepted(random: Random): Do {
  const success = random.pick([true, false, 'twice']);
  return { kind: 'accept_202', complete_after_ms: random.int(0, 1500), success };
}

/** The longest lag of a list that is planned. */
export const listLagMaxMs = 1000;

function lag(random: Random): Do {
  return { kind: 'list_lag', ms: random.int(100, listLagMaxMs) };
}

/** The kinds that an edge knows, by name. */
function kindsOf(edge: Edge): Record<string, Kind> {
  if (edge === 'callback') return callbackKinds;
  if (edge === 'capture' || edge === 'void' || edge === 'refund')
    return { ...requestKinds, accept_202: accepted };
  if (edge === 'list_transactions') return { ...requestKinds, list_lag: lag };
  return requestKinds;
}

export function drawFault(random: Random, edge: Edge): PlannedFault {
  const kinds = kindsOf(edge);
  const kind = random.pick(Object.keys(kinds));
  const what = kinds[kind]?.(random, edge);
  if (what === undefined) throw new Error(`no fault ${kind}`);
  // A callback that is lost is lost with its repeats.
  const isLasting = edge === 'callback' && random.chance(0.5);
  const times = isLasting ? 0 : random.pick([1, 1, 1, 2, 3]);
  return { endpoint: edge, do: what, times };
}

export function kindOf(what: Do): string {
  return typeof what === 'string' ? what : what.kind;
}

/**
 * Whether a payment must still be possible with this fault: what is asked before the card may be refused or run out of
 * its window, and what was never processed prompts nobody.
 */
export function leavesPayment({ endpoint, do: what, times = 1 }: PlannedFault): boolean {
  const fault = typeof what === 'string' ? { kind: what } : what;
  const isProcessed = !fault.kind.endsWith('_before') && !isUnprocessed(fault);
  switch (endpoint) {
    case 'callback':
    case 'get_transaction':
    case 'cancel_session':
    case 'void':
      return true;
    case 'get_session':
      return times === 1;
    case 'create_session':
      return isProcessed && times === 1;
    case 'capture':
      return !isUnprocessed(fault) && times === 1;
    case 'list_transactions':
      return fault.kind === 'list_lag' || fault.kind === 'rewrite';
    default:
      return false;
  }
}

/**
 * Whether a refund must still be possible with this fault: what was processed is found, however it was answered. What
 * is asked right before it is sent may be refused, or say what stands against it.
 */
export function leavesRefund({ endpoint, do: what }: PlannedFault): boolean {
  const fault = typeof what === 'string' ? { kind: what } : what;
  if (endpoint === 'callback') return true;
  const isProcessed = !fault.kind.endsWith('_before') && !isUnprocessed(fault);
  const { success = true } = fault as { success?: unknown };
  return endpoint === 'refund' && isProcessed && success !== false;
}

function isUnprocessed(fault: { kind: string; processed?: unknown }): boolean {
  return fault.kind === 'status' && fault.processed !== true;
}
