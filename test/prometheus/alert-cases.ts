/** What Prometheus sees, and which alerts it must raise then; `prometheus/alerts.test.yml` is made of these rows. */
import { refundAttentions } from '../../workflows/refund-lists.ts';

export interface AlertCase {
  name: string;
  /** Series in promtool's notation, one value a minute. */
  series: Record<string, string>;
  /** When the rules are looked at. */
  at: string;
  alert: string;
  /** The labels of each alert that fires; none: it stays quiet. */
  fires: Record<string, string>[];
}

const page = { severity: 'page' };
const ticket = { severity: 'ticket' };

const asking = 'kvitt_charges_needing_attention{reason=';
const askingFor = 'kvitt_charges_needing_attention_oldest_seconds{reason=';

const refundFor = 'kvitt_refunds_needing_attention_oldest_seconds{reason=';

const charges: AlertCase[] = [
  {
    name: 'a charge that no worker starts rings, once however many apis tell of it',
    series: {
      [`${asking}"starting_too_long",instance="a"}`]: '0 1x10',
      [`${asking}"starting_too_long",instance="b"}`]: '0 1x10',
      [`${asking}"checking_too_long",instance="a"}`]: '0x10',
    },
    at: '5m',
    alert: 'ChargeNeedsAttention',
    fires: [{ ...page, reason: 'starting_too_long' }],
  },
  {
    name: 'a charge that is unclear is a ticket',
    series: { [`${asking}"checking_too_long"}`]: '1x10' },
    at: '5m',
    alert: 'ChargeNeedsAttention',
    fires: [{ ...ticket, reason: 'checking_too_long' }],
  },
  {
    name: 'a charge that asks for a moment only is nobody’s work',
    series: { [`${asking}"workflow_lost"}`]: '0 1 0x10' },
    at: '1m',
    alert: 'ChargeNeedsAttention',
    fires: [],
  },
  {
    name: 'what a person was asked for, and what is still there, rings',
    series: {
      [`${askingFor}"prompt_may_live"}`]: '0+60x20',
      [`${askingFor}"void_refused"}`]: '0+60x20',
    },
    at: '17m',
    alert: 'ChargeNeedsAttentionForLong',
    fires: [{ ...page, escalated_after: '15m', reason: 'prompt_may_live' }],
  },
  {
    name: 'a refund that asks for a person is a ticket, each word of its own',
    series: {
      'kvitt_refunds_needing_attention{reason="refund_too_long",instance="a"}': '1x10',
      'kvitt_refunds_needing_attention{reason="refund_too_long",instance="b"}': '1x10',
      'kvitt_refunds_needing_attention{reason="refund_unresolved"}': '2x10',
      'kvitt_refunds_needing_attention{reason="refund_lost"}': '1x10',
      'kvitt_refunds_needing_attention{reason="refund_workflow_lost"}': '1x10',
    },
    at: '5m',
    alert: 'RefundNeedsAttention',
    fires: refundAttentions.map((reason) => ({ ...ticket, reason })),
  },
  {
    name: 'a lost refund that is recovered within a moment is nobody’s work',
    series: { 'kvitt_refunds_needing_attention{reason="refund_workflow_lost"}': '0 1 0x10' },
    at: '1m',
    alert: 'RefundNeedsAttention',
    fires: [],
  },
  {
    name: 'a refund that nobody clears rings, each word after its time',
    series: {
      [`${refundFor}"refund_too_long"}`]: '3599x5',
      [`${refundFor}"refund_workflow_lost"}`]: '3601x5',
      [`${refundFor}"refund_lost"}`]: '1801x5',
      [`${refundFor}"refund_unresolved"}`]: '14401x5',
    },
    at: '1m',
    alert: 'RefundNeedsAttentionForLong',
    fires: [
      { ...page, escalated_after: '60m', reason: 'refund_workflow_lost' },
      { ...page, escalated_after: '240m', reason: 'refund_unresolved' },
      { ...page, escalated_after: '30m', reason: 'refund_lost' },
    ],
  },
  {
    name: 'an open case is a ticket',
    series: {
      'kvitt_cases_open{kind="orphan"}': '2x10',
      'kvitt_cases_open{kind="amount_differs"}': '0x10',
    },
    at: '5m',
    alert: 'CaseOpen',
    fires: [{ ...ticket, kind: 'orphan' }],
  },
  {
    name: 'a case that nobody settles rings, each kind after its time',
    series: {
      'kvitt_cases_open_oldest_seconds{kind="orphan"}': '28801x5',
      'kvitt_cases_open_oldest_seconds{kind="partly_captured"}': '28801x5',
    },
    at: '1m',
    alert: 'CaseOpenForLong',
    fires: [{ ...page, escalated_after: '480m', kind: 'orphan' }],
  },
  {
    name: 'declined cards are business as usual, a terminal that is off is not',
    series: {
      'kvitt_charges_ended_total{outcome="not_charged",reason="declined"}': '0+1x20',
      'kvitt_charges_ended_total{outcome="not_charged",reason="terminal_unavailable"}': '0x10 1x10',
    },
    at: '15m',
    alert: 'ChargesEndUnpaid',
    fires: [{ ...ticket, reason: 'terminal_unavailable' }],
  },
  {
    name: 'money that stays reserved rings, captured money that a person decides about does not',
    series: {
      'kvitt_money_at_risk_oldest_seconds{currency="NOK",kind="approved_not_captured"}': '14401x5',
      'kvitt_money_at_risk_oldest_seconds{currency="NOK",kind="captured_unwanted"}': '14401x5',
      'kvitt_money_at_risk_oldest_seconds{currency="SEK",kind="unknown"}': '600x5',
    },
    at: '1m',
    alert: 'MoneyAtRiskForLong',
    fires: [{ ...page, currency: 'NOK', kind: 'approved_not_captured' }],
  },
  {
    name: "the retailer's system takes nothing for an hour",
    series: { kvitt_notifications_oldest_seconds: '0+60x70' },
    at: '62m',
    alert: 'NotificationsWaiting',
    fires: [ticket],
  },
  {
    // The clock of these tests begins at nought: the days ended before it.
    name: 'no report was closed in the night, and noon has come',
    series: {
      'kvitt_books_closed_until_timestamp_seconds{instance="a"}': '-129600x15',
      'kvitt_books_closed_until_timestamp_seconds{instance="b"}': '-216000x15',
    },
    at: '10m',
    alert: 'BooksNotClosed',
    fires: [ticket],
  },
  {
    name: 'the night’s report is still being made, or one api has not seen it yet',
    series: {
      'kvitt_books_closed_until_timestamp_seconds{instance="a"}': '-108000x15',
      'kvitt_books_closed_until_timestamp_seconds{instance="b"}': '-194400x15',
    },
    at: '10m',
    alert: 'BooksNotClosed',
    fires: [],
  },
  {
    name: 'a switch was forgotten',
    series: {
      'kvitt_switches_off{scope="store"}': '1x300',
      'kvitt_switches_off{scope="all"}': '0x300',
    },
    at: '245m',
    alert: 'SwitchedOffForLong',
    fires: [{ ...ticket, scope: 'store' }],
  },
];

const processes: AlertCase[] = [
  {
    name: 'one of two apis is away',
    series: {
      'up{job="kvitt-api",instance="a"}': '1x20',
      'up{job="kvitt-api",instance="b"}': '0x20',
    },
    at: '15m',
    alert: 'ApiDown',
    fires: [],
  },
  {
    name: 'one of two apis is away, and stays so',
    series: {
      'up{job="kvitt-api",instance="a"}': '1x20',
      'up{job="kvitt-api",instance="b"}': '0x20',
    },
    at: '15m',
    alert: 'InstanceDown',
    fires: [{ ...ticket, job: 'kvitt-api', instance: 'b' }],
  },
  {
    name: 'the only api is away',
    series: { 'up{job="kvitt-api",instance="a"}': '1x5 0x10' },
    at: '9m',
    alert: 'ApiDown',
    fires: [page],
  },
  {
    name: 'the name of the workers leads nowhere',
    series: { 'up{job="kvitt-api",instance="a"}': '1x10' },
    at: '5m',
    alert: 'WorkerDown',
    fires: [page],
  },
  {
    name: 'a worker answers, and asks for no work',
    series: {
      'temporal_num_pollers{poller_type="workflow_task",task_queue="kvitt"}': '2x5 0x10',
      'temporal_num_pollers{poller_type="sticky_workflow_task",task_queue="kvitt"}': '2x15',
    },
    at: '9m',
    alert: 'NoWorkerPolls',
    fires: [page],
  },
  {
    name: 'workers ask for work',
    series: { 'temporal_num_pollers{poller_type="workflow_task",task_queue="kvitt"}': '2x10' },
    at: '5m',
    alert: 'NoWorkerPolls',
    fires: [],
  },
  {
    name: 'nobody asks for the reads',
    series: {
      'temporal_num_pollers{poller_type="activity_task",task_queue="kvitt"}': '10x10',
    },
    at: '5m',
    alert: 'NoReadsPolled',
    fires: [page],
  },
  {
    name: 'new code does not fit an open charge',
    series: {
      'temporal_workflow_task_execution_failed_total{workflow_type="terminalCharge",failure_reason="NonDeterminismError"}':
        '_x5 1+1x10',
    },
    at: '10m',
    alert: 'WorkflowTaskFails',
    fires: [{ ...page, workflow_type: 'terminalCharge', failure_reason: 'NonDeterminismError' }],
  },
  {
    name: 'Temporal is away for one api of two',
    series: {
      'kvitt_standing_is_known{instance="a"}': '0x10',
      'kvitt_standing_is_known{instance="b"}': '1x10',
    },
    at: '8m',
    alert: 'StandingUnknown',
    fires: [],
  },
  {
    name: 'Temporal is away',
    series: { 'kvitt_standing_is_known{instance="a"}': '0x10' },
    at: '8m',
    alert: 'StandingUnknown',
    fires: [page],
  },
  {
    name: 'thousands of charges are open',
    series: { kvitt_standing_is_truncated: '1x40' },
    at: '35m',
    alert: 'StandingTruncated',
    fires: [ticket],
  },
  {
    name: 'the api has a fault, for the first time since it started',
    series: { 'kvitt_api_problems_total{code="internal"}': '0x5 1x5' },
    at: '8m',
    alert: 'ApiFaults',
    fires: [ticket],
  },
  {
    name: 'tills get 503',
    series: { 'kvitt_api_problems_total{code="temporal_unavailable"}': '0+2x10' },
    at: '8m',
    alert: 'TemporalUnavailable',
    fires: [page],
  },
];

const calls = 'kvitt_dintero_call_seconds_count';
const bucketsOf = (metric: string): Record<string, string> => ({
  [`${metric}_bucket{le="5"}`]: '0x20',
  [`${metric}_bucket{le="10"}`]: '0+9x20',
  [`${metric}_bucket{le="+Inf"}`]: '0+9x20',
});

const dintero: AlertCase[] = [
  {
    name: 'a token has ended',
    series: {
      [`${calls}{endpoint="read_session",answer="401"}`]: '0 1x10',
      [`${calls}{endpoint="read_session",answer="2xx"}`]: '0+5x10',
    },
    at: '5m',
    alert: 'DinteroRefusesUs',
    fires: [],
  },
  {
    name: 'the API client is refused',
    series: {
      [`${calls}{endpoint="get_token",answer="401"}`]: '0+1x10',
      [`${calls}{endpoint="read_session",answer="403"}`]: '0+1x10',
    },
    at: '5m',
    alert: 'DinteroRefusesUs',
    fires: [page],
  },
  {
    name: 'a third of the calls comes to nothing',
    series: {
      [`${calls}{answer="2xx"}`]: '0+4x20',
      [`${calls}{answer="lost"}`]: '0+1x20',
      [`${calls}{answer="5xx"}`]: '0+1x20',
    },
    at: '15m',
    alert: 'DinteroFails',
    fires: [page],
  },
  {
    name: 'a card is refused here and there',
    series: { [`${calls}{answer="2xx"}`]: '0+4x20', [`${calls}{answer="404"}`]: '0+4x20' },
    at: '15m',
    alert: 'DinteroFails',
    fires: [],
  },
  {
    name: 'calls take seconds',
    series: bucketsOf('kvitt_dintero_call_seconds'),
    at: '15m',
    alert: 'DinteroSlow',
    fires: [ticket],
  },
  {
    name: 'terminals ask for the card late',
    series: bucketsOf('kvitt_start_to_prompt_seconds'),
    at: '15m',
    alert: 'PromptsSlow',
    fires: [ticket],
  },
  {
    name: 'the secret of the signature is wrong',
    series: { 'kvitt_api_callbacks_total{kind="bad_signature"}': '0+1x20' },
    at: '15m',
    alert: 'CallbacksBadlySigned',
    fires: [ticket],
  },
  {
    name: 'a callback could not be stored',
    series: { 'kvitt_api_callbacks_total{kind="unstored"}': '0x5 1x10' },
    at: '10m',
    alert: 'CallbacksNotStored',
    fires: [ticket],
  },
  {
    name: 'the secret of the webhooks is wrong',
    series: { 'kvitt_api_webhooks_total{kind="bad_signature"}': '0+1x20' },
    at: '15m',
    alert: 'WebhooksBadlySigned',
    fires: [ticket],
  },
  {
    name: 'a webhook could not be stored',
    series: { 'kvitt_api_webhooks_total{kind="unstored"}': '0x5 1x10' },
    at: '10m',
    alert: 'WebhooksNotStored',
    fires: [ticket],
  },
  {
    name: 'the subscription is missing, and cannot be made',
    series: { kvitt_webhook_subscription_is_kept: '1x5 0x30' },
    at: '30m',
    alert: 'WebhookSubscriptionMissing',
    fires: [ticket],
  },
  {
    name: 'the subscription was dropped, and made again',
    series: { kvitt_webhook_subscription_is_kept: '1x5 0x3 1x30' },
    at: '30m',
    alert: 'WebhookSubscriptionMissing',
    fires: [],
  },
  {
    name: 'no callback comes through, and polls find the payments',
    series: {
      'kvitt_charges_ended_total{outcome="captured",reason="none"}': '0+1x120',
      'kvitt_api_callbacks_total{kind="accepted"}': '7x120',
      'kvitt_api_callbacks_total{kind="bad_signature"}': '0+1x120',
    },
    at: '90m',
    alert: 'CallbacksMissing',
    fires: [ticket],
  },
  {
    name: 'callbacks come as they should',
    series: {
      'kvitt_charges_ended_total{outcome="captured",reason="none"}': '0+1x120',
      'kvitt_api_callbacks_total{kind="accepted"}': '0+1x120',
    },
    at: '90m',
    alert: 'CallbacksMissing',
    fires: [],
  },
];

export const alertCases: AlertCase[] = [...charges, ...processes, ...dintero];
