/** The first steps: the settings, the token, what the API client may do, and the payment profile. */
import type { DinteroConfig } from '../../activities/dintero/config.ts';
import { askForToken, parseJson, tokenAnswer } from '../../activities/dintero/token.ts';
import { describeAttempt, type Attempt } from '../../activities/failures.ts';
import { noConnection } from './dintero.ts';
import { finding, ok, together, type Finding } from './findings.ts';
import { judgeProfile } from './profile.ts';
import { rightsStep } from './rights.ts';
import { reachedOf, type Step } from './walk.ts';

const settingsStep: Step = {
  name: 'settings',
  title: 'Settings',
  needs: [],
  checks: () =>
    'that every DINTERO_* variable is there and has its form (environment, or .env here)',
  run: ({ settings }) => {
    const { problems, accountId, isSandbox } = settings;
    if (problems.length > 0) {
      return Promise.resolve({
        verdict: 'to do',
        found: problems,
        todo: ['Set them in .env (a copy of .env.example), and run this again.'],
      });
    }
    const kind = isSandbox
      ? 'sandbox: no real money'
      : 'production: it is only read here, nothing is made, changed or prompted';
    return Promise.resolve(ok(`Account ${accountId}, ${kind}.`));
  },
};

const tokenStep: Step = {
  name: 'token',
  title: 'Access token',
  needs: ['settings'],
  checks: ({ settings }) => `that the API client opens account ${settings.accountId ?? '?'}`,
  run: async (setup) => {
    const { config } = reachedOf(setup);
    const own = judgeToken(config, await askForToken(config, setup.pace.call), 'DINTERO_CLIENT');
    const { accountClient } = config;
    if (accountClient === null || accountClient === undefined) return own;
    const other = { ...config, ...accountClient };
    const attempt = await askForToken(other, setup.pace.call);
    return together([own, judgeToken(other, attempt, 'DINTERO_ACCOUNT_CLIENT')]);
  },
};

function judgeToken(config: DinteroConfig, attempt: Attempt, name: string): Finding {
  const { accountId, apiUrl } = config;
  const [id, secret] = [`${name}_ID`, `${name}_SECRET`];
  const broken = noConnection(attempt, apiUrl);
  if (attempt.is !== 'answered' || broken !== null) {
    return finding('to do', broken?.found ?? '', `${broken?.todo ?? ''} (DINTERO_API_URL)`);
  }
  const found = `${id}: ${describeAttempt(attempt)}.`;
  const { status, body } = attempt;
  if (status === 200) {
    const token = tokenAnswer.safeParse(parseJson(body));
    if (token.success) return ok(`${id}: a token came, good for ${token.data.expires_in} s.`);
    return finding('to do', `${found} It is no token.`, 'Check DINTERO_API_URL: is it Dintero?');
  }
  const way: Record<number, string> = {
    400: `${id} or ${secret} is wrong. A secret that is lost cannot be read again: make a new API client in Backoffice.`,
    401: `${id} or ${secret} is wrong. A secret that is lost cannot be read again: make a new API client in Backoffice.`,
    403: `The client exists, and may not open ${accountId}: is it of another account, or of the other environment (T sandbox, P production)?`,
    404: 'The address is not known: DINTERO_API_URL needs its prefix, https://api.dintero.com/v1, and DINTERO_ACCOUNT_ID must be yours.',
    429: 'Too many tokens were asked for: wait a minute. A running Kvitt keeps its token for hours.',
  };
  return finding('to do', found, way[status] ?? 'Dintero has trouble: try again in some minutes.');
}

const profileStep: Step = {
  name: 'profile',
  title: 'Payment profile',
  needs: ['token'],
  checks: ({ dintero }) => `that profile ${dintero?.config.profileId ?? '?'} pays at terminals`,
  run: async (setup) => {
    const { config, ask } = reachedOf(setup);
    const path = `/admin/session/profiles/${encodeURIComponent(config.profileId)}`;
    const attempt = await ask({ method: 'GET', at: 'checkout', path }, setup.pace.call);
    return judgeProfile(config.profileId, attempt);
  },
};

export const accessSteps: readonly Step[] = [settingsStep, tokenStep, rightsStep, profileStep];
