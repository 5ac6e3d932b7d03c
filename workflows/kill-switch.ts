/**
 * The kill switch, `kill-switch`: it runs while anything is switched off, and its memo says what. The api looks there
 * before it starts a charge, and only then: charges that are open never ask, so they keep their follow-up. Stopping is
 * safe, so it needs no name; going on needs one that `/ops` has proven. A run that somebody ends by hand was switched
 * on by nobody: its memo stays true, and the api starts the next run with it.
 */
import { ApplicationFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  currentUpdateInfo,
  setCurrentDetails,
  setHandler,
  upsertMemo,
} from '@temporalio/workflow';
import { operatorIn } from './operator.ts';
import {
  nameOf,
  switchOff,
  switchOn,
  whyNotOff,
  whyNotOn,
  withOff,
  withOn,
  type SwitchOffOrder,
  type SwitchOnOrder,
  type SwitchRecord,
} from './switches.ts';

const nobody = 'the Temporal UI, no name';

/** A run takes 2,000 updates. That is no limit here: it ends when everything is on again, and the next one begins. */
export async function killSwitch(before: SwitchRecord): Promise<SwitchRecord> {
  let record = before;
  let hasOrder = false;
  const become = (next: SwitchRecord): SwitchRecord => {
    record = next;
    hasOrder = true;
    upsertMemo({ switches: record });
    setCurrentDetails(describeSwitches(record));
    return record;
  };
  setCurrentDetails(describeSwitches(record));
  setHandler(switchOff, (order) => become(withOff(record, order, now(operator() ?? nobody))), {
    description:
      'Refuses new charges, open ones go on: {"scope": "all", "text": "<for the cashier>", "why": "<why>"}; scope "store" or "terminal" with its "id". Switching on again needs /ops.',
    validator: (order: SwitchOffOrder) => refuse(whyNotOff(record, order)),
  });
  setHandler(switchOn, (order) => become(withOn(record, order, now(operator() ?? nobody))), {
    description: 'Accepts new charges again. Only through POST /ops/switch-on: it needs a name.',
    validator: (order: SwitchOnOrder) => {
      refuse(operator() === null ? 'switching on needs a name: send POST /ops/switch-on' : null);
      refuse(whyNotOn(record, order));
    },
  });
  // The order that starts a run with nothing off comes a moment after its start.
  await condition(() => (hasOrder || before.off.length > 0) && record.off.length === 0);
  await condition(allHandlersFinished);
  return record;
}

function operator(): string | null {
  return operatorIn(currentUpdateInfo()?.id);
}

function now(by: string): { by: string; at: string } {
  return { by, at: new Date().toISOString() };
}

function refuse(why: string | null): void {
  if (why !== null) throw ApplicationFailure.nonRetryable(why);
}

/** What a person reads in the Temporal UI. */
function describeSwitches({ off }: SwitchRecord): string {
  if (off.length === 0) return 'Nothing is switched off.';
  const rows = off.map((one) =>
    [nameOf(one), one.at, one.by, one.why, one.text].map(asCell).join(' | '),
  );
  return `New charges are **refused**; open ones go on.

| Switched off | Since | By | Why | The cashier is told |
|---|---|---|---|---|
${rows.map((row) => `| ${row} |`).join('\n')}

To go on: \`POST /ops/switch-on\`. Ending this workflow by hand switches nothing on.`;
}

/** What people typed is text, and no Markdown of ours. */
function asCell(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|]/g, '\\$&');
}
