/**
 * What operators order of an open charge: one update per row of `chargeActions`. An order changes what the charge does
 * next, never what is true: Dintero is read, and the judgement says what follows.
 */
import { ApplicationFailure } from '@temporalio/common';
import { currentUpdateInfo, defineUpdate, setHandler } from '@temporalio/workflow';
import { chargeActions, problemWith } from './actions.ts';
import { problemOfText } from './card-number.ts';
import { evidenceIdPrefix, type ActionInput, type ChargeRecord } from './messages.ts';
import type { Tries } from './next-step.ts';
import { requestCancel, type OpenCharge } from './open-charge.ts';
import { operator } from './operator.ts';
import { isAskedForEvidence, orders, refusals, type Order } from './orders.ts';
import { keepWord } from './take-word.ts';
import { tell } from './timeline.ts';

/** Registers a handler for every order, synchronously, with its words for the Temporal UI. */
export function takeOrders(charge: OpenCharge): void {
  for (const name of orders) {
    const { does, when, fields } = chargeActions[name];
    const input = Object.keys(fields).map((field) => `"${field}": ...`);
    setHandler(
      defineUpdate<ChargeRecord, [ActionInput | undefined]>(name),
      // The Temporal UI may send no input at all.
      (given) => {
        const by = operator();
        if (!actsOnMoney.has(name)) charge.ordersTaken += 1;
        if (by !== null || name !== 'cancel') tellOrder(charge, { name, by, input: given ?? {} });
        obey[name](charge, given ?? {});
        if (name !== 'note') lookNow(charge, name);
        return charge.record;
      },
      {
        description: `${does} ${when} {${input.join(', ')}}${chargeActions[name].isIrreversible ? ' Only by `npx kvitt` or POST /ops.' : ''}`,
        validator: (given: ActionInput | undefined) => {
          const problem = problemOfOrder(charge, name, given ?? {});
          if (problem !== null) throw ApplicationFailure.nonRetryable(problem);
        },
      },
    );
  }
}

/** A run takes 2,000 updates in all (temporal-typescript 2): what changes nothing must leave room for what does. */
const quietOrdersMax = 200;
const actsOnMoney = new Set<Order>(['cancel', 'capture', 'void', 'close', 'free']);

function tellOrder(
  { timeline }: OpenCharge,
  { name, by, input }: { name: Order; by: string | null; input: ActionInput },
): void {
  const words = input['why'] ?? input['text'];
  const who = by ?? 'somebody in the Temporal UI';
  const source = by === null ? 'Temporal' : 'operator';
  tell(timeline, {
    source,
    text: `${who}: ${name}${typeof words === 'string' ? `, "${words}"` : ''}`,
  });
}

const obey: Record<Order, (charge: OpenCharge, input: ActionInput) => void> = {
  read: () => undefined,
  cancel: (charge, { by, terminal_seen_idle: isSeenIdle }) => {
    const name = operator();
    // An operator's order is told by its own words; the till may name its cashier.
    if (name === null) requestCancel(charge, 'till', typeof by === 'string' ? by : 'the till');
    else requestCancel(charge, 'operator', name);
    // Evidence counts only where a person is asked for; earlier it would speak of a prompt that may still come.
    if (isSeenIdle === true && isAskedForEvidence(charge)) see(charge);
  },
  capture: (charge) => {
    const { situation } = charge;
    situation.captures = again(situation.captures);
    keepWord(charge, 'capture');
    // Dintero's own capture is waited for no longer.
    const { autoCaptureWait } = situation.policy.durations;
    const waitedLong = Date.now() - autoCaptureWait - 1;
    situation.authorisedSince = Math.min(situation.authorisedSince ?? waitedLong, waitedLong);
  },
  void: (charge) => {
    const { situation } = charge;
    situation.isCancelRequested = true;
    keepWord(charge, 'void');
    situation.voids = again(situation.voids);
  },
  close: (charge) => {
    see(charge);
  },
  free: (charge) => {
    charge.isFreed = true;
  },
  note: () => undefined,
};

/** Whoever orders something waits for what becomes of it. The till's cancel keeps to what Dintero asked for. */
function lookNow(charge: OpenCharge, name: Order): void {
  charge.news = 'order';
  if (name !== 'cancel' || operator() !== null) charge.isHurried = true;
}

function see({ situation }: OpenCharge): void {
  situation.seenIdleAt ??= Date.now();
}

/** A call may be sent again, later than the last one can still be on the wire. */
function again({ lastAt }: Tries): Tries {
  return { count: 0, lastAt, isRefused: false };
}

function problemOfOrder(charge: OpenCharge, name: Order, input: ActionInput): string | null {
  if (charge.record.outcome !== null) return 'the charge has ended';
  if (!actsOnMoney.has(name) && charge.ordersTaken >= quietOrdersMax) {
    return `this charge has taken ${quietOrdersMax} notes and readings by hand, and keeps room for orders; it is read by itself`;
  }
  // The till's own cancel has other members, and no name of an operator.
  if (name === 'cancel' && operator() === null) return problemOfTillsCancel(input);
  if (chargeActions[name].isIrreversible && operator() === null) {
    return `${name} cannot be taken back, so it needs your name: send it by npx kvitt ${name}, or POST /ops/charges/${charge.record.charge_id}/${name}`;
  }
  return problemWith(chargeActions[name], input) ?? refusals[name](charge, Date.now());
}

function problemOfTillsCancel({ by, terminal_seen_idle: isSeenIdle }: ActionInput): string | null {
  const problem = by === undefined ? null : problemOfText(by);
  if (problem !== null) return `by: ${problem}`;
  const isFromTill = currentUpdateInfo()?.id.startsWith(evidenceIdPrefix) === true;
  if (isSeenIdle !== true || isFromTill) return null;
  return 'evidence needs a name: send it by npx kvitt close, or POST /charges/{charge_id}/cancel';
}
