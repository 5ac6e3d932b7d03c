/** What the API client may do: one call for each right, and what a refusal of it means. */
import type { DinteroConfig } from '../../activities/dintero/config.ts';
import { describeAttempt, type Attempt } from '../../activities/failures.ts';
import type { Question } from './dintero.ts';
import { finding, ok, together, type Finding } from './findings.ts';
import { reachedOf, type Step } from './walk.ts';

interface Right {
  may: string;
  method: Question['method'];
  at: Question['at'];
  path: string;
  /** Any of them (dossier 1). */
  scopes: string;
  /** What does not work without it. */
  without: string;
  isNeeded?: true;
  /** Nothing of this name exists: being told so is being let in. */
  isOfNothing?: true;
}

const accounts = 'admin:accounts or read:accounts';
const noOperation = 'operation_id=00000000-0000-4000-8000-000000000000';

/** `{account}` is put in. The only one that writes is refused for what it names, and is not sent on production. */
const rights: readonly Right[] = [
  {
    may: 'read payments',
    method: 'GET',
    at: 'checkout',
    path: '/transactions?limit=1',
    scopes: 'admin:checkout or read:checkout',
    without: 'no charge can be proven',
    isNeeded: true,
  },
  {
    may: 'start, cancel, capture and void payments',
    method: 'POST',
    at: 'checkout',
    path: '/sessions/{account}.kvittSetupAsksForNone/cancel',
    scopes: 'admin:checkout or write:checkout',
    without: 'no charge can start',
    isNeeded: true,
    isOfNothing: true,
  },
  {
    may: 'read terminals',
    method: 'GET',
    at: 'account',
    path: '/terminals',
    scopes: accounts,
    without: 'tills must name store and seller; here: --terminal, --store, --payout-destination',
  },
  {
    may: 'read stores',
    method: 'GET',
    at: 'account',
    path: '/stores',
    scopes: accounts,
    without: 'tills must name store and seller with every charge',
  },
  {
    may: 'read webhook subscriptions',
    method: 'GET',
    at: 'account',
    path: '/hooks/subscriptions',
    scopes: 'a right to webhooks (its name is not documented)',
    without: 'no account webhooks; callbacks and polling do the work',
  },
  {
    may: 'read settlements',
    method: 'GET',
    at: 'account',
    path: '/settlements?limit=1',
    scopes: 'read:settlements, read:reports, read:billing or their admin:',
    without: 'reports have no fees and payouts',
  },
  {
    may: 'read terminal operations',
    method: 'GET',
    at: 'checkout',
    path: `/admin/terminals/operations?terminal_id={account}-T0000&${noOperation}`,
    scopes: 'admin:checkout or read:checkout:/admin/terminals',
    without: 'no end of day of a terminal',
    isOfNothing: true,
  },
];

export const rightsStep: Step = {
  name: 'rights',
  title: 'Rights of the API client',
  needs: ['token'],
  checks: ({ settings }) =>
    settings.isSandbox
      ? 'what it may do: by reading, and by a cancel of a session that does not exist'
      : 'what it may read; whether it may write is not tried on production',
  run: async (setup) => {
    const { config, ask } = reachedOf(setup);
    const findings: Finding[] = [];
    for (const right of rights) {
      if (right.method !== 'GET' && !setup.settings.isSandbox) continue;
      const path = right.path.replace('{account}', config.accountId);
      const attempt = await ask({ ...right, path }, setup.pace.call);
      findings.push(judgeRight(config, right, attempt));
    }
    return together(findings);
  },
};

function judgeRight(config: DinteroConfig, right: Right, attempt: Attempt): Finding {
  const { may, scopes, without, isNeeded = false, isOfNothing = false } = right;
  const status = attempt.is === 'answered' ? attempt.status : 0;
  const isFound = status >= 200 && status < 300;
  if (isFound || (isOfNothing && [400, 404].includes(status))) return ok(`It may ${may}.`);
  if (status !== 401 && status !== 403) {
    const verdict = isNeeded ? 'not proven' : 'note';
    return finding(verdict, `Whether it may ${may} is not proven: ${describeAttempt(attempt)}.`);
  }
  return finding(
    isNeeded ? 'to do' : 'note',
    `It may not ${may} (${status}): ${without}.`,
    wayTo(config, right.at, scopes),
  );
}

function wayTo({ accountClient }: DinteroConfig, at: Question['at'], scopes: string): string {
  if (at === 'checkout') return `Give DINTERO_CLIENT_ID ${scopes} in Backoffice.`;
  const hasOwn = accountClient !== null && accountClient !== undefined;
  return hasOwn
    ? `Give DINTERO_ACCOUNT_CLIENT_ID ${scopes} in Backoffice.`
    : `Give DINTERO_CLIENT_ID ${scopes} in Backoffice, or set DINTERO_ACCOUNT_CLIENT_ID and _SECRET to a client that has it.`;
}
