/** Stands in for `workflows/refund-judgement.ts`: each switch believes what no event of Dintero's has shown. */
import {
  nextRefundStep as decide,
  type RefundJudgement,
  type RefundSituation,
  type RefundStep,
} from '../../../workflows/refund-judgement.ts';
import { isSabotaged } from './switches.ts';

export {
  arrivesBefore,
  isProvenOver,
  judgeRefund,
  whyNotAtTerminal,
  whyNotRefund,
  whyOtherwise,
} from '../../../workflows/refund-judgement.ts';

export function nextRefundStep(judgement: RefundJudgement, now: RefundSituation): RefundStep {
  if (isSabotaged('refund-silence-is-no') && judgement.is === 'absent') {
    return { do: 'close_not_refunded', reason: 'refund_never_arrived' };
  }
  if (isSabotaged('accepted-is-refunded') && judgement.is === 'pending') {
    return { do: 'close_refunded', refundedAmount: 12_900, eventId: null };
  }
  return decide(judgement, now);
}
