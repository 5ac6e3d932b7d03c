/** Plays one planned sale: its cashier, its customer, and the bad luck of both. Nothing here judges. */
import { setTimeout as sleep } from 'node:timers/promises';
import { signCallback } from '../../simulator/signature.ts';
import { signatureSecret, type Kvitt } from '../in-process.ts';
import { play, plant, prepare, type Act } from '../scenario.ts';
import { saleOf, type ChargeAnswer } from '../till.ts';
import type { Word } from '../../workflows/hold.ts';
import { actInBackoffice } from './backoffice.ts';
import { listLagMaxMs } from './faults.ts';
import type { PlannedAttempt, PlannedSale } from './plan.ts';
import { playOperation, unstarted, type OperationAnswer } from './operations.ts';
import { playRefunds, type RefundAnswer } from './play-refunds.ts';
import type { TimedAct } from './stories.ts';

/** What was seen of a sale, in the api's own words. */
export interface PlayedSale {
  plan: PlannedSale;
  reference: string;
  terminal: string;
  /** A charge that is not over by then is looked at again when all faults are gone. */
  patienceMs: number;
  /** Every charge that was started, and the last answer about it. */
  charges: Map<string, ChargeAnswer>;
  /** Every different ending that was told, the first one first: none may ever be taken back by the ledger. */
  told: ChargeAnswer[];
  /** Every refund that was started, and the last answer about it. */
  refunds: Map<string, RefundAnswer>;
  /** Every different ending of a refund that was told. */
  refundsTold: RefundAnswer[];
  /** Refunds that were taken for the same, though another amount was asked for. */
  misunderstood: string[];
  /** What the till said of held money, unless it was refused. */
  words: { chargeId: string; word: Word }[];
  operations: OperationAnswer[];
  /** What of the plan came true: stories of refunds, words, and what others did. */
  deeds: string[];
  startedAt: number;
  /** When every charge had ended or asked for a person; epoch ms, as all times here. */
  endedAt: number;
}

export async function playSale(
  kvitt: Kvitt,
  plan: PlannedSale,
  {
    shared,
    ...where
  }: Pick<PlayedSale, 'reference' | 'terminal' | 'patienceMs'> & {
    shared: string[];
  },
): Promise<PlayedSale> {
  const played: PlayedSale = {
    plan,
    ...where,
    charges: new Map(),
    told: [],
    refunds: new Map(),
    refundsTold: [],
    misunderstood: [],
    words: [],
    operations: [],
    deeds: [],
    startedAt: Date.now(),
    endedAt: 0,
  };
  const operation = orderOperation(kvitt, played);
  for (const [index, attempt] of plan.attempts.entries()) {
    const charge = await playAttempt(kvitt, played, { attempt, number: index + 1 });
    if (charge === null || charge.next_attempt !== index + 2) break;
  }
  if (plan.isRepeatedLate) await post(kvitt, played, 1);
  await operation;
  played.endedAt = Date.now();
  const charge = played.told.find(({ outcome }) => outcome === 'captured');
  if (charge !== undefined) await playRefunds(kvitt, played, { charge, shared });
  return played;
}

async function orderOperation(kvitt: Kvitt, played: PlayedSale): Promise<void> {
  const { plan, terminal } = played;
  if (plan.operation === null) return;
  const started = await playOperation(kvitt, plan.operation, terminal);
  played.operations.push(started);
  if (started.state !== unstarted) played.deeds.push(`operation: ${plan.operation.operation}`);
}

/** Keeps what an answer says of a charge. */
export function note(played: PlayedSale, body: Partial<ChargeAnswer>): void {
  const charge = body as ChargeAnswer;
  if (typeof body.charge_id !== 'string') return;
  played.charges.set(charge.charge_id, charge);
  const isNews = !played.told.some(
    (told) =>
      told.charge_id === charge.charge_id &&
      told.outcome === charge.outcome &&
      told.captured_amount === charge.captured_amount,
  );
  if (charge.outcome !== null && isNews) {
    played.told.push({ ...charge, told_at: new Date().toISOString() });
  }
}

async function playAttempt(
  kvitt: Kvitt,
  played: PlayedSale,
  { attempt, number }: { attempt: PlannedAttempt; number: number },
): Promise<ChargeAnswer | null> {
  const { plan, reference, terminal } = played;
  const chargeId = `${reference}.${number}`;
  const { faults = [], ...stage } = attempt;
  await prepare(kvitt, { reference, terminal_id: terminal }, stage);
  if (number === 1) await letStrangerAct(kvitt, played);
  await plant(kvitt, { reference, attempt: number }, faults);
  if (number === 1 && plan.tokenFault !== null) {
    const { endpoint, do: what, times = 1 } = plan.tokenFault;
    await kvitt.simulator.fault({ endpoint, do: what, times });
  }
  if (attempt.isCancelledBeforeStart) await cancel(kvitt, played, chargeId);
  const acts = async (): Promise<void> => {
    for (const timed of attempt.acts) await playAct(kvitt, played, { timed, chargeId });
  };
  const posts = Array.from(
    { length: attempt.posts },
    async () => await post(kvitt, played, number),
  );
  await Promise.all([...posts, acts()]);
  return await settled(kvitt, played, chargeId);
}

/** Somebody else at Dintero has money of this sale, or a prompt on its terminal. */
async function letStrangerAct(
  kvitt: Kvitt,
  { plan, reference, terminal }: PlayedSale,
): Promise<void> {
  const { stranger, amount } = plan;
  if (stranger === null) return;
  const { simulator, policy } = kvitt;
  const { customer = { action: 'none' } } = plan.attempts[0] ?? {};
  const isOfSale = stranger === 'pays_the_sale';
  const other = `${strangersReference}-${reference}`;
  await simulator.terminal(terminal, {
    customer: { action: 'none' },
    behaviour: { prompt: 'create' },
  });
  const ghost = {
    merchant_reference: isOfSale ? `${reference}.7` : other,
    merchant_reference_2: isOfSale ? reference : other,
    amount,
    terminal_id: terminal,
    button: isOfSale ? ('tap' as const) : null,
  };
  // The stranger meets the faults of the token's endpoint like everybody, and then stays away.
  await simulator.ghost(ghost).catch(() => undefined);
  // Nothing but the list tells of somebody else's payment: what is younger than its lag nobody could know.
  if (isOfSale) await sleep(listLagMaxMs);
  await simulator.terminal(terminal, { customer, behaviour: { prompt: policy.promptMode } });
}

/** How references start that are none of Kvitt's. */
export const strangersReference = 'stranger';

/** A till repeats what got no answer. */
async function post(kvitt: Kvitt, played: PlayedSale, attempt: number): Promise<void> {
  const { plan, reference, terminal } = played;
  const { capture } = plan.attempts[attempt - 1] ?? {};
  const sale = {
    ...saleOf(kvitt),
    reference,
    attempt,
    terminal_id: terminal,
    amount: plan.amount,
    ...(capture !== undefined && { capture }),
  };
  for (let n = 0; n < 3; n += 1) {
    const { status, body } = await kvitt.call('POST', '/charges', sale);
    noteAnswer(played, body);
    if (status < 500) return;
  }
}

/** A problem carries the charge beside it. */
function noteAnswer(played: PlayedSale, body: ChargeAnswer | { charge?: ChargeAnswer }): void {
  note(played, 'charge' in body ? (body.charge ?? {}) : (body as ChargeAnswer));
}

async function cancel(kvitt: Kvitt, played: PlayedSale, chargeId: string): Promise<void> {
  const impatient = { prefer: 'wait=0' };
  const { body } = await kvitt.call('POST', `/charges/${chargeId}/cancel`, {}, impatient);
  noteAnswer(played, body);
}

async function playAct(
  kvitt: Kvitt,
  played: PlayedSale,
  { timed, chargeId }: { timed: TimedAct; chargeId: string },
): Promise<void> {
  const { act, afterMs } = timed;
  await sleep(afterMs);
  if ('cashier' in act) return await cancel(kvitt, played, chargeId);
  if ('report' in act) return await report(kvitt, chargeId, act.report);
  if ('word' in act) return await sayWord(kvitt, played, { chargeId, word: act.word });
  if ('whenHeld' in act) return await untilHeld(kvitt, chargeId);
  if ('backoffice' in act) {
    const isDone = await actInBackoffice(kvitt, { chargeId, amount: played.plan.amount }, act);
    if (isDone) played.deeds.push(`backoffice: ${act.backoffice}`);
    return;
  }
  await playUntilPossible(kvitt, { act, chargeId, terminal: played.terminal });
}

/** Nobody is prompted, or the device has nothing to tell (yet): what was lost is resolved in the end. */
async function playUntilPossible(
  kvitt: Kvitt,
  { act, chargeId, terminal }: { act: Act; chargeId: string; terminal: string },
): Promise<void> {
  const isResolution = 'press' in act && act.press === 'resolve';
  const giveUpAt = Date.now() + (isResolution ? 10_000 : 0);
  for (;;) {
    try {
      return await play(kvitt, { act, chargeId, terminal });
    } catch {
      const { body } = await kvitt.call('GET', `/charges/${chargeId}`);
      if (Date.now() >= giveUpAt || body.outcome !== null) return;
      await sleep(100);
    }
  }
}

/** The till says what becomes of held money; without an answer it may have been taken. */
async function sayWord(
  kvitt: Kvitt,
  played: PlayedSale,
  said: { chargeId: string; word: Word },
): Promise<void> {
  const path = `/charges/${said.chargeId}/${said.word}`;
  const { status, body } = await kvitt.call('POST', path, {}, { prefer: 'wait=0' });
  noteAnswer(played, body);
  if (status >= 400 && status < 500) return;
  played.words.push(said);
  if (status < 300) played.deeds.push(`word: ${said.word}`);
}

/** Longer than a customer of these stories takes. */
const heldWithinMs = 6000;

async function untilHeld(kvitt: Kvitt, chargeId: string): Promise<void> {
  const giveUpAt = Date.now() + heldWithinMs;
  while (Date.now() < giveUpAt) {
    const { body } = await kvitt.call('GET', `/charges/${chargeId}?wait=1`);
    if (body.state === 'approved' || (body.outcome ?? null) !== null) return;
    await sleep(50);
  }
}

/** Dintero tells of a declined card, well signed, while the terminal asks for another one. */
async function report(kvitt: Kvitt, chargeId: string, error: string): Promise<void> {
  const url = `${kvitt.url}/webhooks/dintero/charges/${chargeId}?error=${error}`;
  const timestamp = Math.floor(Date.now() / 1000);
  const { accountId } = kvitt;
  const signature = signCallback({
    secret: signatureSecret,
    timestamp,
    accountId,
    method: 'GET',
    url,
  });
  await fetch(url, { headers: { 'dintero-signature': signature } });
}

/** Waits until the charge has ended or asks for a person; null: it was never started. */
async function settled(
  kvitt: Kvitt,
  played: PlayedSale,
  chargeId: string,
): Promise<ChargeAnswer | null> {
  const giveUpAt = Date.now() + played.patienceMs;
  for (let query = ''; ; query = '?wait=5') {
    const { status, body } = await kvitt.call('GET', `/charges/${chargeId}${query}`);
    if (status === 404) return null;
    if (status === 200) {
      note(played, body);
      if (body.outcome !== null) return body;
    }
    if (Date.now() > giveUpAt) return null;
  }
}
