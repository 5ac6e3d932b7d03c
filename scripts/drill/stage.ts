/**
 * Where a drill is played: a running Kvitt and its simulator, reached from outside. Its charges are started like the
 * api's, with rules of their own, so that what takes minutes in a shop takes seconds here.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { firstRecord } from '../../api/record.ts';
import { startOptions } from '../../api/start.ts';
import { terminalChargeType } from '../../workflows/messages.ts';
import { derivePolicy, type Durations, type PolicySettings } from '../../workflows/policy.ts';
import type { SimulatorControl } from '../dintero-simulator.ts';
import { plant, type PlannedFault } from '../scenario.ts';
import { saleOf, type ChargeAnswer, type Till } from '../till.ts';

export interface Stage {
  till: Till;
  client: Client;
  taskQueue: string;
  simulator: SimulatorControl;
  runbookUrl: string;
  /** From now on no worker works, as after a crash. */
  stopWorkers: () => Promise<void>;
}

/** What one charge of the drill is like; what is absent is a shop's usual day. */
export interface Asked {
  settings?: Partial<PolicySettings>;
  durations?: Partial<Durations>;
  faults?: PlannedFault[];
  behaviour?: Record<string, unknown>;
  /** Its money is held for the till's word. */
  capture?: 'on_request';
}

export interface Started {
  chargeId: string;
  terminalId: string;
}

/** Nothing is looked at again by itself for an hour: what the operator orders is what happens. */
export const unwatched: Partial<Durations> = { pollMin: 3_600_000, pollMax: 3_600_000 };

const quick: PolicySettings = {
  promptMode: 'create',
  captureMode: 'auto',
  cancelEndsPrompt: true,
  deadlineSeconds: 600,
  promptLifetimeSeconds: 180,
  attentionSeconds: 1,
};

/** A till that is off the wire after two seconds, and looks at a lost session as soon as it may. */
const quickDurations: Partial<Durations> = {
  httpTimeout: 2_000,
  listLag: 1_000,
  pollMin: 500,
};

export async function startCharge(stage: Stage, asked: Asked = {}): Promise<Started> {
  const { till, client, taskQueue, simulator, runbookUrl } = stage;
  const sale = saleOf(till);
  const { terminal_id: terminalId, reference } = sale;
  await simulator.terminal(terminalId, {
    behaviour: asked.behaviour ?? {},
    customer: { action: 'none' },
  });
  await plant({ simulator }, { reference, attempt: 1 }, asked.faults ?? []);
  const policy = derivePolicy({ ...quick, runbookUrl, ...asked.settings });
  const isLost = asked.faults?.some(({ endpoint }) => endpoint === 'create_session') === true;
  // A lost create is followed up when nothing can be sent any more; all others may take their time on a busy machine.
  const sendWindow = isLost ? 8_000 : 20_000;
  Object.assign(policy.durations, quickDurations, { sendWindow }, asked.durations);
  const held = asked.capture === undefined ? {} : { capture: asked.capture };
  const record = firstRecord({ ...sale, attempt: 1, ...held }, policy);
  await client.workflow.start(
    terminalChargeType,
    startOptions({ policy, taskQueue }, { record, items: null }),
  );
  return { chargeId: record.charge_id, terminalId };
}

/** Waits until the api says so of the charge. */
export async function until(
  { till }: Stage,
  { chargeId }: Started,
  wanted: Partial<ChargeAnswer>,
): Promise<ChargeAnswer> {
  const pairs = Object.entries(wanted);
  return await till.until(chargeId, (charge) =>
    pairs.every(([key, value]) => charge[key as keyof ChargeAnswer] === value),
  );
}

/** Dintero was asked for this of the charge: what it was to answer is spent. */
export async function untilAsked(
  { simulator }: Stage,
  { chargeId }: Started,
  endpoint: string,
): Promise<void> {
  const giveUpAt = Date.now() + 60_000;
  while ((await simulator.calls({ endpoint, merchant_reference: chargeId })).length === 0) {
    if (Date.now() > giveUpAt) throw new Error(`Dintero was never asked: ${endpoint}`);
    await pause(100);
  }
}

/** The transaction of the charge's case, once it is listed. */
export async function caseOf({ till }: Stage, { chargeId }: Started): Promise<string> {
  const reference = chargeId.slice(0, chargeId.lastIndexOf('.'));
  const giveUpAt = Date.now() + 60_000;
  for (;;) {
    const { body } = await till.call<{ cases: { transaction_id: string }[] }>(
      'GET',
      `/cases?reference=${reference}`,
    );
    const [found] = body.cases;
    if (found !== undefined) return found.transaction_id;
    if (Date.now() > giveUpAt) throw new Error(`no case of ${chargeId} is listed`);
    await pause(300);
  }
}
