/** How things stand as gauges. They are read when they are scraped; while nothing is known there are none. */
import { Gauge, type Registry } from 'prom-client';
import type { Count, Standing } from './standing.ts';

interface Row {
  labels: Record<string, string>;
  value: number;
}

/** Several apis export the same numbers: an alert takes the maximum, never the sum. */
export function exportStanding(registry: Registry, latest: () => Promise<Standing | null>): void {
  for (const { name, help, labelNames = [], rows } of gauges) {
    new Gauge<string>({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const standing = await latest();
        this.reset();
        // Without labels a reset leaves a nought, which would be a statement.
        if (labelNames.length === 0) this.remove();
        for (const { labels, value } of rows(standing)) this.set(labels, value);
      },
    });
  }
}

const gauges: {
  name: string;
  help: string;
  labelNames?: string[];
  rows: (standing: Standing | null) => Row[];
}[] = [
  {
    name: 'kvitt_standing_is_known',
    help: '1 while Temporal says how things stand, 0 while the gauges about charges are absent',
    rows: (standing) => [{ labels: {}, value: standing === null ? 0 : 1 }],
  },
  {
    name: 'kvitt_standing_is_truncated',
    help: '1 when there is more than is counted',
    rows: (standing) =>
      standing === null ? [] : [{ labels: {}, value: standing.isTruncated ? 1 : 0 }],
  },
  {
    name: 'kvitt_charges_open',
    help: 'Charges without a proven outcome, by state and by their age since the start',
    labelNames: ['state', 'age'],
    rows: (standing) => counts(standing?.open),
  },
  {
    name: 'kvitt_charges_needing_attention',
    help: 'Charges that ask for a person; case_open: those with an open case',
    labelNames: ['reason'],
    rows: (standing) => counts(standing?.attention),
  },
  {
    name: 'kvitt_charges_needing_attention_oldest_seconds',
    help: 'How long the oldest of them has been asking, at most; 0 if there is none',
    labelNames: ['reason'],
    rows: (standing) => oldest(standing?.attention),
  },
  {
    name: 'kvitt_refunds_open',
    help: 'Refunds without a proven outcome, by state',
    labelNames: ['state'],
    rows: (standing) => counts(standing?.refunds),
  },
  {
    name: 'kvitt_refunds_needing_attention',
    help: 'Refunds that ask for a person',
    labelNames: ['reason'],
    rows: (standing) => counts(standing?.refundAttention),
  },
  {
    name: 'kvitt_refunds_needing_attention_oldest_seconds',
    help: 'How long the oldest of them has been asking, at most; 0 if there is none',
    labelNames: ['reason'],
    rows: (standing) => oldest(standing?.refundAttention),
  },
  {
    name: 'kvitt_cases_open',
    help: 'Cases that nobody has settled',
    labelNames: ['kind'],
    rows: (standing) => counts(standing?.cases),
  },
  {
    name: 'kvitt_cases_open_oldest_seconds',
    help: 'Age of the oldest of them; 0 if there is none',
    labelNames: ['kind'],
    rows: (standing) => oldest(standing?.cases),
  },
  {
    name: 'kvitt_money_at_risk_minor_units',
    help: 'Money approved and not captured, captured and unwanted, or unknown, in minor units',
    labelNames: ['currency', 'kind'],
    rows: (standing) => counts(standing?.money),
  },
  {
    name: 'kvitt_money_at_risk_oldest_seconds',
    help: 'How long the oldest part of it has been so',
    labelNames: ['currency', 'kind'],
    rows: (standing) => oldest(standing?.money),
  },
  {
    name: 'kvitt_notifications_waiting',
    help: "What the retailer's system has not been told yet",
    rows: (standing) => counts(standing === null ? undefined : [standing.notifications]),
  },
  {
    name: 'kvitt_notifications_oldest_seconds',
    help: 'How long the oldest of it has been waiting; 0 if there is none',
    rows: (standing) => oldest(standing === null ? undefined : [standing.notifications]),
  },
  {
    name: 'kvitt_books_closed_until_timestamp_seconds',
    help: 'End of the last day up to which every report is closed, or when the schedule was made; absent without a schedule',
    rows: (standing) => told(standing?.books?.closedUntil, 1000),
  },
  {
    name: 'kvitt_books_last_closed_differences',
    help: 'Differences that the report of that day names; absent before the first one',
    rows: (standing) => told(standing?.books?.differences),
  },
];

/** Absent is not nought. */
function told(value: number | null | undefined, divisor = 1): Row[] {
  return value === null || value === undefined ? [] : [{ labels: {}, value: value / divisor }];
}

function counts(rows: Count<Record<string, string>>[] | undefined): Row[] {
  return (rows ?? []).map(({ labels, count }) => ({ labels, value: count }));
}

function oldest(rows: Count<Record<string, string>>[] | undefined): Row[] {
  return (rows ?? []).map(({ labels, oldestSeconds }) => ({ labels, value: oldestSeconds }));
}
