/** What an operator's dashboard and alerts are made of. One registry per api, so that tests can run several. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { problemKinds } from './problems.ts';

/** What became of a callback, as it is counted. */
export const callbackKinds = [
  'accepted',
  'stale',
  'unsigned',
  'coalesced',
  'bad_signature',
  'malformed',
  'agrees',
  'stray',
  'too_many',
  'unstored',
] as const;
export type CallbackKind = (typeof callbackKinds)[number];

export interface Metrics {
  registry: Registry;
  requests: Histogram<'method' | 'route' | 'status'>;
  charges: Counter<'answer'>;
  problems: Counter<'code'>;
  callbacks: Counter<'kind'>;
}

export function createMetrics(watchersOpen: () => number): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'kvitt_api_watchers_open',
    help: 'Charges that somebody waits for',
    registers,
    collect() {
      this.set(watchersOpen());
    },
  });
  const metrics: Metrics = {
    registry,
    requests: new Histogram({
      name: 'kvitt_api_request_seconds',
      help: 'Requests by route; waiting included',
      labelNames: ['method', 'route', 'status'],
      // From a memo read to a long poll of a minute.
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    charges: new Counter({
      name: 'kvitt_api_charges_total',
      help: 'Answers to POST /charges: started, repeated or unanswered (202)',
      labelNames: ['answer'],
      registers,
    }),
    problems: new Counter({
      name: 'kvitt_api_problems_total',
      help: 'Refusals by code',
      labelNames: ['code'],
      registers,
    }),
    callbacks: new Counter({
      name: 'kvitt_api_callbacks_total',
      help: "Dintero's callbacks by what became of them",
      labelNames: ['kind'],
      registers,
    }),
  };
  // From nought on: the first of its kind would be no increase otherwise.
  for (const kind of callbackKinds) metrics.callbacks.inc({ kind }, 0);
  for (const code of Object.keys(problemKinds)) metrics.problems.inc({ code }, 0);
  return metrics;
}
