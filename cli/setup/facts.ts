/** What was seen of terminals and of the profile, and which settings it proves. Pure: what was not seen proves nothing. */

export const factNames = [
  'create_prompts',
  'publish_prompts',
  'pay_prompts',
  'cancel_ends_prompt',
  'cancel_ends_prompt_with_card',
  'prompt_lifetime_seconds',
  'waits_for_capture',
] as const;
type FactName = (typeof factNames)[number];

/** One thing that was tried once, on one terminal. */
export interface Fact {
  /** ISO 8601. */
  at: string;
  name: FactName;
  /** null: it was tried, and proved nothing. */
  value: boolean | number | null;
  /** What was seen, as a sentence. */
  seen: string;
  terminal_id: string;
  model: string | null;
  is_simulated: boolean;
  profile_id: string;
}

const questions: Record<FactName, string> = {
  create_prompts: 'Creating a session starts the terminal',
  publish_prompts: 'Publishing a session to it starts the terminal',
  pay_prompts: 'Paying a session starts the terminal',
  cancel_ends_prompt: 'A cancelled session leaves the terminal',
  cancel_ends_prompt_with_card: '... also while a card is in the reader, and is not paid any more',
  prompt_lifetime_seconds: 'A prompt ends by itself after (seconds)',
  waits_for_capture: 'auto_capture false leaves the money only reserved',
};

/** What several sightings say together: one that speaks against a promise outweighs all that speak for it. */
export function concluded(facts: readonly Fact[], name: FactName): Fact['value'] {
  const values = facts.flatMap((fact) =>
    fact.name === name && fact.value !== null ? [fact.value] : [],
  );
  const longest = values.filter((value) => typeof value === 'number');
  if (longest.length > 0) return Math.max(...longest);
  if (values.length === 0) return null;
  // What starts a prompt is harmful when it is overlooked; what ends one, when it is believed.
  return name.endsWith('_prompts') ? values.includes(true) : !values.includes(false);
}

/** Rows of a table: question, answer, what was seen. */
export function factRows(
  facts: readonly Fact[],
): [question: string, answer: string, seen: string][] {
  return factNames.map((name) => {
    const value = concluded(facts, name);
    const seen = facts.filter((fact) => fact.name === name);
    const answer =
      value === null ? 'not proven' : typeof value === 'number' ? `${value}` : value ? 'yes' : 'no';
    const where = (fact: Fact): string =>
      `${fact.seen} (${fact.terminal_id}${fact.is_simulated ? ', simulated' : ''}, ${fact.at.slice(0, 19)}Z)`;
    return [questions[name], answer, seen.map(where).join(' ') || 'Not tried.'];
  });
}

/** A measurement is one device on one day: half of it again, and at least this many seconds more. */
const lifetimeMarginSeconds = 30;

export function lifetimeToSet(measuredSeconds: number): number {
  const safe = Math.max(measuredSeconds * 1.5, measuredSeconds + lifetimeMarginSeconds);
  return Math.ceil(safe / 10) * 10;
}

/** The lines for `.env`, each with its reason. A simulated terminal proves nothing of a device. */
export function envLines(facts: readonly Fact[]): string[] {
  const real = facts.filter((fact) => !fact.is_simulated);
  return [...promptLines(facts, real), ...cancelLines(real), ...lifetimeLines(real)];
}

function promptLines(facts: readonly Fact[], real: readonly Fact[]): string[] {
  const mode = promptModeOf(real) ?? promptModeOf(facts);
  if (mode === null) return ['# PROMPT_MODE: not proven. Run kvitt setup --prove.'];
  const where =
    promptModeOf(real) === null
      ? 'a simulated terminal; look once at a real one'
      : 'a real terminal';
  return [`# Seen on ${where}.`, `PROMPT_MODE=${mode}`];
}

export function promptModeOf(facts: readonly Fact[]): 'create' | 'publish' | 'pay' | null {
  if (concluded(facts, 'create_prompts') === true) return 'create';
  if (concluded(facts, 'create_prompts') === null) return null;
  if (concluded(facts, 'publish_prompts') === true) return 'publish';
  return concluded(facts, 'pay_prompts') === true ? 'pay' : null;
}

function cancelLines(real: readonly Fact[]): string[] {
  const plain = concluded(real, 'cancel_ends_prompt');
  const withCard = concluded(real, 'cancel_ends_prompt_with_card');
  if (plain === false || withCard === false) {
    return ['# A cancelled session was seen to live on.', 'CANCEL_ENDS_PROMPT=false'];
  }
  if (plain === true && withCard === true) {
    return ['# Seen with and without a card in the reader.', 'CANCEL_ENDS_PROMPT=true'];
  }
  const missing = plain === null ? 'a real terminal' : 'a card in the reader';
  return [
    `# CANCEL_ENDS_PROMPT: not proven, it was not seen with ${missing}. Leave it false:`,
    'CANCEL_ENDS_PROMPT=false',
  ];
}

function lifetimeLines(real: readonly Fact[]): string[] {
  const measured = concluded(real, 'prompt_lifetime_seconds');
  if (typeof measured !== 'number') {
    return ['# PROMPT_LIFETIME_SECONDS: not proven. Leave it empty: a person decides.'];
  }
  return [
    `# Longest prompt seen: ${measured} s; set with a margin.`,
    `PROMPT_LIFETIME_SECONDS=${lifetimeToSet(measured)}`,
  ];
}
