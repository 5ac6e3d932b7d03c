/** One word of the closed lists, explained: `kvitt explain WORD`. A word of two lists has two explanations. */
import { attentionGuide, caseGuide, reasonGuide, type Guidance } from '../workflows/guide.ts';
import { refundAttentionGuide, refundReasonGuide } from '../workflows/refund-guide.ts';
import { codeGuide } from './code-guide.ts';
import { plainWords, type PlainList } from './words.ts';

/** In this order a word is looked up: what asks for a person comes before what has ended. */
export const guides = {
  needs_attention: attentionGuide,
  case: caseGuide,
  reason: reasonGuide,
  refund_attention: refundAttentionGuide,
  refund_reason: refundReasonGuide,
  code: codeGuide,
} as const satisfies Record<string, Record<string, Guidance>>;
export type GuideList = keyof typeof guides;
const guideLists = Object.keys(guides) as GuideList[];

const plainLists = Object.keys(plainWords) as PlainList[];

interface Explained extends Omit<Guidance, 'cashier'> {
  word: string;
  list: GuideList | PlainList;
  /** null: it says nothing to a cashier by itself. */
  cashier: string | null;
  /** Where the runbook explains it; null: what stands here is all. */
  anchor: string | null;
}

export interface Explanation extends Explained {
  /** What it means in another list, such as the reason `session_lost` beside the `needs_attention` of that name. */
  also: Explained[];
}

/** null: it is no word of the lists. */
export function explain(word: string): Explanation | null {
  return together([
    ...guideLists.flatMap((list) => explainedIn(list, word) ?? []),
    ...plainLists.flatMap((list) => plainIn(list, word) ?? []),
  ]);
}

/** What to do where the word says why a person is asked, or why something ended; null: no list of these has it. */
export function guidanceOf(word: string): Explanation | null {
  return together(guideLists.flatMap((list) => explainedIn(list, word) ?? []));
}

function together([first, ...also]: Explained[]): Explanation | null {
  return first === undefined ? null : { ...first, also };
}

function plainIn(list: PlainList, word: string): Explained | null {
  const words: Record<string, string> = plainWords[list];
  const means = Object.hasOwn(words, word) ? words[word] : undefined;
  if (means === undefined) return null;
  const nothing = { cashier: null, check: [], press: [], anchor: null };
  return { word, list, severity: 'none', escalates_after_minutes: null, means, ...nothing };
}

function explainedIn(list: GuideList, word: string): Explained | null {
  const guide: Record<string, Guidance> = guides[list];
  const found = Object.hasOwn(guide, word) ? guide[word] : undefined;
  return found === undefined ? null : { word, list, anchor: anchorOf(list, word), ...found };
}

/** The word itself; a reason that is a `needs_attention` too has the second place. */
export function anchorOf(list: GuideList, word: string): string {
  return isSecond(list, word) ? `${word}-as-a-${list}` : word;
}

/** A list before this one has the word. */
export function isSecond(list: GuideList, word: string): boolean {
  const before = guideLists.slice(0, guideLists.indexOf(list));
  return before.some((other) => Object.hasOwn(guides[other], word));
}

/** What a text is about, by the names of its placeholders; null: not known, so the placeholder stays. */
export type Ids = Readonly<Record<string, string | null>>;

/** The placeholders become these ids, so that a command is ready to be typed. */
export function aboutThis(text: string, ids: Ids): string {
  return text.replaceAll(/<(\w+)>|\{(charge_id)\}/g, (placeholder, name?: string) => {
    return ids[name ?? 'charge_id'] ?? placeholder;
  });
}
