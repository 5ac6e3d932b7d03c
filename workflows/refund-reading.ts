/** When a refund looks at Dintero, and what it remembers of what it saw. */
import { condition } from '@temporalio/workflow';
import { showRefund, type OpenRefund } from './open-refund.ts';
import { readRefundable, readRefundOf } from './refund-calls.ts';
import { judgeRefund, type RefundJudgement } from './refund-judgement.ts';
import type { Failed } from './dintero-calls.ts';
import type { RefundReading } from '../activities/dintero/facts.ts';
import { moneyText } from './money.ts';
import { pollInterval } from './reading.ts';
import { tell } from './timeline.ts';

/** Waits for the first of: a hint, an order, the next poll. Hints keep a gap; Dintero's Retry-After holds for all. */
export async function waitForRefundNews(refund: OpenRefund): Promise<void> {
  const { durations } = refund.situation.policy;
  const age = Date.now() - refund.startedAt;
  if (refund.news === null) {
    const until = Math.max(Date.now() + pollInterval(age, durations), refund.quietUntil);
    const what = refund.record.state === 'waiting_for_card' ? 'the card' : 'Dintero';
    refund.waiting = { what, until };
    showRefund(refund);
    await condition(() => refund.news !== null, Math.max(1, until - Date.now()), {
      summary: `Waiting for ${what}; next look ${new Date(until).toISOString().slice(11, 19)} UTC`,
    });
    refund.waiting = null;
  }
  // Hints may come without end and from anybody: the older the refund, the further apart they are looked at.
  const gap = Math.min(Math.max(durations.readGap, age / 100), durations.pollMax);
  const earliest = Math.max(
    refund.news === 'hint' ? refund.lastReadAt + gap : 0,
    refund.quietUntil,
  );
  const pause = earliest - Date.now();
  if (pause > 0 && refund.refused === null) {
    const summary = 'Reads of one refund keep their distance';
    await condition(() => refund.news === 'order' && refund.quietUntil <= Date.now(), pause, {
      summary,
    });
  }
}

/** One look at Dintero and what it means. A failed look means `unclear`, nothing else. */
export async function readAndJudgeRefund(refund: OpenRefund): Promise<RefundJudgement> {
  const { situation, record } = refund;
  situation.readAt = Date.now();
  const source = refund.news === null ? 'poll' : refund.news === 'hint' ? 'callback' : 'kvitt';
  const reading = await readingOf(refund);
  refund.lastReadAt = Date.now();
  const { refund_id: refundId, charge_id: chargeId } = record;
  const judgement: RefundJudgement =
    reading === null
      ? { is: 'absent' }
      : 'type' in reading
        ? { is: 'unclear', because: reading.message }
        : judgeRefund(reading, { refundId, chargeId, requestId: refund.requestId });
  if (reading !== null) {
    if ('type' in reading) refund.quietUntil = refund.lastReadAt + reading.retryAfterMs;
    else refund.reading = reading;
  }
  refund.judged = judgement.is;
  tell(refund.timeline, { source, text: wordsOf(judgement, record.currency) });
  return judgement;
}

/** A refund whose sale could not be read before its run was reset has yet to find the payment. */
async function readingOf(refund: OpenRefund): Promise<RefundReading | null | Failed> {
  const { transaction_id: known } = refund.record;
  const transactionId = refund.reading?.transaction.transactionId ?? known;
  const look =
    transactionId === null ? readRefundable(refund) : readRefundOf(refund, transactionId);
  refund.news = null;
  return await look;
}

function wordsOf(judgement: RefundJudgement, currency: string): string {
  switch (judgement.is) {
    case 'done':
      return `Dintero shows ${moneyText(judgement.refundedAmount, currency)} refunded`;
    case 'failed':
      return 'Dintero shows that the refund was refused';
    case 'pending':
      return 'Dintero shows the refund under way';
    case 'absent':
      return 'Dintero shows nothing of this refund';
    case 'unclear':
      return `unclear: ${judgement.because}`;
  }
}
