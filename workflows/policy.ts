/**
 * How a charge behaves, decided when it starts and carried by its input: a charge that is already running never changes
 * its rules because somebody redeployed with other settings. Tests scale the durations down.
 */

import { holdDefaults, type HoldPolicy, type Word } from './hold.ts';

export const promptModes = ['create', 'publish', 'pay'] as const;
type PromptMode = (typeof promptModes)[number];

export const captureModes = ['auto', 'manual'] as const;
type CaptureMode = (typeof captureModes)[number];

/** All durations in milliseconds. */
export interface Durations {
  /** Nothing is sent to the terminal later than this after the start. */
  sendWindow: number;
  /** How long the customer has, from the start, before the charge is cancelled. */
  deadline: number;
  /** How long after our deadline the session's `expires_at` lies. */
  sessionExpiryMargin: number;
  /** How long a prompt may live on the device; null: not proven, a person decides. */
  promptLifetime: number | null;
  /** How long a transaction may be missing from Dintero's lists. */
  listLag: number;
  /** How long one call that moves money may take on the wire. */
  httpTimeout: number;
  /** The same of a refund, which Dintero may hold until the cardholder has acted. Older charges have none. */
  refundTimeout?: number;
  /** How long Dintero's own capture is waited for before we capture ourselves. */
  autoCaptureWait: number;
  /** How long a state may last before a person is asked. */
  attention: number;
  /** The second look at a busy terminal comes this long after the first. */
  leaseLook: number;
  /** Two reads of one charge are at least this far apart. */
  readGap: number;
  /** How long the read after a hint may take (a local activity, it holds a workflow-task slot). */
  hintRead: number;
  /** Limits of the poll interval clamp(age / 10, pollMin, pollMax). */
  pollMin: number;
  pollMax: number;
}

/** When the retailer's system does not take what it is told: the first retry, and the longest time between two. In ms. */
export interface Retries {
  first: number;
  max: number;
}

export interface ChargePolicy {
  promptMode: PromptMode;
  captureMode: CaptureMode;
  /** A session read as cancelled can no longer be paid: proven on the retailer's devices. */
  cancelEndsPrompt: boolean;
  durations: Durations;
  /** Where people open the runbook; a charge links to the section of its word. Older charges have none. */
  runbookUrl?: string;
  /** The retailer's system is told. Absent: it is not, as in every charge that started before somebody set it up. */
  notifies?: Retries;
  /** How long reserved money waits for the till's word, where a till asks for that, and what happens then. */
  hold?: HoldPolicy;
}

/** The settings that a retailer makes (design 8); the rest of the policy is derived from them. */
export interface PolicySettings {
  promptMode: PromptMode;
  captureMode: CaptureMode;
  cancelEndsPrompt: boolean;
  deadlineSeconds: number;
  promptLifetimeSeconds: number | null;
  attentionSeconds: number;
  runbookUrl?: string;
  /** A webhook of the retailer's is configured. */
  notifies?: boolean;
  holdSeconds?: number;
  holdEndsWith?: Word;
}

const seconds = 1000;
const minutes = 60 * seconds;
const hours = 60 * minutes;

/**
 * The one table of durations. `scale` shortens what a shop waits for, for tests and chaos runs; how long a call may be
 * on the wire is not a matter of the shop's time and keeps a floor.
 */
export function derivePolicy(settings: PolicySettings, scale = 1): ChargePolicy {
  const lifetime = settings.promptLifetimeSeconds;
  const durations: Durations = {
    // A cashier still looks at the till; a worker that comes back later must prompt nobody (design 3.3).
    sendWindow: 30 * seconds,
    deadline: settings.deadlineSeconds * seconds,
    // Expiry proves nothing and might abort a live prompt (dossier 3.2): it must come well after our own deadline.
    sessionExpiryMargin: 5 * minutes,
    promptLifetime: lifetime === null ? null : lifetime * seconds,
    // "Seconds to a minute" is the dossier's assumption 15.
    listLag: 60 * seconds,
    // Terminal calls answer within seconds; longer than this is treated as lost and read back (style 3).
    httpTimeout: 15 * seconds,
    // Not described: a refund's request may be held while the cardholder is asked (dossier 4.4 says 120 s at least).
    refundTimeout: 150 * seconds,
    // Auto-capture follows an approval within moments when it works; a cashier should not wait longer for it than for
    // a card. A manual capture stops the automatic one (dossier 2.3), so both never happen.
    autoCaptureWait: 30 * seconds,
    attention: settings.attentionSeconds * seconds,
    // A lease frees 18 to 41 ms after its holder's end (measured); the second look leaves room for a slow server and
    // stays within the design's second.
    leaseLook: 500,
    readGap: 1 * seconds,
    hintRead: 2 * seconds,
    // A year of polling makes about 1,200 polls, below Temporal's history limit (design 3.4).
    pollMin: 2 * seconds,
    pollMax: 8 * hours,
  };
  return {
    promptMode: settings.promptMode,
    captureMode: settings.captureMode,
    cancelEndsPrompt: settings.cancelEndsPrompt,
    durations: { ...scaled(durations, scale), ...technical(durations, scale) },
    ...(settings.runbookUrl === undefined ? {} : { runbookUrl: settings.runbookUrl }),
    ...(settings.notifies === true ? { notifies: retries(scale) } : {}),
    hold: holdPolicy(settings, scale),
  };
}

/** A restart is over in seconds; a receiver that is down for days is asked about 24 times a day for each charge. */
function retries(scale: number): Retries {
  return { first: Math.max(1, 5 * seconds * scale), max: Math.max(1, 1 * hours * scale) };
}

function holdPolicy({ holdSeconds, holdEndsWith }: PolicySettings, scale: number): HoldPolicy {
  const wait = holdSeconds === undefined ? holdDefaults.wait : holdSeconds * seconds;
  return {
    wait: Math.max(1, Math.round(wait * scale)),
    endsWith: holdEndsWith ?? holdDefaults.endsWith,
  };
}

function scaled(durations: Durations, scale: number): Durations {
  const shorten = (ms: number): number => Math.max(1, Math.round(ms * scale));
  return {
    ...durations,
    sendWindow: Math.max(2 * seconds, shorten(durations.sendWindow)),
    deadline: shorten(durations.deadline),
    sessionExpiryMargin: shorten(durations.sessionExpiryMargin),
    promptLifetime: durations.promptLifetime === null ? null : shorten(durations.promptLifetime),
    listLag: shorten(durations.listLag),
    autoCaptureWait: shorten(durations.autoCaptureWait),
    attention: shorten(durations.attention),
    readGap: shorten(durations.readGap),
    pollMin: shorten(durations.pollMin),
    pollMax: shorten(durations.pollMax),
  };
}

function technical(
  { httpTimeout, refundTimeout = 0 }: Durations,
  scale: number,
): Pick<Durations, 'httpTimeout' | 'refundTimeout'> {
  return {
    httpTimeout: Math.max(1 * seconds, Math.round(httpTimeout * scale)),
    refundTimeout: Math.max(2 * seconds, Math.round(refundTimeout * scale)),
  };
}
