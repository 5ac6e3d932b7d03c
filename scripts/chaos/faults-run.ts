/** One seeded run from plan to verdict, of either kind. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  checkCallbacks,
  checkTold,
  checkWhereDevicesLie,
  findOpenEnds,
  paidLater,
} from './check.ts';
import { gather, type Evidence } from './evidence.ts';
import { planLies } from './lies.ts';
import { planSales, type PlannedSale } from './plan.ts';
import {
  countHits,
  faultTable,
  outcomeTable,
  refundTable,
  slowestEnding,
  summarise,
  whyVacuous,
  type Summary,
} from './report.ts';
import { letEnd, playAll, startCrews, stopCrews, type Crew, type RunSettings } from './run.ts';

export interface Verdict {
  /** Empty in a good run; each starts with its rule. */
  violations: string[];
  /** Why the run proves nothing; empty in a run that met what it planned. */
  vacuous: string[];
  /** What a person reads. */
  lines: string[];
}

export interface FaultRun {
  seed: number;
  charges: number;
  atOnce: number;
  /** `faults`: everything around obeys what the policy rests on. `lies`: the devices do not. */
  kind: 'faults' | 'lies';
  settings: RunSettings;
}

/** All in ms. */
interface Patience {
  /** How long a till waits for one charge. */
  patienceMs: number;
  /** How long charges have to end when all faults are gone. */
  endWithinMs: number;
  /** How long contradictions have to be found. */
  foundWithinMs: number;
}

const patience: Patience = { patienceMs: 20_000, endWithinMs: 60_000, foundWithinMs: 20_000 };

export async function runFaults(options: FaultRun): Promise<Verdict> {
  const { seed, charges, kind, atOnce, settings } = options;
  const sales = (kind === 'faults' ? planSales : planLies)({ seed, charges });
  return await runPlan(sales, { name: `seed ${seed}, ${kind}`, kind, atOnce, settings });
}

/** Plays a plan, lets everything end, and judges. */
export async function runPlan(
  sales: PlannedSale[],
  options: Pick<FaultRun, 'kind' | 'atOnce' | 'settings'> & { name: string } & Partial<Patience>,
): Promise<Verdict> {
  const { patienceMs, endWithinMs, foundWithinMs } = { ...patience, ...options };
  const startedAt = Date.now();
  const crews = await startCrews(sales, options.settings);
  try {
    const run = `x${crypto.randomUUID().slice(0, 8)}`;
    await playAll(sales, { crews, atOnce: options.atOnce, run, patienceMs });
    const hits = await countHits([...crews.values()]);
    await letEnd(crews, endWithinMs);
    await untilFound([...crews.values()], foundWithinMs, options.kind);
    const { evidence, violations, counts } = await judge([...crews.values()], options.kind);
    const summary = summarise(sales, [...crews.values()], { evidence, hits });
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    return {
      violations,
      vacuous: [
        ...whyVacuous(summary),
        ...(options.kind === 'lies' && counts.paidLater === 0
          ? ['no money turned up after it was told that there is none']
          : []),
      ],
      lines: [
        `${options.name}: ${sales.length} sales in ${seconds} s`,
        ...describe(summary, counts),
        ...violations.flatMap((violation) => explain(violation, summary)),
      ],
    };
  } finally {
    await stopCrews(crews);
  }
}

async function untilFound(crews: Crew[], withinMs: number, kind: FaultRun['kind']): Promise<void> {
  const giveUpAt = Date.now() + withinMs;
  for (const { kvitt, played } of crews) {
    for (;;) {
      const run = { kvitt, played, evidence: await gather(kvitt) };
      const unfound = await findOpenEnds(run, kind);
      if (unfound.length === 0 || Date.now() > giveUpAt) break;
      await sleep(500);
    }
  }
}

async function judge(
  crews: Crew[],
  kind: FaultRun['kind'],
): Promise<{ evidence: Evidence[]; violations: string[]; counts: Counts }> {
  const all: Evidence[] = [];
  const violations: string[] = [];
  const counts: Counts = { callbacks: 0, paidLater: 0 };
  for (const { kvitt, played } of crews) {
    const evidence = await gather(kvitt);
    all.push(evidence);
    const run = { kvitt, played, evidence };
    violations.push(...(kind === 'lies' ? await checkWhereDevicesLie(run) : await checkTold(run)));
    const callbacks = await checkCallbacks(run);
    counts.callbacks += callbacks.judged;
    counts.paidLater += paidLater(run).length;
    violations.push(...callbacks.violations);
  }
  return { evidence: all, violations, counts };
}

/** What was looked at, so that a rule that had nothing to judge is seen. */
interface Counts {
  callbacks: number;
  paidLater: number;
}

function describe(summary: Summary, { callbacks, paidLater }: Counts): string[] {
  return [
    'Faults that struck, by endpoint',
    ...faultTable(summary),
    'Charges by their ending',
    ...outcomeTable(summary),
    'Refunds by their ending, and what was done besides',
    ...refundTable(summary),
    `${summary.refunded} of ${summary.shouldRefund} refunds that should end refunded did`,
    `${summary.paid} of ${summary.shouldPay} sales that should end captured did`,
    `${callbacks} acknowledged callbacks were looked for where they are stored`,
    `${paidLater} charges were paid after not_charged was told`,
    `slowest ending after its last fault: ${slowestEnding(summary)}`,
  ];
}

/** A violation with what is needed to see it again: the sale's plan and its ledger. */
function explain(violation: string, { played, evidence }: Summary): string[] {
  const sale = played.find(({ reference, terminal }) =>
    [`${reference}.`, `${reference} `, terminal].some((name) => violation.includes(name)),
  );
  if (sale === undefined) return [violation];
  const ledger = evidence
    .flatMap((of) => of.ledger)
    .filter(({ merchant_reference_2 }) => merchant_reference_2 === sale.reference);
  return [
    violation,
    `  plan   ${JSON.stringify(sale.plan)}`,
    ...[...sale.told, ...sale.refundsTold].map((told) => `  told   ${JSON.stringify(told)}`),
    ...[...sale.refunds.values()].map((last) => `  last   ${JSON.stringify(last)}`),
    ...ledger.map((entry) => `  ledger ${JSON.stringify(entry)}`),
  ];
}
