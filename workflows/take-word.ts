/** The word on money that a charge holds for it: taken, kept in the record, and acted upon after the next reading. */
import { ApplicationFailure } from '@temporalio/common';
import { setHandler, workflowInfo } from '@temporalio/workflow';
import { problemOfText } from './card-number.ts';
import { whyNotSaid, words, type Word } from './hold.ts';
import { word } from './messages.ts';
import { publish, type OpenCharge } from './open-charge.ts';
import { tell } from './timeline.ts';

/** Registers the handler, synchronously; a charge that holds nothing takes no word. */
export function takeWord(charge: OpenCharge): void {
  if (charge.situation.hold === null) return;
  setHandler(
    word,
    ({ word: said, by }) => {
      tell(charge.timeline, { source: 'till', text: `${said}, by ${by}` });
      keepWord(charge, said);
      charge.news = 'order';
      return charge.record;
    },
    {
      description:
        'What becomes of the reserved money: {"word": "capture", "by": "<who>"}, or "void".',
      validator: (order: Partial<Record<'word' | 'by', unknown>> | undefined) => {
        const problem = problemOf(charge, order);
        if (problem !== null) throw ApplicationFailure.nonRetryable(problem);
      },
    },
  );
}

/**
 * The word goes into the memo by the same workflow task that acknowledges it: whoever takes over, a reset or a recovery,
 * finds it.
 */
export function keepWord(charge: OpenCharge, said: Word): void {
  const { situation } = charge;
  if (situation.hold === null) return;
  situation.hold.word = said;
  if (said === 'void') situation.isCancelRequested = true;
  publish(charge, { word: said });
}

/** The Temporal UI sends what a person types. */
function problemOf(
  charge: OpenCharge,
  order: Partial<Record<'word' | 'by', unknown>> | undefined,
): string | null {
  const { situation, record } = charge;
  const { hold, isCancelRequested } = situation;
  const said = words.find((known) => known === order?.word);
  if (said === undefined) return `word: is one of ${words.join(', ')}`;
  const problem = problemOfText(order?.by);
  if (problem !== null) return `by: ${problem}`;
  if (record.outcome !== null || hold === null) return 'the charge has ended';
  const now = Date.now();
  const whyNot = whyNotSaid(said, { hold, isCancelRequested }, now);
  if (whyNot !== null || hold.until !== null || hold.word !== null) return whyNot;
  // A reset repeats what was said before it has read that the money is reserved: it was possible when it was said.
  const { runId, originalExecutionRunId } = workflowInfo();
  return runId === originalExecutionRunId ? whyNotYet(said, record.state) : null;
}

function whyNotYet(said: Word, state: string): string {
  const wayOut =
    said === 'void'
      ? 'POST cancel stops it'
      : 'wait until its state is approved; if it ends before, nothing was reserved';
  return `Dintero does not show the money reserved yet (state ${state}): ${wayOut}`;
}
