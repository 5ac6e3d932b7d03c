/**
 * One session at a terminal, made to see what the device does. It is always cancelled and read until it is final, also
 * when the person leaves in the middle. Its money is only reserved (`auto_capture: false`), and a reservation is voided.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createSession, paySession, postMove } from '../../activities/dintero/charges.ts';
import type { Reading } from '../../activities/dintero/facts.ts';
import { readCharge } from '../../activities/dintero/reads.ts';
import { parseJson } from '../../activities/dintero/token.ts';
import { money } from '../tables.ts';
import { tried } from './dintero.ts';
import { reachedOf, type Place, type Setup } from './walk.ts';

export const ways = ['create', 'publish', 'pay'] as const;
/** What may start the terminal. */
export type Way = (typeof ways)[number];

export interface Trial {
  /** Our own name of it: what to look for in Backoffice. */
  reference: string;
  /** null: the create's answer was lost, so nobody knows it. */
  sessionId: string | null;
  /** Epoch ms, right before it was sent. */
  startedAt: number;
  place: Place;
}

export type Ending =
  | { is: 'no_payment' | 'voided' }
  | { is: 'captured'; amount: number }
  /** Not final: what is known, as a sentence. */
  | { is: 'unclear'; why: string };

/** A documented amount that simulated terminals approve (dossier 8.7); at a device as little as can be. */
export function amountAt({ isSimulated }: Place): number {
  return isSimulated ? 39_900 : 100;
}

/** The session outlives every look at it: its expiry must not be what ends the prompt. */
const expiryMarginMs = 15 * 60_000;

/** A trial, or why nothing was started. What was sent without a clear answer is a trial too, and is never sent again. */
export async function openTrial(
  setup: Setup,
  place: Place,
  way: Way,
): Promise<Trial | { refused: string }> {
  const { options, pace } = setup;
  const dintero = reachedOf(setup);
  // Checked here as well, however it was called: on production nothing ever prompts.
  if (!dintero.config.accountId.startsWith('T')) return { refused: 'Only a sandbox is tried.' };
  const startedAt = Date.now();
  const reference = `kvitt-setup-${startedAt}`;
  const created = await tried(
    createSession(dintero, {
      sale: {
        chargeId: `${reference}.1`,
        reference,
        amount: amountAt(place),
        currency: options.currency,
        terminalId: place.terminal.terminalId,
        storeId: place.storeId,
        payoutDestinationId: place.payoutDestinationId,
      },
      items: null,
      autoCapture: false,
      publishes: way === 'publish',
      expiresAt: new Date(startedAt + pace.lifetimeMax + expiryMarginMs).toISOString(),
      sendBefore: startedAt + pace.call,
      timeoutMs: pace.call,
    }),
  );
  if (!('value' in created)) {
    const isLost = created.type === 'OutcomeUnknown' || created.type === 'DinteroUnreadable';
    if (!isLost) return { refused: `${created.message}.` };
    return { reference, sessionId: null, startedAt, place };
  }
  const { sessionId } = created.value;
  const trial = { reference, sessionId, startedAt, place };
  if (way === 'pay') {
    const chargeId = `${reference}.1`;
    const sendBefore = Date.now() + pace.call;
    const paid = await tried(
      paySession(dintero, { chargeId, sessionId, sendBefore, timeoutMs: pace.call }),
    );
    if (!('value' in paid)) setup.tell(`      ${paid.message}.`);
  }
  return trial;
}

/** One look at Dintero; null: it could not be read. */
export async function lookAt(setup: Setup, trial: Trial): Promise<Reading | null> {
  const { reference, sessionId, startedAt, place } = trial;
  const ask = {
    chargeId: `${reference}.1`,
    reference,
    sessionId,
    transactionId: null,
    search: {
      sessionIds: [],
      terminalId: place.terminal.terminalId,
      from: new Date(startedAt - 60_000).toISOString(),
      to: new Date(startedAt + 60_000).toISOString(),
    },
    timeoutMs: setup.pace.call,
  };
  const looked = await tried(readCharge(reachedOf(setup), ask));
  return 'value' in looked ? looked.value : null;
}

const withEvents = z.looseObject({ events: z.array(z.looseObject({ name: z.string() })) });

/** What Dintero has noted of the session, in its own words; empty where it cannot be read. */
export async function eventsOf(setup: Setup, { sessionId }: Trial): Promise<string[]> {
  const path = `/sessions/${encodeURIComponent(sessionId ?? '')}`;
  const { ask } = reachedOf(setup);
  const attempt = await ask({ method: 'GET', at: 'checkout', path }, setup.pace.call);
  const body = attempt.is === 'answered' ? parseJson(attempt.body) : null;
  return withEvents.safeParse(body).data?.events.map(({ name }) => name) ?? [];
}

/** Looks until there is a payment, or the time is over, or the person leaves. */
export async function lookForPayment(
  setup: Setup,
  trial: Trial,
  forMs: number,
): Promise<Reading['transaction']> {
  const until = Date.now() + forMs;
  for (;;) {
    const transaction = (await lookAt(setup, trial))?.transaction ?? null;
    if (transaction !== null || Date.now() >= until || setup.interrupted.aborted)
      return transaction;
    await sleep(setup.pace.look);
  }
}

/** Cancels it, voids what is reserved, and reads until it is final. A person who leaves does not end this. */
export async function endTrial(setup: Setup, trial: Trial): Promise<Ending> {
  const until = Date.now() + setup.pace.settle;
  let ending: Ending = { is: 'unclear', why: 'nothing of it could be read' };
  await cancel(setup, trial);
  for (;;) {
    const reading = await lookAt(setup, trial);
    if (reading !== null) {
      trial.sessionId ??= reading.session?.sessionId ?? null;
      ending = endingIn(reading);
      if (ending.is === 'unclear') await pressOn(setup, trial, reading);
    }
    if (ending.is !== 'unclear' || Date.now() >= until) return ending;
    await sleep(setup.pace.look);
  }
}

/** What a fresh look allows: a reservation is voided, an open session cancelled again. */
async function pressOn(setup: Setup, trial: Trial, reading: Reading): Promise<void> {
  const { transaction, session } = reading;
  if (transaction?.status === 'authorised' && transaction.pending.length === 0) {
    const path = `/transactions/${encodeURIComponent(transaction.transactionId)}/void`;
    await move(setup, trial, path);
  } else if (session?.isCancelled === false) await cancel(setup, trial);
}

async function cancel(setup: Setup, trial: Trial): Promise<void> {
  if (trial.sessionId === null) return;
  await move(setup, trial, `/sessions/${encodeURIComponent(trial.sessionId)}/cancel`);
}

/** What became of it is read, not taken from the answer. */
async function move(setup: Setup, { reference }: Trial, path: string): Promise<void> {
  const what = `end ${reference}`;
  await tried(postMove(reachedOf(setup), { what, path, timeoutMs: setup.pace.call }));
}

function endingIn({ session, transaction }: Reading): Ending {
  if (transaction === null) {
    if (session?.isCancelled === true) return { is: 'no_payment' };
    return { is: 'unclear', why: session === null ? 'it was not found' : 'it is not cancelled' };
  }
  const { status, pending, capturedAmount, refundedAmount } = transaction;
  if (pending.length > 0) return { is: 'unclear', why: `a ${pending[0]} is pending` };
  if (capturedAmount > refundedAmount) return { is: 'captured', amount: capturedAmount };
  if (status === 'voided') return { is: 'voided' };
  const isOver = ['declined', 'failed', 'refunded'].includes(status);
  return isOver ? { is: 'no_payment' } : { is: 'unclear', why: `its payment is ${status}` };
}

/** What a person has to know of an ending that is not clean; null: nothing is left. */
export function leftover({ reference }: Trial, ending: Ending, currency: string): string | null {
  const find = `Backoffice shows it under ${reference}.`;
  if (ending.is === 'captured') {
    return `${money(ending.amount, currency)} of test money was captured although only a reservation was asked for. ${find}`;
  }
  if (ending.is === 'unclear') {
    return `It is not known to be over: ${ending.why}. Look at the terminal, press stop there if it asks for a card. ${find}`;
  }
  return null;
}
