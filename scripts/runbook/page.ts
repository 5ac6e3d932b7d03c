/** The text of `docs/runbook.md`: the guide's tables in a frame. Pure; a test keeps the file as this says. */
import { anchorOf, guides, isSecond, type GuideList } from '../../api/explain.ts';
import { caseActions, chargeActions, type Action, type Field } from '../../workflows/actions.ts';
import { refundActions } from '../../workflows/refund-actions.ts';
import type { Guidance, Step } from '../../workflows/guide.ts';
import { alertGuide, type AlertGuidance } from './alert-guide.ts';
import * as frame from './frame.ts';
import { attentionViews, linkTo, views, type View } from './views.ts';

export function runbookText(): string {
  const parts = [
    frame.beginning,
    chapter('The Temporal UI', frame.uiWords, viewTable()),
    chapter('What you may press', frame.actionWords, actionTable()),
    chapter('Who is woken, and when', frame.weightWords, weightTable()),
    words(
      'A charge needs a person',
      'needs_attention',
      'What `needs_attention` says, and what to do.',
    ),
    words(
      'Cases',
      'case',
      'Money that is in, and not as it was asked for. They seldom need the night.',
    ),
    words(
      'Reasons of `not_charged`',
      'reason',
      'The charge has ended: it is proven that it took no money.',
    ),
    words(
      'A refund needs a person',
      'refund_attention',
      'What `needs_attention` of a refund says. While it stands, no other refund of that payment starts.',
    ),
    words(
      'Reasons of `not_refunded`',
      'refund_reason',
      'The refund has ended: no money went back by it, as far as Dintero shows. If it shows otherwise later, the refund is corrected.',
    ),
    words('Problem codes', 'code', 'A request was refused. The till shows the code.'),
    chapter('The kill switch', frame.switchWords),
    chapter('Notifications', frame.notificationWords),
    chapter('Alerts', 'What rings, and what to do.', ...Object.entries(alertGuide).map(alert)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function chapter(title: string, ...parts: string[]): string {
  return [`## ${title}`, ...parts].join('\n\n');
}

function table(heads: string[], rows: string[][]): string {
  const line = (cells: string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), `|${'---|'.repeat(heads.length)}`, ...rows.map(line)].join('\n');
}

function viewTable(): string {
  const link = (view: View): string => `[${view.name}](${linkTo(view)})`;
  const each = Object.values(attentionViews).map(link).join(', ');
  const rows = views.map((view) => [link(view), view.shows]);
  const [all, attention, ...rest] = rows;
  const needs = ['by what it needs', each];
  return table(['view', 'shows'], [all ?? [], attention ?? [], needs, ...rest]);
}

function actionTable(): string {
  const row = (id: string) => {
    return ([name, action]: [string, Action]): string[] => [
      `\`${commandOf({ name, id, fields: action.fields })}\``,
      `${action.does}${optional(action)}`,
      action.when,
      action.isIrreversible ? 'yes' : 'no',
    ];
  };
  return table(
    ['press', 'does', 'possible', 'only with your token'],
    [
      ...Object.entries(chargeActions).map(row('charge_id')),
      ...Object.entries(refundActions).map(row('refund_id')),
      ...Object.entries(caseActions).map(row('transaction_id')),
    ],
  );
}

function commandOf(of: { name: string; id: string; fields: Action['fields'] }): string {
  const needed = Object.entries(of.fields).filter(([, field]) => field.isRequired);
  return ['npx kvitt', of.name, `<${of.id}>`, ...needed.map(flagOf)].join(' ');
}

function flagOf([name, field]: [string, Field]): string {
  const flag = `--${name.replaceAll('_', '-')}`;
  if (field.is === 'true') return flag;
  return `${flag} "<${field.choices?.join('|') ?? name}>"`;
}

function optional({ fields }: Action): string {
  const named = Object.entries(fields).filter(([, field]) => !field.isRequired);
  return named.map(([name, field]) => ` ${flagOf([name, field])}: ${field.means}.`).join('');
}

function weightTable(): string {
  const rows = lists().flatMap((list) =>
    Object.entries<Guidance>(guides[list])
      .filter(([, { severity }]) => severity !== 'none')
      .map(([word, row]) => ({ list, word, ...row })),
  );
  const minutes = (row: Guidance): number => row.escalates_after_minutes ?? Infinity;
  const weight = (row: Guidance): number => (row.severity === 'page' ? 0 : 1);
  return table(
    ['word', 'in', 'weight', 'escalates after'],
    rows
      .toSorted((a, b) => weight(a) - weight(b) || minutes(a) - minutes(b))
      .map(({ list, word, ...row }) => [
        `[${word}](#${anchorOf(list, word)})`,
        listWords[list],
        row.severity,
        ageOf(row),
      ]),
  );
}

const listWords: Record<GuideList, string> = {
  needs_attention: '`needs_attention`',
  case: 'cases',
  reason: 'reasons',
  refund_attention: '`needs_attention` of refunds',
  refund_reason: 'reasons of refunds',
  code: 'problem codes',
};

function lists(): GuideList[] {
  return Object.keys(guides) as GuideList[];
}

function ageOf({ escalates_after_minutes: minutes }: Guidance): string {
  if (minutes === null) return 'never';
  if (minutes % 1440 === 0) return minutes === 1440 ? 'a day' : `${minutes / 1440} days`;
  if (minutes % 60 === 0) return minutes === 60 ? 'an hour' : `${minutes / 60} hours`;
  return `${minutes} minutes`;
}

function words(title: string, list: GuideList, about: string): string {
  const guide: Record<string, Guidance> = guides[list];
  return chapter(
    title,
    about,
    ...Object.entries(guide).map(([word, row]) => section(list, word, row)),
  );
}

/** The heading is the word, so that GitHub and the api make an anchor of it that equals the word. */
function section(list: GuideList, word: string, row: Guidance): string {
  const heading = `### \`${word}\`${isSecond(list, word) ? ` as a ${list}` : ''}`;
  const others = lists().filter(
    (other) => other !== list && isSecond(other, word) && Object.hasOwn(guides[other], word),
  );
  return [
    heading,
    `${weightOf(row)}${viewOf(list, word)}`,
    `**It means.** ${row.means}`,
    `**The cashier was told** ${row.cashier}`,
    ...checkAndPress(row),
    ...others.map(
      (other) =>
        `A charge that has ended with this word: [${word} as a ${other}](#${anchorOf(other, word)}).`,
    ),
  ].join('\n\n');
}

function weightOf(row: Guidance): string {
  if (row.severity === 'none') return 'Nobody is woken.';
  if (row.severity === 'page') return `**Page.** After ${ageOf(row)} to the next person.`;
  return `**Ticket.** After ${ageOf(row)} a page.`;
}

function viewOf(list: GuideList, word: string): string {
  const view =
    list === 'needs_attention'
      ? Object.entries(attentionViews).find(([of]) => of === word)
      : undefined;
  if (view === undefined) return '';
  return ` [All of them in the Temporal UI](${linkTo(view[1])}). ${view[1].shows}`.trimEnd();
}

function checkAndPress({
  check,
  press,
}: {
  check: readonly string[];
  press: readonly Step[];
}): string[] {
  return [
    '**Check**',
    check.map((what) => `- ${what}`).join('\n'),
    '**Press**',
    press.map(pressLine).join('\n').trimEnd(),
  ];
}

function pressLine({ when, run }: Step): string {
  return run === null ? `1. ${when}` : `1. ${when}\n\n   \`\`\`sh\n   ${run}\n   \`\`\`\n`;
}

function alert([name, { means, ...steps }]: [string, AlertGuidance]): string {
  return [`### alert-${name}`, `**It means.** ${means}`, ...checkAndPress(steps)].join('\n\n');
}
