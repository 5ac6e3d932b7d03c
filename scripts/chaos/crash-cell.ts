/** One cell of the grid: charges are brought to a point, the victim is struck, and the ledger judges what became of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { ReportedRefund } from '../audit-refunds.ts';
import { audit, type Reported } from '../audit.ts';
import type { LedgerEntry } from '../dintero-simulator.ts';
import { reasonOf } from '../log.ts';
import type { Point } from './crash-points.ts';
import {
  ask,
  describeLane,
  NoAnswer,
  setScene,
  steadily,
  until,
  type Answered,
  type Crashed,
  type Lane,
  type Scene,
} from './crash-scene.ts';
import type { CrashStack, Modes } from './crash-stack.ts';
import { strikeOn, type Victim } from './crash-victims.ts';

export interface Cell {
  point: Point;
  victim: Victim;
  modes: readonly Modes[];
}

export interface CellResult {
  point: string;
  victim: string;
  problems: string[];
  charges: Crashed[];
  /** Seconds from the first request to the last judgement. */
  took: number;
}

/** Longer is not waited for before the next cell begins: a lost call is given up by Temporal after 50 to 80 s. */
const patienceMs = 12_000;

/** The longest start of an api on a busy machine, and a look at Dintero. */
const repeatMaxMs = 60_000;

/** Starts a cell; resolves when the victim works again and either all is judged or patience is over. */
export async function playCell(
  kvitt: CrashStack,
  cell: Cell & { name: string },
): Promise<{ judged: Promise<CellResult> }> {
  const { point, victim, name } = cell;
  const startedAt = Date.now();
  const scene = await setScene(kvitt, { name, lanes: lanesOf(cell) });
  const problems: string[] = [];
  try {
    await strike(scene, cell);
  } catch (err) {
    problems.push(reasonOf(err));
  }
  letGo(scene);
  const judge = async (): Promise<CellResult> => {
    problems.push(...(await judgeAll(scene, cell)));
    const took = (Date.now() - startedAt) / 1000;
    return { point: point.name, victim, problems, charges: scene.charges, took };
  };
  const judged = judge();
  await Promise.race([judged, sleep(patienceMs)]);
  return { judged };
}

function lanesOf({ point, modes }: Cell): Lane[] {
  const fitting = modes.filter(({ capture }) => point.isHeld !== true || capture === 'manual');
  return fitting.flatMap((of): Lane[] => {
    if (of.prompt !== 'pay') return [{ ...of, asks: 'create' }];
    const isTwice = point.isOfPrompting;
    return [...(isTwice ? ([{ ...of, asks: 'create' }] as const) : []), { ...of, asks: 'pay' }];
  });
}

async function strike(scene: Scene, { point, victim }: Cell): Promise<void> {
  const { hit, back } = strikeOn(victim);
  await point.reach(scene);
  await hit(scene);
  letGo(scene);
  await point.meanwhile?.(scene);
  await back(scene.kvitt);
}

function letGo({ kvitt, holds }: Scene): void {
  for (const { release } of holds.splice(0)) release();
  kvitt.wires.worker.release();
  kvitt.wires.api.release();
}

async function judgeAll(scene: Scene, cell: Cell): Promise<string[]> {
  try {
    await scene.tills;
    const judged = scene.charges.map(async (charge) => await judgeCharge(scene, charge, cell));
    return (await Promise.all(judged)).flat();
  } catch (err) {
    return [reasonOf(err)];
  }
}

async function judgeCharge(scene: Scene, charge: Crashed, cell: Cell): Promise<string[]> {
  const { chargeId, seen, lane } = charge;
  const say = (what: string): string => `${describeLane(lane)} ${chargeId} ${what}`;
  if (seen === null) return [say('was never answered')];
  if (seen.outcome === null) {
    return [say(`stays ${seen.state} (${seen.needs_attention ?? 'nobody is told why'})`)];
  }
  const ledger = await steadily(
    async () => await scene.kvitt.simulator.ledger({ merchant_reference: chargeId }),
  );
  const problems = [
    ...auditCrashed(ledger, [charge]),
    ...('refund_id' in seen
      ? unlikeTheRefund(seen, ledger, cell)
      : unlikeTheCard(seen, ledger, cell)),
    ...(await unlikeFirst(scene, charge, cell)),
    ...(await terminalStillHeld(scene, charge)),
  ];
  return problems.map(say);
}

/** By the money rules, what tills were told last of charges and refunds. */
export function auditCrashed(ledger: LedgerEntry[], charges: Crashed[]): string[] {
  const seen = charges.flatMap((charge) => (charge.seen === null ? [] : [charge.seen]));
  const isRefund = (one: Answered): one is Answered & ReportedRefund => 'refund_id' in one;
  const isCharge = (one: Answered): one is Answered & Reported => !isRefund(one);
  return audit(ledger, seen.filter(isCharge), seen.filter(isRefund));
}

/** Money went back if the cardholder has approved it, and only then. */
function unlikeTheRefund(
  { outcome, reason }: Answered,
  ledger: LedgerEntry[],
  { point }: Cell,
): string[] {
  const isBack = ledger.some(({ kind }) => kind === 'refunded');
  if (!isBack && point.isGivenBack === true) return ['was approved, and no money went back'];
  if (outcome === (isBack ? 'refunded' : 'not_refunded')) return [];
  return [`went ${isBack ? '' : 'not '}back, and is ${outcome} (${reason ?? 'no reason'})`];
}

/** Tapped money is captured, unless somebody cancelled; what nobody tapped is not charged. */
function unlikeTheCard(
  { outcome, reason }: Answered,
  ledger: LedgerEntry[],
  { point, victim }: Cell,
): string[] {
  const isTapped = ledger.some(({ kind }) => kind === 'authorised');
  const shown = `is ${outcome} (${reason ?? 'no reason'})`;
  if (!isTapped) return outcome === 'not_charged' ? [] : [`was not paid, and ${shown}`];
  if (point.isCancelled === true)
    return outcome === 'not_charged' ? [] : [`was to be voided, and ${shown}`];
  // A Temporal cancellation may lose its race against the capture.
  return outcome === 'captured' || victim === 'cancel' ? [] : [`was paid, and ${shown}`];
}

/** The same request once more is the same charge. */
async function unlikeFirst({ kvitt }: Scene, charge: Crashed, { victim }: Cell): Promise<string[]> {
  const told = `${idOf(charge.seen)} ${charge.seen?.outcome}`;
  // A run that was made by reset proves its outcome anew, and another cell may be killing the api right now.
  const passing = victim === 'reset' ? [null, `${idOf(charge.seen)} null`] : [null];
  const giveUpAt = Date.now() + repeatMaxMs;
  let again: string | null = null;
  while (passing.includes(again) && Date.now() < giveUpAt) {
    again = await repeat(kvitt, charge);
    if (passing.includes(again)) await sleep(200);
  }
  return again === told ? [] : [`is ${again} when its request is repeated`];
}

function idOf(seen: Answered | null): string {
  if (seen === null) return 'nothing';
  return 'refund_id' in seen ? seen.refund_id : seen.charge_id;
}

/** What it is and its outcome, or null while nobody answers. */
async function repeat(kvitt: CrashStack, charge: Crashed): Promise<string | null> {
  try {
    const again = await ask(kvitt, charge, { method: 'POST' });
    return `${idOf(again)} ${again.outcome}`;
  } catch (err) {
    if (err instanceof NoAnswer) return null;
    throw err;
  }
}

/** A lease ends some 40 ms after its charge. */
async function terminalStillHeld({ kvitt }: Scene, { terminal }: Crashed): Promise<string[]> {
  const isFree = async (): Promise<boolean> => await isClosed(kvitt, `terminal/${terminal}`);
  try {
    await until('the terminal is free', isFree);
    return [];
  } catch {
    return [`has ended, and holds terminal ${terminal}`];
  }
}

async function isClosed({ temporal }: CrashStack, workflowId: string): Promise<boolean> {
  try {
    return (await temporal.workflow.getHandle(workflowId).describe()).status.name !== 'RUNNING';
  } catch (err) {
    // Never taken is free; of a Temporal that is being killed nothing is known.
    return err instanceof WorkflowNotFoundError;
  }
}
