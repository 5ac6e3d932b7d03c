/**
 * The proof that the machines can see: for each money rule one protection is switched off, through a seam of the
 * harness and never in the product, and a small plan makes it matter. The checker must report the rule. Then the same
 * plans run with every protection on, and it must report nothing.
 */
import type { Activities } from '../../activities/index.ts';
import type { InProcessOptions } from '../in-process.ts';
import { runPlan, type Verdict } from './faults-run.ts';
import { planLies } from './lies.ts';
import type { RunSettings } from './run.ts';
import { refundSabotages } from './refund-sabotages.ts';
import { bundleWithSwitches } from './sabotage-bundle.ts';
import { createManual, sales, status, tap, type Sabotage } from './sabotage-plans.ts';
import type { TimedAct } from './stories.ts';

const whenPrompted: TimedAct = { afterMs: 0, act: { until: { state: 'waiting_for_card' } } };

/** Answers Dintero at once, and forgets what it said. */
const forgetCallbacks: InProcessOptions['wrapApi'] = (api) => (req, res) => {
  if (req.url?.startsWith('/webhooks/') === true) res.writeHead(200).end();
  else api(req, res);
};

const resend = (real: Activities): Activities => ({
  ...real,
  createSession: async (ask) => {
    try {
      return await real.createSession(ask);
    } catch {
      return await real.createSession(ask);
    }
  },
});

const blind = (real: Activities): Activities => ({
  ...real,
  readSale: async () => await Promise.resolve({ own: null, otherWithMoney: null }),
});

const chargeSabotages: Sabotage[] = [
  {
    name: 'lost-create-is-sent-again',
    rule: 'M1',
    seams: { wrapActivities: resend },
    sales: sales({
      faults: [{ endpoint: 'create_session', do: 'reset_after' }],
      behaviour: { second_session: 'queue' },
      customer: tap(800),
    }),
  },
  {
    name: 'sale-is-not-read',
    rule: 'M1',
    seams: { wrapActivities: blind },
    sales: sales({ customer: tap(50) }, { stranger: 'pays_the_sale' }),
  },
  {
    name: 'approved-is-paid',
    rule: 'M2',
    // Dintero cannot capture; the real charge does it after a while.
    sales: sales({ customer: tap(50), behaviour: { auto_capture_failing_ms: 60_000 } }),
  },
  {
    name: 'callback-is-believed',
    rule: 'M3',
    sales: sales({
      acts: [
        whenPrompted,
        { afterMs: 0, act: { report: 'authorization' } },
        // The real charge cancels at once, and nobody is prompted any more.
        { afterMs: 600, act: { press: 'tap' } },
      ],
    }),
  },
  {
    name: 'silence-is-no',
    rule: 'M3',
    sales: sales({
      faults: [{ endpoint: 'get_session', do: status(503), times: 3 }],
      customer: tap(2000),
    }),
  },
  {
    name: 'cancel-is-believed',
    rule: 'M3',
    sales: sales({
      faults: [{ endpoint: 'cancel_session', do: 'reset_before' }],
      acts: [
        whenPrompted,
        { afterMs: 0, act: { cashier: 'cancel' } },
        { afterMs: 600, act: { press: 'tap' } },
      ],
    }),
  },
  {
    name: 'nobody-is-told',
    rule: 'M4',
    seams: { attentionSeconds: 10_000_000 },
    sales: sales(
      {
        faults: [
          {
            endpoint: 'capture',
            do: { kind: 'accept_202', complete_after_ms: 0, success: 'never' },
          },
        ],
        customer: tap(50),
      },
      { modes: createManual },
    ),
  },
  {
    name: 'callback-is-forgotten',
    rule: 'M5',
    seams: { wrapApi: forgetCallbacks },
    sales: sales({
      customer: { action: 'hold', delay_ms: 50 },
      acts: [
        { afterMs: 0, act: { until: { state: 'checking' } } },
        { afterMs: 5000, act: { press: 'resolve', with: { status: 'CAPTURED' } } },
      ],
    }),
  },
  {
    name: 'no-lease',
    rule: 'M6',
    sales: sales({ behaviour: { second_session: 'replace' } }, { sharedTerminal: 0 }),
  },
  {
    name: 'strays-are-ignored',
    rule: 'M3',
    kind: 'lies',
    seams: { wrapApi: forgetCallbacks },
    sales: planLies({ seed: 1, charges: 15 }).filter(({ story }) =>
      story.startsWith('cancelled, and paid'),
    ),
  },
];

const sabotages: readonly Sabotage[] = [...chargeSabotages, ...refundSabotages];

/** A sabotaged charge may never end: nobody waits for it for long. */
const patience = { patienceMs: 6000, endWithinMs: 8000, foundWithinMs: 3000 };

/** A sabotage must be caught on any machine, so nothing in its plan is a matter of seconds. */
const room: Partial<RunSettings> = { deadlineSeconds: 600, durations: { sendWindow: 10_000 } };

/** As many at once as leave each of them its pace on two cores. */
const lanes = 6;

interface SabotageOptions {
  temporalAddress: string;
  log: (line: string) => void;
}

/** Runs all, or the one that is named, and the innocent; answers with what went wrong. */
export async function runSabotages({
  only,
  ...options
}: SabotageOptions & { only?: string | undefined }): Promise<string[]> {
  const chosen = sabotages.filter(({ name }) => only === undefined || name === only);
  if (chosen.length === 0) {
    throw new Error(`no sabotage ${only}: ${sabotages.map(({ name }) => name).join(', ')}`);
  }
  const settings = await settingsOf(options);
  const wrong = await playGuilty(chosen, { ...options, settings });
  wrong.push(...(await playInnocent(chosen, settings)));
  for (const line of wrong) options.log(line);
  if (wrong.length === 0) {
    options.log(`All ${chosen.length} seen, and nothing with every protection on`);
  }
  return wrong;
}

/** The first one of each rule: a checker that is blind to a rule is noticed. Answers with what went wrong. */
export async function runOneOfEachRule(options: SabotageOptions): Promise<string[]> {
  const first = new Map(sabotages.toReversed().map((sabotage) => [sabotage.rule, sabotage]));
  return await playGuilty([...first.values()], {
    ...options,
    settings: await settingsOf(options),
  });
}

async function settingsOf({ temporalAddress }: SabotageOptions): Promise<RunSettings> {
  return { temporalAddress, bundle: await bundleWithSwitches(), ...room };
}

/** Each says which rule has caught it. */
async function playGuilty(
  chosen: Sabotage[],
  { settings, log }: Pick<SabotageOptions, 'log'> & { settings: RunSettings },
): Promise<string[]> {
  const wrong: string[] = [];
  const waiting = chosen.values();
  const lane = async (): Promise<void> => {
    for (const sabotage of waiting) {
      const { name, rule } = sabotage;
      const { caught, lines } = await playUntilSeen(sabotage, settings);
      if (caught === undefined) wrong.push(`${name} was not seen by ${rule}`, ...lines);
      else log(`seen: ${name}, by ${caught}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return wrong;
}

/** The customer must be faster than the cashier in some of them, which nobody can promise on a busy machine. */
const playedAtMost = 3;

async function playUntilSeen(
  sabotage: Sabotage,
  settings: RunSettings,
): Promise<{ caught: string | undefined; lines: string[] }> {
  for (let played = 1; ; played += 1) {
    const { violations, lines } = await play(sabotage, settings);
    const caught = violations.find((violation) => violation.startsWith(sabotage.rule));
    if (caught !== undefined || played === playedAtMost) return { caught, lines };
  }
}

async function play(sabotage: Sabotage, settings: RunSettings): Promise<Verdict> {
  const { name, kind = 'faults', sales: planned, seams } = sabotage;
  const atOnce = planned.length;
  return await runPlan(planned, {
    ...patience,
    name,
    kind,
    atOnce,
    settings: { ...settings, name, ...seams },
  });
}

/** The same plans with every protection on, as one: whatever the checker reports now, it reports of nothing. */
async function playInnocent(chosen: Sabotage[], settings: RunSettings): Promise<string[]> {
  const planned = chosen
    .filter(({ kind, isSlow }) => kind !== 'lies' && isSlow !== true)
    .flatMap((sabotage) => sabotage.sales)
    .map((sale, index) => ({ ...sale, number: index + 1 }));
  const { violations, lines } = await runPlan(planned, {
    ...patience,
    name: 'with every protection on',
    kind: 'faults',
    atOnce: 16,
    settings,
  });
  return violations.length === 0 ? [] : lines;
}
