/** Plays the refunds of a sale that was paid: its till, its cardholder, and the bad luck of both. Nothing here judges. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReportedRefund } from '../audit-refunds.ts';
import type { Kvitt } from '../in-process.ts';
import { plant } from '../scenario.ts';
import type { ChargeAnswer } from '../till.ts';
import { actInBackoffice } from './backoffice.ts';
import type { PlayedSale } from './play-sale.ts';
import type { PlannedRefund, RefundAct } from './refund-stories.ts';

/** A refund as the api answers it, as far as these runs look. */
export interface RefundAnswer extends ReportedRefund {
  charge_id: string;
  reason: string | null;
  needs_attention: string | null;
  refund: number;
  state: string;
  terminal_id: string;
}

/** One refund, and whom it gives money back to. */
interface Asked {
  plan: PlannedRefund;
  charge: ChargeAnswer;
  refund: number;
  refundId: string;
  terminal: string;
  amount: number;
}

/** Each after the one before it, whatever became of that: the next one of an open refund must be refused. */
export async function playRefunds(
  kvitt: Kvitt,
  played: PlayedSale,
  { charge, shared }: { charge: ChargeAnswer; shared: string[] },
): Promise<void> {
  for (const [index, plan] of played.plan.refunds.entries()) {
    const refund = index + 1;
    const refundId = `${charge.charge_id}.R${refund}`;
    const terminal = terminalOf(kvitt, played, { plan, shared });
    const amount = Math.ceil(((charge.captured_amount ?? 0) * plan.share) / 100);
    const asked: Asked = { plan, charge, refund, refundId, terminal, amount };
    await playRefund(kvitt, played, asked);
    if (!played.refunds.has(refundId)) return;
  }
}

function terminalOf(
  kvitt: Kvitt,
  played: PlayedSale,
  { plan, shared }: { plan: PlannedRefund; shared: string[] },
): string {
  if (plan.where === 'own') return played.terminal;
  if (plan.where === 'other') return kvitt.freshTerminal();
  return shared[plan.where] ?? played.terminal;
}

async function playRefund(kvitt: Kvitt, played: PlayedSale, asked: Asked): Promise<void> {
  const { plan, charge, terminal, refundId, amount } = asked;
  const { behaviour, customer } = plan;
  await kvitt.simulator.terminal(terminal, { ...plan.terminal, behaviour, customer });
  const [reference = '', attempt = '1'] = charge.charge_id.split('.');
  await plant(kvitt, { reference, attempt: Number(attempt) }, plan.faults);
  const posts = Array.from({ length: plan.posts }, async () => await post(kvitt, played, asked));
  const acts = async (): Promise<void> => {
    for (const timed of plan.acts) await playAct(kvitt, played, { timed, asked });
  };
  await Promise.all([...posts, acts()]);
  if (plan.isContradicted && played.refunds.has(refundId)) {
    const isTaken = await post(kvitt, played, { ...asked, amount: amount + 1 });
    if (isTaken) played.misunderstood.push(refundId);
  }
  if (played.refunds.has(refundId)) {
    played.deeds.push(`refund: ${plan.story}`);
    await untilRefundEnded(kvitt, played, { refundId, giveUpAt: Date.now() + played.patienceMs });
  }
  // What this story has done to the terminal ends with it.
  await kvitt.simulator.terminal(terminal, { status: 'ACTIVE' });
}

/** A till repeats what got no answer. False: it was not taken. */
async function post(kvitt: Kvitt, played: PlayedSale, asked: Asked): Promise<boolean> {
  const { charge, refund, terminal, amount } = asked;
  const body = { refund, amount, currency: 'NOK', terminal_id: terminal, why: 'returned' };
  const path = `/charges/${charge.charge_id}/refunds`;
  for (let n = 0; n < 3; n += 1) {
    const answer = await kvitt.call<RefundAnswer>('POST', path, body);
    if (answer.status < 300) noteRefund(played, answer.body);
    if (answer.status < 500) return answer.status < 300;
  }
  return false;
}

/** Keeps what an answer says of a refund. */
export function noteRefund(played: PlayedSale, refund: RefundAnswer): void {
  if (typeof refund.refund_id !== 'string') return;
  played.refunds.set(refund.refund_id, refund);
  const isNews = !played.refundsTold.some(
    (told) =>
      told.refund_id === refund.refund_id &&
      told.outcome === refund.outcome &&
      told.refunded_amount === refund.refunded_amount,
  );
  if (refund.outcome !== null && isNews) {
    played.refundsTold.push({ ...refund, told_at: new Date().toISOString() });
  }
}

async function playAct(
  kvitt: Kvitt,
  played: PlayedSale,
  { timed, asked }: { timed: RefundAct; asked: Asked },
): Promise<void> {
  const { act, afterMs } = timed;
  await sleep(afterMs);
  const { refundId, charge } = asked;
  if ('backoffice' in act) {
    const { charge_id: chargeId, captured_amount: captured } = charge;
    const isDone = await actInBackoffice(kvitt, { chargeId, amount: captured ?? 0 }, act);
    if (isDone) played.deeds.push(`backoffice: ${act.backoffice}`);
    return;
  }
  await fetch(`${kvitt.simulator.url}/simulator/refunds/${refundId}/resolve`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ success: act.resolve }),
  });
}

/** Waits until the refund has ended; or asks for a person, after a second look of so many ms. */
export async function untilRefundEnded(
  kvitt: Kvitt,
  played: PlayedSale,
  { refundId, giveUpAt, lookMs = 0 }: { refundId: string; giveUpAt: number; lookMs?: number },
): Promise<void> {
  const enoughAt = Date.now() + lookMs;
  const path = `/charges/${refundId.replace(/\.R\d+$/, '')}/refunds/${refundId}`;
  for (let query = ''; ; query = '?wait=5') {
    const { status, body } = await kvitt.call<RefundAnswer>('GET', path + query);
    if (status === 200) noteRefund(played, body);
    const { outcome = null, needs_attention: attention = null } = status === 200 ? body : {};
    const isListed = attention !== null && Date.now() > enoughAt;
    if (outcome !== null || isListed || Date.now() > giveUpAt) return;
    await sleep(100);
  }
}
