/**
 * Which orders of an operator fit what is true of an open charge. What the money rules forbid is refused with the reason
 * and what would make it possible. Pure; `now` is epoch ms.
 */
import { chargeActions, type ChargeAction } from './actions.ts';
import { isOpenAtTerminal } from './judgement.ts';
import type { Attention } from './lists.ts';
import type { ActionState, ChargeRecord } from './messages.ts';
import type { Tries } from './next-step.ts';
import type { OpenCharge } from './open-charge.ts';
import { clock } from './timeline.ts';

/** A state has lasted longer than it should, whoever has noticed. */
export function isTooOld({ attention_at }: ChargeRecord, now: number): boolean {
  return attention_at !== null && now >= Date.parse(attention_at);
}

/** All but `recover`: a charge that runs needs none. */
export type Order = Exclude<ChargeAction, 'recover'>;

export const orders = Object.keys(chargeActions).filter(
  (name): name is Order => name !== 'recover',
);

/** Where design 5 asks for a person: only there does evidence count. */
const attentionsForEvidence = new Set<Attention | null>(['prompt_may_live', 'session_lost']);

export function isAskedForEvidence({ record }: OpenCharge): boolean {
  return attentionsForEvidence.has(record.needs_attention);
}

/** Why an order does not fit what is true now; null: it does. */
export const refusals: Record<Order, (charge: OpenCharge, now: number) => string | null> = {
  read: () => null,
  cancel: () => null,
  note: () => null,
  capture: (charge, now) => {
    if (charge.situation.isCancelRequested) {
      return 'somebody has asked to stop this charge, so its money is not wanted: void it; if the sale shall be paid after all, charge it again with the next attempt';
    }
    if (isRepeatedByReset(charge)) return null;
    const { captures, voids } = charge.situation;
    return (
      notReserved(charge) ??
      onTheWire(voids, { charge, what: 'void', now }) ??
      onTheWire(captures, { charge, what: 'capture', now })
    );
  },
  void: (charge, now) =>
    isRepeatedByReset(charge)
      ? null
      : (notReserved(charge) ?? onTheWire(charge.situation.voids, { charge, what: 'void', now })),
  close: (charge) => {
    if (isAskedForEvidence(charge)) return null;
    return 'only prompt_may_live and session_lost are closed on evidence; read or cancel it, and Kvitt proves the ending itself';
  },
  free: (charge, now) => {
    const { situation, record, judged } = charge;
    // Freed when the money was reserved: the device was done.
    if (situation.heldSince === null || judged === 'authorised') {
      return 'this charge does not hold the terminal';
    }
    if (record.needs_attention === null && !isTooOld(record, now)) {
      return 'nobody is asked for yet: the charge is on its way; cancel it if the terminal is needed';
    }
    if (isOpenAtTerminal(judged)) {
      return 'Dintero shows the session open, so the terminal may ask for a card at any moment: cancel the charge first';
    }
    if (judged === 'unclear' && wasOpen(charge)) {
      return 'Dintero has not shown the session cancelled, so the terminal may ask for a card at any moment: cancel the charge, and read when Dintero answers';
    }
    const unsentFrom = situation.sendBefore + situation.policy.durations.httpTimeout;
    return now >= unsentFrom
      ? null
      : `the prompt may still be on its way to the terminal: possible after ${clock(unsentFrom)} UTC`;
  },
};

/** A reset, or a recovery, takes an order up again before it has read what made it possible: it holds all the same. */
function isRepeatedByReset({ situation }: OpenCharge): boolean {
  return situation.isReset && situation.hold !== null && situation.authorisedSince === null;
}

/** Nothing that was read since the session became known says that it cannot be paid any more. */
function wasOpen({ sessionId, transaction, situation }: OpenCharge): boolean {
  return sessionId !== null && transaction === null && situation.cancelledSince === null;
}

function notReserved({ judged, record, inFlight }: OpenCharge): string | null {
  if (inFlight !== null) return `a ${inFlight} is being sent: order it when its answer is there`;
  if (judged === 'authorised') return null;
  if (judged === 'moving') {
    return 'Dintero is still working on an earlier operation: wait until it shows the result, or read';
  }
  return `Dintero shows no reserved money in the last reading (state ${record.state}): read first; it is possible while the money is reserved`;
}

function onTheWire(
  { lastAt }: Tries,
  { charge, what, now }: { charge: OpenCharge; what: string; now: number },
): string | null {
  const clearAt = lastAt + charge.situation.policy.durations.httpTimeout;
  if (lastAt === 0 || now > clearAt) return null;
  return `a ${what} was sent a moment ago and may still arrive: possible after ${clock(clearAt)} UTC`;
}

/** What may be ordered now, and why not the rest. */
export function possibleOrders(charge: OpenCharge, now: number): ActionState[] {
  return orders.map((action) => {
    const hasEnded = charge.record.outcome !== null;
    const whyNot = hasEnded ? 'the charge has ended' : refusals[action](charge, now);
    return { action, is_possible: whyNot === null, why_not: whyNot };
  });
}
