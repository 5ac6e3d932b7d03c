/** Stands in for `workflows/next-step.ts`: each switch takes a shortcut that a hurried programmer would. */
import { nextStep as decide, type Situation, type Step } from '../../../workflows/next-step.ts';
import type { Judgement } from '../../../workflows/judgement.ts';
import { isSabotaged } from './switches.ts';

export { triesMax } from '../../../workflows/next-step.ts';

export function nextStep(judgement: Judgement, now: Situation): Step {
  return shortcut(judgement, now) ?? decide(judgement, now);
}

function shortcut(judgement: Judgement, now: Situation): Step | null {
  if (isSabotaged('callback-is-believed') && now.reportedEnd !== null) {
    return { do: 'close_not_charged', reason: now.reportedEnd };
  }
  if (isSabotaged('silence-is-no') && judgement.is === 'unclear') {
    return { do: 'close_not_charged', reason: 'failed' };
  }
  if (isSabotaged('cancel-is-believed') && now.cancels.lastAt !== 0) {
    return { do: 'close_not_charged', reason: 'cancelled_by_till' };
  }
  if (isSabotaged('held-is-captured') && now.hold !== null) {
    return decide(judgement, { ...now, hold: null });
  }
  if (isSabotaged('approved-is-paid') && judgement.is === 'authorised') {
    return { do: 'close_captured', capturedAmount: 12_900, caseKind: null };
  }
  return null;
}
