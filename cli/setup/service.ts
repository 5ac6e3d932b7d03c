/** The running Kvitt: does it answer here, does it answer at its public address, does it trust Dintero's signature. */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { send } from '../../activities/dintero/http.ts';
import { parseJson } from '../../activities/dintero/token.ts';
import { describeAttempt, type Attempt } from '../../activities/failures.ts';
import { noConnection } from './dintero.ts';
import { finding, ok, type Finding } from './findings.ts';
import type { Setup, Step } from './walk.ts';

const readiness = z.looseObject({
  is_ready: z.boolean(),
  checks: z.array(
    z.looseObject({ name: z.string(), is_ok: z.boolean().nullable(), text: z.string() }),
  ),
});
const aliveness = z.looseObject({ is_alive: z.literal(true) });

/** The token is for the service's own address, and for no other. */
async function getOfService({ service, pace }: Setup, path: string): Promise<Attempt> {
  const { url, headers } = service;
  return await send({ method: 'GET', url: url + path, headers, timeoutMs: pace.call });
}

const serviceStep: Step = {
  name: 'service',
  title: 'The running Kvitt',
  needs: [],
  checks: ({ service }) => `that Kvitt answers at ${service.url} and is ready`,
  run: async (setup) => {
    const { url } = setup.service;
    const attempt = await getOfService(setup, '/readyz');
    const broken = noConnection(attempt, url);
    const start =
      'Start it with these settings: worker and api, or docker compose up -d. KVITT_URL says where the api is.';
    if (broken !== null) return finding('to do', broken.found, start);
    const body = attempt.is === 'answered' ? parseJson(attempt.body) : null;
    const parsed = readiness.safeParse(body);
    if (!parsed.success) {
      return finding('to do', `${describeAttempt(attempt)}: it is no Kvitt.`, start);
    }
    const bad = parsed.data.checks.filter(({ is_ok }) => is_ok === false);
    if (bad.length === 0) return ok('It is ready.');
    // A first charge does not need Temporal to remember it for a month; a shop does.
    const isForLater = bad.every(({ name }) => name === 'retention');
    return {
      verdict: isForLater ? 'note' : 'to do',
      found: bad.map(({ text }) => text),
      todo: [isForLater ? 'Repair that before a shop uses it.' : 'Repair that first.'],
    };
  },
};

/** Names that no one on the internet can reach. */
const privateHost =
  /^(localhost|.*\.local|.*\.internal|127\..*|10\..*|192\.168\..*|169\.254\..*|172\.(1[6-9]|2\d|3[01])\..*|0\.0\.0\.0|\[.*\])$/;

/** A simulated Dintero on this machine reaches what this machine reaches. */
function isLocalDintero({ dintero }: Setup): boolean {
  return dintero !== null && privateHost.test(new URL(dintero.config.apiUrl).hostname);
}

const publicStep: Step = {
  name: 'public_url',
  title: 'Public address',
  needs: [],
  checks: ({ settings }) =>
    `that ${settings.publicUrl ?? 'PUBLIC_URL'} leads to the api, over https`,
  run: async (setup) => {
    const { publicUrl } = setup.settings;
    if (publicUrl === null) {
      const found =
        'PUBLIC_URL is not set: Dintero calls nobody, and polling finds everything, some seconds later.';
      return finding(
        'note',
        found,
        'Set it to the https address that leads to the api; for a first try, a tunnel to its port.',
      );
    }
    if (!URL.canParse(publicUrl)) return finding('to do', 'PUBLIC_URL is no URL.', publicWay);
    const { protocol, hostname } = new URL(publicUrl);
    const isReachable = protocol === 'https:' && !privateHost.test(hostname);
    if (!isReachable && !isLocalDintero(setup)) {
      const found = `Dintero calls https only, and cannot reach ${hostname} if it is private.`;
      return finding('to do', found, publicWay);
    }
    const url = `${publicUrl}/healthz`;
    const attempt = await send({ method: 'GET', url, headers: {}, timeoutMs: setup.pace.call });
    return judgePublic(attempt, publicUrl);
  },
};

const publicWay =
  'PUBLIC_URL must be https://, with a name that the internet knows and a certificate that it trusts.';

function judgePublic(attempt: Attempt, publicUrl: string): Finding {
  const broken = noConnection(attempt, publicUrl);
  if (broken !== null) return finding('to do', broken.found, broken.todo);
  if (attempt.is === 'answered' && attempt.status >= 300 && attempt.status < 400) {
    const found = `It redirects (${attempt.status}): Dintero is not known to follow that.`;
    return finding('to do', found, 'Set PUBLIC_URL to where it leads.');
  }
  const isKvitt = attempt.is === 'answered' && aliveness.safeParse(parseJson(attempt.body)).success;
  if (!isKvitt) {
    const found = `${describeAttempt(attempt)}: that is not the api.`;
    return finding('to do', found, 'Let it lead to the api, path and query unchanged.');
  }
  return ok(
    'The api answers there. Asked from here: that Dintero reaches it, the first charge shows.',
  );
}

/** What the api has counted of callbacks, by what became of them; null: it could not be read. */
export async function callbackCounts(setup: Setup): Promise<Map<string, number> | null> {
  const attempt = await getOfService(setup, '/metrics');
  if (attempt.is !== 'answered' || attempt.status !== 200) return null;
  const found = attempt.body.matchAll(/^kvitt_api_callbacks_total\{kind="(\w+)"\} (\d+)/gm);
  return new Map([...found].map(([, kind = '', count]) => [kind, Number(count)]));
}

/** The kinds that were counted since. */
export function grown(
  before: Map<string, number> | null,
  after: Map<string, number> | null,
): Set<string> {
  if (before === null || after === null) return new Set();
  return new Set([...after].flatMap(([kind, n]) => (n > (before.get(kind) ?? 0) ? [kind] : [])));
}

const signatureStep: Step = {
  name: 'signature',
  title: 'Signature secret',
  needs: ['settings', 'service', 'public_url'],
  checks: () =>
    'that the api takes a call signed with DINTERO_SIGNATURE_SECRET, through its public address',
  run: async (setup) => {
    const { settings } = setup;
    const [secret] = settings.signatureSecrets;
    if (settings.publicUrl === null) return finding('skipped', 'Without PUBLIC_URL nobody calls.');
    if (secret === undefined) {
      return finding(
        'note',
        'DINTERO_SIGNATURE_SECRET is not set: callbacks are hints only. Correct, but anybody can send them.',
        'Make one at Dintero: POST /v1/admin/signature on the checkout host. It asks for an x-api-key, not for this API client. Set it for the api, and start it again.',
      );
    }
    if (!settings.isSandbox) {
      return judgeTraffic(await callbackCounts(setup));
    }
    const before = await callbackCounts(setup);
    const attempt = await callSigned(setup, { publicUrl: settings.publicUrl, secret });
    return judgeSigned(attempt, grown(before, await callbackCounts(setup)));
  },
};

/** On production nothing is sent: what has arrived already tells. */
function judgeTraffic(counts: Map<string, number> | null): Finding {
  const [good = 0, bad = 0] = ['accepted', 'bad_signature'].map((kind) => counts?.get(kind) ?? 0);
  if (bad > 0)
    return finding(
      'to do',
      `${bad} callbacks had a bad signature since the api started.`,
      sameSecret,
    );
  if (good > 0)
    return ok(`${good} callbacks had a good signature since the api started, none a bad one.`);
  return finding(
    'not proven',
    'No callback has arrived since the api started, or its metrics cannot be read.',
    'Look again after the first charges.',
  );
}

const sameSecret =
  'The api must have the same DINTERO_SIGNATURE_SECRET, PUBLIC_URL and DINTERO_ACCOUNT_ID; a proxy must not change path or query.';

/** As Dintero would call about a charge that does not exist: it is logged, and nothing follows (dossier 5.1, 5.3). */
async function callSigned(
  setup: Setup,
  { publicUrl, secret }: { publicUrl: string; secret: string },
): Promise<Attempt> {
  const now = new Date();
  const reference = `kvitt-setup-${now.getTime()}.1`;
  const url = new URL(`${publicUrl}/webhooks/dintero/charges/${reference}`);
  url.search = new URLSearchParams({
    method: 'POST',
    report_error: 'true',
    error: 'cancelled',
    merchant_reference: reference,
    time: now.toISOString(),
  }).toString();
  const sorted = new URLSearchParams(url.search);
  sorted.sort();
  const timestamp = Math.floor(now.getTime() / 1000);
  const payload = [
    timestamp,
    setup.settings.accountId ?? '',
    'POST',
    url.hostname,
    url.pathname,
    sorted.toString(),
  ].join('\n');
  const hex = createHmac('sha256', secret).update(payload).digest('hex');
  return await send({
    method: 'POST',
    url: url.href,
    headers: { 'dintero-signature': `t=${timestamp},v0-hmac-sha256=${hex}`, 'content-length': '0' },
    timeoutMs: setup.pace.call,
  });
}

function judgeSigned(attempt: Attempt, counted: Set<string>): Finding {
  if (attempt.is !== 'answered' || attempt.status !== 200) {
    const found = `A signed call got: ${describeAttempt(attempt)}. Dintero would get the same.`;
    return finding(
      'to do',
      found,
      'Let POST /webhooks/dintero/* through to the api, without a login.',
    );
  }
  if (counted.has('bad_signature')) {
    return finding('to do', 'The api says that the signature is bad.', sameSecret);
  }
  if (counted.has('stray')) {
    return ok(
      'A call signed here arrived there and was not refused. That Dintero signs with the same secret, the first charge shows.',
    );
  }
  return finding(
    'not proven',
    'A signed call was answered 200; what the api thinks of its signature could not be read.',
    'Set KVITT_TOKEN (its metrics need it), and run one api only while you try.',
  );
}

const webhookStep: Step = {
  name: 'webhooks',
  title: 'Account webhooks',
  needs: ['token'],
  checks: ({ settings }) =>
    `that Dintero has a subscription for ${settings.publicUrl ?? 'PUBLIC_URL'}/webhooks/dintero/events`,
  run: async (setup) => {
    const { settings, dintero } = setup;
    if (settings.publicUrl === null || dintero === null) {
      return finding('skipped', 'Without PUBLIC_URL nobody calls.');
    }
    if (!settings.hasWebhookSecret) {
      return finding(
        'note',
        'DINTERO_WEBHOOK_SECRET is not set: no account webhooks. Callbacks and polling do the work.',
        'Make one (openssl rand -hex 32) and start worker and api with it: Kvitt subscribes by itself.',
      );
    }
    const ask = { method: 'GET', at: 'account', path: '/hooks/subscriptions' } as const;
    const attempt = await dintero.ask(ask, setup.pace.call);
    if (attempt.is !== 'answered' || attempt.status !== 200) {
      return finding(
        'not proven',
        `The subscriptions cannot be read: ${describeAttempt(attempt)}.`,
      );
    }
    const url = `${settings.publicUrl}/webhooks/dintero/events`;
    if (JSON.stringify(parseJson(attempt.body) ?? null).includes(JSON.stringify(url))) {
      return ok('It is there.');
    }
    const todo =
      'A running Kvitt with PUBLIC_URL and DINTERO_WEBHOOK_SECRET makes it within minutes: look again then.';
    return finding('note', 'There is no subscription for this address.', todo);
  },
};

export const serviceSteps: readonly Step[] = [serviceStep, publicStep, signatureStep, webhookStep];
