/**
 * The alert rules. What asks for a person is a loop over the closed lists, so no word is without its alert; what is
 * wrong with processes, Dintero or the retailer's system is a row. `prometheus/alerts.yml` is made of this table.
 */
import { attentionGuide, caseGuide, reasonGuide, type Guidance } from '../workflows/guide.ts';
import { refundAttentionGuide } from '../workflows/refund-guide.ts';

export interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: 'page' | 'ticket'; escalated_after?: string };
  annotations: { summary: string; runbook: string };
}

export interface Group {
  name: string;
  rules: Rule[];
}

const runbook = 'docs/runbook.md#';
const page = { severity: 'page' } as const;
const ticket = { severity: 'ticket' } as const;

/** A rule about the service itself has a section `alert-<name>` in the runbook. */
function rule(
  alert: string,
  {
    labels = ticket,
    ...row
  }: Omit<Rule, 'alert' | 'annotations' | 'labels'> & {
    labels?: Rule['labels'];
    summary: string;
  },
): Rule {
  const { summary, ...rest } = row;
  const kebab = alert.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  return { alert, ...rest, labels, annotations: { summary, runbook: `${runbook}alert-${kebab}` } };
}

/** Words that are treated alike are one rule: each word is still an alert of its own, by its label. */
function wordsBy<Key>(
  guide: Record<string, Guidance>,
  key: (of: Guidance) => Key,
): [Key, string][] {
  const words = new Map<Key, string[]>();
  for (const [word, urgency] of Object.entries(guide)) {
    words.set(key(urgency), [...(words.get(key(urgency)) ?? []), word]);
  }
  return [...words].map(([value, of]) => [value, of.join('|')]);
}

interface OfWords {
  alert: string;
  guide: Record<string, Guidance>;
  /** The metric's label that holds the word. */
  label: string;
  count: string;
  oldest: string;
  summary: string;
}

/** Something that stands and waits: an alert while it is there, and another when it has waited for too long. */
function waiting({ alert, guide, label, count, oldest, summary }: OfWords): Rule[] {
  const word = `{{ $labels.${label} }}`;
  const annotations = { summary, runbook: runbook + word };
  const now = wordsBy(guide, ({ severity }) => severity).flatMap(([severity, words]): Rule[] => {
    if (severity === 'none') return [];
    const expr = `max by (${label}) (${count}{${label}=~"${words}"}) > 0`;
    return [{ alert, expr, for: '1m', labels: { severity }, annotations }];
  });
  const later = wordsBy(guide, (of) => of.escalates_after_minutes).flatMap(
    ([minutes, words]): Rule[] => {
      if (minutes === null) return [];
      const expr = `max by (${label}) (${oldest}{${label}=~"${words}"}) > ${minutes * 60}`;
      const labels = { ...page, escalated_after: `${minutes}m` };
      const told = { ...annotations, summary: `${summary} For more than ${minutes} minutes.` };
      return [{ alert: `${alert}ForLong`, expr, labels, annotations: told }];
    },
  );
  return [...now, ...later];
}

/** An open case is told by its kind, which says more. */
const { case_open: _ofCases, ...attentionOfCharges } = attentionGuide;

function endings(): Rule[] {
  return wordsBy(reasonGuide, ({ severity }) => severity).flatMap(([severity, words]): Rule[] => {
    if (severity === 'none') return [];
    return [
      {
        alert: 'ChargesEndUnpaid',
        expr: `sum by (reason) (increase(kvitt_charges_ended_total{reason=~"${words}"}[15m])) > 0`,
        labels: { severity },
        annotations: {
          summary: 'Charges end as not_charged, {{ $labels.reason }}.',
          runbook: `${runbook}{{ $labels.reason }}`,
        },
      },
    ];
  });
}

const charges: Rule[] = [
  ...waiting({
    alert: 'ChargeNeedsAttention',
    guide: attentionOfCharges,
    label: 'reason',
    count: 'kvitt_charges_needing_attention',
    oldest: 'kvitt_charges_needing_attention_oldest_seconds',
    summary: 'Charges ask for a person: {{ $labels.reason }}.',
  }),
  ...waiting({
    alert: 'RefundNeedsAttention',
    guide: refundAttentionGuide,
    label: 'reason',
    count: 'kvitt_refunds_needing_attention',
    oldest: 'kvitt_refunds_needing_attention_oldest_seconds',
    summary: 'Refunds ask for a person: {{ $labels.reason }}.',
  }),
  ...waiting({
    alert: 'CaseOpen',
    guide: caseGuide,
    label: 'kind',
    count: 'kvitt_cases_open',
    oldest: 'kvitt_cases_open_oldest_seconds',
    summary: 'Money waits for a decision: {{ $labels.kind }}.',
  }),
  ...endings(),
  rule('MoneyAtRiskForLong', {
    expr: 'max by (currency, kind) (kvitt_money_at_risk_oldest_seconds{kind=~"approved_not_captured|unknown"}) > 14400',
    labels: page,
    summary: 'Money is at risk for more than 4 hours: {{ $labels.kind }}, {{ $labels.currency }}.',
  }),
  rule('NotificationsWaiting', {
    expr: 'max(kvitt_notifications_oldest_seconds) > 3600',
    summary: "The retailer's system has not taken news for more than an hour.",
  }),
  rule('BooksNotClosed', {
    // A day is closed some hours after its end, the next one a day later. Without the schedule there is no sample.
    expr: 'time() - max(kvitt_books_closed_until_timestamp_seconds) > 36 * 3600',
    for: '5m',
    summary: 'The report of yesterday, or of a day before it, is not closed.',
  }),
  rule('SwitchedOffForLong', {
    expr: 'max by (scope) (kvitt_switches_off) > 0',
    for: '4h',
    summary: 'New charges are refused for more than 4 hours: {{ $labels.scope }}.',
  }),
];

/** Nought when nobody exports it: an absent number is below every limit otherwise. */
const orNought = (expr: string): string => `(${expr} or vector(0))`;
const up = (job: string): string => orNought(`sum(up{job="${job}"})`);
const processes: Rule[] = [
  rule('ApiDown', {
    expr: `${up('kvitt-api')} == 0`,
    for: '2m',
    labels: page,
    summary: 'No api answers: the tills cannot charge.',
  }),
  rule('WorkerDown', {
    expr: `${up('kvitt-worker')} == 0`,
    for: '2m',
    labels: page,
    summary: 'No worker answers: nothing is prompted, nothing is followed.',
  }),
  rule('InstanceDown', {
    expr: 'up{job=~"kvitt-.*"} == 0',
    for: '10m',
    summary: '{{ $labels.job }} at {{ $labels.instance }} does not answer.',
  }),
  rule('NoWorkerPolls', {
    expr: `${orNought('sum(temporal_num_pollers{poller_type="workflow_task"})')} == 0`,
    for: '2m',
    labels: page,
    summary: 'No worker asks Temporal for work: charges stand still.',
  }),
  rule('NoReadsPolled', {
    expr: `${orNought('sum(temporal_num_pollers{poller_type="activity_task", task_queue=~".*-dintero-reads"})')} == 0`,
    for: '2m',
    labels: page,
    summary: 'No worker asks for the reads of Dintero: what has no callback stands still.',
  }),
  rule('WorkflowTaskFails', {
    // A task that fails is tried again until the code is mended; once may be a moment without CPU.
    expr: 'sum by (workflow_type, failure_reason) (increase(temporal_workflow_task_execution_failed_total[15m])) > 1',
    labels: page,
    summary:
      'The code of {{ $labels.workflow_type }} fails ({{ $labels.failure_reason }}): these charges stand still until it is mended.',
  }),
  rule('StandingUnknown', {
    expr: 'max(kvitt_standing_is_known) == 0',
    for: '5m',
    labels: page,
    summary: 'Temporal does not say how things stand: no alert about charges can come.',
  }),
  rule('StandingTruncated', {
    expr: 'max(kvitt_standing_is_truncated) > 0',
    for: '30m',
    summary: 'More is open than is counted.',
  }),
  rule('ApiFaults', {
    expr: 'sum(increase(kvitt_api_problems_total{code="internal"}[15m])) > 0',
    summary: 'The api has answered 500: a fault of ours, the log has it.',
  }),
  rule('TemporalUnavailable', {
    expr: 'sum(increase(kvitt_api_problems_total{code="temporal_unavailable"}[5m])) > 3',
    labels: page,
    summary: 'Tills are told that Temporal, or a worker, does not answer.',
  }),
];

const calls = (selector: string): string =>
  `sum(increase(kvitt_dintero_call_seconds_count${selector}[5m]))`;
const quantile = (metric: string, selector = ''): string =>
  `histogram_quantile(0.95, sum by (le) (rate(${metric}_bucket${selector}[10m])))`;
/** Whatever was made of them, these came from Dintero. */
const arrived = 'kind=~"accepted|stale|unsigned|coalesced|agrees|stray"';

const dintero: Rule[] = [
  rule('DinteroRefusesUs', {
    // A token that has ended is one 401 for each worker, and the next call has a fresh one.
    expr: `${calls('{answer=~"401|403"}')} > 3`,
    labels: page,
    summary: 'Dintero answers 401 or 403: the API client must be mended.',
  }),
  rule('DinteroFails', {
    expr: `${calls('{answer=~"lost|unsent|5xx|429"}')} > 0.25 * ${calls('')} > 3`,
    for: '5m',
    labels: page,
    summary: 'More than a quarter of the calls to Dintero have no answer, or no useful one.',
  }),
  rule('DinteroSlow', {
    expr: `${quantile('kvitt_dintero_call_seconds')} > 5`,
    for: '10m',
    summary: 'One call to Dintero in twenty takes longer than 5 s.',
  }),
  rule('PromptsSlow', {
    expr: `${quantile('kvitt_start_to_prompt_seconds')} > 5`,
    for: '10m',
    summary: 'One terminal in twenty asks for the card later than 5 s after the start.',
  }),
  rule('CallbacksBadlySigned', {
    expr: 'sum(increase(kvitt_api_callbacks_total{kind="bad_signature"}[15m])) > 2',
    summary: 'Callbacks have a bad signature: a secret is wrong, or somebody invents them.',
  }),
  rule('CallbacksNotStored', {
    expr: 'sum(increase(kvitt_api_callbacks_total{kind=~"unstored|too_many"}[15m])) > 0',
    summary: 'Callbacks could not be stored; Dintero sends them again.',
  }),
  rule('WebhooksBadlySigned', {
    expr: 'sum(increase(kvitt_api_webhooks_total{kind="bad_signature"}[15m])) > 2',
    summary:
      "The account's webhooks have a bad signature: a secret is wrong, or somebody invents them.",
  }),
  rule('WebhooksNotStored', {
    // Dintero drops a subscription whose deliveries fail: it is made again, and what came meanwhile is lost.
    expr: 'sum(increase(kvitt_api_webhooks_total{kind=~"unstored|too_many"}[15m])) > 0',
    summary: "The account's webhooks could not be stored; Dintero sends them again, a few times.",
  }),
  rule('WebhookSubscriptionMissing', {
    // An api that has not seen it yet says 0, too: the best of them counts. Without webhooks there is no sample.
    expr: 'max(kvitt_webhook_subscription_is_kept) == 0',
    for: '15m',
    summary: "Dintero's webhook subscription is not known to be there.",
  }),
  rule('CallbacksMissing', {
    // Every captured charge has at least one callback; without PUBLIC_URL there are none, and this rule is to be left out.
    expr: `sum(increase(kvitt_charges_ended_total{outcome="captured"}[1h])) > 5 and sum(increase(kvitt_api_callbacks_total{${arrived}}[1h])) < 0.5 * sum(increase(kvitt_charges_ended_total{outcome="captured"}[1h]))`,
    for: '15m',
    summary: 'Payments are found by polls, not by callbacks: tills learn of them later.',
  }),
];

export const groups: Group[] = [
  { name: 'kvitt charges', rules: charges },
  { name: 'kvitt processes', rules: processes },
  { name: 'kvitt dintero', rules: dintero },
];
