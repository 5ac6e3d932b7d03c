/** The alert rules: made of the closed lists, accepted by Prometheus, and firing when they should. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { groups, type Rule } from '../../prometheus/rules.ts';
import { attentions, caseKinds } from '../../workflows/lists.ts';
import { refundAttentions } from '../../workflows/refund-lists.ts';
import { alertCases, type AlertCase } from './alert-cases.ts';

const folder = new URL('../../prometheus/', import.meta.url);
const rules = groups.flatMap((group) => group.rules);

const yaml = (value: object): string =>
  stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

function rulesPage(): string {
  return `# Alerts of Kvitt, for Prometheus. Made by \`npx vitest run test/prometheus/alerts.test.ts -u\` from prometheus/rules.ts.
# severity \`page\`: the phone rings; \`ticket\`: it waits for office hours. \`runbook\` says what to do.
${yaml({ groups })}`;
}

function casesPage(): string {
  const tests = alertCases.map(({ name, series, at, alert, fires }) => ({
    name,
    interval: '1m',
    input_series: Object.entries(series).map(([of, values]) => ({ series: of, values })),
    alert_rule_test: [
      {
        eval_time: at,
        alertname: alert,
        exp_alerts: fires.map((labels) => ({
          exp_labels: labels,
          exp_annotations: annotationsOf(alert, labels),
        })),
      },
    ],
  }));
  return `# Tests of alerts.yml: \`promtool test rules alerts.test.yml\`. Made as that is, from test/prometheus/alert-cases.ts.
${yaml({ rule_files: ['alerts.yml'], evaluation_interval: '1m', tests })}`;
}

/** As Prometheus fills them in. */
function annotationsOf(alert: string, labels: AlertCase['fires'][number]): Rule['annotations'] {
  const word = labels['reason'] ?? labels['kind'] ?? '';
  const rule = rules.find(
    (one) => one.alert === alert && (word === '' || wordsOf(one.expr).includes(word)),
  );
  if (rule === undefined) throw new Error(`no rule ${alert} about ${word}`);
  const fill = (text: string): string =>
    text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_all, name: string) => labels[name] ?? '');
  const { summary, runbook } = rule.annotations;
  return { summary: fill(summary), runbook: fill(runbook) };
}

function promtool(...args: string[]): { status: number | null; said: string } {
  const done = spawnSync('promtool', args, { cwd: fileURLToPath(folder), encoding: 'utf8' });
  return { status: done.status, said: `${done.stdout}${done.stderr}` };
}

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** What the rule is about, if it is about words: `{reason=~"a|b"}`. */
function wordsOf(expr: string): string[] {
  return /=~"([a-z_|]+)"/.exec(expr)?.[1]?.split('|') ?? [];
}

describe('prometheus/alerts.yml', () => {
  it('is made of the table of rules', async () => {
    await expect(rulesPage()).toMatchFileSnapshot('../../prometheus/alerts.yml');
    await expect(casesPage()).toMatchFileSnapshot('../../prometheus/alerts.test.yml');
  });

  it.each(attentions.filter((word) => word !== 'case_open'))(
    'tells when a charge asks for a person, and when it has for long: %s',
    (word) => {
      const about = rules.filter(
        ({ alert, expr }) =>
          alert.startsWith('ChargeNeedsAttention') && wordsOf(expr).includes(word),
      );
      expect(about.map(({ alert }) => alert)).toEqual([
        'ChargeNeedsAttention',
        'ChargeNeedsAttentionForLong',
      ]);
    },
  );

  it.each(refundAttentions)(
    'tells when a refund asks for a person, and when it has for long: %s',
    (word) => {
      const about = rules.filter(({ expr }) => wordsOf(expr).includes(word));
      expect(about.map(({ alert }) => alert)).toEqual([
        'RefundNeedsAttention',
        'RefundNeedsAttentionForLong',
      ]);
    },
  );

  it.each(caseKinds)('tells when a case is open, and when it has been for long: %s', (word) => {
    const about = rules.filter(
      ({ alert, expr }) => alert.startsWith('CaseOpen') && wordsOf(expr).includes(word),
    );
    expect(about.map(({ alert }) => alert)).toEqual(['CaseOpen', 'CaseOpenForLong']);
  });

  it.each(rules)('$alert says how urgent it is, what is wrong and where to read on', (rule) => {
    expect(['page', 'ticket']).toContain(rule.labels.severity);
    expect(rule.annotations.summary).toMatch(/\.$/);
    expect(rule.annotations.runbook).toMatch(
      /^docs\/runbook\.md#(alert-[a-z-]+|\{\{ \$labels\.(reason|kind) \}\})$/,
    );
  });

  it('has a case that fires for every alert', () => {
    const fired = alertCases.filter(({ fires }) => fires.length > 0).map(({ alert }) => alert);
    expect([...new Set(fired)].toSorted()).toEqual(
      [...new Set(rules.map(({ alert }) => alert))].toSorted(),
    );
  });

  it.skipIf(!hasPromtool)('is accepted by Prometheus, with its configuration', () => {
    expect(promtool('check', 'rules', 'alerts.yml')).toMatchObject({ status: 0 });
    expect(promtool('check', 'config', '--syntax-only', 'prometheus.yml')).toMatchObject({
      status: 0,
    });
  });

  it.skipIf(!hasPromtool)('fires as prometheus/alerts.test.yml says', () => {
    const { status, said } = promtool('test', 'rules', 'alerts.test.yml');
    expect(said).not.toContain('FAILED');
    expect(status).toBe(0);
  });
});
