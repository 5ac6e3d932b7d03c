/** The first charge through the running Kvitt, and whether Dintero called back about it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { chargeSchema, shownChargeSchema, type Charge } from '../answers.ts';
import { Failure } from '../failures.ts';
import { instant, money } from '../tables.ts';
import { promptModeOf } from './facts.ts';
import { finding, ok, type Finding } from './findings.ts';
import { agrees } from './person.ts';
import { callbackCounts, grown } from './service.ts';
import { amountAt } from './trial.ts';
import type { Place, Setup, Step } from './walk.ts';

const chargeStep: Step = {
  name: 'charge',
  title: 'First charge',
  needs: ['rights', 'profile', 'terminal', 'service'],
  checks: ({ place, options }) =>
    place === null
      ? 'that a charge ends as captured'
      : `that ${money(amountAt(place), options.currency)} at ${place.terminal.terminalId} ends as captured`,
  run: async (setup) => {
    const { place, settings } = setup;
    if (!settings.isSandbox) return finding('skipped', 'On production the first charge is yours.');
    if (place === null) return finding('skipped', 'No terminal was chosen.');
    if (!setup.isTerminalIdle)
      return finding('skipped', 'Nobody has said that the terminal is idle.');
    const proven = promptModeOf(setup.facts);
    if (proven !== null && proven !== settings.promptMode) {
      const found = `PROMPT_MODE is ${settings.promptMode}; ${proven} was seen to start the terminal.`;
      return finding('to do', found, `Set PROMPT_MODE=${proven} for the api, and start it again.`);
    }
    const who = place.isSimulated
      ? 'It answers by itself.'
      : 'Somebody with a TEST card must stand there.';
    const question = `      Charge it now? Sandbox money. ${who}`;
    const isWanted =
      (setup.options.yes && place.isSimulated) || (await agrees(setup.ask, question));
    if (!isWanted) return finding('skipped', 'Nobody said yes.', 'Run it again, or with --yes.');
    const counts = await callbackCounts(setup);
    try {
      return await charge(setup, place, counts);
    } catch (err) {
      if (!(err instanceof Failure)) throw err;
      return refused(err);
    }
  },
};

function refused({ problem, wayOut }: Failure): Finding {
  const errors = (problem.errors ?? []).map((one) => `${one.field} ${one.problem}. ${one.hint}`);
  const found = [
    problem.title,
    ...(problem.detail === undefined ? [] : [problem.detail]),
    ...errors,
  ];
  const isKey = /API_KEYS|personal token|Bearer/.test(found.join(' '));
  const key =
    "Set KVITT_TILL_KEY to a till's key of API_KEYS: a personal token gives no till's orders.";
  return { verdict: 'to do', found, todo: isKey ? [key] : wayOut === null ? [] : [wayOut] };
}

async function charge(
  setup: Setup,
  place: Place,
  counts: Map<string, number> | null,
): Promise<Finding> {
  const { service, options } = setup;
  const { body } = await service.till.post('/charges', chargeSchema, {
    reference: `kvitt-setup-${Date.now()}`,
    amount: amountAt(place),
    currency: options.currency,
    terminal_id: place.terminal.terminalId,
    store_id: place.storeId,
    payout_destination_id: place.payoutDestinationId,
  });
  setup.charge = { chargeId: body.charge_id, counts };
  if (!place.isSimulated) setup.tell('      Present the TEST card now.');
  return judgeCharge(setup, await follow(setup, body));
}

/** Tells each state until the outcome. Who leaves asks for a cancel: nobody would stand there any more. */
async function follow(setup: Setup, first: Charge): Promise<Charge> {
  const { service, pace, interrupted } = setup;
  const path = `/charges/${first.charge_id}`;
  const until = Date.now() + pace.charge;
  let last = first;
  let told = '';
  for (;;) {
    if (last.state !== told) setup.tell(`      ${instant(last.updated_at)}  ${last.state}`);
    told = last.state;
    if (last.outcome !== null || Date.now() > until) return last;
    if (interrupted.aborted) {
      return (await service.till.post(`${path}/cancel`, chargeSchema, {})).body;
    }
    last = await service.till.get(path, chargeSchema, { wait: '5' });
  }
}

function judgeCharge({ settings }: Setup, charge: Charge): Finding {
  const { charge_id: id, outcome, reason, needs_attention: attention, state } = charge;
  if (outcome === 'captured') {
    const amount = money(charge.captured_amount, charge.currency);
    return ok(`Charge ${id}: captured, ${amount}. kvitt show ${id} tells how.`);
  }
  const why = reason ?? attention;
  const explain = why === null ? [] : [`kvitt explain ${why}`];
  const nobody = ['expired', 'session_lost', 'not_started_in_time'].includes(why ?? '');
  const modes = nobody
    ? [
        `Did the terminal ask for a card at all? PROMPT_MODE is ${settings.promptMode}: kvitt setup --prove shows what starts it.`,
      ]
    : [];
  const found = `Charge ${id}: ${outcome ?? state}${why === null ? '' : ` (${why})`}.`;
  return { verdict: 'to do', found: [found], todo: [...modes, `kvitt show ${id}`, ...explain] };
}

const callbackStep: Step = {
  name: 'callback',
  title: 'Callback from Dintero',
  needs: ['charge', 'public_url'],
  checks: () =>
    'that Dintero called the api about that charge, and that the api trusts its signature',
  run: async (setup) => {
    if (setup.charge === null || setup.settings.publicUrl === null) {
      return finding('skipped', 'Without a charge and PUBLIC_URL nobody calls.');
    }
    const until = Date.now() + setup.pace.callback;
    for (;;) {
      const heard = await judgeCallback(setup, setup.charge);
      if (heard !== null) return heard;
      if (Date.now() > until || setup.interrupted.aborted) return unheard;
      await sleep(setup.pace.look);
    }
  },
};

const unheard = finding(
  'to do',
  'No callback was seen for this charge.',
  'Backoffice shows the callbacks that were sent, and what they were answered.',
  'Can the internet reach PUBLIC_URL? Dintero calls from 34.241.230.119 and 34.242.13.162. The worker must have PUBLIC_URL too: it tells Dintero.',
  'Set KVITT_TOKEN, so that this step can read the timeline and the metrics.',
);

/** null: nothing was heard yet. */
async function judgeCallback(
  setup: Setup,
  { chargeId, counts }: NonNullable<Setup['charge']>,
): Promise<Finding | null> {
  const said = await calledAs(setup, chargeId);
  const since = grown(counts, await callbackCounts(setup));
  if (since.has('bad_signature')) {
    return finding(
      'to do',
      'Dintero called, and the signature was bad: the secret is another one.',
      'DINTERO_SIGNATURE_SECRET must be the one that POST /v1/admin/signature gave for this account; while it is replaced, list both.',
    );
  }
  if (said.has('unsigned') || since.has('unsigned')) {
    return finding(
      'note',
      'Dintero called; the api has no secret, so the call was only a hint.',
      'Set DINTERO_SIGNATURE_SECRET for the api, and start it again.',
    );
  }
  if (said.has('stale') || since.has('stale')) {
    const found = 'Dintero called, and the signature is more than 5 minutes old here.';
    return finding('to do', found, 'Set the clock of the api right (NTP).');
  }
  if (said.has('good') || since.has('accepted')) {
    return ok('Dintero called, and its signature is good.');
  }
  if (!since.has('agrees')) return null;
  const text = 'Dintero called after the charge had been read as captured';
  return setup.settings.signatureSecrets.length > 0
    ? ok(`${text}; its signature was not refused.`)
    : finding('note', `${text}. Without a secret that is a hint only.`);
}

/** The callbacks in the timeline of the charge: `Dintero called`, or with what is wrong. */
async function calledAs({ service }: Setup, chargeId: string): Promise<Set<string>> {
  if (!service.hasToken) return new Set();
  try {
    const shown = await service.person.get(`/ops/charges/${chargeId}`, shownChargeSchema);
    const calls = (shown.timeline ?? []).filter(({ source }) => source === 'callback');
    return new Set(
      calls.map(({ text }) => /^Dintero called (unsigned|stale)/.exec(text)?.[1] ?? 'good'),
    );
  } catch (err) {
    if (err instanceof Failure) return new Set();
    throw err;
  }
}

/** A charge that is open at the terminal; null: none, or it could not be read. */
export async function openChargeAt({ service }: Setup, terminalId: string): Promise<string | null> {
  const list = z.looseObject({ charges: z.array(chargeSchema) });
  try {
    const query = { terminal_id: terminalId, limit: '50' };
    const { charges } = await service.person.get('/charges', list, query);
    return charges.find(({ outcome }) => outcome === null)?.charge_id ?? null;
  } catch (err) {
    if (err instanceof Failure) return null;
    throw err;
  }
}

export const chargeSteps: readonly Step[] = [chargeStep, callbackStep];
